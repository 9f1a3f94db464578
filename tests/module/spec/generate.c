/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Section 5.13, C_GenerateKeyPair; Mechanisms v2.40, 2.1.4 and 2.3.5. The token may be one that
 * makes no keys (SPEC_KEYS=no), or that takes nothing of this user's (SPEC_WRITE=no).
 */
#include <string.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include "spec.h"

static CK_SESSION_HANDLE session, reading;
static CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY, public_class = CKO_PUBLIC_KEY;
static CK_KEY_TYPE rsa = CKK_RSA, ec = CKK_EC;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE, neither = 5;
static CK_ULONG bits = 2048;
static CK_BYTE exponent[] = { 1, 0, 1 };
static CK_BYTE curve[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static CK_BYTE no_curve[] = { 6, 5, 0x2b, 0x81, 4, 0x7f, 0x7f }, garbage[] = { 1, 2, 3 };
static CK_MECHANISM make_rsa = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 },
		    make_ec = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };

#define VALUE(type, value)                    \
	{                                     \
		type, &(value), sizeof(value) \
	}
#define TEXT(type, text)                             \
	{                                            \
		type, (char *)text, sizeof(text) - 1 \
	}
#define ROOM 12

struct templates {
	CK_MECHANISM *mechanism;
	CK_ATTRIBUTE public[ROOM], private[ROOM];
	CK_ULONG public_count, private_count;
};

static const struct templates rsa_pair = {
	&make_rsa,
	{ VALUE(CKA_TOKEN, yes), VALUE(CKA_MODULUS_BITS, bits),
	  VALUE(CKA_PUBLIC_EXPONENT, exponent), VALUE(CKA_PRIVATE, no),
	  TEXT(CKA_LABEL, "made here"), TEXT(CKA_ID, "\x71\x72") },
	{ VALUE(CKA_TOKEN, yes), VALUE(CKA_PRIVATE, yes), VALUE(CKA_SENSITIVE, yes),
	  VALUE(CKA_EXTRACTABLE, no), VALUE(CKA_SIGN, yes), TEXT(CKA_LABEL, "made here"),
	  TEXT(CKA_ID, "\x71\x72") },
	6,
	7,
};

static struct templates ec_pair(void)
{
	struct templates pair = rsa_pair;

	pair.mechanism = &make_ec;
	pair.public[1] = (CK_ATTRIBUTE)VALUE(CKA_EC_PARAMS, curve);
	pair.public[2] = (CK_ATTRIBUTE)VALUE(CKA_KEY_TYPE, ec);
	return pair;
}

static int begin(void **state)
{
	if (spec_begin(state) != 0)
		return -1;
	session = spec_session(CKF_RW_SESSION);
	reading = spec_session(0);
	return 0;
}

static CK_ULONG everything(void)
{
	return spec_count(session, NULL, 0, NULL);
}

static CK_OBJECT_HANDLE public, private;

static CK_RV call(CK_SESSION_HANDLE by, struct templates *pair)
{
	return p11->C_GenerateKeyPair(by, pair->mechanism, pair->public, pair->public_count,
				      pair->private, pair->private_count, &public, &private);
}

/* What is to be refused; where it isn't, it goes again. */
static CK_RV try(struct templates *pair)
{
	CK_ULONG before = everything();
	CK_RV rv = call(session, pair);

	if (rv == CKR_OK) {
		IS(C_DestroyObject(session, private), CKR_OK);
		if (everything() > before)
			IS(C_DestroyObject(session, public), CKR_OK);
	}
	return rv;
}

static CK_RV with_public(const struct templates *pair, CK_ATTRIBUTE more)
{
	struct templates changed = *pair;

	changed.public[changed.public_count++] = more;
	return try(&changed);
}

static CK_RV with_private(const struct templates *pair, CK_ATTRIBUTE more)
{
	struct templates changed = *pair;

	changed.private[changed.private_count++] = more;
	return try(&changed);
}

static CK_RV without_public(const struct templates *pair, CK_ULONG place)
{
	struct templates changed = *pair;

	changed.public[place] = changed.public[--changed.public_count];
	return try(&changed);
}

static CK_RV with_value(const struct templates *pair, CK_ULONG place, void *value, CK_ULONG length)
{
	struct templates changed = *pair;

	changed.public[place].pValue = value;
	changed.public[place].ulValueLen = length;
	return try(&changed);
}

