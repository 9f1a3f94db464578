/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid doctor: one run that answers "why can't I connect". Asks nobody anything; what it starts is
 * an agent, which leaves by itself.
 */
#include <config.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/doctor/report.h"
#include "command/doctor/results.h"
#include "command.h"

static struct {
	char *report;
	gboolean list, all_users, json;
} options;

static const GOptionEntry entries[] = {
	{ "report", 0, 0, G_OPTION_ARG_FILENAME, &options.report,
	  "Write all of it to a new file for the help desk, with nothing secret in it", "FILE" },
	{ "all-users", 0, 0, G_OPTION_ARG_NONE, &options.all_users,
	  "Also every user's identities, without their keys (root)", NULL },
	{ "list", 0, 0, G_OPTION_ARG_NONE, &options.list,
	  "List what is examined, and what it reads", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

static const enum colour colours[] = {
	[OUTCOME_PASS] = COLOUR_GOOD,
	[OUTCOME_SKIP] = COLOUR_DIM,
	[OUTCOME_WARN] = COLOUR_WARN,
	[OUTCOME_FAIL] = COLOUR_BAD,
};

static void results_print(const struct results *results)
{
	AUTO_TABLE struct table *table = table_with("RESULT", "OF", "FOUND");
	g_autofree char *summary = results_summary(results);
	const struct examination *last = NULL;

	for (guint i = 0; i < results->lines->len; i++) {
		const struct doctor_line *line = results_line(results, i);
		g_autofree char *hint = g_strdup_printf("hint: %s", line->hint);

		table_cells(table, results_word(line->outcome),
			    line->examination == last ? "" : line->examination->title, line->text);
		last = line->examination;
		table_colour(table, 0, colours[line->outcome]);
		if (line->hint)
			table_line(table, hint, false);
	}
	table_print(table, stdout);
	print_line(stdout, "%s", summary);
}

static void results_json(const struct results *results)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_text(builder, "version", DEVID_VERSION);
	json_text(builder, "result", results->counts[OUTCOME_FAIL] > 0 ? "failed" : "ok");
	json_number(builder, "passed", results->counts[OUTCOME_PASS]);
	json_number(builder, "warnings", results->counts[OUTCOME_WARN]);
	json_number(builder, "failed", results->counts[OUTCOME_FAIL]);
	json_number(builder, "skipped", results->counts[OUTCOME_SKIP]);
	json_begin_array(builder, "findings");
	for (guint i = 0; i < results->lines->len; i++) {
		const struct doctor_line *line = results_line(results, i);

		json_builder_begin_object(builder);
		json_text(builder, "examination", line->examination->name);
		json_text(builder, "result", results_word(line->outcome));
		json_text(builder, "message", line->text);
		json_text(builder, "hint", line->hint);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	report_builder(builder);
}

static void print_examinations(void)
{
	static const char *const members[] = { "name", "reads" };
	AUTO_TABLE struct table *table = table_with("EXAMINATION", "READS");

	for (size_t i = 0; i < doctor_examination_count; i++)
		table_cells(table, doctor_examinations[i].name, doctor_examinations[i].reads);
	if (options.json)
		table_json(table, "examinations", members);
	else
		table_print(table, stdout);
}

static enum exit_status examine(GError **error)
{
	struct results results;
	enum exit_status status;
	bool written;

	doctor_examine(&results, options.all_users);
	status = results.counts[OUTCOME_FAIL] > 0 ? EXIT_FAILED : EXIT_DONE;
	written = options.report && report_results(&results, options.report, error);
	/* A document ends with the error, where there is one: one is enough. */
	if (options.json && !*error)
		results_json(&results);
	else if (!options.json)
		results_print(&results);
	if (written && !options.json)
		print_line(stdout, "report for the help desk, nothing secret in it: %s",
			   options.report);
	results_clear(&results);
	return status;
}

static enum exit_status doctor(char **operands, GError **error)
{
	if (options.list && (options.report || options.all_users))
		return report_usage("doctor", "--list goes with --json alone");
	if (options.all_users && geteuid() != 0) {
		devid_error_set(error, DEVID_DENIED, NULL, "as root: devid doctor --all-users",
				"doctor --all-users: only root may look at every user's records");
		return EXIT_FAILED;
	}
	if (!options.list)
		return examine(error);
	print_examinations();
	return EXIT_DONE;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "Find out why a connection doesn't come about",
	.about =
		"Examine all that a connection needs, and say what is wrong and what to do. Changes "
		"nothing and asks nothing; each examination has an end.",
	.description = "Exit status: 0 nothing failed (there may be warnings), 1 something did.",
	.entries = entries,
	.run = doctor,
};
