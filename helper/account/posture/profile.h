/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A [Profile NAME] section: what a device profile holds. */
#pragma once

#include <glib.h>
#include <devid/posture.h>
#include "base/conf.h"

struct posture_check;

struct profile_check {
	const struct posture_check *check;
	char *value;
};
struct profile {
	char *name;
	enum devid_answer if_unknown; /* FAIL unless IfUnknown=pass */
	GArray *checks;		      /* struct profile_check */
};
struct profile *profile_new(const char *name);
void profile_free(struct profile *profile);
/* The keys of a [Profile] section, IfUnknown= and one for each row of the table; the target is a
 * struct profile.
 */
const struct conf_key *profile_keys(gsize *count);
/* For the end of the section: NULL, or that it has no check. */
char *profile_end(void *profile);
