/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report for the help desk. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "results.h"

/* All of it, in a new file that nobody else can read. */
bool report_results(const struct results *results, const char *path, GError **error);