static void test_arguments(void **state)
{
	struct templates pair = rsa_pair;
	CK_MECHANISM other = { CKM_SHA256, NULL, 0 };

#define CALL(mechanism, public_template, private_template, one, another)          \
	C_GenerateKeyPair(session, mechanism, public_template, pair.public_count, \
			  private_template, pair.private_count, one, another)
	IS(CALL(NULL, pair.public, pair.private, &public, &private), CKR_ARGUMENTS_BAD);
	IS(CALL(&make_rsa, NULL, pair.private, &public, &private), CKR_ARGUMENTS_BAD);
	IS(CALL(&make_rsa, pair.public, NULL, &public, &private), CKR_ARGUMENTS_BAD);
	IS(CALL(&make_rsa, pair.public, pair.private, NULL, &private), CKR_ARGUMENTS_BAD);
	IS(CALL(&make_rsa, pair.public, pair.private, &public, NULL), CKR_ARGUMENTS_BAD);
	IS(CALL(&other, pair.public, pair.private, &public, &private), CKR_MECHANISM_INVALID);
	ANSWER(NULL, call(NO_HANDLE, &pair), CKR_SESSION_HANDLE_INVALID);
	ANSWER(NULL, call(reading, &pair), CKR_SESSION_READ_ONLY, CKR_TOKEN_WRITE_PROTECTED);
}

/* 4.1.1 and the footnotes: 3, must be specified; 4, must not be. */
static void test_faults(void **state)
{
	struct templates ec_keys = ec_pair();
	CK_ULONG before = everything();

	ANSWER(NULL, without_public(&rsa_pair, 1), CKR_TEMPLATE_INCOMPLETE);
	ANSWER(NULL, without_public(&ec_keys, 1), CKR_TEMPLATE_INCOMPLETE);
	ANSWER(NULL, with_public(&rsa_pair, (CK_ATTRIBUTE)VALUE(CKA_MODULUS, garbage)),
	       CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID);
	ANSWER(NULL, with_private(&rsa_pair, (CK_ATTRIBUTE)VALUE(CKA_LOCAL, no)),
	       CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID);
	ANSWER(NULL, with_private(&rsa_pair, (CK_ATTRIBUTE)VALUE(CKA_ALWAYS_SENSITIVE, no)),
	       CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID);
	ANSWER(NULL, with_private(&rsa_pair, (CK_ATTRIBUTE)VALUE(CKA_VENDOR_DEFINED | 3, yes)),
	       CKR_ATTRIBUTE_TYPE_INVALID);
	ANSWER(NULL, with_public(&rsa_pair, (CK_ATTRIBUTE)VALUE(CKA_CLASS, private_class)),
	       CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID);
	ANSWER(NULL, with_private(&rsa_pair, (CK_ATTRIBUTE)VALUE(CKA_KEY_TYPE, ec)),
	       CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID);
	ANSWER("a key pair with a CK_BBOOL of 5",
	       with_private(&rsa_pair, (CK_ATTRIBUTE)VALUE(CKA_DERIVE, neither)),
	       CKR_ATTRIBUTE_VALUE_INVALID);
	ANSWER(NULL, with_value(&rsa_pair, 1, &bits, 3), CKR_ATTRIBUTE_VALUE_INVALID);
	ANSWER("a key pair on a curve that isn't",
	       with_value(&ec_keys, 1, no_curve, sizeof(no_curve)), CKR_CURVE_NOT_SUPPORTED,
	       CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID);
	ANSWER("a key pair on garbage", with_value(&ec_keys, 1, garbage, sizeof(garbage)),
	       CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID);
	/* 4.4: the token may have none of the session. */
	ANSWER(NULL, with_value(&rsa_pair, 0, &no, 1), CKR_OK, CKR_TEMPLATE_INCONSISTENT,
	       CKR_TOKEN_WRITE_PROTECTED);
	FACT_BUT("nothing is left of a refused key pair", everything() == before);
}

static gnutls_pubkey_t read_key(bool is_rsa)
{
	CK_BYTE first[512], second[512];
	gnutls_datum_t one = { first, 0 }, other = { second, 0 };
	gnutls_pubkey_t key;

	one.size = (unsigned)spec_read(session, public, is_rsa ? CKA_MODULUS : CKA_EC_PARAMS,
				       BYTES_OF(first));
	other.size = (unsigned)spec_read(
		session, public, is_rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT, BYTES_OF(second));
	assert_int_equal(gnutls_pubkey_init(&key), 0);
	if (is_rsa)
		assert_int_equal(gnutls_pubkey_import_rsa_raw(key, &one, &other), 0);
	else
		assert_int_equal(gnutls_pubkey_import_ecc_x962(key, &one, &other), 0);
	return key;
}

