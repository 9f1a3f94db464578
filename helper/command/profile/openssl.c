/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of OpenSSL, by their configuration file: the pkcs11 engine, or pkcs11-provider. */
#include <config.h>
#include <glib.h>

#include "openssl.h"
#include "profile.h"
#include "support.h"

#define BEGINS                        \
	"openssl_conf = devid_init\n" \
	"\n"                          \
	"[devid_init]\n"

static void put_engine(const struct profile_request *profile, GString *text)
{
	g_string_append_printf(
		text,
		"# OPENSSL_CONF=THIS-FILE openssl s_client -engine pkcs11 -keyform engine \\\n"
		"#\t-key '%s;type=private' -cert FILE …, with the file of devid export\n" BEGINS
		"engines = devid_engines\n"
		"\n"
		"[devid_engines]\n"
		"pkcs11 = devid_engine\n"
		"\n"
		"[devid_engine]\n"
		"engine_id = pkcs11\n"
		"dynamic_path = " DEVID_ENGINES_DIR "/pkcs11.so\n"
		"MODULE_PATH = %s\n"
		"init = 0\n",
		profile->identity->uri, profile->module);
}

void openssl_put_provider(const struct profile_request *profile, GString *text)
{
	g_string_append_printf(text,
			       BEGINS "providers = devid_providers\n"
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
			       profile->module);
}

bool profile_openssl(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	struct profile_file *file =
		profile_file_add(files, profile_own_path(profile, "openssl"), 0600);

	if (profile->way == PROFILE_ENGINE) {
		put_engine(profile, file->text);
		return true;
	}
	g_string_append_printf(
		file->text,
		"# OPENSSL_CONF=THIS-FILE openssl s_client -key '%s;type=private' \\\n"
		"#\t-cert '%s;type=cert' …\n",
		profile->identity->uri, profile->identity->uri);
	openssl_put_provider(profile, file->text);
	return true;
}
