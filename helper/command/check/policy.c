/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account's policy in devid check: see policy.h. */
#include <unistd.h>
#include <devid/event.h>
#include <devid/here.h>
#include <devid/office.h>
#include <devid/policy.h>
#include <devid/reason.h>
#include <internal/path.h>

#include "base/error.h"
#include "identity/identity.h"
#include "policy.h"

struct asked {
	struct devid_here here;
	struct check_places *places;
	enum scope scope;
};

static enum devid_origin find_origin(void *data)
{
	struct asked *asked = data;
	struct check_places *places = asked->places;

	if (!places->known[asked->scope])
		places->origin[asked->scope] = devid_here_origin(&asked->here);
	places->known[asked->scope] = true;
	return places->origin[asked->scope];
}

static enum devid_answer run_profile(const char *name, void *data)
{
	return devid_here_profile(name, &((struct asked *)data)->here);
}

struct devid_decision *check_policy(struct check_places *places, enum scope scope,
				    const struct devid_account *account,
				    const struct devid_verdict *verdict, GError **error)
{
	struct asked asked = { { account, DEVID_OFFICE_PROBE, verdict }, places, scope };
	const struct devid_question question = {
		.user = g_get_user_name(),
		.ask_names = true,
		.os = DEVID_OS_LINUX,
		.verdict = verdict,
		.origin = find_origin,
		.profile = run_profile,
		.data = &asked,
	};
	struct devid_decision *decision = NULL;
	enum devid_result result;

	if (devid_account_state(account) != DEVID_ACCOUNT_READY ||
	    !devid_account_has_policy(account))
		return NULL;
	result = devid_decide(account, &question, &decision);
	if (result != DEVID_OK)
		devid_error_set(error, result, NULL, NULL, "policy: %s",
				devid_reason_for(result)->cause);
	return decision;
}

void check_policy_event(const struct identity *identity, const struct devid_decision *decision)
{
	const struct devid_event event = {
		.type = DEVID_EVENT_CONNECTIVITY,
		.sub_type = "Local Check",
		.action = decision->result == DEVID_OK ? "Allowed" : "Blocked",
		.reason = decision->reason,
		.failure_reason = decision->message,
		.rule_name = decision->rule,
		.label = !identity ? NULL : identity->record->label,
		.certificate = !identity || identity->chain_count == 0 ? NULL : identity->chain[0],
		.validated = -1,
	};
	bool system = identity && identity->scope == SCOPE_SYSTEM && geteuid() == 0;

	/* A log that can't be written is told on syslog; the decision stands. */
	(void)devid_event_write(system, &event);
}
