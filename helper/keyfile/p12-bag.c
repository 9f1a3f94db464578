/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SafeContents and their bags (RFC 7292 section 4.2), walked once to look and once to read. */
#include <string.h>
#include "base/error.h"
#include "ber.h"
#include "bundle.h"
#include "p12-bag.h"
#include "p12-note.h"
#include "pbe-derive.h"
#include "pbe.h"

#define OID_X509	  "1.2.840.113549.1.9.22.1"
#define OID_FRIENDLY_NAME "1.2.840.113549.1.9.20"
#define OID_LOCAL_KEY_ID  "1.2.840.113549.1.9.21"
#define OID_BAG		  "1.2.840.113549.1.12.10.1."

#define NESTING_MAX 8

struct attributes {
	char *name;
	GBytes *local_id;
};

/* BMPString, and UTF8String as some write it. Surrogate pairs are taken as UTF-16. */
static char *read_name(struct ber values)
{
	struct ber_item item;
	g_autofree gunichar2 *units = NULL;
	size_t count;

	if (!ber_next(&values, &item))
		return NULL;
	if (item.tag == BER_UTF8)
		return g_utf8_make_valid((const char *)item.content.data,
					 (gssize)item.content.length);
	if (item.tag != BER_BMP || item.content.length % 2)
		return NULL;
	count = item.content.length / 2;
	units = g_new0(gunichar2, count + 1);
	for (size_t i = 0; i < count; i++)
		units[i] =
			(gunichar2)(item.content.data[2 * i] << 8 | item.content.data[2 * i + 1]);
	return g_utf16_to_utf8(units, (glong)count, NULL, NULL, NULL);
}

/* Attributes that aren't known (a Microsoft CSP's name, Java's trust marks) are passed over. */
static void read_attributes(struct ber *bag, struct attributes *attributes)
{
	struct ber set, attribute, values;
	struct ber_item oid, value;

	if (!ber_enter(bag, BER_SET, &set))
		return;
	while (ber_enter(&set, BER_SEQUENCE, &attribute)) {
		if (!ber_take(&attribute, BER_OID, &oid) ||
		    !ber_enter(&attribute, BER_SET, &values))
			continue;
		if (!attributes->name && ber_oid_is(&oid, OID_FRIENDLY_NAME)) {
			attributes->name = read_name(values);
		} else if (!attributes->local_id && ber_oid_is(&oid, OID_LOCAL_KEY_ID) &&
			   ber_take(&values, BER_OCTETS, &value)) {
			attributes->local_id =
				g_bytes_new(value.content.data, value.content.length);
		}
	}
}

static bool walk_key(struct walk *walk, struct ber value, struct attributes *attributes,
		     GError **error)
{
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	struct ber_item item;

	if (!ber_take(&value, BER_SEQUENCE, &item) ||
	    secret_append(&pkcs8, item.whole.data, item.whole.length))
		return p12_damaged(error, "a private key");
	if (walk->bundle)
		bundle_add_key(walk->bundle, &pkcs8, g_steal_pointer(&attributes->name),
			       g_steal_pointer(&attributes->local_id));
	return true;
}

static bool walk_shrouded_key(struct walk *walk, struct ber value, struct attributes *attributes,
			      GError **error)
{
	AUTO_SECRET struct secret cipher = SECRET_INIT;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	AUTO_PBE struct pbe *pbe = NULL;
	enum pbe_outcome outcome;

	if (!pbe_split_pkcs8(value, &pbe, &cipher))
		return p12_damaged(error, "an encrypted private key");
	if (!walk->bundle) {
		p12_note_probe(walk->p12, p12_note_cipher(walk->p12, g_steal_pointer(&pbe)),
			       &cipher);
		return true;
	}
	outcome = pbe_decrypt(pbe, walk->password, &cipher, &pkcs8);
	if (outcome != PBE_OPENED)
		return p12_refuse(error, outcome, pbe, walk->p12->opened);
	walk->p12->opened = true;
	bundle_add_key(walk->bundle, &pkcs8, g_steal_pointer(&attributes->name),
		       g_steal_pointer(&attributes->local_id));
	return true;
}

