/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software keys: every scheme, digest and key, verified with another library; and what is
 * refused. */
#include <string.h>
#include <gnutls/crypto.h>
#include <internal/cleanup.h>
#include "tests/helper/agent/support.h"
#include <internal/record.h>
#include <glib.h>
#include <internal/wire.h>
#include "agent/key/encode.h"
#include "agent/key/key.h"
#include "base/error.h"
#include "agent/key/software.h"

/* --- signing, verified with GnuTLS --- */

static const struct digest {
	enum wire_digest digest;
	gnutls_digest_algorithm_t gnutls;
	gnutls_sign_algorithm_t pkcs1, pss, ecdsa;
	const char *prefix; /* of the DigestInfo, hex (RFC 8017 section 9.2 note 1) */
	guint size;
} digests[] = {
	{ DIGEST_SHA256, GNUTLS_DIG_SHA256, GNUTLS_SIGN_RSA_SHA256, GNUTLS_SIGN_RSA_PSS_SHA256,
	  GNUTLS_SIGN_ECDSA_SHA256, "3031300d060960864801650304020105000420", 32 },
	{ DIGEST_SHA384, GNUTLS_DIG_SHA384, GNUTLS_SIGN_RSA_SHA384, GNUTLS_SIGN_RSA_PSS_SHA384,
	  GNUTLS_SIGN_ECDSA_SHA384, "3041300d060960864801650304020205000430", 48 },
	{ DIGEST_SHA512, GNUTLS_DIG_SHA512, GNUTLS_SIGN_RSA_SHA512, GNUTLS_SIGN_RSA_PSS_SHA512,
	  GNUTLS_SIGN_ECDSA_SHA512, "3051300d060960864801650304020305000440", 64 },
};

static const struct {
	const char *name;
	bool rsa;
	guint signature;
} keys[] = {
	{ "rsa2048", true, 256 }, { "rsa3072", true, 384 }, { "rsa4096", true, 512 },
	{ "p256", false, 64 },	  { "p384", false, 96 },    { "p521", false, 132 },
};

static const char message[] = "The quick brown fox jumps over the lazy dog, many times over.";

static struct key *open_key(const char *name)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	GError *error = NULL;
	struct key *key;

	pki_pkcs8(name, &pkcs8);
	key = key_software.open(&pkcs8, NULL, NULL, NULL, &error);
	if (!key)
		fail_msg("%s: %s", name, error->message);
	return key;
}

/* r||s as GnuTLS wants it: DER. */
static void ecdsa_der(const guint8 *signature, gsize length, gnutls_datum_t *der)
{
	gnutls_datum_t r = { (guint8 *)signature, (unsigned)(length / 2) };
	gnutls_datum_t s = { (guint8 *)signature + length / 2, (unsigned)(length / 2) };

	assert_int_equal(gnutls_encode_rs_value(der, &r, &s), 0);
}

static int verify(const char *name, gnutls_sign_algorithm_t algorithm, const guint8 *signature,
		  gsize length)
{
	gnutls_pubkey_t key = pki_pubkey(name);
	gnutls_datum_t data = { (guint8 *)message, sizeof(message) - 1 };
	gnutls_datum_t raw = { (guint8 *)signature, (unsigned)length }, der = { 0 };
	bool ec = gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_ECDSA;
	int result;

	if (ec)
		ecdsa_der(signature, length, &der);
	result = gnutls_pubkey_verify_data2(key, algorithm, 0, &data, ec ? &der : &raw);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return result;
}

/* What the bare mechanism is given: a DigestInfo, or the hash. */
static gsize bare_input(const struct digest *digest, enum wire_scheme scheme, guint8 *input)
{
	gsize at = 0;

	if (scheme == SCHEME_RSA_PKCS1) {
		at = strlen(digest->prefix) / 2;
		assert_true(hex_decode(digest->prefix, 2 * at, input));
	}
	gnutls_hash_fast(digest->gnutls, message, sizeof(message) - 1, input + at);
	return at + digest->size;
}

