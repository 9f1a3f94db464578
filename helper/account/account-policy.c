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
