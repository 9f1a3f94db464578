/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of the keyring while nobody asks it anything: it locks, unlocks, goes, comes
 * back. */
#pragma once

#include <gio/gio.h>
#include "store.h"

/* Told by the worker; calls what store_keyring_watch() was given. */
void keyring_watch_tell(enum keyring_news news);
void keyring_watch_subscribe(GDBusConnection *connection);
/* Called from any thread, one at a time. Set once, before the first request; `told` NULL ends it,
 * and none is under way any more when this returns.
 */
void store_keyring_watch(void (*told)(enum keyring_news news, void *data), void *data);
