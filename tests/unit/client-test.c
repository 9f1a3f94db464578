/* The client against agents that answer, agents that don't, and sockets that aren't the agent's. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "fake-server.h"
#include "unit.h"
#include <internal/client.h>

struct place {
	char *folder; /* the runtime folder */
	pid_t server;
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	hurry_factor = 1;
	unsetenv("DEVID_SYSTEM_RUNTIME_DIR");
	if (!place || folder_make((void **)&place->folder) != 0)
		return -1;
	setenv("DEVID_RUNTIME_DIR", place->folder, 1);
	setenv("DEVID_AGENT", "/nonexistent/agent", 1);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	if (place->server > 0) {
		kill(place->server, SIGKILL);
		waitpid(place->server, NULL, 0);
	}
	folder_remove((void **)&place->folder);
	free(place);
	return 0;
}

/* Listens before it returns. */
static void serve(struct place *place, const char *manner)
{
	char path[256];
	int listener;

	snprintf(path, sizeof(path), "%s/agent", place->folder);
	unlink(path);
	listener = fake_listen(path);
	assert_true(listener >= 0);
	place->server = fork();
	assert_true(place->server >= 0);
	if (place->server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(!fake_serve(listener, manner, -1));
	}
	close(listener);
}

static enum devid_result connect_user(struct client *client)
{
	return client_connect(client, HALF_USER, CLIENT_NO_START);
}

/* One STATUS, with the result that the answering agent is to give. */
static enum devid_result ask(struct client *client, uint32_t wanted)
{
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;

	wire_begin(&request, WIRE_STATUS);
	wire_put_u32(&request, TAG_FLAGS, wanted);
	assert_result(wire_finish(&request), DEVID_OK);
	return client_call(client, &request, &reply);
}

static void an_answer_comes(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;

	serve(*state, "answer");
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

	(void)state;
	assert_result(connect_user(&client), DEVID_AGENT_GONE);
	assert_result(client_connect(&client, HALF_USER, CLIENT_START), DEVID_AGENT_GONE);
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

	serve(*state, manner);
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

	serve(*state, manner);
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

	serve(*state, "progress-then-reply");
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

static void a_folder_that_others_enter_is_not_used(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;

	serve(place, "answer");
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		assert_int_equal(chmod(place->folder, 0700 | bit), 0);
		assert_result(connect_user(&client), DEVID_DENIED);
	}
	assert_int_equal(chmod(place->folder, 0700), 0);
	assert_result(connect_user(&client), DEVID_OK);
	client_close(&client);
}

static void a_link_to_a_folder_is_not_used(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;
	char link[256];

	serve(place, "answer");
	snprintf(link, sizeof(link), "%s/link", place->folder);
	assert_int_equal(symlink(place->folder, link), 0);
	setenv("DEVID_RUNTIME_DIR", link, 1);
	assert_result(connect_user(&client), DEVID_DENIED);
}

static void a_folder_of_another_user_is_not_used(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;

	if (!is_root())
		skip();
	serve(place, "answer");
	assert_int_equal(chown(place->folder, 65534, 65534), 0);
	assert_result(connect_user(&client), DEVID_DENIED);
}

/* The folder is right and the listener is another user's. */
static void a_listener_of_another_user_is_not_used(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;
	char path[256];
	int listener;

	if (!is_root())
		skip();
	snprintf(path, sizeof(path), "%s/agent", place->folder);
	/* Peer credentials are those of listen(). */
	assert_int_equal(chmod(place->folder, 0777), 0);
	assert_int_equal(seteuid(65534), 0);
	listener = fake_listen(path);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(place->folder, 0700), 0);
	assert_true(listener >= 0);
	assert_result(connect_user(&client), DEVID_DENIED);
	/* On the machine's half root's folder may hold root's socket alone. */
	setenv("DEVID_SYSTEM_RUNTIME_DIR", place->folder, 1);
	assert_result(client_connect(&client, HALF_SYSTEM, CLIENT_NO_START), DEVID_DENIED);
	close(listener);
}

static void the_machine_s_folder_is_not_writable_by_others(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;

	serve(place, "answer");
	setenv("DEVID_SYSTEM_RUNTIME_DIR", place->folder, 1);
	assert_int_equal(chmod(place->folder, 0755), 0);
	assert_result(client_connect(&client, HALF_SYSTEM, CLIENT_NO_START), DEVID_OK);
	client_close(&client);
	assert_int_equal(chmod(place->folder, 0775), 0);
	assert_result(client_connect(&client, HALF_SYSTEM, CLIENT_NO_START), DEVID_DENIED);
	assert_int_equal(chmod(place->folder, 0757), 0);
	assert_result(client_connect(&client, HALF_SYSTEM, CLIENT_NO_START), DEVID_DENIED);
}

