/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Distinguished names compared by value (RFC 5280 section 7.1): tools that write the same name in
 * another string type, in another case or with blanks more have not made another name of it.
 */
#include <string.h>
#include "base/der.h"
#include "base/name.h"
#include "name-match.h"

/* More is no name of anybody's, and would cost time: what is longer is compared as bytes. */
#define NAME_BYTES_MAX	   4096
#define RDN_ATTRIBUTES_MAX 16

#define ASCII_FIRST 0x20
#define ASCII_LAST  0x7e

static bool is_blank(gunichar character)
{
	switch (g_unichar_type(character)) {
	case G_UNICODE_SPACE_SEPARATOR:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return true;
	default:
		return (character >= '\t' && character <= '\r') || character == 0x85;
	}
}

/* What is not seen and means nothing (RFC 4518 section 2.2). */
static bool is_ignored(gunichar character)
{
	switch (g_unichar_type(character)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
		return true;
	default:
		return character == 0x034f || character == 0x1806 || character == 0xfffc ||
		       (character >= 0x180b && character <= 0x180d) ||
		       (character >= 0xfe00 && character <= 0xfe0f);
	}
}

/* Runs of blanks as one, none at the ends, without what is ignored. */
static char *squeezed(const char *text)
{
	GString *out = g_string_new(NULL);
	bool blank = false;

	for (; *text; text = g_utf8_next_char(text)) {
		gunichar character = g_utf8_get_char(text);

		if (is_blank(character)) {
			blank = out->len > 0;
		} else if (!is_ignored(character)) {
			if (blank)
				g_string_append_c(out, ' ');
			blank = false;
			g_string_append_unichar(out, character);
		}
	}
	return g_string_free(out, false);
}

/* A string as it is compared (RFC 4518 section 2): NULL: it is no string, or can't be read. */
static char *folded(guint8 tag, const struct der *value)
{
	gsize length = 0;
	g_autofree char *text = name_string_value(tag, value->data, value->length, &length);
	g_autofree char *composed = NULL;
	g_autofree char *lower = NULL;
	g_autofree char *again = NULL;

	if (!text || !g_utf8_validate_len(text, length, NULL))
		return NULL;
	composed = g_utf8_normalize(text, length, G_NORMALIZE_ALL_COMPOSE);
	lower = g_utf8_casefold(composed, -1);
	/* Folding can take a composed character apart. */
	again = g_utf8_normalize(lower, -1, G_NORMALIZE_ALL_COMPOSE);
	return squeezed(again);
}

/* Printable ASCII in a type that keeps it as it is: most names are this and nothing else. */
static bool is_plain(guint8 tag, const struct der *value)
{
	if (!name_keeps_ascii(tag))
		return false;
	for (gsize i = 0; i < value->length; i++)
		if (value->data[i] < ASCII_FIRST || value->data[i] > ASCII_LAST)
			return false;
	return true;
}

static bool skip_blanks(const struct der *value, gsize *at)
{
	gsize from = *at;

	while (*at < value->length && value->data[*at] == ' ')
		++*at;
	return *at > from;
}

static bool plain_equal(const struct der *a, const struct der *b)
{
	gsize i = 0, j = 0;

	for (bool first = true;; first = false) {
		bool blank_a = skip_blanks(a, &i), blank_b = skip_blanks(b, &j);

		if (i == a->length || j == b->length)
			return i == a->length && j == b->length;
		if ((!first && blank_a != blank_b) ||
		    g_ascii_tolower((char)a->data[i++]) != g_ascii_tolower((char)b->data[j++]))
			return false;
	}
}

static bool values_match(guint8 tag_a, const struct der *a, guint8 tag_b, const struct der *b)
{
	g_autofree char *text_a = NULL;
	g_autofree char *text_b = NULL;

	if (tag_a == tag_b && der_equal(a, b))
		return true;
	if (is_plain(tag_a, a) && is_plain(tag_b, b))
		return plain_equal(a, b);
	text_a = folded(tag_a, a);
	text_b = text_a ? folded(tag_b, b) : NULL;
	return text_b && strcmp(text_a, text_b) == 0;
}

static bool attributes_match(struct der a, struct der b)
{
	struct der oid_a, oid_b, value_a, value_b;
	guint8 tag_a, tag_b;

	return name_take_attribute(a, &oid_a, &tag_a, &value_a) &&
	       name_take_attribute(b, &oid_b, &tag_b, &value_b) && der_equal(&oid_a, &oid_b) &&
	       values_match(tag_a, &value_a, tag_b, &value_b);
}

/* Takes an RDN apart; 0: it is none, or longer than any. */
static gsize split_rdn(struct der rdn, struct der attributes[RDN_ATTRIBUTES_MAX])
{
	gsize count = 0;

	while (rdn.length)
		if (count == RDN_ATTRIBUTES_MAX ||
		    !der_expect(&rdn, DER_SEQUENCE, &attributes[count++]))
			return 0;
	return count;
}

/* Every attribute of each has its like in the other: a set has no order. */
static bool rdns_match(struct der a, struct der b)
{
	struct der of_a[RDN_ATTRIBUTES_MAX], of_b[RDN_ATTRIBUTES_MAX];
	gsize count_a = split_rdn(a, of_a), count_b = split_rdn(b, of_b);
	bool matched[RDN_ATTRIBUTES_MAX] = { false };

	if (count_a == 0 || count_a != count_b)
		return false;
	for (gsize i = 0; i < count_a; i++) {
		gsize j = 0;

		while (j < count_b && (matched[j] || !attributes_match(of_a[i], of_b[j])))
			j++;
		if (j == count_b)
			return false;
		matched[j] = true;
	}
	return true;
}

bool name_is_below(struct der name, struct der base)
{
	struct der rdn, wanted;

	while (base.length)
		if (!der_expect(&base, DER_SET, &wanted) || !der_expect(&name, DER_SET, &rdn) ||
		    !rdns_match(rdn, wanted))
			return false;
	return true;
}

bool name_equal(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	struct der whole_a = { a->data, a->size }, whole_b = { b->data, b->size };
	struct der name_a, name_b, rdn_a, rdn_b;

	if (der_equal(&whole_a, &whole_b))
		return true;
	if (a->size > NAME_BYTES_MAX || b->size > NAME_BYTES_MAX ||
	    !der_expect(&whole_a, DER_SEQUENCE, &name_a) || whole_a.length ||
	    !der_expect(&whole_b, DER_SEQUENCE, &name_b) || whole_b.length)
		return false;
	while (name_a.length && name_b.length)
		if (!der_expect(&name_a, DER_SET, &rdn_a) ||
		    !der_expect(&name_b, DER_SET, &rdn_b) || !rdns_match(rdn_a, rdn_b))
			return false;
	return name_a.length == name_b.length;
}

bool name_is_readable(struct der name)
{
	struct der rdn = { NULL, 0 }, oid, value;
	guint8 tag;

	if (name.length > NAME_BYTES_MAX)
		return false;
	while (name.length || rdn.length) {
		g_autofree char *text = NULL;

		if (!name_next_attribute(&name, &rdn, &oid, &tag, &value))
			return false;
		if (!name_is_string(tag) || is_plain(tag, &value))
			continue;
		text = folded(tag, &value);
		if (!text)
			return false;
	}
	return true;
}
