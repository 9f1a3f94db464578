/* devid policy: the actions. */
#ifndef COMMAND_ADMIN_POLICY_H
#define COMMAND_ADMIN_POLICY_H

#include "command/cli/report.h"

enum exit_status policy_show(int argc, char **argv);
enum exit_status policy_test(int argc, char **argv);
enum exit_status policy_lint(int argc, char **argv);

#endif
