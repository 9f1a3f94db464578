/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wpa_supplicant on a wire, without NetworkManager: EAP-TLS by OpenSSL's pkcs11 engine, or by
 * pkcs11-provider. */
#include <config.h>
#include <glib.h>

#include "identity/export.h"
#include "openssl.h"
#include "profile.h"
#include "support.h"

/* A string in quotes has no escapes; hex says everything. */
static void append_text(GString *text, const char *name, const char *value)
{
	g_string_append_printf(text, "\t%s=", name);
	for (; *value != '\0'; value++)
		g_string_append_printf(text, "%02x", (unsigned char)*value);
	g_string_append_c(text, '\n');
}

/* What stands beside the main file, below the same folder. */
static char *beside(const struct profile_request *profile, const char *suffix)
{
	return g_strdup_printf("/etc/wpa_supplicant/devid-%s%s", profile->gateway, suffix);
}

static void put_engine(const struct profile_request *profile, GString *text)
{
	g_string_append_printf(text,
			       "\tengine=1\n"
			       "\tengine_id=\"pkcs11\"\n"
			       "\tkey_id=\"%s;type=private\"\n"
			       "\tcert_id=\"%s;type=cert\"\n",
			       profile->identity->uri, profile->identity->uri);
}

/* Without engines it takes files alone, and its OpenSSL is told of the provider by its unit. The
 * certificate is a copy. */
static bool put_provider(const struct profile_request *profile, GString *text, GPtrArray *files,
			 GError **error)
{
	g_autofree char *certificate = beside(profile, ".crt"), *key = beside(profile, ".key");
	g_autofree char *conf = beside(profile, "-openssl.cnf");
	struct profile_file *file;

	g_string_append_printf(text,
			       "\t# To be made again after each renewal.\n"
			       "\tclient_cert=\"%s\"\n"
			       "\tprivate_key=\"%s\"\n",
			       certificate, key);
	file = profile_file_add(files, g_strdup(certificate), 0644);
	file->plain = true;
	if (!identity_export_chain(profile->identity, false, file->text, error))
		return false;
	file = profile_file_add(files, g_strdup(key), 0600);
	file->plain = true;
	if (!identity_export_reference(profile->identity, file->text, error))
		return false;
	openssl_put_provider(profile, profile_file_add(files, g_strdup(conf), 0644)->text);
	file = profile_file_add(
		files,
		g_strdup_printf("/etc/systemd/system/wpa_supplicant-wired@%s.service.d/devid.conf",
				profile->gateway),
		0644);
	g_string_append_printf(file->text, "[Service]\nEnvironment=OPENSSL_CONF=%s\n", conf);
	return true;
}

bool profile_wpa_supplicant(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	g_autofree char *name = profile_common_name(profile);
	bool engine = profile->way == PROFILE_ENGINE;
	struct profile_file *file =
		profile_file_add(files,
				 g_strdup_printf("/etc/wpa_supplicant/wpa_supplicant-wired-%s.conf",
						 profile->gateway),
				 0600);

	g_string_append_printf(file->text,
			       "# systemctl start wpa_supplicant-wired@%s\n"
			       "ctrl_interface=/run/wpa_supplicant\n"
			       "ap_scan=0\n",
			       profile->gateway);
	if (engine)
		g_string_append_printf(file->text,
				       "pkcs11_engine_path=" DEVID_ENGINES_DIR "/pkcs11.so\n"
				       "pkcs11_module_path=%s\n",
				       profile->module);
	g_string_append_printf(file->text,
			       "network={\n"
			       "\tkey_mgmt=IEEE8021X\n"
			       "\teap=TLS\n"
			       "\teapol_flags=0\n"
			       "\t# %s\n",
			       profile->user ? profile->user : name);
	append_text(file->text, "identity", profile->user ? profile->user : name);
	g_string_append_printf(file->text, "\tca_cert=\"%s\"\n", profile->ca_file);
	if (engine)
		put_engine(profile, file->text);
	else if (!put_provider(profile, file->text, files, error))
		return false;
	g_string_append(file->text, "}\n");
	return true;
}
