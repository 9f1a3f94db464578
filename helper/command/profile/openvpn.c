/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenVPN: a client's file, with the id by which pkcs11-helper knows the certificate. */
#include <ctype.h>
#include <string.h>
#include <gnutls/pkcs11.h>

#include "base/error.h"
#include "identity/token.h"
#include "profile.h"
#include "support.h"

#define TOKEN_TEXT_MAX 65

/* As `openvpn --show-pkcs11-ids` prints it: every character that isn't plain is \xHH. */
static void append_serialized(GString *id, const char *text)
{
	static const char special[] = "\\/\"'%&#@!?$* <>{}[]()`|";

	for (; *text != '\0'; text++)
		if (strchr(special, *text) || !isgraph((unsigned char)*text))
			g_string_append_printf(id, "\\x%02x", (unsigned char)*text);
		else
			g_string_append_c(id, *text);
	g_string_append_c(id, '/');
}

/* "pkcs11:model=…;manufacturer=…;serial=…;token=…" of the token with that label, as the module
 * says. */
static char *token_url(const char *label)
{
	for (unsigned i = 0;; i++) {
		char text[TOKEN_TEXT_MAX], *url;
		size_t size = sizeof(text);
		bool found;

		if (gnutls_pkcs11_token_get_url(i, GNUTLS_PKCS11_URL_GENERIC, &url) < 0)
			return NULL;
		found = gnutls_pkcs11_token_get_info(url, GNUTLS_PKCS11_TOKEN_LABEL, text, &size) >=
				0 &&
			strcmp(text, label) == 0;
		if (found) {
			char *copy = g_strdup(url);

			gnutls_free(url);
			return copy;
		}
		gnutls_free(url);
	}
}

/* What the token says of itself is asked of the module: only that counts. */
static char *serialized_id(const struct profile_request *profile, GError **error)
{
	static const gnutls_pkcs11_token_info_t parts[] = { GNUTLS_PKCS11_TOKEN_MANUFACTURER,
							    GNUTLS_PKCS11_TOKEN_MODEL,
							    GNUTLS_PKCS11_TOKEN_SERIAL,
							    GNUTLS_PKCS11_TOKEN_LABEL };
	g_autoptr(GString) id = g_string_new(NULL);
	g_autofree char *id_hex = profile_id(profile->identity), *hex = g_ascii_strup(id_hex, -1);
	g_autofree char *url = NULL;

	if (!token_load_own(error))
		return NULL;
	url = token_url(profile->identity->token);
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		char text[TOKEN_TEXT_MAX];
		size_t size = sizeof(text);

		if (!url || gnutls_pkcs11_token_get_info(url, parts[i], text, &size) < 0)
			return devid_error_null(error, DEVID_NOT_FOUND, NULL,
						"see what is wrong with the module: devid doctor",
						"%s: the module shows no such token",
						profile->identity->token);
		append_serialized(id, text);
	}
	g_string_append(id, hex);
	return g_string_free(g_steal_pointer(&id), false);
}

bool profile_openvpn(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	g_autofree char *id = serialized_id(profile, error);
	struct profile_file *file;

	if (!id)
		return false;
	file = profile_file_add(
		files, g_strdup_printf("/etc/openvpn/client/%s.conf", profile->name), 0600);
	g_string_append_printf(
		file->text,
		"# systemctl start openvpn-client@%s\n"
		"# No \"user nobody\" beside this: the machine's agent signs for root and for whom\n"
		"# SystemUsers= names, and keys are used again when the session is renewed.\n"
		"client\n"
		"dev tun\n"
		"proto udp\n"
		"remote %s %s\n"
		"nobind\n"
		"resolv-retry infinite\n"
		"ca '%s'\n"
		"remote-cert-tls server\n",
		profile->name, profile->host, profile->port ? profile->port : "1194",
		profile_ca_file(profile));
	if (!profile_host_is_address(profile))
		g_string_append_printf(file->text, "verify-x509-name %s name\n", profile->host);
	g_string_append_printf(file->text, "pkcs11-providers %s\npkcs11-id '%s'\n", profile->module,
			       id);
	return true;
}
