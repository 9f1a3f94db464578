/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing: every row of the mechanism table at every size of key, verified by libcrypto;
 * parameters, lengths, buffers and parts.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include "support.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct row {
	CK_MECHANISM_TYPE type;
	bool ec;
	const char *digest; /* that the token makes, or that PSS names */
	CK_MECHANISM_TYPE hash;
	CK_RSA_PKCS_MGF_TYPE mgf; /* 0: no PSS */
	bool bare;
} rows[] = {
	{ CKM_RSA_PKCS, false, NULL, 0, 0, true },
	{ CKM_RSA_PKCS_PSS, false, "SHA256", CKM_SHA256, CKG_MGF1_SHA256, true },
	{ CKM_RSA_PKCS_PSS, false, "SHA384", CKM_SHA384, CKG_MGF1_SHA384, true },
	{ CKM_RSA_PKCS_PSS, false, "SHA512", CKM_SHA512, CKG_MGF1_SHA512, true },
	{ CKM_SHA256_RSA_PKCS, false, "SHA256", 0, 0, false },
	{ CKM_SHA384_RSA_PKCS, false, "SHA384", 0, 0, false },
	{ CKM_SHA512_RSA_PKCS, false, "SHA512", 0, 0, false },
	{ CKM_SHA256_RSA_PKCS_PSS, false, "SHA256", CKM_SHA256, CKG_MGF1_SHA256, false },
	{ CKM_SHA384_RSA_PKCS_PSS, false, "SHA384", CKM_SHA384, CKG_MGF1_SHA384, false },
	{ CKM_SHA512_RSA_PKCS_PSS, false, "SHA512", CKM_SHA512, CKG_MGF1_SHA512, false },
	{ CKM_ECDSA, true, NULL, 0, 0, true },
	{ CKM_ECDSA_SHA256, true, "SHA256", 0, 0, false },
	{ CKM_ECDSA_SHA384, true, "SHA384", 0, 0, false },
	{ CKM_ECDSA_SHA512, true, "SHA512", 0, 0, false },
};

static const struct {
	const char *name;
	bool ec;
} keys[] = {
	{ "rsa2048", false }, { "rsa3072", false }, { "rsa4096", false },
	{ "p256", true },     { "p384", true },	    { "p521", true },
};

/* r||s to DER. */
static size_t der_of_raw(const uint8_t *raw, size_t length, uint8_t *der)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	size_t size;

	ECDSA_SIG_set0(parts, BN_bin2bn(raw, (int)length / 2, NULL),
		       BN_bin2bn(raw + length / 2, (int)length / 2, NULL));
	size = (size_t)i2d_ECDSA_SIG(parts, &der);
	ECDSA_SIG_free(parts);
	return size;
}

static bool verifies(const char *name, const struct row *row, const uint8_t *data, size_t length,
		     const uint8_t *signature, size_t signature_length)
{
	EVP_PKEY *key = pki_key(name);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	const EVP_MD *md = row->digest ? EVP_get_digestbyname(row->digest) : NULL;
	uint8_t hash[64], der[512];
	unsigned hash_length;
	bool good;

	if (!row->bare) {
		EVP_Digest(data, length, hash, &hash_length, md, NULL);
		data = hash;
		length = hash_length;
	}
	if (row->ec) {
		uint8_t *end = der;

		signature_length = der_of_raw(signature, signature_length, end);
		signature = der;
	}
	EVP_PKEY_verify_init(context);
	if (row->mgf) {
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST);
	}
	if (md && !row->ec)
		EVP_PKEY_CTX_set_signature_md(context, md);
	good = EVP_PKEY_verify(context, signature, signature_length, data, length) == 1;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

static CK_MECHANISM mechanism_of(const struct row *row, CK_RSA_PKCS_PSS_PARAMS *params)
{
	if (!row->mgf)
		return (CK_MECHANISM){ row->type, NULL, 0 };
	*params = (CK_RSA_PKCS_PSS_PARAMS){
		row->hash, row->mgf, (CK_ULONG)EVP_MD_get_size(EVP_get_digestbyname(row->digest))
	};
	return (CK_MECHANISM){ row->type, params, sizeof(*params) };
}

