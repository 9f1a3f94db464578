/* devid connect --diagnose: what a help desk would do, and on which side it fails. */
#ifndef COMMAND_CONNECT_DIAGNOSE_H
#define COMMAND_CONNECT_DIAGNOSE_H

#include "command/cli/report.h"
#include "connect.h"

enum exit_status connect_diagnose(struct connect *connect);

#endif
