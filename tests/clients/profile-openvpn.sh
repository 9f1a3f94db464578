#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OpenVPN with what `devid profile openvpn --install` wrote, under the restrictions of openvpn-client@.service, the
# key on the machine's token; the server asks `devid verify` as its tls-verify script (data/gateway).
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/openvpn.sh"
tunnel_machine "$0" "$@"
gateway=/usr/share/doc/devid/gateway
config=/etc/openvpn/client/server.test.conf

# --- the gateway
install -d -m 700 /run/openvpn-verify
# server CERTIFICATE
server() {
	openvpn_server "config $gateway/openvpn-server.conf" "cert $PKI/$1.crt" "key $PKI/$1.key"
}
server server

# --- the client, as its unit runs it
as_unit openvpn-client@
start() {
	: >"$T/client.log"
	: >"$OPENVPN_LOG"
	"${INSIDE[@]}" "${UNDER[@]}" env -i -C /etc/openvpn/client PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		openvpn --suppress-timestamps --nobind --config server.test.conf --verb 3 >>"$T/client.log" 2>&1 </dev/null &
	client=$!
	track $client
}
connected() {
	wait_for 20 openvpn_joined "$T/client.log"
}
logs() {
	diag "$(tail -n 30 "$T/client.log" "$OPENVPN_LOG")"
}
ok "a home is there" test -e "$T/users/root/p256.p12"
not_ok "and hidden from the unit" "${UNDER[@]}" test -e "$T/users/root/p256.p12"
not_ok "which can't write to /usr either" "${UNDER[@]}" touch /usr/new
is "$("${UNDER[@]}" sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)" 00000000000471c2 "nor has more capabilities than it says"
like "$("${UNDER[@]}" cat /proc/self/limits)" 'Max processes +10 +10 ' "nor processes"
is "$("${UNDER[@]}" find /dev -type c ! -path '/dev/pts/*' | sort | paste -sd' ')" \
	"/dev/full /dev/net/tun /dev/null /dev/ptmx /dev/random /dev/tty /dev/urandom /dev/zero" "nor devices"
sed 's/^ProtectSystem=.*/ProtectSystem=strict/' /lib/systemd/system/openvpn-client@.service \
	>/lib/systemd/system/stricter.service
like "$(as_unit stricter)" '^Bail out! stricter\.service has ProtectSystem=strict,' "a line that isn't known ends the test"

for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	profile openvpn $label --gateway server.test --ca-file $CA
	is "$rc" 0 "$label: installed"
	is "$(stat -c %U:%a $config)" root:600 "$label: for root alone"
	id=$("${A[@]}" openvpn --show-pkcs11-ids /usr/lib/*/pkcs11/devid-pkcs11.so | grep -A3 "CN=$name" | sed -n 's/.*Serialized id: *//p')
	is "$(sed -n "s/^pkcs11-id '\(.*\)'/\1/p" $config)" "$id" "$label: with the id that OpenVPN itself shows"
	start
	ok "$label: a tunnel" connected || logs
	ok "$label: that carries packets" echoes 10.97.0.1
	like "$(cat "$OPENVPN_LOG")" "VERIFY SCRIPT OK: depth=0, .*CN=$name" "$label: the gateway asked devid"
	stop $client
done
run "${A[@]}" devid events --system --json
like "$out" '"program" *: *"openvpn"' "the machine's log has the program"
is "$(ls /run/openvpn-verify)" "" "the gateway left no certificate behind"

# --- at the door: the client's own check only records (OnUse=log)
refused() { # LABEL REGEX NAME
	profile openvpn "$1" --gateway server.test --ca-file $CA
	start
	ok "$3: refused at the gateway" wait_for 20 grep -q 'VERIFY SCRIPT ERROR: depth=0' "$OPENVPN_LOG" || logs
	like "$(cat "$OPENVPN_LOG")" "$2" "$3: with the reason in its log"
	unlike "$(cat "$T/client.log")" 'Initialization Sequence Completed' "$3: no tunnel"
	not_ok "$3: nor packets" echoes 10.97.0.1
	stop $client
}
run "${A[@]}" devid account revoke "$PKI/p256.crt"
is "$rc" 0 "the EC certificate is revoked"
refused ec 'devid: .*laptop-p256: .*revoked' "revoked"
profile openvpn rsa --gateway server.test --ca-file $CA
start
ok "the other one still comes in" connected || logs
stop $client
tunnel_import stranger stranger
refused stranger 'devid: .*CN=stranger: not issued by any signing certificate' "a stranger whose CA OpenVPN knows"

# --- a gateway of the same CA that is another one, and a device's certificate in the place of a gateway's
. "$TESTS/certs/pki.sh"
cd "$PKI" || bail "no folder"
pki_key impostor p256
pki_issue impostor root /CN=other.test "${SERVER_EXTENSIONS[@]}"
pki_key device p256
pki_issue device root /CN=server.test "${LEAF_EXTENSIONS[@]}"
cd / || bail "no root"
impostor() { # CERTIFICATE REGEX NAME
	stop "$OPENVPN_SERVER"
	server "$1"
	profile openvpn rsa --gateway server.test --ca-file $CA
	start
	ok "$3: the client refuses it" wait_for 20 grep -qE "$2" "$T/client.log" || logs
	unlike "$(cat "$T/client.log")" 'Initialization Sequence Completed' "$3: no tunnel"
	unlike "$(cat "$OPENVPN_LOG")" 'VERIFY SCRIPT OK: depth=0' "$3: nor does it see our certificate"
	stop $client
}
impostor impostor 'VERIFY X509NAME ERROR: .*other\.test' "another gateway's certificate"
impostor device 'unsuitable certificate purpose' "a device's certificate of that name"
stop "$OPENVPN_SERVER"
server server

mv /etc/devid/signing/example.pem /etc/devid/account.conf "$T/"
refused rsa 'devid: ' "a gateway without an account lets nobody in"
done_testing
