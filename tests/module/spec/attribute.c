/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections 4.2 to 4.9, and C_GetAttributeValue and C_GetObjectSize of 5.7: what each object has,
 * and what never comes out.
 */
#include <stdio.h>
#include <string.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include "spec.h"
#include "verify.h"

enum form { BOOL, ULONG, BYTES, DATE, LIST };

struct row {
	CK_ATTRIBUTE_TYPE type;
	enum form form;
};

/* 4.2, 4.4: all objects. */
static const struct row common[] = {
	{ CKA_CLASS, ULONG },	   { CKA_TOKEN, BOOL },	 { CKA_PRIVATE, BOOL },
	{ CKA_MODIFIABLE, BOOL },  { CKA_LABEL, BYTES }, { CKA_COPYABLE, BOOL },
	{ CKA_DESTROYABLE, BOOL },
};
/* 4.6.2, 4.6.3: certificates, X.509. */
static const struct row certificate[] = {
	{ CKA_CERTIFICATE_TYPE, ULONG },
	{ CKA_TRUSTED, BOOL },
	{ CKA_CERTIFICATE_CATEGORY, ULONG },
	{ CKA_CHECK_VALUE, BYTES },
	{ CKA_START_DATE, DATE },
	{ CKA_END_DATE, DATE },
	{ CKA_PUBLIC_KEY_INFO, BYTES },
	{ CKA_SUBJECT, BYTES },
	{ CKA_ID, BYTES },
	{ CKA_ISSUER, BYTES },
	{ CKA_SERIAL_NUMBER, BYTES },
	{ CKA_VALUE, BYTES },
	{ CKA_URL, BYTES },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, BYTES },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY, BYTES },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, ULONG },
	{ CKA_NAME_HASH_ALGORITHM, ULONG },
};
/* 4.7 to 4.9: keys. */
static const struct row key[] = {
	{ CKA_KEY_TYPE, ULONG },
	{ CKA_ID, BYTES },
	{ CKA_START_DATE, DATE },
	{ CKA_END_DATE, DATE },
	{ CKA_DERIVE, BOOL },
	{ CKA_LOCAL, BOOL },
	{ CKA_KEY_GEN_MECHANISM, ULONG },
	{ CKA_ALLOWED_MECHANISMS, LIST },
	{ CKA_SUBJECT, BYTES },
	{ CKA_PUBLIC_KEY_INFO, BYTES },
};
static const struct row public_key[] = {
	{ CKA_ENCRYPT, BOOL }, { CKA_VERIFY, BOOL },  { CKA_VERIFY_RECOVER, BOOL },
	{ CKA_WRAP, BOOL },    { CKA_TRUSTED, BOOL }, { CKA_WRAP_TEMPLATE, LIST },
};
static const struct row private_key[] = {
	{ CKA_SENSITIVE, BOOL },
	{ CKA_DECRYPT, BOOL },
	{ CKA_SIGN, BOOL },
	{ CKA_SIGN_RECOVER, BOOL },
	{ CKA_UNWRAP, BOOL },
	{ CKA_EXTRACTABLE, BOOL },
	{ CKA_ALWAYS_SENSITIVE, BOOL },
	{ CKA_NEVER_EXTRACTABLE, BOOL },
	{ CKA_WRAP_WITH_TRUSTED, BOOL },
	{ CKA_UNWRAP_TEMPLATE, LIST },
	{ CKA_ALWAYS_AUTHENTICATE, BOOL },
};
/* Mechanisms v2.40, 2.1.2, 2.1.3, 2.3.3, 2.3.4 */
static const struct row rsa[] = { { CKA_MODULUS, BYTES }, { CKA_PUBLIC_EXPONENT, BYTES } };
static const struct row rsa_public[] = { { CKA_MODULUS_BITS, ULONG } };
static const struct row ec[] = { { CKA_EC_PARAMS, BYTES } };
static const struct row ec_public[] = { { CKA_EC_POINT, BYTES } };

static const CK_ATTRIBUTE_TYPE rsa_secrets[] = { CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
						 CKA_PRIME_2,	       CKA_EXPONENT_1,
						 CKA_EXPONENT_2,       CKA_COEFFICIENT };
