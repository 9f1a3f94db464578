/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of Cryptoki 2.40 and their list. Each enters the library and hands on; what the
 * token doesn't do is in not-supported.c.
 */
#include "agent.h"
#include "library.h"
#include "mechanism.h"
#include "create.h"
#include "object.h"
#include "random.h"
#include "session.h"
#include "sign.h"
#include "slot.h"
#include "token.h"

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

/* What a forked child has of its parent, and what C_Finalize ends. */
static void forget(bool whole)
{
	agent_forget(whole);
	session_forget(whole);
	token_forget(whole);
}

static void end(void)
{
	session_forget(true);
	token_forget(true);
	agent_end();
}

CK_RV C_Initialize(CK_VOID_PTR arguments)
{
	return library_initialize(arguments, forget);
}

CK_RV C_Finalize(CK_VOID_PTR reserved)
{
	return reserved ? CKR_ARGUMENTS_BAD : library_finalize(end);
}

CK_RV C_GetInfo(CK_INFO *info)
{
	INSIDE(slot_library_info(info));
}

CK_RV C_GetSlotList(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count)
{
	(void)present; /* both tokens always are */
	INSIDE(slot_list(list, count));
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	INSIDE(slot_info(slot, info));
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	INSIDE(slot_token_info(slot, info));
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *slot, CK_VOID_PTR reserved)
{
	INSIDE(slot_wait(flags, slot, reserved));
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	INSIDE(!slot_exists(slot) ? CKR_SLOT_ID_INVALID
	       : !count		  ? CKR_ARGUMENTS_BAD
				  : mechanism_list(list, count));
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	INSIDE(!slot_exists(slot) ? CKR_SLOT_ID_INVALID
	       : !info		  ? CKR_ARGUMENTS_BAD
				  : mechanism_info(type, info));
}

CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
		    CK_SESSION_HANDLE *session)
{
	(void)notify; /* nothing ever surrenders, no token is taken out */
	INSIDE(session_open(slot, flags, session));
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle)
{
	IN_SESSION(session_close(session));
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot)
{
	INSIDE(session_close_all(slot));
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info)
{
	IN_SESSION(session_info(session, info));
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE handle, CK_BYTE *state, CK_ULONG *length)
{
	IN_SESSION(sign_state(session, length));
}

CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length)
{
	IN_SESSION(session_login(session, user, pin || length == 0));
}

CK_RV C_Logout(CK_SESSION_HANDLE handle)
{
	IN_SESSION(session_logout(session));
}

CK_RV C_CreateObject(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG count,
		     CK_OBJECT_HANDLE *object)
{
	IN_SESSION(create_object(session, template, count, object));
}

CK_RV C_CopyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
		   CK_ULONG count, CK_OBJECT_HANDLE *copy)
{
	IN_SESSION(create_copy(session, object, template, count, copy));
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object)
{
	IN_SESSION(create_destroy(session, object));
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ULONG *size)
{
	IN_SESSION(object_size(session, object, size));
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
			  CK_ULONG count)
{
	IN_SESSION(object_read(session, object, template, count));
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
			  CK_ULONG count)
{
	IN_SESSION(create_change(session, object, template, count));
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG count)
{
	IN_SESSION(object_search_begin(session, template, count));
}

CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *objects, CK_ULONG room,
		    CK_ULONG *count)
{
	IN_SESSION(object_search_next(session, objects, room, count));
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle)
{
	IN_SESSION(object_search_end(session));
}

CK_RV C_SignInit(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	IN_SESSION(sign_init(session, mechanism, key));
}

CK_RV C_Sign(CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature,
	     CK_ULONG *signature_length)
{
	IN_SESSION(sign_single(session, data, length, signature, signature_length));
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE handle, CK_BYTE *part, CK_ULONG length)
{
	IN_SESSION(sign_update(session, part, length));
}

CK_RV C_SignFinal(CK_SESSION_HANDLE handle, CK_BYTE *signature, CK_ULONG *signature_length)
{
	IN_SESSION(sign_final(session, signature, signature_length));
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE handle, CK_BYTE *seed, CK_ULONG length)
{
	IN_SESSION(random_seed(seed, length));
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG length)
{
	IN_SESSION(random_generate(data, length));
}

