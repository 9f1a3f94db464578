/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a private key belongs to a certificate: same public key, and a signature that
 * verifies. */
#include <string.h>
#include "base/auto-gnutls.h"
#include "candidate.h"
#include "key-der.h"
#include "keypair.h"

#define POINT_MAX (1 + 2 * 66)

/* Of the kinds that are taken; others come out unknown. */
static gnutls_sign_algorithm_t choose_algorithm(gnutls_pubkey_t key)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (algorithm == GNUTLS_PK_RSA)
		return GNUTLS_SIGN_RSA_SHA256;
	if (algorithm != GNUTLS_PK_ECDSA)
		return GNUTLS_SIGN_UNKNOWN;
	return bits > 384   ? GNUTLS_SIGN_ECDSA_SHA512
	       : bits > 256 ? GNUTLS_SIGN_ECDSA_SHA384
			    : GNUTLS_SIGN_ECDSA_SHA256;
}

/* X9.63, uncompressed. */
static size_t get_point(gnutls_pubkey_t key, uint8_t point[POINT_MAX])
{
	gnutls_ecc_curve_t curve;
	g_auto(gnutls_datum_t) x = { NULL, 0 }, y = { NULL, 0 };
	size_t size = 0, length = 0;

	if (gnutls_pubkey_export_ecc_raw2(key, &curve, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ) < 0)
		return 0;
	size = (size_t)gnutls_ecc_curve_get_size(curve);
	if (size && 1 + 2 * size <= POINT_MAX && x.size <= size && y.size <= size) {
		length = 1 + 2 * size;
		memset(point, 0, length);
		point[0] = 4;
		memcpy(point + 1 + size - x.size, x.data, x.size);
		memcpy(point + 1 + 2 * size - y.size, y.data, y.size);
	}
	return length;
}

/* The same public key on both sides? Compared as DER, so nothing is left to ids. */
static bool same_public(gnutls_privkey_t key, gnutls_pubkey_t pubkey)
{
	g_auto(gnutls_pubkey_t) mine = NULL;
	g_auto(gnutls_datum_t) a = { NULL, 0 }, b = { NULL, 0 };

	return gnutls_pubkey_init(&mine) >= 0 &&
	       gnutls_pubkey_import_privkey(mine, key, 0, 0) >= 0 &&
	       gnutls_pubkey_export2(mine, GNUTLS_X509_FMT_DER, &a) >= 0 &&
	       gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_DER, &b) >= 0 && a.size == b.size &&
	       memcmp(a.data, b.data, a.size) == 0;
}

static bool proves(gnutls_privkey_t key, gnutls_pubkey_t pubkey)
{
	static unsigned char text[] = "devid: do key and certificate belong together?";
	const gnutls_datum_t data = { text, sizeof(text) };
	gnutls_sign_algorithm_t algorithm = choose_algorithm(pubkey);
	g_auto(gnutls_datum_t) signature = { NULL, 0 };

	/* Keys of other kinds, and those that are too small, are refused in words of their own. */
	if (algorithm == GNUTLS_SIGN_UNKNOWN)
		return true;
	return gnutls_privkey_sign_data2(key, algorithm, 0, &data, &signature) >= 0 &&
	       gnutls_pubkey_verify_data2(pubkey, algorithm, GNUTLS_VERIFY_ALLOW_BROKEN, &data,
					  &signature) >= 0;
}

static enum keypair match_key(const struct secret *pkcs8, gnutls_pubkey_t pubkey, int *code)
{
	const gnutls_datum_t der = { pkcs8->data, (unsigned)pkcs8->length };
	g_auto(gnutls_privkey_t) key = NULL;

	*code = gnutls_privkey_init(&key);
	if (*code >= 0)
		*code = gnutls_privkey_import_x509_raw(key, &der, GNUTLS_X509_FMT_DER, NULL,
						       GNUTLS_PKCS_PLAIN);
	if (*code < 0)
		return KEYPAIR_UNREADABLE;
	return same_public(key, pubkey) && proves(key, pubkey) ? KEYPAIR_MATCHES : KEYPAIR_DIFFERS;
}

enum keypair keypair_match(const struct secret *pkcs8, gnutls_x509_crt_t crt,
			   struct secret *completed, int *code)
{
	g_auto(gnutls_pubkey_t) pubkey = NULL;
	uint8_t point[POINT_MAX];
	size_t length;

	*code = gnutls_pubkey_init(&pubkey);
	if (*code < 0)
		return KEYPAIR_UNREADABLE;
	*code = gnutls_pubkey_import_x509(pubkey, crt, 0);
	if (*code < 0)
		return KEYPAIR_CERTIFICATE_UNREADABLE;
	if (!key_der_lacks_point(pkcs8)) {
		secret_clear(completed);
		return secret_append(completed, pkcs8->data, pkcs8->length)
			       ? KEYPAIR_UNREADABLE
			       : match_key(completed, pubkey, code);
	}
	/* The certificate's point, on trial: the signature decides whether it is the key's. */
	length = get_point(pubkey, point);
	return length && key_der_with_point(pkcs8, point, length, completed) &&
			       match_key(completed, pubkey, code) == KEYPAIR_MATCHES
		       ? KEYPAIR_MATCHES
		       : KEYPAIR_DIFFERS;
}
