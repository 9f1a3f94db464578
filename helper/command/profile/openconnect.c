/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openconnect: a file for --config, and the same VPN in NetworkManager. */
#include <glib.h>

#include "profile.h"
#include "support.h"

bool profile_openconnect(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	struct profile_file *file =
		profile_file_add(files, profile_own_path(profile, "openconnect"), 0600);

	g_string_append_printf(
		file->text,
		"# openconnect --config THIS-FILE, as you: root can't reach your keyring\n"
		"protocol=anyconnect\n"
		"server=https://%s\n"
		"certificate=%s\n",
		profile->gateway, profile->identity->uri);
	if (profile->user)
		g_string_append_printf(file->text, "user=%s\n", profile->user);
	if (profile->ca_file)
		g_string_append_printf(file->text, "cafile=%s\n", profile->ca_file);
	return true;
}
