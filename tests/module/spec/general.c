/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections 5.4, 5.5, 5.15, 5.16: the library as a whole, slots, tokens and mechanisms; and of each
 * of the 68 functions, that it is there and knows its place.
 */
#include <pthread.h>
#include <string.h>
#include "spec.h"

static CK_SESSION_HANDLE handle; /* that the probes use */
static CK_BYTE bytes[64];
static CK_ULONG length, number;
static CK_MECHANISM mechanism = { CKM_SHA256, NULL, 0 };
static CK_ATTRIBUTE attribute = { CKA_LABEL, bytes, 4 };
static CK_SLOT_INFO slot_info;
static CK_TOKEN_INFO token_info;
static CK_MECHANISM_INFO mechanism_info;
static CK_SESSION_INFO session_info;
static CK_INFO info;

/* Each function but C_Initialize and C_GetFunctionList, with arguments that are good but for the
 * session. */
#define PROBE(name, ...)                       \
	static CK_RV probe_##name(void)        \
	{                                      \
		length = sizeof(bytes);        \
		return p11->name(__VA_ARGS__); \
	}
#define IN    bytes, 4
#define OUT   bytes, &length
#define BEGIN handle, &mechanism
/* clang-format off */
PROBE(C_Finalize, NULL)
PROBE(C_GetInfo, &info)
PROBE(C_GetSlotList, CK_TRUE, NULL, &number)
PROBE(C_GetSlotInfo, NO_HANDLE, &slot_info)
PROBE(C_GetTokenInfo, NO_HANDLE, &token_info)
PROBE(C_WaitForSlotEvent, CKF_DONT_BLOCK, &number, NULL)
PROBE(C_GetMechanismList, NO_HANDLE, NULL, &number)
PROBE(C_GetMechanismInfo, NO_HANDLE, CKM_RSA_PKCS, &mechanism_info)
PROBE(C_InitToken, NO_HANDLE, IN, bytes)
PROBE(C_InitPIN, handle, IN)
PROBE(C_SetPIN, handle, IN, IN)
PROBE(C_OpenSession, NO_HANDLE, CKF_SERIAL_SESSION, NULL, NULL, &number)
PROBE(C_CloseSession, handle)
PROBE(C_CloseAllSessions, NO_HANDLE)
PROBE(C_GetSessionInfo, handle, &session_info)
PROBE(C_GetOperationState, handle, OUT)
PROBE(C_SetOperationState, handle, IN, 0, 0)
PROBE(C_Login, handle, CKU_USER, IN)
PROBE(C_Logout, handle)
PROBE(C_CreateObject, handle, &attribute, 1, &number)
PROBE(C_CopyObject, handle, 1, &attribute, 1, &number)
PROBE(C_DestroyObject, handle, 1)
PROBE(C_GetObjectSize, handle, 1, &number)
PROBE(C_GetAttributeValue, handle, 1, &attribute, 1)
PROBE(C_SetAttributeValue, handle, 1, &attribute, 1)
PROBE(C_FindObjectsInit, handle, &attribute, 1)
PROBE(C_FindObjects, handle, &number, 1, &length)
PROBE(C_FindObjectsFinal, handle)
PROBE(C_EncryptInit, BEGIN, 1)
PROBE(C_Encrypt, handle, IN, OUT)
PROBE(C_EncryptUpdate, handle, IN, OUT)
PROBE(C_EncryptFinal, handle, OUT)
PROBE(C_DecryptInit, BEGIN, 1)
PROBE(C_Decrypt, handle, IN, OUT)
PROBE(C_DecryptUpdate, handle, IN, OUT)
PROBE(C_DecryptFinal, handle, OUT)
PROBE(C_DigestInit, BEGIN)
PROBE(C_Digest, handle, IN, OUT)
PROBE(C_DigestUpdate, handle, IN)
PROBE(C_DigestKey, handle, 1)
PROBE(C_DigestFinal, handle, OUT)
PROBE(C_SignInit, BEGIN, 1)
PROBE(C_Sign, handle, IN, OUT)
PROBE(C_SignUpdate, handle, IN)
PROBE(C_SignFinal, handle, OUT)
PROBE(C_SignRecoverInit, BEGIN, 1)
PROBE(C_SignRecover, handle, IN, OUT)
PROBE(C_VerifyInit, BEGIN, 1)
PROBE(C_Verify, handle, IN, IN)
PROBE(C_VerifyUpdate, handle, IN)
PROBE(C_VerifyFinal, handle, IN)
PROBE(C_VerifyRecoverInit, BEGIN, 1)
PROBE(C_VerifyRecover, handle, IN, OUT)
PROBE(C_DigestEncryptUpdate, handle, IN, OUT)
PROBE(C_DecryptDigestUpdate, handle, IN, OUT)
PROBE(C_SignEncryptUpdate, handle, IN, OUT)
PROBE(C_DecryptVerifyUpdate, handle, IN, OUT)
PROBE(C_GenerateKey, BEGIN, &attribute, 1, &number)
PROBE(C_GenerateKeyPair, BEGIN, &attribute, 1, &attribute, 1, &number, &length)
PROBE(C_WrapKey, BEGIN, 1, 1, OUT)
PROBE(C_UnwrapKey, BEGIN, 1, IN, &attribute, 1, &number)
PROBE(C_DeriveKey, BEGIN, 1, &attribute, 1, &number)
PROBE(C_SeedRandom, handle, IN)
PROBE(C_GenerateRandom, handle, bytes, 4)
PROBE(C_GetFunctionStatus, handle)
PROBE(C_CancelFunction, handle)
/* clang-format on */