static bool walk_certificate(struct walk *walk, struct ber value, struct attributes *attributes,
			     GError **error)
{
	AUTO_SECRET struct secret der = SECRET_INIT;
	struct ber inside, wrapped;
	struct ber_item oid, octets;

	if (!ber_enter(&value, BER_SEQUENCE, &inside) || !ber_take(&inside, BER_OID, &oid))
		return p12_damaged(error, "a certificate's bag");
	if (!ber_oid_is(&oid, OID_X509))
		return true; /* SDSI: nobody's device certificate */
	if (!ber_enter(&inside, BER_CONTEXT_0 | BER_CONSTRUCTED, &wrapped) ||
	    !ber_next(&wrapped, &octets) || (octets.tag & ~BER_CONSTRUCTED) != BER_OCTETS ||
	    !ber_join(&octets, &der))
		return p12_damaged(error, "a certificate's bag");
	if (walk->bundle)
		bundle_add_certificate(walk->bundle, der.data, der.length,
				       g_steal_pointer(&attributes->name),
				       g_steal_pointer(&attributes->local_id));
	return true;
}

static bool walk_nested(struct walk *walk, struct ber value, struct attributes *attributes,
			GError **error)
{
	bool walked;

	if (walk->depth >= NESTING_MAX)
		return p12_damaged(error, "safes nested too deeply");
	walk->depth++;
	walked = p12_bag_walk(walk, value, error);
	walk->depth--;
	return walked;
}

static bool walk_other(struct walk *walk, struct ber value, struct attributes *attributes,
		       GError **error)
{
	return true;
}

/* RFC 7292 section 4.2; the last arc of the bag's OID is the row. */
static bool (*const bag_table[])(struct walk *, struct ber, struct attributes *, GError **) = {
	walk_other,	      walk_key,
	walk_shrouded_key,    walk_certificate,
	walk_other /* CRL */, walk_other /* secret */,
	walk_nested,
};

static bool walk_bag(struct walk *walk, struct ber bag, GError **error)
{
	struct attributes attributes = { 0 };
	struct ber_item oid;
	struct ber value;
	bool walked;
	g_autofree char *text = NULL;
	size_t row = 0;

	if (!ber_take(&bag, BER_OID, &oid) ||
	    !ber_enter(&bag, BER_CONTEXT_0 | BER_CONSTRUCTED, &value))
		return p12_damaged(error, "a bag");
	text = ber_oid_text(&oid);
	if (text && g_str_has_prefix(text, OID_BAG))
		row = (size_t)g_ascii_strtoull(text + strlen(OID_BAG), NULL, 10);
	read_attributes(&bag, &attributes);
	walked =
		bag_table[row < G_N_ELEMENTS(bag_table) ? row : 0](walk, value, &attributes, error);
	g_free(attributes.name);
	g_clear_pointer(&attributes.local_id, g_bytes_unref);
	return walked;
}

bool p12_bag_walk(struct walk *walk, struct ber content, GError **error)
{
	struct ber bags, bag;

	if (!ber_enter(&content, BER_SEQUENCE, &bags))
		return p12_damaged(error, "a safe");
	while (bags.length) {
		if (!ber_enter(&bags, BER_SEQUENCE, &bag))
			return p12_damaged(error, "a bag");
		if (!walk->bundle && ++walk->p12->items > BUNDLE_ITEMS_MAX)
			return devid_error_set(
				error, DEVID_TOO_LARGE, "file-too-large", NULL,
				"the PKCS#12 file holds more than %d keys and certificates",
				BUNDLE_ITEMS_MAX);
		if (!walk_bag(walk, bag, error))
			return false;
	}
	return true;
}
