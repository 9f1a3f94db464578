/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A private half between its store, which keeps bytes, and the driver of its key, which knows what
 * they are.
 */
#pragma once

#include <stdbool.h>
#include "agent/key/key.h"
#include "agent/store/store.h"

/* Whether halves can be taken out and relabelled without asking anybody. */
bool half_is_open(const struct store *store, enum scope scope);
/* The key, read and opened. */
struct key *half_open(const struct store *store, enum scope scope, const char *spki_hash_hex,
		      const struct store_wait *wait, GError **error);
/* The same, and it has signed: hardware loads a key whatever its authorisation. */
struct key *half_try(const struct store *store, enum scope scope, const char *spki_hash_hex,
		     const struct store_wait *wait, GError **error);

/* What a record says of the half that its store was given. */
struct half_facts {
	bool no_pss;	  /* it was tried, and RSA-PSS is none that TLS takes */
	const char *auth; /* HALF_AUTH_*: where its authorisation is; NULL: it has none */
};
#define HALF_AUTH_KEYRING    "keyring"
#define HALF_AUTH_CREDENTIAL "credential"

/* A new key, not in its store yet. */
struct half_made {
	struct secret half, auth;
	struct key_parent parent;
	struct half_facts facts;
	GBytes *spki;
};
#define HALF_MADE_INIT \
	((struct half_made){ SECRET_INIT, SECRET_INIT, { 0, "" }, { false, NULL }, NULL })
#define AUTO_HALF_MADE __attribute__((cleanup(half_made_clear)))

bool half_make(const struct store *store, enum scope scope, enum wire_key_type type, guint bits,
	       const struct store_wait *wait, struct half_made *made, GError **error);
void half_made_clear(struct half_made *made);
/* Gives it to its store. As store->write(). */
bool half_keep(const struct store *store, enum scope scope, const char *spki_hash_hex,
	       const char *label, struct half_made *made, const struct store_wait *wait, bool *sent,
	       GError **error);

/* Whether what was brought for that store, a PKCS#8 or what its driver knows, is the private half
 * of that DER SubjectPublicKeyInfo. DEVID_MISMATCH, DEVID_BAD_DATA.
 */
bool half_matches(const struct store *store, const struct secret *brought, GBytes *spki,
		  GError **error);
/* What was brought is made into what the store is to keep, and given to it. As store->write(). */
bool half_write(const struct store *store, enum scope scope, const char *spki_hash_hex,
		const char *label, const struct secret *brought, const struct store_wait *wait,
		bool *sent, struct half_facts *facts, GError **error);
