/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that sign in this process, with libcrypto: one template of a prepared context for each
 * scheme that a key was asked for, copied for each signature (the copy costs less than a
 * microsecond, setting one up three to sixty).
 */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "decode.h"
#include "key.h"
#include "software.h"

#define TEMPLATES_MAX 8
/* More than any bare mechanism can take; ECDSA cuts what is longer than the order anyway. */
#define BARE_DATA_MAX 1024

struct key {
	EVP_PKEY *pkey;
	gboolean rsa;
	gsize part; /* RSA: bytes of the modulus; EC: bytes of r and of s */
	GBytes *spki;
	GMutex lock;
	guint template_count;
	struct template
	{
		struct key_scheme scheme;
		EVP_PKEY_CTX *context;
	}
	templates[TEMPLATES_MAX];
};

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
	gboolean whole; /* may hash the message, not only name a PSS parameter */
} digests[] = {
	{ DIGEST_SHA1, "SHA1", FALSE },	     { DIGEST_SHA224, "SHA2-224", FALSE },
	{ DIGEST_SHA256, "SHA2-256", TRUE }, { DIGEST_SHA384, "SHA2-384", TRUE },
	{ DIGEST_SHA512, "SHA2-512", TRUE },
};

static EVP_MD *fetched[G_N_ELEMENTS(digests)];

static const EVP_MD *digest_find(enum wire_digest digest, gboolean whole)
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

static gboolean refuse(GError **error, enum devid_result result, const char *why)
{
	return devid_error_set(error, result, NULL, NULL, "signature: %s", why);
}

static void software_close(struct key *key)
{
	for (guint i = 0; i < key->template_count; i++)
		EVP_PKEY_CTX_free(key->templates[i].context);
	EVP_PKEY_free(key->pkey);
	g_bytes_unref(key->spki);
	g_mutex_clear(&key->lock);
	g_free(key);
}

static struct key *software_open(const struct secret *pkcs8, GError **error)
{
	g_autoptr(software_pkey) pkey = decode_pkcs8(pkcs8, error);
	g_autoptr(GBytes) spki = pkey ? decode_spki(pkey, error) : NULL;

	if (!spki)
		return NULL;

	struct key *key = g_new0(struct key, 1);
	int bits = EVP_PKEY_get_bits(pkey);

	g_mutex_init(&key->lock);
	key->rsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA;
	key->part = ((gsize)bits + 7) / 8;
	key->spki = g_steal_pointer(&spki);
	key->pkey = g_steal_pointer(&pkey);
	return key;
}

static gboolean software_is_for(const struct key *key, const guint8 *spki, gsize length)
{
	gsize own_length = 0;
	const guint8 *own = g_bytes_get_data(key->spki, &own_length);

	if (own_length == length && memcmp(own, spki, length) == 0)
		return TRUE;

	/* The same numbers may be encoded otherwise (a compressed point). */
	const unsigned char *end = spki;
	g_autoptr(software_pkey) public = d2i_PUBKEY(NULL, &end, (long)length);
	gboolean same = public && EVP_PKEY_eq(public, key->pkey) == 1;

	ERR_clear_error();
	return same;
}

/* Whether the scheme can be had with this key. */
static gboolean scheme_judge(const struct key *key, const struct key_scheme *scheme, GError **error)
{
	const EVP_MD *named;

	if (key->rsa != (scheme->scheme != SCHEME_ECDSA))
		return refuse(error, DEVID_USAGE, "the scheme is not one for this type of key");
	if (scheme->digest != DIGEST_NONE && !digest_find(scheme->digest, TRUE))
		return refuse(error, DEVID_UNSUPPORTED,
			      "digest is not SHA-256, SHA-384 or SHA-512");
	if (scheme->scheme != SCHEME_RSA_PSS)
		return TRUE;
	named = digest_find(scheme->pss_digest, FALSE);
	if (!named || !digest_find(scheme->pss_mgf, FALSE))
		return refuse(error, DEVID_UNSUPPORTED, "PSS parameters name an unknown digest");
	if (scheme->digest != DIGEST_NONE && scheme->digest != scheme->pss_digest)
		return refuse(error, DEVID_USAGE, "PSS parameters name another digest");
	/* RFC 8017 section 9.1.1: emLen >= hLen + sLen + 2. */
	if (scheme->pss_salt > key->part ||
	    scheme->pss_salt + (gsize)EVP_MD_get_size(named) + 2 > key->part)
		return refuse(error, DEVID_USAGE, "PSS salt is too long for this key");
	return TRUE;
}

