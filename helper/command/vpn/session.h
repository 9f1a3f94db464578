/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session of a VPN client. */
#pragma once

#include <stdio.h>
#include <glib.h>
#include <internal/secret.h>
#include "connection/connection.h"

struct vpn_session {
	const struct connection *connection;
	const char *uri;      /* of the identity, without a type; NULL: without a certificate */
	char **arguments;     /* what stood behind "--", or NULL */
	struct secret ticket; /* what signing in brought; in a form of the driver's own */
	GPtrArray *lines;     /* char*: the last lines that the client wrote … */
	FILE *log;	      /* … which go here as well, or NULL */
	void *tunnel;	      /* the driver's, from start() on */
	void *prepared;	      /* the driver's, from prepare() to start(), or NULL … */
	GDestroyNotify drop;  /* … and what ends it where there is no start() */
	/* Called from the main context. The tunnel stands; `address` may be NULL. */
	void (*connected)(struct vpn_session *session, const char *address);
	/* It is over, once: `error` NULL where stop() asked for it. Takes the error. */
	void (*ended)(struct vpn_session *session, GError *error);
	void *data;
};

void vpn_session_clear(struct vpn_session *session);
/* Ends a command's words: with those of the connection's file, those that were typed, and `last`,
 * which is taken; or NULL. */
void vpn_session_end_argv(const struct vpn_session *session, GPtrArray *argv, char *last);
/* The words as they would be typed, for --dry-run. */
void vpn_session_describe(GPtrArray *lines, const GPtrArray *argv);
/* Keeps it for the cause, and tells the log. */
void vpn_session_line(struct vpn_session *session, const char *line);
