/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an account holds of its policy: made, found, freed; and the words of it. */
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

/* `offset`: of the name in what the list holds. */
static void *find(const GPtrArray *list, gsize offset, const char *name)
{
	for (guint i = 0; i < list->len; i++)
		if (strcmp(G_STRUCT_MEMBER(const char *, list->pdata[i], offset), name) == 0)
			return list->pdata[i];
	return NULL;
}

const struct policy_user *policy_user(const struct policy *policy, const char *name)
{
	return find(policy->users, G_STRUCT_OFFSET(struct policy_user, name), name);
}

const struct policy_group *policy_group(const struct policy *policy, const char *name)
{
	return find(policy->groups, G_STRUCT_OFFSET(struct policy_group, name), name);
}

struct profile *policy_profile(const struct policy *policy, const char *name)
{
	return find(policy->profiles, G_STRUCT_OFFSET(struct profile, name), name);
}

/* The words of the policy: operating systems, settings, actions, answers. */

static const char *const systems[DEVID_OS_COUNT] = {
	[DEVID_OS_WINDOWS] = "Windows", [DEVID_OS_MACOS] = "macOS", [DEVID_OS_IOS] = "iOS",
	[DEVID_OS_ANDROID] = "Android", [DEVID_OS_LINUX] = "Linux",
};
static const char *const settings[] = {
	[DEVID_SETTING_REQUIRE] = "require",
	[DEVID_SETTING_ALLOW] = "allow",
	[DEVID_SETTING_BLOCK] = "block",
};
static const char *const actions[] = {
	[DEVID_ACTION_ALLOW] = "allow",
	[DEVID_ACTION_ALLOW_INTERNET] = "allow-internet",
	[DEVID_ACTION_BLOCK] = "block",
};
static const char *const origins[] = {
	[DEVID_ORIGIN_UNKNOWN] = "unknown",
	[DEVID_ORIGIN_REMOTE] = "remote",
	[DEVID_ORIGIN_OFFICE] = "office",
};
static const char *const answers[] = {
	[DEVID_ANSWER_PASS] = "pass",
	[DEVID_ANSWER_FAIL] = "fail",
	[DEVID_ANSWER_UNKNOWN] = "unknown",
};

#define NAME(kind, words)                                                                \
	const char *devid_##kind##_name(enum devid_##kind value)                         \
	{                                                                                \
		return (unsigned)value < G_N_ELEMENTS(words) ? words[value] : "unknown"; \
	}

NAME(os, systems)
NAME(setting, settings)
NAME(action, actions)
NAME(origin, origins)

bool devid_os_find(const char *name, enum devid_os *os)
{
	for (int i = 0; i < DEVID_OS_COUNT; i++) {
		if (g_ascii_strcasecmp(systems[i], name) == 0) {
			*os = i;
			return true;
		}
	}
	return false;
}

const char *devid_answer_name(enum devid_answer answer)
{
	return answer && (unsigned)answer < G_N_ELEMENTS(answers) ? answers[answer] : "unknown";
}
