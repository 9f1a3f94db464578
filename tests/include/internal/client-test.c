/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client against agents that answer, and many that don't. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "client-place.h"
#include "fake-server.h"

static void an_answer_comes(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;

	place_serve(*state, "answer");
	assert_result(connect_user(&client), DEVID_OK);
	assert_true(client.fd > STDERR_FILENO);
	assert_true(fcntl(client.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(client.may_sign);
	assert_true(client_is_connected(&client));
	for (int i = 0; i < 10; i++)
		assert_result(ask(&client, DEVID_OK), DEVID_OK);
	/* A refusal is an answer: the connection stays. */
	assert_result(ask(&client, DEVID_STORE_LOCKED), DEVID_STORE_LOCKED);
	assert_result(ask(&client, DEVID_RESULT_COUNT), DEVID_FAILED);
	assert_result(ask(&client, 0xffffffff), DEVID_FAILED);
	assert_result(ask(&client, DEVID_OK), DEVID_OK);
	/* Again: the earlier one is closed. */
	client_close(&client);
	client_close(&client);
	assert_int_equal(client.fd, -1);
}

static void nothing_there_is_told_at_once(void **state)
{
	struct client client = CLIENT_INIT;
	char path[256];
	int fd;

	assert_result(connect_user(&client), DEVID_AGENT_GONE);
	assert_result(client_connect(&client, SCOPE_USER, CLIENT_START), DEVID_AGENT_GONE);
	assert_result(ask(&client, DEVID_OK), DEVID_AGENT_GONE);
	assert_int_equal(client.fd, -1);
	/* A socket that nobody listens at any more. */
	snprintf(path, sizeof(path), "%s/agent", ((struct place *)*state)->folder);
	fd = fake_listen(path);
	close(fd);
	assert_result(connect_user(&client), DEVID_AGENT_GONE);
	unlink(path);
	write_file(((struct place *)*state)->folder, "agent", "file", 4, 0600);
	assert_result(connect_user(&client), DEVID_AGENT_GONE);
	/* No folder. */
	setenv("DEVID_RUNTIME_DIR", "/nonexistent", 1);
	assert_result(connect_user(&client), DEVID_AGENT_GONE);
}

/* Whatever happens: the result, that the connection is closed, and that no descriptor is lost. */
static void expect_failure(void **state, const char *manner, enum devid_result expected)
{
	struct client client = CLIENT_INIT;
	int before;

	place_serve(*state, manner);
	before = count_fds();
	hurry_factor = 50;
	assert_result(connect_user(&client), DEVID_OK);
	assert_result(ask(&client, DEVID_OK), expected);
	assert_int_equal(client.fd, -1);
	assert_false(client_is_connected(&client));
	assert_result(ask(&client, DEVID_OK), DEVID_AGENT_GONE);
	assert_int_equal(count_fds(), before);
}

static void expect_no_connection(void **state, const char *manner, enum devid_result expected)
{
	struct client client = CLIENT_INIT;
	int before;

	place_serve(*state, manner);
	before = count_fds();
	hurry_factor = 50;
	assert_result(connect_user(&client), expected);
	assert_int_equal(client.fd, -1);
	assert_int_equal(count_fds(), before);
}

static void a_silent_agent_is_bounded(void **state)
{
	expect_no_connection(state, "silent", DEVID_TIMEOUT);
}

static void an_agent_that_falls_silent_is_bounded(void **state)
{
	expect_failure(state, "silent-later", DEVID_TIMEOUT);
}

static void an_agent_that_leaves_is_told(void **state)
{
	expect_no_connection(state, "leave-at-once", DEVID_AGENT_GONE);
}

static void an_agent_that_leaves_later_is_told(void **state)
{
	expect_failure(state, "leave-later", DEVID_AGENT_GONE);
}

static void half_a_frame_is_told(void **state)
{
	expect_failure(state, "half-frame", DEVID_AGENT_GONE);
}

static void half_a_frame_and_no_more_is_bounded(void **state)
{
	expect_failure(state, "half-frame-and-stay", DEVID_TIMEOUT);
}

static void garbage_is_refused(void **state)
{
	expect_failure(state, "garbage", DEVID_BAD_DATA);
}

static void an_oversize_reply_is_refused(void **state)
{
	expect_failure(state, "oversize", DEVID_BAD_DATA);
}

static void an_overrunning_reply_is_refused(void **state)
{
	expect_failure(state, "field-overruns", DEVID_BAD_DATA);
}

static void a_request_is_no_reply(void **state)
{
	expect_failure(state, "request-for-reply", DEVID_BAD_DATA);
}

static void a_reply_has_a_result(void **state)
{
	expect_failure(state, "no-result", DEVID_BAD_DATA);
}

static int64_t elapsed_seconds(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec;
}

static void progress_for_ever_is_bounded(void **state)
{
	struct timespec start;
	int64_t seconds;

	hurry_factor = 50;
	clock_gettime(CLOCK_MONOTONIC, &start);
	expect_failure(state, "progress-for-ever", DEVID_TIMEOUT);
	seconds = elapsed_seconds(&start);
	assert_true(seconds >= 119 && seconds < 140);
}

static void silence_after_progress_is_bounded(void **state)
{
	struct timespec start;

	hurry_factor = 50;
	clock_gettime(CLOCK_MONOTONIC, &start);
	expect_failure(state, "progress-then-silence", DEVID_TIMEOUT);
	assert_true(elapsed_seconds(&start) < 20);
}

static void a_person_may_take_longer_than_an_agent(void **state)
{
	struct client client = CLIENT_INIT;

	place_serve(*state, "progress-then-reply");
	hurry_factor = 50;
	assert_result(connect_user(&client), DEVID_OK);
	assert_result(ask(&client, DEVID_OK), DEVID_STORE_DISMISSED);
	assert_true(client_is_connected(&client));
	client_close(&client);
}

static void another_version_is_refused(void **state)
{
	expect_no_connection(state, "other-version", DEVID_AGENT_GONE);
}

static void another_version_that_stays_is_refused(void **state)
{
	expect_no_connection(state, "other-version-refusing", DEVID_AGENT_GONE);
}

static void a_refused_hello_is_told(void **state)
{
	expect_no_connection(state, "hello-refused", DEVID_DENIED);
}

/* An agent that doesn't accept, and a queue that is full. */
static void a_full_queue_is_bounded(void **state)
{
	struct place *place = *state;
	struct client clients[4] = { CLIENT_INIT, CLIENT_INIT, CLIENT_INIT, CLIENT_INIT };
	enum devid_result result = DEVID_OK;
	char path[256];
	int listener;

	snprintf(path, sizeof(path), "%s/agent", place->folder);
	listener = fake_listen(path);
	assert_int_equal(listen(listener, 0), 0);
	hurry_factor = 1000; /* connect() itself takes its true five seconds */
	for (size_t i = 0; i < 2; i++)
		result = connect_user(&clients[i]);
	assert_result(result, DEVID_TIMEOUT);
	close(listener);
}

static enum devid_result tell(int bound_ms)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	uint8_t hash[WIRE_SPKI_HASH] = { 1 };

	wire_begin(&request, WIRE_REFUSED);
	wire_put(&request, TAG_SPKI_HASH, hash, sizeof(hash));
	assert_result(wire_finish(&request), DEVID_OK);
	return client_tell(SCOPE_USER, &request, bound_ms);
}

static void a_word_is_told(void **state)
{
	int before;

	place_serve(*state, "told");
	before = count_fds();
	for (int i = 0; i < 3; i++)
		assert_result(tell(5000), DEVID_OK);
	assert_int_equal(count_fds(), before);
}

static void a_word_to_nobody_starts_nobody(void **state)
{
	char path[256];

	setenv("DEVID_AGENT", getenv("DEVID_FAKE_AGENT"), 1);
	setenv("DEVID_FAKE_MANNER", "told", 1);
	assert_result(tell(5000), DEVID_AGENT_GONE);
	snprintf(path, sizeof(path), "%s/agent", ((struct place *)*state)->folder);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	/* A folder that others may write to is not ours to tell. */
	close(fake_listen(path));
	assert_int_equal(chmod(((struct place *)*state)->folder, 0770), 0);
	assert_result(tell(5000), DEVID_DENIED);
	assert_int_equal(chmod(((struct place *)*state)->folder, 0700), 0);
}

/* An agent from before there was this request. */
static void a_word_that_is_not_understood_ends_there(void **state)
{
	place_serve(*state, "answer");
	assert_result(tell(5000), DEVID_AGENT_GONE);
}

static void a_word_is_bounded(void **state)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	place_serve(*state, "silent");
	assert_result(tell(100), DEVID_TIMEOUT);
	assert_true(elapsed_seconds(&start) < 3);
}

