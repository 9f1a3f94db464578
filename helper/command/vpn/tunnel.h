/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that are one process, which carries the tunnel as long as it runs. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>
#include "connection/openconnect.h"
#include "session.h"

struct process;
struct vpn_tunnel {
	struct vpn_session *session;
	const char *client;
	/* Gets each line after it was kept; NULL: there is nothing to see in them. */
	void (*line)(struct vpn_tunnel *tunnel, const char *line);
	struct process *process;
	char *address; /* what it was configured with, or NULL */
	guint timer;   /* a source of the driver's, removed with the tunnel, or 0 */
	struct openconnect_settling settling;
	bool stopping;
};
/* The session's tunnel is a struct vpn_tunnel from then on. `argv` with its end. */
bool vpn_tunnel_start(struct vpn_session *session, const char *client,
		      void (*line)(struct vpn_tunnel *tunnel, const char *line),
		      const GPtrArray *argv, const struct secret *input, GError **error);
void vpn_tunnel_stop(struct vpn_session *session);
