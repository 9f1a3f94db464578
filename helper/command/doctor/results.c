/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `devid doctor` has found. */
#include <glib.h>
#include "results.h"
#include "doctor.h"

static const char *const words[] = {
	[OUTCOME_PASS] = "pass",
	[OUTCOME_SKIP] = "skip",
	[OUTCOME_WARN] = "warn",
	[OUTCOME_FAIL] = "fail",
};

const char *results_word(enum outcome outcome)
{
	return words[outcome];
}

char *results_summary(const struct results *results)
{
	guint warnings = results->counts[OUTCOME_WARN], skipped = results->counts[OUTCOME_SKIP];
	g_autofree char *rest =
		skipped > 0 ? g_strdup_printf(", %u skipped", skipped) : g_strdup("");

	return g_strdup_printf("%u passed, %u warning%s, %u failed%s",
			       results->counts[OUTCOME_PASS], warnings, warnings == 1 ? "" : "s",
			       results->counts[OUTCOME_FAIL], rest);
}

static void line_clear(void *data)
{
	struct doctor_line *line = data;

	g_free(line->text);
	g_free(line->hint);
}

void results_begin(struct results *results)
{
	*results = (struct results){
		.lines = g_array_new(FALSE, FALSE, sizeof(struct doctor_line)),
	};
	g_array_set_clear_func(results->lines, line_clear);
}

void results_clear(struct results *results)
{
	g_array_unref(results->lines);
}

void results_add(struct results *results, enum outcome outcome, const char *hint, const char *text)
{
	const struct doctor_line line = { results->examination, outcome, g_strdup(text),
					  g_strdup(hint) };

	g_array_append_val(results->lines, line);
	results->counts[outcome]++;
}

const struct doctor_line *results_line(const struct results *results, guint index)
{
	return &g_array_index(results->lines, struct doctor_line, index);
}
