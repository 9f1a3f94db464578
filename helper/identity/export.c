/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities as PEM files: see export.h. */
#include <string.h>
#include <gnutls/x509.h>
#include <devid/reason.h>

#include "base/certificate.h"
#include "base/error.h"
#include "export.h"

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

bool identity_export_chain(const struct identity *identity, bool leaf_alone, GString *pem,
			   GError **error)
{
	if (identity->chain_count == 0)
		return devid_error_set(error, DEVID_NOT_FOUND, "no-certificate", NULL,
				       "%s: a private key alone, without a certificate",
				       identity->record->label);
	return certificate_append_pem(identity->chain, leaf_alone ? 1 : identity->chain_count, pem,
				      identity->record->label, error);
}

bool identity_export_reference(const struct identity *identity, GString *pem, GError **error)
{
	g_autofree char *uri = g_strconcat(identity->uri, ";type=private", identity->query, NULL);
	g_autoptr(GByteArray) strings = g_byte_array_new(), whole = g_byte_array_new();
	gnutls_datum_t text = { NULL, 0 }, der;

	if (!record_has_key(identity->record))
		return devid_error_set(error, DEVID_KEY_MISSING, "key-missing", NULL, "%s: %s",
				       identity->record->label,
				       devid_reason_find("key-missing")->cause);
	put(strings, VISIBLE_STRING, FORMAT, strlen(FORMAT));
	put(strings, UTF8_STRING, uri, strlen(uri));
	put(whole, SEQUENCE, strings->data, strings->len);
	der = (gnutls_datum_t){ whole->data, whole->len };
	if (gnutls_pem_base64_encode2(PEM_LABEL, &der, &text) < 0)
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "export: no memory");
	g_string_append_len(pem, (const char *)text.data, (gssize)text.size);
	gnutls_free(text.data);
	return true;
}
