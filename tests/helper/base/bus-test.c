/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which session bus is spoken to, and whose. The buses are real ones; each is begun, and each
 * spoken to, by a process of its own and of the user it is about.
 */
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <glib/gstdio.h>
#include "base/bus.h"

/* Users that every system has: a bus lets in none that have no name. */
#define OURS	 uid_of("daemon")
#define ANOTHER	 uid_of("nobody")
#define BOUND_MS 500

/* What a process that speaks to a bus ends with. */
enum outcome { REACHED, NOT_OURS, NONE_TO_TRY, UNREACHABLE, OVERDUE };

struct place {
	char *folder, *bus, *address;
	pid_t daemon;
};

/* Everybody may speak to it, so that only who owns it is a reason not to. */
static const char config[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
	"\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">"
	"<busconfig><listen>%s</listen><auth>EXTERNAL</auth><policy context=\"default\">"
	"<allow user=\"*\"/><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
	"</policy></busconfig>";

static int set_up(void **state)
{
	struct place *place = g_new0(struct place, 1);

	place->folder = g_dir_make_tmp("devid-bus-XXXXXX", NULL);
	place->bus = g_build_filename(place->folder, "bus", NULL);
	place->address = g_strconcat("unix:path=", place->bus, NULL);
	unsetenv("DBUS_SESSION_BUS_ADDRESS");
	unsetenv("XDG_RUNTIME_DIR");
	*state = place;
	/* Users other than the test's make sockets here. */
	return chmod(place->folder, 0777);
}

static int tear_down(void **state)
{
	struct place *place = *state;
	g_autofree char *file = g_build_filename(place->folder, "bus.conf", NULL);

	if (place->daemon) {
		kill(place->daemon, SIGTERM);
		waitpid(place->daemon, NULL, 0);
	}
	(void)unlink(file);
	(void)unlink(place->bus);
	(void)rmdir(place->folder);
	g_free(place->folder);
	g_free(place->bus);
	g_free(place->address);
	g_free(place);
	return 0;
}

static uid_t uid_of(const char *name)
{
	const struct passwd *user = getpwnam(name);

	assert_non_null(user);
	return user->pw_uid;
}

static void become(uid_t uid)
{
	if (uid != geteuid() && (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0))
		_exit(127);
}

/* A bus of that user's. */
static void begin_bus(struct place *place, uid_t uid)
{
	g_autofree char *file = g_build_filename(place->folder, "bus.conf", NULL);
	g_autofree char *text = g_strdup_printf(config, place->address);
	g_autofree char *option = g_strconcat("--config-file=", file, NULL);
	int ends[2];
	char byte;

	assert_true(g_file_set_contents(file, text, -1, NULL));
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(pipe(ends), 0);
	place->daemon = fork();
	if (place->daemon == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		become(uid);
		dup2(ends[1], 3);
		execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--print-address=3", NULL);
		_exit(127);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
}

/* A socket of our own that takes connections and says nothing. */
static int begin_silence(const struct place *place)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, place->bus, sizeof(address.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static enum outcome speak(const char *expected)
{
	struct bus_bound bound;
	g_autoptr(GError) error = NULL;
	g_autofree char *address = NULL;
	GDBusConnection *bus;
	bool late;

	bus_bound_begin(&bound, BOUND_MS);
	bus = bus_open_session(bound.cancel, &address, &error);
	late = g_cancellable_is_cancelled(bound.cancel);
	bus_bound_end(&bound);
	if (bus)
		return bus_is_ours(bus) && g_strcmp0(address, expected) == 0 ? REACHED
									     : UNREACHABLE;
	if (late)
		return OVERDUE;
	if (!error)
		return NONE_TO_TRY;
	return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ? NOT_OURS
										: UNREACHABLE;
}

/* A user asks for its session's bus, and ends if it waits for ever. */
static enum outcome speak_as(uid_t uid, const char *expected)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		become(uid);
		alarm(10);
		_exit(speak(expected));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_addresses(const char *first, const char *second)
{
	g_auto(GStrv) addresses = bus_addresses();

	assert_int_equal(g_strv_length(addresses), first ? second ? 2 : 1 : 0);
	if (first)
		assert_string_equal(addresses[0], first);
	if (second)
		assert_string_equal(addresses[1], second);
}

/* With a bus at the usual place, which who names such a one does not want either. */
static void assert_refused_anywhere(struct place *place, const char *bad)
{
	g_autofree char *first = g_strdup_printf("%s;unix:path=/a;unix:path=/b", bad);
	g_autofree char *middle = g_strdup_printf("unix:path=/a;%s;unix:path=/b", bad);
	g_autofree char *last = g_strdup_printf("unix:path=/a;unix:path=/b;%s", bad);
	const char *const lists[] = { bad, first, middle, last };
	int fd = begin_silence(place);

	setenv("XDG_RUNTIME_DIR", place->folder, 1);
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
		setenv("DBUS_SESSION_BUS_ADDRESS", lists[i], 1);
		assert_addresses(NULL, NULL);
		unsetenv("DBUS_SESSION_BUS_ADDRESS");
		assert_false(bus_offer(lists[i]));
		assert_addresses(place->address, NULL);
	}
	close(fd);
}

static void none_is_launched(void **state)
{
	assert_refused_anywhere(*state, "autolaunch:");
}

static void no_program_is_run(void **state)
{
	assert_refused_anywhere(*state, "unixexec:path=/bin/true");
}

static void a_list_without_them_is_used(void **state)
{
	const char *list = "unix:path=/a;unix:path=/b;unix:path=/c";

	setenv("DBUS_SESSION_BUS_ADDRESS", list, 1);
	assert_addresses(list, NULL);
}

static void without_a_variable_the_usual_place(void **state)
{
	struct place *place = *state;
	int fd;

	setenv("XDG_RUNTIME_DIR", place->folder, 1);
	assert_addresses(NULL, NULL);
	fd = begin_silence(place);
	assert_addresses(place->address, NULL);
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/a", 1);
	assert_addresses("unix:path=/a", place->address);
	close(fd);
}

static void without_either_none(void **state)
{
	struct place *place = *state;
	int fd = begin_silence(place);

	assert_addresses(NULL, NULL);
	assert_int_equal(speak_as(geteuid(), NULL), NONE_TO_TRY);
	/* Not below the folder that the program happens to be in. */
	setenv("XDG_RUNTIME_DIR", ".", 1);
	assert_int_equal(chdir(place->folder), 0);
	assert_addresses(NULL, NULL);
	assert_int_equal(chdir("/"), 0);
	close(fd);
}

static void the_usual_bus_is_opened(void **state)
{
	struct place *place = *state;

	begin_bus(place, geteuid());
	setenv("XDG_RUNTIME_DIR", place->folder, 1);
	assert_int_equal(speak_as(geteuid(), place->address), REACHED);
	/* The one that is named is gone. */
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere", 1);
	assert_int_equal(speak_as(geteuid(), place->address), REACHED);
}

static void one_that_does_not_answer_is_left(void **state)
{
	struct place *place = *state;
	int fd = begin_silence(place);

	setenv("DBUS_SESSION_BUS_ADDRESS", place->address, 1);
	assert_int_equal(speak_as(geteuid(), NULL), OVERDUE);
	close(fd);
}

/* A bus of `owner`'s, and what one of `asking`'s processes makes of it. */
static enum outcome ask_across(struct place *place, uid_t owner, uid_t asking)
{
	assert_int_equal(geteuid(), 0);
	begin_bus(place, owner);
	setenv("DBUS_SESSION_BUS_ADDRESS", place->address, 1);
	return speak_as(asking, place->address);
}

static void our_own_bus_is_ours(void **state)
{
	assert_int_equal(ask_across(*state, OURS, OURS), REACHED);
}

static void roots_bus_is_ours(void **state)
{
	assert_int_equal(ask_across(*state, 0, OURS), REACHED);
}

static void another_users_bus_is_not(void **state)
{
	assert_int_equal(ask_across(*state, ANOTHER, OURS), NOT_OURS);
}

static void another_users_bus_is_not_roots(void **state)
{
	assert_int_equal(ask_across(*state, ANOTHER, 0), NOT_OURS);
}

/* At the usual place it is not even tried. */
static void another_users_socket_is_no_usual_place(void **state)
{
	struct place *place = *state;

	assert_int_equal(geteuid(), 0);
	begin_bus(place, ANOTHER);
	setenv("XDG_RUNTIME_DIR", place->folder, 1);
	assert_int_equal(speak_as(OURS, NULL), NONE_TO_TRY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(none_is_launched),
		TEST(no_program_is_run),
		TEST(a_list_without_them_is_used),
		TEST(without_a_variable_the_usual_place),
		TEST(without_either_none),
		TEST(the_usual_bus_is_opened),
		TEST(one_that_does_not_answer_is_left),
		TEST(our_own_bus_is_ours),
		TEST(roots_bus_is_ours),
		TEST(another_users_bus_is_not),
		TEST(another_users_bus_is_not_roots),
		TEST(another_users_socket_is_no_usual_place),
	};

	return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
