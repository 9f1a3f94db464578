/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Name constraints. */
#pragma once

#include <stdbool.h>
#include "check-path.h"

/* Whether the name constraints of the path's CAs allow the names below them (RFC
 * 5280 section 4.2.1.10).
 */
bool check_names(const struct check_path *path);
