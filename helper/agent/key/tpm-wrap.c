/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Duplicates for a TPM: see tpm-wrap.h. Numbers have the width of the modulus or curve, with their
 * leading zeros: one key in 256 has one.
 */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <tss2/tss2_mu.h>
#include "tpm-wrap.h"

#define LABEL	     "DUPLICATE" /* with its NUL in what it labels */
#define RSA_EXPONENT 65537

typedef EVP_PKEY wrapped_pkey;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(wrapped_pkey, EVP_PKEY_free)
typedef BIGNUM big_number;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(big_number, BN_clear_free)

static const struct curve {
	TPMI_ECC_CURVE id;
	const char *name;
	gsize size; /* of a coordinate */
} curves[] = {
	{ TPM2_ECC_NIST_P256, "P-256", 32 },
	{ TPM2_ECC_NIST_P384, "P-384", 48 },
	{ TPM2_ECC_NIST_P521, "P-521", 66 },
};

static const struct hash {
	TPMI_ALG_HASH id;
	const char *name;
	gsize size;
} hashes[] = {
	{ TPM2_ALG_SHA256, "SHA256", 32 },
	{ TPM2_ALG_SHA384, "SHA384", 48 },
	{ TPM2_ALG_SHA512, "SHA512", 64 },
};

static const struct curve *curve_find(TPMI_ECC_CURVE id)
{
	for (gsize i = 0; i < G_N_ELEMENTS(curves); i++)
		if (curves[i].id == id)
			return &curves[i];
	return NULL;
}

static const struct hash *hash_find(TPMI_ALG_HASH id)
{
	for (gsize i = 0; i < G_N_ELEMENTS(hashes); i++)
		if (hashes[i].id == id)
			return &hashes[i];
	return NULL;
}

static bool unsupported(struct tpm_trouble *trouble, const char *what)
{
	return tpm_trouble(trouble, DEVID_UNSUPPORTED, NULL, "TPM: %s", what);
}

/* A number of the key, `size` bytes wide. */
static bool number(const EVP_PKEY *pkey, const char *name, guint8 *out, gsize size)
{
	g_autoptr(big_number) value = NULL;

	return EVP_PKEY_get_bn_param(pkey, name, (BIGNUM **)&value) == 1 &&
	       BN_bn2binpad(value, out, (int)size) == (int)size;
}

/* --- what the TPM is told of the key */

/* Schemes are named by who signs. */
static void rsa_shape(TPMT_PUBLIC *public, gsize bits)
{
	public->type = TPM2_ALG_RSA;
	public->parameters.rsaDetail = (TPMS_RSA_PARMS){
		.symmetric.algorithm = TPM2_ALG_NULL,
		.scheme.scheme = TPM2_ALG_NULL,
		.keyBits = (TPMI_RSA_KEY_BITS)bits,
	};
}

static void ec_shape(TPMT_PUBLIC *public, TPMI_ECC_CURVE curve)
{
	public->type = TPM2_ALG_ECC;
	public->parameters.eccDetail = (TPMS_ECC_PARMS){
		.symmetric.algorithm = TPM2_ALG_NULL,
		.scheme.scheme = TPM2_ALG_NULL,
		.curveID = curve,
		.kdf.scheme = TPM2_ALG_NULL,
	};
}

bool tpm_template(bool rsa, guint bits, TPMT_PUBLIC *template, struct tpm_trouble *trouble)
{
	gsize i = 0;

	memset(template, 0, sizeof(*template));
	template->nameAlg = TPM2_ALG_SHA256;
	template->objectAttributes = TPM_KEY_BITS | TPM_KEY_BORN_BITS;
	while (i < G_N_ELEMENTS(curves) && curves[i].size != (bits + 7) / 8)
		i++;
	if (rsa)
		rsa_shape(template, bits);
	else if (i < G_N_ELEMENTS(curves))
		ec_shape(template, curves[i].id);
	else
		return unsupported(trouble, "the key's curve is none for a TPM");
	return true;
}

static bool describe_rsa(const EVP_PKEY *pkey, TPMT_PUBLIC *public, TPMT_SENSITIVE *sensitive,
			 struct tpm_trouble *trouble)
{
	gsize size = (gsize)EVP_PKEY_get_bits(pkey) / 8;
	g_autoptr(big_number) e = NULL;

