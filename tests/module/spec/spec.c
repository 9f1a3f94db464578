/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module under test, sessions, and what was checked: see spec.h. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec.h"

CK_FUNCTION_LIST *p11;
static unsigned checks, used[64];
static char manufacturer[33];

const char *spec_setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static bool is_about(const struct difference *difference)
{
	return strncmp(difference->manufacturer, manufacturer, strlen(difference->manufacturer)) ==
	       0;
}

static const struct difference *find_difference(const char *what)
{
	for (size_t i = 0; what && i < difference_count; i++)
		if (strcmp(differences[i].what, what) == 0 && is_about(&differences[i]))
			return &differences[i];
	return NULL;
}

bool spec_crashes(const char *difference)
{
	const struct difference *known = find_difference(difference);

	return known && known->rv == SPEC_CRASHES;
}

void spec_check(const char *difference, const char *call, CK_RV rv, const CK_RV *wanted,
		size_t count, const char *file, int line)
{
	const struct difference *known = find_difference(difference);
	size_t i = 0;

	checks++;
	if (known) {
		/* The very one: where it is gone, the table is to say so. */
		used[known - differences]++;
		wanted = &known->rv;
		count = 1;
	}
	while (i < count && wanted[i] != rv)
		i++;
	if (i < count)
		return;
	print_error("%s:%d: %s%s%s: 0x%lx, not 0x%lx%s\n", file, line, difference ? difference : "",
		    difference ? ": " : "", call, rv, wanted[0],
		    known	? " as differences.c has it"
		    : count > 1 ? " or another that may be"
				: "");
	_fail(file, line);
}

static void remember_manufacturer(void)
{
	CK_INFO info;

	if (p11->C_Initialize(NULL) != CKR_OK || p11->C_GetInfo(&info) != CKR_OK ||
	    p11->C_Finalize(NULL) != CKR_OK)
		return;
	memcpy(manufacturer, info.manufacturerID, sizeof(info.manufacturerID));
}

int spec_main(const char *name, const struct CMUnitTest *tests, size_t count)
{
	void *module = dlopen(spec_setting("SPEC_MODULE", ""), RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get = NULL;
	int failed;

	if (module)
		*(void **)&get = dlsym(module, "C_GetFunctionList");
	if (!get || get(NULL) != CKR_ARGUMENTS_BAD || get(&p11) != CKR_OK) {
		fprintf(stderr, "SPEC_MODULE: %s\n", dlerror());
		return 1;
	}
	remember_manufacturer();
	failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
	printf("# %u checks\n", checks);
	for (size_t i = 0; i < difference_count; i++) {
		if (!is_about(&differences[i]))
			continue;
		printf("# %s: %s: %s\n", used[i] > 0 ? "differs" : "known", differences[i].what,
		       differences[i].why);
	}
	return failed;
}

int spec_begin(void **state)
{
	return p11->C_Initialize(NULL) == CKR_OK ? 0 : -1;
}

int spec_end(void **state)
{
	p11->C_Finalize(NULL);
	return 0;
}

CK_SLOT_ID spec_slot(void)
{
	CK_UTF8CHAR label[32];
	const char *wanted = spec_setting("SPEC_TOKEN", "");
	CK_SLOT_ID slots[16];
	CK_ULONG count = ARRAY_LENGTH(slots);
	CK_TOKEN_INFO info;

	memset(label, ' ', sizeof(label));
	memcpy(label, wanted, strlen(wanted));
	IS(C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++)
		if (p11->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    memcmp(info.label, label, sizeof(label)) == 0)
			return slots[i];
	fail_msg("no token %s", wanted);
	return 0;
}

bool spec_needs_login(void)
{
	CK_TOKEN_INFO info;

	IS(C_GetTokenInfo(spec_slot(), &info), CKR_OK);
	return info.flags & CKF_LOGIN_REQUIRED;
}

bool spec_has_mechanism(CK_MECHANISM_TYPE type)
{
	CK_MECHANISM_INFO info;

	return p11->C_GetMechanismInfo(spec_slot(), type, &info) == CKR_OK;
}

bool spec_does(CK_FLAGS flag)
{
	CK_MECHANISM_TYPE list[256];
	CK_ULONG count = ARRAY_LENGTH(list);
	CK_MECHANISM_INFO info;

	IS(C_GetMechanismList(spec_slot(), list, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++)
		if (p11->C_GetMechanismInfo(spec_slot(), list[i], &info) == CKR_OK &&
		    info.flags & flag)
			return true;
	return false;
}

CK_SESSION_HANDLE spec_public_session(CK_FLAGS more_flags)
{
	CK_SESSION_HANDLE session = 0;

	IS(C_OpenSession(spec_slot(), CKF_SERIAL_SESSION | more_flags, NULL, NULL, &session),
	   CKR_OK);
	FACT(session != 0);
	return session;
}

void spec_login(CK_SESSION_HANDLE session)
{
	const char *pin = spec_setting("SPEC_PIN", "");

	if (spec_needs_login())
		IS(C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)), CKR_OK,
		   CKR_USER_ALREADY_LOGGED_IN);
}

CK_SESSION_HANDLE spec_session(CK_FLAGS more_flags)
{
	CK_SESSION_HANDLE session = spec_public_session(more_flags);

	spec_login(session);
	return session;
}

CK_ULONG spec_count(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
		    CK_OBJECT_HANDLE *first)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG total = 0;

	IS(C_FindObjectsInit(session, template, count), CKR_OK);
	IS(C_FindObjects(session, found, ARRAY_LENGTH(found), &total), CKR_OK);
	IS(C_FindObjectsFinal(session), CKR_OK);
	if (first)
		*first = total > 0 ? found[0] : 0;
	return total;
}

CK_OBJECT_HANDLE spec_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
	CK_ATTRIBUTE template[] = { { CKA_CLASS, BYTES_OF(class) },
				    { CKA_LABEL, (char *)label, strlen(label) } };
	CK_OBJECT_HANDLE object;

	FACT(spec_count(session, template, 2, &object) <= 1);
	return object;
}

static CK_OBJECT_HANDLE find_given(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
				   const char *name)
{
	CK_OBJECT_HANDLE object = spec_find(session, class, spec_setting(name, ""));

	FACT(object != 0);
	return object;
}

CK_OBJECT_HANDLE spec_rsa(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
	return find_given(session, class, "SPEC_RSA");
}

CK_OBJECT_HANDLE spec_ec(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
	return find_given(session, class, "SPEC_EC");
}

size_t spec_read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		 void *out, size_t room)
{
	CK_ATTRIBUTE attribute = { type, out, room };

	IS(C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	FACT(attribute.ulValueLen <= room);
	return attribute.ulValueLen;
}

CK_ULONG spec_number(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG number = 0;

	FACT(spec_read(session, object, type, BYTES_OF(number)) == sizeof(number));
	return number;
}

bool spec_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = 2;

	FACT(spec_read(session, object, type, BYTES_OF(value)) == 1);
	FACT(value == CK_TRUE || value == CK_FALSE);
	return value;
}

bool spec_allows(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = CK_TRUE;
	CK_ATTRIBUTE attribute = { type, BYTES_OF(value) };

	IS(C_GetAttributeValue(session, object, &attribute, 1), CKR_OK, CKR_ATTRIBUTE_TYPE_INVALID);
	return value;
}
