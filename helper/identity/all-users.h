/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every user's records, as root sees them: read as that user, never as root. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <internal/record.h>

/* One user whose home folder was looked at. */
struct user_home {
	const char *name; /* or the number of one without a name */
	uid_t uid;
	const char *home;
};

struct all_users {
	/* Takes the record over (record_clear(), free()); `user` is valid during the call. */
	void (*each)(const struct user_home *user, struct record *record, void *data);
	/* What could not be read: "a record: why"; may be called many times. */
	void (*trouble)(const struct user_home *user, const char *why, void *data);
	void *data;
};

/* Goes through the users of the machine (getpwent(3), and the owners of the folders in /home) and
 * their
 * ~/.local/share/devid. A home that hangs, is huge or hostile costs a few seconds and its user's
 * rows alone. Fails for anybody but root.
 */
bool all_users_walk(const struct all_users *walk, GError **error);
