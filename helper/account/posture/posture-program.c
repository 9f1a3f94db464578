/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of the system that a posture check asks: each is waited for within a bound, then
 * killed. */
#include <stdbool.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>
#include <sys/wait.h>
#include <internal/cleanup.h>
#include "posture-program.h"

#define PIECE 4096

/* With its stdout at *out. It gets no signals blocked. */
static pid_t start(const char *path, const char *const *arguments, int *out)
{
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
						   NULL };
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
	if (posix_spawn(&pid, path, &actions, &attributes, (char *const *)arguments,
			(char *const *)environment) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(ends[1]);
	*out = ends[0];
	return pid;
}

/* What it writes, up to its end; false: too late or too much. */
static bool collect(int fd, GString *text, gsize most, gint64 deadline)
{
	for (;;) {
		struct pollfd wait = { fd, POLLIN, 0 };
		gint64 left = (deadline - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
		char piece[PIECE];
		ssize_t got;

		if (left <= 0 || text->len >= most)
			return false;
		if (poll(&wait, 1, (int)left) <= 0)
			continue;
		got = read(fd, piece, sizeof(piece));
		if (got == 0)
			return true;
		if (got > 0)
			g_string_append_len(text, piece, got);
		else if (errno != EINTR)
			return false;
	}
}

/* Its output is at an end, so it ends at once; what doesn't is killed. */
static int reap(pid_t pid, bool ended, gint64 deadline)
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

enum posture_program_end posture_program_run(const char *path, const char *const *arguments,
					     gsize most, gint64 deadline, char **text, int *status)
{
	GString *output = g_string_new(NULL);
	AUTO_CLOSE int out = -1;
	pid_t pid = start(path, arguments, &out);
	bool ended = pid > 0 && collect(out, output, most, deadline);

	*status = pid > 0 ? reap(pid, ended, deadline) : -1;
	*text = g_string_free(output, false);
	return pid <= 0 ? POSTURE_PROGRAM_NOT_STARTED
	       : ended	? POSTURE_PROGRAM_ENDED
			: POSTURE_PROGRAM_LATE;
}
