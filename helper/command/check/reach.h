/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to a server: its address as people write it, and a connection that is made in time. */
#pragma once

#include "attempt.h"

/* What is left of the bound. */
int reach_remaining_ms(const struct attempt *attempt);
/* "HOST:PORT" into the report; DEVID_USAGE for anything else. */
gboolean reach_parse_address(const char *address, struct server_report *report, GError **error);
/* Connects within the bound; FALSE: the report says why not. */
gboolean reach_attempt(struct attempt *attempt);
