/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing with an agent that refuses, dies, is silent or isn't there, and with keys that go
 * meanwhile. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "support.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static CK_SESSION_HANDLE session;

static CK_OBJECT_HANDLE begin(const char *name)
{
	write_record(SCOPE_USER, &(struct test_record){ .pki = name });
	session = open_session(0, 0);
	return find_one(session, CKO_PRIVATE_KEY, name);
}

static CK_RV sign_hash(CK_OBJECT_HANDLE key)
{
	static const uint8_t data[32] = { 5 };
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	uint8_t signature[64];
	CK_ULONG size = sizeof(signature);

	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	return p11->C_Sign(session, (CK_BYTE *)data, sizeof(data), signature, &size);
}

/* A streamed operation that is given up takes its connection with it, and nothing else. */
static void test_stream_given_up(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_OBJECT_HANDLE key = begin("p256");
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	uint8_t *data = calloc(1, 200000);

	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 200000), CKR_OK);
	assert_int_equal(agent->open, 1);
	assert_int_equal(p11->C_CloseSession(session), CKR_OK);
	for (int i = 0; agent->open > 0 && i < 500; i++)
		usleep(2000);
	assert_int_equal(agent->open, 0);
	/* The agent dies between two parts: an error, and the operation is over. */
	session = open_session(0, 0);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 200000), CKR_OK);
	agent_stop(agent);
	agent_restart(agent, SCOPE_USER);
	assert_int_equal(p11->C_SignUpdate(session, data, 200000), CKR_DEVICE_ERROR);
	assert_int_equal(p11->C_SignUpdate(session, data, 1), CKR_OPERATION_NOT_INITIALIZED);
	/* With parts that haven't gone yet nothing is lost. */
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 1000), CKR_OK);
	agent_stop(agent);
	agent_restart(agent, SCOPE_USER);
	{
		uint8_t signature[64];
		CK_ULONG length = 64;

		assert_int_equal(p11->C_SignFinal(session, signature, &length), CKR_OK);
	}
	free(data);
}

/* Refused with its first part, told with the signature that isn't made; nothing more is sent. */
static void test_stream_refused(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_OBJECT_HANDLE key = begin("p256");
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	uint8_t *data = calloc(1, 200000), signature[64];
	CK_ULONG length = sizeof(signature);
	unsigned parts;

	agent->answer = DEVID_CHECK_FAILED;
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 200000), CKR_OK);
	parts = agent->parts;
	assert_int_equal(parts, 1);
	assert_int_equal(p11->C_SignUpdate(session, data, 200000), CKR_OK);
	assert_int_equal(p11->C_SignFinal(session, NULL, &length), CKR_OK);
	assert_int_equal(p11->C_SignFinal(session, signature, &length), CKR_FUNCTION_REJECTED);
	assert_int_equal(agent->parts, parts);
	assert_int_equal(p11->C_SignFinal(session, signature, &length),
			 CKR_OPERATION_NOT_INITIALIZED);
	/* In one call, at once. */
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_Sign(session, data, 200000, signature, &length),
			 CKR_FUNCTION_REJECTED);
	/* Whatever isn't a refusal ends it where it happens. */
	agent->answer = DEVID_STORE_LOCKED;
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 200000), CKR_DEVICE_ERROR);
	assert_int_equal(p11->C_SignUpdate(session, data, 1), CKR_OPERATION_NOT_INITIALIZED);
	agent->answer = DEVID_OK;
	assert_int_equal(sign_hash(key), CKR_OK);
	free(data);
}

