/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys in DER: what kind the bytes are, and their way to PKCS#8. */
#pragma once

#include "ber.h"

enum key_der {
	KEY_DER_UNKNOWN,
	KEY_DER_PKCS8,	   /* PrivateKeyInfo, RFC 5208 section 5 */
	KEY_DER_ENCRYPTED, /* EncryptedPrivateKeyInfo, section 6 */
	KEY_DER_PKCS1,	   /* RSAPrivateKey, RFC 8017 appendix A.1.2 */
	KEY_DER_SEC1,	   /* ECPrivateKey, RFC 5915 */
};

#define OID_RSA "1.2.840.113549.1.1.1"
#define OID_EC	"1.2.840.10045.2.1"

/* A PrivateKeyInfo, or where it is not private a SubjectPublicKeyInfo, taken apart. */
struct key_der_info {
	struct ber_item algorithm; /* AlgorithmIdentifier */
	struct ber_item oid;
	struct ber parameters;
	struct ber_item key; /* of a private one */
};
bool key_der_open(const uint8_t *der, size_t length, bool is_private, struct key_der_info *info);

enum key_der key_der_kind(const uint8_t *der, size_t length);
/* Wraps a PKCS#1 or SEC1 key (or copies a PKCS#8). `curve`: DER of the parameters (an OID) for a
 * SEC1 key that has none inside, as after an EC PARAMETERS block; may be NULL.
 */
bool key_der_to_pkcs8(const uint8_t *der, size_t length, const struct ber *curve,
		      struct secret *pkcs8);
/* Whether it is an EC key without its public point, as Java writes them. */
bool key_der_lacks_point(const struct secret *pkcs8);
/* Whether its point is compressed (SEC 1 section 2.3.3), which GnuTLS doesn't take. */
bool key_der_point_compressed(const struct secret *pkcs8);
/* An ECPrivateKey as PKCS#8 with those parameters (an OID), and without a point. */
bool key_der_ec_again(struct ber key, const struct ber *curve, struct secret *pkcs8);
/* The same key with the point (uncompressed, X9.63) put in; everything else is kept but
 * attributes. */
bool key_der_with_point(const struct secret *pkcs8, const uint8_t *point, size_t length,
			struct secret *completed);
