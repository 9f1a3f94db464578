/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `devid reset-cred` goes through: places that keep something, each with what was found
 * there. */
#pragma once

#include <internal/path.h>

#include "command/cli/report.h"

struct reset_place {
	char *name;
	char *state; /* one line: what is, or was, there */
	gint64 found, removed;
	GPtrArray *items; /* char*: what can be named */
};

struct reset {
	gboolean keys, strays, dry_run;
	GPtrArray *places;	 /* struct reset_place* */
	GPtrArray *unreachable;	 /* char*: "what: why" */
	enum exit_status status; /* the first that was not EXIT_DONE */
	GError *first;
};

void reset_begin(struct reset *reset);
void reset_end(struct reset *reset);
/* The place belongs to the reset; fill it. */
struct reset_place *reset_place_new(struct reset *reset, const char *name);
void reset_state(struct reset_place *place, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* What was found and removed; `none`: nothing was found. */
void reset_count(struct reset_place *place, const char *none);
/* The place can't be had; consumes the error, as reset_failed(). */
void reset_place_failed(struct reset *reset, struct reset_place *place, GError *error);
void reset_item(struct reset_place *place, const char *item);
void reset_unreachable(struct reset *reset, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Keeps the first error, which decides the exit status; consumes it. */
void reset_failed(struct reset *reset, GError *error);
