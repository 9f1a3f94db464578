/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words behind a command: options, operands. */
#pragma once

#include <stdio.h>
#include "row.h"

/* Runs the command with the operands among `words`, which begin with its own; options, their number
 * and --help are seen to. `name` as one types it ("ca add").
 */
enum exit_status options_run(const struct command *command, const char *name, char **words);
/* What --help prints. `name` NULL: that of all commands. */
void options_help(const struct command *command, const char *name, FILE *stream);