/* The private key is that of the public one. */
static void check_signature(bool is_rsa)
{
	CK_MECHANISM mechanism = { is_rsa ? CKM_SHA256_RSA_PKCS : CKM_ECDSA, NULL, 0 };
	CK_BYTE data[32] = { 9 }, hash[32], signature[512];
	CK_ULONG length = sizeof(signature);
	gnutls_pubkey_t key = read_key(is_rsa);
	gnutls_datum_t hashed = { hash, sizeof(hash) }, made = { signature, 0 }, der = { NULL, 0 };

	assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, data, sizeof(data), hash), 0);
	IS(C_SignInit(session, &mechanism, private), CKR_OK);
	IS(C_Sign(session, is_rsa ? data : hash, 32, signature, &length), CKR_OK);
	made.size = (unsigned)length;
	if (!is_rsa) {
		gnutls_datum_t r = { signature, (unsigned)length / 2 },
			       s = { signature + length / 2, (unsigned)length / 2 };

		assert_int_equal(gnutls_encode_rs_value(&der, &r, &s), 0);
		made = der;
	}
	FACT(gnutls_pubkey_verify_hash2(key,
					is_rsa ? GNUTLS_SIGN_RSA_SHA256 : GNUTLS_SIGN_ECDSA_SHA256,
					0, &hashed, &made) >= 0);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
}

static void check_made(bool is_rsa)
{
	CK_OBJECT_HANDLE keys[] = { public, private };
	CK_BYTE id[8];

	FACT(spec_find(session, CKO_PUBLIC_KEY, "made here") == public);
	FACT(spec_find(session, CKO_PRIVATE_KEY, "made here") == private);
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		FACT(spec_read(session, keys[i], CKA_ID, BYTES_OF(id)) == 2 &&
		     memcmp(id, "\x71\x72", 2) == 0);
		FACT(spec_number(session, keys[i], CKA_KEY_TYPE) == (is_rsa ? rsa : ec));
		FACT(spec_bool(session, keys[i], CKA_TOKEN));
		/* 4.7 */
		FACT(spec_bool(session, keys[i], CKA_LOCAL));
		FACT(spec_number(session, keys[i], CKA_KEY_GEN_MECHANISM) ==
		     (is_rsa ? make_rsa : make_ec).mechanism);
	}
	FACT(spec_number(session, public, CKA_CLASS) == public_class);
	FACT(spec_number(session, private, CKA_CLASS) == private_class);
	FACT(spec_bool(session, private, CKA_SENSITIVE));
	FACT(!spec_bool(session, private, CKA_EXTRACTABLE));
	FACT(spec_bool(session, private, CKA_ALWAYS_SENSITIVE));
	FACT(spec_bool(session, private, CKA_NEVER_EXTRACTABLE));
	if (is_rsa)
		FACT(spec_number(session, public, CKA_MODULUS_BITS) == bits);
}

static void check_pair(struct templates *pair)
{
	bool is_rsa = pair->mechanism == &make_rsa;
	CK_ULONG before = everything();

	if (strcmp(spec_setting("SPEC_KEYS", "yes"), "no") == 0) {
		ANSWER(NULL, call(session, pair), CKR_TOKEN_WRITE_PROTECTED);
		FACT(everything() == before);
		return;
	}
	ANSWER(NULL, call(session, pair), CKR_OK);
	FACT(public != 0 && private != 0 && public != private);
	FACT(everything() == before + 2);
	check_made(is_rsa);
	check_signature(is_rsa);
	IS(C_DestroyObject(session, private), CKR_OK);
	if (everything() > before)
		IS(C_DestroyObject(session, public), CKR_OK);
	FACT(everything() == before);
}

static void test_rsa(void **state)
{
	struct templates pair = rsa_pair;

	check_pair(&pair);
}

static void test_ec(void **state)
{
	struct templates pair = ec_pair();

	check_pair(&pair);
}

static void test_protected(void **state)
{
	struct templates pair = rsa_pair;

	ANSWER(NULL, call(session, &pair), CKR_TOKEN_WRITE_PROTECTED);
	ANSWER(NULL, call(reading, &pair), CKR_TOKEN_WRITE_PROTECTED);
	ANSWER(NULL, without_public(&pair, 1), CKR_TEMPLATE_INCOMPLETE);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, spec_end)

int main(void)
{
	static const struct CMUnitTest tests[] = { TEST(test_arguments), TEST(test_faults),
						   TEST(test_rsa), TEST(test_ec) };
	static const struct CMUnitTest protected[] = { TEST(test_protected) };

	if (strcmp(spec_setting("SPEC_WRITE", "yes"), "no") == 0)
		return spec_main("generate", protected, ARRAY_LENGTH(protected));
	return spec_main("generate", tests, ARRAY_LENGTH(tests));
}
