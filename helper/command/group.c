/* Subcommands with actions of their own: devid ca add, devid account revoke. */
#include <string.h>

#include "command.h"
#include "words.h"

static void print_actions(const struct command_group *group, FILE *stream)
{
	fprintf(stream, "Usage: devid %s ACTION [OPTION…]\n\n%s\nActions:\n", group->name,
		group->about);
	for (size_t i = 0; i < group->count; i++) {
		const struct command *action = &group->actions[i];
		g_autofree char *words = g_strdup_printf("%s %s", action->name, action->arguments);

		fprintf(stream, "  %-24s %s\n", words, action->summary);
	}
	fprintf(stream,
		"\nOptions:\n  -h, --help                Print this text\n"
		"\ndevid %s ACTION --help tells more of each.\n",
		group->name);
}

static enum exit_status unknown_action(const struct command_group *group, const char *word)
{
	g_autofree const char **names = g_new0(const char *, group->count + 1);
	g_autofree char *wanted = NULL;
	const char *nearest;

	for (size_t i = 0; i < group->count; i++)
		names[i] = group->actions[i].name;
	nearest = words_nearest(word, names);
	if (nearest == NULL)
		return report_usage(group->name, "%s: no such action", word);
	wanted = g_strdup_printf("%s %s", group->name, nearest);
	return report_usage_near(wanted, "%s: %s: no such action", group->name, word);
}

enum exit_status group_run(const struct command_group *group, int argc, char **argv)
{
	if (argc < 2) {
		print_actions(group, stderr);
		return EXIT_WORDS;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_actions(group, stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < group->count; i++) {
		g_autofree char *name = NULL;

		if (strcmp(argv[1], group->actions[i].name) != 0)
			continue;
		name = g_strdup_printf("%s %s", group->name, group->actions[i].name);
		argv[1] = name;
		return group->actions[i].run(argc - 1, argv + 1);
	}
	return unknown_action(group, argv[1]);
}