static void test_results(void **state)
{
	static const CK_RV wanted[] = {
		[DEVID_FAILED] = CKR_FUNCTION_FAILED,
		[DEVID_NO_MEMORY] = CKR_HOST_MEMORY,
		[DEVID_NOT_FOUND] = CKR_DEVICE_ERROR,
		[DEVID_CHECK_FAILED] = CKR_FUNCTION_REJECTED,
		[DEVID_BLOCKED] = CKR_FUNCTION_REJECTED,
		[DEVID_STORE_LOCKED] = CKR_DEVICE_ERROR,
		[DEVID_STORE_DISMISSED] = CKR_FUNCTION_CANCELED,
		[DEVID_STORE_MISSING] = CKR_DEVICE_ERROR,
		[DEVID_STORE_TIMEOUT] = CKR_DEVICE_ERROR,
		[DEVID_ACCOUNT_BROKEN] = CKR_FUNCTION_REJECTED,
		[DEVID_DENIED] = CKR_FUNCTION_REJECTED,
		[DEVID_TIMEOUT] = CKR_DEVICE_ERROR,
		[DEVID_KEY_MISSING] = CKR_DEVICE_ERROR,
		[DEVID_IO] = CKR_DEVICE_ERROR,
	};
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_OBJECT_HANDLE key = begin("p256");

	for (int i = 1; i < DEVID_RESULT_COUNT; i++) {
		CK_RV rv;

		if (i == DEVID_AGENT_GONE) /* said by no agent */
			continue;
		agent->answer = (enum devid_result)i;
		rv = sign_hash(key);
		assert_int_not_equal(rv, CKR_OK);
		if (i < (int)ARRAY_LENGTH(wanted) && wanted[i])
			assert_int_equal(rv, wanted[i]);
	}
	agent->answer = DEVID_OK;
	agent->short_signature = 1;
	assert_int_equal(sign_hash(key), CKR_DEVICE_ERROR);
	agent->short_signature = 0;
	agent->prompts = 5;
	assert_int_equal(sign_hash(key), CKR_OK);
	/* Refusals are answers: the one connection served all of them. */
	assert_int_equal(agent->connections, 1);
}

static void test_no_agent(void **state)
{
	CK_OBJECT_HANDLE key = begin("p256");

	assert_int_equal(sign_hash(key), CKR_DEVICE_ERROR);
	agent_start(SCOPE_USER);
	assert_int_equal(sign_hash(key), CKR_OK);
}

/* A connection kept from earlier that turns out dead costs nothing but a new one. */
static void test_agent_comes_and_goes(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_OBJECT_HANDLE key = begin("p256");

	for (int i = 0; i < 5; i++) {
		assert_int_equal(sign_hash(key), CKR_OK);
		agent_stop(agent);
		agent_restart(agent, SCOPE_USER);
	}
	assert_int_equal(sign_hash(key), CKR_OK);
	assert_int_equal(agent->connections, 6);
	agent->close_after = 1;
	for (int i = 0; i < 5; i++)
		assert_int_equal(sign_hash(key), CKR_OK);
	/* One that hangs up on a new connection as well is gone. */
	agent_stop(agent);
	agent_restart(agent, SCOPE_USER);
	agent->close_after = 0;
	agent->close_before = 1;
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	key = begin("p256");
	assert_int_equal(sign_hash(key), CKR_DEVICE_ERROR);
}

static void test_silent_agent(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_OBJECT_HANDLE key = begin("p256");
	struct timespec start, end;

	agent->silent = 1;
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(sign_hash(key), CKR_DEVICE_ERROR);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_in_range(end.tv_sec - start.tv_sec, 4, 8);
	agent->silent = 0;
	assert_int_equal(sign_hash(key), CKR_OK);
}

/* The record goes while an operation is open: the agent has the last word. */
static void test_key_removed_under_operation(void **state)
{
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_OBJECT_HANDLE key;
	uint8_t signature[96];
	CK_ULONG length = sizeof(signature);

	write_record(SCOPE_USER,
		     &(struct test_record){ .name = "0000000000000009", .pki = "p384" });
	session = open_session(0, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "p384");
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	remove_record(SCOPE_USER, "0000000000000009");
	assert_int_equal(find_one(session, CKO_PRIVATE_KEY, "p384"), 0);
	agent->answer = DEVID_KEY_MISSING;
	assert_int_equal(p11->C_Sign(session, signature, 4, signature, &length), CKR_DEVICE_ERROR);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_KEY_HANDLE_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_stream_given_up),
		TEST(test_stream_refused),
		TEST(test_results),
		TEST(test_no_agent),
		TEST(test_agent_comes_and_goes),
		TEST(test_silent_agent),
		TEST(test_key_removed_under_operation),
	};

	return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
