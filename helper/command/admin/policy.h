/* devid policy: the actions. */
#ifndef COMMAND_ADMIN_POLICY_H
#define COMMAND_ADMIN_POLICY_H

#include "command/cli/row.h"

extern const struct command policy_show;
extern const struct command policy_test;
extern const struct command policy_lint;

#endif
