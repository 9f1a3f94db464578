/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which commands a user may have run as root, and with which options: no other word gets through.
 */
#pragma once

#include <stdbool.h>
#include <glib.h>

struct words {
	const char *action; /* polkit's */
	bool reads;	    /* the pipe has something for it */
	GPtrArray *argv;    /* char*, NULL-ended: devid and its words */
};

/* `options`, a{ss}: an option's name without its dashes, and its value, "" where it takes none.
 * False: the reason, for a person. */
bool words_take(struct words *words, const char *command, GVariant *options, const char **why);
void words_clear(struct words *words);
