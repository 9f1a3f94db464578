/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reader of DER (X.690): one element after the other, nothing believed about lengths. */
#include <string.h>
#include "der.h"

bool der_next(struct der *from, guint8 *tag, struct der *content)
{
	gsize at = 2, length;

	if (from->length < 2 || (from->data[0] & 0x1f) == 0x1f)
		return false;
	length = from->data[1];
	if (length & 0x80) {
		gsize count = length & 0x7f;

		if (count == 0 || count > 4 || from->length < 2 + count)
			return false;
		for (length = 0; at < 2 + count; at++)
			length = length << 8 | from->data[at];
	}
	if (length > from->length - at)
		return false;
	*tag = from->data[0];
	*content = (struct der){ from->data + at, length };
	from->data += at + length;
	from->length -= at + length;
	return true;
}

bool der_expect(struct der *from, guint8 tag, struct der *content)
{
	struct der copy = *from;
	struct der inside;
	guint8 found;

	if (!der_next(&copy, &found, &inside) || found != tag)
		return false;
	*from = copy;
	*content = inside;
	return true;
}

char *der_oid_text(const struct der *oid)
{
	GString *out = g_string_new(NULL);
	guint64 number = 0;

	for (gsize i = 0; i < oid->length && number >> 56 == 0; i++) {
		number = number << 7 | (oid->data[i] & 0x7f);
		if (oid->data[i] & 0x80)
			continue;
		if (!out->len) {
			guint64 first = MIN(number / 40, 2);

			g_string_append_printf(out, "%" G_GUINT64_FORMAT, first);
			number -= first * 40;
		}
		g_string_append_printf(out, ".%" G_GUINT64_FORMAT, number);
		number = 0;
		if (i + 1 == oid->length)
			return g_string_free(out, false);
	}
	g_string_free(out, true);
	return NULL;
}

bool der_equal(const struct der *a, const struct der *b)
{
	return a->length == b->length &&
	       (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}
