/* Running a profile. */
#ifndef ACCOUNT_POSTURE_POSTURE_RUN_H
#define ACCOUNT_POSTURE_POSTURE_RUN_H

#include "profile.h"

/* What devid_posture_run() does for one profile, in at most three seconds. */
struct devid_posture *posture_run(const struct profile *profile,
				  const struct devid_verdict *verdict);

#endif
