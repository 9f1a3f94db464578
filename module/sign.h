/* Signing: PKCS#11 Base v2.40 section 5.11. What is to be signed goes to the agent in one frame; a
 * long message in several, on a connection of its own. All functions want the library's lock, and
 * those that sign give it up meanwhile.
 */
#pragma once

#include <p11-kit/pkcs11.h>

CK_RV sign_init(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV sign_single(CK_SESSION_HANDLE session, const CK_BYTE *data, CK_ULONG length,
		  CK_BYTE *signature, CK_ULONG *signature_length);
CK_RV sign_update(CK_SESSION_HANDLE session, const CK_BYTE *part, CK_ULONG length);
CK_RV sign_final(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_length);
/* C_GetOperationState: nothing of an agent's operation can be saved. */
CK_RV sign_state(CK_SESSION_HANDLE session, const CK_ULONG *length);
