/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a certificate is and bears, whatever path it stands on. */
#include <string.h>
#include "base/auto-gnutls.h"
#include "base/certificate.h"
#include "certificate-fact.h"
#include "name-match.h"

bool certificate_claims_ca(gnutls_x509_crt_t certificate)
{
	unsigned authority = 0;
	int result = gnutls_x509_crt_get_basic_constraints(certificate, NULL, &authority, NULL);

	return result != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE && (result < 0 || authority);
}

bool certificate_der_claims_ca(const void *der, size_t length)
{
	g_auto(gnutls_x509_crt_t) certificate = length ? certificate_from_der(der, length) : NULL;

	return certificate && certificate_claims_ca(certificate);
}

bool certificate_is_ca(gnutls_x509_crt_t certificate)
{
	unsigned usage = 0;
	int result;

	if (gnutls_x509_crt_get_ca_status(certificate, NULL) <= 0)
		return false;
	result = gnutls_x509_crt_get_key_usage(certificate, &usage, NULL);
	return result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	       (result >= 0 && (usage & GNUTLS_KEY_KEY_CERT_SIGN));
}

static bool data_equal(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	return a->size == b->size && a->size > 0 && memcmp(a->data, b->data, a->size) == 0;
}

static bool rsa_keys_same(gnutls_x509_crt_t a, gnutls_x509_crt_t b)
{
	g_auto(gnutls_datum_t) n_a = { NULL, 0 }, e_a = { NULL, 0 };
	g_auto(gnutls_datum_t) n_b = { NULL, 0 }, e_b = { NULL, 0 };

	return gnutls_x509_crt_get_pk_rsa_raw(a, &n_a, &e_a) >= 0 &&
	       gnutls_x509_crt_get_pk_rsa_raw(b, &n_b, &e_b) >= 0 && data_equal(&n_a, &n_b) &&
	       data_equal(&e_a, &e_b);
}

/* Of the key as it is used, not of the bytes that it was written with. */
static bool key_ids_same(gnutls_x509_crt_t a, gnutls_x509_crt_t b)
{
	unsigned char id_a[CERTIFICATE_KEY_ID_MAX], id_b[CERTIFICATE_KEY_ID_MAX];
	size_t size_a = sizeof(id_a), size_b = sizeof(id_b);

	return gnutls_x509_crt_get_key_id(a, GNUTLS_KEYID_USE_SHA256, id_a, &size_a) >= 0 &&
	       gnutls_x509_crt_get_key_id(b, GNUTLS_KEYID_USE_SHA256, id_b, &size_b) >= 0 &&
	       size_a == size_b && memcmp(id_a, id_b, size_a) == 0;
}

static bool is_rsa(int algorithm)
{
	return algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS;
}

bool certificate_keys_same(gnutls_x509_crt_t a, gnutls_x509_crt_t b)
{
	unsigned bits_a = 0, bits_b = 0;
	int algorithm_a = gnutls_x509_crt_get_pk_algorithm(a, &bits_a);
	int algorithm_b = gnutls_x509_crt_get_pk_algorithm(b, &bits_b);

	if (bits_a != bits_b)
		return false;
	/* The same number serves as a key for everything and as one bound to PSS. */
	if (is_rsa(algorithm_a) && is_rsa(algorithm_b))
		return rsa_keys_same(a, b);
	return algorithm_a == algorithm_b && key_ids_same(a, b);
}

bool certificate_key_weak(gnutls_x509_crt_t certificate)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, &bits);

	switch (algorithm) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
	case GNUTLS_PK_DSA:
		return bits < 2048;
	case GNUTLS_PK_ECDSA:
		return bits < 224;
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		return false;
	default:
		return true;
	}
}

bool certificate_signature_weak(gnutls_x509_crt_t certificate)
{
	static const gnutls_digest_algorithm_t sound[] = {
		GNUTLS_DIG_SHA224,   GNUTLS_DIG_SHA256,	  GNUTLS_DIG_SHA384,   GNUTLS_DIG_SHA512,
		GNUTLS_DIG_SHA3_224, GNUTLS_DIG_SHA3_256, GNUTLS_DIG_SHA3_384, GNUTLS_DIG_SHA3_512,
	};
	int algorithm = gnutls_x509_crt_get_signature_algorithm(certificate);
	gnutls_digest_algorithm_t digest;

	/* These have their hash inside. */
	if (algorithm == GNUTLS_SIGN_EDDSA_ED25519 || algorithm == GNUTLS_SIGN_EDDSA_ED448)
		return false;
	if (algorithm < 0)
		return true;
	digest = gnutls_sign_get_hash_algorithm((gnutls_sign_algorithm_t)algorithm);
	for (gsize i = 0; i < G_N_ELEMENTS(sound); i++)
		if (sound[i] == digest)
			return false;
	return true;
}

bool certificate_subject_is(gnutls_x509_crt_t certificate, const gnutls_datum_t *name)
{
	g_auto(gnutls_datum_t) subject = { NULL, 0 };

	return gnutls_x509_crt_get_raw_dn(certificate, &subject) >= 0 && name_equal(&subject, name);
}
