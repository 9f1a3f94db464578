/* devid account: the actions. */
#pragma once

#include "command/cli/row.h"

extern const struct command account_revoke;
