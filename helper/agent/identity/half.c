/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private halves read and written: see half.h. */
#include <string.h>
#include "agent/key/software.h"
#include "agent/key/tpm.h"
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

gboolean half_write(const struct store *store, enum scope scope, const char *spki_hash_hex,
		    const char *label, const struct secret *pkcs8, const struct store_wait *wait,
		    gboolean *sent, GError **error)
{
	const struct key_driver *driver = driver_of(store);
	AUTO_SECRET struct secret half = SECRET_INIT, auth = SECRET_INIT;
	/* The machine has no keyring. */
	gboolean bare = scope == SCOPE_SYSTEM || (wait && wait->no_auth);

	if (!driver->seal)
		return store->write(scope, spki_hash_hex, label, pkcs8, wait, sent, error);
	if (!bare &&
	    !store->auth(scope, spki_hash_hex, label ? label : "", wait, sent, &auth, error))
		return FALSE;
	return driver->seal(pkcs8, &auth, &half, error) &&
	       store->write(scope, spki_hash_hex, label, &half, wait, sent, error);
}