/* Left over from Cryptoki 1: nothing runs beside its caller (section 5.16). */
CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE handle)
{
	IN_SESSION(CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE handle)
{
	IN_SESSION(CKR_FUNCTION_NOT_PARALLEL);
}

/* All 68, in the order of the header. */
static CK_FUNCTION_LIST functions = {
	.version = { CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR },
	.C_Initialize = C_Initialize,
	.C_Finalize = C_Finalize,
	.C_GetInfo = C_GetInfo,
	.C_GetFunctionList = C_GetFunctionList,
	.C_GetSlotList = C_GetSlotList,
	.C_GetSlotInfo = C_GetSlotInfo,
	.C_GetTokenInfo = C_GetTokenInfo,
	.C_GetMechanismList = C_GetMechanismList,
	.C_GetMechanismInfo = C_GetMechanismInfo,
	.C_InitToken = C_InitToken,
	.C_InitPIN = C_InitPIN,
	.C_SetPIN = C_SetPIN,
	.C_OpenSession = C_OpenSession,
	.C_CloseSession = C_CloseSession,
	.C_CloseAllSessions = C_CloseAllSessions,
	.C_GetSessionInfo = C_GetSessionInfo,
	.C_GetOperationState = C_GetOperationState,
	.C_SetOperationState = C_SetOperationState,
	.C_Login = C_Login,
	.C_Logout = C_Logout,
	.C_CreateObject = C_CreateObject,
	.C_CopyObject = C_CopyObject,
	.C_DestroyObject = C_DestroyObject,
	.C_GetObjectSize = C_GetObjectSize,
	.C_GetAttributeValue = C_GetAttributeValue,
	.C_SetAttributeValue = C_SetAttributeValue,
	.C_FindObjectsInit = C_FindObjectsInit,
	.C_FindObjects = C_FindObjects,
	.C_FindObjectsFinal = C_FindObjectsFinal,
	.C_EncryptInit = C_EncryptInit,
	.C_Encrypt = C_Encrypt,
	.C_EncryptUpdate = C_EncryptUpdate,
	.C_EncryptFinal = C_EncryptFinal,
	.C_DecryptInit = C_DecryptInit,
	.C_Decrypt = C_Decrypt,
	.C_DecryptUpdate = C_DecryptUpdate,
	.C_DecryptFinal = C_DecryptFinal,
	.C_DigestInit = C_DigestInit,
	.C_Digest = C_Digest,
	.C_DigestUpdate = C_DigestUpdate,
	.C_DigestKey = C_DigestKey,
	.C_DigestFinal = C_DigestFinal,
	.C_SignInit = C_SignInit,
	.C_Sign = C_Sign,
	.C_SignUpdate = C_SignUpdate,
	.C_SignFinal = C_SignFinal,
	.C_SignRecoverInit = C_SignRecoverInit,
	.C_SignRecover = C_SignRecover,
	.C_VerifyInit = C_VerifyInit,
	.C_Verify = C_Verify,
	.C_VerifyUpdate = C_VerifyUpdate,
	.C_VerifyFinal = C_VerifyFinal,
	.C_VerifyRecoverInit = C_VerifyRecoverInit,
	.C_VerifyRecover = C_VerifyRecover,
	.C_DigestEncryptUpdate = C_DigestEncryptUpdate,
	.C_DecryptDigestUpdate = C_DecryptDigestUpdate,
	.C_SignEncryptUpdate = C_SignEncryptUpdate,
	.C_DecryptVerifyUpdate = C_DecryptVerifyUpdate,
	.C_GenerateKey = C_GenerateKey,
	.C_GenerateKeyPair = C_GenerateKeyPair,
	.C_WrapKey = C_WrapKey,
	.C_UnwrapKey = C_UnwrapKey,
	.C_DeriveKey = C_DeriveKey,
	.C_SeedRandom = C_SeedRandom,
	.C_GenerateRandom = C_GenerateRandom,
	.C_GetFunctionStatus = C_GetFunctionStatus,
	.C_CancelFunction = C_CancelFunction,
	.C_WaitForSlotEvent = C_WaitForSlotEvent,
};

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	if (!list)
		return CKR_ARGUMENTS_BAD;
	*list = &functions;
	return CKR_OK;
}
