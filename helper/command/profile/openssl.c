/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of OpenSSL 3, by their configuration file: the pkcs11 engine, and the provider beside
 * it. */
#include <config.h>
#include <glib.h>

#include "profile.h"
#include "support.h"

bool profile_openssl(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	struct profile_file *file =
		profile_file_add(files, profile_own_path(profile, "openssl"), 0600);

	g_string_append_printf(
		file->text,
		"# OPENSSL_CONF=THIS-FILE openssl s_client -engine pkcs11 -keyform engine \\\n"
		"#\t-key '%s;type=private' -cert FILE …, with the file of devid export\n"
		"openssl_conf = devid_init\n"
		"\n"
		"[devid_init]\n"
		"engines = devid_engines\n"
		"# With pkcs11-provider, in place of the line above; then -key URI is all:\n"
		"#providers = devid_providers\n"
		"\n"
		"[devid_engines]\n"
		"pkcs11 = devid_engine\n"
		"\n"
		"[devid_engine]\n"
		"engine_id = pkcs11\n"
		"dynamic_path = " DEVID_ENGINES_DIR "/pkcs11.so\n"
		"MODULE_PATH = %s\n"
		"init = 0\n"
		"\n"
		"[devid_providers]\n"
		"default = devid_default\n"
		"pkcs11 = devid_provider\n"
		"\n"
		"[devid_default]\n"
		"activate = 1\n"
		"\n"
		"[devid_provider]\n"
		"module = " DEVID_OSSL_MODULES_DIR "/pkcs11.so\n"
		"pkcs11-module-path = %s\n"
		"activate = 1\n",
		profile->identity->uri, profile->module, profile->module);
	return true;
}
