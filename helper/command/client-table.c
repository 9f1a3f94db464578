/* The programs that devid can configure: a row each, and all that is told of them. */
#include <string.h>

#include "client.h"

#define VPN_EXAMPLE "vpn.example.com"
#define SANDBOXED \
	"a browser that is a Flatpak or a snap needs another way: devid(1), SANDBOXED PROGRAMS"

/* The order of `devid profile`: tunnels, networks, programs, browsers. */
static const struct vpn_client clients[] = {
	{ "openconnect", "openconnect (AnyConnect, GlobalProtect and others)", CLIENT_EITHER,
	  "HOST[:PORT]", VPN_EXAMPLE, true, false, true, client_openconnect,
	  "openconnect --config ~/.config/devid/clients/openconnect-%s.conf" },
	{ "openvpn", "OpenVPN, started as openvpn-client@NAME", CLIENT_SYSTEM, "HOST[:PORT]",
	  VPN_EXAMPLE, false, false, true, client_openvpn, "systemctl start openvpn-client@%s" },
	{ "strongswan", "strongSwan (charon-systemd, swanctl): IKEv2", CLIENT_SYSTEM, "HOST",
	  VPN_EXAMPLE, false, false, true, client_strongswan,
	  "systemctl restart strongswan; then the swanctl command in the second file" },
	{ "networkmanager", "NetworkManager: a VPN by openconnect", CLIENT_EITHER, "HOST[:PORT]",
	  VPN_EXAMPLE, false, false, true, client_networkmanager, "nmcli connection reload" },
	{ "networkmanager-wired", "NetworkManager: 802.1X (EAP-TLS) on a wire", CLIENT_SYSTEM,
	  "INTERFACE", NULL, true, true, true, client_networkmanager_wired,
	  "nmcli connection reload" },
	{ "networkmanager-wifi", "NetworkManager: Wi-Fi with 802.1X (EAP-TLS)", CLIENT_SYSTEM,
	  "SSID", "Example", true, true, false, client_networkmanager_wifi,
	  "nmcli connection reload" },
	{ "networkmanager-openvpn", "NetworkManager's OpenVPN: it knows no PKCS#11", CLIENT_SYSTEM,
	  "HOST[:PORT]", VPN_EXAMPLE, false, false, false, client_networkmanager_openvpn, NULL },
	{ "wpa_supplicant", "wpa_supplicant: 802.1X (EAP-TLS) on a wire", CLIENT_SYSTEM,
	  "INTERFACE", "eth0", true, true, true, client_wpa_supplicant,
	  "systemctl start wpa_supplicant-wired@%s" },
	{ "curl", "curl (OpenSSL's pkcs11 engine)", CLIENT_EITHER, "HOST[:PORT]", VPN_EXAMPLE,
	  false, false, true, client_curl, "curl --config ~/.config/devid/clients/curl-%s.conf" },
	{ "git", "git over HTTPS (GnuTLS, as Debian builds it)", CLIENT_EITHER, "HOST[:PORT]",
	  "git.example.com", false, false, true, client_git, NULL },
	{ "openssh", "ssh", CLIENT_EITHER, "HOST[:PORT]", "host.example.com", true, false, true,
	  client_openssh, NULL },
	{ "firefox", "Firefox, by policy", CLIENT_EITHER, NULL, NULL, false, false, false,
	  client_firefox, SANDBOXED },
	{ "chromium", "Chromium and Chrome, by NSS and policy", CLIENT_EITHER, "HOST[:PORT]",
	  "intranet.example.com", false, false, false, client_chromium, SANDBOXED },
	{ "openssl", "programs of OpenSSL 3: engine and provider", CLIENT_EITHER, NULL, NULL, false,
	  false, false, client_openssl, NULL },
};

const struct vpn_client *client_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
		if (strcmp(clients[i].name, name) == 0)
			return &clients[i];
	return NULL;
}

size_t client_count(void)
{
	return G_N_ELEMENTS(clients);
}

const struct vpn_client *client_get(size_t index)
{
	return &clients[index];
}