static struct key_scheme make_scheme(enum wire_scheme scheme, const struct digest *digest,
				     bool bare)
{
	struct key_scheme made = { scheme, bare ? DIGEST_NONE : digest->digest, DIGEST_NONE,
				   DIGEST_NONE, 0 };

	if (scheme == SCHEME_RSA_PSS) {
		made.pss_digest = made.pss_mgf = digest->digest;
		made.pss_salt = digest->size;
	}
	return made;
}

static void sign_parts(struct key *key, const struct key_scheme *scheme, const guint8 *data,
		       gsize length, guint8 *signature, gsize *signature_length)
{
	struct key_operation *operation = key_begin(key, scheme, NULL);

	assert_non_null(operation);
	for (gsize at = 0; at < length; at += 7)
		assert_true(key_update(operation, data + at, MIN(7, length - at), NULL));
	assert_true(key_finish(operation, signature, signature_length, NULL));
	key_abandon(operation);
}

static void every_scheme_of(gsize which)
{
	static const enum wire_scheme rsa[] = { SCHEME_RSA_PKCS1, SCHEME_RSA_PSS };
	struct key *key = open_key(keys[which].name);

	for (gsize s = 0; s < (keys[which].rsa ? 2u : 1u); s++) {
		enum wire_scheme scheme = keys[which].rsa ? rsa[s] : SCHEME_ECDSA;

		for (gsize d = 0; d < G_N_ELEMENTS(digests); d++) {
			gnutls_sign_algorithm_t algorithm =
				scheme == SCHEME_ECDSA	   ? digests[d].ecdsa
				: scheme == SCHEME_RSA_PSS ? digests[d].pss
							   : digests[d].pkcs1;

			for (int way = 0; way < 4; way++) {
				bool bare = way & 1, parts = way & 2;
				struct key_scheme asked = make_scheme(scheme, &digests[d], bare);
				guint8 input[128], signature[KEY_SIGNATURE_MAX];
				gsize length = sizeof(message) - 1, got = 0;
				const guint8 *data = (const guint8 *)message;

				if (bare) {
					length = bare_input(&digests[d], scheme, input);
					data = input;
				}
				if (parts)
					sign_parts(key, &asked, data, length, signature, &got);
				else
					assert_true(key_sign(key, &asked, data, length, signature,
							     &got, NULL));
				assert_int_equal(got, keys[which].signature);
				assert_int_equal(
					verify(keys[which].name, algorithm, signature, got), 0);
				signature[got / 2] ^= 1;
				assert_true(verify(keys[which].name, algorithm, signature, got) <
					    0);
			}
		}
	}
	key_unref(key);
}

static void test_every_scheme(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
		every_scheme_of(i);
}

/* ECDSA of what is longer than the order uses its leftmost bits: with a SHA-512 hash and P-256 the
 * verifier must do the same. Short input is signed as the number that it is.
 */
static void test_ecdsa_lengths(void **state)
{
	struct key *key = open_key("p256");
	struct key_scheme bare = { SCHEME_ECDSA, DIGEST_NONE, DIGEST_NONE, DIGEST_NONE, 0 };
	guint8 input[1025] = { 0 }, signature[KEY_SIGNATURE_MAX];
	gsize got = 0;
	GError *error = NULL;

	gnutls_hash_fast(GNUTLS_DIG_SHA512, message, sizeof(message) - 1, input);
	assert_true(key_sign(key, &bare, input, 64, signature, &got, NULL));
	assert_int_equal(verify("p256", GNUTLS_SIGN_ECDSA_SHA512, signature, got), 0);
	assert_true(key_sign(key, &bare, input, 1, signature, &got, NULL));
	assert_true(key_sign(key, &bare, input, 1024, signature, &got, NULL));
	assert_false(key_sign(key, &bare, input, 1025, signature, &got, &error));
	assert_int_equal(error->code, DEVID_TOO_LARGE);
	g_clear_error(&error);
	assert_false(key_sign(key, &bare, input, 0, signature, &got, &error));
	assert_int_equal(error->code, DEVID_BAD_DATA);
	g_clear_error(&error);
	key_unref(key);
}

/* --- what a key refuses to sign --- */

static void refuse_sign(struct key *key, struct key_scheme scheme, gsize length,
			enum devid_result result)
{
	static const guint8 data[600];
	guint8 signature[KEY_SIGNATURE_MAX];
	gsize got = 0;
	GError *error = NULL;

