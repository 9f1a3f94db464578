/* devid account: the actions. */
#ifndef COMMAND_ADMIN_ACCOUNT_H
#define COMMAND_ADMIN_ACCOUNT_H

#include "command/cli/row.h"

extern const struct command account_revoke;

#endif