static void a_word_to_a_full_queue_is_bounded(void **state)
{
	struct timespec start;
	char path[256];
	int listener;

	snprintf(path, sizeof(path), "%s/agent", ((struct place *)*state)->folder);
	listener = fake_listen(path);
	assert_int_equal(listen(listener, 0), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < 3; i++)
		assert_result(tell(100), DEVID_TIMEOUT);
	assert_true(elapsed_seconds(&start) < 3);
	close(listener);
}

static int start_and_ask(void *data)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;

	if (client_connect(&client, SCOPE_USER, CLIENT_NO_START) != DEVID_AGENT_GONE)
		return 1;
	if (client_connect(&client, SCOPE_USER, CLIENT_START) != DEVID_OK)
		return 2;
	return ask(&client, DEVID_EXISTS) != DEVID_EXISTS;
}

/* In a child, whose orphans come to us. */
static void start_in_child(const char *manner, int (*run)(void *), int expected)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setenv("DEVID_AGENT", getenv("DEVID_FAKE_AGENT"), 1);
	setenv("DEVID_FAKE_MANNER", manner, 1);
	assert_int_equal(in_child(run, NULL), expected);
	assert_true(waitpid(-1, NULL, 0) > 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* It leaves with its connection. */
static void a_missing_agent_is_started(void **state)
{
	start_in_child("answer", start_and_ask, 0);
}

static int start_in_vain(void *data)
{
	struct client client = CLIENT_INIT;

	return client_connect(&client, SCOPE_USER, CLIENT_START);
}

static void an_agent_that_fails_to_start_is_told(void **state)
{
	start_in_child("fail", start_in_vain, DEVID_AGENT_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_comes),
		TEST(nothing_there_is_told_at_once),
		TEST(a_silent_agent_is_bounded),
		TEST(an_agent_that_falls_silent_is_bounded),
		TEST(an_agent_that_leaves_is_told),
		TEST(an_agent_that_leaves_later_is_told),
		TEST(half_a_frame_is_told),
		TEST(half_a_frame_and_no_more_is_bounded),
		TEST(garbage_is_refused),
		TEST(an_oversize_reply_is_refused),
		TEST(an_overrunning_reply_is_refused),
		TEST(a_request_is_no_reply),
		TEST(a_reply_has_a_result),
		TEST(progress_for_ever_is_bounded),
		TEST(silence_after_progress_is_bounded),
		TEST(a_person_may_take_longer_than_an_agent),
		TEST(another_version_is_refused),
		TEST(another_version_that_stays_is_refused),
		TEST(a_refused_hello_is_told),
		TEST(a_full_queue_is_bounded),
		TEST(a_word_is_told),
		TEST(a_word_to_nobody_starts_nobody),
		TEST(a_word_that_is_not_understood_ends_there),
		TEST(a_word_is_bounded),
		TEST(a_word_to_a_full_queue_is_bounded),
		TEST(a_missing_agent_is_started),
		TEST(an_agent_that_fails_to_start_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
