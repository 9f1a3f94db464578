/* Distinguished names as devid prints them: in the order in which they are encoded, in UTF-8, with
 * the escapes of RFC 4514 section 2.4.
 */
#include <string.h>
#include <gnutls/x509.h>
#include <devid/check.h>
#include "name.h"
#include "text.h"

/* Short names: RFC 4514 section 3, and what certificates of devices carry besides. */
static const struct {
	const char *oid;
	const char *name;
} attributes[] = {
	{ "2.5.4.3", "CN" },
	{ "2.5.4.6", "C" },
	{ "2.5.4.7", "L" },
	{ "2.5.4.8", "ST" },
	{ "2.5.4.10", "O" },
	{ "2.5.4.11", "OU" },
	{ "2.5.4.9", "STREET" },
	{ "0.9.2342.19200300.100.1.25", "DC" },
	{ "0.9.2342.19200300.100.1.1", "UID" },
	{ "1.2.840.113549.1.9.1", "emailAddress" },
	{ "2.5.4.4", "SN" },
	{ "2.5.4.5", "serialNumber" },
	{ "2.5.4.12", "title" },
	{ "2.5.4.13", "description" },
	{ "2.5.4.15", "businessCategory" },
	{ "2.5.4.17", "postalCode" },
	{ "2.5.4.42", "GN" },
	{ "2.5.4.43", "initials" },
	{ "2.5.4.44", "generationQualifier" },
	{ "2.5.4.46", "dnQualifier" },
	{ "2.5.4.65", "pseudonym" },
	{ "2.5.4.97", "organizationIdentifier" },
	{ "1.2.840.113549.1.9.2", "unstructuredName" },
	{ "1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC" },
};

/* How the bytes of a string type become UTF-8: the encoding's name for g_convert(), NULL for UTF-8.
 */
static const struct {
	unsigned long tag;
	const char *encoding;
} string_types[] = {
	{ 12, NULL },	      /* UTF8String */
	{ 18, NULL },	      /* NumericString */
	{ 19, NULL },	      /* PrintableString */
	{ 20, "ISO-8859-1" }, /* T61String: nobody writes real T.61 */
	{ 22, NULL },	      /* IA5String */
	{ 26, NULL },	      /* VisibleString */
	{ 28, "UTF-32BE" },   /* UniversalString */
	{ 30, "UTF-16BE" },   /* BMPString */
};

char *name_string_value(unsigned long tag, const void *data, gsize length, gsize *out_length)
{
	for (gsize i = 0; i < G_N_ELEMENTS(string_types); i++) {
		if (string_types[i].tag != tag)
			continue;
		*out_length = length;
		if (!string_types[i].encoding)
			return g_strndup(length ? data : "", length);
		return g_convert(data, length, "UTF-8", string_types[i].encoding, NULL, out_length,
				 NULL);
	}
	return NULL;
}

/* GnuTLS counts the NUL of an OID's text among its bytes. */
static void append_key(GString *out, const gnutls_datum_t *oid)
{
	gsize length = strnlen((const char *)oid->data, oid->size);

	for (gsize i = 0; i < G_N_ELEMENTS(attributes); i++)
		if (strlen(attributes[i].oid) == length &&
		    memcmp(attributes[i].oid, oid->data, length) == 0) {
			g_string_append(out, attributes[i].name);
			return;
		}
	text_append_escaped(out, (const char *)oid->data, length, "");
}

/* RFC 4514 section 2.4: a blank or # in front and a blank at the end are escaped as well. */
static void append_string(GString *out, const char *text, gsize length)
{
	gsize blank_end = length > 1 && text[length - 1] == ' ' ? 1 : 0;

	if (length && (*text == ' ' || *text == '#')) {
		g_string_append_printf(out, "\\%c", *text);
		text++;
		length--;
	}
	text_append_escaped(out, text, length - blank_end, "\"+,;<>\\");
	if (blank_end)
		g_string_append(out, "\\ ");
}

/* A value that is no string: # and the hex of its DER. */
static void append_der(GString *out, const gnutls_x509_ava_st *ava)
{
	gsize length = ava->value.size;

	g_string_append_printf(out, "#%02lX", ava->value_tag & 0xff);
	if (length < 0x80)
		g_string_append_printf(out, "%02zX", length);
	else if (length < 0x100)
		g_string_append_printf(out, "81%02zX", length);
	else
		g_string_append_printf(out, "82%04zX", length & 0xffff);
	for (gsize i = 0; i < length; i++)
		g_string_append_printf(out, "%02X", ava->value.data[i]);
}

static void append_attribute(GString *out, const gnutls_x509_ava_st *ava)
{
	gsize length = 0;
	g_autofree char *text =
		name_string_value(ava->value_tag, ava->value.data, ava->value.size, &length);

	append_key(out, &ava->oid);
	g_string_append_c(out, '=');
	if (text)
		append_string(out, text, length);
	else
		append_der(out, ava);
}

char *devid_name_to_string(const gnutls_datum_t *der_name)
{
	GString *out = g_string_new(NULL);
	gnutls_x509_ava_st ava;
	gnutls_x509_dn_t name = NULL;

	if (gnutls_x509_dn_init(&name) < 0 || gnutls_x509_dn_import(name, der_name) < 0) {
		if (name)
			gnutls_x509_dn_deinit(name);
		g_string_free(out, TRUE);
		return NULL;
	}
	for (int rdn = 0; gnutls_x509_dn_get_rdn_ava(name, rdn, 0, &ava) >= 0; rdn++) {
		g_string_append(out, rdn ? ", " : "");
		append_attribute(out, &ava);
		for (int i = 1; gnutls_x509_dn_get_rdn_ava(name, rdn, i, &ava) >= 0; i++) {
			g_string_append_c(out, '+');
			append_attribute(out, &ava);
		}
	}
	gnutls_x509_dn_deinit(name);
	return g_string_free(out, FALSE);
}

static char *raw_name_to_string(gnutls_x509_crt_t certificate,
				int (*get)(gnutls_x509_crt_t, gnutls_datum_t *))
{
	gnutls_datum_t der = { NULL, 0 };
	char *text = NULL;

	if (get(certificate, &der) >= 0)
		text = devid_name_to_string(&der);
	gnutls_free(der.data);
	return text;
}

char *devid_subject_to_string(gnutls_x509_crt_t certificate)
{
	return raw_name_to_string(certificate, gnutls_x509_crt_get_raw_dn);
}

char *devid_issuer_to_string(gnutls_x509_crt_t certificate)
{
	return raw_name_to_string(certificate, gnutls_x509_crt_get_raw_issuer_dn);
}
