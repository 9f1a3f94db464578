/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module in a strange process: forks, threads, C_Finalize under work, closed descriptors, no
 * descriptors left, a library loaded again and again.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "support.h"

#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                         \
		}                                                                         \
	} while (0)

static CK_RV sign_once(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	uint8_t data[32] = { 7 }, signature[64];
	CK_ULONG length = sizeof(signature);
	CK_RV rv = p11->C_SignInit(session, &mechanism, key);

	return rv == CKR_OK ? p11->C_Sign(session, data, 32, signature, &length) : rv;
}

/* Finds its own key without cmocka's asserts, which are of no use in a child or a thread. */
static CK_RV find_and_sign(CK_SESSION_HANDLE session)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE key;
	CK_ULONG count = 0;
	CK_RV rv = p11->C_FindObjectsInit(session, &template, 1);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_FindObjects(session, &key, 1, &count);
	p11->C_FindObjectsFinal(session);
	if (rv != CKR_OK || count == 0)
		return rv != CKR_OK ? rv : CKR_KEY_HANDLE_INVALID;
	return sign_once(session, key);
}

static CK_OBJECT_HANDLE begin(CK_SESSION_HANDLE *session)
{
	write_record(SCOPE_USER, &(struct test_record){ .pki = "p256" });
	*session = open_session(0, 0);
	return find_one(*session, CKO_PRIVATE_KEY, "p256");
}

static void wait_for_child(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* What a client does that forks and goes on: GnuTLS, a daemon that loads keys before it forks. */
static void test_fork(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key = begin(&session);
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	int fds;
	pid_t pid;

	assert_int_equal(sign_once(session, key), CKR_OK);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, (CK_BYTE *)"x", 1), CKR_OK);
	fds = count_fds();
	pid = fork();
	if (pid == 0) {
		CK_SESSION_INFO info;
		CK_SESSION_HANDLE own;

		CHECK(p11->C_GetSessionInfo(session, &info) == CKR_CRYPTOKI_NOT_INITIALIZED);
		CHECK(sign_once(session, key) == CKR_CRYPTOKI_NOT_INITIALIZED);
		CHECK(p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED);
		CHECK(p11->C_Initialize(NULL) == CKR_OK);
		/* the parent's connection has been let go */
		CHECK(count_fds() == fds - 1);
		CHECK(p11->C_Initialize(NULL) == CKR_CRYPTOKI_ALREADY_INITIALIZED);
		CHECK(p11->C_GetSessionInfo(session, &info) == CKR_SESSION_HANDLE_INVALID);
		CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &own) == CKR_OK);
		CHECK(own > session);
		CHECK(find_and_sign(own) == CKR_OK);
		CHECK(count_fds() == fds);
		CHECK(p11->C_Finalize(NULL) == CKR_OK);
		CHECK(count_fds() == fds - 1);
		_exit(0);
	}
	wait_for_child(pid);
	/* The parent goes on as if nothing had been: the same connection, the same operation. */
	{
		uint8_t signature[64];
		CK_ULONG length = 64;

		assert_int_equal(p11->C_SignFinal(session, signature, &length), CKR_OK);
	}
	assert_int_equal(agent->connections, 2);
}

/* A child that never initialises, and one before anybody did. */
static void test_fork_and_exit(void **state)
{
	CK_SESSION_HANDLE session;
	pid_t pid;

	agent_start(SCOPE_USER);
	pid = fork();
	if (pid == 0) {
		CHECK(p11->C_Initialize(NULL) == CKR_OK);
		CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
		_exit(0);
	}
	wait_for_child(pid);
	assert_int_equal(sign_once(session, begin(&session)), CKR_OK);
	pid = fork();
	if (pid == 0)
		exit(0); /* with all exit handlers of the test program */
	wait_for_child(pid);
	assert_int_equal(find_and_sign(session), CKR_OK);
}