static gboolean context_set(EVP_PKEY_CTX *context, const struct key_scheme *scheme)
{
	switch (scheme->scheme) {
	case SCHEME_RSA_PKCS1:
		if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) <= 0)
			return FALSE;
		/* With a digest libcrypto puts the DigestInfo before the hash. */
		return scheme->digest == DIGEST_NONE ||
		       EVP_PKEY_CTX_set_signature_md(context, digest_find(scheme->digest, TRUE)) >
			       0;
	case SCHEME_RSA_PSS:
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_signature_md(context,
						     digest_find(scheme->pss_digest, FALSE)) > 0 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest_find(scheme->pss_mgf, FALSE)) >
			       0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)scheme->pss_salt) > 0;
	case SCHEME_ECDSA:
		return TRUE;
	}
	return FALSE;
}

static EVP_PKEY_CTX *context_prepare(const struct key *key, const struct key_scheme *scheme)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);

	if (context && EVP_PKEY_sign_init(context) > 0 && context_set(context, scheme))
		return context;
	EVP_PKEY_CTX_free(context);
	return NULL;
}

static gboolean scheme_equal(const struct key_scheme *a, const struct key_scheme *b)
{
	return a->scheme == b->scheme && a->digest == b->digest &&
	       (a->scheme != SCHEME_RSA_PSS ||
		(a->pss_digest == b->pss_digest && a->pss_mgf == b->pss_mgf &&
		 a->pss_salt == b->pss_salt));
}

/* A context of the caller's own. */
static EVP_PKEY_CTX *context_take(struct key *key, const struct key_scheme *scheme)
{
	EVP_PKEY_CTX *template = NULL;

	g_mutex_lock(&key->lock);
	for (guint i = 0; i < key->template_count && !template; i++)
		if (scheme_equal(&key->templates[i].scheme, scheme))
			template = key->templates[i].context;
	if (!template && key->template_count < TEMPLATES_MAX) {
		template = context_prepare(key, scheme);
		if (template)
			key->templates[key->template_count++] =
				(struct template){ *scheme, template };
	}
	g_mutex_unlock(&key->lock);
	/* A template never changes and lives as long as the key. */
	return template ? EVP_PKEY_CTX_dup(template) : context_prepare(key, scheme);
}

/* DER to r||s, each as long as the order (PKCS#11 v2.40 section 2.3.1). */
static gboolean ecdsa_flatten(const struct key *key, guint8 *signature, gsize *length)
{
	const unsigned char *end = signature;
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &end, (long)*length);
	const BIGNUM *r, *s;
	gboolean good = FALSE;

	if (!parts)
		return FALSE;
	ECDSA_SIG_get0(parts, &r, &s);
	good = BN_bn2binpad(r, signature, (int)key->part) == (int)key->part &&
	       BN_bn2binpad(s, signature + key->part, (int)key->part) == (int)key->part;
	ECDSA_SIG_free(parts);
	*length = 2 * key->part;
	return good;
}

static gboolean sign_input(struct key *key, const struct key_scheme *scheme, const guint8 *input,
			   gsize length, guint8 *signature, gsize *signature_length, GError **error)
{
	EVP_PKEY_CTX *context = context_take(key, scheme);
	gboolean good;

	*signature_length = KEY_SIGNATURE_MAX;
	good = context && EVP_PKEY_sign(context, signature, signature_length, input, length) > 0 &&
	       (key->rsa || ecdsa_flatten(key, signature, signature_length));
	EVP_PKEY_CTX_free(context);
	if (!good)
		decode_error(error, DEVID_FAILED, "signature");
	return good;
}

