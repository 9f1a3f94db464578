/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wpa_supplicant on a wire, without NetworkManager: EAP-TLS through OpenSSL's pkcs11 engine. */
#include <config.h>
#include <glib.h>

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

bool profile_wpa_supplicant(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	g_autofree char *name = profile_common_name(profile);
	struct profile_file *file =
		profile_file_add(files,
				 g_strdup_printf("/etc/wpa_supplicant/wpa_supplicant-wired-%s.conf",
						 profile->gateway),
				 0600);

	g_string_append_printf(file->text,
			       "# systemctl start wpa_supplicant-wired@%s\n"
			       "ctrl_interface=/run/wpa_supplicant\n"
			       "ap_scan=0\n"
			       "pkcs11_engine_path=" DEVID_ENGINES_DIR "/pkcs11.so\n"
			       "pkcs11_module_path=%s\n"
			       "network={\n"
			       "\tkey_mgmt=IEEE8021X\n"
			       "\teap=TLS\n"
			       "\teapol_flags=0\n",
			       profile->gateway, profile->module);
	g_string_append_printf(file->text, "\t# %s\n", profile->user ? profile->user : name);
	append_text(file->text, "identity", profile->user ? profile->user : name);
	g_string_append_printf(file->text,
			       "\tca_cert=\"%s\"\n"
			       "\tengine=1\n"
			       "\tengine_id=\"pkcs11\"\n"
			       "\tkey_id=\"%s;type=private\"\n"
			       "\tcert_id=\"%s;type=cert\"\n"
			       "}\n",
			       profile->ca_file, profile->identity->uri, profile->identity->uri);
	return true;
}