static const CK_ATTRIBUTE_TYPE ec_secrets[] = { CKA_VALUE };

static CK_SESSION_HANDLE session;

static bool form_fits(enum form form, const CK_BYTE *value, CK_ULONG length)
{
	switch (form) {
	case BOOL:
		return length == 1 && value[0] <= 1;
	case ULONG:
		return length == sizeof(CK_ULONG);
	case DATE:
		for (CK_ULONG i = 0; i < length; i++)
			if (value[i] < '0' || value[i] > '9')
				return false;
		return length == 0 || length == 8;
	case LIST:
		return length % sizeof(CK_ULONG) == 0;
	case BYTES:
		break;
	}
	return true;
}

/* By size, then into just as much room, into more, into less, and into none. */
static void check_row(CK_OBJECT_HANDLE object, const struct row *row)
{
	CK_BYTE value[4096], again[4096];
	CK_ATTRIBUTE attribute = { row->type, NULL, 0 };
	CK_ULONG length;
	char name[64];

	snprintf(name, sizeof(name), "attribute 0x%lx", row->type);
	BUT(name, C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	length = attribute.ulValueLen;
	if (length == CK_UNAVAILABLE_INFORMATION)
		return; /* differences.c allowed it */
	memset(value, 0xa5, sizeof(value));
	attribute = (CK_ATTRIBUTE){ row->type, value, length };
	IS(C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	FACT(attribute.ulValueLen == length && value[length] == 0xa5);
	FACT(form_fits(row->form, value, length));
	attribute = (CK_ATTRIBUTE){ row->type, again, sizeof(again) };
	IS(C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	FACT(attribute.ulValueLen == length && memcmp(value, again, length) == 0);
	if (length == 0)
		return;
	attribute = (CK_ATTRIBUTE){ row->type, value, length - 1 };
	IS(C_GetAttributeValue(session, object, &attribute, 1), CKR_BUFFER_TOO_SMALL);
	FACT(attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION);
	attribute = (CK_ATTRIBUTE){ row->type, value, 0 };
	IS(C_GetAttributeValue(session, object, &attribute, 1), CKR_BUFFER_TOO_SMALL);
	FACT(attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION);
}

static void check_rows(CK_OBJECT_HANDLE object, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(object, &rows[i]);
}
#define ROWS(object, rows) check_rows(object, rows, ARRAY_LENGTH(rows))

/* Each object has all attributes of its class and type (4.1), and none of another's. */
static void test_all_there(void **state)
{
	CK_OBJECT_HANDLE object;
	CK_BYTE value[64];
	CK_ATTRIBUTE other;

	session = spec_session(0);
	object = spec_rsa(session, CKO_CERTIFICATE);
	ROWS(object, common);
	ROWS(object, certificate);
	other = (CK_ATTRIBUTE){ CKA_KEY_TYPE, BYTES_OF(value) };
	IS(C_GetAttributeValue(session, object, &other, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	FACT(other.ulValueLen == CK_UNAVAILABLE_INFORMATION);
	object = spec_rsa(session, CKO_PUBLIC_KEY);
	ROWS(object, common);
	ROWS(object, key);
	ROWS(object, public_key);
	ROWS(object, rsa);
	ROWS(object, rsa_public);
	other = (CK_ATTRIBUTE){ CKA_PRIVATE_EXPONENT, BYTES_OF(value) };
	IS(C_GetAttributeValue(session, object, &other, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	object = spec_rsa(session, CKO_PRIVATE_KEY);
	ROWS(object, common);
	ROWS(object, key);
	ROWS(object, private_key);
	ROWS(object, rsa);
	object = spec_ec(session, CKO_PUBLIC_KEY);
	ROWS(object, common);
	ROWS(object, key);
	ROWS(object, public_key);
	ROWS(object, ec);
	ROWS(object, ec_public);
	other = (CK_ATTRIBUTE){ CKA_MODULUS, BYTES_OF(value) };
	IS(C_GetAttributeValue(session, object, &other, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	object = spec_ec(session, CKO_PRIVATE_KEY);
	ROWS(object, common);
	ROWS(object, key);
	ROWS(object, private_key);
	ROWS(object, ec);
}

/* 4.9, footnote 7: not by its size, not into room of any size, not among others. */
static void check_secret(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BYTE room[1024], again[1024], label[64], zeros[1024] = { 0 };
	CK_ATTRIBUTE mixed[] = {
		{ CKA_LABEL, BYTES_OF(label) },
		{ type, NULL, 0 },
		{ type, BYTES_OF(room) },
		{ CKA_VENDOR_DEFINED | 1, BYTES_OF(again) },
		{ type, again, 1 },
		{ CKA_LABEL, NULL, 0 },
		{ CKA_LABEL, again + 1, 0 },
		{ type, again, 0x7fffffff },
		{ CKA_CLASS, room + 1016, 8 },
	};
	static const size_t closed[] = { 1, 2, 3, 4, 6, 7 };

	memset(room, 0, sizeof(room));
	memset(again, 0, sizeof(again));
	IS(C_GetAttributeValue(session, object, mixed + 1, 1), CKR_ATTRIBUTE_SENSITIVE);
	FACT(mixed[1].ulValueLen == CK_UNAVAILABLE_INFORMATION);
	/* Several things are wrong: any of their codes will do; the good ones are answered. */
	IS(C_GetAttributeValue(session, object, mixed, ARRAY_LENGTH(mixed)),
	   CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL);
	for (size_t i = 0; i < ARRAY_LENGTH(closed); i++)
		FACT(mixed[closed[i]].ulValueLen == CK_UNAVAILABLE_INFORMATION);
	FACT(mixed[0].ulValueLen > 0 && mixed[0].ulValueLen == mixed[5].ulValueLen);
	FACT(mixed[8].ulValueLen == 8);
	FACT(memcmp(room, zeros, 1016) == 0 && memcmp(again, zeros, sizeof(again)) == 0);
}

static void test_sensitive(void **state)
{
	CK_OBJECT_HANDLE object;

	session = spec_session(0);
	object = spec_rsa(session, CKO_PRIVATE_KEY);
	FACT(spec_bool(session, object, CKA_SENSITIVE));
	FACT(!spec_bool(session, object, CKA_EXTRACTABLE));
	for (size_t i = 0; i < ARRAY_LENGTH(rsa_secrets); i++)
		check_secret(object, rsa_secrets[i]);
	object = spec_ec(session, CKO_PRIVATE_KEY);
	FACT(spec_bool(session, object, CKA_SENSITIVE));
	for (size_t i = 0; i < ARRAY_LENGTH(ec_secrets); i++)
		check_secret(object, ec_secrets[i]);
}

static void test_calls(void **state)
{
	CK_OBJECT_HANDLE object;
	CK_ULONG size = 0;
	CK_BYTE value[64];
	CK_ATTRIBUTE attribute = { CKA_LABEL, BYTES_OF(value) };

	session = spec_session(0);
	object = spec_rsa(session, CKO_PUBLIC_KEY);
	IS(C_GetAttributeValue(session, object, NULL, 1), CKR_ARGUMENTS_BAD);
	/* Nothing is asked of nothing: that may be bad arguments, or no fault. */
	IS(C_GetAttributeValue(session, object, NULL, 0), CKR_OK, CKR_ARGUMENTS_BAD);
	IS(C_GetAttributeValue(session, object, &attribute, 0), CKR_OK);
	FACT(attribute.ulValueLen == sizeof(value));
	IS(C_GetAttributeValue(session, 0, &attribute, 1), CKR_OBJECT_HANDLE_INVALID);
	IS(C_GetAttributeValue(session, NO_HANDLE, &attribute, 1), CKR_OBJECT_HANDLE_INVALID);
	IS(C_GetObjectSize(session, object, NULL), CKR_ARGUMENTS_BAD);
	IS(C_GetObjectSize(session, 0, &size), CKR_OBJECT_HANDLE_INVALID);
	IS(C_GetObjectSize(session, NO_HANDLE, &size), CKR_OBJECT_HANDLE_INVALID);
	IS(C_GetObjectSize(session, object, &size), CKR_OK);
	FACT(size > 0);
}

static bool value_is(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, const void *data,
		     size_t length)
{
	CK_BYTE value[4096];

	return spec_read(session, object, type, value, sizeof(value)) == length &&
	       memcmp(value, data, length) == 0;
}

/* What the numbers are: read from the certificate by another library. */
static void check_content(const char *name, CK_OBJECT_HANDLE leaf, CK_OBJECT_HANDLE public,
			  CK_OBJECT_HANDLE private)
{
	gnutls_datum_t pem = verify_file(name, "crt"), der, spki, subject, issuer, n, e;
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t pubkey;
	CK_BYTE hash[20], id[64];
	size_t id_length = spec_read(session, leaf, CKA_ID, BYTES_OF(id));

	gnutls_x509_crt_init(&crt);
	gnutls_pubkey_init(&pubkey);
	assert_int_equal(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_pubkey_import_x509(pubkey, crt, 0), 0);
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der);
	gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_DER, &spki);
	gnutls_x509_crt_get_raw_dn(crt, &subject);
	gnutls_x509_crt_get_raw_issuer_dn(crt, &issuer);
	gnutls_hash_fast(GNUTLS_DIG_SHA1, der.data, der.size, hash);
	FACT(value_is(leaf, CKA_VALUE, der.data, der.size));
	FACT(value_is(leaf, CKA_SUBJECT, subject.data, subject.size));
	FACT(value_is(leaf, CKA_ISSUER, issuer.data, issuer.size));
	FACT(value_is(leaf, CKA_CHECK_VALUE, hash, 3));
	FACT_BUT("values that the token could read from the certificate",
		 value_is(leaf, CKA_START_DATE, "20200101", 8));
	FACT_BUT("values that the token could read from the certificate",
		 value_is(leaf, CKA_END_DATE, "20491231", 8));
	FACT_BUT("values that the token could read from the certificate",
		 value_is(leaf, CKA_PUBLIC_KEY_INFO, spki.data, spki.size));
	FACT_BUT("CKA_PUBLIC_KEY_INFO of keys",
		 value_is(public, CKA_PUBLIC_KEY_INFO, spki.data, spki.size));
	FACT_BUT("CKA_PUBLIC_KEY_INFO of keys",
		 value_is(private, CKA_PUBLIC_KEY_INFO, spki.data, spki.size));
	FACT(value_is(public, CKA_ID, id, id_length) && value_is(private, CKA_ID, id, id_length));
	if (gnutls_pubkey_get_pk_algorithm(pubkey, NULL) == GNUTLS_PK_RSA) {
		gnutls_pubkey_export_rsa_raw2(pubkey, &n, &e, GNUTLS_EXPORT_FLAG_NO_LZ);
		FACT(value_is(public, CKA_MODULUS, n.data, n.size));
		FACT(value_is(private, CKA_MODULUS, n.data, n.size));
		FACT(value_is(public, CKA_PUBLIC_EXPONENT, e.data, e.size));
		FACT(spec_number(session, public, CKA_MODULUS_BITS) == 8 * n.size);
	} else {
		gnutls_pubkey_export_ecc_x962(pubkey, &n, &e);
		FACT(value_is(public, CKA_EC_PARAMS, n.data, n.size));
		FACT(value_is(private, CKA_EC_PARAMS, n.data, n.size));
		FACT(value_is(public, CKA_EC_POINT, e.data, e.size));
	}
	gnutls_free(n.data);
	gnutls_free(e.data);
	gnutls_free(der.data);
	gnutls_free(spki.data);
	gnutls_free(subject.data);
	gnutls_free(issuer.data);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_pubkey_deinit(pubkey);
}

static void test_content(void **state)
{
	CK_OBJECT_HANDLE leaf, public, private;

	session = spec_session(0);
	leaf = spec_rsa(session, CKO_CERTIFICATE);
	public = spec_rsa(session, CKO_PUBLIC_KEY);
	private = spec_rsa(session, CKO_PRIVATE_KEY);
	check_content(spec_setting("SPEC_RSA", ""), leaf, public, private);
	FACT(spec_number(session, leaf, CKA_CLASS) == CKO_CERTIFICATE);
	FACT(spec_number(session, leaf, CKA_CERTIFICATE_TYPE) == CKC_X_509);
	FACT(!spec_bool(session, leaf, CKA_TRUSTED));
	FACT(spec_number(session, public, CKA_KEY_TYPE) == CKK_RSA);
	FACT(spec_bool(session, private, CKA_SIGN));
	/* 4.7: it came from outside. */
	FACT(!spec_bool(session, private, CKA_LOCAL));
	FACT(spec_number(session, private, CKA_KEY_GEN_MECHANISM) == CK_UNAVAILABLE_INFORMATION);
	FACT(!spec_bool(session, private, CKA_ALWAYS_SENSITIVE));
	FACT(!spec_bool(session, private, CKA_NEVER_EXTRACTABLE));
	leaf = spec_ec(session, CKO_CERTIFICATE);
	public = spec_ec(session, CKO_PUBLIC_KEY);
	private = spec_ec(session, CKO_PRIVATE_KEY);
	check_content(spec_setting("SPEC_EC", ""), leaf, public, private);
	FACT(spec_number(session, private, CKA_KEY_TYPE) == CKK_EC);
}

/* 4.7 to 4.9: what a key says that it supports, some mechanism of the token does. */
static void check_uses(CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public)
{
	static const struct {
		CK_ATTRIBUTE_TYPE private, public;
		CK_FLAGS does_private, does_public;
	} uses[] = {
		{ CKA_SIGN, CKA_VERIFY, CKF_SIGN, CKF_VERIFY },
		{ CKA_SIGN_RECOVER, CKA_VERIFY_RECOVER, CKF_SIGN_RECOVER, CKF_VERIFY_RECOVER },
		{ CKA_DECRYPT, CKA_ENCRYPT, CKF_DECRYPT, CKF_ENCRYPT },
		{ CKA_UNWRAP, CKA_WRAP, CKF_UNWRAP, CKF_WRAP },
		{ CKA_DERIVE, CKA_DERIVE, CKF_DERIVE, CKF_DERIVE },
	};
	bool modest = true;

	for (size_t i = 0; i < ARRAY_LENGTH(uses); i++) {
		modest &= !spec_bool(session, private, uses[i].private) ||
			  spec_does(uses[i].does_private);
		modest &= !spec_bool(session, public, uses[i].public) ||
			  spec_does(uses[i].does_public);
	}
	FACT(spec_bool(session, private, CKA_SIGN));
	FACT(spec_bool(session, public, CKA_VERIFY) == spec_does(CKF_VERIFY));
	FACT_BUT("a key claims no use that the token has no mechanism for", modest);
}

static void test_uses(void **state)
{
	session = spec_session(0);
	check_uses(spec_rsa(session, CKO_PRIVATE_KEY), spec_rsa(session, CKO_PUBLIC_KEY));
	check_uses(spec_ec(session, CKO_PRIVATE_KEY), spec_ec(session, CKO_PUBLIC_KEY));
}

/* 4.7: a key's mechanisms are such as the token has, for signing. */
static void test_allowed_mechanisms(void **state)
{
	CK_MECHANISM_TYPE list[64];
	CK_OBJECT_HANDLE object;
	size_t count;

	session = spec_session(0);
	object = spec_ec(session, CKO_PRIVATE_KEY);
	count = spec_read(session, object, CKA_ALLOWED_MECHANISMS, list, sizeof(list)) /
		sizeof(list[0]);
	FACT_BUT("CKA_ALLOWED_MECHANISMS is said", count > 0);
	for (size_t i = 0; i < count; i++) {
		CK_MECHANISM mechanism = { list[i], NULL, 0 };
		CK_SESSION_HANDLE own = spec_session(0);

		FACT(spec_has_mechanism(list[i]));
		IS(C_SignInit(own, &mechanism, object), CKR_OK);
		IS(C_CloseSession(own), CKR_OK);
	}
}

SPEC_MAIN("attribute", TEST(test_all_there), TEST(test_sensitive), TEST(test_calls),
	  TEST(test_content), TEST(test_uses), TEST(test_allowed_mechanisms))
