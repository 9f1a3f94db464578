/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows. Footnotes are those of PKCS#11 Base v2.40 table 10: 1 must be specified to
 * C_CreateObject, 2 must not be, 3 must be specified to C_GenerateKeyPair, 4 must not be, 7 cannot
 * be revealed, 8 may be changed, 9 default is the token's, 10 set to true by the security officer
 * alone, 11 cannot change once true, 12 cannot change once false. (5 and 6 are about unwrapping,
 * which this token doesn't do.)
 *
 * Where a template may name usage that the token doesn't do (CKA_DECRYPT), the row is a hint: tools
 * set these by habit and don't look back.
 */
#include <internal/cleanup.h>
#include "attribute-table.h"

#define BYTES(type, kinds, rules, field, tag)                                  \
	{                                                                      \
		type, kinds, FORM_BYTES, SOURCE_CONSTANT, rules, field, tag, 0 \
	}
#define DATE(type, kinds, rules, field)                                     \
	{                                                                   \
		type, kinds, FORM_DATE, SOURCE_CONSTANT, rules, field, 0, 0 \
	}
#define BOOL(type, kinds, rules, value)                                              \
	{                                                                            \
		type, kinds, FORM_BOOL, SOURCE_CONSTANT, rules, FIELD_NONE, 0, value \
	}
#define ULONG(type, kinds, rules, value)                                              \
	{                                                                             \
		type, kinds, FORM_ULONG, SOURCE_CONSTANT, rules, FIELD_NONE, 0, value \
	}
#define COMPUTED(type, kinds, form, rules, source)                 \
	{                                                          \
		type, kinds, form, source, rules, FIELD_NONE, 0, 0 \
	}

/* What a key is made of, and isn't told of its maker. */
#define RULE_PART	    (RULE_REQUIRED | RULE_KEPT | RULE_NEVER_MADE)
#define RSA_PART(type, tag) BYTES(type, KIND_RSA_PRIVATE, RULE_PART | RULE_SECRET, FIELD_NONE, tag)
/* Footnotes 2 and 4. */
#define RULE_TOLD (RULE_NEVER | RULE_NEVER_MADE)

/* clang-format off */
const struct attribute_row attribute_rows[] = {
	/* Base 4.2, 4.4: all objects, storage objects */
	COMPUTED(CKA_CLASS, KIND_ANY, FORM_ULONG, RULE_REQUIRED, SOURCE_CLASS),		/* 1 */
	BOOL(CKA_TOKEN, KIND_ANY, 0, CK_TRUE),			/* no session objects here */
	/* No login hides anything: then nothing is private in Cryptoki's sense (5.7, C_FindObjectsInit).
	 * Tools that write a private key ask for it by habit.
	 */
	BOOL(CKA_PRIVATE, KIND_CERTIFICATE | KIND_PUBLIC, 0, CK_FALSE),
	BOOL(CKA_PRIVATE, KIND_PRIVATE, RULE_HINT, CK_FALSE),				/* 9 */
	COMPUTED(CKA_MODIFIABLE, KIND_ANY, FORM_BOOL, 0, SOURCE_OWN_RECORD),
	/* Each object's own: what another tool called the key stays so when its certificate comes. */
	BYTES(CKA_LABEL, KIND_CERTIFICATE, RULE_KEPT | RULE_CHANGE, FIELD_LABEL, TAG_LABEL),
	BYTES(CKA_LABEL, KIND_PRIVATE, RULE_KEPT | RULE_CHANGE, FIELD_KEY_LABEL, TAG_LABEL),
	BYTES(CKA_LABEL, KIND_PUBLIC, RULE_KEPT | RULE_CHANGE, FIELD_PUBLIC_KEY_LABEL, TAG_LABEL),
	BOOL(CKA_COPYABLE, KIND_ANY, RULE_HINT, CK_FALSE),
	COMPUTED(CKA_DESTROYABLE, KIND_CERTIFICATE | KIND_PRIVATE, FORM_BOOL, 0,
		 SOURCE_OWN_RECORD),
	BOOL(CKA_DESTROYABLE, KIND_PUBLIC, RULE_HINT, CK_FALSE),	/* goes with its private key */

	/* Base 4.6.2, 4.6.3: certificates, X.509 */
	ULONG(CKA_CERTIFICATE_TYPE, KIND_CERTIFICATE, RULE_REQUIRED, CKC_X_509),	/* 1 */
	BOOL(CKA_TRUSTED, KIND_CERTIFICATE, 0, CK_FALSE),				/* 10 */
	COMPUTED(CKA_CERTIFICATE_CATEGORY, KIND_CERTIFICATE, FORM_ULONG, RULE_HINT,
		 SOURCE_CATEGORY),
	BYTES(CKA_CHECK_VALUE, KIND_CERTIFICATE, RULE_HINT, FIELD_CHECK_VALUE, 0),
	DATE(CKA_START_DATE, KIND_CERTIFICATE, RULE_HINT, FIELD_START_DATE),
	DATE(CKA_END_DATE, KIND_CERTIFICATE, RULE_HINT, FIELD_END_DATE),
	BYTES(CKA_PUBLIC_KEY_INFO, KIND_CERTIFICATE, RULE_HINT, FIELD_SPKI, 0),
	/* 1 in the table; NSS and OpenSC leave it to the token, which reads the certificate */
	BYTES(CKA_SUBJECT, KIND_CERTIFICATE, RULE_HINT, FIELD_SUBJECT, 0),
	BYTES(CKA_ID, KIND_CERTIFICATE, RULE_KEPT | RULE_CHANGE, FIELD_ID, TAG_ID),
	BYTES(CKA_ISSUER, KIND_CERTIFICATE, RULE_HINT, FIELD_ISSUER, 0),
	BYTES(CKA_SERIAL_NUMBER, KIND_CERTIFICATE, RULE_HINT, FIELD_SERIAL, 0),
	BYTES(CKA_VALUE, KIND_CERTIFICATE, RULE_REQUIRED | RULE_KEPT, FIELD_CERTIFICATE,
	      TAG_CERTIFICATE),								/* 1 */
	BYTES(CKA_URL, KIND_CERTIFICATE, 0, FIELD_NONE, 0),
	BYTES(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, KIND_CERTIFICATE, RULE_HINT, FIELD_NONE, 0),
	BYTES(CKA_HASH_OF_ISSUER_PUBLIC_KEY, KIND_CERTIFICATE, RULE_HINT, FIELD_NONE, 0),
	ULONG(CKA_JAVA_MIDP_SECURITY_DOMAIN, KIND_CERTIFICATE, RULE_HINT, 0),
	ULONG(CKA_NAME_HASH_ALGORITHM, KIND_CERTIFICATE, RULE_HINT, CKM_SHA_1),	/* of those two */

	/* Base 4.7: keys */
	COMPUTED(CKA_KEY_TYPE, KIND_KEY, FORM_ULONG, RULE_REQUIRED, SOURCE_KEY_TYPE),	/* 1 */
	BYTES(CKA_ID, KIND_KEY, RULE_KEPT | RULE_CHANGE, FIELD_ID, TAG_ID),		/* 8 */
	DATE(CKA_START_DATE, KIND_KEY, RULE_HINT, FIELD_NONE),				/* 8 */
	DATE(CKA_END_DATE, KIND_KEY, RULE_HINT, FIELD_NONE),				/* 8 */
	BOOL(CKA_DERIVE, KIND_KEY, RULE_HINT, CK_FALSE),				/* 8 */
	COMPUTED(CKA_LOCAL, KIND_KEY, FORM_BOOL, RULE_TOLD, SOURCE_LOCAL),		/* 2, 4 */
	COMPUTED(CKA_KEY_GEN_MECHANISM, KIND_KEY, FORM_ULONG, RULE_TOLD, SOURCE_GENERATION), /* 2, 4 */
	{ CKA_ALLOWED_MECHANISMS, KIND_KEY, FORM_MECHANISMS, SOURCE_CONSTANT, 0, FIELD_NONE, 0, 0 },

	/* Base 4.8: public keys */
	BYTES(CKA_SUBJECT, KIND_KEY, RULE_HINT, FIELD_SUBJECT, 0),			/* 8 */
	BOOL(CKA_ENCRYPT, KIND_PUBLIC, RULE_HINT, CK_FALSE),				/* 8 */
	/* 8; a client that reads true may ask for it, and no mechanism here verifies */
	BOOL(CKA_VERIFY, KIND_PUBLIC, RULE_HINT, CK_FALSE),
	BOOL(CKA_VERIFY_RECOVER, KIND_PUBLIC, RULE_HINT, CK_FALSE),			/* 8 */
	BOOL(CKA_WRAP, KIND_PUBLIC, RULE_HINT, CK_FALSE),				/* 8 */
	BOOL(CKA_TRUSTED, KIND_PUBLIC, 0, CK_FALSE),					/* 10 */
	BYTES(CKA_WRAP_TEMPLATE, KIND_PUBLIC, 0, FIELD_NONE, 0),
	BYTES(CKA_PUBLIC_KEY_INFO, KIND_PUBLIC, RULE_HINT, FIELD_SPKI, 0),

	/* Base 4.9: private keys */
	BOOL(CKA_SENSITIVE, KIND_PRIVATE, 0, CK_TRUE),					/* 8, 11 */
	BOOL(CKA_DECRYPT, KIND_PRIVATE, RULE_HINT, CK_FALSE),				/* 8 */
	BOOL(CKA_SIGN, KIND_PRIVATE, RULE_HINT, CK_TRUE),				/* 8 */
	BOOL(CKA_SIGN_RECOVER, KIND_PRIVATE, RULE_HINT, CK_FALSE),			/* 8 */
	BOOL(CKA_UNWRAP, KIND_PRIVATE, RULE_HINT, CK_FALSE),				/* 8 */
	BOOL(CKA_EXTRACTABLE, KIND_PRIVATE, 0, CK_FALSE),				/* 8, 12 */
	/* 2, 4; false of what came from outside */
	COMPUTED(CKA_ALWAYS_SENSITIVE, KIND_PRIVATE, FORM_BOOL, RULE_TOLD, SOURCE_LOCAL),
	COMPUTED(CKA_NEVER_EXTRACTABLE, KIND_PRIVATE, FORM_BOOL, RULE_TOLD, SOURCE_LOCAL),
	BOOL(CKA_WRAP_WITH_TRUSTED, KIND_PRIVATE, 0, CK_FALSE),				/* 11 */
	BYTES(CKA_UNWRAP_TEMPLATE, KIND_PRIVATE, 0, FIELD_NONE, 0),
	BOOL(CKA_ALWAYS_AUTHENTICATE, KIND_PRIVATE, 0, CK_FALSE),
	/* A token must compare it with the key, or must not take it. */
	BYTES(CKA_PUBLIC_KEY_INFO, KIND_PRIVATE, RULE_REFUSED, FIELD_SPKI, 0),

	/* Mechanisms 2.1.2, 2.1.3: RSA */
	BYTES(CKA_MODULUS, KIND_RSA, RULE_PART, FIELD_MODULUS, TAG_RSA_MODULUS),	/* 1, 4 */
	COMPUTED(CKA_MODULUS_BITS, KIND_RSA_PUBLIC, FORM_ULONG, RULE_NEVER | RULE_NEEDED_MADE,
		 SOURCE_MODULUS_BITS),							/* 2, 3 */
	BYTES(CKA_PUBLIC_EXPONENT, KIND_RSA_PUBLIC, RULE_REQUIRED | RULE_KEPT, FIELD_EXPONENT,
	      TAG_RSA_PUBLIC_EXPONENT),							/* 1 */
	BYTES(CKA_PUBLIC_EXPONENT, KIND_RSA_PRIVATE, RULE_PART, FIELD_EXPONENT,
	      TAG_RSA_PUBLIC_EXPONENT),							/* 1, 4 */
	RSA_PART(CKA_PRIVATE_EXPONENT, TAG_RSA_PRIVATE_EXPONENT),			/* 1, 4, 7 */
	/* Not 1 in the table, but a token may need more: section 2.1.3. */
	RSA_PART(CKA_PRIME_1, TAG_RSA_PRIME_1),					/* 4, 7 */
	RSA_PART(CKA_PRIME_2, TAG_RSA_PRIME_2),					/* 4, 7 */
	RSA_PART(CKA_EXPONENT_1, TAG_RSA_EXPONENT_1),					/* 4, 7 */
	RSA_PART(CKA_EXPONENT_2, TAG_RSA_EXPONENT_2),					/* 4, 7 */
	RSA_PART(CKA_COEFFICIENT, TAG_RSA_COEFFICIENT),					/* 4, 7 */

	/* Mechanisms 2.3.3, 2.3.4: elliptic curves */
	BYTES(CKA_EC_PARAMS, KIND_EC_PUBLIC, RULE_REQUIRED | RULE_KEPT | RULE_NEEDED_MADE,
	      FIELD_EC_PARAMS, TAG_EC_PARAMS),						/* 1, 3 */
	BYTES(CKA_EC_PARAMS, KIND_EC_PRIVATE, RULE_PART, FIELD_EC_PARAMS, TAG_EC_PARAMS), /* 1, 4 */
	BYTES(CKA_EC_POINT, KIND_EC_PUBLIC, RULE_PART, FIELD_EC_POINT, TAG_EC_POINT),	/* 1, 4 */
	BYTES(CKA_VALUE, KIND_EC_PRIVATE, RULE_PART | RULE_SECRET, FIELD_NONE,
	      TAG_EC_VALUE),								/* 1, 4, 7 */
};
/* clang-format on */

const size_t attribute_row_count = ARRAY_SIZE(attribute_rows);