	assert_false(key_sign(key, &scheme, data, length, signature, &got, &error));
	assert_int_equal(error->code, result);
	g_clear_error(&error);
}

static void test_refused_schemes(void **state)
{
	struct key *rsa = open_key("rsa2048"), *ec = open_key("p256");
	const struct key_scheme pss = { SCHEME_RSA_PSS, DIGEST_NONE, DIGEST_SHA256, DIGEST_SHA256,
					32 };
	struct key_scheme s;

	refuse_sign(ec, (struct key_scheme){ SCHEME_RSA_PKCS1, DIGEST_NONE, 0, 0, 0 }, 32,
		    DEVID_USAGE);
	refuse_sign(ec, pss, 32, DEVID_USAGE);
	refuse_sign(rsa, (struct key_scheme){ SCHEME_ECDSA, DIGEST_NONE, 0, 0, 0 }, 32,
		    DEVID_USAGE);
	/* SHA-1 hashes no message, though PSS may name it. */
	refuse_sign(rsa, (struct key_scheme){ SCHEME_RSA_PKCS1, DIGEST_SHA1, 0, 0, 0 }, 32,
		    DEVID_UNSUPPORTED);
	refuse_sign(ec, (struct key_scheme){ SCHEME_ECDSA, DIGEST_SHA224, 0, 0, 0 }, 32,
		    DEVID_UNSUPPORTED);
	refuse_sign(rsa, (struct key_scheme){ SCHEME_RSA_PKCS1, 77, 0, 0, 0 }, 32,
		    DEVID_UNSUPPORTED);
	/* PKCS#1 v1.5 leaves eleven bytes. */
	refuse_sign(rsa, (struct key_scheme){ SCHEME_RSA_PKCS1, DIGEST_NONE, 0, 0, 0 }, 246,
		    DEVID_TOO_LARGE);
	refuse_sign(rsa, pss, 31, DEVID_BAD_DATA);
	refuse_sign(rsa, pss, 33, DEVID_BAD_DATA);
	refuse_sign(rsa, pss, 0, DEVID_BAD_DATA);
	s = pss, s.pss_digest = DIGEST_NONE;
	refuse_sign(rsa, s, 32, DEVID_UNSUPPORTED);
	s = pss, s.pss_mgf = DIGEST_NONE;
	refuse_sign(rsa, s, 32, DEVID_UNSUPPORTED);
	s = pss, s.digest = DIGEST_SHA512;
	refuse_sign(rsa, s, 32, DEVID_USAGE);
	s = pss, s.pss_salt = 256 - 32 - 1;
	refuse_sign(rsa, s, 32, DEVID_USAGE);
	s = pss, s.pss_salt = G_MAXUINT32;
	refuse_sign(rsa, s, 32, DEVID_USAGE);
	key_unref(rsa);
	key_unref(ec);
}

static void test_edges(void **state)
{
	struct key *rsa = open_key("rsa2048");
	struct key_scheme pkcs1 = { SCHEME_RSA_PKCS1, DIGEST_NONE, 0, 0, 0 };
	struct key_scheme pss = { SCHEME_RSA_PSS, DIGEST_NONE, DIGEST_SHA256, DIGEST_SHA256,
				  256 - 32 - 2 };
	struct key_scheme mixed = { SCHEME_RSA_PSS, DIGEST_NONE, DIGEST_SHA1, DIGEST_SHA512, 0 };
	guint8 data[245] = { 1 }, signature[KEY_SIGNATURE_MAX];
	gsize got = 0;

	assert_true(key_sign(rsa, &pkcs1, data, 245, signature, &got, NULL));
	assert_true(key_sign(rsa, &pkcs1, data, 0, signature, &got, NULL));
	assert_true(key_sign(rsa, &pss, data, 32, signature, &got, NULL));
	assert_true(key_sign(rsa, &mixed, data, 20, signature, &got, NULL));
	assert_int_equal(got, 256);
	/* More schemes than there are templates. */
	for (guint salt = 0; salt < 20; salt++) {
		pss.pss_salt = salt;
		assert_true(key_sign(rsa, &pss, data, 32, signature, &got, NULL));
	}
	key_unref(rsa);
}

