/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One rule: whether it matches. Its fields are AND, the values in a field OR. */
#include "decide-rule.h"
#include "deciding.h"
#include "policy.h"
#include "who.h"

static char *users_mismatch(const struct policy_rule *rule, struct deciding *deciding)
{
	const char *user = deciding->question->user;

	for (char **entry = rule->users; entry && *entry; entry++)
		if (who_is(&deciding->who, *entry))
			return NULL;
	if (!rule->users)
		return NULL;
	return user ? g_strdup_printf("Users= does not name %s, nor a group of theirs", user)
		    : g_strdup("Users= names users, and who asks is not known");
}

static char *platforms_mismatch(const struct policy_rule *rule, struct deciding *deciding)
{
	enum devid_os os = deciding->question->os;

	if (!rule->platforms || rule->platforms & 1u << os)
		return NULL;
	return g_strdup_printf("Platforms= does not name %s", devid_os_name(os));
}

/* What could not be told counts as remote. */
static char *origin_mismatch(const struct policy_rule *rule, struct deciding *deciding)
{
	enum devid_origin origin;

	if (rule->origin == DEVID_ORIGIN_UNKNOWN)
		return NULL;
	origin = deciding_origin(deciding);
	if ((rule->origin == DEVID_ORIGIN_OFFICE) == (origin == DEVID_ORIGIN_OFFICE))
		return NULL;
	return g_strdup_printf("Origin=%s, and %s", devid_origin_name(rule->origin),
			       origin == DEVID_ORIGIN_OFFICE ? "this is the office"
			       : origin == DEVID_ORIGIN_UNKNOWN
				       ? "where this is could not be told, "
					 "which counts as remote"
				       : "this is not the office");
}

static char *profiles_mismatch(const struct policy_rule *rule, struct deciding *deciding)
{
	g_autoptr(GString) failed = g_string_new(NULL);

	for (char **name = rule->profiles; name && *name; name++) {
		if (deciding_profile(deciding, *name) == DEVID_ANSWER_PASS)
			return NULL;
		g_string_append_printf(failed, "%s%s", failed->len ? ", " : "", *name);
	}
	if (!rule->profiles)
		return NULL;
	return g_strdup_printf("the device does not meet profile %s", failed->str);
}

/* In the order in which they are asked: what needs no network and no machine first. */
static char *(*const fields[])(const struct policy_rule *rule, struct deciding *deciding) = {
	platforms_mismatch,
	users_mismatch,
	origin_mismatch,
	profiles_mismatch,
};

char *decide_rule_mismatch(const struct policy_rule *rule, struct deciding *deciding, bool *posture)
{
	char *why = rule->enabled ? NULL : g_strdup("Enabled=no");

	*posture = false;
	for (gsize i = 0; !why && i < G_N_ELEMENTS(fields); i++) {
		why = fields[i](rule, deciding);
		*posture =
			why && fields[i] == profiles_mismatch && rule->action != DEVID_ACTION_BLOCK;
	}
	return why;
}
