/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules that do what nobody meant: findings of the policy's rules. */
#include "account/policy/policy.h"
#include "account/policy/who.h"
#include "lint-finding.h"
#include "lint.h"

static const struct policy_rule *rule_at(const struct lint *lint, guint index)
{
	return lint->policy->rules->pdata[index];
}

static bool is_for_system(const struct policy_rule *rule, int os)
{
	return !rule->platforms || rule->platforms & 1u << os;
}

static bool is_for_everybody(const struct policy_rule *rule)
{
	return !rule->users || g_strv_contains((const char *const *)rule->users, "*");
}

/* Whether some user may come with the system at all: step one does not block it for all. */
static bool is_open(const struct lint *lint, int os)
{
	bool open = lint->policy->settings.of[os] != DEVID_SETTING_BLOCK;

	for (guint i = 0; i < lint->policy->users->len && !open; i++) {
		const struct policy_user *user = lint->policy->users->pdata[i];

		open = user->override && user->settings.given[os] &&
		       user->settings.of[os] != DEVID_SETTING_BLOCK;
	}
	return open;
}

/* What the rules hold for a system. */
struct reach {
	const struct policy_rule *some; /* the first that lets somebody in */
	bool all;			/* one lets everybody in, in some state or place */
	bool closed;			/* one that is written blocks whoever is left */
};

static struct reach find_reach(const struct lint *lint, int os)
{
	struct reach reach = { NULL };

	for (guint i = 0; i < lint->policy->rules->len; i++) {
		const struct policy_rule *rule = rule_at(lint, i);

		if (!rule->enabled || !is_for_system(rule, os))
			continue;
		if (rule->action == DEVID_ACTION_BLOCK) {
			reach.closed |= is_for_everybody(rule) && !rule->origin && !rule->profiles;
			continue;
		}
		reach.some = reach.some ? reach.some : rule;
		reach.all |= is_for_everybody(rule);
	}
	return reach;
}

/* Systems that no rule lets in, and that nobody said are to be kept out. */
void lint_systems_blocked(struct lint *lint)
{
	g_autoptr(GString) systems = g_string_new(NULL);
	guint count = 0;

	if (!lint->policy->rules->len)
		return;
	for (int os = 0; os < DEVID_OS_COUNT; os++) {
		struct reach reach = find_reach(lint, os);

		if (!is_open(lint, os) || reach.some || reach.closed)
			continue;
		g_string_append_printf(systems, "%s%s", count++ ? ", " : "", devid_os_name(os));
	}
	if (count)
		lint_add(lint, NULL,
			 "no rule lets %s in: the last, unwritten one blocks %s, whatever "
			 "[DeviceAuthentication] says",
			 systems->str, count > 1 ? "them" : "it");
}

/* A pilot without a closing rule for everybody else. */
void lint_others_blocked(struct lint *lint)
{
	const struct policy_rule *told = NULL;

	for (int os = 0; os < DEVID_OS_COUNT; os++) {
		struct reach reach = find_reach(lint, os);

		if (!is_open(lint, os) || !reach.some || reach.all || reach.closed ||
		    reach.some == told)
			continue;
		told = reach.some;
		lint_add(lint, lint_rule_place(told),
			 "rule %s lets some users in on %s, and the last, unwritten rule blocks "
			 "everybody else",
			 told->name, devid_os_name(os));
	}
}

static bool is_let_in(const struct lint *lint, const char *user, int os)
{
	struct who who = { .policy = lint->policy, .user = user, .ask_names = true };
	bool in = false;

	for (guint i = 0; i < lint->policy->rules->len && !in; i++) {
		const struct policy_rule *rule = rule_at(lint, i);

		if (!rule->enabled || rule->action == DEVID_ACTION_BLOCK ||
		    !is_for_system(rule, os))
			continue;
		in = !rule->users;
		for (char **entry = rule->users; entry && *entry && !in; entry++)
			in = who_is(&who, *entry);
	}
	who_clear(&who);
	return in;
}

void lint_override_blocked(struct lint *lint, const void *item)
{
	const struct policy_user *user = item;

	for (int os = 0; os < DEVID_OS_COUNT && user->override && lint->policy->rules->len; os++)
		if (user->settings.given[os] && user->settings.of[os] != DEVID_SETTING_BLOCK &&
		    !is_let_in(lint, user->name, os))
			lint_add(lint, g_strdup_printf("[User %s]", user->name),
				 "%s=%s is their own setting, and no rule lets %s in on %s",
				 devid_os_name(os), devid_setting_name(user->settings.of[os]),
				 user->name, devid_os_name(os));
}

void lint_rule_off(struct lint *lint)
{
	bool on = false;

	for (guint i = 0; i < lint->policy->rules->len; i++) {
		const struct policy_rule *rule = rule_at(lint, i);

		on |= rule->enabled;
		if (!rule->enabled)
			lint_add(lint, lint_rule_place(rule), "rule %s is off and never matches",
				 rule->name);
	}
	if (lint->policy->rules->len && !on)
		lint_add(lint, NULL, "all rules are off: the last, unwritten one blocks everybody");
}

static bool holds_all(char **values, char **of)
{
	for (; *of; of++)
		if (!g_strv_contains((const char *const *)values, *of))
			return false;
	return true;
}

/* Whether whatever matches `rule` matches `other`: each field is as wide or wider. */
static bool is_wider(const struct policy_rule *other, const struct policy_rule *rule)
{
	unsigned systems = rule->platforms ? rule->platforms : (1u << DEVID_OS_COUNT) - 1;

	if (!is_for_everybody(other) &&
	    (is_for_everybody(rule) || !holds_all(other->users, rule->users)))
		return false;
	if (other->platforms && systems & ~other->platforms)
		return false;
	if (other->origin != DEVID_ORIGIN_UNKNOWN && other->origin != rule->origin)
		return false;
	return !other->profiles || (rule->profiles && holds_all(other->profiles, rule->profiles));
}

void lint_rule_shadowed(struct lint *lint, const void *item)
{
	const struct policy_rule *rule = item;

	for (guint k = 0; rule->enabled && rule_at(lint, k) != rule; k++) {
		const struct policy_rule *other = rule_at(lint, k);

		if (!other->enabled || !is_wider(other, rule))
			continue;
		lint_add(lint, lint_rule_place(rule),
			 "rule %s never matches: whatever it is for is decided by rule %s "
			 "before it",
			 rule->name, other->name);
		break;
	}
}

void lint_rule_no_system(struct lint *lint, const void *item)
{
	const struct policy_rule *rule = item;
	bool open = false;

	for (int os = 0; os < DEVID_OS_COUNT; os++)
		open |= is_for_system(rule, os) && is_open(lint, os);
	if (rule->enabled && rule->action != DEVID_ACTION_BLOCK && !open)
		lint_add(lint, lint_rule_place(rule),
			 "rule %s lets nobody in: the account blocks each of its systems",
			 rule->name);
}

void lint_rule_no_office(struct lint *lint, const void *item)
{
	const struct policy_rule *rule = item;

	if (rule->enabled && rule->origin == DEVID_ORIGIN_OFFICE && !lint->policy->offices->len)
		lint_add(lint, lint_rule_place(rule),
			 "rule %s never matches: the account has no [Office]", rule->name);
}
