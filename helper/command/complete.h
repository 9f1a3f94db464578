/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a shell offers for a command that is being typed: `devid --complete WORD…`, for
 * data/completions. */
#pragma once

#include "command/cli/row.h"

/* `words`: those behind "devid"; the last is the one being typed, so there is one at least. Prints
 *a line for each that may stand in its place, and the shell takes those that fit what was typed:
 *
 *	+WORD		blanks and all
 *	=WORD WHAT	WORD has no blanks; what it is, for shells that show it
 *	:files		likewise :folders, :users, :groups, :hosts: the shell has them
 */
enum exit_status complete_print(const struct command *devid, char **words);
