/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that may come from anybody, made safe to print: nothing that moves a terminal's cursor,
 * turns its writing direction round or hides itself gets through.
 */
#include <devid/check.h>
#include <internal/record.h>
#include "text.h"

/* Characters of no format class that show nothing all the same: two labels that differ by one of
 * them look alike. Variation selectors stay: names are written with them.
 */
static const struct {
	gunichar first;
	gunichar last;
} hiding[] = {
	{ 0x034f, 0x034f },   /* combining grapheme joiner */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
	{ 0xe0000, 0xe00ff }, /* tags, and what is reserved beside them */
};

/* By their class: controls (C0, DEL, C1), what turns the writing direction, joins, separates or
 * marks without being seen (U+00AD, U+061C, U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F,
 * U+FEFF, U+FFF9 to U+FFFB), line and paragraph separators.
 */
bool text_character_shows(gunichar character)
{
	GUnicodeType type = g_unichar_type(character);

	if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
	    type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR)
		return false;
	for (gsize i = 0; i < G_N_ELEMENTS(hiding); i++)
		if (character >= hiding[i].first && character <= hiding[i].last)
			return false;
	return true;
}

static void append_hex(GString *out, const char *bytes, gsize length)
{
	for (gsize i = 0; i < length; i++)
		g_string_append_printf(out, "\\x%02X", (unsigned char)bytes[i]);
}

void text_append_escaped(GString *out, const char *text, gsize length, const char *escape)
{
	const char *end = text + length;

	while (text < end) {
		gunichar character = g_utf8_get_char_validated(text, end - text);
		gsize width = 1;

		/* The two largest values stand for bytes that are no UTF-8, and for U+0000. */
		if (*text == '\0' || character >= (gunichar)-2) {
			append_hex(out, text, 1);
		} else {
			width = g_unichar_to_utf8(character, NULL);
			if (!text_character_shows(character))
				append_hex(out, text, width);
			else if (width == 1 && strchr(escape, *text))
				g_string_append_printf(out, "\\%c", *text);
			else
				g_string_append_len(out, text, width);
		}
		text += width;
	}
}

char *devid_text_escape(const char *text, size_t length)
{
	GString *out = g_string_sized_new(length + 1);

	text_append_escaped(out, text, length, "");
	return g_string_free(out, false);
}

char *text_printable(const char *text)
{
	return devid_text_escape(text ? text : "", text ? strlen(text) : 0);
}

char *text_printable_lines(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		gsize length = strcspn(text, "\n");

		text_append_escaped(out, text, length, "");
		text += length;
		if (*text) {
			g_string_append_c(out, '\n');
			text++;
		}
	}
	return g_string_free(out, false);
}

/* The digits behind "\x" or "\u", or -1. */
static gint32 digits_value(const char *digits, gsize count)
{
	gint32 value = 0;

	for (gsize i = 0; i < count; i++) {
		if (!g_ascii_isxdigit(digits[i]))
			return -1;
		value = value * 16 + g_ascii_xdigit_value(digits[i]);
	}
	return value;
}

/* "\ud83d\ude00": one character as JSON writes it beyond U+FFFF. */
static gunichar paired(gunichar high, const char *rest, gsize *used)
{
	gint32 low = g_str_has_prefix(rest, "\\u") ? digits_value(rest + 2, 4) : -1;

	if (high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return high;
	*used += 6;
	return 0x10000 + ((high - 0xd800) << 10) + ((gunichar)low - 0xdc00);
}

char *text_unescape(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		gint32 byte = g_str_has_prefix(text, "\\x") ? digits_value(text + 2, 2) : -1;
		gint32 unit = g_str_has_prefix(text, "\\u") ? digits_value(text + 2, 4) : -1;
		gsize used = 1;

		if (byte > 0) {
			g_string_append_c(out, (char)byte);
			used = 4;
		} else if (unit > 0) {
			used = 6;
			g_string_append_unichar(out, paired((gunichar)unit, text + used, &used));
		} else {
			g_string_append_c(out, *text);
		}
		text += used;
	}
	return g_string_free(out, false);
}

char *text_from_bytes(GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	return length == 0 ? g_strdup("") : g_strndup(data, length);
}

char *text_hex(const void *data, gsize length)
{
	char *text = g_malloc(2 * length + 1);

	hex_encode(data, length, text);
	return text;
}
