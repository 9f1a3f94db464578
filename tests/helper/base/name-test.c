/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Distinguished names in every string type, order and state of malice. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "tests/helper/account/harness.h"

/* DER of a name, as hex, and how it is printed. 06 03 55 04 03 is CN, 0A O, 06 C. */
static const struct {
	const char *what;
	const char *der;
	const char *printed;
} names[] = {
	{ "empty", "3000", "" },
	{ "UTF8String", "3010310e300c06035504030c05c3a962c3a9", "CN=ébé" },
	{ "PrintableString", "300c310a3008060355040313014a", "CN=J" },
	{ "IA5String", "300e310c300a060355040316036a6f65", "CN=joe" },
	{ "T61String, as Latin-1", "300e310c300a06035504031403636fe9", "CN=coé" },
	{ "BMPString", "300f310d300b06035504031e0467714eac", "CN=東京" },
	{ "BMPString, surrogates", "300f310d300b06035504031e04d83dde00", "CN=😀" },
	{ "BMPString of odd length", "300e310c300a06035504031e03677100", "CN=#1E03677100" },
	{ "UniversalString", "300f310d300b06035504031c040001f600", "CN=😀" },
	{ "UniversalString beyond Unicode", "300f310d300b06035504031c0400ffffff",
	  "CN=#1C0400FFFFFF" },
	{ "order as encoded", "301a310b3009060355040613024a50310b3009060355040a0c024558",
	  "C=JP, O=EX" },
	{ "unknown type", "300c310a300806032901050c0179", "1.1.1.5=y" },
	{ "type beyond 64 bits, as far as it goes", "300e310c300a06052a8648867f0c0179",
	  "1.2.840.895=y" },
	{ "multi-valued", "3019311730090603550403 0c024a50300a060355040a0c03612b62",
	  "CN=JP+O=a\\+b" },
	{ "no string: INTEGER", "300c310a30080603550403020107", "CN=#020107" },
	{ "no string: BOOLEAN", "300c310a300806035504030101ff", "CN=#0101FF" },
	{ "empty value", "300b3109300706035504030c00", "CN=" },
	{ "comma, plus, semicolon", "300e310c300a06035504030c032c2b3b", "CN=\\,\\+\\;" },
	{ "quote, less, greater", "300e310c300a06035504030c03223c3e", "CN=\\\"\\<\\>" },
	{ "backslash", "300c310a300806035504030c015c", "CN=\\\\" },
	{ "blanks at both ends", "300e310c300a06035504030c03206120", "CN=\\ a\\ " },
	{ "one blank", "300c310a300806035504030c0120", "CN=\\ " },
	{ "two blanks", "300d310b300906035504030c022020", "CN=\\ \\ " },
	{ "number sign in front", "300d310b300906035504030c022361", "CN=\\#a" },
	{ "number sign within", "300e310c300a06035504030c03612361", "CN=a#a" },
	{ "NUL", "300e310c300a06035504030c03610062", "CN=a\\x00b" },
	{ "escape sequence", "3011310f300d06035504030c061b5b324a0d0a", "CN=\\x1B[2J\\x0D\\x0A" },
	{ "DEL", "300c310a300806035504030c017f", "CN=\\x7F" },
	{ "C1 control", "300d310b300906035504030c02c29b", "CN=\\xC2\\x9B" },
	{ "right-to-left override", "300f310d300b06035504030c0461e280ae", "CN=a\\xE2\\x80\\xAE" },
	{ "isolate", "300f310d300b06035504030c04e281a661", "CN=\\xE2\\x81\\xA6a" },
	{ "Arabic letter mark", "300d310b300906035504030c02d89c", "CN=\\xD8\\x9C" },
	{ "line separator", "300e310c300a06035504030c03e280a8", "CN=\\xE2\\x80\\xA8" },
	{ "tag character", "300f310d300b06035504030c04f3a08181", "CN=\\xF3\\xA0\\x81\\x81" },
	{ "not UTF-8", "300e310c300a06035504030c0361ff62", "CN=a\\xFFb" },
	{ "overlong", "300d310b300906035504030c02c0af", "CN=\\xC0\\xAF" },
	{ "surrogate in UTF-8", "300e310c300a06035504030c03eda080", "CN=\\xED\\xA0\\x80" },
	{ "bidi override by BMPString", "300d310b300906035504031e02202e", "CN=\\xE2\\x80\\xAE" },
	{ "Hebrew itself is welcome", "300f310d300b06035504030c04d7a9d79c", "CN=של" },
};

