/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an account holds of its policy: made, found, freed. */
#include <string.h>
#include "account/office/office-keys.h"
#include "account/posture/profile.h"
#include "policy.h"

static void free_user(gpointer data)
{
	struct policy_user *user = data;

	g_free(user->name);
	g_free(user);
}

static void free_group(gpointer data)
{
	struct policy_group *group = data;

	g_free(group->name);
	g_strfreev(group->members);
	g_free(group);
}

static void free_rule(gpointer data)
{
	struct policy_rule *rule = data;

	g_free(rule->name);
	g_free(rule->path);
	g_free(rule->description);
	g_strfreev(rule->users);
	g_strfreev(rule->profiles);
	g_free(rule);
}

void policy_init(struct policy *policy)
{
	policy->users = g_ptr_array_new_with_free_func(free_user);
	policy->groups = g_ptr_array_new_with_free_func(free_group);
	policy->offices = g_ptr_array_new_with_free_func((GDestroyNotify)office_free);
	policy->profiles = g_ptr_array_new_with_free_func((GDestroyNotify)profile_free);
	policy->rules = g_ptr_array_new_with_free_func(free_rule);
}

void policy_clear(struct policy *policy)
{
	g_ptr_array_unref(policy->users);
	g_ptr_array_unref(policy->groups);
	g_ptr_array_unref(policy->offices);
	g_ptr_array_unref(policy->profiles);
	g_ptr_array_unref(policy->rules);
}

const struct policy_user *policy_user(const struct policy *policy, const char *name)
{
	for (guint i = 0; i < policy->users->len; i++) {
		const struct policy_user *user = policy->users->pdata[i];

		if (strcmp(user->name, name) == 0)
			return user;
	}
	return NULL;
}

const struct policy_group *policy_group(const struct policy *policy, const char *name)
{
	for (guint i = 0; i < policy->groups->len; i++) {
		const struct policy_group *group = policy->groups->pdata[i];

		if (strcmp(group->name, name) == 0)
			return group;
	}
	return NULL;
}

struct profile *policy_profile(const struct policy *policy, const char *name)
{
	for (guint i = 0; i < policy->profiles->len; i++) {
		struct profile *profile = policy->profiles->pdata[i];

		if (strcmp(profile->name, name) == 0)
			return profile;
	}
	return NULL;
}
