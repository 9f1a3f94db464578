/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Distinguished names as devid prints them: in the order in which they are encoded, in UTF-8, with
 * the escapes of RFC 4514 section 2.4.
 */
#include <string.h>
#include <devid/check.h>
#include "der.h"
#include "name.h"
#include "row.h"
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

/* How the bytes of a string type become UTF-8: the encoding's name for g_convert(), NULL for
 * UTF-8. */
static const struct string_type {
	unsigned tag;
	const char *encoding;
	bool wide; /* a character is not a byte, even of ASCII */
} string_types[] = {
	{ 12, NULL },			  /* UTF8String */
	{ 18, NULL },			  /* NumericString */
	{ 19, NULL },			  /* PrintableString */
	{ 20, "ISO-8859-1" },		  /* T61String: nobody writes real T.61 */
	{ 22, NULL },			  /* IA5String */
	{ 26, NULL },			  /* VisibleString */
	{ 28, "UTF-32BE", .wide = true }, /* UniversalString */
	{ 30, "UTF-16BE", .wide = true }, /* BMPString */
};

bool name_is_string(unsigned long tag)
{
	return ROW_NUMBERED(string_types, (int)tag) != NULL;
}

bool name_keeps_ascii(unsigned long tag)
{
	const struct string_type *type = ROW_NUMBERED(string_types, (int)tag);

	return type && !type->wide;
}

/* Not g_strndup(), which stops at a NUL: the bytes behind one belong to the name too. */
char *name_copy(const void *data, gsize length)
{
	char *copy = g_malloc(length + 1);

	if (length)
		memcpy(copy, data, length);
	copy[length] = '\0';
	return copy;
}

char *name_string_value(unsigned long tag, const void *data, gsize length, gsize *out_length)
{
	const struct string_type *type = ROW_NUMBERED(string_types, (int)tag);

	if (!type)
		return NULL;
	*out_length = length;
	if (!type->encoding)
		return name_copy(data, length);
	return g_convert(data, length, "UTF-8", type->encoding, NULL, out_length, NULL);
}

static bool append_key(GString *out, const struct der *oid)
{
	g_autofree char *text = der_oid_text(oid);

	for (gsize i = 0; text && i < G_N_ELEMENTS(attributes); i++)
		if (strcmp(attributes[i].oid, text) == 0) {
			g_string_append(out, attributes[i].name);
			return true;
		}
	g_string_append(out, text ? text : "");
	return text != NULL;
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

/* `attribute` is the content of an AttributeTypeAndValue. What is no string becomes # and the hex
 * of its DER.
 */
static bool append_attribute(GString *out, struct der attribute)
{
	struct der oid, value, whole;
	g_autofree char *text = NULL;
	gsize length = 0;
	guint8 tag;

	if (!der_expect(&attribute, DER_OID, &oid) || !append_key(out, &oid))
		return false;
	whole = attribute;
	if (!der_next(&attribute, &tag, &value) || attribute.length)
		return false;
	g_string_append_c(out, '=');
	text = name_string_value(tag, value.data, value.length, &length);
	if (text) {
		append_string(out, text, length);
		return true;
	}
	g_string_append_c(out, '#');
	for (gsize i = 0; i < whole.length; i++)
		g_string_append_printf(out, "%02X", whole.data[i]);
	return true;
}

static bool append_rdn(GString *out, struct der rdn)
{
	const char *separator = "";
	struct der attribute;

	do {
		if (!der_expect(&rdn, DER_SEQUENCE, &attribute))
			return false;
		g_string_append(out, separator);
		if (!append_attribute(out, attribute))
			return false;
		separator = "+";
	} while (rdn.length);
	return true;
}

/* By hand, from the bytes as they are: GnuTLS prints names reversed, and gives values without their
 * DER. */
char *devid_name_to_string(const gnutls_datum_t *der_name)
{
	struct der rest = { der_name->data, der_name->size };
	struct der name, rdn;
	GString *out = g_string_new(NULL);
	bool good = der_expect(&rest, DER_SEQUENCE, &name) && rest.length == 0;
	const char *separator = "";

	while (good && name.length) {
		g_string_append(out, separator);
		good = der_expect(&name, DER_SET, &rdn) && append_rdn(out, rdn);
		separator = ", ";
	}
	return g_string_free(out, !good);
}

bool name_take_attribute(struct der attribute, struct der *oid, guint8 *tag, struct der *value)
{
	return der_expect(&attribute, DER_OID, oid) && der_next(&attribute, tag, value) &&
	       attribute.length == 0;
}

bool name_next_attribute(struct der *name, struct der *rdn, struct der *oid, guint8 *tag,
			 struct der *value)
{
	struct der attribute;

	return (rdn->length || der_expect(name, DER_SET, rdn)) &&
	       der_expect(rdn, DER_SEQUENCE, &attribute) &&
	       name_take_attribute(attribute, oid, tag, value);
}
