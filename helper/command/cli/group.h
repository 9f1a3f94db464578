/* Subcommands: the row of each, and those with actions of their own. */
#ifndef COMMAND_CLI_GROUP_H
#define COMMAND_CLI_GROUP_H

#include <stddef.h>
#include "report.h"

/* A row of the table in command/main.c. `run` gets argv[0] = the subcommand's name and answers an exit
 * status. main() has already replaced typographic dashes, set the locale, and handled `devid help
 * NAME`.
 */
struct command {
	const char *name;
	const char *arguments; /* "FILE" for the usage line */
	const char *summary;   /* one line for `devid help` */
	enum exit_status (*run)(int argc, char **argv);
};
/* A subcommand with actions of its own, as "ca add". An action's run() gets argv[0] = "ca add". */
struct command_group {
	const char *name;
	const char *about; /* what the actions are for: whole lines */
	const struct command *actions;
	size_t count;
};
enum exit_status group_run(const struct command_group *group, int argc, char **argv);

#endif
