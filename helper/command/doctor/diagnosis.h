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

struct diagnosis {
	GArray *lines; /* struct doctor_line, by their examinations */
	guint counts[OUTCOME_COUNT];
	const struct examination *examination; /* that is under way */
};

/* Ended by diagnosis_clear(). */
void diagnosis_begin(struct diagnosis *diagnosis);
void diagnosis_clear(struct diagnosis *diagnosis);
/* A line of the examination that is under way. */
void diagnosis_add(struct diagnosis *diagnosis, enum outcome outcome, const char *hint,
		   const char *text);
const struct doctor_line *diagnosis_line(const struct diagnosis *diagnosis, guint index);
const char *diagnosis_word(enum outcome outcome); /* "pass", … */
/* "9 passed, 1 warning, 0 failed"; g_free(). */
char *diagnosis_summary(const struct diagnosis *diagnosis);
