/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decision for this machine: see devid/here.h. What can't be found out is unknown. */
#include <glib.h>
#include <devid/here.h>

/* One profile's checks end in three seconds. Whoever asks waits five: no profile is begun later
 * than this. */
#define BEGIN_BOUND (1500 * G_TIME_SPAN_MILLISECOND)

enum devid_origin devid_here_origin(void *data)
{
	const struct devid_here *here = data;
	struct devid_office_report *report = NULL;
	enum devid_origin origin = DEVID_ORIGIN_UNKNOWN;

	if (devid_office_find(here->account, here->how, &report) == DEVID_OK)
		origin = report->origin;
	devid_office_free(report);
	return origin;
}

enum devid_answer devid_here_profile(const char *name, void *data)
{
	struct devid_here *here = data;
	struct devid_posture *posture = NULL;
	enum devid_answer answer = DEVID_ANSWER_UNKNOWN;
	gint64 now = g_get_monotonic_time();

	if (here->begun == 0)
		here->begun = now;
	if (now - here->begun <= BEGIN_BOUND &&
	    devid_posture_run(here->account, name, here->verdict, &posture) == DEVID_OK)
		answer = posture->answer;
	devid_posture_free(posture);
	return answer;
}

enum devid_result devid_decide_here(const struct devid_account *account, const char *user,
				    enum devid_office_how how, const struct devid_verdict *verdict,
				    struct devid_decision **decision)
{
	struct devid_here here = { account, how, verdict, 0 };
	const struct devid_question question = {
		.user = user,
		.ask_names = user != NULL,
		.os = DEVID_OS_LINUX,
		.verdict = verdict,
		.origin = devid_here_origin,
		.profile = devid_here_profile,
		.data = &here,
	};

	return devid_decide(account, &question, decision);
}
