/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bounded reader of BER (X.690): what PKCS#12 files of every maker need, and no more. It knows
 * one-byte tags, definite and indefinite lengths, and strings that come in pieces. It copies
 * nothing, never reads past its end, and gives up at BER_DEPTH_MAX levels.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>
#include <internal/secret.h>

#define BER_DEPTH_MAX 24

enum ber_tag {
	BER_INTEGER = 0x02,
	BER_BIT_STRING = 0x03,
	BER_OCTETS = 0x04,
	BER_NULL = 0x05,
	BER_OID = 0x06,
	BER_UTF8 = 0x0c,
	BER_BMP = 0x1e,
	BER_SEQUENCE = 0x30,
	BER_SET = 0x31,
	BER_CONSTRUCTED = 0x20,
	BER_CONTEXT_0 = 0x80, /* [0], primitive; with BER_CONSTRUCTED: explicit */
	BER_CONTEXT_1 = 0x81,
};

/* What is left to read at one level. */
struct ber {
	const uint8_t *data;
	size_t length;
};

struct ber_item {
	uint8_t tag; /* as encoded, with the constructed bit */
	struct ber content;
	struct ber whole; /* header, content and end marker */
};

/* The next item; false at the end of the level and for anything that can't be read. */
bool ber_next(struct ber *reader, struct ber_item *item);
/* Likewise, and its tag must be `tag`; the reader stays where it was if it isn't. */
bool ber_take(struct ber *reader, unsigned tag, struct ber_item *item);
/* A constructed item as the level inside it. */
bool ber_enter(struct ber *reader, unsigned tag, struct ber *inside);

/* An octet string (or an implicitly tagged one) in one piece, appended to nothing: `joined` is made
 * anew. Strings in pieces are put together.
 */
bool ber_join(const struct ber_item *item, struct secret *joined);

enum ber_number { BER_NUMBER_OK, BER_NUMBER_HUGE, BER_NUMBER_BAD };
/* A non-negative INTEGER; HUGE: more than 64 bits. */
enum ber_number ber_uint(const struct ber_item *item, uint64_t *value);
/* An OBJECT IDENTIFIER's content as dotted text; NULL if it isn't one. */
char *ber_oid_text(const struct ber_item *item);
bool ber_oid_is(const struct ber_item *item, const char *dotted);

/* Writes DER: header and content. */
bool ber_put(struct secret *out, unsigned tag, const void *data, size_t length);
