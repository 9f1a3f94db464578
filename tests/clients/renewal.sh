#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Daemons that run while the machine's identity is renewed with another key: OpenVPN, charon and wpa_supplicant as
# `devid profile` set them up. Each authenticates anew through the overlap with what it found when it started; what
# each needs to take the new one up, and what it says when the former key is retired under it.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/openvpn.sh"
. "$(dirname "$0")/../lib/strongswan.sh"
. "$(dirname "$0")/../lib/eap.sh"
. "$(dirname "$0")/../lib/renewal.sh"
tunnel_machine "$0" "$@"

# What is asked of systemd, which is not here: a line each.
cat >"$T/systemctl" <<-X
	#!/bin/sh
	echo "\$*" >>$T/asked
	case \$3 in missing.service) echo "Failed to restart: Unit missing.service not found." >&2; exit 5 ;; esac
X
chmod 755 "$T/systemctl"
mount --bind "$T/systemctl" /usr/bin/systemctl || bail "no systemctl to lie over"
: >"$T/asked"

# --- OpenVPN, which renegotiates every few seconds
install -d -m 700 /run/openvpn-verify
openvpn_server "ca $CAS" "reneg-sec 4"
as_unit openvpn-client@
openvpn_client() {
	: >"$T/client.log"
	"${INSIDE[@]}" "${UNDER[@]}" env -i -C /etc/openvpn/client PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		openvpn --suppress-timestamps --nobind --config server.test.conf --verb 3 >>"$T/client.log" 2>&1 </dev/null &
	client=$!
	track $client
}
profile openvpn rsa --gateway server.test --ca-file $CA
openvpn_client
old='VERIFY OK: depth=0, .*CN=laptop-rsa2048' new='VERIFY OK: depth=0, .*CN=laptop-rsa3072'
ok "OpenVPN: a tunnel" wait_for 20 openvpn_joined "$T/client.log" || diag "$(tail -n 20 "$T/client.log")"
ok "OpenVPN: it renegotiates" wait_for 30 more "$OPENVPN_LOG" "$old" "$(count "$OPENVPN_LOG" "$old")"
replace rsa3072 rsa
is "$(needs openvpn)" "['restart it']" "OpenVPN: root is told that it runs, and what it needs"
before=$(count "$OPENVPN_LOG" "$old")
ok "OpenVPN: it renegotiates after the renewal, too" wait_for 30 more "$OPENVPN_LOG" "$old" "$((before + 1))"
ok "OpenVPN: packets cross" echoes 10.97.0.1
is "$(count "$T/client.log" 'Initialization Sequence Completed') $(count "$T/client.log" 'TLS Error')" "1 0" "OpenVPN: without a break"
like "$(cat /var/log/devid/uses.jsonl)" '"action":"Allowed","reason":"former-key","label":"rsa".*"program":"openvpn"' "OpenVPN: the log tells of it"
retire rsa
ok "OpenVPN: the former key retired, it fails" wait_for 30 grep -q 'TLS Error: TLS handshake failed' "$T/client.log"
like "$(cat "$T/client.log")" 'EVP lib' "OpenVPN: what it says" || diag "$(tail -n 30 "$T/client.log")"
ok "OpenVPN: devid's log says why" wait_for 5 tells openvpn rsa
stop $client
openvpn_client
ok "OpenVPN: started again it has the new one" wait_for 20 openvpn_joined "$T/client.log"
ok "OpenVPN: which the gateway sees" more "$OPENVPN_LOG" "$new" 0
stop $client
stop "$OPENVPN_SERVER"

