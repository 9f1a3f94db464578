/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl and git: a client certificate for HTTPS. */
#include <glib.h>

#include "profile.h"
#include "support.h"

/* Not ~/.curlrc: that would offer the certificate to every server that asks for one. */
bool profile_curl(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	struct profile_file *file =
		profile_file_add(files, profile_own_path(profile, "curl"), 0600);
	bool provider = profile->way == PROFILE_PROVIDER;

	/* The types are told: curl guesses the engine where it has both. */
	g_string_append_printf(
		file->text,
		"# %scurl --config THIS-FILE https://%s/ (%s)\n"
		"cert = \"%s;type=cert\"\n"
		"key = \"%s;type=private\"\n"
		"%s",
		provider ? "OPENSSL_CONF=FILE " : "", profile->gateway,
		provider ? "needs curl 8.12; FILE: devid profile openssl --for provider"
			 : "needs libengine-pkcs11-openssl",
		profile->identity->uri, profile->identity->uri,
		provider ? "cert-type = \"PROV\"\nkey-type = \"PROV\"\n" : "");
	if (profile->ca_file)
		g_string_append_printf(file->text, "cacert = \"%s\"\n", profile->ca_file);
	return true;
}

/* GnuTLS takes a URI where git names a file; the value is quoted, for ";" begins a comment. */
bool profile_git(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	struct profile_file *file =
		profile_file_add(files, g_strdup_printf("%s/.gitconfig", profile->home), 0644);

	file->part = g_strdup(profile->gateway);
	g_string_append_printf(
		file->text,
		"# For a git whose curl uses GnuTLS (git-remote-https links libcurl-gnutls).\n"
		"[http \"https://%s/\"]\n"
		"\tsslCert = \"%s;type=cert\"\n"
		"\tsslKey = \"%s;type=private\"\n",
		profile->gateway, profile->identity->uri, profile->identity->uri);
	if (profile->ca_file)
		g_string_append_printf(file->text, "\tsslCAInfo = \"%s\"\n", profile->ca_file);
	return true;
}
