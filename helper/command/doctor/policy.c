/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where this device stands, and what the account decides about it. */
#include <pwd.h>
#include <unistd.h>
#include <devid/here.h>

#include "identity/verdict.h"
#include "support.h"

typedef struct devid_decision devid_decision;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_decision, devid_decision_free)
typedef struct devid_office_report devid_office_report;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_office_report, devid_office_free)

void doctor_office(struct doctor *doctor)
{
	const struct devid_account *account = doctor_account(doctor, SCOPE_USER);
	g_autoptr(devid_office_report) report = NULL;

	if (devid_account_state(account) != DEVID_ACCOUNT_READY ||
	    devid_account_office_count(account) == 0) {
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "the account names no office");
		return;
	}
	if (devid_office_find(account, DEVID_OFFICE_PROBE, &report) != DEVID_OK)
		return;
	if (report->origin == DEVID_ORIGIN_UNKNOWN)
		doctor_tell(doctor, OUTCOME_WARN,
			    "until it can be told this counts as remote; look at the network",
			    "whether this is the office can't be told: %s", report->message);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "%s: %s",
			    report->origin == DEVID_ORIGIN_OFFICE ? "this is the office"
								  : "this is not the office",
			    report->message);
}

/* Why the rules before it did not match, as far as one line goes. */
static char *trace(const struct devid_decision *decision)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < decision->step_count; i++)
		if (!decision->steps[i].matched)
			g_string_append_printf(text, "%s%s: %s", text->len == 0 ? "" : "; ",
					       decision->steps[i].name, decision->steps[i].why);
	return g_string_free(text, FALSE);
}

static void tell_decision(struct doctor *doctor, const struct devid_decision *decision)
{
	g_autofree char *steps = trace(decision);
	g_autofree char *rule = !decision->rule ? g_strdup("no rule stands against it")
						: g_strdup_printf("by rule %s", decision->rule);

	if (decision->result != DEVID_OK)
		doctor_tell(doctor, OUTCOME_FAIL, decision->hint, "%s%s%s%s", decision->message,
			    *steps == '\0' ? "" : " (", steps, *steps == '\0' ? "" : ")");
	else if (decision->action == DEVID_ACTION_ALLOW_INTERNET)
		doctor_tell(doctor, OUTCOME_WARN, "ask your administrator about that rule",
			    "allowed to the internet alone, %s", rule);
	else
		doctor_tell(doctor, OUTCOME_PASS, NULL, "allowed: %s=%s%s%s, %s",
			    devid_os_name(DEVID_OS_LINUX), devid_setting_name(decision->setting),
			    decision->overridden ? " (your own setting)" : "",
			    decision->excused ? ", not asked for in the office" : "", rule);
}

void doctor_rule(struct doctor *doctor)
{
	const struct devid_account *account = doctor_account(doctor, SCOPE_USER);
	const struct identity *chosen = doctor_chosen(doctor);
	const struct passwd *user = getpwuid(geteuid());
	g_autoptr(devid_verdict) verdict = !chosen ? NULL : verdict_assess(chosen, account, NULL);
	g_autoptr(devid_decision) decision = NULL;

	if (devid_account_state(account) != DEVID_ACCOUNT_READY)
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "%s", doctor_no_account(account));
	else if (!chosen && doctor_noted(doctor, "all-users"))
		doctor_tell(doctor, OUTCOME_SKIP, NULL, "there is no identity to decide about");
	else if (devid_decide_here(account, !user ? NULL : user->pw_name, DEVID_OFFICE_PROBE,
				   verdict, &decision) == DEVID_OK)
		tell_decision(doctor, decision);
}
