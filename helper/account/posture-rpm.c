/* Packages where rpm keeps them: its database has many forms, so rpm itself is asked. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include <internal/cleanup.h>
#include "posture-private.h"
#include "posture-rpm.h"

#define RPM_PROGRAM  "/usr/bin/rpm"
#define RPM_BOUND_US (2500 * G_TIME_SPAN_MILLISECOND)
#define ANSWER_MAX   4096

/* Starts `rpm -q` with its stdout at *out. Its environment is built, and it gets no signals blocked. */
static pid_t start(const char *program, const char *name, int *out)
{
	const char *const arguments[] = {
		"rpm", "-q", "--qf", "%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n", "--", name, NULL
	};
	static const char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid = -1;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, program, &actions, &attributes, (char *const *)arguments,
			(char *const *)environment) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(ends[1]);
	*out = ends[0];
	return pid;
}

/* What it writes, up to its end; FALSE: too late or too much. */
static gboolean collect(int fd, GString *text, gint64 deadline)
{
	for (;;) {
		struct pollfd wait = { fd, POLLIN, 0 };
		gint64 left = (deadline - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
		char piece[ANSWER_MAX];
		ssize_t got;

		if (left <= 0 || text->len >= ANSWER_MAX)
			return FALSE;
		if (poll(&wait, 1, (int)left) <= 0)
			continue;
		got = read(fd, piece, sizeof(piece));
		if (got == 0)
			return TRUE;
		if (got > 0)
			g_string_append_len(text, piece, got);
		else if (errno != EINTR)
			return FALSE;
	}
}

/* Its output is at an end, so it ends at once; what doesn't is killed. */
static int reap(pid_t pid, gboolean ended, gint64 deadline)
{
	int status = -1;
	pid_t got = 0;

	while (ended && (got = waitpid(pid, &status, WNOHANG)) == 0 &&
	       g_get_monotonic_time() < deadline)
		g_usleep(1000);
	if (got == 0) {
		kill(pid, SIGKILL);
		got = waitpid(pid, &status, 0);
	}
	return got == pid ? status : -1;
}

/* The lowest of the versions that rpm names (several of one name may be installed). NULL: none. */
static char *lowest(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	const char *low = NULL;

	for (gsize i = 0; lines[i]; i++) {
		if (!*lines[i])
			continue;
		if (!version_is_sound(lines[i]))
			return NULL;
		if (!low || version_compare(lines[i], low) < 0)
			low = lines[i];
	}
	return g_strdup(low);
}

gboolean rpm_version(const struct posture_place *place, const char *name, char **version,
		     char **found)
{
	g_autofree char *program = g_strconcat(place->root, RPM_PROGRAM, NULL);
	gint64 deadline = g_get_monotonic_time() + RPM_BOUND_US;
	g_autoptr(GString) text = g_string_new(NULL);
	AUTO_CLOSE int out = -1;
	gboolean ended;
	int status;
	pid_t pid;

	*version = NULL;
	if (access(program, X_OK) != 0) {
		*found = g_strdup("there is neither dpkg's database nor rpm");
		return FALSE;
	}
	pid = start(program, name, &out);
	ended = pid > 0 && collect(out, text, deadline);
	status = pid > 0 ? reap(pid, ended, deadline) : -1;
	if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		*version = lowest(text->str);
	if (*version || (ended && WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
			 strstr(text->str, "is not installed")))
		return TRUE;
	*found = g_strdup(pid <= 0 ? "rpm can't be started"
			  : ended  ? "rpm can't tell"
				   : "rpm did not answer");
	return FALSE;
}