static void *sign_until_end(void *data)
{
	CK_SESSION_HANDLE session;
	CK_RV rv;

	do {
		rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);
		if (rv == CKR_OK)
			rv = find_and_sign(session);
		if (rv == CKR_OK)
			rv = p11->C_CloseSession(session);
	} while (rv == CKR_OK);
	/* What a thread may hear when the library ends under it. */
	return rv == CKR_CRYPTOKI_NOT_INITIALIZED || rv == CKR_SESSION_HANDLE_INVALID ||
			       rv == CKR_SESSION_CLOSED
		       ? NULL
		       : (void *)rv;
}

/* Children are made while threads are at work, so that some inherit the lock held. */
static void test_fork_under_work(void **state)
{
	CK_SESSION_HANDLE session;
	pthread_t threads[4];

#ifdef __SANITIZE_ADDRESS__
	return; /* its allocator's locks are not made ready for a fork: the child can't allocate */
#endif
	agent_start(SCOPE_USER);
	begin(&session);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, sign_until_end, NULL);
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			alarm(20);
			CHECK(p11->C_Initialize(NULL) == CKR_OK);
			CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) ==
			      CKR_OK);
			CHECK(find_and_sign(session) == CKR_OK);
			CHECK(p11->C_Finalize(NULL) == CKR_OK);
			_exit(0);
		}
		wait_for_child(pid);
		new_generation(SCOPE_USER);
	}
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	for (int i = 0; i < 4; i++) {
		void *rv;

		pthread_join(threads[i], &rv);
		assert_int_equal((uintptr_t)rv, CKR_OK);
	}
}

static void test_finalize_under_work(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session;
	pthread_t threads[8];
	int fds = count_fds();

	begin(&session);
	for (int round = 0; round < 10; round++) {
		struct timespec pause = { 0, 20000000 };

		agent->delay_ms = round % 2 ? 0 : 3;
		open_session(0, 0);
		for (int i = 0; i < 8; i++)
			pthread_create(&threads[i], NULL, sign_until_end, NULL);
		nanosleep(&pause, NULL);
		assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
		for (int i = 0; i < 8; i++) {
			void *rv;

			pthread_join(threads[i], &rv);
			assert_int_equal((uintptr_t)rv, CKR_OK);
		}
		assert_int_equal(count_fds(), fds);
	}
}

static void *block_in_wait(void *data)
{
	CK_SLOT_ID slot;

	return (void *)(p11->C_WaitForSlotEvent(*(CK_FLAGS *)data, &slot, NULL));
}

