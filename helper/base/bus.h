/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which session bus, and how it is opened: one answer for the agent, the command and
 * notifications. */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>

/* Those that may be asked, the likeliest first, ended by NULL: the one that was reached last, the
 * one that the environment names, those that a client of ours named, the one at its usual place.
 * Never one that would be started for the purpose: a daemon of root's, or of a service's, would be
 * left behind, and nobody's keyring is on it. The caller frees.
 */
char **bus_addresses(void);
/* This one answers: from now on it comes first. */
void bus_reached(const char *address);
/* A client of the same user is on this one. true: that is news. */
bool bus_offer(const char *address);

/* Whether the other end of a socket is our own user or root. */
bool bus_is_ours(GDBusConnection *connection);
/* A connection of the caller's own to the first of them that answers and is ours; `address`, where
 * not NULL, is set to its address, newly allocated. NULL, with the error of the first: it is the
 * one that was meant. Where there is none to try, *error is left as it is. Nothing is waited for
 * once `cancel` is cancelled.
 */
GDBusConnection *bus_open_session(GCancellable *cancel, char **address, GError **error);

/* A connection of the caller's own to the system's: nobody else's can be closed or blocked by
 * it. */
GDBusConnection *bus_open_system(GCancellable *cancel, GError **error);

/* A time for all that is asked of a bus, connecting too: `cancel` is cancelled when it is up. */
struct bus_bound {
	GCancellable *cancel;
	GThread *clock;
	GMutex lock;
	GCond ended;
	gint64 until; /* monotonic, µs; 0: ended */
};

void bus_bound_begin(struct bus_bound *bound, guint milliseconds);
void bus_bound_end(struct bus_bound *bound);
