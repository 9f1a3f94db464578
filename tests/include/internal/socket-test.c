/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socket_send() and socket_receive() over a socket pair: bounds, ends, halves. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "unit.h"
#include <internal/wire.h>

struct pair {
	int ours, theirs;
};

static int setup(void **state)
{
	struct pair *pair = malloc(sizeof(*pair));
	int fds[2];

	hurry_factor = 1;
	if (!pair || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return -1;
	*pair = (struct pair){ fds[0], fds[1] };
	*state = pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	close(pair->ours);
	if (pair->theirs >= 0)
		close(pair->theirs);
	free(pair);
	return 0;
}

static void build(struct wire_frame *frame, size_t length)
{
	char *data = calloc(1, length + 1);

	assert_non_null(data);
	wire_begin(frame, WIRE_SIGN);
	wire_put(frame, TAG_DATA, data, length);
	assert_result(wire_finish(frame), DEVID_OK);
	free(data);
}

static void passes_frames(void **state)
{
	AUTO_FRAME struct wire_frame sent = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct pair *pair = *state;

	for (size_t length = 0; length < 10000; length += 333) {
		build(&sent, length);
		assert_result(socket_send(pair->theirs, &sent, 1000), DEVID_OK);
		assert_result(socket_receive(pair->ours, &got, 1000, length % 2 ? 60 : 0),
			      DEVID_OK);
		assert_int_equal(got.bytes.length, length + 16);
	}
	assert_result(socket_receive(pair->ours, &got, 0, 0), DEVID_TIMEOUT);
}

static void send_progress(int fd)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;

	wire_begin(&frame, WIRE_PROGRESS);
	assert_result(wire_finish(&frame), DEVID_OK);
	assert_result(socket_send(fd, &frame, 1000), DEVID_OK);
}

/* An answer may come right after the news that it takes longer; a request after a request may
 * not. */
static void only_progress_has_a_successor(void **state)
{
	AUTO_FRAME struct wire_frame sent = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct pair *pair = *state;

	send_progress(pair->theirs);
	assert_result(socket_receive(pair->ours, &got, 1000, 0), DEVID_OK);
	assert_int_equal(wire_type(&got), WIRE_PROGRESS);
	for (size_t length = 0; length < 10000; length += 333) {
		send_progress(pair->theirs);
		send_progress(pair->theirs);
		build(&sent, length);
		assert_result(socket_send(pair->theirs, &sent, 1000), DEVID_OK);
		assert_result(socket_receive(pair->ours, &got, 1000, 0), DEVID_OK);
		assert_int_equal(wire_type(&got), WIRE_SIGN);
		assert_int_equal(got.bytes.length, length + 16);
		for (size_t i = got.bytes.length; i < got.bytes.size; i++)
			assert_int_equal(got.bytes.data[i], 0);
	}
	build(&sent, 10);
	assert_result(socket_send(pair->theirs, &sent, 1000), DEVID_OK);
	assert_result(socket_send(pair->theirs, &sent, 1000), DEVID_OK);
	assert_result(socket_receive(pair->ours, &got, 1000, 0), DEVID_BAD_DATA);
}

/* A client that sends what only an agent does would keep its thread passing it over for ever. */
static void an_agent_takes_no_answers(void **state)
{
	AUTO_FRAME struct wire_frame reply = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct pair *pair = *state;

	/* The second has only begun: a client would wait for the rest of it, and then for more. */
	send_progress(pair->theirs);
	assert_int_equal(send(pair->theirs, "\0\0\0\0", 4, 0), 4);
	assert_result(socket_receive_request(pair->ours, &got, 1000), DEVID_BAD_DATA);
	teardown(state);
	assert_int_equal(setup(state), 0);
	pair = *state;
	wire_begin(&reply, WIRE_REPLY);
	assert_result(wire_finish(&reply), DEVID_OK);
	assert_result(socket_send(pair->theirs, &reply, 1000), DEVID_OK);
	assert_result(socket_receive_request(pair->ours, &got, 1000), DEVID_BAD_DATA);
}

static void *receive_large(void *data)
{
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct pair *pair = data;

	for (int i = 0; i < 20; i++)
		if (socket_receive(pair->theirs, &got, 5000, i % 2 ? 60 : 0) != DEVID_OK ||
		    got.bytes.length != WIRE_FRAME_MAX)
			return pair;
	return NULL;
}

