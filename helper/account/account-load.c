/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which folder is the account, and whether it may be believed. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>
#include <internal/cleanup.h>
#include <internal/path.h>
#include "base/folder.h"
#include "base/trusted.h"
#include "account-keys.h"
#include "account-private.h"
#include "account.h"
#include "rules-read.h"
#include "signing.h"

/* Whether the folder holds an account, well or badly: whatever can't be looked at counts, so that
 * an unreadable /etc/devid never makes way for the user's own.
 */
static bool holds_account(int dirfd)
{
	struct stat status;

	if (fstatat(dirfd, ACCOUNT_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return true;
	return folder_holds(dirfd, SIGNING_FOLDER, SIGNING_SUFFIX) ||
	       folder_holds(dirfd, RULES_FOLDER, RULES_SUFFIX);
}

static void read_keys(struct devid_account *account)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *why = NULL;
	struct stat status;

	if (fstatat(account->dirfd, ACCOUNT_FILE, &status, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		return;
	bytes = trusted_read(account->dirfd, ACCOUNT_FILE, account->owner, ACCOUNT_FILE_MAX, &why);
	if (!bytes) {
		account_broken(account, "%s/%s: %s", account->folder, ACCOUNT_FILE, why);
		return;
	}
	account->has_keys = g_bytes_get_size(bytes) > 0;
	account_keys_read(account, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

/* Reads what lies in account->folder. True where there is something, sound or not. */
static bool read_folder(struct devid_account *account, bool follow)
{
	AUTO_CLOSE int dirfd = -1;
	const char *why;

	dirfd = trusted_open_folder(AT_FDCWD, account->folder, account->owner, follow, &why);
	if (dirfd < 0 && errno == ENOENT)
		return false;
	if (dirfd < 0) {
		/* A folder that others can write to, and that holds no account, is none. */
		if (errno == 0) {
			AUTO_CLOSE int saved =
				open(account->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			if (saved >= 0 && !holds_account(saved))
				return false;
		}
		account_broken(account, "%s: %s", account->folder,
			       why		  ? why
			       : errno == ELOOP	  ? "it is a link"
			       : errno == ENOTDIR ? "it is a link or no folder"
						  : g_strerror(errno));
		return true;
	}
	if (!holds_account(dirfd))
		return false;
	account->dirfd = dirfd;
	account->state = DEVID_ACCOUNT_READY;
	read_keys(account);
	if (account->state == DEVID_ACCOUNT_READY)
		signing_load(account);
	if (account->state == DEVID_ACCOUNT_READY)
		rules_load(account);
	account->dirfd = -1;
	return true;
}

enum devid_result devid_account_load(const char *folder, bool system,
				     struct devid_account **account)
{
	char path[PATH_BUFFER];

	if (folder) {
		*account = account_new(folder);
		(*account)->owner = geteuid();
		read_folder(*account, true);
		return DEVID_OK;
	}
	*account = account_new(path_config(SCOPE_SYSTEM, path) ? path : "/etc/devid");
	if (read_folder(*account, false) || system || !path_config(SCOPE_USER, path))
		return DEVID_OK;
	devid_account_free(*account);
	*account = account_new(path);
	(*account)->owner = geteuid();
	read_folder(*account, false);
	return DEVID_OK;
}
