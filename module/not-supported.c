/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the token does not do, in one list: no decryption, verification, digests, ciphers,
 * derivation, and no secret keys made here. No client of a device identity calls them, some adopt
 * what a token advertises, and a token without the bare private operation has no padding oracle.
 */
#include <p11-kit/pkcs11.h>
#include "interface.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Section 5: an unsupported function has an entry in the list, and says so. */
#define NOT_SUPPORTED(name, ...)                   \
	CK_RV name(__VA_ARGS__)                    \
	{                                          \
		return CKR_FUNCTION_NOT_SUPPORTED; \
	}

/* The shapes that many share. */
#define BEGIN	     CK_SESSION_HANDLE session, CK_MECHANISM *mechanism
#define BEGIN_KEY    BEGIN, CK_OBJECT_HANDLE key
#define INPUT	     CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_length
#define OUTPUT	     CK_BYTE *out, CK_ULONG *out_length
#define MESSAGE	     CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_length
#define MESSAGE_IN   MESSAGE, CK_BYTE *in, CK_ULONG in_length
#define MESSAGE_DATA MESSAGE, CK_BYTE *associated, CK_ULONG associated_length
#define TEMPLATE     CK_ATTRIBUTE *template, CK_ULONG count

/* clang-format off */
NOT_SUPPORTED(C_InitToken, CK_SLOT_ID slot, CK_UTF8CHAR *pin, CK_ULONG length, CK_UTF8CHAR *label)
NOT_SUPPORTED(C_InitPIN, INPUT)
NOT_SUPPORTED(C_SetPIN, INPUT, CK_UTF8CHAR *pin, CK_ULONG length)
NOT_SUPPORTED(C_SetOperationState, INPUT, CK_OBJECT_HANDLE cipher, CK_OBJECT_HANDLE authentication)

NOT_SUPPORTED(C_EncryptInit, BEGIN_KEY)
NOT_SUPPORTED(C_Encrypt, INPUT, OUTPUT)
NOT_SUPPORTED(C_EncryptUpdate, INPUT, OUTPUT)
NOT_SUPPORTED(C_EncryptFinal, CK_SESSION_HANDLE session, OUTPUT)
NOT_SUPPORTED(C_DecryptInit, BEGIN_KEY)
NOT_SUPPORTED(C_Decrypt, INPUT, OUTPUT)
NOT_SUPPORTED(C_DecryptUpdate, INPUT, OUTPUT)
NOT_SUPPORTED(C_DecryptFinal, CK_SESSION_HANDLE session, OUTPUT)

NOT_SUPPORTED(C_DigestInit, BEGIN)
NOT_SUPPORTED(C_Digest, INPUT, OUTPUT)
NOT_SUPPORTED(C_DigestUpdate, INPUT)
NOT_SUPPORTED(C_DigestKey, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
NOT_SUPPORTED(C_DigestFinal, CK_SESSION_HANDLE session, OUTPUT)

NOT_SUPPORTED(C_SignRecoverInit, BEGIN_KEY)
NOT_SUPPORTED(C_SignRecover, INPUT, OUTPUT)
NOT_SUPPORTED(C_VerifyInit, BEGIN_KEY)
NOT_SUPPORTED(C_Verify, INPUT, CK_BYTE *signature, CK_ULONG signature_length)
NOT_SUPPORTED(C_VerifyUpdate, INPUT)
NOT_SUPPORTED(C_VerifyFinal, INPUT)
NOT_SUPPORTED(C_VerifyRecoverInit, BEGIN_KEY)
NOT_SUPPORTED(C_VerifyRecover, INPUT, OUTPUT)

NOT_SUPPORTED(C_DigestEncryptUpdate, INPUT, OUTPUT)
NOT_SUPPORTED(C_DecryptDigestUpdate, INPUT, OUTPUT)
NOT_SUPPORTED(C_SignEncryptUpdate, INPUT, OUTPUT)
NOT_SUPPORTED(C_DecryptVerifyUpdate, INPUT, OUTPUT)

NOT_SUPPORTED(C_GenerateKey, BEGIN, TEMPLATE, CK_OBJECT_HANDLE *key)
NOT_SUPPORTED(C_WrapKey, BEGIN_KEY, CK_OBJECT_HANDLE wrapped, OUTPUT)
NOT_SUPPORTED(C_UnwrapKey, BEGIN_KEY, CK_BYTE *wrapped, CK_ULONG length, TEMPLATE,
	      CK_OBJECT_HANDLE *unwrapped)
NOT_SUPPORTED(C_DeriveKey, BEGIN_KEY, TEMPLATE, CK_OBJECT_HANDLE *derived)

/* The message-based ones of Cryptoki 3.0. */
NOT_SUPPORTED(C_MessageEncryptInit, BEGIN_KEY)
NOT_SUPPORTED(C_EncryptMessage, MESSAGE_DATA, CK_BYTE *in,
	      CK_ULONG in_length, OUTPUT)
NOT_SUPPORTED(C_EncryptMessageBegin, MESSAGE_DATA)
NOT_SUPPORTED(C_EncryptMessageNext, MESSAGE_IN, OUTPUT, CK_FLAGS flags)
NOT_SUPPORTED(C_MessageEncryptFinal, CK_SESSION_HANDLE session)
NOT_SUPPORTED(C_MessageDecryptInit, BEGIN_KEY)
NOT_SUPPORTED(C_DecryptMessage, MESSAGE_DATA, CK_BYTE *in,
	      CK_ULONG in_length, OUTPUT)
NOT_SUPPORTED(C_DecryptMessageBegin, MESSAGE_DATA)
NOT_SUPPORTED(C_DecryptMessageNext, MESSAGE_IN, OUTPUT, CK_FLAGS flags)
NOT_SUPPORTED(C_MessageDecryptFinal, CK_SESSION_HANDLE session)
NOT_SUPPORTED(C_MessageSignInit, BEGIN_KEY)
NOT_SUPPORTED(C_SignMessage, MESSAGE_IN, OUTPUT)
NOT_SUPPORTED(C_SignMessageBegin, MESSAGE)
NOT_SUPPORTED(C_SignMessageNext, MESSAGE_IN, OUTPUT)
NOT_SUPPORTED(C_MessageSignFinal, CK_SESSION_HANDLE session)
NOT_SUPPORTED(C_MessageVerifyInit, BEGIN_KEY)
NOT_SUPPORTED(C_VerifyMessage, MESSAGE_IN, CK_BYTE *signature,
	      CK_ULONG signature_length)
NOT_SUPPORTED(C_VerifyMessageBegin, MESSAGE)
NOT_SUPPORTED(C_VerifyMessageNext, MESSAGE_IN, CK_BYTE *signature,
	      CK_ULONG signature_length)
NOT_SUPPORTED(C_MessageVerifyFinal, CK_SESSION_HANDLE session)
