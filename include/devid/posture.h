/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device posture: the account's device profiles, each a list of checks of this machine. Which
 * checks there are, devid_posture_kind() tells. Each has a bound of three seconds and three
 * answers; what could not be told counts as the profile's IfUnknown= says (fail by default).
 */
#ifndef DEVID_POSTURE_H
#define DEVID_POSTURE_H

#include <devid/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A kind of check, as the manual and `devid posture` describe it. */
struct devid_posture_kind {
	const char *name;	/* the key in a [Profile] section: "Firewall" */
	const char *parameters; /* how its value is written */
	const char *reads;	/* what it looks at */
};
DEVID_PUBLIC const struct devid_posture_kind *devid_posture_kind(size_t index); /* NULL: no more */

struct devid_posture_check {
	const char *name;  /* the kind's */
	const char *value; /* as the account has it */
	enum devid_answer answer;
	char *message; /* one clause: what was found */
};

/* What one run found; its strings and checks are its own. */
struct devid_posture {
	const char *profile;
	enum devid_answer answer;     /* of all checks, with IfUnknown= applied: never UNKNOWN */
	enum devid_answer if_unknown; /* PASS or FAIL */
	struct devid_posture_check *checks;
	size_t count;
};

/* Runs one profile's checks, side by side, in at most about three seconds. `verdict` answers the
 * check DeviceCertificate (NULL: no certificate). DEVID_NOT_FOUND: no such profile;
 * DEVID_NO_ACCOUNT and DEVID_ACCOUNT_BROKEN: nothing is run; `*posture` is then NULL. The caller
 * frees with devid_posture_free(), which takes NULL too.
 */
DEVID_PUBLIC enum devid_result devid_posture_run(const struct devid_account *account,
						 const char *profile,
						 const struct devid_verdict *verdict,
						 struct devid_posture **posture) DEVID_MUST_USE;
DEVID_PUBLIC void devid_posture_free(struct devid_posture *posture);

/* The profiles' names, in the order of the file; NULL: no more. */
DEVID_PUBLIC size_t devid_account_profile_count(const struct devid_account *account);
DEVID_PUBLIC const char *devid_account_profile(const struct devid_account *account, size_t index);

#ifdef __cplusplus
}
#endif
#endif
