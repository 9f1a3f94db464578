/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that sign in this process, with libcrypto: one template of a prepared context for each
 * scheme that a key was asked for, copied for each signature (the copy costs less than a
 * microsecond, setting one up three to sixty).
 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "decode.h"
#include "encode.h"
#include "key.h"
#include "software.h"

#define TEMPLATES_MAX 8
#define TICK_US	      (2 * G_TIME_SPAN_SECOND) /* as struct key_patience has it */

struct software_key {
	struct key key;
	EVP_PKEY *pkey;
	GMutex lock;
	guint template_count;
	struct template
	{
		struct key_scheme scheme;
		EVP_PKEY_CTX *context;
	}
	templates[TEMPLATES_MAX];
};

static void software_close(struct key *key)
{
	struct software_key *software = (struct software_key *)key;

	for (guint i = 0; i < software->template_count; i++)
		EVP_PKEY_CTX_free(software->templates[i].context);
	EVP_PKEY_free(software->pkey);
	g_mutex_clear(&software->lock);
	g_free(software);
}

static struct key *software_open(const struct secret *pkcs8, const struct secret *auth,
				 const struct key_patience *patience, struct key_parent *parent,
				 GError **error)
{
	g_autoptr(software_pkey) pkey = decode_pkcs8(pkcs8, error);
	g_autofree struct software_key *software = g_new0(struct software_key, 1);

	if (!pkey || !key_init(&software->key, &key_software, pkey, error))
		return NULL;
	g_mutex_init(&software->lock);
	software->pkey = g_steal_pointer(&pkey);
	return &g_steal_pointer(&software)->key;
}

static bool context_set(EVP_PKEY_CTX *context, const struct key_scheme *scheme)
{
	switch (scheme->scheme) {
	case SCHEME_RSA_PKCS1:
		if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) <= 0)
			return false;
		/* With a digest libcrypto puts the DigestInfo before the hash. */
		return scheme->digest == DIGEST_NONE ||
		       EVP_PKEY_CTX_set_signature_md(context, key_digest(scheme->digest, true)) > 0;
	case SCHEME_RSA_PSS:
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_signature_md(context,
						     key_digest(scheme->pss_digest, false)) > 0 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(context, key_digest(scheme->pss_mgf, false)) >
			       0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)scheme->pss_salt) > 0;
	case SCHEME_ECDSA:
		return true;
	}
	return false;
}

static EVP_PKEY_CTX *context_prepare(const struct software_key *key,
				     const struct key_scheme *scheme)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);

	if (context && EVP_PKEY_sign_init(context) > 0 && context_set(context, scheme))
		return context;
	EVP_PKEY_CTX_free(context);
	return NULL;
}

static bool scheme_equal(const struct key_scheme *a, const struct key_scheme *b)
{
	return a->scheme == b->scheme && a->digest == b->digest &&
	       (a->scheme != SCHEME_RSA_PSS ||
		(a->pss_digest == b->pss_digest && a->pss_mgf == b->pss_mgf &&
		 a->pss_salt == b->pss_salt));
}

/* A context of the caller's own. */
static EVP_PKEY_CTX *context_take(struct software_key *key, const struct key_scheme *scheme)
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
static bool ecdsa_flatten(const struct key *key, guint8 *signature, gsize *length)
{
	const unsigned char *end = signature;
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &end, (long)*length);
	const BIGNUM *r, *s;
	bool good = false;

	if (!parts)
		return false;
	ECDSA_SIG_get0(parts, &r, &s);
	good = BN_bn2binpad(r, signature, (int)key->part) == (int)key->part &&
	       BN_bn2binpad(s, signature + key->part, (int)key->part) == (int)key->part;
	ECDSA_SIG_free(parts);
	*length = 2 * key->part;
	return good;
}

static bool software_sign(struct key *key, const struct key_scheme *scheme, const guint8 *input,
			  gsize length, guint8 *signature, gsize *signature_length, GError **error)
{
	EVP_PKEY_CTX *context = context_take((struct software_key *)key, scheme);
	bool good;

	*signature_length = KEY_SIGNATURE_MAX;
	good = context && EVP_PKEY_sign(context, signature, signature_length, input, length) > 0 &&
	       (key->rsa || ecdsa_flatten(key, signature, signature_length));
	EVP_PKEY_CTX_free(context);
	if (!good)
		decode_error(error, DEVID_FAILED, "signature");
	return good;
}

struct search {
	const struct key_patience *patience;
	gint64 next; /* when to tell that it goes on */
};

/* Called for each number that is tried. 0 ends it. */
static int look_round(EVP_PKEY_CTX *context)
{
	struct search *search = EVP_PKEY_CTX_get_app_data(context);
	const struct key_patience *patience = search->patience;
	gint64 now = g_get_monotonic_time();

	if (patience && patience->tick && now >= search->next) {
		search->next = now + TICK_US;
		patience->tick(patience->data);
	}
	return !(patience && g_cancellable_is_cancelled(patience->cancel));
}

/* Primes of 2048 bits take a slow machine longer than a client waits without a word. */
static EVP_PKEY *make_rsa(guint bits, const struct key_patience *patience)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	struct search search = { patience, g_get_monotonic_time() + TICK_US };
	EVP_PKEY *pkey = NULL;

	if (context && EVP_PKEY_keygen_init(context) > 0 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) > 0) {
		EVP_PKEY_CTX_set_app_data(context, &search);
		EVP_PKEY_CTX_set_cb(context, look_round);
		if (EVP_PKEY_generate(context, &pkey) <= 0)
			pkey = NULL;
	}
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static EVP_PKEY *make_ec(guint bits)
{
	static const struct {
		guint bits;
		const char *name;
	} curves[] = { { 256, "P-256" }, { 384, "P-384" }, { 521, "P-521" } };

	for (gsize i = 0; i < G_N_ELEMENTS(curves); i++)
		if (curves[i].bits == bits)
			return EVP_EC_gen(curves[i].name);
	return NULL;
}

static bool software_generate(enum wire_key_type type, guint bits, const struct secret *auth,
			      const struct key_patience *patience, struct secret *half,
			      struct key_parent *parent, GBytes **spki, GError **error)
{
	g_autoptr(software_pkey) pkey = type == KEY_RSA ? make_rsa(bits, patience) : make_ec(bits);

	if (!pkey)
		return decode_error(error, DEVID_FAILED, "key");
	if (!encode_pkcs8(pkey, half, error))
		return false;
	*spki = decode_spki(pkey, error);
	return *spki != NULL;
}

const struct key_driver key_software = {
	.name = "software",
	.matches = key_matches_spki,
	.generate = software_generate,
	.open = software_open,
	.close = software_close,
	.sign = software_sign,
};
