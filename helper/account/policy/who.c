/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a user is to the policy: by name, by the account's groups, by those of the name service. */
#include <string.h>
#include "policy.h"
#include "user.h"
#include "who.h"

static bool question_names(const struct who *who, const char *group)
{
	for (const char *const *name = who->groups; name && *name; name++)
		if (strcmp(*name, group) == 0)
			return true;
	return false;
}

/* A group that the question names, or one of the name service. */
static bool in_outer_group(struct who *who, const char *group)
{
	if (question_names(who, group))
		return true;
	if (!who->ask_names || !who->user)
		return false;
	if (!who->names)
		who->names = user_groups_find(who->user, (gid_t)-1);
	return user_groups_have(who->names, group);
}

/* Members' @groups are outer ones: a group of the account never holds another, so there are no
 * rings. */
static bool in_account_group(struct who *who, const char *name)
{
	const struct policy_group *group = policy_group(who->policy, name);

	for (char **member = group ? group->members : NULL; member && *member; member++) {
		if (**member == '@' && in_outer_group(who, *member + 1))
			return true;
		if (**member != '@' && who->user && strcmp(*member, who->user) == 0)
			return true;
	}
	return false;
}

bool who_is(struct who *who, const char *entry)
{
	if (strcmp(entry, "*") == 0)
		return true;
	if (*entry == '@')
		return in_account_group(who, entry + 1) || in_outer_group(who, entry + 1);
	return who->user && strcmp(entry, who->user) == 0;
}

void who_clear(struct who *who)
{
	user_groups_free(who->names);
	who->names = NULL;
}
