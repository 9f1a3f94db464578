/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How each function of Cryptoki enters the library, and the list of them all. */
#pragma once

#include <p11-kit/pkcs11.h>
#include "library.h"
#include "session.h"

#define EXPORT __attribute__((visibility("default")))

/* The body of a function: `call` between enter and leave. */
#define INSIDE(call)                        \
	do {                                \
		CK_RV rv = library_enter(); \
                                            \
		if (rv == CKR_OK) {         \
			rv = (call);        \
			library_leave();    \
		}                           \
		return rv;                  \
	} while (0)

/* The same of a function that has a session's `handle`: `call` wants that session. */
#define IN_SESSION(call)         \
	struct session *session; \
                                 \
	INSIDE(!(session = session_find(handle)) ? CKR_SESSION_HANDLE_INVALID : (call))

/* Functions whose whole body is such a call. A session's have its handle as `handle`. */
#define ENTRY(name, parameters, call) \
	CK_RV name parameters         \
	{                             \
		INSIDE(call);         \
	}
#define SESSION_ENTRY(name, parameters, call) \
	CK_RV name parameters                 \
	{                                     \
		IN_SESSION(call);             \
	}

/* The 68 of Cryptoki 2.40, in the order of its header, but for the two that 3.0 changes. */
#define FUNCTIONS                                                                               \
	.C_Initialize = C_Initialize, .C_Finalize = C_Finalize,                                 \
	.C_GetFunctionList = C_GetFunctionList, .C_GetSlotList = C_GetSlotList,                 \
	.C_GetSlotInfo = C_GetSlotInfo, .C_GetTokenInfo = C_GetTokenInfo,                       \
	.C_GetMechanismList = C_GetMechanismList, .C_GetMechanismInfo = C_GetMechanismInfo,     \
	.C_InitToken = C_InitToken, .C_InitPIN = C_InitPIN, .C_SetPIN = C_SetPIN,               \
	.C_OpenSession = C_OpenSession, .C_CloseSession = C_CloseSession,                       \
	.C_CloseAllSessions = C_CloseAllSessions, .C_GetSessionInfo = C_GetSessionInfo,         \
	.C_GetOperationState = C_GetOperationState, .C_SetOperationState = C_SetOperationState, \
	.C_Login = C_Login, .C_Logout = C_Logout, .C_CreateObject = C_CreateObject,             \
	.C_CopyObject = C_CopyObject, .C_DestroyObject = C_DestroyObject,                       \
	.C_GetObjectSize = C_GetObjectSize, .C_GetAttributeValue = C_GetAttributeValue,         \
	.C_SetAttributeValue = C_SetAttributeValue, .C_FindObjectsInit = C_FindObjectsInit,     \
	.C_FindObjects = C_FindObjects, .C_FindObjectsFinal = C_FindObjectsFinal,               \
	.C_EncryptInit = C_EncryptInit, .C_Encrypt = C_Encrypt,                                 \
	.C_EncryptUpdate = C_EncryptUpdate, .C_EncryptFinal = C_EncryptFinal,                   \
	.C_DecryptInit = C_DecryptInit, .C_Decrypt = C_Decrypt,                                 \
	.C_DecryptUpdate = C_DecryptUpdate, .C_DecryptFinal = C_DecryptFinal,                   \
	.C_DigestInit = C_DigestInit, .C_Digest = C_Digest, .C_DigestUpdate = C_DigestUpdate,   \
	.C_DigestKey = C_DigestKey, .C_DigestFinal = C_DigestFinal, .C_Sign = C_Sign,           \
	.C_SignUpdate = C_SignUpdate, .C_SignFinal = C_SignFinal,                               \
	.C_SignRecoverInit = C_SignRecoverInit, .C_SignRecover = C_SignRecover,                 \
	.C_VerifyInit = C_VerifyInit, .C_Verify = C_Verify, .C_VerifyUpdate = C_VerifyUpdate,   \
	.C_VerifyFinal = C_VerifyFinal, .C_VerifyRecoverInit = C_VerifyRecoverInit,             \
	.C_VerifyRecover = C_VerifyRecover, .C_DigestEncryptUpdate = C_DigestEncryptUpdate,     \
	.C_DecryptDigestUpdate = C_DecryptDigestUpdate,                                         \
	.C_SignEncryptUpdate = C_SignEncryptUpdate,                                             \
	.C_DecryptVerifyUpdate = C_DecryptVerifyUpdate, .C_GenerateKey = C_GenerateKey,         \
	.C_GenerateKeyPair = C_GenerateKeyPair, .C_WrapKey = C_WrapKey,                         \
	.C_UnwrapKey = C_UnwrapKey, .C_DeriveKey = C_DeriveKey, .C_SeedRandom = C_SeedRandom,   \
	.C_GenerateRandom = C_GenerateRandom, .C_GetFunctionStatus = C_GetFunctionStatus,       \
	.C_CancelFunction = C_CancelFunction, .C_WaitForSlotEvent = C_WaitForSlotEvent,

extern CK_FUNCTION_LIST entry_functions;
