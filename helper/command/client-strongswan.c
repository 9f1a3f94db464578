/* strongSwan: the module for charon's pkcs11 plugin, and an IKEv2 connection for swanctl. */
#include "client.h"

/* Dots would divide the name of a section. */
static char *section_name(const struct client_profile *profile)
{
	return g_strdelimit(g_strdup(profile->name), ".", '-');
}

gboolean client_strongswan(const struct client_profile *profile, GPtrArray *files, GError **error)
{
	g_autofree char *id = client_id(profile, false), *name = section_name(profile);
	struct client_file *file =
		client_file_add(files, g_strdup("/etc/strongswan.d/devid.conf"), 0644);

	(void)error;
	g_string_append_printf(file->text,
			       "charon {\n\tplugins {\n\t\tpkcs11 {\n\t\t\tmodules {\n"
			       "\t\t\t\tdevid {\n\t\t\t\t\tpath = %s\n\t\t\t\t\tload_certs = yes\n"
			       "\t\t\t\t}\n\t\t\t}\n\t\t}\n\t}\n}\n",
			       profile->module);
	file = client_file_add(
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
	if (profile->ca_file != NULL)
		g_string_append_printf(file->text, "\t\t\tcacerts = \"%s\"\n", profile->ca_file);
	else
		g_string_append(file->text,
				"\t\t\t# its CA is one of those in /etc/swanctl/x509ca\n");
	g_string_append_printf(
		file->text,
		"\t\t}\n\t\tchildren {\n\t\t\t%s {\n\t\t\t\tremote_ts = 0.0.0.0/0\n\t\t\t}\n\t\t}\n\t}\n}\n"
		"secrets {\n\t# Without a PIN the key is not looked for; what it is doesn't matter.\n"
		"\ttoken-%s {\n\t\thandle = %s\n\t\tmodule = devid\n\t\tpin = 0000\n\t}\n}\n",
		name, name, id);
	return TRUE;
}
