/* What changes an identity, through the agent. */
#ifndef COMMAND_CHANGE_H
#define COMMAND_CHANGE_H

#include "command.h"

/* The machine's identities are root's to change: told before the agent refuses. */
gboolean change_allowed(enum half half, GError **error);
/* Removes it. The agent writes the event. What it warns of (a private key that a locked keyring still
 * holds) is added to `warnings` (char*, g_free()), or told where that is NULL.
 */
gboolean change_remove(struct client *client, const struct identity *identity, GPtrArray *warnings,
		       GError **error);

#endif
