/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a decision asks, each when it is first needed: where this is, which profiles the device
 * meets. */
#include "account/posture/profile.h"
#include "deciding.h"
#include "policy.h"

enum devid_origin deciding_origin(struct deciding *deciding)
{
	const struct devid_question *question = deciding->question;

	if (!deciding->has_origin) {
		deciding->has_origin = TRUE;
		deciding->decision->asked_origin = true;
		if (question->origin)
			deciding->origin = question->origin(question->data);
	}
	return deciding->origin;
}

/* What could not be told counts as the profile's IfUnknown= says. */
enum devid_answer deciding_profile(struct deciding *deciding, const char *name)
{
	const struct devid_question *question = deciding->question;
	const GPtrArray *profiles = deciding->policy->profiles;
	const struct profile *profile = policy_profile(deciding->policy, name);
	enum devid_answer *answer;
	guint at;

	if (!profile || !g_ptr_array_find((GPtrArray *)profiles, profile, &at))
		return DEVID_ANSWER_FAIL;
	answer = &deciding->profiles[at];
	if (*answer == 0) {
		deciding->decision->asked_profile = true;
		*answer = DEVID_ANSWER_UNKNOWN;
		if (question->profile)
			*answer = question->profile(name, question->data);
		if (*answer != DEVID_ANSWER_PASS && *answer != DEVID_ANSWER_FAIL)
			*answer = profile->if_unknown;
	}
	return *answer;
}