static size_t signature_size(const char *name)
{
	EVP_PKEY *key = pki_key(name);
	size_t bytes = (size_t)(EVP_PKEY_get_bits(key) + 7) / 8;
	bool ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;

	EVP_PKEY_free(key);
	return ec ? 2 * bytes : bytes;
}

static CK_SESSION_HANDLE session;

static CK_OBJECT_HANDLE begin(const char *name)
{
	write_record(SCOPE_USER, &(struct test_record){ .pki = name });
	session = open_session(0, 0);
	return find_one(session, CKO_PRIVATE_KEY, name);
}

static void test_every_row(void **state)
{
	uint8_t data[64], signature[600];
	CK_RSA_PKCS_PSS_PARAMS params;

	agent_start(SCOPE_USER);
	for (size_t k = 0; k < ARRAY_LENGTH(keys); k++) {
		CK_OBJECT_HANDLE key = begin(keys[k].name);

		for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
			CK_MECHANISM mechanism = mechanism_of(&rows[i], &params);
			CK_ULONG length = 0, size = signature_size(keys[k].name);
			size_t data_length = rows[i].mgf && rows[i].bare ? params.sLen : 51;

			if (rows[i].ec != keys[k].ec) {
				assert_int_equal(p11->C_SignInit(session, &mechanism, key),
						 CKR_KEY_TYPE_INCONSISTENT);
				continue;
			}
			memset(data, (int)(i + k + 1), sizeof(data));
			assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
			assert_int_equal(p11->C_Sign(session, data, data_length, NULL, &length),
					 CKR_OK);
			assert_int_equal(length, size);
			length = size - 1;
			assert_int_equal(
				p11->C_Sign(session, data, data_length, signature, &length),
				CKR_BUFFER_TOO_SMALL);
			assert_int_equal(length, size);
			length = sizeof(signature);
			assert_int_equal(
				p11->C_Sign(session, data, data_length, signature, &length),
				CKR_OK);
			assert_int_equal(length, size);
			assert_true(verifies(keys[k].name, &rows[i], data, data_length, signature,
					     length));
			data[0] ^= 1;
			assert_false(verifies(keys[k].name, &rows[i], data, data_length, signature,
					      length));
			/* Over: the operation ended with the signature. */
			assert_int_equal(
				p11->C_Sign(session, data, data_length, signature, &length),
				CKR_OPERATION_NOT_INITIALIZED);
		}
	}
}

