/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a command speaks: errors with their hints, warnings, JSON. */
#pragma once

#include <stdbool.h>
#include <devid/check.h>
#include <devid/result.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include "print.h"

/* devid(1), EXIT STATUS. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_WORDS = 2,
	EXIT_CERTIFICATE = 3,
	EXIT_BLOCKED = 4,
	EXIT_STORE = 5,
	EXIT_NO_ACCOUNT = 6,
};

/* How a command ends badly: the bracket line where there is one, "devid: what: why",
 * "hint: …"; with `json` an object {"result": "error", "reason": …, "message": …, "hint": …} on
 * stdout instead. Answers the exit status that belongs to the error's result; frees and clears
 * *error.
 */
enum exit_status report_error(GError **error, bool json);
enum exit_status report_usage(const char *command, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* `word` is none of those that are known: with the hint "did you mean devid COMMAND NEAREST?". */
enum exit_status report_unknown(const char *command, const char *what, const char *word,
				const char *const *known);
/* A line on standard error, with a word before it in its colour. */
void report_say(const char *before, enum colour which, const char *format, ...) G_GNUC_PRINTF(3, 4);
#define report_warning(...) report_say("warning: ", COLOUR_WARN, __VA_ARGS__)
#define report_hint(...)    report_say("hint: ", COLOUR_BOLD, __VA_ARGS__)
enum exit_status report_exit_status(enum devid_result result);
/* Prints a JSON document (pretty, UTF-8, LF) on stdout; consumes `root`. */
void report_json(JsonNode *root);
/* A document that is one array, printed element by element as `next` gives them, NULL at their end;
 * consumes them. */
void report_json_array(const char *name, JsonNode *(*next)(void *data), void *data);
/* What report_json() prints, for g_free(); without `pretty` in one line. */
char *report_json_text(JsonNode *root, bool pretty);
/* What became of it, as a failure's object has it: members of one that has others too. */
void report_outcome(JsonBuilder *builder, const GError *error);
/* Ends the outermost object and prints it. */
void report_builder(JsonBuilder *builder);
enum colour report_verdict_colour(const struct devid_verdict *verdict);
