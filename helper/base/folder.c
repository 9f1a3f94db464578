/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a folder that count: see folder.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <devid/check.h>
#include <internal/cleanup.h>
#include "folder.h"

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *folder_list(int dirfd, const char *suffix)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	AUTO_CLOSE int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;

	if (!folder)
		return NULL;
	take_fd(&copy);
	while ((entry = readdir(folder)))
		if (*entry->d_name != '.' && g_str_has_suffix(entry->d_name, suffix))
			g_ptr_array_add(names, g_strdup(entry->d_name));
	closedir(folder);
	g_ptr_array_sort(names, by_name);
	return g_steal_pointer(&names);
}

bool folder_holds(int at, const char *name, const char *suffix)
{
	AUTO_CLOSE int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autoptr(GPtrArray) names = NULL;

	if (fd < 0)
		return errno != ENOENT;
	names = folder_list(fd, suffix);
	return !names || names->len > 0;
}

bool folder_name_printable(const char *name)
{
	g_autofree char *escaped = devid_text_escape(name, strlen(name));

	return strcmp(escaped, name) == 0;
}