#define ON_SLOT(name)                      \
	{                                  \
#name, probe_##name, false \
	}
#define IN_SESSION(name)                  \
	{                                 \
#name, probe_##name, true \
	}
static const struct probe {
	const char *name;
	CK_RV (*call)(void);
	bool session;
} probes[] = {
	ON_SLOT(C_GetInfo),
	ON_SLOT(C_GetSlotList),
	ON_SLOT(C_GetSlotInfo),
	ON_SLOT(C_GetTokenInfo),
	ON_SLOT(C_WaitForSlotEvent),
	ON_SLOT(C_GetMechanismList),
	ON_SLOT(C_GetMechanismInfo),
	ON_SLOT(C_InitToken),
	IN_SESSION(C_InitPIN),
	IN_SESSION(C_SetPIN),
	ON_SLOT(C_OpenSession),
	IN_SESSION(C_CloseSession),
	ON_SLOT(C_CloseAllSessions),
	IN_SESSION(C_GetSessionInfo),
	IN_SESSION(C_GetOperationState),
	IN_SESSION(C_SetOperationState),
	IN_SESSION(C_Login),
	IN_SESSION(C_Logout),
	IN_SESSION(C_CreateObject),
	IN_SESSION(C_CopyObject),
	IN_SESSION(C_DestroyObject),
	IN_SESSION(C_GetObjectSize),
	IN_SESSION(C_GetAttributeValue),
	IN_SESSION(C_SetAttributeValue),
	IN_SESSION(C_FindObjectsInit),
	IN_SESSION(C_FindObjects),
	IN_SESSION(C_FindObjectsFinal),
	IN_SESSION(C_EncryptInit),
	IN_SESSION(C_Encrypt),
	IN_SESSION(C_EncryptUpdate),
	IN_SESSION(C_EncryptFinal),
	IN_SESSION(C_DecryptInit),
	IN_SESSION(C_Decrypt),
	IN_SESSION(C_DecryptUpdate),
	IN_SESSION(C_DecryptFinal),
	IN_SESSION(C_DigestInit),
	IN_SESSION(C_Digest),
	IN_SESSION(C_DigestUpdate),
	IN_SESSION(C_DigestKey),
	IN_SESSION(C_DigestFinal),
	IN_SESSION(C_SignInit),
	IN_SESSION(C_Sign),
	IN_SESSION(C_SignUpdate),
	IN_SESSION(C_SignFinal),
	IN_SESSION(C_SignRecoverInit),
	IN_SESSION(C_SignRecover),
	IN_SESSION(C_VerifyInit),
	IN_SESSION(C_Verify),
	IN_SESSION(C_VerifyUpdate),
	IN_SESSION(C_VerifyFinal),
	IN_SESSION(C_VerifyRecoverInit),
	IN_SESSION(C_VerifyRecover),
	IN_SESSION(C_DigestEncryptUpdate),
	IN_SESSION(C_DecryptDigestUpdate),
	IN_SESSION(C_SignEncryptUpdate),
	IN_SESSION(C_DecryptVerifyUpdate),
	IN_SESSION(C_GenerateKey),
	IN_SESSION(C_GenerateKeyPair),
	IN_SESSION(C_WrapKey),
	IN_SESSION(C_UnwrapKey),
	IN_SESSION(C_DeriveKey),
	IN_SESSION(C_SeedRandom),
	IN_SESSION(C_GenerateRandom),
	IN_SESSION(C_GetFunctionStatus),
	IN_SESSION(C_CancelFunction),
	ON_SLOT(C_Finalize), /* last: see test_session_handles */
};

