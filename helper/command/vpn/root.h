/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tunnel made as root, for whoever isn't: by devid-tunnel (include/internal/tunnel.h). */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include "session.h"

/* Has the bus start it and keeps a link to it, so that nobody waits for these later. Bounded. */
void vpn_root_prepare(struct vpn_session *session);
/* Whether it may be asked for such a connection; else "root-needed", with what to do. */
bool vpn_root_may(const struct vpn_session *session, GError **error);
/* openconnect's second half, with the ticket: driver's start() and stop(). */
bool vpn_root_start(struct vpn_session *session, GError **error);
void vpn_root_stop(struct vpn_session *session);
/* For a client that nothing runs as root for users: the error where we aren't root. false: then
 * *error. */
bool vpn_root_is_here(const struct vpn_session *session, const char *hint, GError **error);
