/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records into credentials: one allocation, everything else is a slice of it. */
#include <internal/cleanup.h>
#include "credential.h"
#include "der.h"

_Static_assert(sizeof(CK_DATE) == DER_DATE, "a CK_DATE is eight digits");

#define POINT_ROOM (3 + 1 + 2 * 66) /* that of P-521 in its OCTET STRING */

/* Where the next bytes go. */
struct filler {
	struct credential *credential;
	uint8_t *next;
};

static void put(struct filler *filler, enum field field, const void *data, size_t length)
{
	filler->credential->fields[field] = (struct bytes){ filler->next, length };
	if (length > 0)
		memcpy(filler->next, data, length);
	filler->next += length;
}

/* Only the chain's and leaf's DER, the SPKI of a lone key, and what DER doesn't hold are copied.
 * `more` is what goes in beside what every credential has.
 */
static struct credential *allocate(size_t more, const char *label, const struct record_bytes *id,
				   struct filler *filler)
{
	size_t size = more + strlen(label) + id->length + 3 + 2 * DER_DATE + POINT_ROOM;
	struct credential *credential = calloc(1, sizeof(*credential) + size);

	if (!credential)
		return NULL;
	filler->credential = credential;
	filler->next = credential->memory;
	put(filler, FIELD_LABEL, label, strlen(label));
	put(filler, FIELD_ID, id->data, id->length);
	return credential;
}

/* Gives back what was reckoned for and not used: a point, dates. */
static struct credential *trim(struct filler *filler)
{
	struct credential *credential = filler->credential;
	uintptr_t before = (uintptr_t)credential;
	size_t size = (size_t)(filler->next - (uint8_t *)credential);
	struct credential *smaller = realloc(credential, size);

	if (!smaller)
		return credential;
	if ((uintptr_t)smaller != before)
		for (size_t i = 0; i < FIELD_COUNT; i++)
			if (smaller->fields[i].data)
				smaller->fields[i].data =
					(uint8_t *)smaller +
					((uintptr_t)smaller->fields[i].data - before);
	return smaller;
}

static bool put_certificate(struct filler *filler, const struct record_bytes *der,
			    const uint8_t check_value[3])
{
	struct credential *credential = filler->credential;
	struct bytes *fields = credential->fields;
	struct der_certificate certificate;

	put(filler, FIELD_CERTIFICATE, der->data, der->length);
	if (!der_read_certificate(fields[FIELD_CERTIFICATE], &certificate))
		return false;
	fields[FIELD_SUBJECT] = certificate.subject;
	fields[FIELD_ISSUER] = certificate.issuer;
	fields[FIELD_SERIAL] = certificate.serial;
	fields[FIELD_SPKI] = certificate.spki;
	put(filler, FIELD_START_DATE, certificate.not_before, DER_DATE);
	put(filler, FIELD_END_DATE, certificate.not_after, DER_DATE);
	put(filler, FIELD_CHECK_VALUE, check_value, 3);
	credential->has_certificate = true;
	credential->ca = certificate.ca;
	return true;
}

static size_t key_labels_size(const struct record *record)
{
	return (record->key_label ? strlen(record->key_label) : 0) +
	       (record->public_key_label ? strlen(record->public_key_label) : 0);
}

/* A label that is another object's too is the same slice: see record_key_label(). */
static void put_key_labels(struct filler *filler, const struct record *record)
{
	struct bytes *fields = filler->credential->fields;

	fields[FIELD_KEY_LABEL] = fields[FIELD_LABEL];
	if (record->key_label)
		put(filler, FIELD_KEY_LABEL, record->key_label, strlen(record->key_label));
	fields[FIELD_PUBLIC_KEY_LABEL] = fields[FIELD_KEY_LABEL];
	if (record->public_key_label)
		put(filler, FIELD_PUBLIC_KEY_LABEL, record->public_key_label,
		    strlen(record->public_key_label));
}

/* CKA_EC_POINT is the point in an OCTET STRING (PKCS#11 Mechanisms v2.40 section 2.3.3). */
static void put_point(struct filler *filler, struct bytes point)
{
	uint8_t *out = filler->next;
	size_t header = 0;

	out[header++] = 0x04;
	if (point.length >= 0x80)
		out[header++] = 0x81;
	out[header++] = (uint8_t)point.length;
	memcpy(out + header, point.data, point.length);
	filler->next += header + point.length;
	filler->credential->fields[FIELD_EC_POINT] = (struct bytes){ out, header + point.length };
}

static bool put_key(struct filler *filler)
{
	struct credential *credential = filler->credential;
	struct bytes *fields = credential->fields;
	struct der_key key;

	if (!der_read_spki(fields[FIELD_SPKI], &key))
		return false;
	credential->key_type = key.type;
	credential->key_bits = key.bits;
	fields[FIELD_MODULUS] = key.modulus;
	fields[FIELD_EXPONENT] = key.exponent;
	fields[FIELD_EC_PARAMS] = key.curve;
	if (key.type == KEY_EC)
		put_point(filler, key.point);
	return true;
}

/* The record's SPKI is as the agent writes it; some makers leave the NULL out that belongs to an
 * RSA key's algorithm (RFC 3279 section 2.3.1), and the certificate stays as its CA signed it.
 */
static bool same_key(struct bytes a, struct bytes b)
{
	struct der_key one, other;

	if (bytes_equal(a, b))
		return true;
	return der_read_spki(a, &one) && der_read_spki(b, &other) && one.type == KEY_RSA &&
	       other.type == KEY_RSA && bytes_equal(one.modulus, other.modulus) &&
	       bytes_equal(one.exponent, other.exponent);
}

enum devid_result credential_of_record(const struct record *record, struct credential **made)
{
	const struct record_bytes *der = record->leaf.length > 0 ? &record->leaf : &record->spki;
	struct bytes spki = { record->spki.data, record->spki.length };
	AUTO_FREE struct credential *credential = NULL;
	struct filler filler;

	credential = allocate(der->length + key_labels_size(record), record->label, &record->id,
			      &filler);
	if (!credential)
		return DEVID_NO_MEMORY;
	put_key_labels(&filler, record);
	if (record->leaf.length == 0)
		put(&filler, FIELD_SPKI, spki.data, spki.length);
	else if (!put_certificate(&filler, &record->leaf, record->check_value) ||
		 !same_key(credential->fields[FIELD_SPKI], spki))
		return DEVID_BAD_DATA;
	if (record_has_key(record) && !put_key(&filler))
		return DEVID_BAD_DATA;
	memcpy(credential->name, record->name, sizeof(credential->name));
	memcpy(credential->spki_hash, record->spki_hash, sizeof(credential->spki_hash));
	credential->has_key = credential->key_type != 0;
	credential->local = record->local;
	credential->no_pss = record->no_pss;
	credential = NULL; /* trim() moves it */
	*made = trim(&filler);
	return DEVID_OK;
}

enum devid_result credential_of_chain(const struct record_chain *chain, struct credential **made)
{
	AUTO_FREE struct credential *credential = NULL;
	struct filler filler;

	credential = allocate(chain->certificate.length, chain->label, &chain->id, &filler);
	if (!credential)
		return DEVID_NO_MEMORY;
	if (!put_certificate(&filler, &chain->certificate, chain->check_value))
		return DEVID_BAD_DATA;
	credential = NULL;
	*made = trim(&filler);
	return DEVID_OK;
}
