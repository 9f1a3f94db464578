/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running an examination. */
#pragma once

#include <stdbool.h>

#include "results.h"

/* Runs each of the table; none lasts longer than its time. */
void doctor_examine(struct results *results, bool all_users);
