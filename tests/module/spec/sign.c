/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections 5.2 and 5.11: C_SignInit, C_Sign, C_SignUpdate, C_SignFinal: what begins an operation,
 * what keeps it, what ends it.
 */
#include <string.h>
#include "spec.h"
#include "verify.h"

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE rsa, ec;
static CK_MECHANISM pkcs1 = { CKM_RSA_PKCS, NULL, 0 }, sha256 = { CKM_SHA256_RSA_PKCS, NULL, 0 },
		    ecdsa = { CKM_ECDSA, NULL, 0 };
static CK_BYTE data[600] = "What is to be signed", signature[256];
static CK_ULONG length;

static int begin(void **state)
{
	if (spec_begin(state) != 0)
		return -1;
	session = spec_session(0);
	rsa = spec_rsa(session, CKO_PRIVATE_KEY);
	ec = spec_ec(session, CKO_PRIVATE_KEY);
	length = sizeof(signature);
	return 0;
}

/* C_SignInit in a session of its own, so that nothing is left where it succeeds. */
static CK_RV init_alone(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	CK_SESSION_HANDLE own = spec_session(0);
	CK_RV rv = p11->C_SignInit(own, mechanism, key);

	IS(C_CloseSession(own), CKR_OK);
	return rv;
}

static bool is_rsa_signature(const CK_BYTE *message, size_t message_length)
{
	return length == 256 &&
	       verify_message(spec_setting("SPEC_RSA", ""), GNUTLS_DIG_SHA256, NULL, false, message,
			      message_length, signature, length);
}

/* No operation. */
static void none_active(void)
{
	length = sizeof(signature);
	IS(C_SignUpdate(session, data, 1), CKR_OPERATION_NOT_INITIALIZED);
	IS(C_SignFinal(session, signature, &length), CKR_OPERATION_NOT_INITIALIZED);
	IS(C_Sign(session, data, 1, signature, &length), CKR_OPERATION_NOT_INITIALIZED);
}

static void test_init(void **state)
{
	CK_MECHANISM unknown = { CKM_VENDOR_DEFINED | 5, NULL, 0 };
	CK_MECHANISM digest = { CKM_SHA256, NULL, 0 };

	none_active();
	IS(C_SignInit(session, NULL, rsa), CKR_ARGUMENTS_BAD);
	ANSWER("C_SignInit without a key", init_alone(&pkcs1, 0), CKR_KEY_HANDLE_INVALID);
	ANSWER("C_SignInit without a key", init_alone(&pkcs1, NO_HANDLE), CKR_KEY_HANDLE_INVALID);
	ANSWER("C_SignInit with a certificate",
	       init_alone(&pkcs1, spec_rsa(session, CKO_CERTIFICATE)), CKR_KEY_HANDLE_INVALID);
	ANSWER(NULL, init_alone(&pkcs1, spec_rsa(session, CKO_PUBLIC_KEY)),
	       CKR_KEY_FUNCTION_NOT_PERMITTED);
	ANSWER(NULL, init_alone(&unknown, rsa), CKR_MECHANISM_INVALID);
	ANSWER(NULL, init_alone(&digest, rsa), CKR_MECHANISM_INVALID);
	ANSWER("C_SignInit with an EC key for RSA", init_alone(&pkcs1, ec),
	       CKR_KEY_TYPE_INCONSISTENT);
	ANSWER("C_SignInit with an RSA key for ECDSA", init_alone(&ecdsa, rsa),
	       CKR_KEY_TYPE_INCONSISTENT);
	/* 5.1.6: that one goes before CKR_KEY_FUNCTION_NOT_PERMITTED. */
	ANSWER("C_SignInit with a public key for other mechanisms",
	       init_alone(&ecdsa, spec_rsa(session, CKO_PUBLIC_KEY)), CKR_KEY_TYPE_INCONSISTENT);
	none_active();
}

/* A second C_SignInit is refused, and the first operation goes on as if nothing had been. */
static void test_init_twice(void **state)
{
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	IS(C_SignUpdate(session, data, 10), CKR_OK);
	IS(C_SignInit(session, &sha256, rsa), CKR_OPERATION_ACTIVE);
	IS(C_SignInit(session, &ecdsa, ec), CKR_OPERATION_ACTIVE);
	IS(C_SignUpdate(session, data + 10, 10), CKR_OK);
	IS(C_SignFinal(session, signature, &length), CKR_OK);
	FACT(is_rsa_signature(data, 20));
}

static void test_single(void **state)
{
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	length = 0;
	IS(C_Sign(session, data, 20, NULL, &length), CKR_OK);
	FACT(length == 256);
	length = 255;
	IS(C_Sign(session, data, 20, signature, &length), CKR_BUFFER_TOO_SMALL);
	FACT(length == 256);
	length = 0;
	IS(C_Sign(session, data, 20, signature, &length), CKR_BUFFER_TOO_SMALL);
	FACT(length == 256);
	IS(C_Sign(session, data, 20, signature, &length), CKR_OK);
	FACT(is_rsa_signature(data, 20));
	FACT(!is_rsa_signature(data, 21));
	none_active();
	/* Into the room where the data lies. */
	memcpy(signature, data, 20);
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	IS(C_Sign(session, signature, 20, signature, &length), CKR_OK);
	FACT(is_rsa_signature(data, 20));
}

