/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PKCS#11 module around SoftHSM that does what SoftHSM can't be made to: SHIM_MODE is
 *
 *	no-private	private keys can't be created, as on a TPM (CKR_ATTRIBUTE_VALUE_INVALID)
 *	no-public	public keys can't
 *	no-generation	no keys are made (CKR_MECHANISM_INVALID)
 *	extractable	of each key it says that it can be taken out
 *	removed		it is taken out once a key was made (CKR_DEVICE_REMOVED)
 *	full:N		the Nth object and all after it find no room (CKR_DEVICE_MEMORY)
 *	read-only	no session to write in (CKR_TOKEN_WRITE_PROTECTED)
 *	no-sign		nothing signs (CKR_FUNCTION_FAILED)
 *	bad-sign	signatures are wrong
 *	hang		the module never answers
 *
 * SHIM_LOG names a file that gets one line for each login.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <p11-kit/pkcs11.h>

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST shim;
static unsigned created;
static bool removed;

static int mode_is(const char *name)
{
	const char *mode = getenv("SHIM_MODE");

	return mode && strcmp(mode, name) == 0;
}

static CK_OBJECT_CLASS class_of(const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	CK_OBJECT_CLASS class = CKO_DATA;

	for (CK_ULONG i = 0; i < count; i++)
		if (attributes[i].type == CKA_CLASS && attributes[i].ulValueLen == sizeof(class))
			memcpy(&class, attributes[i].pValue, sizeof(class));
	return class;
}

static CK_RV create(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR attributes, CK_ULONG count,
		    CK_OBJECT_HANDLE_PTR object)
{
	const char *mode = getenv("SHIM_MODE");
	CK_OBJECT_CLASS class = class_of(attributes, count);

	if ((mode_is("no-private") && class == CKO_PRIVATE_KEY) ||
	    (mode_is("no-public") && class == CKO_PUBLIC_KEY))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (mode && strncmp(mode, "full:", 5) == 0 && ++created >= (unsigned)atoi(mode + 5))
		return CKR_DEVICE_MEMORY;
	return real->C_CreateObject(session, attributes, count, object);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR data, CK_NOTIFY notify,
			  CK_SESSION_HANDLE_PTR session)
{
	if (removed)
		return CKR_DEVICE_REMOVED;
	if (mode_is("read-only") && flags & CKF_RW_SESSION)
		return CKR_TOKEN_WRITE_PROTECTED;
	return real->C_OpenSession(slot, flags, data, notify, session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
		   CK_ULONG length)
{
	const char *path = getenv("SHIM_LOG");
	FILE *log = path ? fopen(path, "a") : NULL;
	CK_RV answer = real->C_Login(session, user, pin, length);

	if (log) {
		fprintf(log, "login %#lx\n", answer);
		fclose(log);
	}
	return answer;
}

static CK_RV generate_pair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
			   CK_ATTRIBUTE_PTR public, CK_ULONG public_count, CK_ATTRIBUTE_PTR private,
			   CK_ULONG private_count, CK_OBJECT_HANDLE_PTR public_key,
			   CK_OBJECT_HANDLE_PTR private_key)
{
	CK_RV answer;

	if (mode_is("no-generation"))
		return CKR_MECHANISM_INVALID;
	answer = real->C_GenerateKeyPair(session, mechanism, public, public_count, private,
					 private_count, public_key, private_key);
	removed = answer == CKR_OK && mode_is("removed");
	return answer;
}

static CK_RV get_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
		       CK_ATTRIBUTE_PTR attributes, CK_ULONG count)
{
	CK_RV answer = real->C_GetAttributeValue(session, object, attributes, count);

	for (CK_ULONG i = 0; mode_is("extractable") && answer == CKR_OK && i < count; i++)
		if (attributes[i].type == CKA_EXTRACTABLE)
			*(CK_BBOOL *)attributes[i].pValue = CK_TRUE;
	return answer;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length,
		  CK_BYTE_PTR signature, CK_ULONG_PTR signature_length)
{
	CK_RV answer;

	if (mode_is("no-sign"))
		return CKR_FUNCTION_FAILED;
	answer = real->C_Sign(session, data, length, signature, signature_length);
	if (mode_is("bad-sign") && answer == CKR_OK && signature)
		signature[*signature_length - 1] ^= 1;
	return answer;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	CK_C_GetFunctionList get;
	void *module;

	while (mode_is("hang"))
		pause();
	module = dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL);

	if (!module)
		return CKR_GENERAL_ERROR;
	/* The way POSIX asks for where an object's pointer becomes a function's. */
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	if (!get || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	shim = *real;
	shim.C_CreateObject = create;
	shim.C_GenerateKeyPair = generate_pair;
	shim.C_GetAttributeValue = get_value;
	shim.C_OpenSession = open_session;
	shim.C_Login = login;
	shim.C_Sign = sign;
	*list = &shim;
	return CKR_OK;
}
