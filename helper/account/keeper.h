/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a Secret Service is known to keep of an item that was removed. Shared by the agent (device
 * keys) and the command (saved sign-ins).
 */
#pragma once

#include <gio/gio.h>

struct keeper {
	const char *name;
	const char *bus_name; /* that its program has beside the Secret Service's */
	guint versions;	      /* of an item it keeps, where its user has set nothing else */
	const char *where;    /* where a removed secret may still be found, and the mend */
};

/* The service behind this connection, or NULL: none that is known to keep anything. Asks the bus
 * alone; `bound_ms` a question.
 */
const struct keeper *keeper_find(GDBusConnection *bus, int bound_ms, GCancellable *cancel);
/* What to write over a secret, the `turn`th time: no two are the same. The caller frees. */
char *keeper_filling(guint turn);
/* How often: once more than versions are kept, so that the first is among them no longer. */
guint keeper_turns(const struct keeper *keeper);