	if (size > sizeof(public->unique.rsa.buffer) || EVP_PKEY_get_bits(pkey) % 16 != 0 ||
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, (BIGNUM **)&e) != 1 ||
	    !BN_is_word(e, RSA_EXPONENT))
		return unsupported(trouble,
				   "an RSA key of this size or exponent is none for a TPM");
	sensitive->sensitiveType = TPM2_ALG_RSA;
	rsa_shape(public, size * 8);
	public->unique.rsa.size = (UINT16)size;
	sensitive->sensitive.rsa.size = (UINT16)(size / 2);
	if (!number(pkey, OSSL_PKEY_PARAM_RSA_N, public->unique.rsa.buffer, size) ||
	    !number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, sensitive->sensitive.rsa.buffer, size / 2))
		return unsupported(trouble, "an RSA key of unequal primes is none for a TPM");
	return true;
}

static bool describe_ec(const EVP_PKEY *pkey, TPMT_PUBLIC *public, TPMT_SENSITIVE *sensitive,
			struct tpm_trouble *trouble)
{
	gsize size = ((gsize)EVP_PKEY_get_bits(pkey) + 7) / 8, i = 0;
	TPMS_ECC_POINT *point = &public->unique.ecc;

	while (i < G_N_ELEMENTS(curves) && curves[i].size != size)
		i++;
	if (i == G_N_ELEMENTS(curves))
		return unsupported(trouble, "the key's curve is none for a TPM");
	sensitive->sensitiveType = TPM2_ALG_ECC;
	ec_shape(public, curves[i].id);
	point->x.size = point->y.size = sensitive->sensitive.ecc.size = (UINT16)size;
	if (!number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, point->x.buffer, size) ||
	    !number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, point->y.buffer, size) ||
	    !number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, sensitive->sensitive.ecc.buffer, size))
		return tpm_trouble(trouble, DEVID_FAILED, NULL, "TPM: the key's numbers");
	return true;
}

static bool describe(const EVP_PKEY *pkey, const struct secret *auth, TPMT_PUBLIC *public,
		     TPMT_SENSITIVE *sensitive, struct tpm_trouble *trouble)
{
	public->nameAlg = TPM2_ALG_SHA256;
	public->objectAttributes = TPM_KEY_BITS;
	sensitive->authValue.size = (UINT16)auth->length;
	if (auth->length > 0)
		memcpy(sensitive->authValue.buffer, auth->data, auth->length);
	return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA
		       ? describe_rsa(pkey, public, sensitive, trouble)
		       : describe_ec(pkey, public, sensitive, trouble);
}

/* --- key derivation */

static bool derive(const char *kdf_name, const OSSL_PARAM *params, guint8 *out, gsize length)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, kdf_name, NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool good = context && EVP_KDF_derive(context, out, length, params) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return good;
}

/* KDFa: SP 800-108 in counter mode with HMAC (Part 1, section 11.4.10.2). */
static bool kdf_a(const struct hash *hash, const guint8 *seed, const char *label,
		  const guint8 *context, gsize context_length, guint8 *out, gsize length)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, (char[]){ "counter" }, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, (char[]){ "HMAC" }, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)hash->name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)seed, hash->size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)label,
						  strlen(label)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)context,
						  context_length),
		OSSL_PARAM_construct_end(),
	};

	if (context_length == 0)
		params[5] = OSSL_PARAM_construct_end();
	return derive("KBKDF", params, out, length);
}

/* KDFe: the single-step KDF of SP 800-56C with a hash (Part 1, section 11.4.10.3). */
static bool kdf_e(const struct hash *hash, const guint8 *z, gsize size, const guint8 *u,
		  const guint8 *v, guint8 *out)
{
	guint8 info[sizeof(LABEL) + 2 * TPM2_MAX_ECC_KEY_BYTES];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)hash->name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)z, size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
						  sizeof(LABEL) + 2 * size),
		OSSL_PARAM_construct_end(),
	};

	memcpy(info, LABEL, sizeof(LABEL));
	memcpy(info + sizeof(LABEL), u, size);
	memcpy(info + sizeof(LABEL) + size, v, size);
	return derive("SSKDF", params, out, hash->size);
}

