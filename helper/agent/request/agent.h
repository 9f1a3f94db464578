/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent: its parts, put together. */
#pragma once

#include <sys/types.h>
#include <glib.h>
#include <internal/path.h>

struct gate;
struct keycache;
struct refusals;
struct report;

/* What requests ask of the thread that accepts clients. */
struct agent_server {
	/* Leave as soon as nobody waits. From any thread. */
	void (*leave)(struct agent_server *server);
	guint (*clients)(struct agent_server *server);
	/* How many of their requests wait for a person's answer just now. */
	guint (*asking)(struct agent_server *server);
};

struct agent {
	enum scope scope;
	uid_t uid;	/* the agent's own */
	gint64 started; /* g_get_monotonic_time() */
	struct report *report;
	struct keycache *keys;
	struct gate *gate;
	struct refusals *told;	     /* what the machine's agent refused and this one was told of */
	struct agent_server *server; /* NULL before it serves, and in tests without one */
	GThread *warm_up;
};

void agent_init(struct agent *agent, enum scope scope);
void agent_clear(struct agent *agent);
/* Has the server leave, where there is one. */
void agent_leave(const struct agent *agent);
/* What need not be done before listening, and is done beside it: GnuTLS, libcrypto's algorithms,
 * account and records.
 */
void agent_warm_up(struct agent *agent);
