/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys as other tools write them (C_CreateObject), made into a PKCS#8; and whether a
 * private key belongs to a public one.
 */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "decode.h"
#include "encode.h"
#include "key.h"

typedef PKCS8_PRIV_KEY_INFO private_key_info;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(private_key_info, PKCS8_PRIV_KEY_INFO_free)

/* Of RSA-4096 it has some 2,400 bytes. */
#define PKCS8_MAX 8192

typedef RSA rsa_key;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rsa_key, RSA_free)
typedef EC_KEY ec_key;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ec_key, EC_KEY_free)
typedef EC_POINT ec_point;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ec_point, EC_POINT_free)
typedef EC_GROUP ec_group;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ec_group, EC_GROUP_free)
typedef BIGNUM secret_number;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(secret_number, BN_clear_free)

/* The numbers of an RSA key in the order in which software_rsa() takes them. */
enum number {
	MODULUS,
	PUBLIC_EXPONENT,
	PRIVATE_EXPONENT,
	PRIME_1,
	PRIME_2,
	EXPONENT_1,
	EXPONENT_2,
	COEFFICIENT,
	NUMBER_COUNT,
};

static const struct {
	enum wire_tag tag;
	const char *name; /* the attribute that is missing */
} numbers[NUMBER_COUNT] = {
	[MODULUS] = { TAG_RSA_MODULUS, "CKA_MODULUS" },
	[PUBLIC_EXPONENT] = { TAG_RSA_PUBLIC_EXPONENT, "CKA_PUBLIC_EXPONENT" },
	[PRIVATE_EXPONENT] = { TAG_RSA_PRIVATE_EXPONENT, "CKA_PRIVATE_EXPONENT" },
	[PRIME_1] = { TAG_RSA_PRIME_1, "CKA_PRIME_1" },
	[PRIME_2] = { TAG_RSA_PRIME_2, "CKA_PRIME_2" },
	[EXPONENT_1] = { TAG_RSA_EXPONENT_1, "CKA_EXPONENT_1" },
	[EXPONENT_2] = { TAG_RSA_EXPONENT_2, "CKA_EXPONENT_2" },
	[COEFFICIENT] = { TAG_RSA_COEFFICIENT, "CKA_COEFFICIENT" },
};

static BIGNUM *read_number(const struct wire_frame *request, enum wire_tag tag, const char *name,
			   GError **error)
{
	struct wire_field field;

	if (!wire_get(request, tag, &field) || field.length == 0)
		return devid_error_null(error, DEVID_BAD_DATA, NULL, NULL,
					"private key: %s is missing", name);
	if (field.length > KEY_SIGNATURE_MAX + 1)
		return devid_error_null(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
					"private key: %s is too long", name);

	BIGNUM *number = BN_secure_new();

	if (!number || !BN_bin2bn(field.data, (int)field.length, number)) {
		decode_error(error, DEVID_NO_MEMORY, "private key");
		BN_clear_free(number);
		return NULL;
	}
	BN_set_flags(number, BN_FLG_CONSTTIME);
	return number;
}

static EVP_PKEY *build_rsa(const struct wire_frame *request, GError **error)
{
	BIGNUM *read[NUMBER_COUNT] = { NULL };
	g_autoptr(rsa_key) rsa = RSA_new();
	g_autoptr(software_pkey) pkey = EVP_PKEY_new();
	bool complete = rsa && pkey;

	for (gsize i = 0; i < NUMBER_COUNT && complete; i++) {
		read[i] = read_number(request, numbers[i].tag, numbers[i].name, error);
		complete = read[i] != NULL;
	}
	/* Each call takes its numbers over only where it succeeds. */
	if (complete &&
	    RSA_set0_key(rsa, read[MODULUS], read[PUBLIC_EXPONENT], read[PRIVATE_EXPONENT])) {
		read[MODULUS] = read[PUBLIC_EXPONENT] = read[PRIVATE_EXPONENT] = NULL;
		if (RSA_set0_factors(rsa, read[PRIME_1], read[PRIME_2])) {
			read[PRIME_1] = read[PRIME_2] = NULL;
			if (RSA_set0_crt_params(rsa, read[EXPONENT_1], read[EXPONENT_2],
						read[COEFFICIENT]))
				read[EXPONENT_1] = read[EXPONENT_2] = read[COEFFICIENT] = NULL;
		}
	}
	complete = complete && !read[COEFFICIENT] && EVP_PKEY_set1_RSA(pkey, rsa);
	for (gsize i = 0; i < NUMBER_COUNT; i++)
		BN_clear_free(read[i]);
	if (complete)
		return g_steal_pointer(&pkey);
	if (error && !*error)
		decode_error(error, DEVID_NO_MEMORY, "private key");
	return NULL;
}

