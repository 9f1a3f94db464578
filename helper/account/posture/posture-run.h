/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a profile. */
#pragma once

#include "profile.h"

/* What devid_posture_run() does for one profile, in at most three seconds. */
struct devid_posture *posture_run(const struct profile *profile,
				  const struct devid_verdict *verdict);
