/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opened keys by the SHA-256 of their SPKI, while the agent lives. */
#pragma once

#include <stdbool.h>
#include "agent/key/key.h"
#include "subject.h"

struct keycache *keycache_new(enum scope scope);
void keycache_free(struct keycache *cache);
/* The key, if it is open already: good until it is given back (key_unref), whatever is dropped
 * meanwhile. */
struct key *keycache_peek(struct keycache *cache, const guint8 *spki_hash);
/* The same, else read from its store: by one of those who ask at the same time, while the others
 * wait. */
struct key *keycache_get(struct keycache *cache, const struct subject *subject,
			 const struct store_wait *wait, GError **error);
/* Each tells how many keys went. One that is being read now is handed out and not kept. */
guint keycache_drop_all(struct keycache *cache);
guint keycache_drop_store(struct keycache *cache, const struct store *store);
guint keycache_drop(struct keycache *cache, const guint8 *spki_hash);
/* Drops every key for which `keep` answers false. */
guint keycache_retain(struct keycache *cache, bool (*keep)(const guint8 *spki_hash, void *data),
		      void *data);
guint keycache_count(struct keycache *cache);