static int use_in_child(void *data)
{
	struct client *client = data;
	struct client own = CLIENT_INIT;

	if (client_is_connected(client) || ask(client, DEVID_OK) != DEVID_AGENT_GONE ||
	    client->fd != -1)
		return 1;
	client_close(client);
	if (connect_user(&own) != DEVID_OK || ask(&own, DEVID_OK) != DEVID_OK)
		return 2;
	client_close(&own);
	return 0;
}

static int close_in_child(void *data)
{
	client_close(data);
	return 0;
}

/* The parent's connection is the parent's; what a child does must not reach it. */
static void a_forked_child_has_its_own(void **state)
{
	struct place *place = *state;
	AUTO_CLIENT struct client client = CLIENT_INIT;
	pid_t second;

	serve(place, "answer");
	second = place->server;
	assert_result(connect_user(&client), DEVID_OK);
	assert_result(ask(&client, DEVID_OK), DEVID_OK);
	/* One server serves one at a time: the child's goes to another. */
	serve(place, "answer");
	assert_int_equal(in_child(use_in_child, &client), 0);
	assert_int_equal(in_child(close_in_child, &client), 0);
	assert_result(ask(&client, DEVID_STORE_LOCKED), DEVID_STORE_LOCKED);
	client_close(&client);
	kill(second, SIGKILL);
	waitpid(second, NULL, 0);
}

/* A host that became a daemon closed everything, and opened something else in our place. */
static void a_descriptor_that_is_no_longer_ours_is_left_alone(void **state)
{
	struct place *place = *state;
	struct client client = CLIENT_INIT;
	int fds[2], fd;
	char byte;

	serve(place, "answer");
	assert_result(connect_user(&client), DEVID_OK);
	fd = client.fd;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(dup2(fds[0], fd), fd);
	assert_result(ask(&client, DEVID_OK), DEVID_AGENT_GONE);
	assert_int_equal(client.fd, -1);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
	close(fds[0]);
	close(fds[1]);
}

static int without_standard_streams(void *data)
{
	struct client client = CLIENT_INIT;

	(void)data;
	close(0);
	close(1);
	close(2);
	if (connect_user(&client) != DEVID_OK || client.fd < 3)
		return 1;
	if (fcntl(0, F_GETFD) != -1 || fcntl(1, F_GETFD) != -1 || fcntl(2, F_GETFD) != -1)
		return 2;
	return ask(&client, DEVID_OK) != DEVID_OK;
}

static void the_standard_streams_stay_free(void **state)
{
	serve(*state, "answer");
	assert_int_equal(in_child(without_standard_streams, NULL), 0);
}

static int without_descriptors(void *data)
{
	struct client client = CLIENT_INIT;

	(void)data;
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	if (connect_user(&client) != DEVID_IO || client.fd != -1)
		return 1;
	close(10);
	return connect_user(&client) != DEVID_OK || ask(&client, DEVID_OK) != DEVID_OK;
}

static void no_descriptor_left_is_told(void **state)
{
	serve(*state, "answer");
	assert_int_equal(in_child(without_descriptors, NULL), 0);
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

static void a_missing_agent_is_started(void **state)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;

	(void)state;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setenv("DEVID_AGENT", getenv("DEVID_FAKE_AGENT"), 1);
	setenv("DEVID_FAKE_MANNER", "answer", 1);
	assert_result(client_connect(&client, HALF_USER, CLIENT_NO_START), DEVID_AGENT_GONE);
	assert_result(client_connect(&client, HALF_USER, CLIENT_START), DEVID_OK);
	assert_result(ask(&client, DEVID_EXISTS), DEVID_EXISTS);
	client_close(&client);
	assert_true(waitpid(-1, NULL, 0) > 0); /* it leaves with its connection */
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void an_agent_that_fails_to_start_is_told(void **state)
{
	struct client client = CLIENT_INIT;

	(void)state;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setenv("DEVID_AGENT", getenv("DEVID_FAKE_AGENT"), 1);
	setenv("DEVID_FAKE_MANNER", "fail", 1);
	assert_result(client_connect(&client, HALF_USER, CLIENT_START), DEVID_AGENT_GONE);
	assert_true(waitpid(-1, NULL, 0) > 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(a_folder_that_others_enter_is_not_used),
		TEST(a_link_to_a_folder_is_not_used),
		TEST(a_folder_of_another_user_is_not_used),
		TEST(a_listener_of_another_user_is_not_used),
		TEST(the_machine_s_folder_is_not_writable_by_others),
		TEST(a_forked_child_has_its_own),
		TEST(a_descriptor_that_is_no_longer_ours_is_left_alone),
		TEST(the_standard_streams_stay_free),
		TEST(no_descriptor_left_is_told),
		TEST(a_full_queue_is_bounded),
		TEST(a_missing_agent_is_started),
		TEST(an_agent_that_fails_to_start_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
