/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The attribute table: one row for each attribute of each class, with the rules of the
 * specification as flags. attribute.c reads it to create, read, change and search; it holds no
 * code.
 */
#pragma once

#include <internal/wire.h>
#include <p11-kit/pkcs11.h>
#include "credential.h"

/* Which objects have it. */
enum kind {
	KIND_CERTIFICATE = 1,
	KIND_RSA_PRIVATE = 2,
	KIND_EC_PRIVATE = 4,
	KIND_RSA_PUBLIC = 8,
	KIND_EC_PUBLIC = 16,

	KIND_PRIVATE = KIND_RSA_PRIVATE | KIND_EC_PRIVATE,
	KIND_PUBLIC = KIND_RSA_PUBLIC | KIND_EC_PUBLIC,
	KIND_RSA = KIND_RSA_PRIVATE | KIND_RSA_PUBLIC,
	KIND_EC = KIND_EC_PRIVATE | KIND_EC_PUBLIC,
	KIND_KEY = KIND_PRIVATE | KIND_PUBLIC,
	KIND_ANY = KIND_CERTIFICATE | KIND_KEY,
};

enum form {
	FORM_BYTES, /* a field of the credential, or empty */
	FORM_DATE,  /* a field of eight bytes, or empty */
	FORM_BOOL,  /* CK_BBOOL */
	FORM_ULONG, /* CK_ULONG */
	FORM_MECHANISMS,
};

/* Where a value comes from that is neither a field nor a constant. */
enum source {
	SOURCE_CONSTANT, /* `number` for FORM_BOOL and FORM_ULONG, `field` else */
	SOURCE_CLASS,
	SOURCE_KEY_TYPE,
	SOURCE_MODULUS_BITS,
	SOURCE_CATEGORY,
	SOURCE_OWN_RECORD, /* true but for a certificate of a chain */
	SOURCE_LOCAL,	   /* whether the key was made in its store */
	SOURCE_GENERATION, /* by which mechanism then */
};

/* What a template may say. With none of them the value must be the one that the object has
 * anyway. */
enum rule {
	RULE_REQUIRED = 1,	/* footnote 1: must be in a template for C_CreateObject */
	RULE_NEVER = 2,		/* footnote 2: must not be */
	RULE_KEPT = 4,		/* any value; it goes into the object */
	RULE_HINT = 8,		/* any value; the token knows better (usage, what DER says) */
	RULE_SECRET = 16,	/* footnote 7: never read, never searched for */
	RULE_CHANGE = 32,	/* footnote 8, and the token lets it be changed */
	RULE_REFUSED = 64,	/* must not be in a template, as if the token didn't know it */
	RULE_NEEDED_MADE = 128, /* footnote 3: must be in a template for C_GenerateKeyPair */
	RULE_NEVER_MADE = 256,	/* footnote 4: must not be */
};

struct attribute_row {
	CK_ATTRIBUTE_TYPE type;
	uint8_t kinds;
	uint8_t form;
	uint8_t source;
	uint16_t rules;
	uint8_t field;
	uint8_t tag; /* on the wire, of what C_CreateObject takes from the template; 0: nothing */
	CK_ULONG number;
};

extern const struct attribute_row attribute_rows[];
extern const size_t attribute_row_count;
