/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ask.c: the question before something that can't be undone. */
#pragma once

#include <stdbool.h>

enum ask_answer {
	ASK_YES, /* --yes, or typed */
	ASK_NO,	 /* anything else was typed, or the input ended: that nothing was changed has been
		    told */
	ASK_NOBODY, /* standard input is no terminal: nobody was asked */
};

/* Whether ask_yes() would ask: what will stop working is told before it only then. */
bool ask_would(bool yes);
/* What will happen has been told on standard error. `command` as its user typed it ("ca remove"),
 * for the line that nothing was changed; `yes`: --yes was given.
 */
enum ask_answer ask_yes(const char *command, bool yes);
