/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid connect --diagnose: what a help desk would do, and on which side it fails. */
#pragma once

#include "command/cli/report.h"
#include "connect.h"

enum exit_status connect_diagnose(struct connect *connect);
