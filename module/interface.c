/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces: PKCS#11 Base v3.0 section 5.4. There are two, of the same functions: 3.0 and 2.40.
 * A program that asks for none gets the newer; one that knows C_GetFunctionList alone goes on as
 * before.
 */
#include <string.h>
#include "entry.h"
#include "interface.h"
#include "object.h"
#include "sign.h"
#include "slot.h"

static CK_RV library_info(CK_INFO *info)
{
	CK_RV rv = slot_library_info(info);

	if (rv == CKR_OK)
		info->cryptokiVersion = (CK_VERSION){ 3, 0 };
	return rv;
}

static ENTRY(info, (CK_INFO * out), library_info(out))

	/* Without a mechanism: ends the operation (section 5.13.1). */
	static SESSION_ENTRY(init,
			     (CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism,
			      CK_OBJECT_HANDLE key),
			     mechanism ? sign_init(session, mechanism, key) : sign_cancel(session))

	/* Section 5.6.10: what isn't under way counts as ended. */
	static CK_RV cancel(struct session *session, CK_FLAGS flags)
{
	if (flags & CKF_FIND_OBJECTS)
		(void)!object_search_end(session);
	return flags & CKF_SIGN ? sign_cancel(session) : CKR_OK;
}

SESSION_ENTRY(C_SessionCancel, (CK_SESSION_HANDLE handle, CK_FLAGS flags), cancel(session, flags))

/* As C_Login: there are no names of users. */
SESSION_ENTRY(C_LoginUser,
	      (CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_length,
	       CK_UTF8CHAR *name, CK_ULONG name_length),
	      session_login(session, user, (pin || pin_length == 0) && (name || name_length == 0)))

static struct functions_3_0 functions = {
	.base = { .version = { 3, 0 }, .C_GetInfo = info, .C_SignInit = init, FUNCTIONS },
	.C_GetInterfaceList = C_GetInterfaceList,
	.C_GetInterface = C_GetInterface,
	.C_LoginUser = C_LoginUser,
	.C_SessionCancel = C_SessionCancel,
	.C_MessageEncryptInit = C_MessageEncryptInit,
	.C_EncryptMessage = C_EncryptMessage,
	.C_EncryptMessageBegin = C_EncryptMessageBegin,
	.C_EncryptMessageNext = C_EncryptMessageNext,
	.C_MessageEncryptFinal = C_MessageEncryptFinal,
	.C_MessageDecryptInit = C_MessageDecryptInit,
	.C_DecryptMessage = C_DecryptMessage,
	.C_DecryptMessageBegin = C_DecryptMessageBegin,
	.C_DecryptMessageNext = C_DecryptMessageNext,
	.C_MessageDecryptFinal = C_MessageDecryptFinal,
	.C_MessageSignInit = C_MessageSignInit,
	.C_SignMessage = C_SignMessage,
	.C_SignMessageBegin = C_SignMessageBegin,
	.C_SignMessageNext = C_SignMessageNext,
	.C_MessageSignFinal = C_MessageSignFinal,
	.C_MessageVerifyInit = C_MessageVerifyInit,
	.C_VerifyMessage = C_VerifyMessage,
	.C_VerifyMessageBegin = C_VerifyMessageBegin,
	.C_VerifyMessageNext = C_VerifyMessageNext,
	.C_MessageVerifyFinal = C_MessageVerifyFinal,
};

static CK_CHAR standard[] = "PKCS 11";
/* The newest first. Neither is CKF_INTERFACE_FORK_SAFE: a child has to begin anew. */
static CK_INTERFACE interfaces[] = {
	{ standard, &functions, 0 },
	{ standard, &entry_functions, 0 },
};
#define COUNT (sizeof(interfaces) / sizeof(interfaces[0]))

EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count)
{
	CK_ULONG room;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = COUNT;
	if (!list)
		return CKR_OK;
	if (room < COUNT)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(list, interfaces, sizeof(interfaces));
	return CKR_OK;
}

/* Each list begins with its version. */
static bool is_wanted(const CK_INTERFACE *interface, const CK_VERSION *wanted)
{
	const CK_VERSION *version = interface->pFunctionList;

	return !wanted || (wanted->major == version->major && wanted->minor == version->minor);
}

EXPORT CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **found,
			    CK_FLAGS flags)
{
	if (!found || flags || (name && strcmp((const char *)name, (const char *)standard) != 0))
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < COUNT; i++)
		if (is_wanted(&interfaces[i], version)) {
			*found = &interfaces[i];
			return CKR_OK;
		}
	return CKR_ARGUMENTS_BAD;
}
