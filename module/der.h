/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one DER reader of the module: it slices what the attributes of a certificate and a key need
 * out of bytes that anybody may have written, and copies nothing. X.690 definite lengths, RFC 5280,
 * RFC 3279, RFC 5480. Fuzzed: tests/fuzz/der.c.
 */
#pragma once

#include <internal/wire.h>
#include "bytes.h"

#define DER_DATE 8 /* YYYYMMDD, as a CK_DATE lies in memory */

struct der_certificate {
	struct bytes serial;  /* INTEGER with its header, as CKA_SERIAL_NUMBER wants it */
	struct bytes issuer;  /* Name with its header */
	struct bytes subject; /* likewise */
	struct bytes spki;    /* SubjectPublicKeyInfo with its header */
	char not_before[DER_DATE];
	char not_after[DER_DATE];
	bool ca; /* basicConstraints say so */
};

struct der_key {
	enum wire_key_type type; /* 0: neither RSA nor one of the three curves */
	unsigned bits;		 /* of the modulus or of the curve's order */
	struct bytes modulus;	 /* big-endian, no leading zero */
	struct bytes exponent;
	struct bytes curve; /* the namedCurve OID with its header: CKA_EC_PARAMS */
	struct bytes point; /* uncompressed point without a header */
};

/* False: not a certificate, or cut short. Trailing bytes are not accepted. */
bool der_read_certificate(struct bytes der, struct der_certificate *certificate);
/* False: not a namedCurve's OID. `bits` 0: not one of the three curves. */
bool der_read_curve(struct bytes parameters, unsigned *bits);
/* False: not a SubjectPublicKeyInfo. A key of another algorithm is read with type 0. */
bool der_read_spki(struct bytes der, struct der_key *key);
