/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DER reader: see der.h. */
#include <internal/cleanup.h>
#include "der.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_VERSION = 0xa0,    /* [0] EXPLICIT */
	DER_EXTENSIONS = 0xa3, /* [3] EXPLICIT */
};

struct element {
	uint8_t tag;
	struct bytes content;
	struct bytes whole; /* with its header */
};

static const uint8_t oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const uint8_t oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };

static const struct curve {
	uint8_t oid[8];
	size_t oid_length;
	unsigned bits;
} curves[] = {
	{ { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, 8, 256 }, /* prime256v1 */
	{ { 0x2b, 0x81, 0x04, 0x00, 0x22 }, 5, 384 },			/* secp384r1 */
	{ { 0x2b, 0x81, 0x04, 0x00, 0x23 }, 5, 521 },			/* secp521r1 */
};

static bool is_oid(struct bytes content, const uint8_t *oid, size_t length)
{
	return bytes_equal(content, (struct bytes){ oid, length });
}

/* Takes the next element off the front of `rest`. Lengths must be definite and minimal, and no
 * element of a certificate needs more than three length bytes or a tag of more than one.
 */
static bool take(struct bytes *rest, struct element *element)
{
	const uint8_t *data = rest->data;
	size_t header = 2, length, i;

	if (rest->length < 2 || (data[0] & 0x1f) == 0x1f)
		return false;
	length = data[1];
	if (length >= 0x80) {
		size_t count = length & 0x7f;

		if (count == 0 || count > 3 || rest->length < 2 + count || data[2] == 0)
			return false;
		for (length = 0, i = 0; i < count; i++)
			length = length << 8 | data[2 + i];
		if (length < 0x80)
			return false;
		header += count;
	}
	if (length > rest->length - header)
		return false;
	element->tag = data[0];
	element->content = (struct bytes){ data + header, length };
	element->whole = (struct bytes){ data, header + length };
	rest->data += header + length;
	rest->length -= header + length;
	return true;
}

static bool take_tag(struct bytes *rest, uint8_t tag, struct element *element)
{
	return take(rest, element) && element->tag == tag;
}

/* UTCTime YYMMDDhhmmssZ (RFC 5280: 50 and more is 19YY) or GeneralizedTime YYYYMMDDhhmmssZ. */
static bool take_date(struct bytes *rest, char date[DER_DATE])
{
	struct element time;
	size_t skip;

	if (!take(rest, &time))
		return false;
	if (time.tag == DER_UTC_TIME)
		skip = 2;
	else if (time.tag == DER_GENERALIZED_TIME)
		skip = 0;
	else
		return false;
	if (time.content.length < DER_DATE - skip)
		return false;
	for (size_t i = skip; i < DER_DATE; i++) {
		uint8_t digit = time.content.data[i - skip];

		if (digit < '0' || digit > '9')
			return false;
		date[i] = (char)digit;
	}
	if (skip > 0) {
		date[0] = date[2] >= '5' ? '1' : '2';
		date[1] = date[2] >= '5' ? '9' : '0';
	}
	return true;
}

/* A positive INTEGER without its leading zero. */
static bool take_number(struct bytes *rest, struct bytes *number)
{
	struct element integer;

	if (!take_tag(rest, DER_INTEGER, &integer) || integer.content.length == 0 ||
	    (integer.content.data[0] & 0x80))
		return false;
	*number = integer.content;
	while (number->length > 0 && number->data[0] == 0) {
		number->data++;
		number->length--;
	}
	return number->length > 0;
}

static unsigned count_bits(struct bytes number)
{
	unsigned bits = (unsigned)(number.length - 1) * 8;
	uint8_t first;

	for (first = number.data[0]; first; first >>= 1)
		bits++;
	return bits;
}

static bool read_rsa(struct bytes key_bits, struct der_key *key)
{
	struct element sequence;

	if (!take_tag(&key_bits, DER_SEQUENCE, &sequence) || key_bits.length > 0)
		return false;
	if (!take_number(&sequence.content, &key->modulus) ||
	    !take_number(&sequence.content, &key->exponent) || sequence.content.length > 0)
		return false;
	key->type = KEY_RSA;
	key->bits = count_bits(key->modulus);
	return true;
}

bool der_read_curve(struct bytes parameters, unsigned *bits)
{
	struct element oid;

	*bits = 0;
	if (!take_tag(&parameters, DER_OID, &oid) || parameters.length > 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (is_oid(oid.content, curves[i].oid, curves[i].oid_length))
			*bits = curves[i].bits;
	return true;
}

static bool read_ec(struct bytes parameters, struct bytes point, struct der_key *key)
{
	unsigned bits;

	/* A key with explicit or implied parameters is read, and not one that we use. */
	if (!der_read_curve(parameters, &bits) || bits == 0)
		return true;
	if (point.length != 1 + 2 * (size_t)((bits + 7) / 8) || point.data[0] != 0x04)
		return false;
	key->type = KEY_EC;
	key->bits = bits;
	key->curve = parameters;
	key->point = point;
	return true;
}

bool der_read_spki(struct bytes der, struct der_key *key)
{
	struct element spki, algorithm, oid, bits;

	memset(key, 0, sizeof(*key));
	if (!take_tag(&der, DER_SEQUENCE, &spki) || der.length > 0)
		return false;
	if (!take_tag(&spki.content, DER_SEQUENCE, &algorithm) ||
	    !take_tag(&algorithm.content, DER_OID, &oid) ||
	    !take_tag(&spki.content, DER_BIT_STRING, &bits) || spki.content.length > 0)
		return false;
	if (bits.content.length < 2 || bits.content.data[0] != 0)
		return false;
	bits.content.data++;
	bits.content.length--;
	if (is_oid(oid.content, oid_rsa, sizeof(oid_rsa)))
		return read_rsa(bits.content, key);
	if (is_oid(oid.content, oid_ec, sizeof(oid_ec)))
		return read_ec(algorithm.content, bits.content, key);
	return true;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, … } */
static bool says_ca(struct bytes value)
{
	struct element sequence, boolean;

	return take_tag(&value, DER_SEQUENCE, &sequence) &&
	       take_tag(&sequence.content, DER_BOOLEAN, &boolean) && boolean.content.length == 1 &&
	       boolean.content.data[0] != 0;
}

static bool read_extensions(struct bytes content, bool *ca)
{
	struct element list, extension, oid, value;

	if (!take_tag(&content, DER_SEQUENCE, &list) || content.length > 0)
		return false;
	while (list.content.length > 0) {
		if (!take_tag(&list.content, DER_SEQUENCE, &extension) ||
		    !take_tag(&extension.content, DER_OID, &oid) ||
		    !take(&extension.content, &value))
			return false;
		if (value.tag == DER_BOOLEAN && !take(&extension.content, &value))
			return false;
		if (value.tag != DER_OCTET_STRING)
			return false;
		if (is_oid(oid.content, oid_basic_constraints, sizeof(oid_basic_constraints)))
			*ca = says_ca(value.content);
	}
	return true;
}

bool der_read_certificate(struct bytes der, struct der_certificate *certificate)
{
	struct element whole, tbs, element;
	struct bytes rest, algorithm, dates;
	struct bytes *const parts[] = { &certificate->serial,  &algorithm,
					&certificate->issuer,  &dates,
					&certificate->subject, &certificate->spki };

	memset(certificate, 0, sizeof(*certificate));
	if (!take_tag(&der, DER_SEQUENCE, &whole) || der.length > 0 ||
	    !take_tag(&whole.content, DER_SEQUENCE, &tbs))
		return false;
	rest = tbs.content;
	if (rest.length > 0 && rest.data[0] == DER_VERSION && !take(&rest, &element))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!take_tag(&rest, i == 0 ? DER_INTEGER : DER_SEQUENCE, &element))
			return false;
		*parts[i] = element.whole;
	}
	if (!take(&dates, &element) || !take_date(&element.content, certificate->not_before) ||
	    !take_date(&element.content, certificate->not_after))
		return false;
	while (rest.length > 0) { /* unique identifiers, extensions */
		if (!take(&rest, &element))
			return false;
		if (element.tag == DER_EXTENSIONS &&
		    !read_extensions(element.content, &certificate->ca))
			return false;
	}
	/* signatureAlgorithm and signature: there, whatever they are */
	return take(&whole.content, &element) && take(&whole.content, &element) &&
	       whole.content.length == 0;
}
