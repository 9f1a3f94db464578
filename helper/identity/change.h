/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes an identity, through the agent. */
#pragma once

#include <stdbool.h>
#include <internal/client.h>
#include "identity.h"

/* The machine's identities are root's to change: told before the agent refuses. */
bool change_allowed(enum scope scope, GError **error);
/* Removes it. The agent writes the event. What it warns of (a private key that a locked keyring
 * still holds) is added to `warnings` (char*, g_free()), or told where that is NULL. `kept` gets
 * what the store is known to keep of the key, in the same way; it may not be NULL.
 */
bool change_remove(struct client *client, const struct identity *identity, GPtrArray *warnings,
		   GPtrArray *kept, GError **error);
/* Ends the former keys of an identity; what stays is told as above. `*count`: how many there were.
 */
bool change_retire(struct client *client, const struct identity *identity, guint32 *count,
		   GError **error);
/* Has the agent take out what was left behind. `warnings` gets what stays marked and why, `kept`
 * what was let go of, since its store isn't there. Of an agent that can't be asked, or is of
 * another version, neither.
 */
void change_settle(struct client *client, GPtrArray *warnings, GPtrArray *kept);
