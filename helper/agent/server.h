/* The thread that accepts clients, watches hangups, the clock and signals, and ends the process. */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H

#include "agent.h"
#include "listen.h"

#define SERVER_IDLE_SECONDS 60

struct connection;

/* `idle_seconds` 0: it never leaves. SIGTERM, SIGINT and SIGHUP are blocked in every thread already. */
struct server *server_new(struct agent *agent, struct listening *listening, unsigned idle_seconds);
/* Serves until it is idle or told to end. Answers the exit status. */
int server_run(struct server *server);
void server_free(struct server *server);

/* Leave as soon as nobody waits; NULL is harmless, as below. From any thread. */
void server_leave(struct server *server);
guint server_clients(struct server *server);

/* For connection.c. */
void server_watch(struct server *server, struct connection *connection, gboolean begins);
void server_forget(struct server *server, struct connection *connection);
/* Waits where this uid asked for too much in too short a time. */
void server_throttle(struct server *server, uid_t uid);

#endif
