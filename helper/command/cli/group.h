/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of several commands, or of a command's actions, the words mean. */
#pragma once

#include "row.h"

/* NULL: it has none of that name. */
const struct command *group_find(const struct command *group, const char *word);
/* Runs the action that `words` name behind the group's own word. `name` as one types it ("ca");
 * NULL: the group is that of all commands.
 */
enum exit_status group_run(const struct command *group, const char *name, char **words);
