/* One client: a thread that reads requests and answers them. */
#ifndef AGENT_CONNECTION_H
#define AGENT_CONNECTION_H

#include <stdatomic.h>
#include "agent.h"

/* What would be lost with a connection that asks for nothing at the moment. */
enum connection_holds {
	HOLDS_NOTHING,
	HOLDS_SIGNATURE, /* one in several parts */
	HOLDS_IMPORT,	 /* that is not kept yet */
};

struct connection {
	struct session session;
	struct server *server;
	int fd;
	guint64 number;
	GMutex sending;
	/* g_get_monotonic_time(); 0: not so now. */
	_Atomic gint64 busy_since; /* a request is being answered */
	_Atomic gint64 used;	   /* the last one was answered, or it was connected */
	_Atomic enum connection_holds holds;
	/* its own thread's */
	guint missed; /* looks for a request in a row that found none */
	guint skip;   /* looks to leave out */
	/* under the server's lock */
	gint64 slow_since; /* a store is waited for */
	gboolean ending;   /* shut for reading, to make room */
};

/* Takes `fd` over; answers NULL where no thread could be had. It ends by server_forget(). */
struct connection *connection_start(struct server *server, struct agent *agent, int fd,
				    const struct peer *peer, guint64 number);
void connection_free(struct connection *connection);

#endif
