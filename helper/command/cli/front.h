/* How the command tells and asks what the libraries have to tell and to ask. */
#ifndef COMMAND_CLI_FRONT_H
#define COMMAND_CLI_FRONT_H

/* Before a subcommand runs. */
void cli_front_set(void);

#endif
