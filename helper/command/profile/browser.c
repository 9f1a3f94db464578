/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firefox and Chromium: the module, by policy or in NSS's database, and which sites get the
 * certificate. */
#include <glib.h>
#include <gnutls/x509.h>
#include <stdbool.h>

#include "base/json-build.h"
#include "profile.h"
#include "support.h"

static void print_policy(GPtrArray *files, const char *path, JsonBuilder *builder)
{
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, true);
	struct profile_file *file = profile_file_add(files, g_strdup(path), 0644);

	file->plain = true;
	g_string_append_printf(file->text, "%s\n", text);
}

bool profile_firefox(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_begin_object(builder, "policies");
	json_begin_object(builder, "SecurityDevices");
	json_begin_object(builder, "Add");
	json_text(builder, "devid", profile->module);
	for (int i = 0; i < 4; i++)
		json_builder_end_object(builder);
	print_policy(files, "/etc/firefox/policies/policies.json", builder);
	return true;
}

/* A filter is JSON in a string of JSON; the issuer is what tells device certificates from
 * others. */
static char *auto_select(const struct profile_request *profile)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *pattern = g_strdup_printf("https://%s", profile->gateway);
	char issuer[256];
	size_t size = sizeof(issuer);

	json_text(builder, "pattern", pattern);
	json_begin_object(builder, "filter");
	if (gnutls_x509_crt_get_issuer_dn_by_oid(profile->identity->chain[0],
						 GNUTLS_OID_X520_COMMON_NAME, 0, 0, issuer,
						 &size) >= 0) {
		json_begin_object(builder, "ISSUER");
		json_text(builder, "CN", issuer);
		json_builder_end_object(builder);
	}
	json_builder_end_object(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return json_to_string(root, false);
}

bool profile_chromium(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	g_autofree char *select = auto_select(profile);
	struct profile_file *file = profile_file_add(files, NULL, 0);

	g_string_append_printf(
		file->text,
		"mkdir -p \"$HOME/.pki/nssdb\"\n"
		"modutil -force -dbdir \"sql:$HOME/.pki/nssdb\" -add devid -libfile %s\n",
		profile->module);
	json_begin_array(builder, "AutoSelectCertificateForUrls");
	json_builder_add_string_value(builder, select);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	print_policy(files, "/etc/chromium/policies/managed/devid.json", builder);
	return true;
}
