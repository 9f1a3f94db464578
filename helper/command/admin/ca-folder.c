/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder of signing certificates: opened, locked and written so that no reader sees half a
 * file, and nothing follows a link in a folder that somebody else owns.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <internal/lock.h>
#include <internal/path.h>

#include "account/signing.h"
#include "base/error.h"
#include "base/files.h"
#include "command/cli/account.h"
#include "command/cli/report.h"
#include "ca-folder.h"

#define LOCK_WAIT_MS 10000

void ca_folder_clear(struct ca_folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	if (folder->lock >= 0)
		close(folder->lock);
	folder->fd = folder->lock = -1;
	g_clear_pointer(&folder->path, g_free);
	devid_account_free(folder->account);
	folder->account = NULL;
}

bool ca_folder_scope(const struct account_choice *choice, const char *command, enum scope *scope)
{
	if (choice->user && choice->system) {
		report_usage(command, "--user or --system, not both");
		return false;
	}
	*scope = choice->system || (!choice->user && geteuid() == 0) ? SCOPE_SYSTEM : SCOPE_USER;
	return true;
}

static bool failed(GError **error, const char *path, int number)
{
	enum devid_result result = number == EACCES || number == EPERM ? DEVID_DENIED : DEVID_IO;

	return devid_error_set(error, result, NULL, devid_errno_hint(number), "%s: %s", path,
			       number == ELOOP || number == ENOTDIR ? "it is a link or no folder"
								    : g_strerror(number));
}

/* `config` NULL: of that scope. */
static bool load_account(struct ca_folder *folder, const char *config, enum scope scope,
			 GError **error)
{
	devid_account_free(folder->account);
	folder->account = account_load(config, !config && scope == SCOPE_SYSTEM, error);
	return folder->account != NULL;
}

#define AS_ROOT "as root, by sudo; or ask the administrator"

/* The machine's account is root's to change; where there is one, a user's own would never be
 * read. */
static bool may_write(const struct ca_folder *folder, enum scope scope, const char *config,
		      GError **error)
{
	const char *read = devid_account_folder(folder->account);

	if (scope == SCOPE_SYSTEM && geteuid() != 0)
		return devid_error_set(error, DEVID_DENIED, NULL, AS_ROOT,
				       "%s: only root may change the machine's account", config);
	if (scope == SCOPE_USER && strcmp(read, config) != 0)
		return devid_error_set(
			error, DEVID_DENIED, NULL,
			geteuid() == 0 ? "leave --user out"
				       : "with --system, where polkit may let you; or " AS_ROOT,
			"this computer's account is in %s, which root alone may change; one in "
			"%s would not be read",
			read, config);
	return true;
}

/* A folder that is ours and that nobody else writes to. */
static int open_ours(int at, const char *name, const char *path, int flags, GError **error)
{
	AUTO_CLOSE int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		failed(error, path, errno);
		return -1;
	}
	if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		devid_error_set(error, DEVID_DENIED, NULL, "chown and chmod go-w it, or remove it",
				"%s: it belongs to another user, or others can write to it", path);
		return -1;
	}
	return take_fd(&fd);
}

static bool lock(struct ca_folder *folder, GError **error)
{
	folder->lock = lock_open(folder->fd, true);
	if (folder->lock < 0)
		return failed(error, folder->path, errno);
	if (files_lock(folder->lock, LOCK_WAIT_MS, NULL))
		return true;
	if (errno != EWOULDBLOCK)
		return failed(error, folder->path, errno);
	return devid_error_set(error, DEVID_TIMEOUT, NULL, NULL, "%s: another process holds it",
			       folder->path);
}

/* Makes the account's folder. As root only below a folder of root's: in a user's, a link could lead
 * anywhere. What is made for the machine is readable whatever root's umask.
 */
static bool make_config(const char *config, enum scope scope, GError **error)
{
	mode_t mode = scope == SCOPE_SYSTEM ? 0755 : 0700;
	g_autofree char *parent = g_strdup(config);
	struct stat status;

	if (stat(config, &status) == 0)
		return true;
	while (stat(parent, &status) < 0 && strcmp(parent, "/") != 0 && strcmp(parent, ".") != 0) {
		char *above = g_path_get_dirname(parent);

		g_free(parent);
		parent = above;
	}
	if (geteuid() == 0 && status.st_uid != 0)
		return devid_error_set(error, DEVID_DENIED, NULL, "run it as that user",
				       "%s: it belongs to a user, and root makes nothing there",
				       parent);
	if (g_mkdir_with_parents(config, (int)mode) < 0 ||
	    (scope == SCOPE_SYSTEM && chmod(config, mode) < 0))
		return failed(error, config, errno);
	return true;
}

