/* How a command speaks: errors with their hints, warnings, JSON, colours. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

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

/* Indexed by enum colour: SGR sequences that every terminal of the last decades knows. */
static const char *const sequences[] = {
	[COLOUR_PLAIN] = "\033[0m", [COLOUR_GOOD] = "\033[32m", [COLOUR_WARN] = "\033[33m",
	[COLOUR_BAD] = "\033[31m",  [COLOUR_DIM] = "\033[2m",	[COLOUR_BOLD] = "\033[1m",
};

enum exit_status exit_status_for(enum devid_result result)
{
	for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (statuses[i].result == result)
			return statuses[i].status;
	return EXIT_FAILED;
}

const char *colour(enum colour which, FILE *stream)
{
	const char *term = getenv("TERM"), *refused = getenv("NO_COLOR");

	if ((refused != NULL && *refused != '\0') || term == NULL || strcmp(term, "dumb") == 0 ||
	    !isatty(fileno(stream)))
		return "";
	return sequences[which];
}

/* Messages carry names out of certificates and file names: nothing of them may steer a terminal. */
static char *escaped(const char *text)
{
	char *safe = devid_text_escape(text, strlen(text)), *copy = g_strdup(safe);

	free(safe);
	return copy != NULL ? copy : g_strdup("(unprintable)");
}

static void say(const char *before, enum colour which, const char *format, va_list arguments)
{
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	g_autofree char *safe = escaped(text);

	fflush(stdout);
	fprintf(stderr, "%s%s%s%s\n", colour(which, stderr), before, colour(COLOUR_PLAIN, stderr),
		safe);
}

static void G_GNUC_PRINTF(1, 2) say_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("devid: ", COLOUR_BAD, format, arguments);
	va_end(arguments);
}

void report_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("warning: ", COLOUR_WARN, format, arguments);
	va_end(arguments);
}

void report_hint(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("hint: ", COLOUR_BOLD, format, arguments);
	va_end(arguments);
}

enum exit_status report_usage(const char *command, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (command != NULL)
		say_error("%s: %s", command, text);
	else
		say_error("%s", text);
	report_hint("devid help%s%s", command != NULL ? " " : "", command != NULL ? command : "");
	return EXIT_WORDS;
}

enum exit_status report_usage_near(const char *nearest, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("devid: ", COLOUR_BAD, format, arguments);
	va_end(arguments);
	report_hint("did you mean devid %s?", nearest);
	return EXIT_WORDS;
}

static void add_text(JsonObject *object, const char *name, const char *value)
{
	g_autofree char *valid = value == NULL ? NULL : g_utf8_make_valid(value, -1);

	if (valid != NULL)
		json_object_set_string_member(object, name, valid);
}

static void print_error_json(const GError *error)
{
	JsonObject *object = json_object_new();
	JsonNode *root = json_node_new(JSON_NODE_OBJECT);

	add_text(object, "result", "error");
	add_text(object, "reason", devid_error_reason(error));
	add_text(object, "message", error->message);
	add_text(object, "hint", devid_error_hint(error));
	add_text(object, "brackets", devid_error_brackets(error));
	json_node_take_object(root, object);
	report_json(root);
}

enum exit_status report_error(GError **error, bool json)
{
	enum exit_status status = exit_status_for(devid_error_result(*error));

	if (json) {
		print_error_json(*error);
	} else {
		/* Brackets are escaped where they are made: twice would double the backslashes. */
		if (devid_error_brackets(*error) != NULL)
			fprintf(stderr, "%s\n", devid_error_brackets(*error));
		say_error("%s", (*error)->message);
		if (devid_error_hint(*error) != NULL)
			report_hint("%s", devid_error_hint(*error));
	}
	g_clear_error(error);
	return status;
}

/* A character that steers a terminal or hides, and that JSON lets through as it is. It can only stand in a
 * string, where \u says the same (RFC 8259 section 7).
 */
static bool steers(gunichar character)
{
	GUnicodeType type = g_unichar_type(character);

	return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
	       type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

static char *json_escaped(const char *json)
{
	g_autofree char *valid = g_utf8_make_valid(json, -1);
	GString *text = g_string_sized_new(strlen(valid) + 1);

	for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (character < 0x7f || !steers(character))
			g_string_append_unichar(text, character);
		else if (character < 0x10000)
			g_string_append_printf(text, "\\u%04x", character);
		else
			g_string_append_printf(text, "\\u%04x\\u%04x", 0xd7c0 + (character >> 10),
					       0xdc00 + (character & 0x3ff));
	}
	return g_string_free(text, FALSE);
}

void report_json(JsonNode *root)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autofree char *text = NULL;
	g_autofree char *safe = NULL;

	json_generator_set_pretty(generator, TRUE);
	json_generator_set_indent(generator, 2);
	json_generator_set_root(generator, root);
	text = json_generator_to_data(generator, NULL);
	safe = json_escaped(text);
	printf("%s\n", safe);
	json_node_unref(root);
}
