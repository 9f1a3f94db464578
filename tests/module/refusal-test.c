/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the machine's agent refuses is told to the user's own, where one listens; and nothing else
 * is. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "support.h"

static struct fake_agent *machine, *own;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;
static uint8_t hash[32];

static void begin(CK_SLOT_ID slot)
{
	enum scope scope = slot == USER_SLOT ? SCOPE_USER : SCOPE_SYSTEM;
	EVP_PKEY *pair = pki_key("p256");

	spki_hash_of(pair, hash);
	EVP_PKEY_free(pair);
	write_record(scope, &(struct test_record){ .pki = "p256" });
	session = open_session(slot, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "p256");
	assert_int_not_equal(key, 0);
}

static void begin_both(void)
{
	machine = agent_start(SCOPE_SYSTEM);
	own = agent_start(SCOPE_USER);
	begin(SYSTEM_SLOT);
	machine->answer = DEVID_CHECK_FAILED;
	machine->reason = "expired";
}

static CK_RV sign_in(CK_SESSION_HANDLE where, CK_ULONG length)
{
	static uint8_t data[200000];
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	uint8_t signature[64];
	CK_ULONG size = sizeof(signature);

	assert_int_equal(p11->C_SignInit(where, &mechanism, key), CKR_OK);
	return p11->C_Sign(where, data, length, signature, &size);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_told(void **state)
{
	int fds;

	begin_both();
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	assert_int_equal(own->refusals, 1);
	assert_memory_equal(own->refused_hash, hash, sizeof(hash));
	assert_string_equal(own->refused_reason, "expired");
	assert_string_equal(own->refused_token, "system");
	assert_int_equal(own->hellos, 0);
	/* Each refusal, of a message in parts too, on no connection that stays. */
	fds = count_fds();
	machine->answer = DEVID_DENIED;
	machine->reason = "system-user";
	assert_int_equal(sign_in(session, 200000), CKR_FUNCTION_REJECTED);
	assert_string_equal(own->refused_reason, "system-user");
	machine->answer = DEVID_BLOCKED;
	machine->reason = "rule-blocked";
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	assert_string_equal(own->refused_reason, "rule-blocked");
	assert_int_equal(own->refusals, 3);
	assert_true(count_fds() <= fds);
	/* The machine's agent was asked what it is asked without any of this. */
	assert_int_equal(machine->refusals, 0);
	assert_int_equal(machine->signs + machine->parts, 3);
}

static void test_updates(void **state)
{
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	uint8_t *data = calloc(1, 200000), signature[64];
	CK_ULONG size = sizeof(signature);

	begin_both();
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 200000), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 200000), CKR_OK);
	assert_int_equal(p11->C_SignFinal(session, signature, &size), CKR_FUNCTION_REJECTED);
	assert_int_equal(own->refusals, 1);
	free(data);
}

/* Whatever isn't a refusal of the machine's agent is nobody else's business. */
static void test_not_told(void **state)
{
	static const enum devid_result others[] = { DEVID_FAILED,	 DEVID_STORE_LOCKED,
						    DEVID_STORE_MISSING, DEVID_KEY_MISSING,
						    DEVID_NOT_FOUND,	 DEVID_TIMEOUT };

	begin_both();
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		machine->answer = others[i];
		assert_int_not_equal(sign_in(session, 100), CKR_OK);
		assert_int_not_equal(sign_in(session, 200000), CKR_OK);
	}
	machine->answer = DEVID_OK;
	assert_int_equal(sign_in(session, 100), CKR_OK);
	assert_int_equal(sign_in(session, 200000), CKR_OK);
	/* Without a word, there is nothing to tell. */
	machine->answer = DEVID_DENIED;
	machine->reason = NULL;
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	machine->reason =
		"a word of more than sixty-four bytes, which is none that we know of, is not passed on";
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	machine->close_before = 1;
	assert_int_not_equal(sign_in(session, 100), CKR_OK);
	assert_int_equal(own->refusals, 0);
	assert_int_equal(own->connections, 0);
}