static void test_parts_refused(void **state)
{
	struct key *rsa = open_key("rsa2048");
	struct key_scheme bare = { SCHEME_RSA_PKCS1, DIGEST_NONE, 0, 0, 0 };
	struct key_scheme ecdsa = { SCHEME_ECDSA, DIGEST_SHA256, 0, 0, 0 };
	struct key_operation *operation;
	guint8 data[1024] = { 0 }, signature[KEY_SIGNATURE_MAX];
	GError *error = NULL;
	gsize got = 0;

	assert_null(key_begin(rsa, &ecdsa, &error));
	assert_int_equal(error->code, DEVID_USAGE);
	g_clear_error(&error);
	operation = key_begin(rsa, &bare, NULL);
	assert_true(key_update(operation, data, 246, NULL));
	assert_false(key_finish(operation, signature, &got, &error));
	assert_int_equal(error->code, DEVID_TOO_LARGE);
	g_clear_error(&error);
	key_abandon(operation);
	operation = key_begin(rsa, &bare, NULL);
	assert_true(key_update(operation, data, 1024, NULL));
	assert_false(key_update(operation, data, 1, &error));
	assert_int_equal(error->code, DEVID_TOO_LARGE);
	g_clear_error(&error);
	key_abandon(operation);
	key_abandon(NULL);
	key_unref(rsa);
}

/* --- what is no key for a device --- */

static void refuse_open(const void *data, gsize length, enum devid_result result, const char *word)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	GError *error = NULL;

	assert_int_equal(secret_allocate(&pkcs8, length + 1), DEVID_OK);
	assert_int_equal(secret_append(&pkcs8, data, length), DEVID_OK);
	assert_null(key_software.open(&pkcs8, NULL, NULL, NULL, &error));
	assert_int_equal(error->code, result);
	if (!strstr(error->message, word))
		fail_msg("%s", error->message);
	g_clear_error(&error);
}

static void refuse_pki(const char *name, enum devid_result result, const char *word)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;

	pki_pkcs8(name, &pkcs8);
	refuse_open(pkcs8.data, pkcs8.length, result, word);
}

static void generated(gnutls_pk_algorithm_t algorithm, unsigned bits, const char *word)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t der;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(key, algorithm, bits, 0), 0);
	assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, NULL,
							   GNUTLS_PKCS_PLAIN, &der),
			 0);
	refuse_open(der.data, der.size, DEVID_UNSUPPORTED, word);
	gnutls_free(der.data);
	gnutls_x509_privkey_deinit(key);
}

static void test_refused_keys(void **state)
{
	refuse_pki("rsa1024", DEVID_UNSUPPORTED, "1024 bits");
	refuse_pki("ed25519", DEVID_UNSUPPORTED, "ED25519");
	generated(GNUTLS_PK_EDDSA_ED448, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED448), "ED448");
	generated(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP224R1), "secp224r1");
	generated(GNUTLS_PK_DSA, 2048, "dsaEncryption");
	generated(GNUTLS_PK_RSA_PSS, 2048, "rsassaPss");
}

static void test_damaged_keys(void **state)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	AUTO_SECRET struct secret cut = SECRET_INIT;

	refuse_open("", 0, DEVID_BAD_DATA, "PKCS#8");
	refuse_open("no key at all", 13, DEVID_BAD_DATA, "PKCS#8");
	pki_pkcs8("p256", &pkcs8);
	for (gsize length = 0; length < pkcs8.length; length++)
		refuse_open(pkcs8.data, length, DEVID_BAD_DATA, "");
	/* Something after it. */
	assert_int_equal(secret_append(&cut, pkcs8.data, pkcs8.length), DEVID_OK);
	assert_int_equal(secret_append(&cut, "x", 1), DEVID_OK);
	refuse_open(cut.data, cut.length, DEVID_BAD_DATA, "PKCS#8");
	/* Each byte changed: opened or refused, never worse. */
	for (gsize at = 0; at < pkcs8.length; at++) {
		struct key *key;

		pkcs8.data[at] ^= 0x41;
		key = key_software.open(&pkcs8, NULL, NULL, NULL, NULL);
		if (key)
			key_unref(key);
		pkcs8.data[at] ^= 0x41;
	}
}

/* --- which key belongs to what --- */

