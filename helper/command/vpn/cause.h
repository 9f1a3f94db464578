/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client's last lines mean, in words. */
#pragma once

#include <glib.h>
#include "session.h"

/* `status` as of waitpid(2). */
void vpn_cause(const struct vpn_session *session, const char *client, int status, GError **error);
