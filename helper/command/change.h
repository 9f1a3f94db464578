/* What changes an identity, through the agent. */
#ifndef COMMAND_CHANGE_H
#define COMMAND_CHANGE_H

#include "command.h"

/* The machine's identities are root's to change: told before the agent refuses. */
gboolean change_allowed(enum half half, GError **error);
/* Removes it and tells the agent's warnings. The agent writes the event. */
gboolean change_remove(struct client *client, const struct identity *identity, GError **error);

#endif
