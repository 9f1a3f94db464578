/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PKCS#11 URI that names a foreign token: see token-uri.h. */
#include <stdlib.h>
#include <string.h>
#include <devid/reason.h>
#include <internal/secret.h>

#include "base/error.h"
#include "token-uri.h"

#define FILE_SCHEME "file:"

int token_uri_shown(const char *text)
{
	const char *pin = strstr(text, "pin-value");
	size_t path = strcspn(text, "?");

	return (int)(pin && (size_t)(pin - text) < path ? (size_t)(pin - text) : path);
}

P11KitUri *token_uri_parse(const char *text, GError **error)
{
	g_autoptr(P11KitUri) uri = p11_kit_uri_new();
	int code = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);

	if (code == P11_KIT_URI_OK)
		return g_steal_pointer(&uri);
	return devid_error_null(error, DEVID_USAGE, NULL,
				"as in 'pkcs11:token=My%20Card': RFC 7512",
				"%.*s: not a PKCS#11 URI: %s", token_uri_shown(text), text,
				p11_kit_uri_message(code));
}

bool token_uri_matches(P11KitUri *uri, const char *url)
{
	g_autoptr(P11KitUri) token = p11_kit_uri_new();

	return p11_kit_uri_parse(url, P11_KIT_URI_FOR_TOKEN, token) == P11_KIT_URI_OK &&
	       p11_kit_uri_match_token_info(uri, p11_kit_uri_get_token_info(token)) == 1;
}

char *token_uri_of_key(const char *text, GError **error)
{
	CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE class = { CKA_CLASS, &private_key, sizeof(private_key) };
	g_autoptr(P11KitUri) uri = token_uri_parse(text, error);
	g_autofree char *out = NULL;
	char *formatted = NULL;

	if (!uri)
		return NULL;
	if (!p11_kit_uri_get_attribute(uri, CKA_CLASS))
		p11_kit_uri_set_attribute(uri, &class);
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_ANY, &formatted) == P11_KIT_URI_OK)
		out = g_strdup(formatted);
	free(formatted);
	return g_steal_pointer(&out);
}

char *token_uri_object(P11KitUri *uri)
{
	CK_ATTRIBUTE_PTR label = p11_kit_uri_get_attribute(uri, CKA_LABEL);

	return !label || !label->pValue ? NULL : g_strndup(label->pValue, label->ulValueLen);
}

bool token_uri_pin(P11KitUri *uri, struct secret *pin, char **source, GError **error)
{
	const char *value = p11_kit_uri_get_pin_value(uri);
	const char *from = p11_kit_uri_get_pin_source(uri);
	enum devid_result result = !value ? DEVID_OK : secret_append(pin, value, strlen(value));

	*source = NULL;
	if (value)
		p11_kit_uri_set_pin_value(uri, NULL);
	if (result != DEVID_OK)
		return devid_error_set(error, result, NULL, NULL, "the PIN of the URI: %s",
				       devid_reason_for(result)->cause);
	if (from)
		*source = g_strdup(from +
				   (g_str_has_prefix(from, FILE_SCHEME) ? strlen(FILE_SCHEME) : 0));
	return true;
}
