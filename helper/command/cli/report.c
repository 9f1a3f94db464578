/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a command speaks: errors with their hints, warnings, JSON, colours. */
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "base/json-build.h"
#include "base/text.h"
#include "print.h"
#include "report.h"
#include "words.h"

static const struct {
	enum devid_result result;
	enum exit_status status;
} statuses[] = {
	{ DEVID_OK, EXIT_DONE },
	{ DEVID_USAGE, EXIT_WORDS },
	{ DEVID_CHECK_FAILED, EXIT_CERTIFICATE },
	{ DEVID_BLOCKED, EXIT_BLOCKED },
	{ DEVID_STORE_LOCKED, EXIT_STORE },
	{ DEVID_STORE_DISMISSED, EXIT_STORE },
	{ DEVID_STORE_MISSING, EXIT_STORE },
	{ DEVID_STORE_TIMEOUT, EXIT_STORE },
	{ DEVID_NO_ACCOUNT, EXIT_NO_ACCOUNT },
};

enum exit_status report_exit_status(enum devid_result result)
{
	for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (statuses[i].result == result)
			return statuses[i].status;
	return EXIT_FAILED;
}

void report_say(const char *before, enum colour which, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	fflush(stdout);
	print_piece(stderr, which, "%s", before);
	print_line(stderr, "%s", text);
}

#define say_error(...) report_say("devid: ", COLOUR_BAD, __VA_ARGS__)

enum exit_status report_usage(const char *command, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	say_error("%s%s%s", command ? command : "", command ? ": " : "", text);
	report_hint("devid help%s%s", command ? " " : "", command ? command : "");
	return EXIT_WORDS;
}

enum exit_status report_unknown(const char *command, const char *what, const char *word,
				const char *const *known)
{
	const char *nearest = words_nearest(word, known);

	if (!nearest)
		return report_usage(command, "%s: no such %s", word, what);
	say_error("%s%s%s: no such %s", command ? command : "", command ? ": " : "", word, what);
	report_hint("did you mean devid %s%s%s?", command ? command : "", command ? " " : "",
		    nearest);
	return EXIT_WORDS;
}

static void print_error_json(const GError *error)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	const char *const members[][2] = {
		{ "result", "error" },
		{ "reason", devid_error_reason(error) },
		{ "message", error->message },
		{ "hint", devid_error_hint(error) },
		{ "brackets", devid_error_brackets(error) },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
		if (members[i][1])
			json_text(builder, members[i][0], members[i][1]);
	report_builder(builder);
}

enum exit_status report_error(GError **error, bool json)
{
	enum exit_status status = report_exit_status(devid_error_result(*error));

	if (json) {
		print_error_json(*error);
	} else {
		fflush(stdout);
		if (devid_error_brackets(*error))
			print_line(stderr, "%s", devid_error_brackets(*error));
		say_error("%s", (*error)->message);
		if (devid_error_hint(*error))
			report_hint("%s", devid_error_hint(*error));
	}
	g_clear_error(error);
	return status;
}

/* JSON lets characters through that steer a terminal or hide. They can only stand in a string,
 * where \u says the same (RFC 8259 section 7).
 */
static char *json_escaped(const char *json)
{
	g_autofree char *valid = g_utf8_make_valid(json, -1);
	GString *text = g_string_sized_new(strlen(valid) + 1);

	for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (character < 0x7f || text_character_shows(character))
			g_string_append_unichar(text, character);
		else if (character < 0x10000)
			g_string_append_printf(text, "\\u%04x", character);
		else
			g_string_append_printf(text, "\\u%04x\\u%04x", 0xd7c0 + (character >> 10),
					       0xdc00 + (character & 0x3ff));
	}
	return g_string_free(text, FALSE);
}

char *report_json_text(JsonNode *root, bool pretty)
{
	g_autofree char *text = json_to_string(root, pretty);

	json_node_unref(root);
	return json_escaped(text);
}

/* JSON has its own escapes: this is the one way to write it as it is. */
static void G_GNUC_PRINTF(1, 2) write_json(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
}

void report_json(JsonNode *root)
{
	g_autofree char *text = report_json_text(root, true);

	write_json("%s\n", text);
}

/* As report_json() would print them all. */
void report_json_array(const char *name, JsonNode *(*next)(void *data), void *data)
{
	JsonNode *node;
	bool any = false;

	write_json("{\n  \"%s\" : [", name);
	while ((node = next(data)) != NULL) {
		g_autofree char *text = report_json_text(node, true);
		g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

		for (char **line = lines; *line != NULL; line++)
			write_json("%s\n    %s", line == lines && any ? "," : "", *line);
		any = true;
	}
	write_json("%s]\n}\n", any ? "\n  " : "");
}

void report_outcome(JsonBuilder *builder, const GError *error)
{
	json_text(builder, "result", !error ? "ok" : "error");
	json_text(builder, "reason", !error ? "ok" : devid_error_reason(error));
	json_text(builder, "message", !error ? NULL : error->message);
	json_text(builder, "hint", !error ? NULL : devid_error_hint(error));
}

void report_builder(JsonBuilder *builder)
{
	json_builder_end_object(builder);
	report_json(json_builder_get_root(builder));
}

enum colour report_verdict_colour(const struct devid_verdict *verdict)
{
	if (verdict->result == DEVID_OK)
		return COLOUR_GOOD;
	if (verdict->result == DEVID_NO_ACCOUNT)
		return COLOUR_WARN;
	return COLOUR_BAD;
}
