/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Section 5.7: C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal. */
#include <string.h>
#include "spec.h"

static CK_ULONG found_with(CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE type, const void *value,
			   size_t length)
{
	CK_ATTRIBUTE template = { type, (void *)value, length };

	return spec_count(session, &template, 1, NULL);
}

static void test_calls(void **state)
{
	CK_SESSION_HANDLE session = spec_session(0), other = spec_session(0);
	CK_ATTRIBUTE nothing = { CKA_LABEL, NULL, 4 };
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 7;

	IS(C_FindObjects(session, found, 2, &count), CKR_OPERATION_NOT_INITIALIZED);
	IS(C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
	IS(C_FindObjectsInit(session, NULL, 1), CKR_ARGUMENTS_BAD);
	BUT("a search for a value that isn't there", C_FindObjectsInit(session, &nothing, 1),
	    CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID);
	p11->C_FindObjectsFinal(session);
	IS(C_FindObjectsInit(session, NULL, 0), CKR_OK);
	IS(C_FindObjectsInit(session, NULL, 0), CKR_OPERATION_ACTIVE);
	/* The first one goes on, and nobody else's session knows of it. */
	IS(C_FindObjects(other, found, 2, &count), CKR_OPERATION_NOT_INITIALIZED);
	IS(C_FindObjects(session, NULL, 2, &count), CKR_ARGUMENTS_BAD);
	IS(C_FindObjects(session, found, 2, NULL), CKR_ARGUMENTS_BAD);
	IS(C_FindObjects(session, found, 0, &count), CKR_OK);
	FACT(count == 0);
	IS(C_FindObjects(session, found, 2, &count), CKR_OK);
	FACT(count == 2 && found[0] != 0 && found[1] != 0 && found[0] != found[1]);
	IS(C_FindObjectsFinal(session), CKR_OK);
	IS(C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
	IS(C_FindObjects(session, found, 2, &count), CKR_OPERATION_NOT_INITIALIZED);
}

/* One by one, until none is left, and then none again. */
static void test_steps(void **state)
{
	CK_SESSION_HANDLE session = spec_session(0);
	CK_OBJECT_HANDLE seen[64], one;
	CK_ULONG total = spec_count(session, NULL, 0, NULL), count = 0, got = 0;

	FACT(total >= 6 && total <= 64);
	IS(C_FindObjectsInit(session, NULL, 0), CKR_OK);
	do {
		IS(C_FindObjects(session, &one, 1, &count), CKR_OK);
		for (CK_ULONG i = 0; count == 1 && i < got; i++)
			FACT(seen[i] != one);
		if (count == 1)
			seen[got++] = one;
	} while (count == 1 && got < 64);
	FACT(got == total);
	IS(C_FindObjects(session, &one, 1, &count), CKR_OK);
	FACT(count == 0);
	IS(C_FindObjectsFinal(session), CKR_OK);
}

/* Byte for byte: each object that is found has each value of the template, and the right ones
 * are. */
static void test_values(void **state)
{
	const char *rsa = spec_setting("SPEC_RSA", ""), *ec = spec_setting("SPEC_EC", "");
	CK_SESSION_HANDLE session = spec_session(0);
	CK_OBJECT_HANDLE object;
	CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY, data = CKO_DATA, odd = 0x7777;
	CK_KEY_TYPE rsa_type = CKK_RSA, ec_type = CKK_EC;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE all[] = { { CKA_CLASS, BYTES_OF(private_key) },
			       { CKA_KEY_TYPE, BYTES_OF(ec_type) },
			       { CKA_SIGN, BYTES_OF(yes) },
			       { CKA_TOKEN, BYTES_OF(yes) } };
	CK_ULONG everything = spec_count(session, NULL, 0, NULL);

	FACT(found_with(session, CKA_LABEL, rsa, strlen(rsa)) == 3);
	FACT(found_with(session, CKA_LABEL, rsa, strlen(rsa) - 1) == 0);
	FACT(found_with(session, CKA_LABEL, rsa, strlen(rsa) + 1) == 0);
	FACT(found_with(session, CKA_CLASS, BYTES_OF(private_key)) >= 2);
	FACT(found_with(session, CKA_CLASS, BYTES_OF(data)) == 0);
	FACT(found_with(session, CKA_CLASS, BYTES_OF(odd)) == 0);
	FACT(found_with(session, CKA_CLASS, &private_key, 4) == 0);
	FACT(found_with(session, CKA_KEY_TYPE, BYTES_OF(rsa_type)) >= 2);
	FACT(found_with(session, CKA_TOKEN, BYTES_OF(yes)) == everything);
	FACT_BUT("a search for a CK_BBOOL of 0x41", found_with(session, CKA_PRIVATE, "A", 1) == 0);
	FACT(found_with(session, CKA_VENDOR_DEFINED | 0x777, "x", 1) == 0);
	FACT(found_with(session, CKA_VENDOR_DEFINED | 0x777, NULL, 0) == 0);
	FACT(spec_count(session, all, 4, &object) >= 1);
	FACT(spec_number(session, object, CKA_KEY_TYPE) == CKK_EC);
	/* The same words in another order, and twice. */
	all[3] = all[0];
	FACT(spec_count(session, all + 1, 3, NULL) == spec_count(session, all, 4, NULL));
	/* What contradicts itself finds nothing. */
	all[3] = (CK_ATTRIBUTE){ CKA_KEY_TYPE, BYTES_OF(rsa_type) };
	FACT(spec_count(session, all, 4, NULL) == 0);
	all[3] = (CK_ATTRIBUTE){ CKA_LABEL, (char *)ec, strlen(ec) };
	FACT(spec_count(session, all, 4, NULL) == 1);
}

/* Whatever can be read from an object can be searched for, and finds it. */
static void test_every_attribute(void **state)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_CLASS,
		CKA_TOKEN,
		CKA_PRIVATE,
		CKA_LABEL,
		CKA_MODIFIABLE,
		CKA_VALUE,
		CKA_CERTIFICATE_TYPE,
		CKA_ISSUER,
		CKA_SERIAL_NUMBER,
		CKA_TRUSTED,
		CKA_KEY_TYPE,
		CKA_SUBJECT,
		CKA_ID,
		CKA_SENSITIVE,
		CKA_ENCRYPT,
		CKA_DECRYPT,
		CKA_WRAP,
		CKA_UNWRAP,
		CKA_SIGN,
		CKA_SIGN_RECOVER,
		CKA_VERIFY,
		CKA_VERIFY_RECOVER,
		CKA_DERIVE,
		CKA_START_DATE,
		CKA_END_DATE,
		CKA_MODULUS,
		CKA_MODULUS_BITS,
		CKA_PUBLIC_EXPONENT,
		CKA_EXTRACTABLE,
		CKA_LOCAL,
		CKA_NEVER_EXTRACTABLE,
		CKA_ALWAYS_SENSITIVE,
		CKA_EC_PARAMS,
		CKA_EC_POINT,
		CKA_CHECK_VALUE,
		CKA_CERTIFICATE_CATEGORY,
		CKA_PUBLIC_KEY_INFO,
		CKA_ALWAYS_AUTHENTICATE,
		CKA_COPYABLE,
		CKA_DESTROYABLE,
	};
	CK_SESSION_HANDLE session = spec_session(0);
	CK_OBJECT_HANDLE objects[64], found[64];
	CK_ULONG total = 0, count;
	CK_BYTE value[4096];

	IS(C_FindObjectsInit(session, NULL, 0), CKR_OK);
	IS(C_FindObjects(session, objects, 64, &total), CKR_OK);
	IS(C_FindObjectsFinal(session), CKR_OK);
	for (CK_ULONG i = 0; i < total; i++)
		for (size_t k = 0; k < ARRAY_LENGTH(types); k++) {
			CK_ATTRIBUTE attribute = { types[k], value, sizeof(value) };
			bool there = false;

			if (p11->C_GetAttributeValue(session, objects[i], &attribute, 1) != CKR_OK)
				continue;
			IS(C_FindObjectsInit(session, &attribute, 1), CKR_OK);
			IS(C_FindObjects(session, found, 64, &count), CKR_OK);
			IS(C_FindObjectsFinal(session), CKR_OK);
			for (CK_ULONG n = 0; n < count; n++)
				there |= found[n] == objects[i];
			FACT(there);
			/* With another bit in it, it is another value (of a CK_BBOOL:
			 * test_values). */
			if (attribute.ulValueLen < 2)
				continue;
			value[attribute.ulValueLen - 1] ^= 0x40;
			FACT(spec_count(session, &attribute, 1, NULL) == 0);
		}
}

/* Secrets are not to be guessed by searching for them. */
static void test_secrets(void **state)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
						   CKA_PRIME_2,		 CKA_EXPONENT_1,
						   CKA_EXPONENT_2,	 CKA_COEFFICIENT };
	CK_SESSION_HANDLE session = spec_session(0);

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
		FACT(found_with(session, types[i], "", 0) == 0);
}

SPEC_MAIN("search", TEST(test_calls), TEST(test_steps), TEST(test_values),
	  TEST(test_every_attribute), TEST(test_secrets))
