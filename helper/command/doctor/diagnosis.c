/* What `devid doctor` has found. */
#include <glib.h>
#include "diagnosis.h"
#include "doctor.h"

static const char *const words[] = {
	[OUTCOME_PASS] = "pass",
	[OUTCOME_SKIP] = "skip",
	[OUTCOME_WARN] = "warn",
	[OUTCOME_FAIL] = "fail",
};

const char *diagnosis_word(enum outcome outcome)
{
	return words[outcome];
}

char *diagnosis_summary(const struct diagnosis *diagnosis)
{
	guint warnings = diagnosis->counts[OUTCOME_WARN], skipped = diagnosis->counts[OUTCOME_SKIP];
	g_autofree char *rest =
		skipped > 0 ? g_strdup_printf(", %u skipped", skipped) : g_strdup("");

	return g_strdup_printf("%u passed, %u warning%s, %u failed%s",
			       diagnosis->counts[OUTCOME_PASS], warnings, warnings == 1 ? "" : "s",
			       diagnosis->counts[OUTCOME_FAIL], rest);
}

static void line_clear(void *data)
{
	struct doctor_line *line = data;

	g_free(line->text);
	g_free(line->hint);
}

void diagnosis_begin(struct diagnosis *diagnosis)
{
	*diagnosis = (struct diagnosis){
		.lines = g_array_new(FALSE, FALSE, sizeof(struct doctor_line)),
	};
	g_array_set_clear_func(diagnosis->lines, line_clear);
}

void diagnosis_clear(struct diagnosis *diagnosis)
{
	g_array_unref(diagnosis->lines);
}

void diagnosis_add(struct diagnosis *diagnosis, enum outcome outcome, const char *hint,
		   const char *text)
{
	const struct doctor_line line = { diagnosis->examination, outcome, g_strdup(text),
					  g_strdup(hint) };

	g_array_append_val(diagnosis->lines, line);
	diagnosis->counts[outcome]++;
}

const struct doctor_line *diagnosis_line(const struct diagnosis *diagnosis, guint index)
{
	return &g_array_index(diagnosis->lines, struct doctor_line, index);
}
