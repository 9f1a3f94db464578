/* devid account: the actions. */
#ifndef COMMAND_ACCOUNT_H
#define COMMAND_ACCOUNT_H

#include "command.h"

enum exit_status account_revoke(int argc, char **argv);

#endif
