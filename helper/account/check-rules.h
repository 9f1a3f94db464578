/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules that a whole path is judged by. */
#pragma once

#include <time.h>
#include "account-private.h"
#include "check-path.h"

/* The first rule that the path breaks: its reason word, *message where there is more to say than
 * the word's row does, and in *rank how far it came; NULL: it keeps them all.
 */
const char *check_rules(const struct devid_account *account, const struct check_path *path,
			time_t at, char **message, unsigned *rank);
