/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PEM's blocks: found, decoded, and freed of UTF-16 and of base64 around them. */
#include <string.h>
#include <internal/record.h>
#include "pem-block.h"

#define BEGIN_MARK "-----BEGIN "
#define END_MARK   "-----END "
#define MARK_END   "-----"

#define LABEL_MAX 64
/* Base64 of a PEM file in UTF-16 is three; nobody wraps more often. */
#define DRESSES_MAX 4
/* Less is no certificate and no key, and too little to tell base64 from a word. */
#define BARE_MIN 64

/* What stands for a blank between the characters: those of RFC 7468's "lax" rules, and those that a
 * web page or a string in JSON puts in their place.
 */
static const struct {
	const char *bytes;
	gsize length;
} blanks[] = {
	{ "\n", 1 },
	{ "\r", 1 },
	{ " ", 1 },
	{ "\t", 1 },
	{ "\v", 1 },
	{ "\f", 1 },
	{ "\\n", 2 },
	{ "\\r", 2 },
	{ "\xc2\xa0", 2 }, /* no-break space */
	{ "\xe2\x80\x8b", 3 },
	/* zero width space */ { "\xef\xbb\xbf", 3 }, /* byte order mark */
};

static const char *find(const char *at, const char *end, const char *what)
{
	return at < end ? memmem(at, (gsize)(end - at), what, strlen(what)) : NULL;
}

/* Bytes of the blank at `at`; 0: it is none. */
static gsize blank_at(const char *at, const char *end)
{
	for (gsize i = 0; i < G_N_ELEMENTS(blanks); i++)
		if ((gsize)(end - at) >= blanks[i].length &&
		    memcmp(at, blanks[i].bytes, blanks[i].length) == 0)
			return blanks[i].length;
	return 0;
}

bool pem_present(const void *data, gsize length)
{
	return length && find(data, (const char *)data + length, BEGIN_MARK);
}

bool pem_next(const char **at, const char *end, struct pem_block *block, bool *cut)
{
	const char *begin = find(*at, end, BEGIN_MARK), *label, *after, *close;
	g_autofree char *closing = NULL;

	*cut = false;
	if (!begin)
		return false;
	label = begin + strlen(BEGIN_MARK);
	after = find(label, end, MARK_END);
	if (!after || after - label > LABEL_MAX) {
		*cut = true;
		return false;
	}
	block->label = label;
	block->label_length = (gsize)(after - label);
	block->text = after + strlen(MARK_END);
	closing = g_strdup_printf(END_MARK "%.*s" MARK_END, (int)block->label_length, label);
	close = find(block->text, end, closing);
	if (!close) {
		*cut = true;
		return false;
	}
	block->text_length = (gsize)(close - block->text);
	block->whole = begin;
	block->whole_length = (gsize)(close - begin) + strlen(closing);
	*at = close + strlen(closing);
	return true;
}

bool pem_is(const struct pem_block *block, const char *label)
{
	return block->label_length == strlen(label) &&
	       memcmp(block->label, label, block->label_length) == 0;
}

bool pem_ends_with(const struct pem_block *block, const char *words)
{
	gsize length = strlen(words);

	return block->label_length >= length &&
	       memcmp(block->label + block->label_length - length, words, length) == 0;
}

/* Base64 with blanks anywhere. */
static bool decode_lax(const char *text, gsize length, struct secret *der)
{
	AUTO_SECRET struct secret bare = SECRET_INIT;
	const char *end = text + length;
	ptrdiff_t decoded;
	gsize count = 0;

	if (secret_allocate(&bare, length + 1) || secret_resize(&bare, length + 1) ||
	    secret_allocate(der, length / 4 * 3 + 3) || secret_resize(der, length / 4 * 3 + 3))
		return false;
	for (const char *at = text; at < end;) {
		gsize blank = blank_at(at, end);

		if (!blank)
			bare.data[count++] = (uint8_t)*at;
		at += blank ? blank : 1;
	}
	decoded = base64_decode((const char *)bare.data, count, der->data);
	return decoded > 0 && !secret_resize(der, (gsize)decoded);
}

bool pem_decode(const struct pem_block *block, struct secret *der)
{
	return decode_lax(block->text, block->text_length, der);
}

static bool has_utf16_mark(const uint8_t *data, gsize length)
{
	return length >= 2 && data[0] + data[1] == 0xff + 0xfe && data[0] >= 0xfe;
}

/* UTF-16 with a byte order mark, or with the zero bytes that a text in ASCII has there. */
static bool undress_utf16(const uint8_t *data, gsize length, struct secret *plain)
{
	bool mark = has_utf16_mark(data, length), little;

	if (length < 4 || length % 2)
		return false;
	little = mark ? data[0] == 0xff : data[1] == 0;
	if (!mark && !(data[little ? 0 : 1] && !data[little ? 1 : 0] && !data[little ? 3 : 2]))
		return false;
	if (secret_allocate(plain, length / 2) || secret_resize(plain, length / 2))
		return false;
	/* What isn't ASCII stands in the text around the blocks, and is shown nowhere. */
	for (gsize i = 0; i < length / 2; i++) {
		uint8_t low = data[2 * i + (little ? 0 : 1)], high = data[2 * i + (little ? 1 : 0)];

		plain->data[i] = high ? '?' : low;
	}
	if (mark)
		plain->data[0] = '\n';
	return true;
}

/* Base64 alone, of a certificate's DER, of a PEM file, or of one in UTF-16. */
static bool undress_base64(const uint8_t *data, gsize length, struct secret *plain)
{
	const char *text = (const char *)data;

	if (length < BARE_MIN || pem_present(data, length) || !decode_lax(text, length, plain))
		return false;
	return plain->length >= BARE_MIN / 2 &&
	       (plain->data[0] == 0x30 || pem_present(plain->data, plain->length) ||
		has_utf16_mark(plain->data, plain->length));
}

bool pem_undress(const void *data, gsize length, struct secret *plain)
{
	AUTO_SECRET struct secret inside = SECRET_INIT;
	bool any = false;

	for (unsigned i = 0; i < DRESSES_MAX; i++) {
		bool off = undress_utf16(data, length, &inside) ||
			   undress_base64(data, length, &inside);

		if (!off)
			break;
		any = true;
		secret_move(plain, &inside);
		data = plain->data;
		length = plain->length;
	}
	if (!any)
		secret_clear(plain);
	return any;
}
