/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose the machine's log has to be. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <devid/result.h>

struct event_owner {
	bool known; /* else it is the folder's */
	uid_t uid;
	gid_t gid;
};
/* Whose the machine's log has to be, for root; DEVID_NOT_FOUND: there is no such user yet. */
enum devid_result event_owner_find(const char *path, bool system, struct event_owner *owner);
/* Hands over what root made before: the folder, and a file in it to the folder's owner. */
void event_owner_take_folder(const struct event_owner *owner, int folder);
void event_owner_take_file(int folder, const char *name);
