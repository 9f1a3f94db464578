/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cookie that root's openconnect gets: what is taken from the caller's pipe, and all that is
 * not. */
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
#include <internal/tunnel.h>

#include "tunnel/cookie.h"

#define LONGEST (16 * 1024)

static void sound_is(const char *text, size_t length, const char *expected)
{
	AUTO_SECRET struct secret cookie = SECRET_INIT;

	assert_int_equal(secret_append(&cookie, text, length), DEVID_OK);
	assert_int_equal(cookie_is_sound(&cookie), expected != NULL);
	if (!expected)
		return;
	assert_int_equal(cookie.length, strlen(expected));
	assert_memory_equal(cookie.data, expected, cookie.length);
}

static void test_sound(void **state)
{
	sound_is("webvpn=1", 8, "webvpn=1\n");
	sound_is("webvpn=1\n", 9, "webvpn=1\n");
	sound_is("a b~", 4, "a b~\n");
}

static void test_unsound(void **state)
{
	static const char *const odd[] = { "",	    "\n",	"\n\n", " a",	"a\n\n",
					   "a\nb",  "\na",	"a\tb", "a\rb", "a\r\n",
					   "a\x7f", "\xc3\xa4", " " };

	for (size_t i = 0; i < G_N_ELEMENTS(odd); i++)
		sound_is(odd[i], strlen(odd[i]), NULL);
	sound_is("a\0b", 3, NULL);
	sound_is("\0", 1, NULL);
}

/* --- the pipe --- */

static struct {
	struct tunnel tunnel;
	GMainLoop *loop;
	char *error; /* its name on the bus, or NULL */
} reading;

static void came(struct tunnel *tunnel, GError *error)
{
	reading.error = error ? g_strdup(g_quark_to_string((GQuark)error->code)) : NULL;
	g_clear_error(&error);
	g_main_loop_quit(reading.loop);
}

/* Reads from a descriptor that is the tunnel's from now on; the pieces are written by and by, then
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

static void read_pipe(const char *const *pieces, const char *expected_error, const char *expected)
{
	const char *all[16] = { NULL };
	GThread *writer;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	all[0] = (const char *)(intptr_t)ends[1];
	for (size_t i = 0; pieces[i]; i++)
		all[i + 1] = pieces[i];
	reading.tunnel = (struct tunnel){ .pipe = ends[0], .cookie = SECRET_INIT };
	reading.loop = g_main_loop_new(NULL, FALSE);
	writer = g_thread_new("writer", write_pieces, all);
	cookie_read(&reading.tunnel, came);
	g_main_loop_run(reading.loop);
	/* What is refused is not read on: the writer sees the pipe's end. */
	assert_int_equal(reading.tunnel.pipe, -1);
	g_thread_join(writer);
	if (g_strcmp0(reading.error, expected_error) != 0)
		fail_msg("%s, not %s", reading.error ? reading.error : "no error",
			 expected_error ? expected_error : "none");
	if (expected) {
		assert_int_equal(reading.tunnel.cookie.length, strlen(expected));
		assert_memory_equal(reading.tunnel.cookie.data, expected, strlen(expected));
	}
	secret_clear(&reading.tunnel.cookie);
	g_main_loop_unref(reading.loop);
	g_clear_pointer(&reading.error, g_free);
}
#define READ_PIPE(error, expected, ...) \
	read_pipe((const char *const[]){ __VA_ARGS__, NULL }, error, expected)

static void test_pipe(void **state)
{
	READ_PIPE(NULL, "webvpn=1\n", "webvpn=1\n");
	READ_PIPE(NULL, "webvpn=1\n", "web", "vpn=", "1");
	READ_PIPE(TUNNEL_BAD_COOKIE, NULL, "");
	READ_PIPE(TUNNEL_BAD_COOKIE, NULL, "one\n", "two\n");
}

static void test_longest(void **state)
{
	g_autofree char *whole = g_strnfill(LONGEST, 'a'), *line = g_strconcat(whole, "\n", NULL);

	READ_PIPE(NULL, line, whole);
	READ_PIPE(TUNNEL_BAD_COOKIE, NULL, whole, "a");
	/* Without end: the writer is not waited for. */
	READ_PIPE(TUNNEL_BAD_COOKIE, NULL, whole, whole, whole, whole, whole, whole, whole, whole);
}

/* Nothing but a pipe: of anything else somebody says what it is and when it ends. */
static void refuse_descriptor(int fd)
{
	assert_true(fd >= 0);
	reading.tunnel = (struct tunnel){ .pipe = fd, .cookie = SECRET_INIT };
	reading.loop = g_main_loop_new(NULL, FALSE);
	cookie_read(&reading.tunnel, came);
	assert_string_equal(reading.error, TUNNEL_BAD_COOKIE);
	assert_int_equal(reading.tunnel.pipe, -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	g_main_loop_unref(reading.loop);
	g_clear_pointer(&reading.error, g_free);
}

static void test_no_pipe(void **state)
{
	int pair[2];

	refuse_descriptor(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
	refuse_descriptor(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	refuse_descriptor(pair[0]);
	close(pair[1]);
	reading.tunnel = (struct tunnel){ .pipe = -1, .cookie = SECRET_INIT };
	reading.loop = g_main_loop_new(NULL, FALSE);
	cookie_read(&reading.tunnel, came);
	assert_string_equal(reading.error, TUNNEL_BAD_COOKIE);
	g_main_loop_unref(reading.loop);
	g_clear_pointer(&reading.error, g_free);
}

/* The caller goes while its cookie is waited for. */
static void test_given_up(void **state)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	reading.tunnel = (struct tunnel){ .pipe = ends[0], .cookie = SECRET_INIT };
	cookie_read(&reading.tunnel, came);
	cookie_end(&reading.tunnel);
	assert_int_equal(write(ends[1], "a", 1), -1);
	assert_false(g_main_context_iteration(NULL, FALSE));
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),	cmocka_unit_test(test_unsound),
		cmocka_unit_test(test_pipe),	cmocka_unit_test(test_longest),
		cmocka_unit_test(test_no_pipe), cmocka_unit_test(test_given_up),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
