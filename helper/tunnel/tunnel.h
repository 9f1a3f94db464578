/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid-tunnel: makes tunnels as root for users whom polkit lets, by the machine's connections
 * alone.
 *
 * What a user says goes no further than this: which file of root's in connections.d, which of the
 * gateways that this file names, which of the addresses that root itself finds for it; and the
 * cookie, which openconnect reads from a pipe. Words and environment of what is run are ours and
 * the file's.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <gio/gio.h>
#include <internal/secret.h>

#include "connection/connection.h"
#include "connection/openconnect.h"
#include "root/authority.h"
#include "root/pipe.h"

/* Of one link to the bus: from its call of Start() to the end of what that started. */
struct tunnel {
	GDBusConnection *bus;
	char *owner;		      /* that link's unique name */
	GDBusMethodInvocation *asked; /* Start(), until it is answered; then NULL */
	GCancellable *cancel;	      /* of what is waited for before that */
	struct authority authority;   /* whose it is; known before anything is done for it */
	guint watch;
	struct connection *connection;
	char *gateway;	  /* of the file; "host:port" */
	char *address;	  /* of the caller's wish, then of the gateway's, or NULL */
	struct pipe pipe; /* the cookie's */
	struct secret cookie;
	struct process *process; /* openconnect */
	struct openconnect_settling settling;
	bool stopping;
	/* It is about to be freed. */
	void (*over)(struct tunnel *tunnel);
	/* Whether this one is too many of its user's. */
	bool (*too_many)(const struct tunnel *tunnel);
};

/* An error by its name on the bus, TUNNEL_* of internal/tunnel.h: its code is that name's quark. */
#define tunnel_error(name, ...)                                                                  \
	g_error_new(g_quark_from_static_string("devid-tunnel"), (gint)g_quark_from_string(name), \
		    __VA_ARGS__)

/* tunnel.c: takes the pipe over and answers the call. over() may come at once. */
void tunnel_begin(struct tunnel *tunnel, const char *name, const char *gateway);
/* Begins its end, or ends it where nothing runs yet. */
void tunnel_stop(struct tunnel *tunnel);
