/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the data folder. A user may have links on the way to his own; root goes only where
 * nobody else could have put one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/lock.h>
#include "base/error.h"
#include "base/files.h"
#include "folder-open.h"
#include "folder.h"

#define LINKS_MAX    16
#define LOCK_WAIT_MS 5000
#define OPEN_FLAGS   (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

static bool fail(GError **error, const char *path, const char *why)
{
	enum devid_result result = errno == ENOENT ? DEVID_NOT_FOUND : DEVID_IO;

	return devid_error_set(error, result, NULL, devid_errno_hint(errno), "%s: %s", path, why);
}

/* Whether only root or we could have put what is there. */
static bool is_trusted(const struct stat *status)
{
	return status->st_uid == 0 || status->st_uid == geteuid();
}

static char *read_link(int fd, const char *name)
{
	char target[PATH_BUFFER];
	ssize_t length = readlinkat(fd, name, target, sizeof(target) - 1);

	if (length <= 0)
		return NULL;
	target[length] = '\0';
	return g_strdup(target);
}

/* One component below `fd`: a folder, opened; or a link, whose target lands in `link`. */
static int step_into(int fd, const char *name, bool create, mode_t mode, char **link)
{
	struct stat status;

	if (create && mkdirat(fd, name, mode) != 0 && errno != EEXIST)
		return -1;
	if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	if (!is_trusted(&status)) {
		errno = EPERM;
		return -1;
	}
	if (S_ISLNK(status.st_mode)) {
		*link = read_link(fd, name);
		return -1;
	}
	return openat(fd, name, OPEN_FLAGS);
}

/* Walks `path` component by component. Links are taken where root or we made them, but never the
 * last component; what another user owns ends the walk.
 */
static int walk(const char *path, bool create, mode_t last_mode, int *links)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	g_autoptr(GString) walked = g_string_new(NULL);
	AUTO_CLOSE int fd = open("/", OPEN_FLAGS);

	for (guint i = 0; fd >= 0 && parts[i]; i++) {
		bool last = !parts[i + 1];
		g_autofree char *link = NULL;
		int next;

		if (!*parts[i] || g_str_equal(parts[i], "."))
			continue;
		next = step_into(fd, parts[i], create, last ? last_mode : 0700, &link);
		if (link && !last && (*links)-- > 0) {
			g_autofree char *tail = g_strjoinv("/", parts + i + 1);
			g_autofree char *rest = g_strconcat(link[0] == '/' ? "" : walked->str, "/",
							    link, "/", tail, NULL);

			return walk(rest, create, last_mode, links);
		}
		if (link)
			errno = ELOOP;
		close(fd);
		fd = next;
		g_string_append_printf(walked, "/%s", parts[i]);
	}
	return take_fd(&fd);
}

static int open_folder(const char *path, bool create, mode_t mode)
{
	int links = LINKS_MAX;
	int fd;

	if (geteuid() == 0)
		return walk(path, create, mode, &links);
	fd = open(path, OPEN_FLAGS);
	if (fd < 0 && errno == ENOENT && create && g_mkdir_with_parents(path, (int)mode) == 0)
		fd = open(path, OPEN_FLAGS);
	return fd;
}

bool folder_open(enum scope scope, bool create, struct folder *folder, GError **error)
{
	mode_t mode = scope == SCOPE_SYSTEM ? 0755 : 0700;
	char path[PATH_BUFFER];
	struct stat status;

	*folder = FOLDER_INIT;
	errno = 0;
	if (!path_data(scope, path))
		return fail(error, "data folder", "there is no home folder to keep it in");
	folder->fd = open_folder(path, create, mode);
	if (folder->fd < 0)
		return fail(error, path,
			    errno == ELOOP || errno == ENOTDIR ? "a link or a file, not a folder"
			    : errno == EPERM ? "it, or what is above it, belongs to another user"
					     : g_strerror(errno));
	folder->scope = scope;
	folder->path = g_strdup(path);
	if (fstat(folder->fd, &status) != 0 || status.st_uid != geteuid()) {
		errno = EPERM;
		fail(error, path, "it belongs to another user");
		folder_close(folder);
		return false;
	}
	/* On a read-only file system the mode stays; then nothing else can be written either. */
	if ((status.st_mode & 07777) != mode && fchmod(folder->fd, mode) != 0 &&
	    (status.st_mode & (S_IWGRP | S_IWOTH))) {
		fail(error, path, "others can write to it");
		folder_close(folder);
		return false;
	}
	return true;
}

void folder_close(struct folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	if (folder->lock >= 0)
		close(folder->lock);
	g_free(folder->path);
	*folder = FOLDER_INIT;
}

bool folder_lock(struct folder *folder, GCancellable *cancel, GError **error)
{
	if (folder->lock < 0)
		folder->lock = lock_open(folder->fd, true);
	if (folder->lock < 0)
		return fail(error, folder->path,
			    errno == EPERM ? LOCK_FILE " in it is not a file of its owner alone"
					   : g_strerror(errno));
	if (files_lock(folder->lock, LOCK_WAIT_MS, cancel))
		return true;
	if (errno != EWOULDBLOCK)
		return fail(error, folder->path, g_strerror(errno));
	return devid_error_set(error, DEVID_TIMEOUT, NULL, NULL,
			       "%s: another program keeps it locked", folder->path);
}

void folder_unlock(struct folder *folder)
{
	if (folder->lock >= 0)
		flock(folder->lock, LOCK_UN);
}
