/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `openconnect --authenticate` printed. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>
#include "session.h"

/* NULL: there is no such thing in it, or it is no
 * single word. The cookie is a line, with its end.
 */
char *vpn_ticket_value(const struct secret *ticket, const char *name);
bool vpn_ticket_cookie(const struct secret *ticket, struct secret *line);
/* The error of a ticket that lacks something. */
void vpn_ticket_odd(const struct vpn_session *session, GError **error);
