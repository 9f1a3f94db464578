/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every mechanism that the token lists, with every key, in one part and in several, verified by
 * another library. A mechanism without a row here is a failure.
 */
#include <stdlib.h>
#include <string.h>
#include <gnutls/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "spec.h"
#include "verify.h"

#define MESSAGE_MAX 200000 /* more than two frames of the way to the agent */

enum scheme { PKCS1, PSS, ECDSA, MAKES_RSA, MAKES_EC };

static const struct row {
	CK_MECHANISM_TYPE type;
	enum scheme scheme;
	gnutls_digest_algorithm_t digest; /* GNUTLS_DIG_NULL: the caller brings it */
} rows[] = {
	{ CKM_RSA_PKCS, PKCS1, GNUTLS_DIG_NULL },
	{ CKM_SHA256_RSA_PKCS, PKCS1, GNUTLS_DIG_SHA256 },
	{ CKM_SHA384_RSA_PKCS, PKCS1, GNUTLS_DIG_SHA384 },
	{ CKM_SHA512_RSA_PKCS, PKCS1, GNUTLS_DIG_SHA512 },
	{ CKM_RSA_PKCS_PSS, PSS, GNUTLS_DIG_NULL },
	{ CKM_SHA256_RSA_PKCS_PSS, PSS, GNUTLS_DIG_SHA256 },
	{ CKM_SHA384_RSA_PKCS_PSS, PSS, GNUTLS_DIG_SHA384 },
	{ CKM_SHA512_RSA_PKCS_PSS, PSS, GNUTLS_DIG_SHA512 },
	{ CKM_ECDSA, ECDSA, GNUTLS_DIG_NULL },
	{ CKM_ECDSA_SHA256, ECDSA, GNUTLS_DIG_SHA256 },
	{ CKM_ECDSA_SHA384, ECDSA, GNUTLS_DIG_SHA384 },
	{ CKM_ECDSA_SHA512, ECDSA, GNUTLS_DIG_SHA512 },
	/* What these make is tried in generate.c: here, that they sign with no key. */
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, MAKES_RSA, GNUTLS_DIG_NULL },
	{ CKM_EC_KEY_PAIR_GEN, MAKES_EC, GNUTLS_DIG_NULL },
};

static const struct hash {
	gnutls_digest_algorithm_t digest;
	CK_MECHANISM_TYPE hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	unsigned size;
	const EVP_MD *(*md)(void);
} hashes[] = {
	{ GNUTLS_DIG_SHA256, CKM_SHA256, CKG_MGF1_SHA256, 32, EVP_sha256 },
	{ GNUTLS_DIG_SHA384, CKM_SHA384, CKG_MGF1_SHA384, 48, EVP_sha384 },
	{ GNUTLS_DIG_SHA512, CKM_SHA512, CKG_MGF1_SHA512, 64, EVP_sha512 },
};

static const char *const keys[] = { "rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521" };
static const size_t sizes[] = { 0, 1, 51, 1000, MESSAGE_MAX };

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;
static const char *name;
static CK_BYTE message[MESSAGE_MAX], signature[512];
static CK_ULONG length;

static void begin(const char *key_name)
{
	name = key_name;
	session = spec_session(0);
	key = spec_find(session, CKO_PRIVATE_KEY, name);
	FACT(key != 0);
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (CK_BYTE)(i * 11 + i / 253);
}

static size_t signature_size(void)
{
	size_t bytes = (verify_bits(name) + 7) / 8;

	return verify_is_rsa(name) ? bytes : 2 * bytes;
}

static void sign(CK_MECHANISM *mechanism, const CK_BYTE *data, size_t size)
{
	length = sizeof(signature);
	IS(C_SignInit(session, mechanism, key), CKR_OK);
	IS(C_Sign(session, (CK_BYTE *)data, size, signature, &length), CKR_OK);
	FACT(length == signature_size());
}

static void sign_parts(CK_MECHANISM *mechanism, const CK_BYTE *data, size_t size)
{
	length = sizeof(signature);
	IS(C_SignInit(session, mechanism, key), CKR_OK);
	for (size_t at = 0, part = 1; at < size; at += part, part = 5 * part + 1) {
		part = part < size - at ? part : size - at;
		IS(C_SignUpdate(session, (CK_BYTE *)data + at, part), CKR_OK);
	}
	IS(C_SignFinal(session, signature, &length), CKR_OK);
	FACT(length == signature_size());
}

static bool verifies(gnutls_digest_algorithm_t digest, const struct verify_pss *pss, bool hashed,
		     const CK_BYTE *data, size_t size)
{
	return verify_message(name, digest, pss, hashed, data, size, signature, length);
}

