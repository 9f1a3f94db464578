/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that are daemons, told by commands what to do. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "session.h"

/* Each argv is NULL-ended. */
struct vpn_daemon {
	GPtrArray *begin, *look, *end;
	const char *present; /* what a line of `look` holds while it is connected; NULL: its status
				is 0 */
	const char *address; /* in a line of `begin`, what stands before the address; or NULL */
	/* what a line of `look` holds once the tunnel stands; NULL: it does when `begin` has
	 * ended */
	const char *settled;
	const char *client;
};
/* Takes the commands over. */
bool vpn_daemon_start(struct vpn_session *session, const struct vpn_daemon *daemon, GError **error);
void vpn_daemon_stop(struct vpn_session *session);
