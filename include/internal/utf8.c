/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Well-formed UTF-8 without control characters (the Unicode Standard, table 3-7). */
#include <stdint.h>
#include <internal/utf8.h>

struct sequence {
	uint8_t first_low, first_high;	 /* the lead byte */
	uint8_t second_low, second_high; /* the byte after it; the rest are 80..BF */
	uint8_t length;
};

static const struct sequence sequences[] = {
	{ 0x20, 0x7e, 0x00, 0x00, 1 }, { 0xc2, 0xc2, 0xa0, 0xbf, 2 }, /* above U+0080..U+009F, which
									 are controls */
	{ 0xc3, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, /* no surrogates */
	{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* The length of the character at `text`; 0: it is none. */
static size_t character_length(const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const struct sequence *row = &sequences[i];

		if (text[0] < row->first_low || text[0] > row->first_high)
			continue;
		if (row->length > length)
			return 0;
		if (row->length > 1 && (text[1] < row->second_low || text[1] > row->second_high))
			return 0;
		for (size_t k = 2; k < row->length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return row->length;
	}
	return 0;
}

bool utf8_is_printable(const char *text, size_t length)
{
	const uint8_t *bytes = (const uint8_t *)text;

	for (size_t at = 0; at < length;) {
		size_t step = character_length(bytes + at, length - at);

		if (step == 0)
			return false;
		at += step;
	}
	return true;
}