/* --- public keys */

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (!params || !context || EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *build_rsa(const TPMT_PUBLIC *public)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	UINT32 e = public->parameters.rsaDetail.exponent;
	g_autoptr(big_number) n =
		BN_bin2bn(public->unique.rsa.buffer, public->unique.rsa.size, NULL);
	EVP_PKEY *pkey = NULL;

	if (builder && n && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_uint32(builder, OSSL_PKEY_PARAM_RSA_E, e ? e : RSA_EXPONENT))
		pkey = build("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *build_ec(const struct curve *curve, const TPMS_ECC_POINT *point)
{
	guint8 octets[1 + 2 * TPM2_MAX_ECC_KEY_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	/* A TPM may leave leading zeros out. */
	if (point->x.size > curve->size || point->y.size > curve->size)
		return NULL;
	memcpy(octets + 1 + curve->size - point->x.size, point->x.buffer, point->x.size);
	memcpy(octets + 1 + 2 * curve->size - point->y.size, point->y.buffer, point->y.size);
	if (builder &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, octets,
					     1 + 2 * curve->size))
		pkey = build("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

EVP_PKEY *tpm_public_key(const TPMT_PUBLIC *public, struct tpm_trouble *trouble)
{
	const struct curve *curve = curve_find(public->parameters.eccDetail.curveID);
	EVP_PKEY *pkey;

	if (public->type != TPM2_ALG_RSA && (public->type != TPM2_ALG_ECC || !curve)) {
		unsupported(trouble, "the key's type or curve is none of ours");
		return NULL;
	}
	pkey = public->type == TPM2_ALG_RSA ? build_rsa(public)
					    : build_ec(curve, &public->unique.ecc);
	if (!pkey)
		tpm_trouble(trouble, DEVID_BAD_DATA, NULL, "TPM: the key's public half is damaged");
	return pkey;
}

/* --- the seed, which only the parent can read */

static bool seed_by_rsa(EVP_PKEY *parent, const struct hash *hash, guint8 *seed,
			TPM2B_ENCRYPTED_SECRET *secret)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(parent, NULL);
	const EVP_MD *md = EVP_get_digestbyname(hash->name);
	void *label = OPENSSL_memdup(LABEL, sizeof(LABEL));
	size_t length = sizeof(secret->secret);
	bool labelled, good;

	good = context && RAND_bytes(seed, (int)hash->size) == 1 &&
	       EVP_PKEY_encrypt_init(context) > 0 &&
	       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(context, md) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) > 0;
	labelled = good && EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, sizeof(LABEL)) > 0;
	if (!labelled)
		OPENSSL_free(label);
	good = labelled && EVP_PKEY_encrypt(context, secret->secret, &length, seed, hash->size) > 0;
	secret->size = (UINT16)length;
	EVP_PKEY_CTX_free(context);
	return good;
}

static bool agree(EVP_PKEY *own, EVP_PKEY *parent, guint8 *z, gsize size)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	size_t length = size;
	bool good = context && EVP_PKEY_derive_init(context) > 0 &&
		    EVP_PKEY_derive_set_peer(context, parent) > 0 &&
		    EVP_PKEY_derive(context, z, &length) > 0 && length == size;

	EVP_PKEY_CTX_free(context);
	return good;
}

static bool seed_by_ec(EVP_PKEY *parent, const struct curve *curve, const struct hash *hash,
		       guint8 *seed, TPM2B_ENCRYPTED_SECRET *secret)
{
	g_autoptr(wrapped_pkey) own = EVP_EC_gen(curve->name);
	guint8 z[TPM2_MAX_ECC_KEY_BYTES], v[TPM2_MAX_ECC_KEY_BYTES];
	TPMS_ECC_POINT point = { { (UINT16)curve->size, { 0 } }, { (UINT16)curve->size, { 0 } } };
	size_t offset = 0;
	bool good;

	good = own && number(own, OSSL_PKEY_PARAM_EC_PUB_X, point.x.buffer, curve->size) &&
	       number(own, OSSL_PKEY_PARAM_EC_PUB_Y, point.y.buffer, curve->size) &&
	       number(parent, OSSL_PKEY_PARAM_EC_PUB_X, v, curve->size) &&
	       agree(own, parent, z, curve->size) &&
	       kdf_e(hash, z, curve->size, point.x.buffer, v, seed) &&
	       Tss2_MU_TPMS_ECC_POINT_Marshal(&point, secret->secret, sizeof(secret->secret),
					      &offset) == TSS2_RC_SUCCESS;
	secret->size = (UINT16)offset;
	secret_wipe(z, sizeof(z));
	return good;
}

/* --- the duplicate */

/* TPM2B_NAME's bytes: the algorithm and the hash of the public area. */
static bool name_of(const TPMT_PUBLIC *public, guint8 *name, gsize *length)
{
	const struct hash *hash = hash_find(public->nameAlg);
	guint8 area[sizeof(*public)];
	size_t offset = 0, at = 0;

	if (Tss2_MU_TPMT_PUBLIC_Marshal(public, area, sizeof(area), &offset) != TSS2_RC_SUCCESS ||
	    Tss2_MU_UINT16_Marshal(public->nameAlg, name, 2, &at) != TSS2_RC_SUCCESS)
		return false;
	*length = 2 + hash->size;
	return EVP_Q_digest(NULL, hash->name, NULL, area, offset, name + 2, NULL) == 1;
}