/* CKA_EC_PARAMS: the DER ECParameters; a named curve is asked for (RFC 5480 section 2.1.1). */
static EC_GROUP *read_group(const struct wire_frame *request, GError **error)
{
	struct wire_field field;

	if (!wire_get(request, TAG_EC_PARAMS, &field))
		return devid_error_null(error, DEVID_BAD_DATA, NULL, NULL,
					"private key: CKA_EC_PARAMS is missing");

	const unsigned char *end = field.data;
	ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &end, (long)field.length);
	int curve = object ? OBJ_obj2nid(object) : NID_undef;
	EC_GROUP *group = NULL;

	ASN1_OBJECT_free(object);
	if (curve != NID_undef && end == field.data + field.length)
		group = EC_GROUP_new_by_curve_name(curve);
	if (!group)
		devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
				"private key: CKA_EC_PARAMS names none of P-256, P-384, P-521");
	ERR_clear_error();
	return group;
}

static EVP_PKEY *build_ec(const struct wire_frame *request, GError **error)
{
	g_autoptr(ec_group) group = read_group(request, error);

	if (!group)
		return NULL;

	g_autoptr(secret_number) value = read_number(request, TAG_EC_VALUE, "CKA_VALUE", error);

	if (!value)
		return NULL;
	if (BN_is_zero(value) || BN_cmp(value, EC_GROUP_get0_order(group)) >= 0)
		return devid_error_null(error, DEVID_BAD_DATA, NULL, NULL,
					"private key: CKA_VALUE is not below the curve's order");

	/* p11tool and pkcs11-tool bring no point: it is computed, and one that came is not
	 * believed. */
	g_autoptr(ec_point) point = EC_POINT_new(group);
	g_autoptr(ec_key) ec = EC_KEY_new();
	g_autoptr(software_pkey) pkey = EVP_PKEY_new();

	if (!point || !ec || !pkey || !EC_POINT_mul(group, point, value, NULL, NULL, NULL) ||
	    !EC_KEY_set_group(ec, group) || !EC_KEY_set_private_key(ec, value) ||
	    !EC_KEY_set_public_key(ec, point))
		return software_null(error, DEVID_BAD_DATA, "private key");
	EC_KEY_set_asn1_flag(ec, OPENSSL_EC_NAMED_CURVE);
	if (!EVP_PKEY_set1_EC_KEY(pkey, ec))
		return software_null(error, DEVID_NO_MEMORY, "private key");
	return g_steal_pointer(&pkey);
}

/* A key that was put together here, of a kind that its provider doesn't encode. */
static bool encode_legacy(EVP_PKEY *pkey, unsigned char *der, size_t *length)
{
	g_autoptr(private_key_info) info = EVP_PKEY2PKCS8(pkey);
	int needed = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;

	if (needed <= 0 || needed > PKCS8_MAX)
		return false;
	*length = (size_t)i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	return true;
}

/* One that was made by its provider: of that EVP_PKEY2PKCS8() frees a copy without wiping it
 * (OpenSSL 3.0). */
static bool encode_provided(OSSL_ENCODER_CTX *encoder, unsigned char *der, size_t *length)
{
	size_t left = PKCS8_MAX;
	bool good = OSSL_ENCODER_to_data(encoder, &der, &left) > 0;

	*length = PKCS8_MAX - left;
	return good;
}