static void test_parts(void **state)
{
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	for (int i = 0; i < 100; i++)
		IS(C_SignUpdate(session, data + i, 1), CKR_OK);
	IS(C_SignUpdate(session, data + 100, 0), CKR_OK);
	IS(C_SignUpdate(session, data + 100, 500), CKR_OK);
	length = 0;
	IS(C_SignFinal(session, NULL, &length), CKR_OK);
	FACT(length == 256);
	length = 255;
	IS(C_SignFinal(session, signature, &length), CKR_BUFFER_TOO_SMALL);
	FACT(length == 256);
	IS(C_SignFinal(session, signature, &length), CKR_OK);
	FACT(is_rsa_signature(data, 600));
	none_active();
}

/* A message of no bytes is one. */
static void test_nothing(void **state)
{
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	BUT("C_Sign of nothing, from nowhere", C_Sign(session, NULL, 0, signature, &length),
	    CKR_OK);
	length = sizeof(signature);
	p11->C_SignInit(session, &sha256, rsa);
	IS(C_Sign(session, data, 0, signature, &length), CKR_OK);
	FACT(is_rsa_signature(data, 0));
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	IS(C_SignFinal(session, signature, &length), CKR_OK);
	FACT(is_rsa_signature(data, 0));
	IS(C_SignInit(session, &pkcs1, rsa), CKR_OK);
	IS(C_Sign(session, data, 0, signature, &length), CKR_OK);
	FACT(verify_bare(spec_setting("SPEC_RSA", ""), data, 0, signature, length));
}

/* 5.11: whatever isn't CKR_BUFFER_TOO_SMALL or a question for the length ends the operation. */
static void test_errors_end(void **state)
{
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	IS(C_Sign(session, data, 4, signature, NULL), CKR_ARGUMENTS_BAD);
	BUT("an error ends an operation", C_Sign(session, data, 4, signature, &length),
	    CKR_OPERATION_NOT_INITIALIZED);
	length = sizeof(signature);
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	IS(C_Sign(session, NULL, 4, signature, &length), CKR_ARGUMENTS_BAD);
	BUT("an error ends an operation", C_SignUpdate(session, data, 4),
	    CKR_OPERATION_NOT_INITIALIZED);
	p11->C_SignFinal(session, signature, &length);

	length = sizeof(signature);
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	IS(C_SignUpdate(session, NULL, 4), CKR_ARGUMENTS_BAD);
	BUT("an error ends an operation", C_SignFinal(session, signature, &length),
	    CKR_OPERATION_NOT_INITIALIZED);
	length = sizeof(signature);
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	IS(C_SignUpdate(session, data, 4), CKR_OK);
	IS(C_SignFinal(session, signature, NULL), CKR_ARGUMENTS_BAD);
	BUT("an error ends an operation", C_SignFinal(session, signature, &length),
	    CKR_OPERATION_NOT_INITIALIZED);
	p11->C_SignFinal(session, signature, &length);

	length = sizeof(signature);
	IS(C_SignInit(session, &pkcs1, rsa), CKR_OK);
	BUT("C_Sign of too much or too little", C_Sign(session, data, 246, signature, &length),
	    CKR_DATA_LEN_RANGE);
	none_active();
}

/* C_Sign is for what has no parts, C_SignUpdate for what may have some. */
static void test_one_or_many(void **state)
{
	IS(C_SignInit(session, &sha256, rsa), CKR_OK);
	IS(C_SignUpdate(session, data, 4), CKR_OK);
	IS(C_Sign(session, data, 4, signature, &length), CKR_OPERATION_NOT_INITIALIZED,
	   CKR_OPERATION_ACTIVE);
	p11->C_SignFinal(session, signature, &length);
	length = sizeof(signature);
	IS(C_SignInit(session, &pkcs1, rsa), CKR_OK);
	IS(C_SignUpdate(session, data, 4), CKR_OPERATION_NOT_INITIALIZED,
	   CKR_FUNCTION_NOT_SUPPORTED, CKR_MECHANISM_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED);
	none_active();
	IS(C_SignInit(session, &ecdsa, ec), CKR_OK);
	IS(C_SignFinal(session, signature, &length), CKR_OPERATION_NOT_INITIALIZED,
	   CKR_FUNCTION_NOT_SUPPORTED, CKR_MECHANISM_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED);
	none_active();
}

