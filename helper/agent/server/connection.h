/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client: a thread that reads requests and answers them. */
#pragma once

#include <stdbool.h>
#include <stdatomic.h>
#include <internal/spin.h>
#include "agent/request/session.h"

/* What would be lost with a connection that asks for nothing at the moment. */
enum connection_holds {
	HOLDS_NOTHING,
	HOLDS_SIGNATURE, /* one in several parts */
	HOLDS_IMPORT,	 /* that is not kept yet */
};

struct connection;
struct server;

/* What a connection asks of the server that accepted it. */
struct connection_owner {
	/* A store is waited for, or no more: meanwhile the peer's hangup ends the wait. */
	void (*watch)(struct server *server, struct connection *connection, bool begins);
	/* Takes the connection back and frees it. */
	void (*forget)(struct server *server, struct connection *connection);
	/* Waits where this uid asked for too much in too short a time. */
	void (*throttle)(struct server *server, uid_t uid);
	/* Whether others wait to be accepted, and there is no room for them. */
	bool (*crowded)(struct server *server);
};

struct connection {
	struct session session;
	const struct connection_owner *owner;
	struct server *server;
	int fd;
	guint64 number;
	GMutex sending;
	/* g_get_monotonic_time(); 0: not so now. */
	_Atomic gint64 busy_since; /* a request is being answered */
	_Atomic gint64 used;	   /* the last one was answered, or it was connected */
	_Atomic enum connection_holds holds;
	_Atomic bool fresh; /* it has asked for nothing but HELLO so far */
	/* its own thread's */
	struct spin spin;
	/* under the server's lock */
	gint64 slow_since; /* a store is waited for */
	bool ending;	   /* shut for reading, to make room */
};

/* Takes `fd` over; answers NULL where no thread could be had. It ends by the owner's forget(). */
struct connection *server_connection_start(const struct connection_owner *owner,
					   struct server *server, struct agent *agent, int fd,
					   const struct peer *peer, guint64 number);
void server_connection_free(struct connection *connection);