GBytes *tpm_wrap_name(const TPMT_PUBLIC *public)
{
	guint8 name[2 + EVP_MAX_MD_SIZE];
	gsize length = 0;

	return hash_find(public->nameAlg) && name_of(public, name, &length)
		       ? g_bytes_new(name, length)
		       : NULL;
}

static bool encipher(const char *cipher_name, const guint8 *key, guint8 *data, gsize length)
{
	static const guint8 iv[16];
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name, NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done = 0;
	bool good = cipher && context && EVP_EncryptInit_ex2(context, cipher, key, iv, NULL) == 1 &&
		    EVP_EncryptUpdate(context, data, &done, data, (int)length) == 1;

	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
	return good;
}

/* The outer wrapper: integrity, then the enciphered sensitive area (Part 1, section 23.3.2.3). */
static bool wrap(const TPMT_SENSITIVE *sensitive, const TPMT_PUBLIC *parent, const guint8 *seed,
		 struct tpm_duplicate *out)
{
	const struct hash *hash = hash_find(parent->nameAlg);
	unsigned bits = parent->parameters.asymDetail.symmetric.keyBits.aes;
	guint8 name[2 + 64], key[32], mac_key[64], mac[64], area[sizeof(*sensitive)];
	gsize name_length = 0;
	size_t length = 0, offset = 0;
	TPM2B_SENSITIVE sized = { .sensitiveArea = *sensitive };
	bool good;

	good = name_of(&out->public.publicArea, name, &name_length) &&
	       kdf_a(hash, seed, "STORAGE", name, name_length, key, bits / 8) &&
	       kdf_a(hash, seed, "INTEGRITY", NULL, 0, mac_key, hash->size) &&
	       Tss2_MU_TPM2B_SENSITIVE_Marshal(&sized, area, sizeof(area), &length) ==
		       TSS2_RC_SUCCESS &&
	       encipher(bits == 256 ? "AES-256-CFB" : "AES-128-CFB", key, area, length);
	if (good && length + name_length <= sizeof(area)) {
		memcpy(area + length, name, name_length);
		good = EVP_Q_mac(NULL, "HMAC", NULL, hash->name, NULL, mac_key, hash->size, area,
				 length + name_length, mac, sizeof(mac), NULL) != NULL &&
		       Tss2_MU_UINT16_Marshal((UINT16)hash->size, out->duplicate.buffer, 2,
					      &offset) == TSS2_RC_SUCCESS;
		memcpy(out->duplicate.buffer + 2, mac, hash->size);
		memcpy(out->duplicate.buffer + 2 + hash->size, area, length);
		out->duplicate.size = (UINT16)(2 + hash->size + length);
	}
	secret_wipe(&sized, sizeof(sized));
	secret_wipe(area, sizeof(area));
	secret_wipe(key, sizeof(key));
	return good;
}

static bool parent_is_usable(const TPMT_PUBLIC *parent, struct tpm_trouble *trouble)
{
	const TPMT_SYM_DEF_OBJECT *symmetric = &parent->parameters.asymDetail.symmetric;

	if (!hash_find(parent->nameAlg) || symmetric->algorithm != TPM2_ALG_AES ||
	    symmetric->mode.aes != TPM2_ALG_CFB ||
	    (symmetric->keyBits.aes != 128 && symmetric->keyBits.aes != 256))
		return unsupported(trouble, "its storage key is of a kind that isn't used here");
	return true;
}

bool tpm_wrap(EVP_PKEY *pkey, const struct secret *auth, const TPMT_PUBLIC *parent,
	      struct tpm_duplicate *out, struct tpm_trouble *trouble)
{
	const struct curve *curve = curve_find(parent->parameters.eccDetail.curveID);
	const struct hash *hash = hash_find(parent->nameAlg);
	g_autoptr(wrapped_pkey) storage = NULL;
	TPMT_SENSITIVE sensitive = { 0 };
	guint8 seed[64];
	bool good;

	memset(out, 0, sizeof(*out));
	if (!parent_is_usable(parent, trouble))
		return false;
	storage = tpm_public_key(parent, trouble);
	if (!storage)
		return false;
	if (!describe(pkey, auth, &out->public.publicArea, &sensitive, trouble)) {
		secret_wipe(&sensitive, sizeof(sensitive));
		return false;
	}
	good = (parent->type == TPM2_ALG_RSA
			? seed_by_rsa(storage, hash, seed, &out->seed)
			: seed_by_ec(storage, curve, hash, seed, &out->seed)) &&
	       wrap(&sensitive, parent, seed, out);
	secret_wipe(&sensitive, sizeof(sensitive));
	secret_wipe(seed, sizeof(seed));
	return good || tpm_trouble(trouble, DEVID_FAILED, NULL, "TPM: wrapping the key");
}
