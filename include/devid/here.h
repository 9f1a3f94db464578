/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account's decision for this machine: what devid/policy.h decides, with the answers that
 * devid/posture.h and devid/office.h find here.
 */
#ifndef DEVID_HERE_H
#define DEVID_HERE_H

#include <devid/office.h>
#include <devid/policy.h>
#include <devid/posture.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Decides for `user` on this machine, which is Linux, with the verdict on the certificate in use
 * (NULL: there is none). The network is looked at as `how` says, and profiles are run, only where
 * the account's settings or rules depend on them: each at most once, profiles in at most about 4.5
 * s altogether (what there is no time for could not be told). Returns DEVID_OK whenever `*decision`
 * was made; the caller frees it with devid_decision_free().
 */
DEVID_PUBLIC enum devid_result devid_decide_here(const struct devid_account *account,
						 const char *user, enum devid_office_how how,
						 const struct devid_verdict *verdict,
						 struct devid_decision **decision) DEVID_MUST_USE;

/* The answers themselves, for a struct devid_question whose data is a struct devid_here. */
struct devid_here {
	const struct devid_account *account;
	enum devid_office_how how;
	const struct devid_verdict *verdict;
	long long begun; /* when the first profile was, in microseconds; 0: none was yet */
};
DEVID_PUBLIC enum devid_origin devid_here_origin(void *here);
DEVID_PUBLIC enum devid_answer devid_here_profile(const char *name, void *here);

#ifdef __cplusplus
}
#endif
#endif
