/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strongSwan: the module for charon's pkcs11 plugin, and an IKEv2 connection for swanctl. */
#include "base/error.h"
#include "profile.h"
#include "support.h"

/* Dots would divide the name of a section. */
static char *section_name(const struct profile_request *profile)
{
	return g_strdelimit(g_strdup(profile->name), ".", '-');
}

/* swanctl reads what cacerts names, and Debian's AppArmor profile lets it read below /etc/swanctl
 * and the system's own certificates: of a file elsewhere nothing, and then strongswan.service
 * doesn't start, with none of its connections. So the certificates are put there, one a file as
 * swanctl takes them; not in x509ca, where each would be trusted for every connection. Answers what
 * cacerts says, or NULL.
 */
static char *add_ca_files(const struct profile_request *profile, const char *name, GPtrArray *files,
			  GError **error)
{
	g_autoptr(GString) names = g_string_new(NULL);
	g_autofree char *pem = NULL;
	gnutls_x509_crt_t *certificates = NULL;
	unsigned count = 0;
	gsize length;
	int code = 0;

	if (!g_file_get_contents(profile->ca_file, &pem, &length, error))
		return NULL;
	code = gnutls_x509_crt_list_import2(&certificates, &count,
					    &(gnutls_datum_t){ (unsigned char *)pem, length },
					    GNUTLS_X509_FMT_PEM, 0);
	for (unsigned i = 0; i < count; i++) {
		struct profile_file *file;
		gnutls_datum_t text = { NULL, 0 };
		g_autofree char *path =
			i == 0 ? g_strdup_printf("/etc/swanctl/devid/%s.pem", name)
			       : g_strdup_printf("/etc/swanctl/devid/%s-%u.pem", name, i + 1);

		if (code >= 0)
			code = gnutls_x509_crt_export2(certificates[i], GNUTLS_X509_FMT_PEM, &text);
		g_string_append_printf(names, "%s%s", i == 0 ? "" : ", ", path);
		file = profile_file_add(files, g_steal_pointer(&path), 0644);
		file->plain = true;
		g_string_append_len(file->text, (const char *)text.data, text.size);
		gnutls_free(text.data);
		gnutls_x509_crt_deinit(certificates[i]);
	}
	gnutls_free(certificates);
	if (code >= 0)
		return g_string_free(g_steal_pointer(&names), false);
	return devid_error_null(error, DEVID_BAD_DATA, NULL, "name a PEM file of CA certificates",
				"--ca-file %s: %s", profile->ca_file, gnutls_strerror(code));
}

bool profile_strongswan(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	g_autofree char *id = profile_id(profile->identity), *name = section_name(profile);
	g_autofree char *ca_files = NULL;
	struct profile_file *file =
		profile_file_add(files, g_strdup("/etc/strongswan.d/devid.conf"), 0644);

	if (profile->ca_file) {
		ca_files = add_ca_files(profile, name, files, error);
		if (!ca_files)
			return false;
	}
	g_string_append_printf(file->text,
			       "charon {\n\tplugins {\n\t\tpkcs11 {\n\t\t\tmodules {\n"
			       "\t\t\t\tdevid {\n\t\t\t\t\tpath = %s\n\t\t\t\t\tload_certs = yes\n"
			       "\t\t\t\t}\n\t\t\t}\n\t\t}\n\t}\n}\n",
			       profile->module);
	file = profile_file_add(
		files, g_strdup_printf("/etc/swanctl/conf.d/devid-%s.conf", profile->name), 0600);
	g_string_append_printf(
		file->text,
		"# swanctl --load-all; swanctl --initiate --child %s\n"
		"# handle is the certificate's CKA_ID; it stays with devid import-cert --replace.\n"
		"connections {\n\t%s {\n\t\tversion = 2\n\t\tremote_addrs = %s\n\t\tvips = 0.0.0.0\n"
		"\t\tdpd_delay = 30s\n"
		"\t\tlocal {\n\t\t\tauth = pubkey\n\t\t\tcert1 {\n\t\t\t\thandle = %s\n"
		"\t\t\t\tmodule = devid\n\t\t\t}\n\t\t}\n"
		"\t\tremote {\n\t\t\tauth = pubkey\n\t\t\tid = %s\n",
		name, name, profile->host, id, profile->host);
	if (ca_files)
		g_string_append_printf(file->text, "\t\t\tcacerts = %s\n", ca_files);
	else
		g_string_append(file->text,
				"\t\t\t# its CA is one of those in /etc/swanctl/x509ca\n");
	g_string_append_printf(
		file->text,
		"\t\t}\n\t\tchildren {\n\t\t\t%s {\n\t\t\t\tremote_ts = 0.0.0.0/0\n\t\t\t}\n\t\t}\n\t}\n}\n"
		"secrets {\n\t# Without a PIN the key is not looked for; what it is doesn't matter.\n"
		"\ttoken-%s {\n\t\thandle = %s\n\t\tmodule = devid\n\t\tpin = 0000\n\t}\n}\n",
		name, name, id);
	return true;
}