/* The token makes the digest. */
static void check_whole(CK_MECHANISM *mechanism, gnutls_digest_algorithm_t digest,
			const struct verify_pss *pss)
{
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		sign(mechanism, message, sizes[i]);
		FACT(verifies(digest, pss, false, message, sizes[i]));
		sign_parts(mechanism, message, sizes[i]);
		FACT(verifies(digest, pss, false, message, sizes[i]));
		if (sizes[i] > 0)
			FACT(!verifies(digest, pss, false, message, sizes[i] - 1));
	}
}

/* The caller brings it; in one part only. */
static void check_hash(CK_MECHANISM *mechanism, const struct hash *hash,
		       const struct verify_pss *pss)
{
	CK_BYTE digest[64];

	gnutls_hash_fast(hash->digest, message, 1000, digest);
	sign(mechanism, digest, hash->size);
	FACT(verifies(hash->digest, pss, true, digest, hash->size));
	FACT(verifies(hash->digest, pss, false, message, 1000));
	digest[0] ^= 1;
	FACT(!verifies(hash->digest, pss, true, digest, hash->size));
	IS(C_SignInit(session, mechanism, key), CKR_OK);
	IS(C_SignUpdate(session, digest, hash->size), CKR_OPERATION_NOT_INITIALIZED);
}

/* Salts: none, of an odd size, as long as the hash, and the longest that the key can hold. */
static void check_pss(const struct row *row)
{
	for (size_t i = 0; i < ARRAY_LENGTH(hashes); i++) {
		unsigned longest = verify_bits(name) / 8 - hashes[i].size - 2;
		const unsigned salts[] = { 0, 21, hashes[i].size, longest };

		if (row->digest != GNUTLS_DIG_NULL && row->digest != hashes[i].digest)
			continue;
		for (size_t k = 0; k < ARRAY_LENGTH(salts); k++) {
			CK_RSA_PKCS_PSS_PARAMS params = { hashes[i].hash, hashes[i].mgf, salts[k] };
			CK_MECHANISM mechanism = { row->type, &params, sizeof(params) };
			struct verify_pss pss = { hashes[i].digest, salts[k] };

			if (row->digest == GNUTLS_DIG_NULL)
				check_hash(&mechanism, &hashes[i], &pss);
			else
				check_whole(&mechanism, row->digest, &pss);
		}
	}
}

/* DigestInfo (RFC 8017, 9.2) for GnuTLS, and any bytes up to the limit for Nettle. */
static void check_pkcs1(CK_MECHANISM *mechanism)
{
	static const CK_BYTE prefix[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
					  0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
					  0x01, 0x05, 0x00, 0x04, 0x20 };
	size_t limit = verify_bits(name) / 8 - 11;
	const size_t lengths[] = { 0, 1, 20, 36, limit - 1, limit };
	CK_BYTE info[sizeof(prefix) + 32];

	memcpy(info, prefix, sizeof(prefix));
	gnutls_hash_fast(GNUTLS_DIG_SHA256, message, 1000, info + sizeof(prefix));
	sign(mechanism, info, sizeof(info));
	FACT(verifies(GNUTLS_DIG_SHA256, NULL, false, message, 1000));
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		sign(mechanism, message, lengths[i]);
		FACT(verify_bare(name, message, lengths[i], signature, length));
	}
	length = sizeof(signature);
	IS(C_SignInit(session, mechanism, key), CKR_OK);
	IS(C_Sign(session, message, limit + 1, signature, &length), CKR_DATA_LEN_RANGE);
}

/* Shorter than the order, as long, longer: each bit of the leftmost ones counts, no other does. */
static void check_ecdsa(CK_MECHANISM *mechanism)
{
	size_t bits = verify_bits(name), bytes = (bits + 7) / 8;
	CK_BYTE data[200];

	for (size_t i = 0; i < ARRAY_LENGTH(hashes); i++)
		check_hash(mechanism, &hashes[i], NULL);
	for (size_t size = 1; size <= bytes + 16; size++) {
		memset(data, (int)(0x80 | size), sizeof(data));
		sign(mechanism, data, size);
		FACT(verify_bare(name, data, size, signature, length));
		data[0] ^= 0x80;
		FACT(!verify_bare(name, data, size, signature, length));
		data[0] ^= 0x80;
		/* The last bit of the order's length, and the next one. */
		if (size <= bytes)
			continue;
		data[(bits - 1) / 8] ^= (CK_BYTE)(0x80 >> ((bits - 1) % 8));
		FACT(!verify_bare(name, data, size, signature, length));
		data[(bits - 1) / 8] ^= (CK_BYTE)(0x80 >> ((bits - 1) % 8));
		data[bits / 8] ^= (CK_BYTE)(0x80 >> (bits % 8));
		FACT(verify_bare(name, data, size, signature, length));
	}
	length = sizeof(signature);
	IS(C_SignInit(session, mechanism, key), CKR_OK);
	IS(C_Sign(session, data, 0, signature, &length), CKR_DATA_LEN_RANGE);
}

