/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are believed only where nobody else could have written them: regular, no links, owned
 * by root or the one user, writable by the owner alone, of bounded size.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include "files.h"
#include "trusted.h"

static const char *distrust(const struct stat *status, uid_t owner)
{
	if (status->st_uid != 0 && status->st_uid != owner)
		return owner ? "it belongs to another user" : "it does not belong to root";
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return "others can write to it (chmod go-w)";
	return NULL;
}

int trusted_open_folder(int at, const char *path, uid_t owner, bool follow, const char **why)
{
	AUTO_CLOSE int fd = -1;
	struct stat status;

	*why = NULL;
	fd = openat(at, path,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	*why = distrust(&status, owner);
	if (*why) {
		errno = 0;
		return -1;
	}
	return take_fd(&fd);
}

/* Walks to the folder that holds the last step of `path`; *last is that step. */
static int open_parent(int at, const char *path, uid_t owner, const char **last, char **why)
{
	AUTO_CLOSE int fd =
		openat(at, *path == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	while (fd >= 0 && *path == '/')
		path++;
	while (fd >= 0 && (slash = strchr(path, '/'))) {
		g_autofree char *step = g_strndup(path, slash - path);
		const char *words = NULL;
		int next = trusted_open_folder(fd, step, owner, false, &words);

		if (next < 0) {
			*why = g_strdup_printf("folder %s: %s", step,
					       words ? words : g_strerror(errno));
			return -1;
		}
		close(fd);
		fd = next;
		for (path = slash; *path == '/'; path++)
			;
	}
	if (fd < 0)
		*why = g_strdup(g_strerror(errno));
	*last = path;
	return take_fd(&fd);
}

GBytes *trusted_read(int at, const char *path, uid_t owner, gsize limit, char **why)
{
	AUTO_CLOSE int folder = -1;
	AUTO_CLOSE int fd = -1;
	const char *words, *last;
	struct stat status;
	GBytes *bytes;

	*why = NULL;
	folder = open_parent(at, path, owner, &last, why);
	if (folder < 0)
		return NULL;
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	fd = openat(folder, last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0)
		words = errno == ELOOP ? "it is a link" : g_strerror(errno);
	else
		words = S_ISREG(status.st_mode) ? distrust(&status, owner)
						: "it is not a regular file";
	if (words) {
		*why = g_strdup(words);
		return NULL;
	}
	bytes = files_read(fd, limit);
	if (!bytes)
		*why = errno == EFBIG ? g_strdup_printf("it is larger than %zu bytes", limit)
				      : g_strdup(g_strerror(errno));
	return bytes;
}
