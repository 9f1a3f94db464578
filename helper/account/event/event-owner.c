/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose the machine's event log is: that of the agent's user. Root's command writes into it as
 * well, and may be the first to do so, before there is that user or where root's file lies: then it
 * writes nothing, or mends what it can.
 */
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <glib.h>
#include <internal/cleanup.h>
#include "event-owner.h"

#define OWNER	     "devid"
#define FOLDER	     "/var/log/devid"
#define FOLDER_MODE  0750
#define USERS_BUFFER 16384

enum devid_result event_owner_find(const char *path, bool system, struct event_owner *owner)
{
	g_autofree char *buffer = g_malloc(USERS_BUFFER);
	struct passwd entry, *found = NULL;

	memset(owner, 0, sizeof(*owner));
	/* A folder of another place is a test's. */
	if (!system || geteuid() != 0 || strcmp(path, FOLDER) != 0)
		return DEVID_OK;
	if (getpwnam_r(OWNER, &entry, buffer, USERS_BUFFER, &found) != 0 || !found ||
	    found->pw_uid == 0)
		return DEVID_NOT_FOUND;
	*owner = (struct event_owner){ true, found->pw_uid, found->pw_gid };
	return DEVID_OK;
}

void event_owner_take_folder(const struct event_owner *owner, int folder)
{
	struct stat status;

	/* A daemon that is root may have no right to (openvpn-server@ has no CAP_CHOWN). */
	if (owner->known && fstat(folder, &status) == 0 && status.st_uid == 0 &&
	    !(status.st_mode & (S_IWGRP | S_IWOTH)) && fchown(folder, owner->uid, owner->gid) == 0)
		(void)!fchmod(folder, FOLDER_MODE);
}

void event_owner_take_file(int folder, const char *name)
{
	AUTO_CLOSE int fd = -1;
	struct stat status, of_folder;

	if (geteuid() != 0 || fstat(folder, &of_folder) < 0 || of_folder.st_uid == 0 ||
	    fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || status.st_uid != 0)
		return;
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	/* One name alone: not another file of root's that somebody linked here. */
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
	    status.st_uid == 0 && !(status.st_mode & 077))
		(void)!fchown(fd, of_folder.st_uid, of_folder.st_gid);
}
