/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What root takes from a caller's pipe, and all that it does not. */
#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "root/pipe.h"

#define LONGEST	 (16 * 1024)
#define TOO_LONG "is too long, or can't be read"

static struct {
	struct pipe pipe;
	struct secret into;
	GMainLoop *loop;
	const char *why; /* or NULL */
} reading;

static void came(void *data, const char *why)
{
	reading.why = why;
	g_main_loop_quit(reading.loop);
}

static void begin(int fd)
{
	reading.into = SECRET_INIT;
	reading.pipe =
		(struct pipe){ .fd = fd, .limit = LONGEST, .into = &reading.into, .then = came };
	reading.why = NULL;
	pipe_read(&reading.pipe);
}

/* The pieces are written by and by, then
 * `to` is closed. */
static void *write_pieces(void *data)
{
	const char *const *pieces = data;
	int to = (int)(intptr_t)pieces[0];

	for (pieces++; *pieces; pieces++)
		if (write(to, *pieces, strlen(*pieces)) < 0)
			break;
	close(to);
	return NULL;
}

static void read_pipe(const char *const *pieces, const char *expected_why, const char *expected)
{
	const char *all[16] = { NULL };
	GThread *writer;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	all[0] = (const char *)(intptr_t)ends[1];
	for (size_t i = 0; pieces[i]; i++)
		all[i + 1] = pieces[i];
	reading.loop = g_main_loop_new(NULL, FALSE);
	writer = g_thread_new("writer", write_pieces, all);
	begin(ends[0]);
	g_main_loop_run(reading.loop);
	/* What is refused is not read on: the writer sees the pipe's end. */
	assert_int_equal(reading.pipe.fd, -1);
	g_thread_join(writer);
	if (g_strcmp0(reading.why, expected_why) != 0)
		fail_msg("%s, not %s", reading.why ? reading.why : "read",
			 expected_why ? expected_why : "read");
	if (expected) {
		assert_int_equal(reading.into.length, strlen(expected));
		assert_memory_equal(reading.into.data, expected, strlen(expected));
	}
	secret_clear(&reading.into);
	g_main_loop_unref(reading.loop);
}
#define READ_PIPE(why, expected, ...) \
	read_pipe((const char *const[]){ __VA_ARGS__, NULL }, why, expected)

static void test_pipe(void **state)
{
	READ_PIPE(NULL, "one\n", "one\n");
	READ_PIPE(NULL, "one two\n", "one", " two", "\n");
	READ_PIPE(NULL, "", "");
}

static void test_longest(void **state)
{
	g_autofree char *whole = g_strnfill(LONGEST, 'a');

	READ_PIPE(NULL, whole, whole);
	READ_PIPE(TOO_LONG, NULL, whole, "a");
	/* Without end: the writer is not waited for. */
	READ_PIPE(TOO_LONG, NULL, whole, whole, whole, whole, whole, whole, whole, whole);
}

/* Nothing but a pipe: of anything else somebody says what it is and when it ends. */
static void refuse_descriptor(int fd)
{
	assert_true(fd >= 0);
	reading.loop = g_main_loop_new(NULL, FALSE);
	begin(fd);
	assert_string_equal(reading.why, "must come in a pipe");
	assert_int_equal(reading.pipe.fd, -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	g_main_loop_unref(reading.loop);
}

static void test_no_pipe(void **state)
{
	int pair[2];

	refuse_descriptor(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
	refuse_descriptor(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	refuse_descriptor(pair[0]);
	close(pair[1]);
	reading.loop = g_main_loop_new(NULL, FALSE);
	begin(-1);
	assert_string_equal(reading.why, "must come in a pipe");
	g_main_loop_unref(reading.loop);
}

/* The caller goes while its pipe is waited for. */
static void test_given_up(void **state)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	begin(ends[0]);
	pipe_end(&reading.pipe);
	assert_int_equal(write(ends[1], "a", 1), -1);
	assert_false(g_main_context_iteration(NULL, FALSE));
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_no_pipe),
		cmocka_unit_test(test_given_up),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