static void check_row(const struct row *row)
{
	CK_MECHANISM mechanism = { row->type, NULL, 0 };

	if (row->scheme == PSS)
		check_pss(row);
	else if (row->digest != GNUTLS_DIG_NULL)
		check_whole(&mechanism, row->digest, NULL);
	else if (row->scheme == PKCS1)
		check_pkcs1(&mechanism);
	else
		check_ecdsa(&mechanism);
}

static void test_list(void **state)
{
	CK_MECHANISM_TYPE list[64];
	CK_ULONG count = ARRAY_LENGTH(list);

	IS(C_GetMechanismList(spec_slot(), list, &count), CKR_OK);
	FACT(count == ARRAY_LENGTH(rows));
	for (CK_ULONG i = 0; i < count; i++) {
		bool known = false;

		for (size_t k = 0; k < ARRAY_LENGTH(rows); k++)
			known |= rows[k].type == list[i];
		if (!known)
			print_error("mechanism 0x%lx has no row\n", list[i]);
		FACT(known);
	}
}

/* The key sizes that the token says it knows are those that are tried. */
static void test_sizes(void **state)
{
	CK_MECHANISM_INFO info;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		bool ec = rows[i].scheme == ECDSA || rows[i].scheme == MAKES_EC;

		IS(C_GetMechanismInfo(spec_slot(), rows[i].type, &info), CKR_OK);
		FACT(info.ulMinKeySize == verify_bits(ec ? "p256" : "rsa2048"));
		FACT(info.ulMaxKeySize == verify_bits(ec ? "p521" : "rsa4096"));
		FACT((info.flags & (CKF_SIGN | CKF_GENERATE_KEY_PAIR)) ==
		     (rows[i].scheme >= MAKES_RSA ? CKF_GENERATE_KEY_PAIR : CKF_SIGN));
	}
}

static void test_key(void **state)
{
	begin(*state);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CK_RSA_PKCS_PSS_PARAMS params = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
		CK_MECHANISM mechanism = { rows[i].type, &params, sizeof(params) };

		if (rows[i].scheme >= MAKES_RSA)
			IS(C_SignInit(session, &mechanism, key), CKR_MECHANISM_INVALID);
		else if ((rows[i].scheme != ECDSA) == verify_is_rsa(name))
			check_row(&rows[i]);
		else
			IS(C_SignInit(session, &mechanism, key), CKR_KEY_TYPE_INCONSISTENT);
	}
}

static bool evp_pss_verifies(const struct hash *hash, const struct hash *mgf, int salt,
			     const CK_BYTE *digest)
{
	gnutls_pubkey_t pubkey = verify_key(name);
	gnutls_datum_t der;
	const unsigned char *at;
	EVP_PKEY_CTX *context;
	EVP_PKEY *pkey;
	bool good;

	gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_DER, &der);
	at = der.data;
	pkey = d2i_PUBKEY(NULL, &at, (long)der.size);
	context = EVP_PKEY_CTX_new(pkey, NULL);
	good = EVP_PKEY_verify_init(context) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(context, hash->md()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, mgf->md()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1 &&
	       EVP_PKEY_verify(context, signature, length, digest, hash->size) == 1;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(pkey);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(pubkey);
	return good;
}

/* Mask generation with another hash than the message's: GnuTLS can't say that, libcrypto can. */
static void test_mixed_pss(void **state)
{
	CK_BYTE digest[64];

	begin("rsa3072");
	for (size_t i = 0; i < ARRAY_LENGTH(hashes); i++)
		for (size_t k = 0; k < ARRAY_LENGTH(hashes); k++) {
			CK_RSA_PKCS_PSS_PARAMS params = { hashes[i].hash, hashes[k].mgf, 40 };
			CK_MECHANISM mechanism = { CKM_RSA_PKCS_PSS, &params, sizeof(params) };

			gnutls_hash_fast(hashes[i].digest, message, 1000, digest);
			sign(&mechanism, digest, hashes[i].size);
			FACT(evp_pss_verifies(&hashes[i], &hashes[k], 40, digest));
			FACT(!evp_pss_verifies(&hashes[i], &hashes[(k + 1) % 3], 40, digest));
		}
}

#define KEY(n)                                                                       \
	{                                                                            \
		"test_key_" #n, test_key, spec_begin_key, spec_end, (void *)&keys[n] \
	}

static int spec_begin_key(void **state)
{
	*state = (void *)*(const char *const *)*state;
	return spec_begin(NULL);
}

SPEC_MAIN("mechanisms", TEST(test_list), TEST(test_sizes), KEY(0), KEY(1), KEY(2), KEY(3), KEY(4),
	  KEY(5), TEST(test_mixed_pss))