static void test_own_refusals_are_its_own(void **state)
{
	own = agent_start(SCOPE_USER);
	begin(USER_SLOT);
	own->answer = DEVID_CHECK_FAILED;
	own->reason = "expired";
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	assert_int_equal(sign_in(session, 200000), CKR_FUNCTION_REJECTED);
	assert_int_equal(own->refusals, 0);
	assert_int_equal(own->connections, 2); /* that of the message in parts is its own */
}

/* None listens: none is started. */
static void test_nobody(void **state)
{
	char path[PATH_BUFFER];
	int64_t start;

	machine = agent_start(SCOPE_SYSTEM);
	begin(SYSTEM_SLOT);
	machine->answer = DEVID_CHECK_FAILED;
	machine->reason = "expired";
	setenv("DEVID_AGENT", "/bin/false", 1);
	start = now_ms();
	for (int i = 0; i < 20; i++)
		assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	assert_true(now_ms() - start < 3000);
	assert_true(path_socket(SCOPE_USER, path));
	assert_int_equal(access(path, F_OK), -1);
	unsetenv("DEVID_AGENT");
}

/* An agent that was there before this request was. */
static void test_ignorant(void **state)
{
	begin_both();
	own->ignorant = 1;
	for (int i = 0; i < 3; i++)
		assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	assert_int_equal(own->refusals, 0);
	assert_int_equal(own->connections, 3);
}

/* One that doesn't answer costs one short wait, not one each time. */
static void test_silent(void **state)
{
	int64_t start, took;

	begin_both();
	own->silent = 1;
	start = now_ms();
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	took = now_ms() - start;
	assert_true(took >= 190 && took < 3000);
	for (int i = 0; i < 50; i++)
		assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	assert_int_equal(own->connections, 1);
}

static void *sign_elsewhere(void *data)
{
	return (void *)(uintptr_t)sign_in(session, 100);
}

/* C_Finalize while it is told: it comes to an end, and the module begins anew as ever. */
static void test_finalized_meanwhile(void **state)
{
	pthread_t thread;
	void *rv = NULL;

	begin_both();
	own->silent = 1;
	assert_int_equal(pthread_create(&thread, NULL, sign_elsewhere, NULL), 0);
	for (int i = 0; own->connections == 0 && i < 10000; i++)
		usleep(1000);
	assert_int_equal(own->connections, 1);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	assert_int_equal(pthread_join(thread, &rv), 0);
	assert_int_equal((uintptr_t)rv, CKR_CRYPTOKI_NOT_INITIALIZED);
	own->silent = 0;
	session = open_session(SYSTEM_SLOT, 0);
	key = find_one(session, CKO_PRIVATE_KEY, "p256");
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	assert_int_equal(own->refusals, 1);
}

/* A child makes connections of its own, and the parent goes on. */
static void test_forked(void **state)
{
	int status = 0;
	pid_t child;

	begin_both();
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	child = fork();
	if (child == 0) {
		CK_SESSION_HANDLE mine;
		CK_ULONG good;

		if (p11->C_Initialize(NULL) != CKR_OK)
			_exit(1);
		mine = open_session(SYSTEM_SLOT, 0);
		key = find_one(mine, CKO_PRIVATE_KEY, "p256");
		good = sign_in(mine, 100) == CKR_FUNCTION_REJECTED;
		_exit(good ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(own->refusals, 2);
	assert_int_equal(sign_in(session, 100), CKR_FUNCTION_REJECTED);
	assert_int_equal(own->refusals, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_told),     TEST(test_updates),
		TEST(test_not_told), TEST(test_own_refusals_are_its_own),
		TEST(test_nobody),   TEST(test_ignorant),
		TEST(test_silent),   TEST(test_finalized_meanwhile),
		TEST(test_forked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
