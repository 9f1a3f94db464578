/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options with devid's manners: GOption reads them, we word the help and the complaints. */
#include <string.h>

#include "options.h"
#include "print.h"
#include "table.h"
#include "words.h"

#define HELP_COLUMN    28
#define HELP_WIDTH     80
#define SUMMARY_COLUMN 26

/* --- the help -------------------------------------------------------------------------------- */

static char *arguments_of(const struct command *command)
{
	const struct command *const *action = command->actions;
	GString *text = g_string_new(command->arguments);

	for (; !command->arguments && action && *action; action++)
		g_string_append_printf(text, "%s%s", text->len > 0 ? "|" : "", (*action)->name);
	return g_string_free(text, false);
}

static void add_action(GString *text, const struct command *action)
{
	g_autofree char *arguments = arguments_of(action);
	g_autofree char *words = g_strdup_printf("  %s %s", action->name, arguments);

	g_string_append_printf(text, "%s%*s %s\n", words,
			       MAX(SUMMARY_COLUMN - table_width(words), 0), "", action->summary);
}

static void add_option(GString *text, const GOptionEntry *entry)
{
	g_autoptr(GString) name = g_string_new("  ");

	if (entry->short_name != 0)
		g_string_append_printf(name, "-%c, ", entry->short_name);
	g_string_append_printf(name, "--%s", entry->long_name);
	if (entry->arg_description)
		g_string_append_printf(name, " %s", entry->arg_description);
	if (name->len > HELP_COLUMN - 2)
		g_string_append_printf(text, "%s\n%*s", name->str, HELP_COLUMN, "");
	else
		g_string_append_printf(text, "%-*s", HELP_COLUMN, name->str);
	table_wrap(text, entry->description, HELP_COLUMN, HELP_COLUMN, HELP_WIDTH);
}

void options_help(const struct command *command, const char *name, FILE *stream)
{
	static const GOptionEntry help = {
		"help", 'h', 0, G_OPTION_ARG_NONE, NULL, "Print this text", NULL
	};
	g_autofree char *arguments = arguments_of(command);
	g_autoptr(GString) text = g_string_new("Usage: devid");

	g_string_append_printf(text, "%s%s%s%s%s%s\n\n", name ? " " : "", name ? name : "",
			       command->entries ? " [OPTION…]" : "", *arguments ? " " : "",
			       arguments, command->actions ? " [OPTION…]" : "");
	table_wrap(text, command->about ? command->about : command->summary, 0, 0, HELP_WIDTH);
	if (command->actions)
		g_string_append(text, name ? "\nActions:\n" : "\nCommands:\n");
	for (size_t i = 0; command->actions && command->actions[i]; i++)
		add_action(text, command->actions[i]);
	g_string_append(text, "\nOptions:\n");
	for (const GOptionEntry *entry = command->entries; entry && entry->long_name; entry++)
		if (!(entry->flags & G_OPTION_FLAG_HIDDEN))
			add_option(text, entry);
	add_option(text, &help);
	if (command->description)
		g_string_append_printf(text, "\n%s\n", command->description);
	print_lines(stream, COLOUR_PLAIN, text->str);
}

/* --- the words ------------------------------------------------------------------------------- */

/* Says what is wrong with the words, and which option was meant. */
static enum exit_status complain(const char *name, GError *failure, const GOptionEntry *entries)
{
	g_autoptr(GError) error = failure;
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *dash = strstr(error->message, "--"), *meant = NULL;
	enum exit_status status;

	if (error->code == G_OPTION_ERROR_UNKNOWN_OPTION && dash) {
		for (; entries && entries->long_name; entries++)
			g_ptr_array_add(names, (gpointer)entries->long_name);
		g_ptr_array_add(names, (gpointer) "help");
		g_ptr_array_add(names, NULL);
		meant = words_nearest(dash + 2, (const char *const *)names->pdata);
		status = report_usage(name, "unknown option %s", dash);
		if (meant)
			report_hint("did you mean --%s?", meant);
		return status;
	}
	if (error->code == G_OPTION_ERROR_UNKNOWN_OPTION && strchr(error->message, '-'))
		return report_usage(name, "unknown option %s", strchr(error->message, '-'));
	return report_usage(name, "%s", error->message);
}

/* What stands behind "--"; `words` then end before it. */
static char **take_rest(char **words)
{
	while (*words && strcmp(*words, "--") != 0)
		words++;
	if (!*words)
		return NULL;
	*words = NULL;
	return words + 1;
}

/* The operands, or NULL with *error. */
static char **parse(const GOptionEntry *entries, char **words, gboolean *help, GError **error)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_auto(GStrv) copy = g_strdupv(words);
	g_auto(GStrv) operands = NULL;
	const GOptionEntry common[] = {
		{ "help", 'h', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, help, NULL, NULL },
		{ G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME_ARRAY, &operands,
		  NULL, NULL },
		{ NULL },
	};

	g_option_context_set_help_enabled(context, false);
	if (entries)
		g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_add_main_entries(context, common, NULL);
	if (!g_option_context_parse_strv(context, &copy, error))
		return NULL;
	return operands ? g_steal_pointer(&operands) : g_new0(char *, 1);
}

/* Where the result was to be JSON, an error is. */
static bool wants_json(const GOptionEntry *entries)
{
	for (; entries && entries->long_name; entries++)
		if (strcmp(entries->long_name, "json") == 0)
			return *(const bool *)entries->arg_data;
	return false;
}

static enum exit_status run(const struct command *command, const char *name, char **words)
{
	enum exit_status status;
	GError *error = NULL;
	g_auto(GStrv) operands = NULL;
	gboolean help = false;
	guint count;

	if (command->rest)
		*command->rest = take_rest(words);
	operands = parse(command->entries, words, &help, &error);
	if (!operands)
		return complain(name, error, command->entries);
	if (help) {
		options_help(command, name, stdout);
		return EXIT_DONE;
	}
	count = g_strv_length(operands);
	if (count < command->operands.least)
		return report_usage(name, "%s", command->operands.missing);
	if (count > command->operands.most)
		return report_usage(name, "%s: nothing more is expected",
				    operands[command->operands.most]);
	status = command->run(operands, &error);
	return error ? report_error(&error, wants_json(command->entries)) : status;
}

enum exit_status options_run(const struct command *command, const char *name, char **words)
{
	enum exit_status status = run(command, name, words);

	return command->end ? command->end(words, status) : status;
}
