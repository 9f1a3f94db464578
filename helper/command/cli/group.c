/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of several commands, or of a command's actions, the words mean. */
#include <string.h>

#include "group.h"
#include "options.h"
#include "words.h"

static const char **names_of(const struct command *group)
{
	GPtrArray *names = g_ptr_array_new();

	for (size_t i = 0; group->actions[i]; i++)
		g_ptr_array_add(names, (gpointer)group->actions[i]->name);
	g_ptr_array_add(names, NULL);
	return (const char **)g_ptr_array_free(names, FALSE);
}

const struct command *group_find(const struct command *group, const char *word)
{
	g_autofree const char **names = names_of(group);
	const char *meant = words_meant(word, names);

	for (size_t i = 0; meant && group->actions[i]; i++)
		if (strcmp(group->actions[i]->name, meant) == 0)
			return group->actions[i];
	return NULL;
}

static enum exit_status unknown(const struct command *group, const char *name, const char *word)
{
	g_autofree const char **names = names_of(group);

	if (word[0] == '-')
		return report_usage(name, "unknown option %s", word);
	return report_unknown(name, name ? "action" : "command", word, names);
}

enum exit_status group_run(const struct command *group, const char *name, char **words)
{
	const struct command *action;
	g_autofree char *whole = NULL;
	bool help = words[0] && words[1] &&
		    (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0);

	if (!words[0] || !words[1] || help) {
		options_help(group, name, help ? stdout : stderr);
		return help ? EXIT_DONE : EXIT_WORDS;
	}
	action = group_find(group, words[1]);
	if (!action)
		return unknown(group, name, words[1]);
	whole = g_strdup_printf("%s%s%s", name ? name : "", name ? " " : "", action->name);
	return action->actions ? group_run(action, whole, words + 1)
			       : options_run(action, whole, words + 1);
}
