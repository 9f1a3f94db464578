/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes by their number: see pid.h. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include "files.h"
#include "pid.h"

#define STAT_MAX 4096

int pid_open(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%ld", (long)pid);

	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static GBytes *read_small(int folder, const char *name)
{
	AUTO_CLOSE int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? NULL : files_read(fd, STAT_MAX);
}

static char *read_text(int folder, const char *name)
{
	g_autoptr(GBytes) bytes = read_small(folder, name);
	gsize length = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	return data ? g_strndup(data, length) : NULL;
}

guint64 pid_started_in(int folder)
{
	/* State is field 3 and starttime 22; the name, 2, may hold blanks and parentheses. */
	enum { STATE = 1, START = 20 };
	g_autofree char *text = read_text(folder, "stat");
	const char *after = text ? strrchr(text, ')') : NULL;
	g_auto(GStrv) fields = after ? g_strsplit(after + 1, " ", START + 2) : NULL;

	if (!fields || g_strv_length(fields) <= START || *fields[STATE] == 'Z')
		return 0;
	return g_ascii_strtoull(fields[START], NULL, 10);
}

guint64 pid_started(pid_t pid)
{
	AUTO_CLOSE int folder = pid > 0 ? pid_open(pid) : -1;

	return folder < 0 ? 0 : pid_started_in(folder);
}

time_t pid_started_when(guint64 started)
{
	long ticks = sysconf(_SC_CLK_TCK);
	struct timespec up;
	gint64 booted;

	clock_gettime(CLOCK_BOOTTIME, &up);
	booted = g_get_real_time() - up.tv_sec * G_USEC_PER_SEC - up.tv_nsec / 1000;
	return (time_t)((booted + (gint64)started * G_USEC_PER_SEC / (ticks > 0 ? ticks : 100)) /
			G_USEC_PER_SEC);
}

char *pid_program_in(int folder)
{
	char path[PATH_MAX];
	ssize_t length = readlinkat(folder, "exe", path, sizeof(path));
	g_autofree char *name =
		length > 0 ? g_strndup(path, (gsize)length) : read_text(folder, "comm");

	return name ? g_utf8_make_valid(g_strchomp(name), -1) : NULL;
}
