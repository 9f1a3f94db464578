/* Options of a command. */
#ifndef COMMAND_CLI_OPTIONS_H
#define COMMAND_CLI_OPTIONS_H

#include <stdbool.h>
#include <glib.h>
#include "report.h"

/* GOption with devid's manners: unknown options are EXIT_WORDS with one clear error and
 * the hint "devid help NAME"; --help prints and sets *done. On success argv is compacted to the
 * operands.
 */
bool options_parse(int *argc, char ***argv, const char *arguments, const char *summary,
		   const char *description, const GOptionEntry *entries, bool *done,
		   enum exit_status *status);

#endif
