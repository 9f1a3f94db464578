/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures, by other libraries than those that made them: see verify.h. */
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include "spec.h"
#include "verify.h"

gnutls_datum_t verify_file(const char *name, const char *suffix)
{
	gnutls_datum_t data;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.%s", spec_setting("DEVID_TEST_PKI", "."), name, suffix);
	if (gnutls_load_file(path, &data) != 0)
		fail_msg("no %s", path);
	return data;
}

gnutls_pubkey_t verify_key(const char *name)
{
	gnutls_datum_t pem = verify_file(name, "crt");
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t key;

	gnutls_x509_crt_init(&crt);
	gnutls_pubkey_init(&key);
	assert_int_equal(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_pubkey_import_x509(key, crt, 0), 0);
	gnutls_x509_crt_deinit(crt);
	gnutls_free(pem.data);
	return key;
}

unsigned verify_bits(const char *name)
{
	gnutls_pubkey_t key = verify_key(name);
	unsigned bits = 0;

	/* GnuTLS counts whole bytes. */
	if (gnutls_pubkey_get_pk_algorithm(key, &bits) == GNUTLS_PK_ECDSA && bits > 521)
		bits = 521;
	gnutls_pubkey_deinit(key);
	return bits;
}

bool verify_is_rsa(const char *name)
{
	gnutls_pubkey_t key = verify_key(name);
	bool rsa = gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA;

	gnutls_pubkey_deinit(key);
	return rsa;
}

static void set_pss(gnutls_pubkey_t key, const struct verify_pss *pss)
{
	gnutls_x509_spki_t spki;

	gnutls_x509_spki_init(&spki);
	gnutls_x509_spki_set_rsa_pss_params(spki, pss->hash, pss->salt);
	assert_int_equal(gnutls_pubkey_set_spki(key, spki, 0), 0);
	gnutls_x509_spki_deinit(spki);
}

bool verify_message(const char *name, gnutls_digest_algorithm_t digest,
		    const struct verify_pss *pss, bool hashed, const uint8_t *data, size_t length,
		    const uint8_t *signature, size_t signature_length)
{
	gnutls_pubkey_t key = verify_key(name);
	gnutls_datum_t what = { (unsigned char *)data, (unsigned)length };
	gnutls_datum_t sig = { (unsigned char *)signature, (unsigned)signature_length };
	gnutls_datum_t der = { NULL, 0 };
	bool rsa = gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA;
	gnutls_sign_algorithm_t algorithm = gnutls_pk_to_sign(pss   ? GNUTLS_PK_RSA_PSS
							      : rsa ? GNUTLS_PK_RSA
								    : GNUTLS_PK_ECDSA,
							      digest);
	int status;

	if (!rsa) {
		unsigned scope = (unsigned)signature_length / 2;
		gnutls_datum_t r = { sig.data, scope }, s = { sig.data + scope, scope };

		assert_int_equal(gnutls_encode_rs_value(&der, &r, &s), 0);
		sig = der;
	}
	if (pss)
		set_pss(key, pss);
	status = hashed ? gnutls_pubkey_verify_hash2(key, algorithm, 0, &what, &sig)
			: gnutls_pubkey_verify_data2(key, algorithm, 0, &what, &sig);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return status >= 0;
}

static void import(mpz_t number, const uint8_t *data, size_t length)
{
	mpz_import(number, length, 1, 1, 1, 0, data);
}

static bool bare_rsa(gnutls_pubkey_t key, const uint8_t *data, size_t length,
		     const uint8_t *signature, size_t signature_length)
{
	struct rsa_public_key rsa;
	gnutls_datum_t n, e;
	mpz_t number;
	bool good;

	rsa_public_key_init(&rsa);
	mpz_init(number);
	assert_int_equal(gnutls_pubkey_export_rsa_raw(key, &n, &e), 0);
	import(rsa.n, n.data, n.size);
	import(rsa.e, e.data, e.size);
	import(number, signature, signature_length);
	good = rsa_public_key_prepare(&rsa) && rsa_pkcs1_verify(&rsa, length, data, number);
	mpz_clear(number);
	rsa_public_key_clear(&rsa);
	gnutls_free(n.data);
	gnutls_free(e.data);
	return good;
}

static bool bare_ecdsa(gnutls_pubkey_t key, const uint8_t *data, size_t length,
		       const uint8_t *signature, size_t signature_length)
{
	gnutls_ecc_curve_t curve;
	struct dsa_signature sig;
	struct ecc_point point;
	gnutls_datum_t x, y;
	mpz_t px, py;
	bool good;

	assert_int_equal(gnutls_pubkey_export_ecc_raw(key, &curve, &x, &y), 0);
	ecc_point_init(&point, curve == GNUTLS_ECC_CURVE_SECP256R1   ? nettle_get_secp_256r1()
			       : curve == GNUTLS_ECC_CURVE_SECP384R1 ? nettle_get_secp_384r1()
								     : nettle_get_secp_521r1());
	mpz_inits(px, py, NULL);
	dsa_signature_init(&sig);
	import(px, x.data, x.size);
	import(py, y.data, y.size);
	import(sig.r, signature, signature_length / 2);
	import(sig.s, signature + signature_length / 2, signature_length / 2);
	good = ecc_point_set(&point, px, py) && ecdsa_verify(&point, length, data, &sig);
	dsa_signature_clear(&sig);
	mpz_clears(px, py, NULL);
	ecc_point_clear(&point);
	gnutls_free(x.data);
	gnutls_free(y.data);
	return good;
}

bool verify_bare(const char *name, const uint8_t *data, size_t length, const uint8_t *signature,
		 size_t signature_length)
{
	gnutls_pubkey_t key = verify_key(name);
	bool good = gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA
			    ? bare_rsa(key, data, length, signature, signature_length)
			    : bare_ecdsa(key, data, length, signature, signature_length);

	gnutls_pubkey_deinit(key);
	return good;
}
