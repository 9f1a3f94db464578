/* Options with devid's manners: GOption reads them, we word the help and the complaints. */
#include <string.h>

#include "options.h"
#include "print.h"
#include "report.h"
#include "table.h"
#include "words.h"

#define HELP_COLUMN 28
#define HELP_WIDTH  80

/* What a parse allocated stays reachable until the process ends: argv points into it. */
static char **operands;

static void print_option(GString *text, const GOptionEntry *entry)
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
	text_wrap(text, entry->description, HELP_COLUMN, HELP_COLUMN, HELP_WIDTH);
}

static void print_help(const char *name, const char *arguments, const char *summary,
		       const char *description, const GOptionEntry *entries)
{
	static const GOptionEntry help = {
		"help", 'h', 0, G_OPTION_ARG_NONE, NULL, "Print this text", NULL
	};
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "Usage: devid %s", name);
	if (entries && entries->long_name)
		g_string_append(text, " [OPTION…]");
	if (arguments && *arguments != '\0')
		g_string_append_printf(text, " %s", arguments);
	g_string_append(text, "\n\n");
	text_wrap(text, summary, 0, 0, HELP_WIDTH);
	g_string_append(text, "\nOptions:\n");
	for (; entries && entries->long_name; entries++)
		if (!(entries->flags & G_OPTION_FLAG_HIDDEN))
			print_option(text, entries);
	print_option(text, &help);
	if (description)
		g_string_append_printf(text, "\n%s\n", description);
	print_lines(stdout, COLOUR_PLAIN, text->str);
}

/* Says what is wrong with the words, and which option was meant. */
static enum exit_status complain(const char *name, const GError *error, const GOptionEntry *entries)
{
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

bool options_parse(int *argc, char ***argv, const char *arguments, const char *summary,
		   const char *description, const GOptionEntry *entries, bool *done,
		   enum exit_status *status)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) copy = g_new0(char *, (gsize)*argc + 1);
	g_auto(GStrv) rest = NULL;
	g_autofree char *name = g_strdup((*argv)[0]);
	gboolean help = FALSE;
	const GOptionEntry common[] = {
		{ "help", 'h', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &help, NULL, NULL },
		{ G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME_ARRAY, &rest,
		  NULL, NULL },
		{ NULL },
	};

	*done = true;
	*status = EXIT_DONE;
	for (int i = 0; i < *argc; i++)
		copy[i] = g_strdup((*argv)[i]);
	g_option_context_set_help_enabled(context, FALSE);
	if (entries)
		g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_add_main_entries(context, common, NULL);
	if (!g_option_context_parse_strv(context, &copy, &error)) {
		*status = complain(name, error, entries);
		return false;
	}
	if (help) {
		print_help(name, arguments, summary, description, entries);
		return true;
	}
	g_strfreev(operands);
	operands = g_new0(char *, 2 + (!rest ? 0 : g_strv_length(rest)));
	operands[0] = g_steal_pointer(&name);
	*argc = 1;
	for (char **operand = rest; operand && *operand; operand++)
		operands[(*argc)++] = g_strdup(*operand);
	*argv = operands;
	*done = false;
	return true;
}
