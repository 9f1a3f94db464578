/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an account answers by its policy, offices and profiles, whose rooms know no account. */
#include <devid/here.h>
#include "account/office/office.h"
#include "account/policy/decide.h"
#include "account/policy/policy.h"
#include "account/policy/user.h"
#include "account/posture/posture-run.h"
#include "account/posture/profile.h"
#include "account-policy.h"
#include "account-private.h"

const struct policy *account_policy(const struct devid_account *account)
{
	return &account->policy;
}

bool devid_account_has_policy(const struct devid_account *account)
{
	const struct policy *policy = &account->policy;
	bool given = policy->rules->len || policy->offices->len;

	for (int os = 0; os < DEVID_OS_COUNT; os++)
		given = given || policy->settings.of[os] != DEVID_SETTING_REQUIRE;
	for (guint i = 0; i < policy->users->len && !given; i++)
		given = ((const struct policy_user *)policy->users->pdata[i])->override;
	return given;
}

bool devid_account_may_use_system(const struct devid_account *account, unsigned uid, unsigned gid)
{
	return account->state != DEVID_ACCOUNT_UNUSABLE &&
	       (uid == 0 || user_is_listed(account->system_users, uid, gid));
}

bool devid_account_may_use_tpm(const struct devid_account *account, unsigned uid, unsigned gid)
{
	return account->state != DEVID_ACCOUNT_UNUSABLE &&
	       (uid == 0 || user_is_listed(account->tpm_users, uid, gid));
}

enum devid_result devid_decide(const struct devid_account *account,
			       const struct devid_question *question,
			       struct devid_decision **decision)
{
	if (account->state == DEVID_ACCOUNT_NONE)
		*decision = policy_refuse("no-account", NULL);
	else if (account->state == DEVID_ACCOUNT_UNUSABLE)
		*decision = policy_refuse("account-broken", g_strdup(account->problem));
	else
		*decision = policy_decide(&account->policy, question);
	return DEVID_OK;
}

enum devid_result devid_office_find(const struct devid_account *account, enum devid_office_how how,
				    struct devid_office_report **report)
{
	*report = office_find(account->policy.offices, how);
	return DEVID_OK;
}

size_t devid_account_office_count(const struct devid_account *account)
{
	return account->policy.offices->len;
}

enum devid_result devid_posture_run(const struct devid_account *account, const char *profile,
				    const struct devid_verdict *verdict,
				    struct devid_posture **posture)
{
	const struct profile *found;

	*posture = NULL;
	if (account->state == DEVID_ACCOUNT_NONE)
		return DEVID_NO_ACCOUNT;
	if (account->state != DEVID_ACCOUNT_READY)
		return DEVID_ACCOUNT_BROKEN;
	found = policy_profile(&account->policy, profile);
	if (!found)
		return DEVID_NOT_FOUND;
	*posture = posture_run(found, verdict);
	return DEVID_OK;
}

size_t devid_account_profile_count(const struct devid_account *account)
{
	return account->policy.profiles->len;
}

const char *devid_account_profile(const struct devid_account *account, size_t index)
{
	const GPtrArray *profiles = account->policy.profiles;
	const struct profile *profile = index < profiles->len ? profiles->pdata[index] : NULL;

	return profile ? profile->name : NULL;
}

/* The decision for this machine (devid/here.h). What can't be found out is unknown. */

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
