/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the keyring's files: the link to the Secret Service, bounds, prompts, items.
 *
 * A request runs in its client's thread, in calls over GDBus that each end at the request's bound.
 * What can't be bounded so (connecting to a bus) or takes long (the session) is done by the link's
 * own worker thread, for which requests wait no longer than their bound: then the link is given up,
 * its worker ends whenever it wakes, and the next request makes a new one.
 */
#pragma once

#include <gio/gio.h>

#define SERVICE_NAME	     "org.freedesktop.secrets"
#define SERVICE_PATH	     "/org/freedesktop/secrets"
#define SERVICE_INTERFACE    "org.freedesktop.Secret.Service"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"
#define ITEM_INTERFACE	     "org.freedesktop.Secret.Item"
#define PROMPT_INTERFACE     "org.freedesktop.Secret.Prompt"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define PROMPTER_NAME	     "org.gnome.keyring.SystemPrompter"
#define BUS_NAME	     "org.freedesktop.DBus"
#define BUS_PATH	     "/org/freedesktop/DBus"
#define NO_OBJECT	     "/"

/* A keyring that answers, and wrongly: no file of ours is at fault. */
#define KEYRING_IO_HINT "restart the keyring, or choose another store with --store"
