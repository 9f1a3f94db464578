/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private halves read and written: see half.h. */
#include <string.h>
#include <gnutls/crypto.h>
#include "agent/key/software.h"
#include "agent/key/tpm.h"
#include "base/error.h"
#include "half-pin.h"
#include "half.h"

static const struct key_driver *driver_of(const struct store *store)
{
	return strcmp(store->name, key_tpm.name) == 0 ? &key_tpm : &key_software;
}

static struct key_patience patience_of(const struct store_wait *wait)
{
	return (struct key_patience){ wait ? wait->progress : NULL, wait ? wait->data : NULL,
				      store_wait_cancel(wait) };
}

bool half_is_open(const struct store *store, enum scope scope)
{
	const struct store *asks =
		store->auth && scope == SCOPE_USER ? store_find("keyring") : store;

	enum store_state state = asks->state(scope, NULL);

	/* Files of TPM keys are the agent's to take away, TPM or not; the machine's have nothing in
	 * a keyring, and where a user has none there is no authorisation to go with them.
	 */
	return state == STORE_READY ||
	       (store->auth && (scope == SCOPE_SYSTEM || state == STORE_MISSING));
}

struct key *half_open(const struct store *store, enum scope scope, const char *spki_hash_hex,
		      const struct store_wait *wait, GError **error)
{
	const struct key_driver *driver = driver_of(store);
	struct key_patience patience = patience_of(wait);
	AUTO_SECRET struct secret half = SECRET_INIT, auth = SECRET_INIT;
	struct key_parent parent = { 0, "" };
	struct key *key;
	bool known;

	if (!store->read(scope, spki_hash_hex, wait, &half, error))
		return NULL;
	if (driver->wants_auth && driver->wants_auth(&half) &&
	    !store->auth(scope, spki_hash_hex, NULL, wait, NULL, &auth, error))
		return NULL;
	if (driver->parent)
		parent.handle = driver->parent(&half);
	if (parent.handle && !half_pin_find(scope, &parent, error))
		return NULL;
	known = *parent.name != '\0';
	key = driver->open(&half, &auth, &patience, &parent, error);
	/* From before there were any. */
	if (key && !known)
		half_pin_try(scope, &parent);
	return key;
}

struct key *half_try(const struct store *store, enum scope scope, const char *spki_hash_hex,
		     const struct store_wait *wait, GError **error)
{
	g_autoptr(key_reference) key = half_open(store, scope, spki_hash_hex, wait, error);
	guint8 signature[KEY_SIGNATURE_MAX];
	gsize length = 0;
	struct key_scheme scheme = { .digest = DIGEST_SHA256 };

	if (!key || !driver_of(store)->seal)
		return g_steal_pointer(&key);
	scheme.scheme = key->rsa ? SCHEME_RSA_PKCS1 : SCHEME_ECDSA;
	return key_sign(key, &scheme, signature, 0, signature, &length, error)
		       ? g_steal_pointer(&key)
		       : NULL;
}

/* Whether a new key gets no authorisation: a user's has one and the machine's none, where nothing
 * else was asked for. */
static bool is_bare(enum scope scope, const struct store_wait *wait)
{
	return scope == SCOPE_SYSTEM ? !wait || !wait->credential : wait && wait->no_auth;
}

static bool make_auth(struct secret *auth, GError **error)
{
	if (secret_resize(auth, STORE_AUTH_LENGTH) == DEVID_OK &&
	    gnutls_rnd(GNUTLS_RND_KEY, auth->data, STORE_AUTH_LENGTH) >= 0)
		return true;
	return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "key: no memory");
}

/* The machine's is one for all of its keys, and not the agent's to make. */
static bool take_auth(const struct store *store, enum scope scope, const struct store_wait *wait,
		      struct secret *auth, GError **error)
{
	if (!store->auth || is_bare(scope, wait))
		return true;
	return scope == SCOPE_SYSTEM ? store->auth(scope, "", NULL, wait, NULL, auth, error)
				     : make_auth(auth, error);
}

static const char *auth_word(enum scope scope, const struct half_made *made)
{
	if (made->auth.length == 0)
		return NULL;
	return scope == SCOPE_SYSTEM ? HALF_AUTH_CREDENTIAL : HALF_AUTH_KEYRING;
}

/* TPMs from before FIPS 186-4 make PSS with as long a salt as there is room for, which no peer
 * takes (RFC 8446 section 4.2.3), and nothing tells it but a signature, which its driver verifies.
 */
