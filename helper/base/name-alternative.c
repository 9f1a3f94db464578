/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The alternative names of a certificate as devid prints them: what a device is known by where its
 * subject is empty.
 */
#include <gio/gio.h>
#include <devid/check.h>
#include <gnutls/x509-ext.h>
#include "auto-gnutls.h"
#include "der.h"
#include "name-alternative.h"
#include "name.h"
#include "text.h"

#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define TAG_OTHER	     0xa0
#define TAG_VALUE	     0xa0

/* id-ms-UPN, the user or machine in Active Directory. */
static const guint8 oid_upn[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03 };

static void append_text(GString *out, struct der name)
{
	text_append_escaped(out, (const char *)name.data, name.length, ",\\");
}

static void append_ip(GString *out, struct der name)
{
	g_autoptr(GInetAddress) address = NULL;
	g_autofree char *text = NULL;

	if (name.length == 4 || name.length == 16)
		address = g_inet_address_new_from_bytes(
			name.data, name.length == 4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
	text = address ? g_inet_address_to_string(address) : NULL;
	g_string_append(out, text ? text : "(unreadable)");
}

static void append_directory(GString *out, struct der name)
{
	const gnutls_datum_t der = { (unsigned char *)name.data, (unsigned)name.length };
	char *text = devid_name_to_string(&der);

	g_string_append_printf(out, "(%s)", text ? text : "unreadable");
	free(text);
}

static void append_other(GString *out, struct der name)
{
	const struct der upn = { oid_upn, sizeof(oid_upn) };
	struct der oid, explicit, value;
	g_autofree char *text = NULL;
	gsize length = 0;
	guint8 tag;

	if (der_expect(&name, DER_OID, &oid) && der_equal(&oid, &upn) &&
	    der_expect(&name, TAG_VALUE, &explicit) && der_next(&explicit, &tag, &value))
		text = name_string_value(tag, value.data, value.length, &length);
	if (text)
		text_append_escaped(out, text, length, ",\\");
	else
		g_string_append(out, "(another kind)");
}

static const struct {
	guint8 tag;
	const char *title;
	void (*append)(GString *out, struct der name);
} kinds[] = {
	{ NAME_TAG_DNS, "DNS:", append_text },		 { NAME_TAG_MAIL, "email:", append_text },
	{ NAME_TAG_URI, "URI:", append_text },		 { NAME_TAG_IP, "IP:", append_ip },
	{ NAME_TAG_DIRECTORY, "DN:", append_directory }, { TAG_OTHER, "UPN:", append_other },
};

static void append_name(GString *out, guint8 tag, struct der name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (kinds[i].tag == tag) {
			g_string_append_printf(out, "%s%s", out->len ? ", " : "", kinds[i].title);
			kinds[i].append(out, name);
		}
}

char *name_alternatives_to_string(gnutls_x509_crt_t certificate)
{
	g_auto(gnutls_datum_t) extension = { NULL, 0 };
	GString *out = g_string_new(NULL);
	struct der rest, names, name;
	guint8 tag;

	if (gnutls_x509_crt_get_extension_by_oid2(certificate, OID_SUBJECT_ALT_NAME, 0, &extension,
						  NULL) >= 0) {
		rest = (struct der){ extension.data, extension.size };
		if (der_expect(&rest, DER_SEQUENCE, &names))
			while (der_next(&names, &tag, &name))
				append_name(out, tag, name);
	}
	return g_string_free(out, out->len == 0);
}
