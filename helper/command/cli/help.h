/* What --help prints. */
#ifndef COMMAND_CLI_HELP_H
#define COMMAND_CLI_HELP_H

#include <stdio.h>
#include "row.h"

/* `name` as one types it ("ca add"); NULL: that of all commands. */
void help_print(const struct command *command, const char *name, FILE *stream);

#endif