# --- charon
swan_gateway server
profile strongswan ec --gateway server.test --ca-file $CA
swan_client "${INSIDE[@]}"
swanctl() {
	run "${INSIDE[@]}" "${SWAN_PLAIN[@]}" swanctl "$@"
}
again() {
	swanctl --terminate --ike server-test --timeout 10
	swanctl --initiate --child server-test --timeout 15
}
again
is "$rc" 0 "charon: a tunnel" || diag "$(tail -n 30 "$SWAN_CLIENT_LOG")"
replace rsa2048 ec
is "$(needs charon-systemd)" "['swanctl --load-all']" "charon: root is told that it runs, and what it needs"
old="authentication of '.*CN=laptop-p256' with ECDSA.* successful" new="authentication of '.*CN=laptop-rsa2048' with RSA.* successful"
before=$(count "$SWAN_GATEWAY_LOG" "$old")
again
is "$rc" 0 "charon: it authenticates after the renewal, too" || diag "$(tail -n 30 "$SWAN_CLIENT_LOG")"
ok "charon: with the former key" wait_for 5 more "$SWAN_GATEWAY_LOG" "$old" "$before"
retire ec
again
isnt "$rc" 0 "charon: the former key retired, it fails"
like "$(cat "$SWAN_CLIENT_LOG")" 'C_SignInit\(\) failed: KEY_HANDLE_INVALID' "charon: what it says"
ok "charon: devid's log says why" wait_for 5 tells charon-systemd ec
swanctl --load-creds --noprompt
again
isnt "$rc" 0 "charon: the credentials alone, loaded again, are not enough: the connection has the former certificate"
swanctl --load-all --noprompt
again
is "$rc" 0 "charon: with the connections it has the new one"
ok "charon: which the gateway sees" wait_for 5 more "$SWAN_GATEWAY_LOG" "$new" 0
swan_client_stop
swan_gateway_stop

# --- wpa_supplicant, which the port asks again every few seconds; and units that are told
as_unit wpa_supplicant
profile wpa_supplicant rsa --gateway e0 --ca-file $CA
eap_server "eap_reauth_period=3"
supplicant() {
	: >"$T/wpa.log"
	"${INSIDE[@]}" "${UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		wpa_supplicant -c/etc/wpa_supplicant/wpa_supplicant-wired-e0.conf -Dwired -ie0 >>"$T/wpa.log" 2>&1 </dev/null &
	client=$!
	track $client
}
supplicant
new='depth=0 .*/CN=laptop-p256'
ok "wpa_supplicant: authenticated" wait_for 30 grep -q CTRL-EVENT-EAP-SUCCESS "$T/wpa.log" || diag "$(tail -n 20 "$T/wpa.log")"
is "$(cat "$T/asked")" "" "no unit was told of anything so far"
printf '[Account]\nAfterRenewal=wpa_supplicant.service, missing.service\n' >/etc/devid/account.conf
replace p256 rsa
is "$(needs wpa_supplicant)" "['systemctl restart wpa_supplicant']" "wpa_supplicant: root is told that it runs, and what it needs"
is "$(cat "$T/asked")" "try-reload-or-restart -- wpa_supplicant.service
try-reload-or-restart -- missing.service" "systemd is asked for the units of AfterRenewal="
is "$(json 'd["told"]')" "['wpa_supplicant.service']" "and the one that was told is named"
like "$(json 'd["warnings"]')" 'missing.service was not told: Failed to restart: Unit missing.service not found' "as is the other, with why"
before=$(count "$T/wpa.log" CTRL-EVENT-EAP-SUCCESS)
ok "wpa_supplicant: it authenticates after the renewal, too" wait_for 30 more "$T/wpa.log" CTRL-EVENT-EAP-SUCCESS "$((before + 1))"
retire rsa
ok "wpa_supplicant: the former key retired, it fails" wait_for 30 grep -q CTRL-EVENT-EAP-FAILURE "$T/wpa.log"
like "$(cat "$T/wpa.log")" 'Key handle invalid' "wpa_supplicant: what it says"
ok "wpa_supplicant: devid's log says why" wait_for 5 tells wpa_supplicant rsa
stop $client
eap_server
supplicant
ok "wpa_supplicant: started again it has the new one" wait_for 30 grep -q CTRL-EVENT-EAP-SUCCESS "$T/wpa.log"
ok "wpa_supplicant: which the authenticator sees" wait_for 5 more "$T/hostapd.log" "$new" 0
stop $client

# --- a user's renewal asks nothing of systemd, nor does a first import
: >"$T/asked"
run "${A[@]}" devid import-cert --user --store file --label mine --password-file "$PKI/password" rsa2048.p12
run "${A[@]}" devid import-cert --user --store file --label mine --replace --password-file "$PKI/password" p256.p12
is "$rc" 0 "a user's identity is renewed"
run "${A[@]}" devid import-cert --label more --password-file "$PKI/password" stranger.p12
is "$rc" 0 "one more of the machine's is imported"
is "$(cat "$T/asked")" "" "and no unit hears of either"
done_testing
