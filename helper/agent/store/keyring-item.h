/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Items and collections of the Secret Service. */
#pragma once

#include <stdbool.h>
#include <glib.h>
#include <internal/secret.h>
#include "keyring-bound.h"
#include "keyring-link.h"

struct keyring_items {
	char **unlocked;
	char **locked;
};

void keyring_items_clear(struct keyring_items *items);
bool keyring_items_find(struct keyring_link *link, struct keyring_bound *bound,
			const char *spki_hash_hex, struct keyring_items *items, GError **error);
bool keyring_item_read(struct keyring_link *link, struct keyring_bound *bound, const char *path,
		       struct secret *pkcs8, GError **error);
bool keyring_item_create(struct keyring_link *link, struct keyring_bound *bound,
			 const char *collection, const char *spki_hash_hex, const char *label,
			 const struct secret *pkcs8, char **path, GError **error);
/* Overwrites the secret before; what its keeper may have of it all the same is told
 * (store_wait.kept). */
bool keyring_item_delete(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			 GError **error);
bool keyring_item_label(struct keyring_link *link, struct keyring_bound *bound, const char *path,
			const char *label, GError **error);
/* The default collection; NULL in `*path` where there is none yet. */
bool keyring_collection_default(struct keyring_link *link, struct keyring_bound *bound, char **path,
				GError **error);
bool keyring_collection_locked(struct keyring_link *link, struct keyring_bound *bound,
			       const char *path, bool *locked, GError **error);
/* Asks the person for a password for it. */
bool keyring_collection_create(struct keyring_bound *bound, char **path, GError **error);
