/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decision: the setting for the operating system, then the rules. Both must allow. */
#include <devid/reason.h>
#include "decide-rule.h"
#include "decide.h"
#include "deciding.h"
#include "policy.h"
#include "who.h"

void devid_decision_free(struct devid_decision *decision)
{
	if (!decision)
		return;
	for (size_t i = 0; i < decision->step_count; i++)
		g_free(decision->steps[i].why);
	g_free(decision->steps);
	g_free(decision->brackets);
	g_free(decision->message);
	g_free(decision->hint);
	g_free(decision);
}

/* The first refusal is what is told. Takes `message`; NULL: the row's cause. */
static void refuse(struct devid_decision *decision, const char *word, char *message)
{
	const struct devid_reason *row = devid_reason_find(word);

	if (decision->result != DEVID_OK) {
		g_free(message);
		return;
	}
	decision->result = row->result;
	decision->reason = row->word;
	decision->message = message ? message : g_strdup(row->cause);
	decision->hint = g_strdup(row->hint);
}

static void refuse_as(struct devid_decision *decision, const struct devid_verdict *verdict)
{
	refuse(decision, verdict->reason, g_strdup(verdict->message));
	g_free(decision->hint);
	decision->result = verdict->result;
	decision->hint = g_strdup(verdict->hint);
	decision->brackets = g_strdup(verdict->brackets);
}

/* The user's own setting, where the account lets it override; else the account's. */
static enum devid_setting find_setting(struct deciding *deciding)
{
	const struct policy *policy = deciding->policy;
	const char *name = deciding->question->user;
	enum devid_os os = deciding->question->os;
	const struct policy_user *user = name ? policy_user(policy, name) : NULL;

	if (user && user->override && user->settings.given[os]) {
		deciding->decision->overridden = true;
		return user->settings.of[os];
	}
	return policy->settings.of[os];
}

/* What can be wrong with a certificate or its key: in the office it is not asked for, so it does
 * not matter there.
 */
static bool is_excusable(enum devid_result result)
{
	return result == DEVID_CHECK_FAILED || result == DEVID_BLOCKED ||
	       result == DEVID_KEY_MISSING;
}

static void decide_certificate(struct deciding *deciding)
{
	const struct devid_verdict *verdict = deciding->question->verdict;

	if (verdict && verdict->result == DEVID_OK)
		return;
	if ((!verdict || is_excusable(verdict->result)) &&
	    deciding_origin(deciding) == DEVID_ORIGIN_OFFICE)
		deciding->decision->excused = true;
	else if (verdict)
		refuse_as(deciding->decision, verdict);
	else
		refuse(deciding->decision, "no-certificate", NULL);
}

static void decide_setting(struct deciding *deciding)
{
	struct devid_decision *decision = deciding->decision;

	decision->setting = find_setting(deciding);
	if (decision->setting == DEVID_SETTING_BLOCK)
		refuse(decision, "os-blocked",
		       g_strdup_printf("%s blocks %s",
				       decision->overridden ? "the account's section for this user"
							    : "the account",
				       devid_os_name(deciding->question->os)));
	else if (decision->setting == DEVID_SETTING_REQUIRE)
		decide_certificate(deciding);
}

/* Looks at the rules in order, up to the first that matches. */
static void decide_rules(struct deciding *deciding)
{
	const GPtrArray *rules = deciding->policy->rules;
	struct devid_decision *decision = deciding->decision;

	decision->action = DEVID_ACTION_ALLOW;
	if (!rules->len)
		return;
	decision->steps = g_new0(struct devid_rule_step, rules->len + 1);
	for (guint i = 0; i < rules->len; i++) {
		const struct policy_rule *rule = rules->pdata[i];
		struct devid_rule_step *step = &decision->steps[decision->step_count++];

		step->name = rule->name;
		step->path = rule->path;
		step->line = rule->line;
		step->why = decide_rule_mismatch(rule, deciding, &step->posture);
		if (step->why)
			continue;
		step->matched = true;
		decision->rule = rule->name;
		decision->action = rule->action;
		if (rule->action == DEVID_ACTION_BLOCK)
			refuse(decision, "rule-blocked",
			       g_strdup_printf("rule %s of the account blocks (%s:%u)", rule->name,
					       rule->path, rule->line));
		return;
	}
	decision->steps[decision->step_count++].matched = true;
	decision->action = DEVID_ACTION_BLOCK;
	refuse(decision, "no-rule", NULL);
}

struct devid_decision *policy_refuse(const char *word, char *message)
{
	struct devid_decision *decision = g_new0(struct devid_decision, 1);

	refuse(decision, word, message);
	return decision;
}

struct devid_decision *policy_decide(const struct policy *policy,
				     const struct devid_question *question)
{
	struct deciding deciding = {
		.policy = policy,
		.question = question,
		.decision = g_new0(struct devid_decision, 1),
		.who = { policy, question->user, question->groups, question->ask_names },
		.profiles = g_new0(enum devid_answer, policy->profiles->len + 1),
	};

	deciding.decision->reason = "ok";
	decide_setting(&deciding);
	decide_rules(&deciding);
	who_clear(&deciding.who);
	g_free(deciding.profiles);
	return deciding.decision;
}