static void test_is_for(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		struct key *key = open_key(keys[i].name);

		for (gsize j = 0; j < G_N_ELEMENTS(keys); j++) {
			g_autoptr(GBytes) spki = pki_spki(keys[j].name);
			gsize length;
			const guint8 *der = g_bytes_get_data(spki, &length);

			assert_int_equal(key_is_for(key, der, length), i == j);
			assert_false(key_is_for(key, der, length - 1));
		}
		assert_false(key_is_for(key, (const guint8 *)"", 0));
		key_unref(key);
	}
}

/* The same point, encoded compressed (RFC 5480 section 2.2). */
static void test_is_for_compressed(void **state)
{
	struct key *key = open_key("p256");
	g_autoptr(GBytes) spki = pki_spki("p256");
	gsize length;
	const guint8 *der = g_bytes_get_data(spki, &length);
	guint8 compressed[59];

	assert_int_equal(length, 91);
	memcpy(compressed, der, sizeof(compressed));
	compressed[1] = 57;
	compressed[24] = 34;
	compressed[26] = der[90] & 1 ? 3 : 2;
	assert_true(key_is_for(key, compressed, sizeof(compressed)));
	compressed[30] ^= 1;
	assert_false(key_is_for(key, compressed, sizeof(compressed)));
	key_unref(key);
}

static void test_matches(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
		g_autoptr(GBytes) own = pki_spki(keys[i].name);
		g_autoptr(GBytes) other = pki_spki(keys[i].rsa ? "second" : "stranger-p256");
		g_autoptr(GBytes) broken = g_bytes_new_from_bytes(own, 0, 40);
		g_autoptr(GBytes) derived = NULL;
		GError *error = NULL;

		pki_pkcs8(keys[i].name, &pkcs8);
		derived = key_spki_from_pkcs8(&pkcs8, NULL);
		assert_true(g_bytes_equal(derived, own));
		assert_true(key_matches_spki(&pkcs8, own, NULL));
		assert_false(key_matches_spki(&pkcs8, other, &error));
		assert_int_equal(error->code, DEVID_MISMATCH);
		g_clear_error(&error);
		assert_false(key_matches_spki(&pkcs8, broken, &error));
		assert_int_equal(error->code, DEVID_BAD_DATA);
		g_clear_error(&error);
	}
}

/* --- threads --- */

/* A key signs from many threads at once. */
static gpointer sign_often(gpointer data)
{
	struct key_scheme schemes[] = { { SCHEME_RSA_PKCS1, DIGEST_SHA256, 0, 0, 0 },
					{ SCHEME_RSA_PSS, DIGEST_SHA256, DIGEST_SHA256,
					  DIGEST_SHA256, 32 } };

	for (int i = 0; i < 100; i++) {
		guint8 signature[KEY_SIGNATURE_MAX];
		gsize got = 0;

		if (!key_sign(data, &schemes[i % 2], (const guint8 *)message, sizeof(message) - 1,
			      signature, &got, NULL) ||
		    got != 256)
			return GINT_TO_POINTER(1);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct key *key = open_key("rsa2048");
	GThread *threads[8];

	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("sign", sign_often, key);
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		assert_null(g_thread_join(threads[i]));
	key_unref(key);
}

/* A client that went away ends the search for primes. */
static void nobody_waits_for_a_key(void **state)
{
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	struct key_patience patience = { NULL, NULL, cancel };
	AUTO_SECRET struct secret half = SECRET_INIT;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) spki = NULL;

	g_cancellable_cancel(cancel);
	assert_false(
		key_software.generate(KEY_RSA, 4096, NULL, &patience, &half, NULL, &spki, &error));
	assert_int_equal(devid_error_result(error), DEVID_FAILED);
	assert_null(spki);
	assert_int_equal(half.length, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_waits_for_a_key),
		cmocka_unit_test(test_every_scheme),
		cmocka_unit_test(test_ecdsa_lengths),
		cmocka_unit_test(test_refused_schemes),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_parts_refused),
		cmocka_unit_test(test_refused_keys),
		cmocka_unit_test(test_damaged_keys),
		cmocka_unit_test(test_is_for),
		cmocka_unit_test(test_is_for_compressed),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, place_make, place_remove);
}
