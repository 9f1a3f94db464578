/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one record, or one certificate of a chain, holds for the attributes of its objects:
 * everything in one piece of memory, sliced once.
 */
#pragma once

#include <internal/record.h>
#include <internal/wire.h>
#include <p11-kit/pkcs11.h>
#include "bytes.h"

enum field {
	FIELD_NONE,	 /* empty */
	FIELD_LABEL,	 /* the certificate's, and by which credentials are sorted */
	FIELD_KEY_LABEL, /* the private key's */
	FIELD_PUBLIC_KEY_LABEL,
	FIELD_ID,
	FIELD_CERTIFICATE,
	FIELD_SUBJECT,
	FIELD_ISSUER,
	FIELD_SERIAL,
	FIELD_START_DATE,
	FIELD_END_DATE,
	FIELD_CHECK_VALUE,
	FIELD_SPKI,
	FIELD_MODULUS,
	FIELD_EXPONENT,
	FIELD_EC_PARAMS,
	FIELD_EC_POINT, /* in an OCTET STRING */
	FIELD_COUNT
};

#define CLASS_COUNT (OBJECT_PUBLIC_KEY + 1)

struct credential {
	/* by enum wire_object; 0: no such object. token.c's */
	CK_OBJECT_HANDLE handles[CLASS_COUNT];
	char name[RECORD_NAME_LENGTH + 1]; /* of the record; empty: a certificate of a chain */
	bool former; /* replaced: no search finds it, and handles given out before stand */
	bool has_certificate;
	bool has_key; /* and one that can be used: private and public key objects */
	bool ca;
	bool no_pss;		     /* its hardware makes RSA-PSS with a salt of its own length */
	bool local;		     /* the key was made in its store, and has been nowhere else */
	enum wire_key_type key_type; /* 0: none that we know */
	unsigned key_bits;
	uint8_t spki_hash[WIRE_SPKI_HASH];
	struct bytes fields[FIELD_COUNT];
	uint8_t memory[];
};

/* DEVID_BAD_DATA where the DER can't be read or the SPKI is another's. The caller frees with
 * free(). */
enum devid_result credential_of_record(const struct record *record,
				       struct credential **credential) DEVID_MUST_USE;
enum devid_result credential_of_chain(const struct record_chain *chain,
				      struct credential **credential) DEVID_MUST_USE;

static inline bool credential_is_chain(const struct credential *credential)
{
	return credential->name[0] == '\0';
}