/* What the bare mechanisms take: PKCS#1 up to the modulus less 11, PSS exactly a hash, ECDSA
 * anything. */
static gboolean bare_judge(const struct key *key, const struct key_scheme *scheme, gsize length,
			   GError **error)
{
	if (scheme->scheme == SCHEME_RSA_PKCS1 && length > key->part - RSA_PKCS1_PADDING_SIZE)
		return refuse(error, DEVID_TOO_LARGE, "data is longer than the key can sign");
	if (scheme->scheme == SCHEME_RSA_PSS &&
	    length != (gsize)EVP_MD_get_size(digest_find(scheme->pss_digest, FALSE)))
		return refuse(error, DEVID_BAD_DATA, "data is not as long as the PSS digest");
	if (scheme->scheme == SCHEME_ECDSA && length == 0)
		return refuse(error, DEVID_BAD_DATA, "there is no data to sign");
	if (length > BARE_DATA_MAX)
		return refuse(error, DEVID_TOO_LARGE, "data is longer than any digest");
	return TRUE;
}

static gboolean software_sign(struct key *key, const struct key_scheme *scheme, const guint8 *data,
			      gsize length, guint8 *signature, gsize *signature_length,
			      GError **error)
{
	guint8 hash[EVP_MAX_MD_SIZE];
	unsigned hash_length = 0;

	if (!scheme_judge(key, scheme, error))
		return FALSE;
	if (scheme->digest == DIGEST_NONE)
		return bare_judge(key, scheme, length, error) &&
		       sign_input(key, scheme, data, length, signature, signature_length, error);
	if (EVP_Digest(data, length, hash, &hash_length, digest_find(scheme->digest, TRUE), NULL) <=
	    0)
		return decode_error(error, DEVID_FAILED, "signature");
	return sign_input(key, scheme, hash, hash_length, signature, signature_length, error);
}

static void software_abandon(struct key_operation *operation)
{
	if (!operation)
		return;
	EVP_MD_CTX_free(operation->digest);
	if (operation->bare)
		g_byte_array_unref(operation->bare);
	g_free(operation);
}

static struct key_operation *software_begin(struct key *key, const struct key_scheme *scheme,
					    GError **error)
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
	    EVP_DigestInit_ex2(operation->digest, digest_find(scheme->digest, TRUE), NULL) > 0)
		return operation;
	decode_error(error, DEVID_NO_MEMORY, "signature");
	software_abandon(operation);
	return NULL;
}

static gboolean software_update(struct key_operation *operation, const guint8 *data, gsize length,
				GError **error)
{
	if (operation->digest) {
		if (EVP_DigestUpdate(operation->digest, data, length) > 0)
			return TRUE;
		return decode_error(error, DEVID_FAILED, "signature");
	}
	if (length > BARE_DATA_MAX - operation->bare->len)
		return refuse(error, DEVID_TOO_LARGE, "data is longer than any digest");
	g_byte_array_append(operation->bare, data, (guint)length);
	return TRUE;
}

static gboolean software_finish(struct key_operation *operation, guint8 *signature,
				gsize *signature_length, GError **error)
{
	struct key *key = operation->key;
	guint8 hash[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (!operation->digest)
		return bare_judge(key, &operation->scheme, operation->bare->len, error) &&
		       sign_input(key, &operation->scheme, operation->bare->data,
				  operation->bare->len, signature, signature_length, error);
	if (EVP_DigestFinal_ex(operation->digest, hash, &length) <= 0)
		return decode_error(error, DEVID_FAILED, "signature");
	return sign_input(key, &operation->scheme, hash, length, signature, signature_length,
			  error);
}

const struct key_driver key_software = {
	.name = "software",
	.open = software_open,
	.close = software_close,
	.sign = software_sign,
	.begin = software_begin,
	.update = software_update,
	.finish = software_finish,
	.abandon = software_abandon,
	.is_for = software_is_for,
};