bool encode_pkcs8(EVP_PKEY *pkey, struct secret *pkcs8, GError **error)
{
	OSSL_ENCODER_CTX *encoder = OSSL_ENCODER_CTX_new_for_pkey(pkey, EVP_PKEY_KEYPAIR, "DER",
								  "PrivateKeyInfo", NULL);
	size_t length = 0;
	bool good = encoder && secret_resize(pkcs8, PKCS8_MAX) == DEVID_OK;

	if (good && OSSL_ENCODER_CTX_get_num_encoders(encoder) > 0)
		good = encode_provided(encoder, pkcs8->data, &length);
	else if (good)
		good = encode_legacy(pkey, pkcs8->data, &length);
	OSSL_ENCODER_CTX_free(encoder);
	return (good && secret_resize(pkcs8, length) == DEVID_OK) ||
	       decode_error(error, DEVID_NO_MEMORY, "private key");
}

static const struct {
	guint32 type; /* enum wire_key_type */
	EVP_PKEY *(*build)(const struct wire_frame *request, GError **error);
} builders[] = {
	{ KEY_RSA, build_rsa },
	{ KEY_EC, build_ec },
};

bool key_pkcs8_from_frame(const struct wire_frame *request, struct secret *pkcs8, GError **error)
{
	g_autoptr(software_pkey) pkey = NULL;
	struct wire_field field;
	guint32 type = 0;

	if (wire_get(request, TAG_PKCS8, &field)) {
		if (secret_allocate(pkcs8, field.length) != DEVID_OK ||
		    secret_append(pkcs8, field.data, field.length) != DEVID_OK)
			return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL,
					       "private key: no memory");
		pkey = decode_pkcs8(pkcs8, error);
		/* Written anew: a point that was left out is there afterwards. */
		return pkey && encode_pkcs8(pkey, pkcs8, error);
	}
	if (!wire_get_u32(request, TAG_KEY_TYPE, &type))
		type = 0;
	for (gsize i = 0; i < G_N_ELEMENTS(builders); i++) {
		if (builders[i].type != type)
			continue;
		pkey = builders[i].build(request, error);
		return pkey && decode_check(pkey, error) && encode_pkcs8(pkey, pkcs8, error);
	}
	return devid_error_set(error, DEVID_UNSUPPORTED, "key-unsupported", NULL,
			       "private key: neither RSA nor an elliptic curve");
}

GBytes *key_spki_from_pkcs8(const struct secret *pkcs8, GError **error)
{
	g_autoptr(software_pkey) pkey = decode_pkcs8(pkcs8, error);

	return pkey ? decode_spki(pkey, error) : NULL;
}

static bool verify(EVP_PKEY *public, const guint8 *signature, gsize length, const guint8 *hash,
		   gsize hash_length)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(public, NULL);
	bool good = context && EVP_PKEY_verify_init(context) == 1 &&
		    EVP_PKEY_verify(context, signature, length, hash, hash_length) == 1;

	EVP_PKEY_CTX_free(context);
	return good;
}

static bool sign(EVP_PKEY *private, guint8 *signature, gsize *length, const guint8 *hash,
		 gsize hash_length)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(private, NULL);
	bool good = context && EVP_PKEY_sign_init(context) == 1 &&
		    EVP_PKEY_sign(context, signature, length, hash, hash_length) == 1;

	EVP_PKEY_CTX_free(context);
	return good;
}

bool key_matches_spki(const struct secret *pkcs8, GBytes *spki, GError **error)
{
	static const guint8 hash[32] = "devid: do these belong together";
	g_autoptr(software_pkey) private = decode_pkcs8(pkcs8, error);
	guint8 signature[KEY_SIGNATURE_MAX];
	gsize length = sizeof(signature), size = 0;

	if (!private)
		return false;

	const unsigned char *end = g_bytes_get_data(spki, &size);
	g_autoptr(software_pkey) public = d2i_PUBKEY(NULL, &end, (long)size);

	if (!public)
		return decode_error(error, DEVID_BAD_DATA, "certificate: its public key");
	if (!sign(private, signature, &length, hash, sizeof(hash)) ||
	    !verify(public, signature, length, hash, sizeof(hash))) {
		devid_error_set(error, DEVID_MISMATCH, NULL, NULL,
				"private key: it does not belong to this certificate");
		ERR_clear_error();
		return false;
	}
	return true;
}
