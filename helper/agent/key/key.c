/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all keys have in common: see key.h. */
#include <string.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "decode.h"
#include "key.h"

/* More than any bare mechanism can take; ECDSA cuts what is longer than the order anyway. */
#define BARE_DATA_MAX 1024

struct key_operation {
	struct key *key;
	struct key_scheme scheme;
	EVP_MD_CTX *digest; /* NULL: bare, what is to be signed is gathered */
	GByteArray *bare;
};

/* The digests, fetched once: an implicit fetch for each signature would cost a microsecond. */
static const struct {
	enum wire_digest digest;
	const char *name;
	bool whole; /* may hash the message, not only name a PSS parameter */
} digests[] = {
	{ DIGEST_SHA1, "SHA1", false },	     { DIGEST_SHA224, "SHA2-224", false },
	{ DIGEST_SHA256, "SHA2-256", true }, { DIGEST_SHA384, "SHA2-384", true },
	{ DIGEST_SHA512, "SHA2-512", true },
};

static EVP_MD *fetched[G_N_ELEMENTS(digests)];

const EVP_MD *key_digest(enum wire_digest digest, bool whole)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		for (gsize i = 0; i < G_N_ELEMENTS(digests); i++)
			fetched[i] = EVP_MD_fetch(NULL, digests[i].name, NULL);
		g_once_init_leave(&once, 1);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(digests); i++)
		if (digests[i].digest == digest && (digests[i].whole || !whole))
			return fetched[i];
	return NULL;
}

static bool refuse(GError **error, enum devid_result result, const char *why)
{
	return devid_error_set(error, result, NULL, NULL, "signature: %s", why);
}

bool key_init(struct key *key, const struct key_driver *driver, EVP_PKEY *public, GError **error)
{
	GBytes *spki = decode_spki(public, error);

	if (!spki)
		return false;
	key->driver = driver;
	g_atomic_ref_count_init(&key->references);
	key->rsa = EVP_PKEY_get_base_id(public) == EVP_PKEY_RSA;
	key->part = ((gsize)EVP_PKEY_get_bits(public) + 7) / 8;
	key->spki = spki;
	return true;
}

struct key *key_ref(struct key *key)
{
	g_atomic_ref_count_inc(&key->references);
	return key;
}

void key_unref(struct key *key)
{
	if (!key || !g_atomic_ref_count_dec(&key->references))
		return;
	g_bytes_unref(key->spki);
	key->driver->close(key);
}

static EVP_PKEY *read_spki(const guint8 *spki, gsize length)
{
	const unsigned char *end = spki;

	return d2i_PUBKEY(NULL, &end, (long)length);
}

bool key_is_for(const struct key *key, const guint8 *spki, gsize length)
{
	gsize own_length = 0;
	const guint8 *own = g_bytes_get_data(key->spki, &own_length);

	if (own_length == length && memcmp(own, spki, length) == 0)
		return true;

	/* The same numbers may be encoded otherwise (a compressed point). */
	g_autoptr(software_pkey) public = read_spki(spki, length);
	g_autoptr(software_pkey) mine = read_spki(own, own_length);
	bool same = public && mine && EVP_PKEY_eq(public, mine) == 1;

	ERR_clear_error();
	return same;
}

/* Whether the scheme can be had with this key. */
static bool scheme_judge(const struct key *key, const struct key_scheme *scheme, GError **error)
{
	const EVP_MD *named;

	if (key->rsa != (scheme->scheme != SCHEME_ECDSA))
		return refuse(error, DEVID_USAGE, "the scheme is not one for this type of key");
	if (scheme->digest != DIGEST_NONE && !key_digest(scheme->digest, true))
		return refuse(error, DEVID_UNSUPPORTED,
			      "digest is not SHA-256, SHA-384 or SHA-512");
	if (scheme->scheme != SCHEME_RSA_PSS)
		return true;
	named = key_digest(scheme->pss_digest, false);
	if (!named || !key_digest(scheme->pss_mgf, false))
		return refuse(error, DEVID_UNSUPPORTED, "PSS parameters name an unknown digest");
	if (scheme->digest != DIGEST_NONE && scheme->digest != scheme->pss_digest)
		return refuse(error, DEVID_USAGE, "PSS parameters name another digest");
	/* RFC 8017 section 9.1.1: emLen >= hLen + sLen + 2. */
	if (scheme->pss_salt > key->part ||
	    scheme->pss_salt + (gsize)EVP_MD_get_size(named) + 2 > key->part)
		return refuse(error, DEVID_USAGE, "PSS salt is too long for this key");
	return true;
}