static bool probe_pss(const struct key_driver *driver, struct half_made *made,
		      const struct store_wait *wait, GError **error)
{
	static const struct key_scheme scheme = { SCHEME_RSA_PSS, DIGEST_SHA256, DIGEST_SHA256,
						  DIGEST_SHA256, 32 };
	guint8 signature[KEY_SIGNATURE_MAX];
	g_autoptr(key_reference) key = NULL;
	g_autoptr(GError) local = NULL;
	struct key_patience patience = patience_of(wait);
	gsize length = 0;

	if (!driver->seal)
		return true;
	key = driver->open(&made->half, &made->auth, &patience, &made->parent, error);
	if (!key || !key->rsa || key_sign(key, &scheme, signature, 0, signature, &length, &local))
		return key != NULL;
	made->facts.no_pss = devid_error_result(local) == DEVID_UNSUPPORTED;
	if (made->facts.no_pss && wait && wait->warnings)
		g_ptr_array_add(
			wait->warnings,
			g_strdup("this TPM makes RSA-PSS with a salt of its own length: it is "
				 "not offered, and TLS 1.3 can't be done with this key"));
	if (!made->facts.no_pss)
		g_propagate_error(error, g_steal_pointer(&local));
	return made->facts.no_pss;
}

/* What is made, whoever makes it: a TPM would take what a store, or an account, would not. */
static bool may_be_made(enum wire_key_type type, guint bits, GError **error)
{
	static const struct {
		enum wire_key_type type;
		guint bits;
	} kinds[] = { { KEY_RSA, 2048 }, { KEY_RSA, 3072 }, { KEY_RSA, 4096 },
		      { KEY_EC, 256 },	 { KEY_EC, 384 },   { KEY_EC, 521 } };

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (kinds[i].type == type && kinds[i].bits == bits)
			return true;
	return devid_error_set(
		error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
		"key: RSA of 2048, 3072 and 4096 bits and P-256, P-384, P-521 are made");
}

bool half_make(const struct store *store, enum scope scope, enum wire_key_type type, guint bits,
	       const struct store_wait *wait, struct half_made *made, GError **error)
{
	const struct key_driver *driver = driver_of(store);
	struct key_patience patience = patience_of(wait);

	if (!may_be_made(type, bits, error) || !take_auth(store, scope, wait, &made->auth, error))
		return false;
	made->facts.auth = auth_word(scope, made);
	/* Primes take longer than a client waits without a word. */
	if (patience.tick)
		patience.tick(patience.data);
	return driver->generate(type, bits, &made->auth, &patience, &made->half, &made->parent,
				&made->spki, error) &&
	       probe_pss(driver, made, wait, error);
}

void half_made_clear(struct half_made *made)
{
	secret_clear(&made->half);
	secret_clear(&made->auth);
	g_clear_pointer(&made->spki, g_bytes_unref);
}

bool half_keep(const struct store *store, enum scope scope, const char *spki_hash_hex,
	       const char *label, struct half_made *made, const struct store_wait *wait, bool *sent,
	       GError **error)
{
	if (!half_pin_keep(scope, &made->parent, wait, error))
		return false;
	if (made->auth.length > 0 &&
	    !store->auth(scope, spki_hash_hex, label ? label : "", wait, sent, &made->auth, error))
		return false;
	return store->write(scope, spki_hash_hex, label, &made->half, wait, sent, error);
}

/* The authorisation that is there stays: a file that was wrapped with it may be there too. */
static bool find_auth(const struct store *store, enum scope scope, const char *spki_hash_hex,
		      const struct store_wait *wait, struct half_made *made, bool *fresh,
		      GError **error)
{
	g_autoptr(GError) local = NULL;

	*fresh = false;
	if (is_bare(scope, wait) ||
	    store->auth(scope, spki_hash_hex, NULL, wait, NULL, &made->auth, &local))
		return true;
	*fresh = devid_error_result(local) == DEVID_KEY_MISSING;
	if (*fresh)
		return make_auth(&made->auth, error);
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

bool half_matches(const struct store *store, const struct secret *brought, GBytes *spki,
		  GError **error)
{
	return driver_of(store)->matches(brought, spki, error);
}

/* Nothing is written before the TPM has taken the key. */
bool half_write(const struct store *store, enum scope scope, const char *spki_hash_hex,
		const char *label, const struct secret *brought, const struct store_wait *wait,
		bool *sent, struct half_facts *facts, GError **error)
{
	const struct key_driver *driver = driver_of(store);
	struct key_patience patience = patience_of(wait);
	AUTO_HALF_MADE struct half_made made = HALF_MADE_INIT;
	bool fresh;

	if (!driver->seal)
		return store->write(scope, spki_hash_hex, label, brought, wait, sent, error);
	if (!find_auth(store, scope, spki_hash_hex, wait, &made, &fresh, error) ||
	    !driver->seal(brought, &made.auth, &patience, &made.half, &made.parent, error) ||
	    !probe_pss(driver, &made, wait, error))
		return false;
	*facts = (struct half_facts){ made.facts.no_pss, auth_word(scope, &made) };
	if (!fresh)
		return half_pin_keep(scope, &made.parent, wait, error) &&
		       store->write(scope, spki_hash_hex, label, &made.half, wait, sent, error);
	return half_keep(store, scope, spki_hash_hex, label, &made, wait, sent, error);
}