static void test_init_errors(void **state)
{
	CK_OBJECT_HANDLE key = begin("rsa2048"), other;
	CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
	CK_MECHANISM unknown = { CKM_RSA_X_509, NULL, 0 };
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_MECHANISM with_parameter = { CKM_RSA_PKCS, &key, sizeof(key) };

	assert_int_equal(p11->C_SignInit(999, &mechanism, key), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_SignInit(session, NULL, key), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_SignInit(session, &mechanism, 99999), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(p11->C_SignInit(session, &unknown, key), CKR_MECHANISM_INVALID);
	assert_int_equal(p11->C_SignInit(session, &with_parameter, key),
			 CKR_MECHANISM_PARAM_INVALID);
	other = find_one(session, CKO_CERTIFICATE, "rsa2048");
	assert_int_equal(p11->C_SignInit(session, &mechanism, other), CKR_KEY_HANDLE_INVALID);
	other = find_one(session, CKO_PUBLIC_KEY, "rsa2048");
	assert_int_equal(p11->C_SignInit(session, &mechanism, other),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(p11->C_SignInit(session, &ecdsa, other), CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(p11->C_SignInit(open_session(1, 0), &mechanism, key),
			 CKR_KEY_HANDLE_INVALID);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OPERATION_ACTIVE);
	/* Not for a key without CKA_ALWAYS_AUTHENTICATE; the operation goes on (section 4.9). */
	assert_int_equal(p11->C_Login(session, CKU_CONTEXT_SPECIFIC, NULL, 0),
			 CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OPERATION_ACTIVE);
}

static void test_pss_parameters(void **state)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_RSA_PKCS_PSS_PARAMS params;
		CK_RV rv;
	} cases[] = {
		{ CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 32 }, CKR_OK },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 0 }, CKR_OK },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA384, 32 }, CKR_OK },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 222 }, CKR_OK },
		{ CKM_RSA_PKCS_PSS,
		  { CKM_SHA256, CKG_MGF1_SHA256, 223 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS,
		  { CKM_SHA256, CKG_MGF1_SHA256, (CK_ULONG)-1 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA512, CKG_MGF1_SHA512, 190 }, CKR_OK },
		{ CKM_RSA_PKCS_PSS,
		  { CKM_SHA512, CKG_MGF1_SHA512, 191 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA_1, CKG_MGF1_SHA1, 20 }, CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS,
		  { CKM_SHA256, CKG_MGF1_SHA1, 32 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA256, 0, 32 }, CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS, { CKM_MD5, CKG_MGF1_SHA256, 16 }, CKR_MECHANISM_PARAM_INVALID },
		{ CKM_SHA256_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 32 }, CKR_OK },
		{ CKM_SHA256_RSA_PKCS_PSS,
		  { CKM_SHA384, CKG_MGF1_SHA384, 48 },
		  CKR_MECHANISM_PARAM_INVALID },
	};
	CK_OBJECT_HANDLE key = begin("rsa2048");
	CK_MECHANISM mechanism = { CKM_RSA_PKCS_PSS, NULL, 0 };
	CK_RSA_PKCS_PSS_PARAMS params = cases[0].params;

	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_MECHANISM_PARAM_INVALID);
	mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &params, sizeof(params) - 1 };
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_MECHANISM_PARAM_INVALID);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CK_SESSION_HANDLE own = open_session(0, 0);

		params = cases[i].params;
		mechanism = (CK_MECHANISM){ cases[i].type, &params, sizeof(params) };
		assert_int_equal(p11->C_SignInit(own, &mechanism, key), cases[i].rv);
		assert_int_equal(p11->C_CloseSession(own), CKR_OK);
	}
}

static CK_RV sign_with(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, const uint8_t *data,
		       size_t length, uint8_t *signature)
{
	CK_RSA_PKCS_PSS_PARAMS params = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM mechanism = { type, &params, sizeof(params) };
	CK_ULONG size = 600;
	uint8_t own[600];

	if (type != CKM_RSA_PKCS_PSS)
		mechanism = (CK_MECHANISM){ type, NULL, 0 };
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	return p11->C_Sign(session, (CK_BYTE *)data, length, signature ? signature : own, &size);
}

static void test_lengths(void **state)
{
	CK_OBJECT_HANDLE rsa = begin("rsa2048"), ec = begin("p521");
	static const uint8_t data[8192] = { 1 };
	static const struct row ecdsa = { CKM_ECDSA, true, NULL, 0, 0, true };
	uint8_t long_data[200], signature[600];
	struct fake_agent *agent = agent_start(SCOPE_USER);

	assert_int_equal(sign_with(CKM_RSA_PKCS, rsa, data, 245, NULL), CKR_OK);
	assert_int_equal(sign_with(CKM_RSA_PKCS, rsa, data, 246, NULL), CKR_DATA_LEN_RANGE);
	assert_int_equal(sign_with(CKM_RSA_PKCS, rsa, data, 0, NULL), CKR_OK);
	assert_int_equal(sign_with(CKM_RSA_PKCS_PSS, rsa, data, 31, NULL), CKR_DATA_LEN_RANGE);
	assert_int_equal(sign_with(CKM_RSA_PKCS_PSS, rsa, data, 33, NULL), CKR_DATA_LEN_RANGE);
	assert_int_equal(sign_with(CKM_RSA_PKCS_PSS, rsa, data, 32, NULL), CKR_OK);
	assert_int_equal(sign_with(CKM_SHA256_RSA_PKCS, rsa, data, 0, NULL), CKR_OK);
	assert_int_equal(sign_with(CKM_SHA256_RSA_PKCS, rsa, NULL, 0, NULL), CKR_OK);
	assert_int_equal(sign_with(CKM_SHA256_RSA_PKCS, rsa, NULL, 4, NULL), CKR_ARGUMENTS_BAD);
	/* FIPS 186-4: shorter than the order as it is, longer ones by their leftmost bits. */
	for (size_t length = 1; length <= sizeof(long_data); length += 13) {
		memset(long_data, (int)length | 0x80, sizeof(long_data));
		assert_int_equal(sign_with(CKM_ECDSA, ec, long_data, length, signature), CKR_OK);
		assert_true(verifies("p521", &ecdsa, long_data, length, signature, 132));
	}
	assert_int_equal(agent->data_length, 66);
	assert_int_equal(sign_with(CKM_ECDSA, ec, data, 0, NULL), CKR_DATA_LEN_RANGE);
}

