/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --help prints: usage, actions, options. */
#include "help.h"
#include "print.h"
#include "table.h"

#define HELP_COLUMN    28
#define HELP_WIDTH     80
#define SUMMARY_COLUMN 26

static char *arguments_of(const struct command *command)
{
	const struct command *const *action = command->actions;
	GString *text = g_string_new(command->arguments);

	for (; !command->arguments && action && *action; action++)
		g_string_append_printf(text, "%s%s", text->len > 0 ? "|" : "", (*action)->name);
	return g_string_free(text, FALSE);
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

void help_print(const struct command *command, const char *name, FILE *stream)
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
