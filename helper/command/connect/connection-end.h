/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a connection: its supervisor's, which ends the client. */
#pragma once

#include <glib.h>
#include "connection-state.h"

gboolean connection_end(const struct connection_state *state, GError **error);
