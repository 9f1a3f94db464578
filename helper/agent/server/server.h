/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that accepts clients, watches hangups, the clock and signals, and ends the process. */
#pragma once

#include "listen.h"

#define SERVER_IDLE_SECONDS 60

/* `idle_seconds` 0: it never leaves. SIGTERM, SIGINT and SIGHUP are blocked in every thread
 * already. */
struct server *server_new(struct agent *agent, struct listening *listening, unsigned idle_seconds);
/* Serves until it is idle or told to end. Answers the exit status. */
int server_run(struct server *server);
void server_free(struct server *server);
