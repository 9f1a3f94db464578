#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine's identities in a TPM, under the daemons that use them: openconnect through ocserv, OpenVPN and charon, RSA
# and P-256, as `devid profile` sets them up for keys of any store. The keys were moved into it; and what each says, and
# the machine's log, when the TPM has been cleared.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/openvpn.sh"
. "$(dirname "$0")/../lib/strongswan.sh"
. "$(dirname "$0")/../lib/gateway.sh"
. "$(dirname "$0")/../lib/tpm.sh"
# The machine's agent, with a TPM of software.
tunnel_agent() {
	[ -n "${TPM_SOCKET:-}" ] || tpm_start machine
	# As the device is the group's: the agent's user reaches it.
	chmod 711 "$T/run" && chown devid "$TPM_SOCKET" "$TPM_SOCKET.ctrl"
	env "DEVID_TEST_TCTI=swtpm:path=$TPM_SOCKET" /usr/libexec/devid/devid-agent --system --idle-timeout 0 >"$T/agent.log" 2>&1 &
	TUNNEL_AGENT=$!
	track $TUNNEL_AGENT
	wait_for 5 test -S /run/devid/agent
}
tunnel_machine "$0" "$@"
GATEWAY_INSIDE=()
for label in rsa ec; do
	run "${A[@]}" devid move --system --store tpm $label
	is "$rc" 0 "$label: moved into the TPM" || diag "$(last_run)"
done
is "$(find /var/lib/devid -name '*.key' | wc -l) $(find /var/lib/devid -name '*.tss2' | wc -l)" "0 2" "no key lies in a file any more"

# --- openconnect through ocserv
gateway_start "auth = \"certificate\""
TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
sign_in() {
	run "${INSIDE[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root timeout 60 openconnect --protocol=anyconnect --non-inter --authenticate \
		--cafile="$CA" -c "$TOKEN;object=$1;type=cert" -k "$TOKEN;object=$1;type=private" https://server.test:4443
}
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	: >"$GATEWAY_LOG"
	sign_in $label
	like "$rc $out" '^0 .*COOKIE' "openconnect, $label: signed in" || diag "$err" "$(tail -n 5 "$GATEWAY_LOG")"
	"${INSIDE[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root openconnect --protocol=anyconnect --non-inter --cafile="$CA" \
		-c "$TOKEN;object=$label;type=cert" -k "$TOKEN;object=$label;type=private" --script=/usr/share/vpnc-scripts/vpnc-script \
		https://server.test:4443 >"$T/openconnect.log" 2>&1 </dev/null &
	client=$!
	track $client
	ok "openconnect, $label: a tunnel" wait_for 30 echoes 10.98.0.1 || diag "$(tail -n 20 "$T/openconnect.log" "$GATEWAY_LOG")"
	like "$(cat "$GATEWAY_LOG")" "$name" "openconnect, $label: the gateway's log has the name"
	stop $client -INT
done
gateway_stop

# --- OpenVPN
openvpn_server "ca $CAS"
as_unit openvpn-client@
openvpn_client() {
	profile openvpn "$1" --gateway server.test --ca-file $CA
	: >"$T/client.log"
	"${INSIDE[@]}" "${UNDER[@]}" env -i -C /etc/openvpn/client PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		openvpn --suppress-timestamps --nobind --config server.test.conf --verb 3 >>"$T/client.log" 2>&1 </dev/null &
	client=$!
	track $client
}
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	openvpn_client $label
	ok "OpenVPN, $label: a tunnel" wait_for 30 openvpn_joined "$T/client.log" || diag "$(tail -n 20 "$T/client.log")"
	ok "OpenVPN, $label: that carries packets" echoes 10.97.0.1
	like "$(cat "$OPENVPN_LOG")" "VERIFY OK: depth=0, .*CN=$name" "OpenVPN, $label: the gateway's log has the name"
	stop $client
done

# --- charon
swan_gateway server
initiate() {
	run "${INSIDE[@]}" "${SWAN_PLAIN[@]}" swanctl --initiate --child server-test --timeout 30
}
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	profile strongswan $label --gateway server.test --ca-file $CA
	swan_client "${INSIDE[@]}"
	initiate
	is "$rc" 0 "charon, $label: a tunnel" || diag "$(tail -n 30 "$SWAN_CLIENT_LOG")"
	ok "charon, $label: that carries packets" echoes 10.96.0.1
	like "$(cat "$SWAN_GATEWAY_LOG")" "authentication of '.*CN=$name' with .* successful" "charon, $label: the gateway's log has the name"
	swan_client_stop
done

# --- the TPM is cleared under them
"${TPM[@]}" tpm2_clear -c p || bail "the TPM can't be cleared"
run "${A[@]}" devid status --system --json
refused_as_other() { # PROGRAM
	grep '"action":"Failed","reason":"tpm-other"' /var/log/devid/refusals.jsonl | grep -q '"program":"'"$1"'"'
}
openvpn_client rsa
ok "OpenVPN: no tunnel with a TPM that was cleared" wait_for 30 grep -q 'TLS Error: TLS handshake failed' "$T/client.log"
ok "OpenVPN: the machine's log says why" wait_for 5 refused_as_other openvpn || diag "$(tail -n 3 /var/log/devid/refusals.jsonl)"
stop $client
stop "$OPENVPN_SERVER"
profile strongswan ec --gateway server.test --ca-file $CA
swan_client "${INSIDE[@]}"
initiate
isnt "$rc" 0 "charon: no tunnel either"
ok "charon: the machine's log says why" wait_for 5 refused_as_other charon-systemd || diag "$(tail -n 3 /var/log/devid/refusals.jsonl)"
swan_client_stop
swan_gateway_stop

# --- imported once more, under the same label: all is well again
run "${A[@]}" devid import-cert --system --store tpm --replace --label rsa --password-file "$PKI/password" rsa2048.p12
is "$rc" 0 "imported again" || diag "$(last_run)"
openvpn_server "ca $CAS"
openvpn_client rsa
ok "OpenVPN: a tunnel again" wait_for 30 openvpn_joined "$T/client.log" || diag "$(tail -n 20 "$T/client.log")"
stop $client
done_testing
