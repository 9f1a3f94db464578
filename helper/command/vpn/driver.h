/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VPN clients as `devid connect` runs them: a row of the table in driver.c each, a file each. */
#pragma once

#include <stdbool.h>
#include <glib.h>

#include "session.h"
#include "sign-in.h"

struct vpn_driver {
	const char *name; /* a row of connection_client_find(), which tells what keys it needs */
	bool system;	  /* runs as root: the machine's token is the one that it can use */
	/* As the user, in the foreground, before start(): fills the ticket. NULL: start() does it
	 * all. `sign_in` NULL: no user name and password are known; then the error's reason may be
	 * "sign-in-needed". Ends within its own bound.
	 */
	bool (*sign_in)(struct vpn_session *session, const struct sign_in *sign_in, GError **error);
	/* What start() need not wait for, while the user signs in: there is no ticket yet. NULL:
	 * nothing. */
	void (*prepare)(struct vpn_session *session);
	/* Begins the tunnel; connected() and ended() come later. */
	bool (*start)(struct vpn_session *session, GError **error);
	/* Begins the end of it. */
	void (*stop)(struct vpn_session *session);
	/* For --dry-run: adds the commands that would be run, a line each. */
	void (*describe)(const struct vpn_session *session, GPtrArray *lines);
};
const struct vpn_driver *vpn_driver_find(const char *name); /* NULL: no such client */
/* The one that runs this connection here. */
const struct vpn_driver *vpn_driver_for(const struct connection *connection);

extern const struct vpn_driver vpn_exec, vpn_openvpn, vpn_strongswan, vpn_networkmanager;
