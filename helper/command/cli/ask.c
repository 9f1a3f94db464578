/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The question before something that can't be undone. */
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "print.h"

#define ANSWER_MAX 16

bool ask_would(bool yes)
{
	return !yes && isatty(STDIN_FILENO);
}

enum ask_answer ask_yes(const char *command, bool yes)
{
	char answer[ANSWER_MAX] = "";

	if (yes)
		return ASK_YES;
	if (!ask_would(yes))
		return ASK_NOBODY;
	print_lines(stderr, COLOUR_PLAIN, "Type yes to go on: ");
	if (fgets(answer, sizeof(answer), stdin) && strcmp(g_strstrip(answer), "yes") == 0)
		return ASK_YES;
	print_line(stderr, "devid: %s: nothing was changed", command);
	return ASK_NO;
}