static void test_argument_errors_end(void **state)
{
	CK_OBJECT_HANDLE key = begin("p256");
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	uint8_t data[4] = { 0 };
	CK_ULONG n = 0;

	assert_int_equal(p11->C_Sign(session, data, 4, NULL, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignUpdate(session, data, 4), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignFinal(session, data, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_Sign(999, data, 4, NULL, &n), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_SignUpdate(999, data, 4), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(p11->C_SignFinal(999, data, &n), CKR_SESSION_HANDLE_INVALID);

	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_GetOperationState(session, NULL, &n), CKR_STATE_UNSAVEABLE);
	assert_int_equal(p11->C_Sign(session, data, 4, NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_Sign(session, data, 4, NULL, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, NULL, 4), CKR_ARGUMENTS_BAD);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 4), CKR_OK);
	/* One part can't end what has several. */
	assert_int_equal(p11->C_Sign(session, data, 4, NULL, &n), CKR_OPERATION_NOT_INITIALIZED);
	mechanism.mechanism = CKM_ECDSA;
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignUpdate(session, data, 4), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(p11->C_SignFinal(session, data, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void test_parts(void **state)
{
	static const size_t sizes[] = { 0,     1,      51,     59999,  60000,
					60001, 119999, 120000, 120001, 1000000 };
	static const struct row row = { CKM_ECDSA_SHA256, true, "SHA256", 0, 0, false };
	struct fake_agent *agent = agent_start(SCOPE_USER);
	CK_OBJECT_HANDLE key = begin("p256");
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };
	uint8_t *data = malloc(1000000), signature[64];
	CK_ULONG length;

	for (size_t i = 0; i < 1000000; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		/* in one call */
		length = sizeof(signature);
		assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
		assert_int_equal(p11->C_Sign(session, data, sizes[i], signature, &length), CKR_OK);
		assert_int_equal(length, 64);
		assert_int_equal(agent->data_length, sizes[i]);
		assert_true(verifies("p256", &row, data, sizes[i], signature, 64));
		/* in uneven parts */
		assert_int_equal(p11->C_SignInit(session, &mechanism, key), CKR_OK);
		for (size_t at = 0, part = 1; at < sizes[i]; at += part, part = part * 3 + 1) {
			part = part < sizes[i] - at ? part : sizes[i] - at;
			assert_int_equal(p11->C_SignUpdate(session, data + at, part), CKR_OK);
		}
		assert_int_equal(p11->C_SignUpdate(session, NULL, 0), CKR_OK);
		assert_int_equal(p11->C_SignFinal(session, NULL, &length), CKR_OK);
		length = 63;
		assert_int_equal(p11->C_SignFinal(session, signature, &length),
				 CKR_BUFFER_TOO_SMALL);
		assert_int_equal(p11->C_SignFinal(session, signature, &length), CKR_OK);
		assert_int_equal(agent->data_length, sizes[i]);
		assert_true(verifies("p256", &row, data, sizes[i], signature, 64));
	}
	assert_true(agent->parts > 0);
	free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_every_row), TEST(test_init_errors),	      TEST(test_pss_parameters),
		TEST(test_lengths),   TEST(test_argument_errors_end), TEST(test_parts),
	};

	return cmocka_run_group_tests_name("signing", tests, NULL, NULL);
}
