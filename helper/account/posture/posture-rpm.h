/* Packages where rpm keeps them. */
#pragma once

#include "posture-support.h"

/* Asks rpm. *version (free it) is NULL where the package is not installed. FALSE with *found: rpm is not
 * there, fails, or doesn't end in time.
 */
gboolean posture_rpm_version(const struct posture_place *place, const char *name, char **version,
			     char **found);
