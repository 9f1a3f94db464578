/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NetworkManager: keyfiles for a VPN by openconnect and for 802.1X, wired and Wi-Fi. */

#include "base/error.h"
#include "profile.h"
#include "support.h"

#define NOT_REQUIRED 4 /* NM_SETTING_SECRET_FLAG_NOT_REQUIRED: the token has no PIN */
#define NOT_SAVED    2

/* The same connection has the same UUID each time: what is installed again replaces it. */
static char *uuid_for(const char *type, const char *name)
{
	g_autofree char *text = g_strdup_printf("devid %s %s", type, name);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

	return g_strdup_printf("%.8s-%.4s-5%.3s-8%.3s-%.12s", sum, sum + 8, sum + 12, sum + 15,
			       sum + 18);
}

static GKeyFile *new_connection(const struct profile_request *profile, const char *type)
{
	GKeyFile *file = g_key_file_new();
	g_autofree char *id = g_strdup_printf("devid %s", profile->name);
	g_autofree char *uuid = uuid_for(type, profile->name);

	g_key_file_set_string(file, "connection", "id", id);
	g_key_file_set_string(file, "connection", "uuid", uuid);
	g_key_file_set_string(file, "connection", "type", type);
	return file;
}

static void add_file(const struct profile_request *profile, GKeyFile *keys, const char *type,
		     GPtrArray *files)
{
	g_autofree char *text = NULL;
	struct profile_file *file = profile_file_add(
		files,
		g_strdup_printf("/etc/NetworkManager/system-connections/devid-%s-%s.nmconnection",
				type, profile->name),
		0600);

	g_key_file_set_string(keys, "ipv4", "method", "auto");
	g_key_file_set_string(keys, "ipv6", "method", "auto");
	text = g_key_file_to_data(keys, NULL, NULL);
	g_string_append(file->text, text);
}

bool profile_networkmanager(const struct profile_request *profile, GPtrArray *files, GError **error)
{
	static const char *const not_saved[] = { "cookie-flags", "gateway-flags", "gwcert-flags" };
	g_autoptr(GKeyFile) file = new_connection(profile, "vpn");

	g_key_file_set_boolean(file, "connection", "autoconnect", false);
	g_key_file_set_string(file, "vpn", "service-type",
			      "org.freedesktop.NetworkManager.openconnect");
	g_key_file_set_string(file, "vpn", "gateway", profile->gateway);
	g_key_file_set_string(file, "vpn", "protocol", "anyconnect");
	g_key_file_set_string(file, "vpn", "authtype", "cert");
	g_key_file_set_string(file, "vpn", "usercert", profile->identity->uri);
	g_key_file_set_string(file, "vpn", "userkey", profile->identity->uri);
	if (profile->ca_file)
		g_key_file_set_string(file, "vpn", "cacert", profile->ca_file);
	for (size_t i = 0; i < G_N_ELEMENTS(not_saved); i++)
		g_key_file_set_integer(file, "vpn", not_saved[i], NOT_SAVED);
	add_file(profile, file, "vpn", files);
	return true;
}

static void add_8021x(const struct profile_request *profile, GKeyFile *file)
{
	g_autofree char *certificate = g_strdup_printf("%s;type=cert", profile->identity->uri);
	g_autofree char *key = g_strdup_printf("%s;type=private", profile->identity->uri);
	g_autofree char *name = profile_common_name(profile);

	g_key_file_set_string(file, "802-1x", "eap", "tls");
	g_key_file_set_string(file, "802-1x", "identity", profile->user ? profile->user : name);
	g_key_file_set_string(file, "802-1x", "ca-cert", profile->ca_file);
	g_key_file_set_string(file, "802-1x", "client-cert", certificate);
	g_key_file_set_integer(file, "802-1x", "client-cert-password-flags", NOT_REQUIRED);
	g_key_file_set_string(file, "802-1x", "private-key", key);
	g_key_file_set_integer(file, "802-1x", "private-key-password-flags", NOT_REQUIRED);
}

bool profile_networkmanager_wired(const struct profile_request *profile, GPtrArray *files,
				  GError **error)
{
	g_autoptr(GKeyFile) file = new_connection(profile, "ethernet");

	if (profile->gateway)
		g_key_file_set_string(file, "connection", "interface-name", profile->gateway);
	add_8021x(profile, file);
	add_file(profile, file, "wired", files);
	return true;
}

bool profile_networkmanager_wifi(const struct profile_request *profile, GPtrArray *files,
				 GError **error)
{
	g_autoptr(GKeyFile) file = new_connection(profile, "wifi");

	g_key_file_set_string(file, "wifi", "mode", "infrastructure");
	g_key_file_set_string(file, "wifi", "ssid", profile->gateway);
	g_key_file_set_string(file, "wifi-security", "key-mgmt", "wpa-eap");
	add_8021x(profile, file);
	add_file(profile, file, "wifi", files);
	return true;
}

bool profile_networkmanager_openvpn(const struct profile_request *profile, GPtrArray *files,
				    GError **error)
{
	g_autofree char *hint = g_strdup_printf(
		"let OpenVPN's own service do it: devid profile openvpn --gateway %s --install",
		profile->gateway);

	return devid_error_set(
		error, DEVID_UNSUPPORTED, NULL, hint,
		"networkmanager-openvpn: NetworkManager's OpenVPN plugin takes keys from "
		"files alone: it knows no PKCS#11");
}
