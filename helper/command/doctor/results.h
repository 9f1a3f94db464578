/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `devid doctor` has found. */
#pragma once

#include <stddef.h>
#include <glib.h>
#include "doctor.h"

struct doctor_line {
	const struct examination *examination;
	enum outcome outcome;
	char *text;
	char *hint; /* or NULL */
};

struct results {
	GArray *lines; /* struct doctor_line, by their examinations */
	guint counts[OUTCOME_COUNT];
	const struct examination *examination; /* that is under way */
};

/* Runs each examination of the table, with `all_users` those too; none lasts longer than its time.
 */
void doctor_examine(struct results *results, bool all_users);
void results_clear(struct results *results);
const struct doctor_line *results_line(const struct results *results, guint index);
const char *results_word(enum outcome outcome); /* "pass", … */
/* "9 passed, 1 warning, 0 failed"; g_free(). */
char *results_summary(const struct results *results);
