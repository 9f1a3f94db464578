/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that mean nobody, or somebody else: findings of users and groups. */
#include <string.h>
#include "account/policy/policy.h"
#include "account/policy/user.h"
#include "lint-finding.h"
#include "lint.h"

/* Calls `look` with each name or @group that is written somewhere. */
static void each_name(struct lint *lint,
		      void (*look)(struct lint *lint, const char *name, char *place))
{
	for (guint i = 0; i < lint->policy->rules->len; i++) {
		const struct policy_rule *rule = lint->policy->rules->pdata[i];

		for (char **name = rule->users; name && *name; name++)
			look(lint, *name, lint_rule_place(rule));
	}
	for (guint i = 0; i < lint->policy->groups->len; i++) {
		const struct policy_group *group = lint->policy->groups->pdata[i];

		for (char **name = group->members; *name; name++)
			look(lint, *name, g_strdup_printf("[Group %s]", group->name));
	}
	for (guint i = 0; i < lint->policy->users->len; i++) {
		const struct policy_user *user = lint->policy->users->pdata[i];

		look(lint, user->name, g_strdup_printf("[User %s]", user->name));
	}
}

static bool is_group(const struct lint *lint, const char *name)
{
	return policy_group(lint->policy, name) || user_group_known(name);
}

static void look_unknown(struct lint *lint, const char *name, char *place)
{
	bool known =
		strcmp(name, "*") == 0 || (*name == '@' ? is_group(lint, name + 1)
							: user_known(name) || is_group(lint, name));

	if (known)
		g_free(place);
	else
		lint_add(lint, place, "%s is no %s that this machine or the account knows", name,
			 *name == '@' ? "group" : "user");
}

void lint_name_unknown(struct lint *lint)
{
	each_name(lint, look_unknown);
}

static void look_is_group(struct lint *lint, const char *name, char *place)
{
	if (*name != '@' && strcmp(name, "*") != 0 && !user_known(name) && is_group(lint, name))
		lint_add(lint, place, "%s is a group, and stands where a user is meant", name);
	else
		g_free(place);
}

void lint_name_is_group(struct lint *lint)
{
	each_name(lint, look_is_group);
}

void lint_group_twice(struct lint *lint, const void *item)
{
	const struct policy_group *group = item;

	if (user_group_known(group->name))
		lint_add(lint, g_strdup_printf("[Group %s]", group->name),
			 "the name service has a group %s as well: @%s means the members of "
			 "both",
			 group->name, group->name);
	else if (policy_user(lint->policy, group->name))
		lint_add(lint, g_strdup_printf("[Group %s]", group->name),
			 "there is a [User %s] as well: %s means the user, @%s the group",
			 group->name, group->name, group->name);
}

void lint_group_nested(struct lint *lint, const void *item)
{
	const struct policy_group *group = item;

	for (char **member = group->members; *member; member++)
		if (**member == '@' && policy_group(lint->policy, *member + 1))
			lint_add(lint, g_strdup_printf("[Group %s]", group->name),
				 "%s is a group of the account, whose members are not "
				 "members here",
				 *member);
}
