/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and judging private keys with libcrypto: see decode.h. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <internal/secret.h>
#include <internal/wire.h>
#include "base/error.h"
#include "decode.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096

typedef PKCS8_PRIV_KEY_INFO private_key_info;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(private_key_info, PKCS8_PRIV_KEY_INFO_free)
typedef RSA rsa_key;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rsa_key, RSA_free)
typedef EC_KEY ec_key;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ec_key, EC_KEY_free)

bool decode_error(GError **error, enum devid_result result, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	devid_error_set(error, result, NULL, NULL, "%s: %s", what,
			why ? why : "libcrypto gave no reason");
	ERR_clear_error();
	return false;
}

static const int curves[] = { NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1 };

static bool judge_curve(int curve, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(curves); i++)
		if (curves[i] == curve)
			return true;
	return devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
			       "private key: curve %s is not one of P-256, P-384, P-521",
			       curve == NID_undef ? "with explicit parameters" : OBJ_nid2sn(curve));
}

static bool judge_rsa(const RSA *rsa, GError **error)
{
	const BIGNUM *p, *q, *dmp1, *dmq1, *iqmp;
	int bits = RSA_bits(rsa);

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
				       "private key: RSA of %d bits; %d to %d are used", bits,
				       RSA_BITS_MIN, RSA_BITS_MAX);
	if (RSA_get_multi_prime_extra_count(rsa) > 0)
		return devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
				       "private key: RSA with more than two primes is not used");
	RSA_get0_factors(rsa, &p, &q);
	RSA_get0_crt_params(rsa, &dmp1, &dmq1, &iqmp);
	if (!RSA_get0_d(rsa) || !p || !q || !dmp1 || !dmq1 || !iqmp || BN_is_zero(p) ||
	    BN_is_zero(q))
		return devid_error_set(error, DEVID_BAD_DATA, NULL, NULL,
				       "private key: RSA without its primes and exponents");
	return true;
}

bool decode_check(EVP_PKEY *pkey, GError **error)
{
	const RSA *rsa = EVP_PKEY_get0_RSA(pkey);

	if (rsa)
		return judge_rsa(rsa, error);

	const EC_KEY *ec = EVP_PKEY_get0_EC_KEY(pkey);

	return judge_curve(EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)), error);
}

static EVP_PKEY *decode_rsa(const unsigned char *der, int length, const X509_ALGOR *algorithm,
			    GError **error)
{
	const unsigned char *end = der;
	g_autoptr(rsa_key) rsa = d2i_RSAPrivateKey(NULL, &end, length);
	g_autoptr(software_pkey) pkey = NULL;

	if (!rsa || end != der + length)
		return software_null(error, DEVID_BAD_DATA, "private key: damaged RSA key");
	pkey = EVP_PKEY_new();
	if (!pkey || !EVP_PKEY_set1_RSA(pkey, rsa))
		return software_null(error, DEVID_NO_MEMORY, "private key");
	return g_steal_pointer(&pkey);
}

static EVP_PKEY *decode_ec(const unsigned char *der, int length, const X509_ALGOR *algorithm,
			   GError **error)
{
	const unsigned char *end = der;
	const void *parameter = NULL;
	g_autoptr(software_pkey) pkey = NULL;
	int type = V_ASN1_UNDEF, curve = NID_undef;

	X509_ALGOR_get0(NULL, &type, &parameter, algorithm);
	if (type == V_ASN1_OBJECT)
		curve = OBJ_obj2nid(parameter);
	if (!judge_curve(curve, error))
		return NULL;

	g_autoptr(ec_key) ec = EC_KEY_new_by_curve_name(curve);

	/* An EC key without its public point gets it here (RFC 5915 leaves it out at will). */
	if (!ec || !d2i_ECPrivateKey((EC_KEY **)&ec, &end, length) || end != der + length)
		return software_null(error, DEVID_BAD_DATA, "private key: damaged EC key");
	/* The key may name another curve than its wrapper did. */
	if (EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)) != curve)
		return devid_error_null(error, DEVID_BAD_DATA, NULL, NULL,
					"private key: the curve inside is not the one outside");
	EC_KEY_set_asn1_flag(ec, OPENSSL_EC_NAMED_CURVE);
	EC_KEY_set_conv_form(ec, POINT_CONVERSION_UNCOMPRESSED);
	pkey = EVP_PKEY_new();
	if (!pkey || !EVP_PKEY_set1_EC_KEY(pkey, ec))
		return software_null(error, DEVID_NO_MEMORY, "private key");
	return g_steal_pointer(&pkey);
}

static const struct decoder {
	int algorithm;
	EVP_PKEY *(*decode)(const unsigned char *der, int length, const X509_ALGOR *algorithm,
			    GError **error);
} decoders[] = {
	{ NID_rsaEncryption, decode_rsa },
	{ NID_X9_62_id_ecPublicKey, decode_ec },
};

static void refuse_algorithm(const ASN1_OBJECT *object, GError **error)
{
	int algorithm = OBJ_obj2nid(object);
	char name[80];

	OBJ_obj2txt(name, sizeof(name), object, 0);
	/* libp11 lists no key at all of a token that holds an Edwards key. */
	if (algorithm == NID_ED25519 || algorithm == NID_ED448)
		devid_error_set(
			error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
			"private key: %s hides every key of the token from OpenSSL's PKCS#11 "
			"engine; RSA and P-256, P-384, P-521 are used",
			name);
	else
		devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
				"private key: algorithm %s; RSA and P-256, P-384, P-521 are used",
				name);
}

EVP_PKEY *decode_pkcs8(const struct secret *pkcs8, GError **error)
{
	const unsigned char *end = pkcs8->data, *der = NULL;
	g_autoptr(private_key_info) info = NULL;
	g_autoptr(software_pkey) pkey = NULL;
	const ASN1_OBJECT *object = NULL;
	const X509_ALGOR *algorithm = NULL;
	int length = 0;

	ERR_clear_error();
	if (pkcs8->length > 0 && pkcs8->length <= WIRE_BODY_MAX)
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &end, (long)pkcs8->length);
	if (!info || end != pkcs8->data + pkcs8->length ||
	    !PKCS8_pkey_get0(&object, &der, &length, &algorithm, info))
		return software_null(error, DEVID_BAD_DATA, "private key: damaged PKCS#8");
	for (gsize i = 0; i < G_N_ELEMENTS(decoders); i++) {
		if (decoders[i].algorithm != OBJ_obj2nid(object))
			continue;
		pkey = decoders[i].decode(der, length, algorithm, error);
		if (!pkey || !decode_check(pkey, error))
			return NULL;
		return g_steal_pointer(&pkey);
	}
	refuse_algorithm(object, error);
	return NULL;
}

GBytes *decode_spki(EVP_PKEY *pkey, GError **error)
{
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(pkey, &der);

	if (length <= 0)
		return software_null(error, DEVID_FAILED, "private key: its public half");

	GBytes *spki = g_bytes_new(der, (gsize)length);

	OPENSSL_free(der);
	return spki;
}