static void test_wait_is_released(void **state)
{
	struct timespec pause = { 0, 50000000 }, start, end;
	CK_FLAGS flags = 0;
	pthread_t thread;
	void *rv;

	open_session(0, 0);
	pthread_create(&thread, NULL, block_in_wait, &flags);
	nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	pthread_join(thread, &rv);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal((uintptr_t)rv, CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_true(end.tv_sec - start.tv_sec < 2);
}

static void *finalize_later(void *data)
{
	struct timespec pause = { 0, 100000000 };

	nanosleep(&pause, NULL);
	return (void *)p11->C_Finalize(NULL);
}

/* C_Finalize doesn't sit out the bound of an agent that is silent. */
static void test_finalize_releases_waiting(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	struct timespec start, end;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key = begin(&session);
	pthread_t thread;
	void *rv;

	agent->silent = 1;
	pthread_create(&thread, NULL, finalize_later, NULL);
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(sign_once(session, key), CKR_CRYPTOKI_NOT_INITIALIZED);
	clock_gettime(CLOCK_MONOTONIC, &end);
	pthread_join(thread, &rv);
	assert_int_equal((uintptr_t)rv, CKR_OK);
	assert_true(end.tv_sec - start.tv_sec < 2);
}

static CK_SESSION_HANDLE closing;
static void *close_later(void *data)
{
	struct timespec pause = { 0, 50000000 };

	nanosleep(&pause, NULL);
	return (void *)p11->C_CloseSession(closing);
}

static void test_session_closed_under_operation(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_OBJECT_HANDLE key = begin(&closing);
	pthread_t thread;
	void *rv;

	assert_int_equal(sign_once(closing, key), CKR_OK);
	agent->delay_ms = 300;
	pthread_create(&thread, NULL, close_later, NULL);
	assert_int_equal(sign_once(closing, key), CKR_SESSION_CLOSED);
	pthread_join(thread, &rv);
	assert_int_equal((uintptr_t)rv, CKR_OK);
}

static atomic_int failures;
static void *work(void *data)
{
	int seed = (int)(intptr_t)data;

	for (int i = 0; i < 50; i++) {
		CK_SESSION_HANDLE session;
		CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);

		if (rv == CKR_OK)
			rv = find_and_sign(session);
		if (rv != CKR_OK || ((i + seed) % 3 && p11->C_CloseSession(session) != CKR_OK))
			failures++;
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_SESSION_HANDLE session;
	pthread_t threads[16];

	begin(&session);
	failures = 0;
	for (int i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
	/* and records that change meanwhile */
	for (int i = 0; i < 20; i++)
		new_generation(SCOPE_USER);
	for (int i = 0; i < 16; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);
	assert_int_equal(agent->signs, 800);
	/* No more than eight are kept. */
	for (int i = 0; agent->open > 8 && i < 500; i++)
		usleep(2000);
	assert_true(agent->open <= 8);
}

static void test_load_again_and_again(void **state)
{
	int fds = count_fds();

	agent_start(SCOPE_USER);
	write_record(SCOPE_USER, &(struct test_record){ .pki = "p256" });
	for (int i = 0; i < 50; i++) {
		void *module = dlopen(getenv("DEVID_MODULE"), RTLD_NOW | RTLD_LOCAL);
		CK_SESSION_HANDLE session;

		assert_non_null(module);
		session = open_session(0, 0);
		assert_int_equal(find_and_sign(session), CKR_OK);
		assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
		dlclose(module);
		assert_int_equal(count_fds(), fds);
	}
}

/* The host closed its standard descriptors: none of ours may take their place. */
static void test_closed_standard_descriptors(void **state)
{
	CK_SESSION_HANDLE session;
	pid_t pid;

	agent_start(SCOPE_USER);
	begin(&session);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	pid = fork();
	if (pid == 0) {
		close(0);
		close(1);
		close(2);
		if (p11->C_Initialize(NULL) != CKR_OK ||
		    p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK ||
		    find_and_sign(session) != CKR_OK)
			_exit(1);
		_exit(fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0 ? 0
											      : 2);
	}
	wait_for_child(pid);
}

static void test_no_descriptors_left(void **state)
{
	CK_SESSION_HANDLE session;
	pid_t pid;

	agent_start(SCOPE_USER);
	begin(&session);
	assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
	pid = fork();
	if (pid == 0) {
		struct rlimit limit = { 64, 64 };
		int fd, last = -1;

		setrlimit(RLIMIT_NOFILE, &limit);
		CHECK(p11->C_Initialize(NULL) == CKR_OK);
		CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
		CHECK(find_and_sign(session) == CKR_OK);
		CHECK(p11->C_Finalize(NULL) == CKR_OK);
		while ((fd = dup(2)) >= 0)
			last = fd;
		CHECK(p11->C_Initialize(NULL) == CKR_OK);
		CHECK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
		CHECK(find_and_sign(session) != CKR_OK);
		/* two are enough for records and to sign */
		close(last);
		close(last - 1);
		CHECK(find_and_sign(session) == CKR_OK);
		_exit(0);
	}
	wait_for_child(pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_fork),
		TEST(test_fork_and_exit),
		TEST(test_fork_under_work),
		TEST(test_finalize_under_work),
		TEST(test_wait_is_released),
		TEST(test_finalize_releases_waiting),
		TEST(test_session_closed_under_operation),
		TEST(test_threads),
		TEST(test_load_again_and_again),
		TEST(test_closed_standard_descriptors),
		TEST(test_no_descriptors_left),
	};

	return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
