/* Deciding for this machine: see devid/office.h. */
#include <glib.h>
#include <devid/office.h>
#include <devid/posture.h>

/* One profile's checks end in three seconds. Whoever asks waits five: no profile is begun later than this. */
#define BEGIN_BOUND (1500 * G_TIME_SPAN_MILLISECOND)

struct here {
	const struct devid_account *account;
	const struct devid_verdict *verdict;
	enum devid_office_how how;
	gint64 begun; /* the first profile; 0: none yet */
};

static enum devid_origin tell_origin(void *data)
{
	const struct here *here = data;
	enum devid_origin origin = DEVID_ORIGIN_UNKNOWN;
	struct devid_office_report *report = NULL;

	if (devid_office_find(here->account, here->how, &report) == DEVID_OK)
		origin = report->origin;
	devid_office_free(report);
	return origin;
}

static enum devid_answer tell_profile(const char *name, void *data)
{
	struct here *here = data;
	enum devid_answer answer = DEVID_ANSWER_UNKNOWN;
	struct devid_posture *posture = NULL;
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
				    const struct devid_verdict *verdict, enum devid_office_how how,
				    struct devid_decision **decision)
{
	struct here here = { account, verdict, how, 0 };
	const struct devid_question question = {
		.user = user,
		.ask_names = user != NULL,
		.os = DEVID_OS_LINUX,
		.verdict = verdict,
		.origin = tell_origin,
		.profile = tell_profile,
		.data = &here,
	};

	return devid_decide(account, &question, decision);
}
