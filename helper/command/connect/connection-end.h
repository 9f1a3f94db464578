/* The end of a connection: its supervisor's, which ends the client. */
#ifndef COMMAND_CONNECT_CONNECTION_END_H
#define COMMAND_CONNECT_CONNECTION_END_H

#include <glib.h>
#include "connection-state.h"

gboolean connection_end(const struct connection_state *state, GError **error);

#endif
