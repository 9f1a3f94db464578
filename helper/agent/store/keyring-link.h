/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The link to the Secret Service: one connection, one session, one worker thread. The worker
 * connects, opens the session and then listens to signals; it may hang in any of these, and nobody
 * waits for it longer than a request's bound.
 */
#pragma once

#include <stdbool.h>
#include <gio/gio.h>
#include "keyring-bound.h"

struct keyring_link;

enum link_stage {
	LINK_STARTING,
	LINK_CONNECTED, /* the daemon is there and can be asked for items */
	LINK_SESSION,	/* secrets can be passed */
};

void keyring_link_unref(struct keyring_link *link);
/* The link at `stage` or further. `activate`: a daemon that isn't there may be started by the bus.
 * DEVID_STORE_MISSING (no bus, no daemon), DEVID_STORE_TIMEOUT. The caller ends it with
 * keyring_link_unref().
 */
struct keyring_link *keyring_link_get(bool activate, enum link_stage stage,
				      struct keyring_bound *bound, GError **error);
bool keyring_link_reach(struct keyring_link *link, enum link_stage stage,
			struct keyring_bound *bound, GError **error);
/* No new request uses it; secrets from it are no longer watched, so the watcher is told. */
void keyring_link_retire(struct keyring_link *link);
bool keyring_link_is_alive(struct keyring_link *link);
GDBusConnection *keyring_link_connection(struct keyring_link *link);
/* From LINK_SESSION on. */
const struct keyring_session *keyring_link_session(struct keyring_link *link);
void keyring_link_close(struct keyring_link *link);
/* A connection of its own for what a person is asked: gnome-keyring 42 aborts where an unlock
 * prompt is dismissed by a program, and lets go of one whose connection closes. Ended with
 * keyring_link_close().
 */
struct keyring_link *keyring_link_for_prompt(struct keyring_bound *bound, GError **error);
bool keyring_link_is_for_prompt(struct keyring_link *link);
/* Begins a link where there is a bus and a daemon, and waits for nothing. */
void keyring_link_prepare(void);

typedef struct keyring_link KeyringLink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyringLink, keyring_link_unref)
