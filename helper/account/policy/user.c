/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and groups of the name service. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/types.h>
#include "user.h"

#define NAME_SERVICE_BUFFER_MAX (1024 * 1024)
#define GROUPS_MAX		65536

#define NO_GROUP ((gid_t)-1)

struct user_groups {
	gid_t *ids;
	int count;
	gid_t primary; /* by the user database; a process may have changed its own */
};

/* Looks a user up by name, or with NULL by uid: its name and primary group. NULL: there is none.
 * The reentrant calls: the agent has threads.
 */
static char *find_user(const char *name, uid_t uid, gid_t *primary)
{
	struct passwd entry, *found = NULL;

	for (gsize size = 1024; size <= NAME_SERVICE_BUFFER_MAX; size *= 4) {
		g_autofree char *buffer = g_malloc(size);
		int error = name ? getpwnam_r(name, &entry, buffer, size, &found)
				 : getpwuid_r(uid, &entry, buffer, size, &found);

		if (found) {
			*primary = entry.pw_gid;
			return g_strdup(entry.pw_name);
		}
		if (error != ERANGE)
			break;
	}
	return NULL;
}

static bool group_id(const char *name, gid_t *gid)
{
	struct group entry, *found = NULL;

	for (gsize size = 1024; size <= NAME_SERVICE_BUFFER_MAX; size *= 4) {
		g_autofree char *buffer = g_malloc(size);
		int error = getgrnam_r(name, &entry, buffer, size, &found);

		if (found) {
			*gid = entry.gr_gid;
			return true;
		}
		if (error != ERANGE)
			break;
	}
	return false;
}

bool user_known(const char *name)
{
	gid_t primary;
	g_autofree char *found = find_user(name, 0, &primary);

	return found != NULL;
}

bool user_group_known(const char *name)
{
	gid_t gid;

	return group_id(name, &gid);
}

/* The groups of a name; `first` is one of them (getgrouplist() wants one). */
static void add_groups(struct user_groups *groups, const char *user, gid_t first)
{
	for (int size = 64; size <= GROUPS_MAX; size *= 4) {
		int count = size;

		groups->ids = g_renew(gid_t, groups->ids, size);
		if (getgrouplist(user, first, groups->ids, &count) >= 0) {
			groups->count = count;
			return;
		}
	}
	groups->count = 0;
}

struct user_groups *user_groups_find(const char *user, gid_t primary)
{
	struct user_groups *groups = g_new0(struct user_groups, 1);
	g_autofree char *known = NULL;

	groups->primary = NO_GROUP;
	if (user) {
		known = find_user(user, 0, &groups->primary);
		add_groups(groups, user, primary != NO_GROUP ? primary : groups->primary);
	} else {
		groups->ids = g_new(gid_t, 1);
		groups->ids[0] = primary;
		groups->count = 1;
	}
	return groups;
}

bool user_groups_have(const struct user_groups *groups, const char *group)
{
	gid_t wanted;

	if (!group_id(group, &wanted) || wanted == NO_GROUP)
		return false;
	if (groups->primary == wanted)
		return true;
	for (int i = 0; i < groups->count; i++)
		if (groups->ids[i] == wanted)
			return true;
	return false;
}

void user_groups_free(struct user_groups *groups)
{
	if (!groups)
		return;
	g_free(groups->ids);
	g_free(groups);
}

bool user_is_listed(char **list, uid_t uid, gid_t gid)
{
	struct user_groups *groups = NULL;
	gid_t primary;
	g_autofree char *name = find_user(NULL, uid, &primary);
	bool listed = false;

	for (char **entry = list; *entry && !listed; entry++) {
		if (strcmp(*entry, "*") == 0) {
			listed = true;
		} else if (**entry == '@') {
			if (!groups)
				groups = user_groups_find(name, gid);
			listed = user_groups_have(groups, *entry + 1);
		} else {
			listed = name && strcmp(*entry, name) == 0;
		}
	}
	user_groups_free(groups);
	return listed;
}
