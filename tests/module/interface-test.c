/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces as programs of Cryptoki 3.0 ask for them, and what that version adds. */
#include <string.h>
#include "interface.h"
#include "support.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define STANDARD	    ((CK_UTF8CHAR *)"PKCS 11")

static __typeof__(C_GetInterface) *get_interface;
static __typeof__(C_GetInterfaceList) *get_list;
static struct functions_3_0 *newer;

static int setup(void **state)
{
	CK_INTERFACE *interface;

	if (test_setup(state) != 0)
		return -1;
	*(void **)&get_interface = test_symbol("C_GetInterface");
	*(void **)&get_list = test_symbol("C_GetInterfaceList");
	if (!get_interface || !get_list || get_interface(STANDARD, NULL, &interface, 0) != CKR_OK)
		return -1;
	newer = interface->pFunctionList;
	return 0;
}

static void test_interface_list(void **state)
{
	CK_INTERFACE list[3];
	CK_ULONG count = 99;

	assert_int_equal(get_list(NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(get_list(list, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(get_list(NULL, &count), CKR_OK);
	assert_int_equal(count, 2);
	for (CK_ULONG room = 0; room < 2; room++) {
		count = room;
		assert_int_equal(get_list(list, &count), CKR_BUFFER_TOO_SMALL);
		assert_int_equal(count, 2);
	}
	count = 3;
	assert_int_equal(get_list(list, &count), CKR_OK);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal((char *)list[i].pInterfaceName, "PKCS 11");
		assert_int_equal(list[i].flags, 0);
	}
	assert_ptr_equal(list[0].pFunctionList, newer);
	assert_ptr_equal(list[1].pFunctionList, p11);
}

static void test_interface_found(void **state)
{
	CK_VERSION three = { 3, 0 }, two = { 2, 40 };
	CK_INTERFACE *interface;

	assert_int_equal(get_interface(NULL, NULL, &interface, 0), CKR_OK);
	assert_ptr_equal(interface->pFunctionList, newer);
	assert_int_equal(get_interface(NULL, &three, &interface, 0), CKR_OK);
	assert_ptr_equal(interface->pFunctionList, newer);
	assert_int_equal(get_interface(STANDARD, &two, &interface, 0), CKR_OK);
	assert_ptr_equal(interface->pFunctionList, p11);
}

static void test_interface_missing(void **state)
{
	static const CK_VERSION versions[] = { { 2, 20 }, { 2, 0 }, { 3, 1 }, { 3, 2 }, { 0, 0 } };
	/* The second is what NSS asks each module for. */
	static const char *const names[] = { "", "Vendor NSS FIPS Interface", "PKCS 1", "PKCS 11 ",
					     "pkcs 11" };
	CK_INTERFACE *interface = NULL;

	assert_int_equal(get_interface(NULL, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		CK_VERSION version = versions[i];

		assert_int_equal(get_interface(STANDARD, &version, &interface, 0),
				 CKR_ARGUMENTS_BAD);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		assert_int_equal(get_interface((CK_UTF8CHAR *)names[i], NULL, &interface, 0),
				 CKR_ARGUMENTS_BAD);
	/* CKF_INTERFACE_FORK_SAFE, and one that nobody knows. */
	assert_int_equal(get_interface(NULL, NULL, &interface, 1), CKR_ARGUMENTS_BAD);
	assert_int_equal(get_interface(NULL, NULL, &interface, 0x80000000UL), CKR_ARGUMENTS_BAD);
	assert_null(interface);
}

/* All 92, and those that both have are the same but for two. */
static void test_list_is_complete(void **state)
{
	void *const *mine = (void *const *)((const uint8_t *)newer + sizeof(void *));
	void *const *older = (void *const *)((const uint8_t *)p11 + sizeof(void *));
	size_t different = 0;

	assert_int_equal(newer->base.version.major, 3);
	assert_int_equal(newer->base.version.minor, 0);
	assert_int_equal(sizeof(*newer), 93 * sizeof(void *));
	for (size_t i = 0; i < 92; i++)
		assert_non_null(mine[i]);
	for (size_t i = 0; i < 68; i++)
		different += mine[i] != older[i];
	assert_int_equal(different, 2);
	assert_ptr_equal(newer->C_GetInterface, get_interface);
	assert_ptr_equal(newer->C_GetInterfaceList, get_list);
}

static void test_version(void **state)
{
	CK_INFO info;

	assert_int_equal(newer->base.C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(newer->base.C_Initialize(NULL), CKR_OK);
	assert_int_equal(newer->base.C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(newer->base.C_GetInfo(&info), CKR_OK);
	assert_int_equal(info.cryptokiVersion.major, 3);
	assert_int_equal(info.cryptokiVersion.minor, 0);
	/* It is one library: begun by one list, it has begun for the other. */
	assert_int_equal(p11->C_GetInfo(&info), CKR_OK);
	assert_int_equal(info.cryptokiVersion.major, 2);
	assert_int_equal(info.cryptokiVersion.minor, 40);
}

/* A session with an RSA key, and a signature begun. */
static CK_SESSION_HANDLE begin(CK_OBJECT_HANDLE *key, CK_MECHANISM *mechanism)
{
	static const struct test_record record = { .label = "laptop", .pki = "rsa2048" };
	CK_SESSION_HANDLE session;

	write_record(SCOPE_USER, &record);
	session = open_session(USER_SLOT, 0);
	*key = find_one(session, CKO_PRIVATE_KEY, "laptop");
	assert_int_not_equal(*key, 0);
	assert_int_equal(newer->base.C_SignInit(session, mechanism, *key), CKR_OK);
	assert_int_equal(newer->base.C_SignInit(session, mechanism, *key), CKR_OPERATION_ACTIVE);
	return session;
}

/* Section 5.13.1: without a mechanism C_SignInit ends what is under way; 2.40's goes on refusing
 * that. */
static void test_sign_init_ends(void **state)
{
	CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE key;
	CK_SESSION_HANDLE session = begin(&key, &mechanism);
	CK_BYTE bytes[512] = { 0 };
	CK_ULONG length = sizeof(bytes);

	assert_int_equal(p11->C_SignInit(session, NULL, key), CKR_ARGUMENTS_BAD);
	assert_int_equal(newer->base.C_SignUpdate(session, bytes, 4), CKR_OK);
	assert_int_equal(newer->base.C_SignInit(session, NULL, 0), CKR_OK);
	assert_int_equal(newer->base.C_SignFinal(session, bytes, &length),
			 CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(newer->base.C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(newer->base.C_SignInit(session + 1, NULL, 0), CKR_SESSION_HANDLE_INVALID);
}

/* Of the flags only those that are told to: a search goes on while a signature ends. */
static void test_session_cancel(void **state)
{
	CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE key, found;
	CK_SESSION_HANDLE session = begin(&key, &mechanism);
	CK_ULONG count;

	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	assert_int_equal(newer->C_SessionCancel(session, CKF_ENCRYPT | CKF_DIGEST), CKR_OK);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OPERATION_ACTIVE);
	assert_int_equal(newer->C_SessionCancel(session, CKF_SIGN), CKR_OK);
	assert_int_equal(p11->C_FindObjects(session, &found, 1, &count), CKR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(newer->C_SessionCancel(session, CKF_FIND_OBJECTS), CKR_OK);
	assert_int_equal(p11->C_FindObjects(session, &found, 1, &count),
			 CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OPERATION_ACTIVE);
	assert_int_equal(newer->C_SessionCancel(session, CKF_FIND_OBJECTS | CKF_SIGN), CKR_OK);
	assert_int_equal(newer->C_SessionCancel(session, CKF_FIND_OBJECTS | CKF_SIGN), CKR_OK);
	assert_int_equal(newer->C_SessionCancel(session + 1, CKF_SIGN), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	assert_int_equal(newer->C_SessionCancel(session, CKF_SIGN), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void test_login_user(void **state)
{
	CK_SESSION_HANDLE session = open_session(USER_SLOT, 0);
	CK_UTF8CHAR *pin = (CK_UTF8CHAR *)"1234", *name = (CK_UTF8CHAR *)"alice";

	assert_int_equal(newer->C_LoginUser(session, CKU_USER, pin, 4, name, 5), CKR_OK);
	assert_int_equal(p11->C_Login(session, CKU_USER, pin, 4), CKR_USER_ALREADY_LOGGED_IN);
	assert_int_equal(p11->C_Logout(session), CKR_OK);
	assert_int_equal(newer->C_LoginUser(session, CKU_USER, NULL, 4, name, 5),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(newer->C_LoginUser(session, CKU_USER, pin, 4, NULL, 5), CKR_ARGUMENTS_BAD);
	assert_int_equal(newer->C_LoginUser(session + 1, CKU_USER, pin, 4, name, 5),
			 CKR_SESSION_HANDLE_INVALID);
}

/* Messages: the last 20, all with one answer. */
static void test_messages(void **state)
{
	typedef CK_RV any(CK_ULONG, void *, void *, void *, void *, void *, void *, void *, void *);
	any *const *entries = (any *const *)&newer->C_MessageEncryptInit;
	CK_SESSION_HANDLE session = open_session(USER_SLOT, 0);

	for (size_t i = 0; i < 20; i++)
		assert_int_equal(
			entries[i](session, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
			CKR_FUNCTION_NOT_SUPPORTED);
	assert_ptr_equal(entries + 20, newer + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_interface_list),    TEST(test_interface_found),
		TEST(test_interface_missing), TEST(test_list_is_complete),
		TEST(test_version),	      TEST(test_sign_init_ends),
		TEST(test_session_cancel),    TEST(test_login_user),
		TEST(test_messages),
	};

	return cmocka_run_group_tests_name("interface", tests, NULL, NULL);
}
