/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of Cryptoki 2.40 and their list. Each enters the library and hands on; what the
 * token doesn't do is in not-supported.c, and what came with 3.0 in interface.c.
 */
#include "agent.h"
#include "create.h"
#include "entry.h"
#include "library.h"
#include "mechanism.h"
#include "object.h"
#include "random.h"
#include "session.h"
#include "sign.h"
#include "slot.h"
#include "token.h"

/* One that tells of a slot, into what `out` points to. */
#define SLOT_ENTRY(name, parameters, out, call)        \
	ENTRY(name, parameters,                        \
	      !slot_exists(slot) ? CKR_SLOT_ID_INVALID \
	      : !(out)		 ? CKR_ARGUMENTS_BAD   \
				 : (call))

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

ENTRY(C_GetInfo, (CK_INFO_PTR info), slot_library_info(info))
/* `present`: both tokens always are. */
ENTRY(C_GetSlotList, (CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count), slot_list(list, count))
SLOT_ENTRY(C_GetSlotInfo, (CK_SLOT_ID slot, CK_SLOT_INFO *info), info, slot_info(slot, info))
SLOT_ENTRY(C_GetTokenInfo, (CK_SLOT_ID slot, CK_TOKEN_INFO *info), info,
	   slot_token_info(slot, info))
ENTRY(C_WaitForSlotEvent, (CK_FLAGS flags, CK_SLOT_ID *slot, CK_VOID_PTR reserved),
      slot_wait(flags, slot, reserved))
SLOT_ENTRY(C_GetMechanismList, (CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count), count,
	   mechanism_list(list, count))
SLOT_ENTRY(C_GetMechanismInfo, (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info),
	   info, mechanism_info(type, info))
/* `notify`: nothing ever surrenders, no token is taken out. */
ENTRY(C_OpenSession,
      (CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
       CK_SESSION_HANDLE *session),
      session_open(slot, flags, session))
SESSION_ENTRY(C_CloseSession, (CK_SESSION_HANDLE handle), session_close(session))
ENTRY(C_CloseAllSessions, (CK_SLOT_ID slot), session_close_all(slot))
SESSION_ENTRY(C_GetSessionInfo, (CK_SESSION_HANDLE handle, CK_SESSION_INFO *info),
	      session_info(session, info))
SESSION_ENTRY(C_GetOperationState, (CK_SESSION_HANDLE handle, CK_BYTE *state, CK_ULONG *length),
	      sign_state(session, length))
SESSION_ENTRY(C_Login,
	      (CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length),
	      session_login(session, user, pin || length == 0))
SESSION_ENTRY(C_Logout, (CK_SESSION_HANDLE handle), session_logout(session))
SESSION_ENTRY(C_CreateObject,
	      (CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG count,
	       CK_OBJECT_HANDLE *object),
	      create_object(session, template, count, object))
SESSION_ENTRY(C_CopyObject,
	      (CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
	       CK_ULONG count, CK_OBJECT_HANDLE *copy),
	      create_copy(session, object, template, count, copy))
SESSION_ENTRY(C_DestroyObject, (CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object),
	      create_destroy(session, object))
SESSION_ENTRY(C_GetObjectSize, (CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ULONG *size),
	      object_size(session, object, size))
SESSION_ENTRY(C_GetAttributeValue,
	      (CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
	       CK_ULONG count),
	      object_read(session, object, template, count))
SESSION_ENTRY(C_SetAttributeValue,
	      (CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
	       CK_ULONG count),
	      create_change(session, object, template, count))
SESSION_ENTRY(C_FindObjectsInit, (CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG count),
	      object_search_begin(session, template, count))
SESSION_ENTRY(C_FindObjects,
	      (CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *objects, CK_ULONG room, CK_ULONG *count),
	      object_search_next(session, objects, room, count))
SESSION_ENTRY(C_FindObjectsFinal, (CK_SESSION_HANDLE handle), object_search_end(session))
SESSION_ENTRY(C_SignInit, (CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key),
	      sign_init(session, mechanism, key))
SESSION_ENTRY(C_Sign,
	      (CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature,
	       CK_ULONG *signature_length),
	      sign_single(session, data, length, signature, signature_length))
SESSION_ENTRY(C_SignUpdate, (CK_SESSION_HANDLE handle, CK_BYTE *part, CK_ULONG length),
	      sign_update(session, part, length))
SESSION_ENTRY(C_SignFinal,
	      (CK_SESSION_HANDLE handle, CK_BYTE *signature, CK_ULONG *signature_length),
	      sign_final(session, signature, signature_length))
SESSION_ENTRY(C_GenerateKeyPair,
	      (CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_template,
	       CK_ULONG public_count, CK_ATTRIBUTE *private_template, CK_ULONG private_count,
	       CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key),
	      create_pair(session, mechanism,
			  &(struct attribute_pair){ public_template, public_count, private_template,
						    private_count },
			  public_key, private_key))
SESSION_ENTRY(C_SeedRandom, (CK_SESSION_HANDLE handle, CK_BYTE *seed, CK_ULONG length),
	      random_seed(seed, length))
SESSION_ENTRY(C_GenerateRandom, (CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG length),
	      random_generate(data, length))
/* Left over from Cryptoki 1: nothing runs beside its caller (section 5.16). */
SESSION_ENTRY(C_GetFunctionStatus, (CK_SESSION_HANDLE handle), CKR_FUNCTION_NOT_PARALLEL)
SESSION_ENTRY(C_CancelFunction, (CK_SESSION_HANDLE handle), CKR_FUNCTION_NOT_PARALLEL)

CK_FUNCTION_LIST entry_functions = { .version = { CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR },
				     .C_GetInfo = C_GetInfo,
				     .C_SignInit = C_SignInit,
				     FUNCTIONS };

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	if (!list)
		return CKR_ARGUMENTS_BAD;
	*list = &entry_functions;
	return CKR_OK;
}
