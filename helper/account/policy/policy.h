/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the account says about who may connect, as it was read: settings, users, groups, rules. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/policy.h>

#define RULES_FOLDER	"rules.d"
#define RULES_SUFFIX	".conf"
#define RULES_FILES_MAX 100
#define RULES_FILE_MAX	65536

/* One setting an operating system. */
struct os_settings {
	enum devid_setting of[DEVID_OS_COUNT];
	bool given[DEVID_OS_COUNT];
};

/* [User NAME] */
struct policy_user {
	struct os_settings
		settings; /* first: the keys of [DeviceAuthentication] are set here too */
	char *name;
	bool override;
};

/* [Group NAME] */
struct policy_group {
	char *name;
	char **members; /* names, and @groups of the name service */
};

/* [Rule NAME] in a file of rules.d */
struct policy_rule {
	char *name;
	char *path;
	unsigned line;
	char *description;
	bool enabled;
	char **users;		  /* names, @groups, "*"; NULL: everybody */
	unsigned platforms;	  /* a bit each: 1u << enum devid_os; 0: every one */
	enum devid_origin origin; /* DEVID_ORIGIN_UNKNOWN: any */
	char **profiles;	  /* NULL: not asked for */
	enum devid_action action;
};

struct policy {
	struct os_settings settings;
	GPtrArray *users;    /* struct policy_user * */
	GPtrArray *groups;   /* struct policy_group * */
	GPtrArray *offices;  /* struct office * */
	GPtrArray *profiles; /* struct profile * */
	GPtrArray *rules;    /* struct policy_rule *, in order */
};

void policy_init(struct policy *policy);
void policy_clear(struct policy *policy);
const struct policy_user *policy_user(const struct policy *policy, const char *name);
const struct policy_group *policy_group(const struct policy *policy, const char *name);
struct profile *policy_profile(const struct policy *policy, const char *name); /* or NULL */
