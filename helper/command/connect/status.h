/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devid status tells of connections. */
#pragma once

#include "command/cli/report.h"

void status_connections_print(void);
void status_connections_json(JsonBuilder *builder);
/* A line for each connection, and one whenever something changes, until a signal ends it. */
enum exit_status status_watch(gboolean json);
