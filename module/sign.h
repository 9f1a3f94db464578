/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing: PKCS#11 Base v2.40 section 5.11. What is to be signed goes to the agent in one frame; a
 * long message in several, on a connection of its own. All functions want the library's lock, and
 * those that sign give it up meanwhile.
 */
#pragma once

#include "session.h"

CK_RV sign_init(struct session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV sign_single(struct session *session, const CK_BYTE *data, CK_ULONG length, CK_BYTE *signature,
		  CK_ULONG *signature_length);
CK_RV sign_update(struct session *session, const CK_BYTE *part, CK_ULONG length);
CK_RV sign_final(struct session *session, CK_BYTE *signature, CK_ULONG *signature_length);
/* Ends it, wherever it is; one that a call of another thread is in can't be ended. */
CK_RV sign_cancel(struct session *session);
/* C_GetOperationState: nothing of an agent's operation can be saved. */
CK_RV sign_state(const struct session *session, const CK_ULONG *length);