/* Mechanisms v2.40, 2.1.6: k - 11 bytes and not one more. */
static void test_rsa_limit(void **state)
{
	static const size_t sizes[] = { 1, 32, 51, 244, 245 };

	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		length = sizeof(signature);
		IS(C_SignInit(session, &pkcs1, rsa), CKR_OK);
		IS(C_Sign(session, data, sizes[i], signature, &length), CKR_OK);
		FACT(verify_bare(spec_setting("SPEC_RSA", ""), data, sizes[i], signature, length));
	}
	for (size_t size = 246; size < 260; size++) {
		length = sizeof(signature);
		IS(C_SignInit(session, &pkcs1, rsa), CKR_OK);
		BUT("C_Sign of too much or too little",
		    C_Sign(session, data, size, signature, &length), CKR_DATA_LEN_RANGE);
	}
}

/* Mechanisms v2.40, 2.3.1, 2.3.6: of any length; FIPS 186-4, 6.4: the leftmost bits. */
static void test_ecdsa_lengths(void **state)
{
	static const size_t sizes[] = { 1, 20, 28, 31, 32, 33, 48, 64, 100 };

	memset(data, 0xd7, sizeof(data));
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		IS(C_SignInit(session, &ecdsa, ec), CKR_OK);
		length = 0;
		IS(C_Sign(session, data, sizes[i], NULL, &length), CKR_OK);
		FACT(length == 64);
		IS(C_Sign(session, data, sizes[i], signature, &length), CKR_OK);
		FACT(length == 64);
		FACT(verify_bare(spec_setting("SPEC_EC", ""), data, sizes[i], signature, length));
		data[0] ^= 1;
		FACT(!verify_bare(spec_setting("SPEC_EC", ""), data, sizes[i], signature, length));
	}
}

/* Mechanisms v2.40, 2.1.9, 2.1.10, 2.1.15 */
static void test_pss(void **state)
{
	CK_RSA_PKCS_PSS_PARAMS params = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM pss = { CKM_RSA_PKCS_PSS, &params, sizeof(params) };
	static const struct verify_pss how = { GNUTLS_DIG_SHA256, 32 };
	static const struct {
		const char *what;
		CK_RSA_PKCS_PSS_PARAMS params;
		CK_ULONG size;
	} bad[] = {
		{ "PSS parameters that are none",
		  { CKM_SHA256, CKG_MGF1_SHA256, 32 },
		  sizeof(params) - 1 },
		{ "PSS parameters that are none",
		  { CKM_SHA256, CKG_MGF1_SHA256, 32 },
		  sizeof(params) + 1 },
		{ "PSS parameters that are none", { CKM_SHA256, CKG_MGF1_SHA256, 32 }, 0 },
		{ "PSS parameters that are none",
		  { CKM_MD5, CKG_MGF1_SHA256, 16 },
		  sizeof(params) },
		{ "PSS parameters that are none",
		  { CKM_SHA256_RSA_PKCS, CKG_MGF1_SHA256, 32 },
		  sizeof(params) },
		{ "PSS parameters that are none", { CKM_SHA256, 0x77, 32 }, sizeof(params) },
		{ "a PSS salt longer than the key holds",
		  { CKM_SHA256, CKG_MGF1_SHA256, 223 },
		  sizeof(params) },
		{ "a PSS salt longer than the key holds",
		  { CKM_SHA256, CKG_MGF1_SHA256, -1UL },
		  sizeof(params) },
		{ "a PSS salt longer than the key holds",
		  { CKM_SHA256, CKG_MGF1_SHA256, -34UL },
		  sizeof(params) },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		params = bad[i].params;
		pss.ulParameterLen = bad[i].size;
		ANSWER(bad[i].what, init_alone(&pss, rsa), CKR_MECHANISM_PARAM_INVALID);
	}
	pss = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, NULL, sizeof(params) };
	ANSWER("PSS parameters that are none", init_alone(&pss, rsa), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_RSA_PKCS_PSS_PARAMS){ CKM_SHA256, CKG_MGF1_SHA256, 32 };
	pss = (CK_MECHANISM){ CKM_SHA384_RSA_PKCS_PSS, &params, sizeof(params) };
	ANSWER("PSS parameters that are none", init_alone(&pss, rsa), CKR_MECHANISM_PARAM_INVALID);
	none_active();
	pss.mechanism = CKM_RSA_PKCS_PSS;
	for (size_t size = 31; size <= 33; size += 2) {
		length = sizeof(signature);
		IS(C_SignInit(session, &pss, rsa), CKR_OK);
		BUT("C_Sign of too much or too little",
		    C_Sign(session, data, size, signature, &length), CKR_DATA_LEN_RANGE);
	}
	length = sizeof(signature);
	IS(C_SignInit(session, &pss, rsa), CKR_OK);
	IS(C_Sign(session, data, 32, signature, &length), CKR_OK);
	FACT(verify_message(spec_setting("SPEC_RSA", ""), GNUTLS_DIG_SHA256, &how, true, data, 32,
			    signature, length));
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, spec_end)

SPEC_MAIN("sign", TEST(test_init), TEST(test_init_twice), TEST(test_single), TEST(test_parts),
	  TEST(test_nothing), TEST(test_errors_end), TEST(test_one_or_many), TEST(test_rsa_limit),
	  TEST(test_ecdsa_lengths), TEST(test_pss))
