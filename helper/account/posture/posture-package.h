/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packages that are installed. */
#pragma once

#include <stdbool.h>
#include "posture-support.h"
#include "posture-version.h"

/* Adds the answer to the sum. */
void posture_package_ask(const struct posture_place *place, const struct wanted *wanted,
			 struct posture_sum *sum);
bool posture_package_name_is_sound(const char *name);
/* dpkg's status file. false: it is damaged. *version (free it) is NULL where the package is not
 * installed; of several architectures the lowest counts.
 */
bool posture_package_find(const char *text, gsize length, const char *name, char **version);
