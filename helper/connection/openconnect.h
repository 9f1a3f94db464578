/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The half of openconnect that makes the tunnel. */
#pragma once

#include <glib.h>
#include "connection.h"

#define VPN_OPENCONNECT "openconnect" /* the program */

/* "openconnect --protocol=…", as process_argv(). */
GPtrArray *openconnect_argv(const struct connection *connection);
/* What the file says of the gateway's certificate. */
void openconnect_add_trust(GPtrArray *argv, const struct connection *connection);
/* What makes a tunnel of it, with a cookie on standard input. */
void openconnect_add_tunnel(GPtrArray *argv);
/* All of it by the connection's file, as root runs it for users. `gateway` as of
 * connection_tunnel_gateway(); `address`: one of that gateway's, or NULL. With its end.
 */
GPtrArray *openconnect_machine_argv(const struct connection *connection, const char *gateway,
				    const char *address);

/* When it stands: its address is on an interface, and its script has ended. */
struct openconnect_settling {
	GPid pid;
	/* Once. */
	void (*settled)(const char *address, void *data);
	void *data;
	char *address;
	guint timer, looks;
};
/* A line that it wrote. */
void openconnect_settle(struct openconnect_settling *settling, const char *line);
void openconnect_settle_end(struct openconnect_settling *settling);