/* What the bare mechanisms take: PKCS#1 up to the modulus less 11, PSS exactly a hash, ECDSA
 * anything. */
static bool bare_judge(const struct key *key, const struct key_scheme *scheme, gsize length,
		       GError **error)
{
	if (scheme->scheme == SCHEME_RSA_PKCS1 && length > key->part - RSA_PKCS1_PADDING_SIZE)
		return refuse(error, DEVID_TOO_LARGE, "data is longer than the key can sign");
	if (scheme->scheme == SCHEME_RSA_PSS &&
	    length != (gsize)EVP_MD_get_size(key_digest(scheme->pss_digest, false)))
		return refuse(error, DEVID_BAD_DATA, "data is not as long as the PSS digest");
	if (scheme->scheme == SCHEME_ECDSA && length == 0)
		return refuse(error, DEVID_BAD_DATA, "there is no data to sign");
	if (length > BARE_DATA_MAX)
		return refuse(error, DEVID_TOO_LARGE, "data is longer than any digest");
	return true;
}

bool key_sign(struct key *key, const struct key_scheme *scheme, const guint8 *data, gsize length,
	      guint8 *signature, gsize *signature_length, GError **error)
{
	guint8 hash[EVP_MAX_MD_SIZE];
	unsigned hash_length = 0;

	if (!scheme_judge(key, scheme, error))
		return false;
	if (scheme->digest == DIGEST_NONE)
		return bare_judge(key, scheme, length, error) &&
		       key->driver->sign(key, scheme, data, length, signature, signature_length,
					 error);
	if (EVP_Digest(data, length, hash, &hash_length, key_digest(scheme->digest, true), NULL) <=
	    0)
		return decode_error(error, DEVID_FAILED, "signature");
	return key->driver->sign(key, scheme, hash, hash_length, signature, signature_length,
				 error);
}

void key_abandon(struct key_operation *operation)
{
	if (!operation)
		return;
	EVP_MD_CTX_free(operation->digest);
	if (operation->bare)
		g_byte_array_unref(operation->bare);
	g_free(operation);
}

struct key_operation *key_begin(struct key *key, const struct key_scheme *scheme, GError **error)
{
	if (!scheme_judge(key, scheme, error))
		return NULL;

	struct key_operation *operation = g_new0(struct key_operation, 1);

	operation->key = key;
	operation->scheme = *scheme;
	if (scheme->digest == DIGEST_NONE) {
		operation->bare = g_byte_array_new();
		return operation;
	}
	operation->digest = EVP_MD_CTX_new();
	if (operation->digest &&
	    EVP_DigestInit_ex2(operation->digest, key_digest(scheme->digest, true), NULL) > 0)
		return operation;
	decode_error(error, DEVID_NO_MEMORY, "signature");
	key_abandon(operation);
	return NULL;
}

bool key_update(struct key_operation *operation, const guint8 *data, gsize length, GError **error)
{
	if (operation->digest) {
		if (EVP_DigestUpdate(operation->digest, data, length) > 0)
			return true;
		return decode_error(error, DEVID_FAILED, "signature");
	}
	if (length > BARE_DATA_MAX - operation->bare->len)
		return refuse(error, DEVID_TOO_LARGE, "data is longer than any digest");
	g_byte_array_append(operation->bare, data, (guint)length);
	return true;
}

bool key_finish(struct key_operation *operation, guint8 *signature, gsize *signature_length,
		GError **error)
{
	struct key *key = operation->key;
	guint8 hash[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (!operation->digest)
		return bare_judge(key, &operation->scheme, operation->bare->len, error) &&
		       key->driver->sign(key, &operation->scheme, operation->bare->data,
					 operation->bare->len, signature, signature_length, error);
	if (EVP_DigestFinal_ex(operation->digest, hash, &length) <= 0)
		return decode_error(error, DEVID_FAILED, "signature");
	return key->driver->sign(key, &operation->scheme, hash, length, signature, signature_length,
				 error);
}
