/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor of one connection: makes the tunnel, tells what becomes of it, and makes it again
 * when it drops, each time after the whole check.
 */
#pragma once

#include "command/cli/report.h"
#include "connect.h"

/* Makes the tunnel and keeps it until it is ended. `ready` gets one line of JSON when it stands or
 * fails, or is -1.
 */
enum exit_status supervise(struct connect *connect, int ready);
