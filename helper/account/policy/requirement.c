/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an account asks of a device certificate besides its chain: RequireEKU=,
 * RequireExtension=. */
#include <string.h>
#include "base/auto-gnutls.h"
#include "base/conf.h"
#include "base/der.h"
#include "base/name.h"
#include "base/row.h"
#include "base/text.h"
#include "requirement.h"

#define HEX_PREFIX "hex:"

static const struct usage {
	const char *name;
	const char *oid;
} usages[] = {
	{ "serverAuth", "1.3.6.1.5.5.7.3.1" },	{ "clientAuth", "1.3.6.1.5.5.7.3.2" },
	{ "codeSigning", "1.3.6.1.5.5.7.3.3" }, { "emailProtection", "1.3.6.1.5.5.7.3.4" },
	{ "ipsecIKE", "1.3.6.1.5.5.7.3.17" },	{ "smartcardLogon", "1.3.6.1.4.1.311.20.2.2" },
};

const char *requirement_usage_name(const char *oid)
{
	for (gsize i = 0; i < G_N_ELEMENTS(usages); i++)
		if (strcmp(usages[i].oid, oid) == 0)
			return usages[i].name;
	return NULL;
}

static bool is_oid(const char *text)
{
	bool digit = false, dot = false;

	for (; *text; text++) {
		if (g_ascii_isdigit(*text))
			digit = true;
		else if (*text == '.' && digit && g_ascii_isdigit(text[1]))
			dot = true;
		else
			return false;
	}
	return dot;
}

char *requirement_set_eku(void *target, const char *value)
{
	struct requirement *requirement = target;
	g_auto(GStrv) words = conf_split_words(value);

	for (gsize i = 0; words[i]; i++) {
		const struct usage *usage = ROW_CALLED(usages, words[i]);
		const char *oid = is_oid(words[i]) ? words[i] : usage ? usage->oid : NULL;
		char *copy = g_strdup(oid);

		if (!oid)
			return g_strdup_printf("has %s, which is neither an OID nor a known usage",
					       words[i]);
		g_free(words[i]);
		words[i] = copy;
	}
	if (!*words)
		return g_strdup("names no usage");
	requirement->ekus = g_steal_pointer(&words);
	return NULL;
}

static bool is_hex(const char *text)
{
	gsize length = strlen(text);

	return length && length % 2 == 0 && strspn(text, "0123456789abcdefABCDEF") == length;
}

char *requirement_set_extension(void *target, const char *value)
{
	struct requirement *requirement = target;
	const char *equals = strchr(value, '=');
	g_autofree char *oid = equals ? g_strndup(value, equals - value) : g_strdup(value);
	g_auto(GStrv) values = equals ? conf_split(equals + 1, ";") : NULL;

	if (!is_oid(g_strstrip(oid)))
		return g_strdup("does not begin with an OID");
	for (gsize i = 0; values && values[i]; i++)
		if (g_str_has_prefix(values[i], HEX_PREFIX) &&
		    !is_hex(values[i] + strlen(HEX_PREFIX)))
			return g_strdup_printf("has %s, which is no hex", values[i]);
	if (values && !*values)
		return g_strdup("has = and no value after it");
	requirement->extension = g_steal_pointer(&oid);
	requirement->values = g_steal_pointer(&values);
	return NULL;
}

void requirement_clear(struct requirement *requirement)
{
	g_strfreev(requirement->ekus);
	g_strfreev(requirement->values);
	g_free(requirement->extension);
	memset(requirement, 0, sizeof(*requirement));
}

/* anyExtendedKeyUsage does not stand for a usage that is asked for (RFC 5280 section 4.2.1.12
 * leaves that to the application).
 */
static bool has_usage(gnutls_x509_crt_t certificate, const char *wanted)
{
	char oid[128];

	for (unsigned i = 0;; i++) {
		size_t size = sizeof(oid);
		int result = gnutls_x509_crt_get_key_purpose_oid(certificate, i, oid, &size, NULL);

		if (result == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (result < 0)
			return false;
		if (strcmp(oid, wanted) == 0)
			return true;
	}
}

/* An extension's value that is one DER string (or an OCTET STRING round text) as that text. */
static char *extension_text(const gnutls_datum_t *value, gsize *length)
{
	struct der rest = { value->data, value->size };
	struct der content;
	guint8 tag;

	if (!der_next(&rest, &tag, &content) || rest.length)
		return NULL;
	*length = content.length;
	if (tag == DER_OCTET_STRING)
		return name_copy(content.data, content.length);
	return name_string_value(tag, content.data, content.length, length);
}

static bool value_matches(const gnutls_datum_t *value, const char *wanted)
{
	g_autofree char *text = NULL;
	gsize length = 0;

	if (g_str_has_prefix(wanted, HEX_PREFIX)) {
		g_autofree char *hex = text_hex(value->data, value->size);

		return g_ascii_strcasecmp(hex, wanted + strlen(HEX_PREFIX)) == 0;
	}
	/* By length, not up to the first NUL: the certificate's author may have put one in. */
	text = extension_text(value, &length);
	if (text && length == strlen(wanted) && memcmp(text, wanted, length) == 0)
		return true;
	return value->size == strlen(wanted) && memcmp(value->data, wanted, value->size) == 0;
}

static bool has_extension(const struct requirement *requirement, gnutls_x509_crt_t certificate)
{
	g_auto(gnutls_datum_t) value = { NULL, 0 };

	if (gnutls_x509_crt_get_extension_by_oid2(certificate, requirement->extension, 0, &value,
						  NULL) < 0)
		return false;
	for (char **wanted = requirement->values; wanted && *wanted; wanted++)
		if (value_matches(&value, *wanted))
			return true;
	return !requirement->values;
}

const char *requirement_check(const struct requirement *requirement, gnutls_x509_crt_t certificate,
			      char **message)
{
	for (char **eku = requirement->ekus; eku && *eku; eku++) {
		const char *name = requirement_usage_name(*eku);

		if (has_usage(certificate, *eku))
			continue;
		*message = g_strdup_printf(
			"the certificate lacks the extended key usage %s, which the account asks for",
			name ? name : *eku);
		return "eku-missing";
	}
	if (requirement->extension && !has_extension(requirement, certificate)) {
		*message =
			g_strdup_printf("the certificate lacks the extension %s%s, which the "
					"account asks for",
					requirement->extension,
					requirement->values ? " with a value that is allowed" : "");
		return "extension-missing";
	}
	return NULL;
}
