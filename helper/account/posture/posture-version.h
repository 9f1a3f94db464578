/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Versions, and how checks ask for one. */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* dpkg's order of versions; below, at or above zero as strcmp() answers. */
int posture_version_compare(const char *a, const char *b);
/* Whether `version` is `wanted` or above. A `wanted` without an epoch doesn't look at that of
 * `version`: who writes >=1.4 means what the package's makers call 1.4.
 */
bool posture_version_reaches(const char *version, const char *wanted);
bool posture_version_is_sound(const char *version);

/* "NAME" or "NAME>=VERSION"; `version` is NULL for the former. */
struct wanted {
	char *name;
	char *version;
};
#define AUTO_WANTED __attribute__((cleanup(posture_wanted_clear)))
void posture_wanted_clear(struct wanted *wanted);
/* NULL, or what is wrong with it (free it). */
char *posture_wanted_parse(struct wanted *wanted, const char *text);
