/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bounded BER reader, and the two lines of a DER writer. */
#include <string.h>
#include "base/der.h"
#include "ber.h"

#define OID_MAX 64

struct header {
	size_t size;	/* of the tag and length bytes */
	size_t content; /* of the content; meaningless if indefinite */
	bool indefinite;
};

static bool read_header(const uint8_t *data, size_t length, struct header *header)
{
	if (length < 2 || (data[0] & 0x1f) == 0x1f)
		return false;
	header->size = 2;
	header->content = data[1];
	header->indefinite = false;
	if (data[1] == 0x80) {
		/* X.690 section 8.1.3.2: indefinite only where constructed. */
		header->indefinite = true;
		header->content = 0;
		return data[0] & BER_CONSTRUCTED;
	}
	if (data[1] & 0x80) {
		size_t bytes = data[1] & 0x7f, value = 0;

		if (bytes > 8 || length - 2 < bytes)
			return false;
		for (size_t i = 0; i < bytes; i++) {
			if (value >> (sizeof(value) * 8 - 8))
				return false;
			value = value << 8 | data[2 + i];
		}
		header->size += bytes;
		header->content = value;
	}
	return header->content <= length - header->size;
}

/* Bytes of the item at `data` with everything in it; 0: can't be read. */
static size_t measure(const uint8_t *data, size_t length, unsigned depth)
{
	struct header header;
	size_t at;

	if (depth > BER_DEPTH_MAX || !read_header(data, length, &header))
		return 0;
	if (!header.indefinite)
		return header.size + header.content;
	for (at = header.size; length - at >= 2;) {
		size_t inner;

		if (data[at] == 0 && data[at + 1] == 0)
			return at + 2;
		inner = measure(data + at, length - at, depth + 1);
		if (!inner)
			return 0;
		at += inner;
	}
	return 0;
}

bool ber_next(struct ber *reader, struct ber_item *item)
{
	struct header header;
	size_t size = measure(reader->data, reader->length, 0);

	if (!size || !read_header(reader->data, reader->length, &header))
		return false;
	item->tag = reader->data[0];
	item->whole = (struct ber){ reader->data, size };
	item->content = (struct ber){ reader->data + header.size,
				      size - header.size - (header.indefinite ? 2 : 0) };
	reader->data += size;
	reader->length -= size;
	return true;
}

bool ber_take(struct ber *reader, unsigned tag, struct ber_item *item)
{
	return reader->length && reader->data[0] == tag && ber_next(reader, item);
}

bool ber_enter(struct ber *reader, unsigned tag, struct ber *inside)
{
	struct ber_item item;

	if (!ber_take(reader, tag, &item))
		return false;
	*inside = item.content;
	return true;
}

static bool join_pieces(struct ber pieces, struct secret *joined, unsigned depth)
{
	struct ber_item piece;

	while (pieces.length) {
		if (!ber_next(&pieces, &piece))
			return false;
		if (piece.tag == BER_OCTETS) {
			if (secret_append(joined, piece.content.data, piece.content.length))
				return false;
		} else if (piece.tag != (BER_OCTETS | BER_CONSTRUCTED) || depth >= BER_DEPTH_MAX ||
			   !join_pieces(piece.content, joined, depth + 1)) {
			return false;
		}
	}
	return true;
}

bool ber_join(const struct ber_item *item, struct secret *joined)
{
	/* Pieces never add up to more than what they came in: one allocation. */
	if (secret_allocate(joined, item->content.length + 1))
		return false;
	if (item->tag & BER_CONSTRUCTED)
		return join_pieces(item->content, joined, 0);
	return !secret_append(joined, item->content.data, item->content.length);
}

enum ber_number ber_uint(const struct ber_item *item, uint64_t *value)
{
	const uint8_t *bytes = item->content.data;
	size_t length = item->content.length;

	*value = 0;
	if (item->tag != BER_INTEGER || length == 0 || bytes[0] & 0x80)
		return BER_NUMBER_BAD;
	for (; length && *bytes == 0; length--)
		bytes++;
	if (length > sizeof(*value))
		return BER_NUMBER_HUGE;
	for (; length; length--)
		*value = *value << 8 | *bytes++;
	return BER_NUMBER_OK;
}

char *ber_oid_text(const struct ber_item *item)
{
	const struct der oid = { item->content.data, item->content.length };

	return item->tag == BER_OID && oid.length <= OID_MAX ? der_oid_text(&oid) : NULL;
}

bool ber_oid_is(const struct ber_item *item, const char *dotted)
{
	g_autofree char *text = ber_oid_text(item);

	return text && strcmp(text, dotted) == 0;
}

bool ber_put(struct secret *out, unsigned tag, const void *data, size_t length)
{
	uint8_t header[2 + sizeof(length)] = { (uint8_t)tag };
	size_t size = 2, bytes = 0;

	if (length < 0x80) {
		header[1] = (uint8_t)length;
	} else {
		for (size_t rest = length; rest; rest >>= 8)
			bytes++;
		header[1] = (uint8_t)(0x80 | bytes);
		for (size_t i = bytes; i; i--)
			header[size++] = (uint8_t)(length >> (8 * (i - 1)));
	}
	return !secret_append(out, header, size) && (!length || !secret_append(out, data, length));
}
