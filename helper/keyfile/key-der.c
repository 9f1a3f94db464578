/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys in DER: recognised by their first items, wrapped as PKCS#8, completed with the
 * public point that GnuTLS 3.7 can't do without.
 */
#include <string.h>
#include "ber.h"
#include "key-der.h"

static const uint8_t rsa_algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
static const uint8_t ec_oid[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t version_0[] = { 0x02, 0x01, 0x00 };
static const uint8_t version_1[] = { 0x02, 0x01, 0x01 };

/* ECPrivateKey taken apart. */
struct ec_key {
	struct ber_item value;	    /* the octet string d */
	struct ber_item parameters; /* [0], length 0 where absent */
	struct ber_item point;	    /* [1], likewise */
};

enum key_der key_der_kind(const uint8_t *der, size_t length)
{
	struct ber reader = { der, length }, inside;
	struct ber_item first, second;
	uint64_t version;

	if (!ber_enter(&reader, BER_SEQUENCE, &inside) || !ber_next(&inside, &first) ||
	    !ber_next(&inside, &second))
		return KEY_DER_UNKNOWN;
	if (first.tag == BER_SEQUENCE && (second.tag & ~BER_CONSTRUCTED) == BER_OCTETS)
		return KEY_DER_ENCRYPTED;
	if (ber_uint(&first, &version) != BER_NUMBER_OK || version > 1)
		return KEY_DER_UNKNOWN;
	if (second.tag == BER_SEQUENCE)
		return KEY_DER_PKCS8;
	if (second.tag == BER_INTEGER)
		return KEY_DER_PKCS1;
	return version == 1 && second.tag == BER_OCTETS ? KEY_DER_SEC1 : KEY_DER_UNKNOWN;
}

static bool read_ec(const uint8_t *der, size_t length, struct ec_key *key)
{
	struct ber reader = { der, length }, inside;
	struct ber_item version;

	memset(key, 0, sizeof(*key));
	if (!ber_enter(&reader, BER_SEQUENCE, &inside) ||
	    !ber_take(&inside, BER_INTEGER, &version) ||
	    !ber_take(&inside, BER_OCTETS, &key->value))
		return false;
	ber_take(&inside, BER_CONTEXT_0 | BER_CONSTRUCTED, &key->parameters);
	ber_take(&inside, BER_CONTEXT_1 | BER_CONSTRUCTED, &key->point);
	return true;
}

/* SEQUENCE { 0, algorithm, OCTET STRING { key } } */
static bool put_pkcs8(struct secret *pkcs8, const void *algorithm, size_t algorithm_length,
		      const void *key, size_t key_length)
{
	AUTO_SECRET struct secret inside = SECRET_INIT;

	return !secret_allocate(&inside, key_length + algorithm_length + 32) &&
	       !secret_append(&inside, version_0, sizeof(version_0)) &&
	       !secret_append(&inside, algorithm, algorithm_length) &&
	       ber_put(&inside, BER_OCTETS, key, key_length) &&
	       !secret_allocate(pkcs8, inside.length + 16) &&
	       ber_put(pkcs8, BER_SEQUENCE, inside.data, inside.length);
}

/* id-ecPublicKey with those parameters, an OID. */
static bool put_ec_algorithm(struct secret *algorithm, const struct ber *curve)
{
	AUTO_SECRET struct secret inside = SECRET_INIT;

	return !secret_append(&inside, ec_oid, sizeof(ec_oid)) &&
	       !secret_append(&inside, curve->data, curve->length) &&
	       ber_put(algorithm, BER_SEQUENCE, inside.data, inside.length);
}

/* A key's value, with its point (a BIT STRING) where there is one, under that algorithm. */
static bool put_ec_pkcs8(struct secret *pkcs8, const void *algorithm, size_t algorithm_length,
			 const struct ec_key *ec, const struct secret *point)
{
	AUTO_SECRET struct secret inside = SECRET_INIT;
	AUTO_SECRET struct secret whole = SECRET_INIT;

	return !secret_append(&inside, version_1, sizeof(version_1)) &&
	       !secret_append(&inside, ec->value.whole.data, ec->value.whole.length) &&
	       (!point ||
		ber_put(&inside, BER_CONTEXT_1 | BER_CONSTRUCTED, point->data, point->length)) &&
	       ber_put(&whole, BER_SEQUENCE, inside.data, inside.length) &&
	       put_pkcs8(pkcs8, algorithm, algorithm_length, whole.data, whole.length);
}

bool key_der_to_pkcs8(const uint8_t *der, size_t length, const struct ber *curve,
		      struct secret *pkcs8)
{
	AUTO_SECRET struct secret algorithm = SECRET_INIT;
	struct ec_key ec;

	switch (key_der_kind(der, length)) {
	case KEY_DER_PKCS8:
		secret_clear(pkcs8);
		return !secret_append(pkcs8, der, length);
	case KEY_DER_PKCS1:
		return put_pkcs8(pkcs8, rsa_algorithm, sizeof(rsa_algorithm), der, length);
	case KEY_DER_SEC1:
		break;
	default:
		return false;
	}
	if (!read_ec(der, length, &ec))
		return false;
	if (ec.parameters.content.length)
		curve = &ec.parameters.content;
	return curve && put_ec_algorithm(&algorithm, curve) &&
	       put_pkcs8(pkcs8, algorithm.data, algorithm.length, der, length);
}

bool key_der_open(const uint8_t *der, size_t length, bool is_private, struct key_der_info *info)
{
	struct ber reader = { der, length }, inside;
	struct ber_item item;

	*info = (struct key_der_info){ 0 };
	if (!ber_enter(&reader, BER_SEQUENCE, &inside) ||
	    (is_private && !ber_take(&inside, BER_INTEGER, &item)) ||
	    !ber_take(&inside, BER_SEQUENCE, &info->algorithm))
		return false;
	info->parameters = info->algorithm.content;
	return ber_take(&info->parameters, BER_OID, &info->oid) &&
	       (!is_private || ber_take(&inside, BER_OCTETS, &info->key));
}

/* The algorithm and the inner key of a PrivateKeyInfo for EC. */
static bool open_ec_pkcs8(const struct secret *pkcs8, struct ber_item *algorithm, struct ec_key *ec)
{
	struct key_der_info info;

	if (!key_der_open(pkcs8->data, pkcs8->length, true, &info))
		return false;
	*algorithm = info.algorithm;
	return ber_oid_is(&info.oid, OID_EC) &&
	       read_ec(info.key.content.data, info.key.content.length, ec);
}

bool key_der_lacks_point(const struct secret *pkcs8)
{
	struct ber_item algorithm;
	struct ec_key ec;

	return open_ec_pkcs8(pkcs8, &algorithm, &ec) && !ec.point.content.length;
}

bool key_der_point_compressed(const struct secret *pkcs8)
{
	struct ber_item algorithm, bits;
	struct ec_key ec;
	struct ber inside;

	if (!open_ec_pkcs8(pkcs8, &algorithm, &ec))
		return false;
	inside = ec.point.content;
	/* A BIT STRING's first byte counts unused bits. */
	return ber_take(&inside, BER_BIT_STRING, &bits) && bits.content.length > 1 &&
	       (bits.content.data[1] == 2 || bits.content.data[1] == 3);
}

bool key_der_ec_again(struct ber key, const struct ber *curve, struct secret *pkcs8)
{
	AUTO_SECRET struct secret algorithm = SECRET_INIT;
	struct ec_key ec;

	return read_ec(key.data, key.length, &ec) && put_ec_algorithm(&algorithm, curve) &&
	       put_ec_pkcs8(pkcs8, algorithm.data, algorithm.length, &ec, NULL);
}

bool key_der_with_point(const struct secret *pkcs8, const uint8_t *point, size_t length,
			struct secret *completed)
{
	AUTO_SECRET struct secret bits = SECRET_INIT;
	AUTO_SECRET struct secret string = SECRET_INIT;
	struct ber_item algorithm;
	struct ec_key ec;

	/* publicKey [1] BIT STRING, no bits unused. */
	return open_ec_pkcs8(pkcs8, &algorithm, &ec) && !secret_append(&bits, "\0", 1) &&
	       !secret_append(&bits, point, length) &&
	       ber_put(&string, BER_BIT_STRING, bits.data, bits.length) &&
	       put_ec_pkcs8(completed, algorithm.whole.data, algorithm.whole.length, &ec, &string);
}
