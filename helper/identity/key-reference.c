/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* References to keys: see key-reference.h. */
#include <string.h>
#include <glib.h>
#include <gnutls/gnutls.h>

#include "key-reference.h"

#define PEM_LABEL      "PKCS#11 PROVIDER URI"
#define FORMAT	       "PKCS#11 Provider URI v1.0"
#define UTF8_STRING    0x0c
#define VISIBLE_STRING 0x1a
#define SEQUENCE       0x30

/* X.690 sections 8.1.3 and 10.1: the shortest form of the length, of at most 65535 bytes. */
static void put(GByteArray *out, guint8 tag, const void *content, gsize length)
{
	const guint8 header[] = { tag, 0x82, (guint8)(length >> 8), (guint8)length };
	guint8 one[] = { tag, 0x81, (guint8)length };

	if (length > 0xff) {
		g_byte_array_append(out, header, 4);
	} else if (length > 0x7f) {
		g_byte_array_append(out, one, 3);
	} else {
		one[1] = (guint8)length;
		g_byte_array_append(out, one, 2);
	}
	g_byte_array_append(out, content, (guint)length);
}

char *key_reference_pem(const struct identity *identity)
{
	g_autofree char *uri = g_strconcat(identity->uri, ";type=private", identity->query, NULL);
	g_autoptr(GByteArray) strings = g_byte_array_new(), whole = g_byte_array_new();
	gnutls_datum_t pem = { NULL, 0 }, der;
	char *text;

	put(strings, VISIBLE_STRING, FORMAT, strlen(FORMAT));
	put(strings, UTF8_STRING, uri, strlen(uri));
	put(whole, SEQUENCE, strings->data, strings->len);
	der = (gnutls_datum_t){ whole->data, whole->len };
	if (gnutls_pem_base64_encode2(PEM_LABEL, &der, &pem) < 0)
		return NULL;
	text = g_strndup((const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return text;
}
