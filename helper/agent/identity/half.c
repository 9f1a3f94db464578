/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private halves read and written: see half.h. */
#include <string.h>
#include <gnutls/crypto.h>
#include "agent/key/software.h"
#include "agent/key/tpm.h"
#include "base/error.h"
#include "half.h"

static const struct key_driver *driver_of(const struct store *store)
{
	return strcmp(store->name, key_tpm.name) == 0 ? &key_tpm : &key_software;
}

struct key *half_open(const struct store *store, enum scope scope, const char *spki_hash_hex,
		      const struct store_wait *wait, GError **error)
{
	const struct key_driver *driver = driver_of(store);
	AUTO_SECRET struct secret half = SECRET_INIT, auth = SECRET_INIT;

	if (!store->read(scope, spki_hash_hex, wait, &half, error))
		return NULL;
	if (driver->wants_auth && driver->wants_auth(&half) &&
	    !store->auth(scope, spki_hash_hex, NULL, wait, NULL, &auth, error))
		return NULL;
	return driver->open(&half, &auth, error);
}

/* Whether a new key gets no authorisation: the machine has no keyring. */
static gboolean is_bare(enum scope scope, const struct store_wait *wait)
{
	return scope == SCOPE_SYSTEM || (wait && wait->no_auth);
}

gboolean half_make(const struct store *store, enum scope scope, enum wire_key_type type, guint bits,
		   const struct store_wait *wait, struct half_made *made, GError **error)
{
	if (store->auth && !is_bare(scope, wait) &&
	    (secret_resize(&made->auth, STORE_AUTH_LENGTH) != DEVID_OK ||
	     gnutls_rnd(GNUTLS_RND_KEY, made->auth.data, STORE_AUTH_LENGTH) < 0))
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "key: no memory");
	/* A TPM looks for primes longer than a client waits without a word. */
	if (store->auth && wait && wait->progress)
		wait->progress(wait->data);
	return driver_of(store)->generate(type, bits, &made->auth, &made->half, &made->spki, error);
}

void half_made_clear(struct half_made *made)
{
	secret_clear(&made->half);
	secret_clear(&made->auth);
	g_clear_pointer(&made->spki, g_bytes_unref);
}

gboolean half_keep(const struct store *store, enum scope scope, const char *spki_hash_hex,
		   const char *label, struct half_made *made, const struct store_wait *wait,
		   gboolean *sent, GError **error)
{
	if (made->auth.length > 0 &&
	    !store->auth(scope, spki_hash_hex, label, wait, sent, &made->auth, error))
		return FALSE;
	return store->write(scope, spki_hash_hex, label, &made->half, wait, sent, error);
}

gboolean half_write(const struct store *store, enum scope scope, const char *spki_hash_hex,
		    const char *label, const struct secret *pkcs8, const struct store_wait *wait,
		    gboolean *sent, GError **error)
{
	const struct key_driver *driver = driver_of(store);
	AUTO_SECRET struct secret half = SECRET_INIT, auth = SECRET_INIT;

	if (!driver->seal)
		return store->write(scope, spki_hash_hex, label, pkcs8, wait, sent, error);
	if (!is_bare(scope, wait) &&
	    !store->auth(scope, spki_hash_hex, label ? label : "", wait, sent, &auth, error))
		return FALSE;
	return driver->seal(pkcs8, &auth, &half, error) &&
	       store->write(scope, spki_hash_hex, label, &half, wait, sent, error);
}
