/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates out of a file in any usual dress, and the words for one that can't be read. */
#include <string.h>
#include <internal/record.h>
#include "base/auto-gnutls.h"
#include "base/der.h"
#include "base/error.h"
#include "base/row.h"
#include "certificate-list.h"
#include "pem-block.h"

/* A .p7b with more is no chain. */
#define PKCS7_MAX 256

/* What is wrong with a certificate that its CA has to mend; all else is damage. */
static const struct fault {
	int code;
	const char *words;
} faults[] = {
	{ GNUTLS_E_X509_DUPLICATE_EXTENSION,
	  "it has the same extension twice (RFC 5280 section 4.2 forbids it)" },
	{ GNUTLS_E_CERTIFICATE_TIME_ERROR,
	  "its dates are not written as they must be: in UTC with seconds, ending in Z "
	  "(RFC 5280 section 4.1.2.5)" },
	{ GNUTLS_E_ASN1_TIME_ERROR,
	  "its dates are not written as they must be: in UTC with seconds, ending in Z "
	  "(RFC 5280 section 4.1.2.5)" },
	{ GNUTLS_E_CERTIFICATE_ERROR, "it breaks a rule of RFC 5280" },
	{ GNUTLS_E_X509_UNSUPPORTED_EXTENSION, "it has an extension that can't be read" },
};

void certificate_list_clear(struct certificate_list *list)
{
	g_clear_pointer(&list->ders, g_ptr_array_unref);
}

/* Appends a copy of the DER bytes. */
static void add(GPtrArray *ders, const void *der, gsize length)
{
	g_ptr_array_add(ders, g_bytes_new(der, length));
}

/* A signature is whole bytes. GnuTLS imports one with bits that are said to be unused, and believes
 * no CA with it; OpenSSL can't read it at all.
 */
static bool has_unused_bits(const void *der, gsize length)
{
	struct der rest = { der, length }, certificate, part;
	guint8 tag;

	return der_expect(&rest, DER_SEQUENCE, &certificate) &&
	       der_next(&certificate, &tag, &part) && der_next(&certificate, &tag, &part) &&
	       der_expect(&certificate, DER_BIT_STRING, &part) && part.length > 0 &&
	       part.data[0] != 0;
}

gnutls_x509_crt_t certificate_parse(const void *der, gsize length, GError **error)
{
	gnutls_datum_t datum = { (unsigned char *)der, (unsigned)length };
	gnutls_x509_crt_t certificate = NULL;
	int code = gnutls_x509_crt_init(&certificate);
	const struct fault *fault;

	if (code >= 0)
		code = gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER);
	if (code >= 0 && has_unused_bits(der, length))
		code = GNUTLS_E_CERTIFICATE_ERROR;
	if (code >= 0)
		return certificate;
	if (certificate)
		gnutls_x509_crt_deinit(certificate);
	fault = ROW_NUMBERED(faults, code);
	if (fault)
		return devid_error_null(error, DEVID_BAD_DATA, "certificate-malformed", NULL,
					"a certificate in it can't be used as its CA made it: %s",
					fault->words);
	return devid_error_null(error, DEVID_BAD_DATA, "damaged", NULL,
				"a certificate in it can't be read: %s", gnutls_strerror(code));
}

bool certificate_is_pkcs7(const void *der, gsize length)
{
	/* OBJECT IDENTIFIER 1.2.840.113549.1.7.2, after a header of any length. */
	static const guint8 signed_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					      0xf7, 0x0d, 0x01, 0x07, 0x02 };
	const guint8 *bytes = der;
	gsize header;

	if (length < 2 || bytes[0] != DER_SEQUENCE)
		return false;
	header = bytes[1] & 0x80 ? 2 + (gsize)(bytes[1] & 0x7f) : 2;
	return length >= header + sizeof(signed_data) &&
	       memcmp(bytes + header, signed_data, sizeof(signed_data)) == 0;
}