/* More than the socket's buffer holds, with a signal now and then. */
static void passes_large_frames_through_a_small_buffer(void **state)
{
	AUTO_FRAME struct wire_frame sent = WIRE_FRAME_INIT;
	struct pair *pair = *state;
	int small = 4096;
	pthread_t thread;
	void *failed;

	assert_int_equal(setsockopt(pair->ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	assert_int_equal(pthread_create(&thread, NULL, receive_large, pair), 0);
	build(&sent, WIRE_BODY_MAX - 8);
	for (int i = 0; i < 20; i++)
		assert_result(socket_send(pair->ours, &sent, 5000), DEVID_OK);
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
}

static void silence_is_bounded(void **state)
{
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct pair *pair = *state;

	hurry_factor = 100;
	assert_result(socket_receive(pair->ours, &got, 5000, 60), DEVID_TIMEOUT);
	assert_result(got.result, DEVID_TIMEOUT);
}

static void *drip(void *data)
{
	struct pair *pair = data;

	/* A whole header, then a byte now and then, until the other end is gone. */
	if (send(pair->theirs, "\x00\x40\0\0\1\2\0\0", 8, MSG_NOSIGNAL) != 8)
		return pair;
	while (send(pair->theirs, "", 1, MSG_NOSIGNAL) == 1) {
		struct timespec pause = { 0, 2000000 };

		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void a_byte_now_and_then_is_bounded_too(void **state)
{
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct pair *pair = *state;
	pthread_t thread;

	hurry_factor = 50;
	assert_int_equal(pthread_create(&thread, NULL, drip, pair), 0);
	assert_result(socket_receive(pair->ours, &got, 5000, 0), DEVID_TIMEOUT);
	shutdown(pair->ours, SHUT_RDWR);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_full_buffer_is_bounded(void **state)
{
	AUTO_FRAME struct wire_frame sent = WIRE_FRAME_INIT;
	struct pair *pair = *state;
	enum devid_result result = DEVID_OK;

	hurry_factor = 100;
	build(&sent, WIRE_BODY_MAX - 8);
	for (int i = 0; i < 1000 && result == DEVID_OK; i++)
		result = socket_send(pair->ours, &sent, 5000);
	assert_result(result, DEVID_TIMEOUT);
}

/* The other end goes at every byte of a frame. */
static void an_end_at_every_byte_is_told(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;

	build(&frame, 20);
	for (size_t length = 0; length < frame.bytes.length; length++) {
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		assert_int_equal(write(fds[1], frame.bytes.data, length), length);
		close(fds[1]);
		assert_result(socket_receive(fds[0], &got, 1000, 60), DEVID_AGENT_GONE);
		close(fds[0]);
	}
}

static void sending_to_nobody_is_told_without_a_signal(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct pair *pair = *state;

	build(&frame, 20);
	close(pair->theirs);
	pair->theirs = -1;
	assert_result(socket_send(pair->ours, &frame, 1000), DEVID_AGENT_GONE);
	assert_result(socket_receive(pair->ours, &got, 1000, 60), DEVID_AGENT_GONE);
	assert_result(socket_send(-1, &frame, 1000), DEVID_AGENT_GONE);
	assert_result(socket_receive(-1, &got, 1000, 0), DEVID_AGENT_GONE);
}

static void bad_frames_are_refused(void **state)
{
	static const uint8_t rows[][16] = {
		{ 0, 0, 1, 0, 1, 2, 0, 0 },			    /* too large */
		{ 0xff, 0xff, 0xff, 0xff, 1, 2, 0, 0 },		    /* much too large */
		{ 0, 0, 0, 0, 9, 2, 0, 0 },			    /* another version */
		{ 0, 0, 0, 0, 1, 99, 0, 0 },			    /* an unknown type */
		{ 0, 0, 0, 0, 1, 2, 1, 0 },			    /* reserved */
		{ 8, 0, 0, 0, 1, 2, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0 }, /* the field overruns */
		{ 8, 0, 0, 0, 1, 2, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0 }, /* reserved in a field */
		{ 7, 0, 0, 0, 1, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 }, /* half a field */
	};
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		assert_int_equal(write(fds[1], rows[i], sizeof(rows[i])), sizeof(rows[i]));
		assert_result(socket_receive(fds[0], &got, 1000, 0), DEVID_BAD_DATA);
		close(fds[0]);
		close(fds[1]);
	}
}

static void a_broken_frame_is_not_sent(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	struct pair *pair = *state;
	char byte;

	frame.result = DEVID_TOO_LARGE;
	assert_result(socket_send(pair->ours, &frame, 1000), DEVID_TOO_LARGE);
	assert_int_equal(recv(pair->theirs, &byte, 1, MSG_DONTWAIT), -1);
}

static void *answer_later(void *data)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	struct timespec pause = { 0, 20000000 };
	struct pair *pair = data;

	nanosleep(&pause, NULL);
	wire_begin(&frame, WIRE_STATUS);
	if (wire_finish(&frame) != DEVID_OK || socket_send(pair->theirs, &frame, 1000) != DEVID_OK)
		return pair;
	return NULL;
}

/* Looking first must not eat what the wait afterwards is for; CPU time says that it does sleep. */
static void sleeps_after_it_looked(void **state)
{
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct timespec before, after;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, answer_later, *state), 0);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_result(socket_receive(((struct pair *)*state)->ours, &got, 5000, 1000000), DEVID_OK);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec <
		    10000000);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* On one CPU the peer could not answer while we look. */
static void works_on_one_cpu(void **state)
{
	cpu_set_t all, one;
	int cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	sleeps_after_it_looked(state);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

static void ignore(int signal_number)
{
}

/* A host with a busy interval timer. */
static void signals_do_not_disturb(void **state)
{
	AUTO_FRAME struct wire_frame got = WIRE_FRAME_INIT;
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = ignore }, before;
	struct pair *pair = *state;
	pthread_t thread;

	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, answer_later, *state), 0);
	assert_result(socket_receive(pair->ours, &got, 5000, 60), DEVID_OK);
	assert_result(socket_receive(pair->ours, &got, 30, 60), DEVID_TIMEOUT);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passes_frames),
		TEST(only_progress_has_a_successor),
		TEST(an_agent_takes_no_answers),
		TEST(passes_large_frames_through_a_small_buffer),
		TEST(silence_is_bounded),
		TEST(a_byte_now_and_then_is_bounded_too),
		TEST(a_full_buffer_is_bounded),
		TEST(an_end_at_every_byte_is_told),
		TEST(sending_to_nobody_is_told_without_a_signal),
		TEST(bad_frames_are_refused),
		TEST(a_broken_frame_is_not_sent),
		TEST(sleeps_after_it_looked),
		TEST(works_on_one_cpu),
		TEST(signals_do_not_disturb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