static bool supported[ARRAY_LENGTH(probes)];

static void check_probe(const struct probe *probe, CK_RV wanted)
{
	CK_RV rv = probe->call();
	size_t i = (size_t)(probe - probes);
	const CK_RV may_be[] = { wanted, CKR_FUNCTION_NOT_SUPPORTED };

	spec_check(NULL, probe->name, rv, may_be, 2, __FILE__, __LINE__);
	/* The same answer from one and the same function, whatever comes first. */
	supported[i] |= rv != CKR_FUNCTION_NOT_SUPPORTED;
}

/* 5.4: the list has all functions. 5.1.6: none but two answer outside of initialised life. */
static void test_outside(void **state)
{
	void *const *entries = (void *const *)((const uint8_t *)p11 + sizeof(void *));

	assert_int_equal(ARRAY_LENGTH(probes), 66);
	FACT(p11->version.major == 2 && p11->version.minor == 40);
	for (size_t i = 0; i < 68; i++)
		FACT(entries[i] != NULL);
	IS(C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD);
	handle = 1;
	for (size_t i = 0; i < ARRAY_LENGTH(probes); i++)
		check_probe(&probes[i], CKR_CRYPTOKI_NOT_INITIALIZED);
	IS(C_Initialize(NULL), CKR_OK);
	IS(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	IS(C_Finalize(&handle), CKR_ARGUMENTS_BAD);
	IS(C_GetInfo(&info), CKR_OK);
	IS(C_Finalize(NULL), CKR_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(probes); i++)
		check_probe(&probes[i], CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* 5.1.2, 5.1.7: a session that isn't there goes before whatever else is wrong; so does a slot. */
static void test_session_handles(void **state)
{
	CK_SESSION_HANDLE closed = spec_public_session(0);
	const CK_SESSION_HANDLE handles[] = { 0, NO_HANDLE, closed };

	IS(C_CloseSession(closed), CKR_OK);
	for (size_t k = 0; k < ARRAY_LENGTH(handles); k++) {
		handle = handles[k];
		for (size_t i = 0; i < ARRAY_LENGTH(probes); i++)
			if (probes[i].session)
				check_probe(&probes[i], CKR_SESSION_HANDLE_INVALID);
	}
	IS(C_GetSlotInfo(NO_HANDLE, &slot_info), CKR_SLOT_ID_INVALID);
	IS(C_GetTokenInfo(NO_HANDLE, &token_info), CKR_SLOT_ID_INVALID);
	IS(C_GetMechanismList(NO_HANDLE, NULL, &number), CKR_SLOT_ID_INVALID);
	IS(C_GetMechanismInfo(NO_HANDLE, CKM_RSA_PKCS, &mechanism_info), CKR_SLOT_ID_INVALID);
	IS(C_OpenSession(NO_HANDLE, CKF_SERIAL_SESSION, NULL, NULL, &number), CKR_SLOT_ID_INVALID);
	IS(C_CloseAllSessions(NO_HANDLE), CKR_SLOT_ID_INVALID);
}

/* 5, 5.1.6: what isn't supported says so, in a session that is good as in one that isn't. */
static void test_not_supported(void **state)
{
	handle = spec_session(CKF_RW_SESSION);
	for (size_t i = 0; i < ARRAY_LENGTH(probes); i++)
		if (probes[i].session && !supported[i])
			ANSWER(NULL, probes[i].call(), CKR_FUNCTION_NOT_SUPPORTED);
	/* 5.16: nothing has run in parallel for long. */
	IS(C_GetFunctionStatus(handle), CKR_FUNCTION_NOT_PARALLEL);
	IS(C_CancelFunction(handle), CKR_FUNCTION_NOT_PARALLEL);
}

static CK_RV good_create(void **mutex)
{
	static pthread_mutex_t locks[64];
	static unsigned next;

	pthread_mutex_init(&locks[next % 64], NULL);
	*mutex = &locks[next++ % 64];
	return CKR_OK;
}
static CK_RV good_destroy(void *mutex)
{
	return CKR_OK;
}
static CK_RV good_lock(void *mutex)
{
	return pthread_mutex_lock(mutex) == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}
static CK_RV good_unlock(void *mutex)
{
	return pthread_mutex_unlock(mutex) == 0 ? CKR_OK : CKR_MUTEX_NOT_LOCKED;
}

/* 5.4, C_Initialize: all four mutex functions or none; the four ways of locking; pReserved. */
static void test_initialize(void **state)
{
	CK_C_INITIALIZE_ARGS arguments;

	for (unsigned given = 0; given < 16; given++)
		for (unsigned os = 0; os < 2; os++) {
			arguments = (CK_C_INITIALIZE_ARGS){
				given & 1 ? good_create : NULL, given & 2 ? good_destroy : NULL,
				given & 4 ? good_lock : NULL,	given & 8 ? good_unlock : NULL,
				os ? CKF_OS_LOCKING_OK : 0,	NULL
			};
			if (given > 0 && given < 15) {
				IS(C_Initialize(&arguments), CKR_ARGUMENTS_BAD);
				IS(C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
				continue;
			}
			/* A library may be unable to use somebody else's mutexes, and then says
			 * so. */
			IS(C_Initialize(&arguments), CKR_OK);
			IS(C_GetInfo(&info), CKR_OK);
			IS(C_Finalize(NULL), CKR_OK);
		}
	arguments = (CK_C_INITIALIZE_ARGS){ .pReserved = &arguments };
	IS(C_Initialize(&arguments), CKR_ARGUMENTS_BAD);
	arguments = (CK_C_INITIALIZE_ARGS){ .flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS };
	IS(C_Initialize(&arguments), CKR_OK, CKR_NEED_TO_CREATE_THREADS);
	p11->C_Finalize(NULL);
}

static bool is_padded(const CK_UTF8CHAR *text, size_t size)
{
	return !memchr(text, '\0', size);
}

static void test_info(void **state)
{
	IS(C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
	IS(C_GetInfo(&info), CKR_OK);
	FACT(info.cryptokiVersion.major == 2 && info.cryptokiVersion.minor == 40);
	FACT(info.flags == 0);
	FACT(is_padded(info.manufacturerID, sizeof(info.manufacturerID)));
	FACT(is_padded(info.libraryDescription, sizeof(info.libraryDescription)));
}

/* 5.5, C_GetSlotList: the three ways to ask. */
static void test_slots(void **state)
{
	CK_SLOT_ID slots[16], again[16];
	CK_ULONG count = 0, all = 0;

	IS(C_GetSlotList(CK_TRUE, NULL, NULL), CKR_ARGUMENTS_BAD);
	IS(C_GetSlotList(CK_TRUE, slots, NULL), CKR_ARGUMENTS_BAD);
	IS(C_GetSlotList(CK_FALSE, NULL, &all), CKR_OK);
	IS(C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	FACT(count >= 1 && count <= all && all <= 16);
	number = count - 1;
	IS(C_GetSlotList(CK_TRUE, slots, &number), CKR_BUFFER_TOO_SMALL);
	FACT(number == count);
	number = 0;
	IS(C_GetSlotList(CK_TRUE, slots, &number), CKR_BUFFER_TOO_SMALL);
	FACT(number == count);
	number = 16;
	IS(C_GetSlotList(CK_TRUE, slots, &number), CKR_OK);
	FACT(number == count);
	IS(C_GetSlotList(CK_TRUE, again, &count), CKR_OK);
	FACT(memcmp(slots, again, count * sizeof(slots[0])) == 0);
	for (CK_ULONG i = 0; i < count; i++) {
		IS(C_GetSlotInfo(slots[i], NULL), CKR_ARGUMENTS_BAD);
		IS(C_GetSlotInfo(slots[i], &slot_info), CKR_OK);
		FACT(slot_info.flags & CKF_TOKEN_PRESENT);
		FACT(is_padded(slot_info.slotDescription, sizeof(slot_info.slotDescription)));
		FACT(is_padded(slot_info.manufacturerID, sizeof(slot_info.manufacturerID)));
	}
}

static void test_token(void **state)
{
	CK_SLOT_ID slot = spec_slot();
	CK_SESSION_HANDLE reading, writing;
	CK_ULONG before, before_writing;

	IS(C_GetTokenInfo(slot, NULL), CKR_ARGUMENTS_BAD);
	IS(C_GetTokenInfo(slot, &token_info), CKR_OK);
	FACT(token_info.flags & CKF_TOKEN_INITIALIZED);
	FACT(token_info.flags & CKF_USER_PIN_INITIALIZED);
	FACT(is_padded(token_info.label, sizeof(token_info.label)));
	FACT(is_padded(token_info.manufacturerID, sizeof(token_info.manufacturerID)));
	FACT(is_padded(token_info.model, sizeof(token_info.model)));
	FACT(is_padded((CK_UTF8CHAR *)token_info.serialNumber, sizeof(token_info.serialNumber)));
	FACT(token_info.ulMinPinLen <= token_info.ulMaxPinLen);
	before = token_info.ulSessionCount;
	before_writing = token_info.ulRwSessionCount;
	reading = spec_public_session(0);
	writing = spec_public_session(CKF_RW_SESSION);
	IS(C_GetTokenInfo(slot, &token_info), CKR_OK);
	/* 3.2, CK_TOKEN_INFO: a token may also say that it doesn't know. */
	FACT_BUT("sessions are counted", token_info.ulSessionCount == before + 2);
	FACT_BUT("sessions are counted", token_info.ulRwSessionCount == before_writing + 1);
	IS(C_CloseSession(reading), CKR_OK);
	IS(C_CloseSession(writing), CKR_OK);
}

static void test_mechanisms(void **state)
{
	CK_SLOT_ID slot = spec_slot();
	CK_MECHANISM_TYPE list[256];
	CK_ULONG count = 0;

	IS(C_GetMechanismList(slot, NULL, NULL), CKR_ARGUMENTS_BAD);
	IS(C_GetMechanismList(slot, NULL, &count), CKR_OK);
	FACT(count > 0 && count <= 256);
	number = count - 1;
	IS(C_GetMechanismList(slot, list, &number), CKR_BUFFER_TOO_SMALL);
	FACT(number == count);
	IS(C_GetMechanismList(slot, list, &number), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++) {
		IS(C_GetMechanismInfo(slot, list[i], &mechanism_info), CKR_OK);
		FACT(mechanism_info.ulMinKeySize <= mechanism_info.ulMaxKeySize);
		for (CK_ULONG k = 0; k < i; k++)
			FACT(list[k] != list[i]);
	}
	IS(C_GetMechanismInfo(slot, CKM_RSA_PKCS, NULL), CKR_ARGUMENTS_BAD);
	IS(C_GetMechanismInfo(slot, CKM_VENDOR_DEFINED | 77, &mechanism_info),
	   CKR_MECHANISM_INVALID);
	IS(C_GetMechanismInfo(slot, CKM_RSA_PKCS, &mechanism_info), CKR_OK);
	FACT(mechanism_info.flags & CKF_SIGN);
	IS(C_GetMechanismInfo(slot, CKM_ECDSA, &mechanism_info), CKR_OK);
	/* Mechanisms v2.40, 2.3: one of each pair at least (the numbers: CKF_EC_F_2M,
	 * CKF_EC_ECPARAMETERS, which p11-kit's header has not). */
	FACT(mechanism_info.flags & CKF_SIGN);
	FACT(mechanism_info.flags & (CKF_EC_F_P | 0x200000));
	FACT(mechanism_info.flags & (CKF_EC_NAMEDCURVE | 0x400000));
	FACT(mechanism_info.flags & (CKF_EC_UNCOMPRESS | CKF_EC_COMPRESS));
}

/* 5.5, C_WaitForSlotEvent */
static void *wait_blocking(void *result)
{
	CK_SLOT_ID slot;

	*(CK_RV *)result = p11->C_WaitForSlotEvent(0, &slot, NULL);
	return NULL;
}

static void test_wait(void **state)
{
	CK_RV result = CKR_OK;
	CK_SLOT_ID slot;
	pthread_t thread;

	IS(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	BUT("C_WaitForSlotEvent with bad arguments", C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL),
	    CKR_ARGUMENTS_BAD);
	BUT("C_WaitForSlotEvent with bad arguments",
	    C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, &slot), CKR_ARGUMENTS_BAD);
	assert_int_equal(pthread_create(&thread, NULL, wait_blocking, &result), 0);
	/* It may not have come to its call yet, and then finds the library as it is after. */
	IS(C_Finalize(NULL), CKR_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	ANSWER("C_WaitForSlotEvent that would wait", result, CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* 5.15 */
static void test_random(void **state)
{
	CK_SESSION_HANDLE session = spec_session(0);
	static CK_BYTE large[1 << 20];
	CK_BYTE one[32] = { 0 }, other[32] = { 0 };
	unsigned ones = 0;

	IS(C_GenerateRandom(session, NULL, 4), CKR_ARGUMENTS_BAD);
	IS(C_GenerateRandom(session, one, 32), CKR_OK);
	IS(C_GenerateRandom(session, other, 32), CKR_OK);
	FACT(memcmp(one, other, 32) != 0);
	memcpy(other, one, 32);
	IS(C_GenerateRandom(session, one, 0), CKR_OK);
	FACT(memcmp(one, other, 32) == 0);
	IS(C_GenerateRandom(session, large, sizeof(large)), CKR_OK);
	for (size_t i = 0; i < sizeof(large); i++)
		ones += large[i] & 1;
	FACT(ones > sizeof(large) / 2 - 10000 && ones < sizeof(large) / 2 + 10000);
	IS(C_SeedRandom(session, NULL, 4), CKR_ARGUMENTS_BAD, CKR_RANDOM_SEED_NOT_SUPPORTED);
	IS(C_SeedRandom(session, one, 32), CKR_OK, CKR_RANDOM_SEED_NOT_SUPPORTED);
	IS(C_GenerateRandom(session, one, 32), CKR_OK);
}

SPEC_MAIN("general", cmocka_unit_test(test_outside), TEST(test_session_handles),
	  TEST(test_not_supported), cmocka_unit_test(test_initialize), TEST(test_info),
	  TEST(test_slots), TEST(test_token), TEST(test_mechanisms), TEST(test_wait),
	  TEST(test_random))
