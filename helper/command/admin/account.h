/* devid account: the actions. */
#ifndef COMMAND_ADMIN_ACCOUNT_H
#define COMMAND_ADMIN_ACCOUNT_H

#include "command/cli/report.h"

enum exit_status account_revoke(int argc, char **argv);

#endif
