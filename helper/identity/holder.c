/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that have our module loaded, by what /proc says of each (proc(5)). */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include "base/files.h"
#include "base/pid.h"
#include "base/unit.h"
#include "holder.h"
#include "token.h"

#define MAPS_MAX   (16 * 1024 * 1024)
#define CGROUP_MAX 65536
#define DELETED	   " (deleted)"

static void holder_free(void *data)
{
	struct holder *holder = data;

	g_free(holder->program);
	g_free(holder->unit);
	g_free(holder->user_unit);
	g_free(holder);
}

static char *read_file(int folder, const char *name, gsize most)
{
	AUTO_CLOSE int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	g_autoptr(GBytes) bytes = fd < 0 ? NULL : files_read(fd, most);
	gsize length = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	return data ? g_strndup(data, length) : NULL;
}

/* By its file's name: after an upgrade the path is followed by "(deleted)". */
static bool has_module(int folder)
{
	g_autofree char *maps = read_file(folder, "maps", MAPS_MAX);
	g_autofree char *name = g_path_get_basename(token_module_path());
	g_autofree char *wanted = g_strconcat("/", name, NULL);

	return maps && strstr(maps, wanted);
}

/* A unit's processes are in the control group of its name. */
static void find_unit(int folder, struct holder *holder)
{
	g_autofree char *text = read_file(folder, "cgroup", CGROUP_MAX);
	bool of_user = false;
	char *unit = text ? unit_of_cgroup(text, &of_user) : NULL;

	if (of_user)
		holder->user_unit = unit;
	else
		holder->unit = unit;
}

/* What an upgrade replaced is the same program still. */
static char *program_of(int folder)
{
	char *program = pid_program_in(folder);

	if (program && g_str_has_suffix(program, DELETED))
		program[strlen(program) - strlen(DELETED)] = '\0';
	return program;
}

static void look(GPtrArray *holders, pid_t pid, time_t until)
{
	AUTO_CLOSE int folder = pid_open(pid);
	g_autofree char *program = NULL;
	struct holder *holder;
	struct stat status;
	guint64 started;

	if (folder < 0 || fstat(folder, &status) < 0 || !has_module(folder))
		return;
	started = pid_started_in(folder);
	program = program_of(folder);
	if (!started || !program || (until && pid_started_when(started) > until))
		return;
	holder = g_new0(struct holder, 1);
	holder->pid = pid;
	holder->uid = status.st_uid;
	holder->program = g_steal_pointer(&program);
	find_unit(folder, holder);
	g_ptr_array_add(holders, holder);
}

static gint by_pid(gconstpointer one, gconstpointer other)
{
	const struct holder *const *a = one, *const *b = other;

	return ((*a)->pid > (*b)->pid) - ((*a)->pid < (*b)->pid);
}

GPtrArray *holder_list(time_t until)
{
	GPtrArray *holders = g_ptr_array_new_with_free_func(holder_free);
	g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (processes && (name = g_dir_read_name(processes))) {
		pid_t pid = (pid_t)g_ascii_strtoull(name, NULL, 10);

		if (pid > 0 && pid != getpid())
			look(holders, pid, until);
	}
	g_ptr_array_sort(holders, by_pid);
	return holders;
}
