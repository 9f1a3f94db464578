/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The programs that devid can configure: a row each, and all that is told of them. */
#include <string.h>
#include <glib.h>
#include <stdbool.h>

#include "profile.h"

#define VPN_EXAMPLE "vpn.example.com"
#define COMM_LENGTH 15 /* the kernel knows no more of a program's name */
#define SANDBOXED \
	"a browser that is a Flatpak or a snap needs another way: devid-profile(1), SANDBOXED PROGRAMS"

/* The order of `devid profile`: tunnels, networks, programs, browsers. */
const struct profile profile_rows[] = {
	{ "openconnect", "openconnect (AnyConnect, GlobalProtect and others)", PROFILE_EITHER,
	  "HOST[:PORT]", VPN_EXAMPLE, true, false, true, 0, profile_openconnect, "openconnect",
	  "openconnect --config ~/.config/devid/clients/openconnect-%s.conf" },
	{ "openvpn", "OpenVPN, started as openvpn-client@NAME", PROFILE_SYSTEM, "HOST[:PORT]",
	  VPN_EXAMPLE, false, false, true, 0, profile_openvpn, "openvpn",
	  "systemctl start openvpn-client@%s" },
	{ "strongswan", "strongSwan (charon-systemd, swanctl): IKEv2", PROFILE_SYSTEM, "HOST",
	  VPN_EXAMPLE, false, false, true, 0, profile_strongswan, "charon-systemd swanctl",
	  "systemctl restart strongswan; then the swanctl command in the second file" },
	{ "networkmanager", "NetworkManager: a VPN by openconnect", PROFILE_EITHER, "HOST[:PORT]",
	  VPN_EXAMPLE, false, false, true, 0, profile_networkmanager,
	  "NetworkManager nm-openconnect-service nm-openconnect-auth-dialog openconnect",
	  "nmcli connection reload" },
	{ "networkmanager-wired", "NetworkManager: 802.1X (EAP-TLS) on a wire", PROFILE_SYSTEM,
	  "INTERFACE", NULL, true, true, true, PROFILE_ENGINE, profile_networkmanager_wired,
	  "NetworkManager wpa_supplicant",
	  "nmcli connection reload; nmcli connection up 'devid %s'" },
	{ "networkmanager-wifi", "NetworkManager: Wi-Fi with 802.1X (EAP-TLS)", PROFILE_SYSTEM,
	  "SSID", "Example", true, true, false, PROFILE_ENGINE, profile_networkmanager_wifi,
	  "NetworkManager wpa_supplicant",
	  "nmcli connection reload; nmcli connection up 'devid %s'" },
	{ "networkmanager-openvpn", "NetworkManager's OpenVPN: it knows no PKCS#11", PROFILE_SYSTEM,
	  "HOST[:PORT]", VPN_EXAMPLE, false, false, false, 0, profile_networkmanager_openvpn, NULL,
	  NULL },
	{ "wpa_supplicant", "wpa_supplicant: 802.1X (EAP-TLS) on a wire", PROFILE_SYSTEM,
	  "INTERFACE", "eth0", true, true, true, PROFILE_ENGINE | PROFILE_PROVIDER,
	  profile_wpa_supplicant, "wpa_supplicant", "systemctl start wpa_supplicant-wired@%s" },
	{ "curl", "curl, by OpenSSL's engine or provider", PROFILE_EITHER, "HOST[:PORT]",
	  VPN_EXAMPLE, false, false, true, PROFILE_ENGINE | PROFILE_PROVIDER, profile_curl, "curl",
	  "curl --config ~/.config/devid/clients/curl-%s.conf" },
	{ "git", "git over HTTPS (GnuTLS, as Debian builds it)", PROFILE_EITHER, "HOST[:PORT]",
	  "git.example.com", false, false, true, 0, profile_git, "git git-remote-https", NULL },
	{ "openssh", "ssh", PROFILE_EITHER, "HOST[:PORT]", "host.example.com", true, false, true, 0,
	  profile_openssh, "ssh ssh-agent ssh-pkcs11-helper", NULL },
	{ "firefox", "Firefox, by policy", PROFILE_EITHER, NULL, NULL, false, false, false, 0,
	  profile_firefox, NULL, SANDBOXED },
	{ "chromium", "Chromium and Chrome, by NSS and policy", PROFILE_EITHER, "HOST[:PORT]",
	  "intranet.example.com", false, false, false, 0, profile_chromium, NULL, SANDBOXED },
	{ "openssl", "programs of OpenSSL: engine or provider", PROFILE_EITHER, NULL, NULL, false,
	  false, false, PROFILE_ENGINE | PROFILE_PROVIDER, profile_openssl, NULL, NULL },
};

const size_t profile_row_count = G_N_ELEMENTS(profile_rows);

bool profile_has_program(const char *program)
{
	for (size_t i = 0; i < profile_row_count; i++) {
		g_auto(GStrv) programs = g_strsplit(
			profile_rows[i].programs ? profile_rows[i].programs : "", " ", -1);

		for (gsize n = 0; programs[n]; n++)
			if (strcmp(programs[n], program) == 0 ||
			    (strlen(program) == COMM_LENGTH &&
			     g_str_has_prefix(programs[n], program)))
				return true;
	}
	return false;
}
