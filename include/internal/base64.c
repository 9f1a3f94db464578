/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64 to bytes: RFC 4648 section 4, strict, with line ends between the characters. */
#include <internal/record.h>

#define INVALID 64

static const uint8_t values[256] = {
#define ROW16(v) v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v
	ROW16(64), ROW16(64), 64,	 64,	    64,	       64,	  64,	     64,
	64,	   64,	      64,	 64,	    64,	       62,	  64,	     64,
	64,	   63, /* + / */
	52,	   53,	      54,	 55,	    56,	       57,	  58,	     59,
	60,	   61,	      64,	 64,	    64,	       64,	  64,	     64, /* 0-9 */
	64,	   0,	      1,	 2,	    3,	       4,	  5,	     6,
	7,	   8,	      9,	 10,	    11,	       12,	  13,	     14, /* A- */
	15,	   16,	      17,	 18,	    19,	       20,	  21,	     22,
	23,	   24,	      25,	 64,	    64,	       64,	  64,	     64, /* -Z */
	64,	   26,	      27,	 28,	    29,	       30,	  31,	     32,
	33,	   34,	      35,	 36,	    37,	       38,	  39,	     40, /* a- */
	41,	   42,	      43,	 44,	    45,	       46,	  47,	     48,
	49,	   50,	      51,	 64,	    64,	       64,	  64,	     64, /* -z */
	ROW16(64), ROW16(64), ROW16(64), ROW16(64), ROW16(64), ROW16(64), ROW16(64), ROW16(64),
#undef ROW16
};

/* How many characters at `text` are a line end: 0, 1 (LF) or 2 (CRLF). */
static size_t line_end(const char *text, size_t length)
{
	if (length >= 1 && text[0] == '\n')
		return 1;
	if (length >= 2 && text[0] == '\r' && text[1] == '\n')
		return 2;
	return 0;
}

static size_t skip_line_ends(const char *text, size_t length, size_t at)
{
	size_t skip;

	while (at < length && (skip = line_end(text + at, length - at)) > 0)
		at += skip;
	return at;
}

/* The next four characters that are no line end; false where there are fewer. */
static bool take_group(const char *text, size_t length, size_t *position, char group[4])
{
	size_t at = *position;

	for (size_t i = 0; i < 4; i++) {
		at = skip_line_ends(text, length, at);
		if (at == length)
			return false;
		group[i] = text[at++];
	}
	*position = at;
	return true;
}

/* A group that ends in padding; the bits that are left over must be zero. */
static size_t decode_last(const char group[4], uint8_t *out)
{
	uint8_t a = values[(uint8_t)group[0]], b = values[(uint8_t)group[1]];
	uint8_t c = values[(uint8_t)group[2]];

	if ((a | b) & INVALID || group[3] != '=')
		return 0;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	if (group[2] == '=')
		return b & 15 ? 0 : 1;
	if (c & (INVALID | 3))
		return 0;
	out[1] = (uint8_t)(b << 4 | c >> 2);
	return 2;
}

/* Four characters as they stand, which is nearly all of any text; false: there's something else. */
static bool decode_plain(const char *text, uint8_t *out)
{
	uint8_t a = values[(uint8_t)text[0]], b = values[(uint8_t)text[1]];
	uint8_t c = values[(uint8_t)text[2]], d = values[(uint8_t)text[3]];

	if ((a | b | c | d) & INVALID)
		return false;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	out[1] = (uint8_t)(b << 4 | c >> 2);
	out[2] = (uint8_t)(c << 6 | d);
	return true;
}

ptrdiff_t base64_decode(const char *text, size_t length, uint8_t *out)
{
	size_t at = skip_line_ends(text, length, 0), written = 0;

	while (at < length) {
		char group[4];

		if (length - at >= 4 && decode_plain(text + at, out + written)) {
			at += 4;
			written += 3;
		} else if (!take_group(text, length, &at, group)) {
			return -1;
		} else if (decode_plain(group, out + written)) {
			written += 3;
		} else {
			size_t last = decode_last(group, out + written);

			if (last == 0 || skip_line_ends(text, length, at) != length)
				return -1;
			return (ptrdiff_t)(written + last);
		}
		if (at < length && (text[at] == '\n' || text[at] == '\r'))
			at = skip_line_ends(text, length, at);
	}
	return (ptrdiff_t)written;
}
