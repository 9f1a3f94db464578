/* Subcommands with actions of their own: devid ca add, devid account revoke. */
#include <string.h>

#include "group.h"
#include "print.h"
#include "report.h"
#include "words.h"

static void print_actions(const struct command_group *group, FILE *stream)
{
	print_line(stream, "Usage: devid %s ACTION [OPTION…]", group->name);
	print_lines(stream, COLOUR_PLAIN, "\n");
	print_lines(stream, COLOUR_PLAIN, group->about);
	print_lines(stream, COLOUR_PLAIN, "\nActions:\n");
	for (size_t i = 0; i < group->count; i++) {
		const struct command *action = &group->actions[i];
		g_autofree char *words = g_strdup_printf("%s %s", action->name, action->arguments);

		print_line(stream, "  %-24s %s", words, action->summary);
	}
	print_lines(stream, COLOUR_PLAIN,
		    "\nOptions:\n  -h, --help                Print this text\n\n");
	print_line(stream, "devid %s ACTION --help tells more of each.", group->name);
}

static const char **list_names(const struct command_group *group)
{
	const char **names = g_new0(const char *, group->count + 1);

	for (size_t i = 0; i < group->count; i++)
		names[i] = group->actions[i].name;
	return names;
}

static enum exit_status unknown_action(const struct command_group *group, const char *word)
{
	g_autofree const char **names = list_names(group);
	g_autofree char *wanted = NULL;
	const char *nearest;

	nearest = words_nearest(word, names);
	if (!nearest)
		return report_usage(group->name, "%s: no such action", word);
	wanted = g_strdup_printf("%s %s", group->name, nearest);
	return report_usage_near(wanted, "%s: %s: no such action", group->name, word);
}

enum exit_status group_run(const struct command_group *group, int argc, char **argv)
{
	g_autofree const char **names = list_names(group);
	const char *meant;

	if (argc < 2) {
		print_actions(group, stderr);
		return EXIT_WORDS;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_actions(group, stdout);
		return EXIT_DONE;
	}
	meant = words_meant(argv[1], names);
	for (size_t i = 0; meant && i < group->count; i++) {
		g_autofree char *name = NULL;

		if (strcmp(meant, group->actions[i].name) != 0)
			continue;
		name = g_strdup_printf("%s %s", group->name, group->actions[i].name);
		argv[1] = name;
		return group->actions[i].run(argc - 1, argv + 1);
	}
	return unknown_action(group, argv[1]);
}
