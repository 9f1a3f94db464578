/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#8 to text and back without a copy outside locked memory. */
#include <string.h>
#include <internal/record.h>
#include "key-text.h"

#define PEM_BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define PEM_END	  "-----END PRIVATE KEY-----\n"
/* What GLib's encoder asks for, line ends counted. */
#define ENCODED_SIZE(length) (((length) / 3 + 1) * 4 + 4 + (((length) / 3 + 1) * 4 + 4) / 72 + 1)

/* Appends to `text`, which has the room. */
static void encode(const struct secret *pkcs8, bool lines, struct secret *text)
{
	gint state = 0, save = 0;
	gchar *out = (gchar *)text->data + text->length;
	gsize length;

	length = g_base64_encode_step(pkcs8->data, pkcs8->length, lines, out, &state, &save);
	length += g_base64_encode_close(lines, out + length, &state, &save);
	text->length += length;
	secret_wipe(&save, sizeof(save));
}

bool key_text_base64(const struct secret *pkcs8, struct secret *text)
{
	if (secret_allocate(text, ENCODED_SIZE(pkcs8->length)) != DEVID_OK)
		return false;
	encode(pkcs8, false, text);
	return true;
}

bool key_text_pem(const struct secret *pkcs8, struct secret *text)
{
	if (secret_allocate(text, sizeof(PEM_BEGIN) + ENCODED_SIZE(pkcs8->length) +
					  sizeof(PEM_END)) != DEVID_OK ||
	    secret_append(text, PEM_BEGIN, strlen(PEM_BEGIN)) != DEVID_OK)
		return false;
	encode(pkcs8, true, text);
	return secret_append(text, PEM_END, strlen(PEM_END)) == DEVID_OK;
}

bool key_text_read(const char *text, gsize length, struct secret *pkcs8)
{
	const char *end;
	ptrdiff_t decoded;

	if (length > strlen(PEM_BEGIN) && memcmp(text, PEM_BEGIN, strlen(PEM_BEGIN)) == 0) {
		text += strlen(PEM_BEGIN);
		length -= strlen(PEM_BEGIN);
		end = memchr(text, '-', length);
		if (!end || (gsize)(text + length - end) < strlen(PEM_END) - 1 ||
		    memcmp(end, PEM_END, strlen(PEM_END) - 1) != 0)
			return false;
		length = (gsize)(end - text);
	}
	if (length == 0 || length > KEY_TEXT_MAX ||
	    secret_allocate(pkcs8, length / 4 * 3 + 3) != DEVID_OK)
		return false;
	decoded = base64_decode(text, length, pkcs8->data);
	if (decoded <= 0) {
		secret_clear(pkcs8);
		return false;
	}
	pkcs8->length = (size_t)decoded;
	return true;
}

bool key_text_equal(const struct secret *a, const struct secret *b)
{
	return a->length == b->length && a->length > 0 && memcmp(a->data, b->data, a->length) == 0;
}
