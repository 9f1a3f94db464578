/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files in the data folder: whole or not at all, and nobody else's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/record.h>
#include <internal/test-hook.h>
#include "base/error.h"
#include "base/files.h"
#include "folder.h"

#define READ_FLAGS	(O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define CREATE_FLAGS	(O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)
#define GENERATION_FILE "generation"

/* False, with errno set, where a test wants this step to fail. */
static bool step_may_go_on(const char *step, const char *name)
{
	int fault = TEST_HOOK_FAULT(step, name);

	if (fault)
		errno = fault;
	return fault == 0;
}

static bool fail(const struct folder *folder, const char *name, const char *why, GError **error)
{
	return devid_error_set(error, errno == ENOENT ? DEVID_NOT_FOUND : DEVID_IO, NULL,
			       devid_errno_hint(errno), "%s/%s: %s", folder->path, name,
			       why ? why : g_strerror(errno));
}

/* Makes `name` anew; what a crash or somebody else left there goes, and is never opened. */
static bool create_file(struct folder *folder, const char *name, mode_t mode, const void *data,
			gsize length)
{
	AUTO_CLOSE int fd = -1;

	if (unlinkat(folder->fd, name, 0) != 0 && errno != ENOENT)
		return false;
	if (!step_may_go_on("create", name))
		return false;
	fd = openat(folder->fd, name, CREATE_FLAGS, 0600);
	return fd >= 0 && step_may_go_on("write", name) && files_write_all(fd, data, length) &&
	       fchmod(fd, mode) == 0 && step_may_go_on("sync", name) && fsync(fd) == 0;
}

bool folder_prepare(struct folder *folder, const char *name, mode_t mode, const void *data,
		    gsize length, GError **error)
{
	g_autofree char *temporary = g_strconcat(name, FOLDER_TEMPORARY, NULL);
	int reason;

	if (create_file(folder, temporary, mode, data, length))
		return true;
	reason = errno;
	unlinkat(folder->fd, temporary, 0);
	errno = reason;
	return fail(folder, name, NULL, error);
}

bool folder_publish(struct folder *folder, const char *name, GError **error)
{
	g_autofree char *temporary = g_strconcat(name, FOLDER_TEMPORARY, NULL);
	int reason;

	if (step_may_go_on("rename", name) &&
	    renameat(folder->fd, temporary, folder->fd, name) == 0)
		return true;
	reason = errno;
	unlinkat(folder->fd, temporary, 0);
	errno = reason;
	return fail(folder, name, NULL, error);
}

bool folder_write(struct folder *folder, const char *name, mode_t mode, const void *data,
		  gsize length, GError **error)
{
	return folder_prepare(folder, name, mode, data, length, error) &&
	       folder_publish(folder, name, error);
}

bool folder_sync(struct folder *folder, GError **error)
{
	if (!step_may_go_on("sync-folder", ".") || fsync(folder->fd) != 0)
		return fail(folder, ".", NULL, error);
	return true;
}

static const char *what_is_wrong(const struct stat *status, gsize limit, bool private)
{
	mode_t forbidden = private ? 077 : S_IWGRP | S_IWOTH;

	if (!S_ISREG(status->st_mode))
		return "not a regular file";
	if (status->st_uid != geteuid())
		return "it belongs to another user";
	if (status->st_mode & forbidden)
		return private ? "others can read it" : "others can write to it";
	if ((gsize)status->st_size > limit)
		return "too large";
	return NULL;
}

bool folder_read(struct folder *folder, const char *name, gsize limit, bool private,
		 struct secret *content, GError **error)
{
	AUTO_CLOSE int fd = openat(folder->fd, name, READ_FLAGS);
	const char *wrong;
	struct stat status;
	gsize length = 0;

	if (fd < 0)
		return fail(folder, name, errno == ELOOP ? "a link" : NULL, error);
	if (fstat(fd, &status) != 0)
		return fail(folder, name, NULL, error);
	wrong = what_is_wrong(&status, limit, private);
	errno = 0;
	if (wrong)
		return fail(folder, name, wrong, error);
	if (secret_resize(content, (size_t)status.st_size) != DEVID_OK)
		return fail(folder, name, "no memory", error);
	while (length < content->length) {
		ssize_t n = read(fd, content->data + length, content->length - length);

		if (n < 0 && errno != EINTR)
			return fail(folder, name, NULL, error);
		if (n == 0)
			break;
		if (n > 0)
			length += (gsize)n;
	}
	content->length = length;
	return true;
}

bool folder_remove(struct folder *folder, const char *name, GError **error)
{
	if (!step_may_go_on("remove", name) ||
	    (unlinkat(folder->fd, name, 0) != 0 && errno != ENOENT))
		return fail(folder, name, NULL, error);
	return true;
}

GPtrArray *folder_names(struct folder *folder, const char *suffix, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	/* Not a dup(): that would share the place in the listing with other readers. */
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!listing) {
		fail(folder, ".", NULL, error);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while ((errno = 0, entry = readdir(listing)) != NULL)
		if (g_str_has_suffix(entry->d_name, suffix))
			g_ptr_array_add(names, g_strdup(entry->d_name));
	if (errno) {
		fail(folder, ".", NULL, error);
		closedir(listing);
		return NULL;
	}
	closedir(listing);
	return g_steal_pointer(&names);
}

bool folder_prepare_generation(struct folder *folder, GError **error)
{
	char text[17];

	g_snprintf(text, sizeof(text), "%016" PRIx64, record_generation(folder->path) + 1);
	return folder_prepare(folder, GENERATION_FILE, folder_record_mode(folder->scope), text, 16,
			      error);
}

bool folder_publish_generation(struct folder *folder, GError **error)
{
	return folder_publish(folder, GENERATION_FILE, error);
}

mode_t folder_record_mode(enum scope scope)
{
	return scope == SCOPE_SYSTEM ? 0644 : 0600;
}
