/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --store and --tpm-auth: see store-words.h. */
#include "base/error.h"
#include "store-words.h"

static bool refuse(GError **error, const char *command, const char *text)
{
	g_autofree char *hint = g_strdup_printf("devid help %s", command);

	return devid_error_set(error, DEVID_USAGE, NULL, hint, "%s: %s", command, text);
}

bool store_words_judge(const char *command, enum scope scope, bool foreign, const char *store,
		       const char *tpm_auth, GError **error)
{
	static const char *const stores[] = { "keyring", "file", "tpm", NULL };
	static const char *const auths[] = { "keyring", "credential", "none", NULL };

	if (store && !g_strv_contains(stores, store))
		return refuse(error, command,
			      foreign ? "--store is keyring, file, tpm, or a pkcs11: URI"
				      : "--store is keyring, file or tpm");
	if (scope == SCOPE_SYSTEM && g_strcmp0(store, "keyring") == 0)
		return refuse(error, command,
			      "the machine has no keyring: --store file or tpm, or --user");
	if (tpm_auth && g_strcmp0(store, "tpm") != 0)
		return refuse(error, command, "--tpm-auth is for --store tpm");
	if (tpm_auth && !g_strv_contains(auths, tpm_auth))
		return refuse(error, command, "--tpm-auth is keyring, credential or none");
	if (scope == SCOPE_SYSTEM && g_strcmp0(tpm_auth, "keyring") == 0)
		return refuse(
			error, command,
			"the machine has no keyring: --tpm-auth credential or none, or --user");
	if (scope == SCOPE_USER && g_strcmp0(tpm_auth, "credential") == 0)
		return refuse(
			error, command,
			"the credential is the machine's: --tpm-auth keyring or none, or --system");
	return true;
}

const char *store_words_default(enum scope scope)
{
	return scope == SCOPE_SYSTEM ? "file" : "keyring";
}
