/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names compared by value: what tools write differently is the same name, and nothing else is. */
#include <string.h>
#include "account/name-match.h"
#include "base/der.h"
#include "harness.h"

/* An attribute: "TYPE:KEY:VALUE" with TYPE one of the string types below and KEY the last byte of
 * an attribute type under 2.5.4; '+' in front: in the RDN of the one before.
 */
static const struct {
	char letter;
	guint8 tag;
} types[] = {
	{ 'u', 12 }, { 'n', 18 }, { 'p', 19 }, { 't', 20 }, { 'i', 22 },
	{ 'v', 26 }, { 'w', 28 }, { 'b', 30 }, { 'x', 4 }, /* no string */
};

static void append_element(GByteArray *out, guint8 tag, const GByteArray *content)
{
	guint8 header[4] = { tag, 0x82, (guint8)(content->len >> 8), (guint8)content->len };

	if (content->len < 0x80) {
		header[1] = (guint8)content->len;
		g_byte_array_append(out, header, 2);
	} else {
		g_byte_array_append(out, header, 4);
	}
	g_byte_array_append(out, content->data, content->len);
}

static void append_value(GByteArray *out, char letter, const char *text)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	const char *encoding = letter == 'b'   ? "UTF-16BE"
			       : letter == 'w' ? "UTF-32BE"
			       : letter == 't' ? "ISO-8859-1"
					       : NULL;
	g_autofree char *converted = NULL;
	gsize length = strlen(text);
	guint8 tag = 0;

	if (encoding)
		converted = g_convert(text, -1, encoding, "UTF-8", NULL, &length, NULL);
	g_byte_array_append(value, (const guint8 *)(converted ? converted : text), length);
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (types[i].letter == letter)
			tag = types[i].tag;
	assert_int_not_equal(tag, 0);
	append_element(out, tag, value);
}

static void append_attribute(GByteArray *out, const char *word)
{
	g_auto(GStrv) parts = g_strsplit(word, ":", 3);
	g_autoptr(GByteArray) inside = g_byte_array_new();
	guint8 oid[5] = { 0x06, 3, 0x55, 0x04, (guint8)atoi(parts[1]) };

	g_byte_array_append(inside, oid, sizeof(oid));
	append_value(inside, *parts[0], parts[2]);
	append_element(out, 0x30, inside);
}

/* Words separated by '|'. */
static GByteArray *make_name(const char *words)
{
	g_auto(GStrv) list = g_strsplit(words, "|", -1);
	g_autoptr(GByteArray) rdns = g_byte_array_new();
	GByteArray *name = g_byte_array_new();

	for (gsize i = 0; list[i] && **list;) {
		g_autoptr(GByteArray) rdn = g_byte_array_new();

		append_attribute(rdn, list[i++]);
		while (list[i] && *list[i] == '+')
			append_attribute(rdn, list[i++] + 1);
		append_element(rdns, 0x31, rdn);
	}
	append_element(name, 0x30, rdns);
	return name;
}

static const struct row {
	const char *a, *b;
	bool same;
} rows[] = {
	{ "u:3:a", "u:3:a", true },
	{ "u:3:Device CA", "p:3:Device CA", true },
	{ "u:3:Device CA", "b:3:Device CA", true },
	{ "u:3:Device CA", "w:3:Device CA", true },
	{ "u:3:Device CA", "t:3:Device CA", true },
	{ "u:3:Device CA", "i:3:Device CA", true },
	{ "v:3:12", "n:3:12", true },
	{ "u:3:Device CA", "u:3:DEVICE ca", true },
	{ "u:3:Device CA", "p:3:  device   CA ", true },
	{ "u:3:Müller", "t:3:MÜLLER", true },
	{ "u:3:Müller", "b:3:müller", true },
	{ "u:3:Müller", "u:3:Mu\u0308ller", true },
	{ "u:3:例示 認証局", "b:3:例示\u3000認証局", true },
	{ "u:3:Straße", "u:3:STRASSE", true },
	{ "u:3:Device CA", "u:3:Device\u00a0CA", true },
	{ "u:3:Device CA", "u:3:Dev\u200bice CA", true },
	{ "u:3:Device CA", "u:3:\u202eDevice CA", true },
	{ "u:3:Device CA", "u:3:Dev\u00adice CA", true },
	{ "u:3:", "p:3: ", true },
	{ "p:6:JP|u:10:O|u:3:a", "p:6:jp|p:10:o|b:3:A", true },
	{ "u:3:a|+u:11:b", "u:11:b|+u:3:a", true },
	{ "u:3:a|+u:11:b", "p:11:B|+p:3:A", true },
	{ "x:3:ab", "x:3:ab", true },
	{ "", "", true },

	{ "u:3:a", "u:3:b", false },
	{ "u:3:a", "u:11:a", false },
	{ "u:3:a", "u:3:a ab", false },
	{ "u:3:ab", "u:3:a b", false },
	{ "u:3:a", "u:3:", false },
	{ "u:3:a", "", false },
	{ "u:3:a", "u:3:a|u:3:a", false },
	{ "u:3:a|u:10:b", "u:10:b|u:3:a", false },
	{ "u:3:a|u:11:b", "u:3:a|+u:11:b", false },
	{ "u:3:a|+u:3:b", "u:3:a|+u:3:a", false },
	{ "u:3:a|+u:3:a", "u:3:a|+u:3:b", false },
	{ "u:3:Müller", "u:3:Muller", false },
	{ "u:3:a", "u:3:а", false }, /* the Cyrillic letter */
	{ "x:3:ab", "x:3:AB", false },
	{ "x:3:ab", "u:3:ab", false },
	{ "u:3:\xff", "t:3:ÿ", false }, /* the one can't be read */
	{ "u:3:\xff", "u:3:\xfe", false },
	{ "u:3:\xff", "u:3:\xff", true }, /* to the byte */
};

