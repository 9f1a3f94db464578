/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and groups of the name service. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <glib.h>

/* The groups of the name service. `user` NULL: `primary` alone; `primary` (gid_t)-1: none known
 * besides the user database's.
 */
struct user_groups *user_groups_find(const char *user, gid_t primary);
bool user_groups_have(const struct user_groups *groups, const char *group);
void user_groups_free(struct user_groups *groups);
bool user_known(const char *name);
bool user_group_known(const char *name);
/* Whether a list of names, @groups and "*" means who has that uid, in whose process `gid` is the
 * group. */
bool user_is_listed(char **list, uid_t uid, gid_t gid);
