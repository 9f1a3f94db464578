/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library as a whole: before C_Initialize, its arguments, slots, sessions, login, and what
 * isn't supported.
 */
#include <string.h>
#include "support.h"

#define RW CKF_RW_SESSION

static void test_list_is_complete(void **state)
{
	void *const *entries = (void *const *)((const uint8_t *)p11 + sizeof(void *));

	assert_int_equal(p11->version.major, 2);
	assert_int_equal(p11->version.minor, 40);
	for (int i = 0; i < 68; i++)
		assert_non_null(entries[i]);
}

static void test_before_initialize(void **state)
{
	CK_ULONG n = 0;
	CK_INFO info;
	CK_SLOT_ID slot;

	assert_int_equal(p11->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(p11->C_GetInfo(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(p11->C_GetSlotList(CK_TRUE, NULL, &n), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &n),
			 CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(p11->C_Sign(1, NULL, 0, NULL, &n), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(p11->C_WaitForSlotEvent(0, &slot, NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static CK_RV count_mutex(void **mutex)
{
	static int made;

	*mutex = &made;
	made++;
	return CKR_OK;
}

static int locks, unlocks, destroyed;
static CK_RV count_lock(void *mutex)
{
	locks++;
	return CKR_OK;
}
static CK_RV count_unlock(void *mutex)
{
	unlocks++;
	return CKR_OK;
}
static CK_RV count_destroy(void *mutex)
{
	destroyed++;
	return CKR_OK;
}
static CK_RV refuse_mutex(void **mutex)
{
	return CKR_GENERAL_ERROR;
}

static void test_initialize_arguments(void **state)
{
	CK_C_INITIALIZE_ARGS arguments = { .pReserved = &arguments };

	assert_int_equal(p11->C_Initialize(&arguments), CKR_ARGUMENTS_BAD);
	arguments = (CK_C_INITIALIZE_ARGS){ .CreateMutex = count_mutex };
	assert_int_equal(p11->C_Initialize(&arguments), CKR_ARGUMENTS_BAD);
	arguments = (CK_C_INITIALIZE_ARGS){ count_mutex, count_destroy,	    count_lock,
					    NULL,	 CKF_OS_LOCKING_OK, NULL };
	assert_int_equal(p11->C_Initialize(&arguments), CKR_ARGUMENTS_BAD);
	arguments =
		(CK_C_INITIALIZE_ARGS){ refuse_mutex, count_destroy, count_lock, count_unlock, 0,
					NULL };
	assert_int_equal(p11->C_Initialize(&arguments), CKR_CANT_LOCK);
	assert_int_equal(p11->C_Initialize(NULL), CKR_OK);
	assert_int_equal(p11->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	assert_int_equal(p11->C_Finalize(&arguments), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	assert_int_equal(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void test_mutexes(void **state)
{
	static const struct {
		bool callbacks;
		CK_FLAGS flags;
		bool used;
	} rows[] = {
		{ false, 0, false },
		{ false, CKF_OS_LOCKING_OK, false },
		{ true, 0, true },
		{ true, CKF_OS_LOCKING_OK, false },
		{ true, CKF_LIBRARY_CANT_CREATE_OS_THREADS, true },
	};
	CK_INFO info;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_C_INITIALIZE_ARGS arguments = { .flags = rows[i].flags };

		if (rows[i].callbacks)
			arguments = (CK_C_INITIALIZE_ARGS){ count_mutex,  count_destroy, count_lock,
							    count_unlock, rows[i].flags, NULL };
		locks = unlocks = destroyed = 0;
		assert_int_equal(p11->C_Initialize(&arguments), CKR_OK);
		assert_int_equal(p11->C_GetInfo(&info), CKR_OK);
		assert_int_equal(p11->C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
		assert_int_equal(locks, rows[i].used ? 2 : 0);
		assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
		assert_int_equal(locks, unlocks);
		assert_int_equal(destroyed, rows[i].used);
	}
}

/* Who can't have the mutex doesn't come in, and leaves nothing locked behind. */
static CK_RV lock_answer;
static CK_RV failing_lock(void *mutex)
{
	return lock_answer == CKR_OK ? count_lock(mutex) : lock_answer;
}

static void test_mutex_fails(void **state)
{
	CK_C_INITIALIZE_ARGS arguments = { count_mutex, count_destroy, failing_lock, count_unlock,
					   0,		NULL };
	CK_INFO info;

	lock_answer = CKR_OK;
	locks = unlocks = 0;
	assert_int_equal(p11->C_Initialize(&arguments), CKR_OK);
	lock_answer = CKR_MUTEX_BAD;
	assert_int_equal(p11->C_GetInfo(&info), CKR_GENERAL_ERROR);
	lock_answer = CKR_OK;
	assert_int_equal(locks, unlocks);
	assert_int_equal(p11->C_GetInfo(&info), CKR_OK);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	assert_int_equal(locks, unlocks);
}

static void test_slots(void **state)
{
	CK_SLOT_ID slots[4];
	CK_ULONG count = 0;
	CK_SLOT_INFO info;
	CK_TOKEN_INFO token;

	open_session(0, 0);
	assert_int_equal(p11->C_GetSlotList(CK_TRUE, NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	assert_int_equal(count, 2);
	count = 1;
	assert_int_equal(p11->C_GetSlotList(CK_FALSE, slots, &count), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(count, 2);
	count = 4;
	assert_int_equal(p11->C_GetSlotList(CK_FALSE, slots, &count), CKR_OK);
	assert_int_equal(count, 2);
	assert_int_equal(p11->C_GetSlotInfo(2, &info), CKR_SLOT_ID_INVALID);
	assert_int_equal(p11->C_GetSlotInfo(0, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_GetTokenInfo(7, &token), CKR_SLOT_ID_INVALID);
	assert_int_equal(p11->C_GetTokenInfo(0, NULL), CKR_ARGUMENTS_BAD);
	for (CK_ULONG i = 0; i < 2; i++) {
		static const char *const labels[] = { "Device Identity                 ",
						      "Device Identity (system)        " };
		static const char *const serials[] = { "user            ", "system          " };

		assert_int_equal(p11->C_GetSlotInfo(slots[i], &info), CKR_OK);
		assert_int_equal(info.flags, CKF_TOKEN_PRESENT);
		assert_int_equal(p11->C_GetTokenInfo(slots[i], &token), CKR_OK);
		assert_memory_equal(token.label, labels[i], 32);
		assert_memory_equal(token.serialNumber, serials[i], 16);
		assert_memory_equal(token.manufacturerID, "devid                           ", 32);
		assert_int_equal(token.flags,
				 CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED);
		assert_int_equal(token.ulSessionCount, i == 0);
	}
}

static void test_wait_without_blocking(void **state)
{
	CK_SLOT_ID slot;

	open_session(0, 0);
	assert_int_equal(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	assert_int_equal(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, &slot), CKR_ARGUMENTS_BAD);
}

static void test_sessions(void **state)
{
	CK_SESSION_HANDLE first = open_session(0, 0), second, third;
	CK_SESSION_INFO info;
	CK_TOKEN_INFO token;

	assert_int_equal(p11->C_OpenSession(0, RW, NULL, NULL, &second),
			 CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	assert_int_equal(p11->C_OpenSession(2, CKF_SERIAL_SESSION, NULL, NULL, &second),
			 CKR_SLOT_ID_INVALID);
	assert_int_equal(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL),
			 CKR_ARGUMENTS_BAD);
	second = open_session(0, RW);
	third = open_session(1, RW);
	assert_true(first != 0 && second > first && third > second);
	assert_int_equal(p11->C_GetTokenInfo(0, &token), CKR_OK);
	assert_int_equal(token.ulSessionCount, 2);
	assert_int_equal(token.ulRwSessionCount, 1);
	assert_int_equal(p11->C_GetSessionInfo(third, &info), CKR_OK);
	assert_int_equal(info.slotID, 1);
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	assert_int_equal(info.flags, CKF_SERIAL_SESSION | RW);
	assert_int_equal(p11->C_GetSessionInfo(first, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RO_PUBLIC_SESSION);
	assert_int_equal(p11->C_GetSessionInfo(first, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_GetSessionInfo(0, &info), CKR_SESSION_HANDLE_INVALID);

	assert_int_equal(p11->C_CloseSession(first), CKR_OK);
	assert_int_equal(p11->C_CloseSession(first), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_CloseAllSessions(5), CKR_SLOT_ID_INVALID);
	assert_int_equal(p11->C_CloseAllSessions(0), CKR_OK);
	assert_int_equal(p11->C_GetSessionInfo(second, &info), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_GetSessionInfo(third, &info), CKR_OK);
	assert_true(open_session(0, 0) > third);
}

/* Handles go on growing when the library is initialised again. */
static void test_handles_are_never_reused(void **state)
{
	CK_SESSION_HANDLE before = open_session(0, 0);
	CK_SESSION_INFO info;

	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	assert_true(open_session(0, 0) > before);
	assert_int_equal(p11->C_GetSessionInfo(before, &info), CKR_SESSION_HANDLE_INVALID);
}

static void test_many_sessions(void **state)
{
	static CK_SESSION_HANDLE sessions[1000];
	CK_SESSION_INFO info;

	for (int i = 0; i < 1000; i++)
		sessions[i] = open_session((CK_SLOT_ID)i % 2, 0);
	for (int i = 0; i < 1000; i += 3)
		assert_int_equal(p11->C_CloseSession(sessions[i]), CKR_OK);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(p11->C_GetSessionInfo(sessions[i], &info),
				 i % 3 ? CKR_OK : CKR_SESSION_HANDLE_INVALID);
}

/* OpenVPN logs out before it logs in; NSS brings a PIN all the same. */
static void test_login(void **state)
{
	CK_SESSION_HANDLE session = open_session(0, 0), other = open_session(1, RW);
	CK_UTF8CHAR pin[] = "1234";
	CK_SESSION_INFO info;

	assert_int_equal(p11->C_Logout(session), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(p11->C_Login(session, CKU_SO, pin, 4), CKR_USER_TYPE_INVALID);
	assert_int_equal(p11->C_Login(session, 77, pin, 4), CKR_USER_TYPE_INVALID);
	assert_int_equal(p11->C_Login(session, CKU_CONTEXT_SPECIFIC, pin, 4),
			 CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_Login(session, CKU_USER, NULL, 4), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_Login(99999, CKU_USER, pin, 4), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_Login(99999, CKU_USER, NULL, 4), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_Login(session, CKU_USER, NULL, 0), CKR_OK);
	assert_int_equal(p11->C_Login(session, CKU_USER, pin, 4), CKR_USER_ALREADY_LOGGED_IN);
	assert_int_equal(p11->C_GetSessionInfo(session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RO_USER_FUNCTIONS);
	assert_int_equal(p11->C_GetSessionInfo(other, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	assert_int_equal(p11->C_Logout(session), CKR_OK);
	assert_int_equal(p11->C_Logout(99999), CKR_SESSION_HANDLE_INVALID);
	/* The last session takes the login with it. */
	assert_int_equal(p11->C_Login(session, CKU_USER, pin, 4), CKR_OK);
	assert_int_equal(p11->C_CloseSession(session), CKR_OK);
	session = open_session(0, 0);
	assert_int_equal(p11->C_GetSessionInfo(session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RO_PUBLIC_SESSION);
}

static void test_not_supported(void **state)
{
	CK_SESSION_HANDLE session = open_session(0, RW);
	CK_MECHANISM mechanism = { CKM_SHA256, NULL, 0 };
	CK_BYTE data[32];
	CK_ULONG n = sizeof(data);
	CK_OBJECT_HANDLE object;

#define UNSUPPORTED(call) assert_int_equal(p11->call, CKR_FUNCTION_NOT_SUPPORTED)
	UNSUPPORTED(C_InitToken(0, data, 4, data));
	UNSUPPORTED(C_InitPIN(session, data, 4));
	UNSUPPORTED(C_SetPIN(session, data, 4, data, 4));
	UNSUPPORTED(C_SetOperationState(session, data, 4, 0, 0));
	UNSUPPORTED(C_EncryptInit(session, &mechanism, 1));
	UNSUPPORTED(C_Encrypt(session, data, 4, data, &n));
	UNSUPPORTED(C_EncryptUpdate(session, data, 4, data, &n));
	UNSUPPORTED(C_EncryptFinal(session, data, &n));
	UNSUPPORTED(C_DecryptInit(session, &mechanism, 1));
	UNSUPPORTED(C_Decrypt(session, data, 4, data, &n));
	UNSUPPORTED(C_DecryptUpdate(session, data, 4, data, &n));
	UNSUPPORTED(C_DecryptFinal(session, data, &n));
	UNSUPPORTED(C_DigestInit(session, &mechanism));
	UNSUPPORTED(C_Digest(session, data, 4, data, &n));
	UNSUPPORTED(C_DigestUpdate(session, data, 4));
	UNSUPPORTED(C_DigestKey(session, 1));
	UNSUPPORTED(C_DigestFinal(session, data, &n));
	UNSUPPORTED(C_SignRecoverInit(session, &mechanism, 1));
	UNSUPPORTED(C_SignRecover(session, data, 4, data, &n));
	UNSUPPORTED(C_VerifyInit(session, &mechanism, 1));
	UNSUPPORTED(C_Verify(session, data, 4, data, 4));
	UNSUPPORTED(C_VerifyUpdate(session, data, 4));
	UNSUPPORTED(C_VerifyFinal(session, data, 4));
	UNSUPPORTED(C_VerifyRecoverInit(session, &mechanism, 1));
	UNSUPPORTED(C_VerifyRecover(session, data, 4, data, &n));
	UNSUPPORTED(C_DigestEncryptUpdate(session, data, 4, data, &n));
	UNSUPPORTED(C_DecryptDigestUpdate(session, data, 4, data, &n));
	UNSUPPORTED(C_SignEncryptUpdate(session, data, 4, data, &n));
	UNSUPPORTED(C_DecryptVerifyUpdate(session, data, 4, data, &n));
	UNSUPPORTED(C_GenerateKey(session, &mechanism, NULL, 0, &object));
	UNSUPPORTED(C_WrapKey(session, &mechanism, 1, 2, data, &n));
	UNSUPPORTED(C_UnwrapKey(session, &mechanism, 1, data, 4, NULL, 0, &object));
	UNSUPPORTED(C_DeriveKey(session, &mechanism, 1, NULL, 0, &object));
	assert_int_equal(p11->C_GetFunctionStatus(session), CKR_FUNCTION_NOT_PARALLEL);
	assert_int_equal(p11->C_CancelFunction(session), CKR_FUNCTION_NOT_PARALLEL);
	assert_int_equal(p11->C_CancelFunction(999), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_GetOperationState(session, NULL, &n),
			 CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_GetOperationState(session, NULL, NULL), CKR_ARGUMENTS_BAD);
	/* A search is nothing that could be saved. */
	assert_int_equal(p11->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	assert_int_equal(p11->C_GetOperationState(session, NULL, &n),
			 CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_FindObjectsFinal(session), CKR_OK);
}

static void test_random(void **state)
{
	CK_SESSION_HANDLE session = open_session(1, 0);
	CK_BYTE one[64] = { 0 }, other[64] = { 0 };

	assert_int_equal(p11->C_GenerateRandom(999, one, 64), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_GenerateRandom(session, NULL, 64), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_GenerateRandom(session, NULL, 0), CKR_OK);
	assert_int_equal(p11->C_GenerateRandom(session, one, 64), CKR_OK);
	assert_int_equal(p11->C_GenerateRandom(session, other, 64), CKR_OK);
	assert_memory_not_equal(one, other, 64);
	assert_int_equal(p11->C_SeedRandom(session, one, 64), CKR_RANDOM_SEED_NOT_SUPPORTED);
	assert_int_equal(p11->C_SeedRandom(999, one, 64), CKR_SESSION_HANDLE_INVALID);
}

static void test_mechanisms(void **state)
{
	CK_MECHANISM_TYPE list[32];
	CK_MECHANISM_INFO info;
	CK_ULONG count = 0;

	open_session(0, 0);
	assert_int_equal(p11->C_GetMechanismList(3, NULL, &count), CKR_SLOT_ID_INVALID);
	assert_int_equal(p11->C_GetMechanismList(0, NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_GetMechanismList(0, NULL, &count), CKR_OK);
	assert_int_equal(count, 14);
	count = 13;
	assert_int_equal(p11->C_GetMechanismList(0, list, &count), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(count, 14);
	count = 32;
	assert_int_equal(p11->C_GetMechanismList(1, list, &count), CKR_OK);
	assert_int_equal(count, 14);
	for (CK_ULONG i = 0; i < count; i++) {
		assert_int_equal(p11->C_GetMechanismInfo(0, list[i], &info), CKR_OK);
		assert_int_equal(info.flags & ~(CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS),
				 i < 12 ? CKF_SIGN : CKF_GENERATE_KEY_PAIR);
		assert_int_equal(info.ulMinKeySize, info.flags & CKF_EC_F_P ? 256 : 2048);
		assert_int_equal(info.ulMaxKeySize, info.flags & CKF_EC_F_P ? 521 : 4096);
	}
	assert_int_equal(p11->C_GetMechanismInfo(0, CKM_RSA_X_509, &info), CKR_MECHANISM_INVALID);
	assert_int_equal(p11->C_GetMechanismInfo(0, CKM_SHA_1, &info), CKR_MECHANISM_INVALID);
	/* What PSS parameters name is known, and does nothing by itself. */
	info.flags = CKF_DIGEST;
	assert_int_equal(p11->C_GetMechanismInfo(0, CKM_SHA256, &info), CKR_OK);
	assert_int_equal(info.flags, 0);
	assert_int_equal(p11->C_GetMechanismInfo(0, CKM_RSA_PKCS, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_GetMechanismInfo(9, CKM_RSA_PKCS, &info), CKR_SLOT_ID_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_list_is_complete),
		TEST(test_before_initialize),
		TEST(test_initialize_arguments),
		TEST(test_mutexes),
		TEST(test_mutex_fails),
		TEST(test_slots),
		TEST(test_wait_without_blocking),
		TEST(test_sessions),
		TEST(test_handles_are_never_reused),
		TEST(test_many_sessions),
		TEST(test_login),
		TEST(test_not_supported),
		TEST(test_random),
		TEST(test_mechanisms),
	};

	return cmocka_run_group_tests_name("general", tests, NULL, NULL);
}