static bool same_both_ways(const GByteArray *a, const GByteArray *b, bool same)
{
	const gnutls_datum_t one = { a->data, a->len }, other = { b->data, b->len };

	return name_equal(&one, &other) == same && name_equal(&other, &one) == same &&
	       name_equal(&one, &one);
}

static void by_value(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) a = make_name(rows[i].a);
		g_autoptr(GByteArray) b = make_name(rows[i].b);

		if (!same_both_ways(a, b, rows[i].same))
			fail_msg("%s / %s", rows[i].a, rows[i].b);
	}
}

static bool is_string_tag(guint8 byte)
{
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (types[i].tag == byte)
			return true;
	return false;
}

/* Whatever is cut off or changed: no crash, and never another name's equal. */
static void damaged(void **state)
{
	g_autoptr(GByteArray) whole = make_name("p:6:JP|u:10:Example|u:3:Device CA|+b:11:x");

	for (guint i = 0; i < whole->len; i++) {
		g_autoptr(GByteArray) cut = g_byte_array_new();

		g_byte_array_append(cut, whole->data, i);
		assert_true(same_both_ways(whole, cut, false));
	}
	for (guint i = 0; i < whole->len * 8; i++) {
		g_autoptr(GByteArray) other = g_byte_array_new();
		gnutls_datum_t one = { whole->data, whole->len }, changed;

		g_byte_array_append(other, whole->data, whole->len);
		other->data[i / 8] ^= 1 << i % 8;
		changed = (gnutls_datum_t){ other->data, other->len };
		/* 0x20 apart is the same letter; of the tags, some are of string types. */
		if (name_equal(&one, &changed))
			assert_true(i % 8 == 5 || is_string_tag(whole->data[i / 8]));
	}
}

/* Long names, and sets of many, are not worth the time: they are compared as bytes. */
static void bounded(void **state)
{
	g_autofree char *many = g_strnfill(5000, 'a');
	g_autofree char *more = g_strnfill(5000, 'A');
	g_autofree char *long_words = g_strconcat("u:3:", many, NULL);
	g_autofree char *long_other = g_strconcat("u:3:", more, NULL);
	g_autoptr(GString) set = g_string_new("u:3:a");
	g_autoptr(GString) set_other = g_string_new("u:3:A");
	g_autoptr(GByteArray) a = make_name(long_words);
	g_autoptr(GByteArray) b = make_name(long_other);
	g_autoptr(GByteArray) c = NULL;
	g_autoptr(GByteArray) d = NULL;

	assert_true(same_both_ways(a, b, false));
	for (int i = 0; i < 40; i++) {
		g_string_append_printf(set, "|+u:11:x%d", i);
		g_string_append_printf(set_other, "|+u:11:X%d", i);
	}
	c = make_name(set->str);
	d = make_name(set_other->str);
	assert_true(same_both_ways(c, d, false));
}

static void below(void **state)
{
	static const struct {
		const char *name, *base;
		bool is;
	} pairs[] = {
		{ "p:6:JP|u:10:O|u:3:a", "p:6:jp", true },
		{ "p:6:JP|u:10:O|u:3:a", "u:6:JP|b:10:o", true },
		{ "p:6:JP|u:10:O|u:3:a", "", true },
		{ "p:6:JP|u:10:O", "p:6:JP|u:10:O|u:3:a", false },
		{ "p:6:JP|u:10:O|u:3:a", "u:10:O", false },
		{ "p:6:JP|u:10:O|+u:3:a", "p:6:JP|u:10:O", false },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autoptr(GByteArray) name = make_name(pairs[i].name);
		g_autoptr(GByteArray) base = make_name(pairs[i].base);
		struct der of_name = { name->data, name->len }, of_base = { base->data, base->len };
		struct der inside, wanted;

		assert_true(der_expect(&of_name, DER_SEQUENCE, &inside));
		assert_true(der_expect(&of_base, DER_SEQUENCE, &wanted));
		assert_int_equal(name_is_below(inside, wanted), pairs[i].is);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_value),
		cmocka_unit_test(damaged),
		cmocka_unit_test(bounded),
		cmocka_unit_test(below),
	};

	return cmocka_run_group_tests_name("names by value", tests, NULL, NULL);
}