static GByteArray *unhex(const char *hex)
{
	GByteArray *bytes = g_byte_array_new();

	while (*hex) {
		guint8 byte;

		if (*hex == ' ') {
			hex++;
			continue;
		}
		byte = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
		g_byte_array_append(bytes, &byte, 1);
		hex += 2;
	}
	return bytes;
}

static void run_name(void **state)
{
	gsize i = (gsize)*state;
	g_autoptr(GByteArray) bytes = unhex(names[i].der);
	gnutls_datum_t der = { bytes->data, bytes->len };
	g_autofree char *printed = devid_name_to_string(&der);

	assert_non_null(printed);
	assert_string_equal(printed, names[i].printed);
}

static void unreadable(void **state)
{
	static const char *const broken[] = { "",	  "30",	  "3005",     "3003310130",
					      "30023100", "0500", "30000500", "300c310a" };

	for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
		g_autoptr(GByteArray) bytes = unhex(broken[i]);
		gnutls_datum_t der = { bytes->data, bytes->len };

		assert_null(devid_name_to_string(&der));
	}
}

static void of_certificates(void **state)
{
	struct harness_chain chain;
	g_autofree char *subject = NULL;
	g_autofree char *issuer = NULL;

	harness_chain_load(&chain, "device");
	subject = devid_subject_to_string(chain.certificates[0]);
	issuer = devid_issuer_to_string(chain.certificates[0]);
	assert_string_equal(subject, "C=JP, ST=Tokyo, O=Example, CN=device");
	assert_string_equal(issuer, "C=JP, ST=Tokyo, O=Example, CN=Device CA");
	harness_chain_clear(&chain);
}

static void any_text(void **state)
{
	static const char text[] = "a\\b,\t\xe2\x80\xaa\xff\0z";
	g_autofree char *safe = devid_text_escape(text, sizeof(text) - 1);
	g_autofree char *empty = devid_text_escape("", 0);

	assert_string_equal(safe, "a\\b,\\x09\\xE2\\x80\\xAA\\xFF\\x00z");
	assert_string_equal(empty, "");
}

/* What hides or turns, one of each kind; what people write names with. */
static void shown(void **state)
{
	static const gunichar hidden[] = {
		0x00,	0x1f,	0x7f,	0x9b,	0xad,	0x034f, 0x061c, 0x115f,	 0x180e,  0x200b,
		0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e,	 0x2060,  0x2066,
		0x2069, 0x206f, 0x3164, 0xfeff, 0xffa0, 0xfff9, 0xfffb, 0xe0001, 0xe007f,
	};
	static const gunichar seen[] = { ' ',	 '~',	 0xa0,	 0xe9,	 0x0301,  0x2010,
					 0x2030, 0x3000, 0x6771, 0xfe0f, 0x1f600, 0xe0100 };

	for (gsize i = 0; i < G_N_ELEMENTS(hidden); i++)
		if (text_character_shows(hidden[i]))
			fail_msg("U+%04X is shown", hidden[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(seen); i++)
		if (!text_character_shows(seen[i]))
			fail_msg("U+%04X is not shown", seen[i]);
}

static void taken_back(void **state)
{
	static const struct {
		const char *printed, *meant;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "a\\xE2\\x80\\xAEb", "a\xe2\x80\xae"
				       "b" },
		{ "a\\u202eb", "a\xe2\x80\xae"
			       "b" },
		{ "\\udb40\\udc41", "\xf3\xa0\x81\x81" },
		{ "\\x", "\\x" },
		{ "\\x4", "\\x4" },
		{ "\\xg0", "\\xg0" },
		{ "\\x00", "\\x00" },
		{ "\\u0000", "\\u0000" },
		{ "\\u12", "\\u12" },
		{ "\\n\\\\", "\\n\\\\" },
	};
	static const char label[] = "a\\\x1b[2J\xe2\x80\xae\xf3\xa0\x81\x81z";
	g_autofree char *printed = text_printable(label), *twice = text_printable(printed);
	g_autofree char *again = text_unescape(printed);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *meant = text_unescape(rows[i].printed);

		assert_string_equal(meant, rows[i].meant);
	}
	assert_string_equal(again, label);
	assert_string_equal(twice, printed);
}

int main(void)
{
	struct CMUnitTest tests[G_N_ELEMENTS(names) + 5] = {
		cmocka_unit_test(unreadable), cmocka_unit_test(of_certificates),
		cmocka_unit_test(any_text),   cmocka_unit_test(shown),
		cmocka_unit_test(taken_back),
	};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		tests[5 + i] = (struct CMUnitTest){ names[i].what, run_name, NULL, NULL,
						    GSIZE_TO_POINTER(i) };
	return cmocka_run_group_tests_name("names", tests, harness_begin, harness_end);
}
