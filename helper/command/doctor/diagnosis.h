/* What `devid doctor` has found. */
#pragma once

#include <stddef.h>
#include <glib.h>
#include "doctor.h"

struct doctor_line {
	enum outcome outcome;
	char *text;
	char *hint; /* or NULL */
};

struct doctor_result {
	const struct examination *examination;
	GArray *lines; /* struct doctor_line */
};

struct diagnosis {
	struct doctor_result *results;
	size_t count;
	guint counts[OUTCOME_COUNT];
};

/* One for each of so many examinations; ended by diagnosis_clear(). */
void diagnosis_begin(struct diagnosis *diagnosis, size_t count);
void diagnosis_clear(struct diagnosis *diagnosis);
const char *diagnosis_word(enum outcome outcome); /* "pass", … */
/* "9 passed, 1 warning, 0 failed"; g_free(). */
char *diagnosis_summary(const struct diagnosis *diagnosis);
