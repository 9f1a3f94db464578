#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# NetworkManager, under the restrictions of its unit, with what `devid profile networkmanager --install` wrote: a VPN
# through a real ocserv, signed in to as NetworkManager's dialog does it, the key on the machine's token. And what it
# makes of the profiles of which there is no wire to try them on: Wi-Fi; and of OpenVPN, for which there is none.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/gateway.sh"
. "$(dirname "$0")/../lib/network-manager.sh"
tunnel_machine "$0" "$@"
F=/etc/NetworkManager/system-connections
system_bus_start
as_unit NetworkManager
NM_INSIDE=("${INSIDE[@]}")
NM_UNDER=("${UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin)
ip -n client addr flush dev e0
network_manager_start
GATEWAY_INSIDE=()
gateway_start 'auth = "certificate"'

settings() { # FIELDS, of the connection in $file
	nmcli -e no -g "$1" connection show "$(sed -n 's/^uuid=//p' "$file")"
}

# --- the VPN
file=$F/devid-vpn-server.test.nmconnection
vpn() { # FIELD
	settings vpn.data | tr , '\n' | sed -n "s/^ *$1 = //p"
}
sign_in() {
	run "${INSIDE[@]}" "${A[@]}" openconnect --protocol="$(vpn protocol)" --authenticate --non-inter \
		--cafile="$(vpn cacert)" --certificate="$(vpn usercert)" --sslkey="$(vpn userkey)" "$(vpn gateway)"
}
echo '# another' >$file
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	profile networkmanager $label --gateway server.test:4443 --ca-file $CA
	is "$rc" 0 "$label: installed"
	like "$out" "what was there: $F/\.devid-vpn-server\.test\.nmconnection\.devid-backup" "$label: what was there is kept"
	is "$(stat -c %U:%a $file)" root:600 "$label: for root alone"
	run nmcli connection load $file
	is "$rc$out$err" 0 "$label: NetworkManager takes it"
	is "$(settings connection.id,connection.type,connection.autoconnect,vpn.service-type | paste -sd' ')" \
		"devid server.test vpn no org.freedesktop.NetworkManager.openconnect" "$label: for its plugin"
	is "$(vpn authtype) $(vpn cookie-flags)$(vpn gateway-flags)$(vpn gwcert-flags)" "cert 222" "$label: with a certificate, and no cookie is kept"
	sign_in
	is "$rc" 0 "$label: signed in" || diag "$(last_run)"
	like "$(tail -n 1 /var/log/devid/uses.jsonl)" "\"action\":\"Allowed\".*\"label\":\"$label\".*\"program\":\"openconnect\"" \
		"$label: the machine's log has the use"
	sed -nE "s/^COOKIE='(.*)'/vpn.secrets.cookie:\1/p; s/^FINGERPRINT='(.*)'/vpn.secrets.gwcert:\1/p" <<<"$out" >"$T/secrets"
	echo "vpn.secrets.gateway:$(vpn gateway)" >>"$T/secrets"
	run nmcli --wait 30 connection up 'devid server.test' passwd-file "$T/secrets"
	is "$rc" 0 "$label: connected" || diag "$(last_run; tail -n 20 "$NM_LOG")"
	ok "$label: the tunnel carries packets" echoes 10.98.0.1
	like "$(grep -a "user logged in" "$GATEWAY_LOG" | tail -n 1)" "$name" "$label: of that certificate"
	ok "$label: ended" nmcli connection down 'devid server.test'
	ok "$label: and no client is left" wait_for 5 no_tunnels
done
tunnel_import stranger stranger
profile networkmanager stranger --gateway server.test:4443 --ca-file $CA
nmcli connection load $file
sign_in
isnt "$rc" 0 "a stranger: no sign-in"
like "$(tail -n 20 "$GATEWAY_LOG")" 'certificate issuer is unknown' "a stranger: the gateway refused it"
printf 'vpn.secrets.%s\n' cookie:none gateway:server.test:4443 "$(grep -a gwcert "$T/secrets" | cut -d. -f3)" >"$T/no-secrets"
run nmcli --wait 30 connection up 'devid server.test' passwd-file "$T/no-secrets"
isnt "$rc" 0 "without a cookie: no tunnel"
ok "no client is left" wait_for 5 no_tunnels
run "${A[@]}" devid profile networkmanager ec --gateway server.test:4443 --ca-file $CA --install </dev/null
is "$rc" 2 "not without a yes"
is "$(grep -c object=stranger $file)" 2 "and nothing is written then"

# --- Wi-Fi
file=$F/wifi.nmconnection
for ssid in Example ' two words ' 'Guests & Co: 5+' 12 会社の網 "$(printf 'x%.0s' {1..32})"; do
	(umask 077 && "${A[@]}" devid profile networkmanager-wifi ec --gateway "$ssid" --ca-file $CA >$file)
	run nmcli connection load $file
	is "$rc$out$err" 0 "Wi-Fi '$ssid': NetworkManager takes it" || diag "$(tail -n 5 "$NM_LOG")"
	is "$(settings 802-11-wireless.ssid)" "$ssid" "Wi-Fi '$ssid': for that network"
done
is "$(settings connection.type,802-11-wireless.mode,802-11-wireless-security.key-mgmt | paste -sd' ')" \
	"802-11-wireless infrastructure wpa-eap" "Wi-Fi: with 802.1X"
is "$(settings 802-1x.eap,802-1x.identity,802-1x.ca-cert | paste -sd' ')" "tls laptop-p256 $CA" "Wi-Fi: as whom, to whom"
uri='pkcs11:token=Device%20Identity%20%28system%29;object=ec'
is "$(settings 802-1x.client-cert,802-1x.private-key | paste -sd' ')" "$uri;type=cert $uri;type=private" "Wi-Fi: with which key"
is "$(settings 802-1x.client-cert-password-flags,802-1x.private-key-password-flags | tr -dc 4)" 44 "Wi-Fi: nobody is asked for a PIN"
for ssid in "$(printf 'x%.0s' {1..33})" $'a\nb' 'a;b' 'a\b' ''; do
	run "${A[@]}" devid profile networkmanager-wifi ec --gateway "$ssid" --ca-file $CA
	is "$rc" 2 "Wi-Fi: no network has the name '${ssid//$'\n'/ }'"
done
run "${A[@]}" devid profile networkmanager-wifi ec --gateway Example --ca-file $CA --install --yes
is "$rc" 1 "Wi-Fi: what wasn't tried isn't installed"
like "$err" 'without --install it is printed, with its place' "in words"

# --- OpenVPN
run "${A[@]}" devid profile networkmanager-openvpn ec --gateway server.test --install --yes
is "$rc" 1 "NetworkManager's OpenVPN: none"
like "$err" 'knows no PKCS#11' "NetworkManager's OpenVPN: why"
like "$err" 'hint: .*devid profile openvpn --gateway server\.test --install' "NetworkManager's OpenVPN: what else"
done_testing