static bool make_signing(int base, const char *path, enum scope scope, GError **error)
{
	mode_t mode = scope == SCOPE_SYSTEM ? 0755 : 0700;

	if (mkdirat(base, SIGNING_FOLDER, mode) < 0)
		return errno == EEXIST ? true : failed(error, path, errno);
	if (scope == SCOPE_SYSTEM && fchmodat(base, SIGNING_FOLDER, mode, 0) < 0)
		return failed(error, path, errno);
	return true;
}

/* `config` has PATH_BUFFER bytes. */
static bool find_config(struct ca_folder *folder, enum scope scope, char *config, GError **error)
{
	if (!path_config(scope, config))
		return devid_error_set(error, DEVID_IO, NULL, "set HOME or XDG_CONFIG_HOME",
				       "there is no place for an account of this user");
	return load_account(folder, NULL, scope, error) && may_write(folder, scope, config, error);
}

bool ca_folder_open(struct ca_folder *folder, enum scope scope, bool create, GError **error)
{
	AUTO_CLOSE int base = -1;
	char config[PATH_BUFFER];

	if (!find_config(folder, scope, config, error))
		return false;
	folder->path = g_build_filename(config, SIGNING_FOLDER, NULL);
	if (!create && access(folder->path, F_OK) < 0 && errno == ENOENT)
		return true;
	if (create && !make_config(config, scope, error))
		return false;
	base = open_ours(AT_FDCWD, config, config, scope == SCOPE_SYSTEM ? O_NOFOLLOW : 0, error);
	if (base < 0)
		return false;
	if (create && !make_signing(base, folder->path, scope, error))
		return false;
	folder->fd = open_ours(base, SIGNING_FOLDER, folder->path, O_NOFOLLOW, error);
	return folder->fd >= 0 && lock(folder, error) && load_account(folder, NULL, scope, error);
}

bool ca_folder_open_account(struct ca_folder *folder, const char *config, enum scope scope,
			    GError **error)
{
	/* A link to the machine's account could be anybody's; to a folder that was named, it is
	 * whose word it is. */
	int flags = !config && scope == SCOPE_SYSTEM ? O_NOFOLLOW : 0;
	char own[PATH_BUFFER];

	if (config ? !load_account(folder, config, scope, error)
		   : !find_config(folder, scope, own, error))
		return false;
	folder->path = g_strdup(config ? config : own);
	if (devid_account_state(folder->account) == DEVID_ACCOUNT_NONE)
		return devid_error_set(error, DEVID_NO_ACCOUNT, NULL, NULL,
				       "%s: there is no account here", folder->path);
	folder->fd = open_ours(AT_FDCWD, folder->path, folder->path, flags, error);
	return folder->fd >= 0 && lock(folder, error) && load_account(folder, config, scope, error);
}

/* Readers pass the temporary file over, for it is hidden; the lock keeps other writers off it. */
static bool put(int folder, const char *file, GBytes *content, mode_t mode, unsigned flags)
{
	gsize length;
	const void *data = g_bytes_get_data(content, &length);

	return files_replace(folder, file, mode, data, length, FILES_LOCKED | flags);
}

bool ca_folder_write(struct ca_folder *folder, const char *file, GBytes *content, GError **error)
{
	if (put(folder->fd, file, content, 0644, FILES_NEW))
		return true;
	if (errno != EEXIST)
		return failed(error, folder->path, errno);
	return devid_error_set(error, DEVID_EXISTS, NULL, NULL, "%s/%s: it exists already",
			       folder->path, file);
}

/* What others may read stays readable for them; nobody else than the owner writes. */
bool ca_folder_replace(int folder, const char *file, const char *path, GBytes *content,
		       GError **error)
{
	struct stat status;
	bool there = fstatat(folder, file, &status, AT_SYMLINK_NOFOLLOW) == 0;

	if (there && (!S_ISREG(status.st_mode) || status.st_uid != geteuid()))
		return devid_error_set(error, DEVID_DENIED, NULL,
				       "look at what lies there, and remove it by hand",
				       "%s: it is no regular file, or another user's", path);
	return put(folder, file, content, there ? status.st_mode & 0644 : 0644, 0) ||
	       failed(error, path, errno);
}

bool ca_folder_remove(struct ca_folder *folder, const char *file, GError **error)
{
	if (unlinkat(folder->fd, file, 0) == 0 && fsync(folder->fd) == 0)
		return true;
	return failed(error, folder->path, errno);
}
