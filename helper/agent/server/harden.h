/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the process gives up before it serves anybody. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <glib.h>

#define SYSTEM_USER "devid"

/* Undumpable, no core file, no new privileges, own files private, descriptors but `keep` closed,
 * room for locked memory. false with `why` (free it).
 */
bool harden_process(const int *keep, guint keep_count, char **why);
/* libcrypto without its configuration file, with a locked heap for private numbers. */
void harden_crypto(void);

struct system_user {
	uid_t uid;
	gid_t gid;
	bool drop; /* we are root and become it */
};
/* Whom the machine's agent runs as: `devid` for root, else who runs it. */
bool harden_find_user(struct system_user *user, char **why);
/* Makes the machine's folders for that user where they are not there yet. */
bool harden_folders(const struct system_user *user, char **why);
/* For good: groups, gid, uid; and looks whether it is so. */
bool harden_drop(const struct system_user *user, char **why);
