/* SystemUsers=: for whom the system agent signs. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>
#include "account-private.h"

#define NAME_SERVICE_BUFFER_MAX (1024 * 1024)

/* The name and the primary group of a uid; NULL: there is none. The reentrant call: the agent has
 * threads.
 */
static char *user_name(uid_t uid, gid_t *primary)
{
	struct passwd entry, *found = NULL;

	for (gsize size = 1024; size <= NAME_SERVICE_BUFFER_MAX; size *= 4) {
		g_autofree char *buffer = g_malloc(size);
		int error = getpwuid_r(uid, &entry, buffer, size, &found);

		if (found) {
			*primary = entry.pw_gid;
			return g_strdup(entry.pw_name);
		}
		if (error != ERANGE)
			break;
	}
	return NULL;
}

static gboolean group_id(const char *name, gid_t *gid)
{
	struct group entry, *found = NULL;

	for (gsize size = 1024; size <= NAME_SERVICE_BUFFER_MAX; size *= 4) {
		g_autofree char *buffer = g_malloc(size);
		int error = getgrnam_r(name, &entry, buffer, size, &found);

		if (found) {
			*gid = entry.gr_gid;
			return TRUE;
		}
		if (error != ERANGE)
			break;
	}
	return FALSE;
}

static gboolean in_group(const char *user, gid_t primary, const char *group)
{
	int count = 64;
	g_autofree gid_t *groups = NULL;
	gid_t wanted;

	if (!group_id(group, &wanted))
		return FALSE;
	if (primary == wanted)
		return TRUE;
	if (!user)
		return FALSE;
	groups = g_new(gid_t, count);
	if (getgrouplist(user, primary, groups, &count) < 0) {
		groups = g_renew(gid_t, groups, count);
		if (getgrouplist(user, primary, groups, &count) < 0)
			return FALSE;
	}
	for (int i = 0; i < count; i++)
		if (groups[i] == wanted)
			return TRUE;
	return FALSE;
}

bool devid_account_may_use_system(const struct devid_account *account, unsigned uid, unsigned gid)
{
	g_autofree char *name = NULL;
	gid_t primary = gid; /* by the user database; a process may have changed its own */

	if (account->state == DEVID_ACCOUNT_UNUSABLE)
		return false;
	if (uid == 0)
		return true;
	name = user_name(uid, &primary);
	for (char **entry = account->system_users; *entry; entry++) {
		const char *group = **entry == '@' ? *entry + 1 : NULL;

		if (strcmp(*entry, "*") == 0)
			return true;
		if (group && (in_group(name, gid, group) || in_group(name, primary, group)))
			return true;
		if (!group && name && strcmp(*entry, name) == 0)
			return true;
	}
	return false;
}
