/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings of device profiles: that nobody meets, that nobody asks for, that ask for what is not
 * checked. */
#include <string.h>
#include "account/policy/policy.h"
#include "account/posture/posture-table.h"
#include "account/posture/profile.h"
#include "base/conf.h"
#include "lint-finding.h"
#include "lint.h"

/* States of a unit that exclude each other. */
static bool exclude(const char *a, const char *b)
{
	static const char *const sets[][4] = { { "active", "inactive", NULL },
					       { "enabled", "disabled", "masked", NULL },
					       { "active", "masked", NULL } };

	for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
		if (strcmp(a, b) != 0 && g_strv_contains(sets[i], a) && g_strv_contains(sets[i], b))
			return true;
	return false;
}

/* "NAME.service:STATE": the name's length, and the state. */
static gsize split_unit(const char *word, const char **state)
{
	const char *colon = strrchr(word, ':');

	if (!colon || strchr(colon, '.')) {
		*state = "active";
		return strlen(word);
	}
	*state = colon + 1;
	return (gsize)(colon - word);
}

static char *units_contradict(const char *value)
{
	g_auto(GStrv) words = conf_split_words(value);

	for (gsize i = 0; words[i]; i++) {
		for (gsize k = 0; k < i; k++) {
			const char *a, *b;
			gsize length = split_unit(words[i], &a);

			if (split_unit(words[k], &b) == length &&
			    strncmp(words[i], words[k], length) == 0 && exclude(a, b))
				return g_strdup_printf("%.*s can't be %s and %s", (int)length,
						       words[i], b, a);
		}
	}
	return NULL;
}

/* Whether a profile asks for what can't be at once; NULL or the words. */
static char *contradiction(const struct policy *policy, const char *name)
{
	const struct profile *profile = policy_profile(policy, name);

	for (guint i = 0; profile && i < profile->checks->len; i++) {
		const struct profile_check *check =
			&g_array_index(profile->checks, struct profile_check, i);
		g_autofree char *why = strcmp(check->check->kind.name, "Unit") == 0
					       ? units_contradict(check->value)
					       : NULL;

		if (why)
			return g_strdup_printf("no device meets profile %s: %s", name, why);
	}
	return NULL;
}

void lint_rule_profiles(struct lint *lint, const void *item)
{
	const struct policy_rule *rule = item;
	g_autofree char *why = NULL;

	for (char **name = rule->profiles; name && *name; name++) {
		g_free(why);
		why = contradiction(lint->policy, *name);
		if (!why)
			break;
	}
	if (rule->enabled && why)
		lint_add(lint, lint_rule_place(rule), "rule %s never matches: %s", rule->name, why);
}

static bool asks_certificate(const struct policy *policy, const char *name)
{
	const struct profile *profile = policy_profile(policy, name);

	for (guint i = 0; profile && i < profile->checks->len; i++)
		if (strcmp(g_array_index(profile->checks, struct profile_check, i).check->kind.name,
			   "DeviceCertificate") == 0)
			return true;
	return false;
}

void lint_certificate_off(struct lint *lint, const void *item)
{
	const struct policy_rule *rule = item;

	for (char **name = rule->profiles; name && *name; name++)
		if (rule->enabled && lint->account->on_use == DEVID_ON_USE_OFF &&
		    asks_certificate(lint->policy, *name))
			lint_add(lint, lint_rule_place(rule),
				 "rule %s asks for a device certificate (profile %s), and "
				 "with OnUse=off none is checked at use",
				 rule->name, *name);
}

void lint_profile_unused(struct lint *lint, const void *item)
{
	const struct profile *profile = item;
	bool used = false;

	for (guint k = 0; k < lint->policy->rules->len && !used; k++) {
		const struct policy_rule *rule = lint->policy->rules->pdata[k];

		used = rule->profiles &&
		       g_strv_contains((const char *const *)rule->profiles, profile->name);
	}
	if (!used)
		lint_add(lint, g_strdup_printf("[Profile %s]", profile->name),
			 "no rule names profile %s", profile->name);
}
