/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A private half between its store, which keeps bytes, and the driver of its key, which knows what
 * they are.
 */
#pragma once

#include "agent/key/key.h"
#include "agent/store/store.h"

/* The key, read and opened. */
struct key *half_open(const struct store *store, enum scope scope, const char *spki_hash_hex,
		      const struct store_wait *wait, GError **error);
/* A PKCS#8 is made into what the store is to keep, and given to it. As store->write(). */
gboolean half_write(const struct store *store, enum scope scope, const char *spki_hash_hex,
		    const char *label, const struct secret *pkcs8, const struct store_wait *wait,
		    gboolean *sent, GError **error);