bool certificate_read_pkcs7(const void *der, gsize length, GPtrArray *ders)
{
	gnutls_datum_t datum = { (unsigned char *)der, (unsigned)length };
	gnutls_pkcs7_t pkcs7;
	int count = -1;

	if (gnutls_pkcs7_init(&pkcs7) < 0)
		return false;
	if (gnutls_pkcs7_import(pkcs7, &datum, GNUTLS_X509_FMT_DER) >= 0)
		count = gnutls_pkcs7_get_crt_count(pkcs7);
	for (int i = 0; i < count && i < PKCS7_MAX; i++) {
		g_auto(gnutls_datum_t) one = { NULL, 0 };

		if (gnutls_pkcs7_get_crt_raw2(pkcs7, (unsigned)i, &one) < 0)
			count = -1;
		else
			add(ders, one.data, one.size);
	}
	gnutls_pkcs7_deinit(pkcs7);
	return count >= 0 && count <= PKCS7_MAX;
}

static bool bad(GError **error, const char *what)
{
	return devid_error_set(error, DEVID_BAD_DATA, "damaged", NULL,
			       "there is no certificate in it that can be read: %s is damaged",
			       what);
}

/* As every program takes it: from the line's beginning, without blanks. */
static bool is_strict(const struct pem_block *block, const char *start)
{
	g_autofree guint8 *scratch = g_malloc(block->text_length / 4 * 3 + 3);

	return (block->whole == start || block->whole[-1] == '\n') &&
	       base64_decode(block->text, block->text_length, scratch) > 0;
}

/* A certificate, or PKCS#7 where somebody's tool writes CERTIFICATE over it. */
static bool add_der(struct certificate_list *list, const void *der, gsize length, GError **error)
{
	if (certificate_is_pkcs7(der, length)) {
		list->pem = list->plain_pem = false;
		return certificate_read_pkcs7(der, length, list->ders) || bad(error, "the PKCS#7");
	}
	add(list->ders, der, length);
	return true;
}

static bool read_block(struct certificate_list *list, const struct pem_block *block, GError **error)
{
	static const char *const labels[] = { "CERTIFICATE", "X509 CERTIFICATE", "PKCS7",
					      "PKCS #7 SIGNED DATA", "CMS" };
	AUTO_SECRET struct secret der = SECRET_INIT;
	bool ours = false;

	if (pem_ends_with(block, "PRIVATE KEY")) {
		list->keys++;
		return true;
	}
	if (pem_is(block, "TRUSTED CERTIFICATE"))
		return devid_error_set(error, DEVID_UNSUPPORTED, NULL,
				       "convert it: openssl x509 -in FILE -out CERTIFICATE",
				       "the certificate is in OpenSSL's own format");
	for (gsize i = 0; !ours && i < G_N_ELEMENTS(labels); i++)
		ours = pem_is(block, labels[i]);
	if (!ours)
		return true;
	if (!pem_decode(block, &der))
		return bad(error, "a PEM block");
	return add_der(list, der.data, der.length, error);
}

static bool is_private_key(const void *der, gsize length)
{
	gnutls_datum_t datum = { (unsigned char *)der, (unsigned)length };
	g_auto(gnutls_x509_privkey_t) key = NULL;

	return gnutls_x509_privkey_init(&key) >= 0 &&
	       (gnutls_x509_privkey_import(key, &datum, GNUTLS_X509_FMT_DER) >= 0 ||
		gnutls_x509_privkey_import_pkcs8(key, &datum, GNUTLS_X509_FMT_DER, NULL,
						 GNUTLS_PKCS_PLAIN) >= 0);
}

static bool read_pem(struct certificate_list *list, const char *text, gsize length, GError **error)
{
	const char *at = text;
	struct pem_block block;
	bool cut;

	while (pem_next(&at, text + length, &block, &cut)) {
		if (!pem_ends_with(&block, "PRIVATE KEY"))
			list->plain_pem = list->plain_pem && is_strict(&block, text);
		if (!read_block(list, &block, error))
			return false;
	}
	return !cut || bad(error, "a PEM block without its END line");
}

bool certificate_list_read(const void *data, gsize length, struct certificate_list *list,
			   GError **error)
{
	AUTO_SECRET struct secret plain = SECRET_INIT;
	bool undressed = pem_undress(data, length, &plain);

	*list = CERTIFICATE_LIST_INIT;
	list->ders = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	if (undressed) {
		data = plain.data;
		length = plain.length;
	}
	if (pem_present(data, length)) {
		list->pem = list->plain_pem = !undressed;
		return read_pem(list, data, length, error);
	}
	if (length == 0 || *(const guint8 *)data != DER_SEQUENCE)
		return true;
	if (is_private_key(data, length)) {
		list->keys++;
		return true;
	}
	return add_der(list, data, length, error);
}
