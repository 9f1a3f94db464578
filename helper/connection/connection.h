/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections: NAME.conf in the folders connections.d, the machine's and the user's own. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <devid/result.h>
#include <internal/path.h>

#define CONNECTION_NAME_MAX	  64
#define CONNECTION_DEFAULT_CLIENT "openconnect"

struct connection {
	char *name;	/* of its file; of one that is made up, the gateway's */
	char *path;	/* NULL: made up of a gateway's name */
	bool machine;	/* it is the machine's, so an administrator's words */
	char *gateway;	/* host[:port], as given */
	char *client;	/* "openconnect", … */
	char *identity; /* a label; NULL: chosen */
	char *user;	/* NULL: asked for, or not needed */
	gboolean save;	/* keep user name and password in the keyring */
	bool ignore_office;
	char *protocol;	  /* NULL: the client's own default */
	char **arguments; /* NULL: none */
	char *ca_file;	  /* NULL: the system's */
	char *server_pin; /* or NULL */
	/* "host:port" of each other gateway that may carry the tunnel of a session with this one;
	 * NULL: none */
	char **tunnel_gateways;
	char *config;	/* openvpn's file, or the name of strongSwan's child */
	char **command; /* exec: its words */
	char *host;	/* of `gateway`, in lower case … */
	guint16 port;	/* … and 443 where it names none */
};
void connection_free(struct connection *connection);
typedef struct connection Connection;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_free)

/* The clients that it can name, and which keys each needs; command/vpn/driver.c has what runs
 * them. */
struct connection_client {
	const char *name;
	bool config_needed, command_needed;
};
const struct connection_client *connection_client_find(const char *name); /* NULL: no such client */
char *connection_client_names(void); /* "openconnect, exec, …" */

/* NULL with "LINE: what is wrong" (free it). `name` is taken as valid. */
struct connection *connection_parse(const char *name, const char *text, gsize length, char **why);
/* One that is in no file. NULL: that is no host[:port]. */
struct connection *connection_for_gateway(const char *gateway, GError **error);
/* Whether a connection can be called so: letters, digits and ._-, the first a letter or digit. */
bool connection_is_name(const char *name);

/* "host:port", "[address]:port"; newly allocated. */
char *connection_address(const struct connection *connection);
/* Which of the gateways that its file names is meant by "host[:port]", in the form of
 * connection_address(): Gateway=, or one of TunnelGateways=. NULL: none of them.
 */
char *connection_tunnel_gateway(const struct connection *connection, const char *wanted);

#define CONNECTION_SUFFIX ".conf"
