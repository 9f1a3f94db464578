/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments as people write them on a command line. */
#pragma once

#include <stdbool.h>
#include <time.h>
#include <glib.h>

/* What when_parse() takes, for help texts. */
#define WHEN_FORMS "2026-11-22, 2026-11-22T10:00Z, @SECONDS, or 90m, 12h, 7d ago"

bool when_parse(const char *text, time_t now, time_t *when);
