/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* account.conf: the sections of the policy, [DeviceAuthentication] and those that have names. */
#include <string.h>
#include "account/office/office-keys.h"
#include "account/posture/profile.h"
#include "base/conf.h"
#include "policy-keys.h"

/* The key is the system's name. */
static char *set_os(void *target, const char *key, const char *value)
{
	struct os_settings *settings = target;
	static const struct conf_choice choices[] = { { "require", DEVID_SETTING_REQUIRE },
						      { "allow", DEVID_SETTING_ALLOW },
						      { "block", DEVID_SETTING_BLOCK },
						      { NULL, 0 } };
	int setting = DEVID_SETTING_REQUIRE;
	char *why = conf_set_choice(choices, value, &setting);
	enum devid_os os;

	if (devid_os_find(key, &os)) {
		settings->of[os] = setting;
		settings->given[os] = true;
	}
	return why;
}

static char *set_members(void *target, const char *value)
{
	struct policy_group *group = target;
	char *why = conf_set_list(value, &group->members);

	return why ? why : policy_names_fault(group->members, false);
}

#define OS_KEYS                                                                          \
	{ "Windows", NULL, set_os }, { "macOS", NULL, set_os }, { "iOS", NULL, set_os }, \
		{ "Android", NULL, set_os },                                             \
	{                                                                                \
		"Linux", NULL, set_os                                                    \
	}

static const struct conf_key authentication_keys[] = { OS_KEYS };
static const struct conf_key user_keys[] = {
	{ "Override", CONF_FIELD(CONF_YES, struct policy_user, override) }, OS_KEYS
};
static const struct conf_key group_keys[] = { { "Members", set_members, NULL } };

char *policy_names_fault(char **names, bool everybody)
{
	for (; *names; names++) {
		g_autofree char *line = NULL;
		char *why = conf_set_line(*names, &line);

		if (why)
			return why;
		if (strcmp(*names, "@") == 0)
			return g_strdup("has an @ without a group's name");
		if (strcmp(*names, "*") == 0 && !everybody)
			return g_strdup("takes no *");
	}
	return NULL;
}

/* Names of sections that lists refer to hold nothing that a list is split at. */
static bool is_name(const char *name, char **why)
{
	if (*name != '@' && strcmp(name, "*") != 0 && !strpbrk(name, ",;"))
		return true;
	*why = g_strdup_printf("%s can't be a name: it is *, begins with @, or holds a comma or "
			       "semicolon",
			       name);
	return false;
}

static void *begin_authentication(void *data, const char *name, unsigned line, char **why)
{
	struct policy *policy = data;

	return &policy->settings;
}

static void *begin_user(void *data, const char *name, unsigned line, char **why)
{
	struct policy *policy = data;
	struct policy_user *user;

	if (!is_name(name, why))
		return NULL;
	user = g_new0(struct policy_user, 1);
	user->name = g_strdup(name);
	g_ptr_array_add(policy->users, user);
	return user;
}

static void *begin_group(void *data, const char *name, unsigned line, char **why)
{
	struct policy *policy = data;
	struct policy_group *group;

	if (!is_name(name, why))
		return NULL;
	group = g_new0(struct policy_group, 1);
	group->name = g_strdup(name);
	g_ptr_array_add(policy->groups, group);
	return group;
}

static char *end_group(void *target)
{
	struct policy_group *group = target;

	return group->members ? NULL : g_strdup("Members= is missing");
}

static void *begin_office(void *data, const char *name, unsigned line, char **why)
{
	struct policy *policy = data;
	struct office *office = office_new(name);

	g_ptr_array_add(policy->offices, office);
	return office;
}

static void *begin_profile(void *data, const char *name, unsigned line, char **why)
{
	struct policy *policy = data;
	struct profile *profile;

	if (!is_name(name, why))
		return NULL;
	profile = profile_new(name);
	g_ptr_array_add(policy->profiles, profile);
	return profile;
}

void policy_sections(struct conf_section rows[POLICY_SECTIONS], struct policy *policy)
{
	gsize profile_count;
	const struct conf_key *profile_rows = profile_keys(&profile_count);
	const struct conf_section made[POLICY_SECTIONS] = {
		{ "DeviceAuthentication", false, authentication_keys,
		  G_N_ELEMENTS(authentication_keys), begin_authentication, NULL, policy },
		{ "User", true, user_keys, G_N_ELEMENTS(user_keys), begin_user, NULL, policy },
		{ "Group", true, group_keys, G_N_ELEMENTS(group_keys), begin_group, end_group,
		  policy },
		{ "Office", true, office_keys, office_key_count, begin_office, office_end, policy },
		{ "Profile", true, profile_rows, profile_count, begin_profile, profile_end,
		  policy },
	};

	memcpy(rows, made, sizeof(made));
}
