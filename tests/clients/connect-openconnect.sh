#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect with openconnect, as an unprivileged user with the key in a real keyring, through a real ocserv:
# the check before, the tunnel, what becomes of it, and the end.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
. "$TESTS/certs/pki.sh"
gateway_network
tunnel_allows alice
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
mkdir -p "$D"
printf '[Connection]\nGateway=server.test:4443\nClient=openconnect\nCAFile=%s\n' "$GATEWAY_CA" >"$D/work.conf"
LOG=$HOME_ALICE/.local/state/devid/connections/work.log
STATE=/run/user/$(id -u alice)/devid/connections/work.json

said() {
	grep -c "$1" "$GATEWAY_LOG"
}

# --- with keys of both kinds
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	connect work --identity "$label"
	is "$rc" 0 "$label: connected" || diag "$(cat "$LOG" "$GATEWAY_LOG")"
	like "$out" "connected: address 10\.98\.0\.[0-9]+, gateway server\.test:4443 \(openconnect\), identity $label" \
		"$label: with address and gateway"
	ok "$label: the tunnel carries packets" gateway_echoes
	is "$(gateway_user)" $name "$label: the gateway's log has the certificate's name"
	like "$(cat "$LOG")" "Using client certificate '$name'" "$label: so has the client's"
	like "$(cat "$LOG")" "Configured as $(sed -n 's/.*: address \([0-9.]*\),.*/\1/p' <<<"$out"),.* connected" "$label: and its address"
	is "$(client_connectivity 2)" "Local Check=ok Connection=ok" "$label: the check and the connection are two events"
	is "$(state)" connected "$label: status says so"
	end
	is "$rc" 0 "$label: disconnected"
	like "$out" 'work: disconnected' "$label: and it is said"
	ok "$label: no client is left" wait_for 5 no_tunnels
	ok "$label: no state either" test ! -e "$STATE"
done

# --- what was chosen is remembered, and forgotten
connect work --identity rsa
end work
connect work
like "$out" 'identity rsa' "the identity that the gateway took last is chosen"
connect work
is "$rc" 0 "connecting again is no failure"
like "$out" 'already connected' "but it is said"
cookie=$(grep -c 'issue cookie' "$GATEWAY_LOG")
connect work --reset-cred
is "$rc" 0 "--reset-cred connects anew"
like "$out" 'forgot no saved sign-in, the remembered choice, and the keys in memory' "says what it forgot"
like "$out" 'connected: .*identity ec' "and chooses anew"
ok "with a cookie of its own" test "$(grep -c 'issue cookie' "$GATEWAY_LOG")" -gt "$cookie"
ok "and one client runs" test "$(gateway_tunnels | wc -l)" -eq 1
ok "that carries packets" gateway_echoes
is "$(gateway_user)" laptop-p256 "of whom it has chosen"

# --- the gateway is restarted
# The pauses that the log tells of, and what it took from each to the next, in seconds: at least as long.
pauses() {
	sed -n 's/^[^ ]* work: .*; it is checked and made again in \([0-9]*\) s$/\1/p' "$LOG" | paste -sd' '
}
are_pauses() {
	[[ $(pauses) =~ $1 ]]
}
took() {
	local moment last=
	for moment in $(sed -n 's/^\([^ ]*\) work: .*; it is checked and made again in .*/\1/p' "$LOG"); do
		moment=$(date -d "$moment" +%s)
		[ -z "$last" ] || echo $((moment - last))
		last=$moment
	done | paste -sd' '
}
checks() {
	"${E[@]}" devid events --json | grep -c '"event_sub_type" : "Local Check"'
}
before=$(checks)
gateway_stop
ok "a gateway that goes away is noticed" wait_for 20 is_in_state reconnecting
ok "the pauses before each try grow" wait_for 20 are_pauses '^1 2 4' || diag "$(cat "$LOG")"
read -r first second _ <<<"$(took)"
# The log has whole seconds, and GLib's timers of seconds may come a quarter before.
ok "and are kept" test $((first + second)) -ge 2 || diag "$(cat "$LOG")"
ok "each try is checked before" test "$(checks)" -ge $((before + 2))
is "$(client_connectivity 2)" "Local Check=ok Local Check=ok" "and gets no further"
gateway_start 'auth = "certificate"'
ok "when it is back, so is the connection" wait_for 30 is_in_state connected || diag "$(cat "$LOG")"
ok "and carries packets" gateway_echoes
is "$(client_connectivity 2)" "Local Check=ok Connection=ok" "checked before"
gateway_stop
ok "when it goes away again, the first pause is the first" wait_for 20 are_pauses ' 1( |$)' || diag "$(cat "$LOG")"
gateway_start 'auth = "certificate"'
ok "and it is back again" wait_for 30 is_in_state connected || diag "$(cat "$LOG")"
end work
is "$rc" 0 "it is ended"

# --- what the check refuses never gets to the gateway
before=$(gateway_packets)
like "$before" '^[0-9]+$' "packets are counted"
connect work --identity stranger
is "$rc" 3 "a stranger's certificate: certificate error"
like "$err" '^Certificate error\. \[' "with the line that administrators search for"
is "$(gateway_packets)" "$before" "and no packet has left"
is "$(client_connectivity 1)" "Local Check=issuer-unknown" "one event, of the check"
connect work --identity nobody
is "$rc" 1 "an identity that isn't there is named"
is "$(gateway_packets)" "$before" "no packet has left for it"
connect work --dry-run --identity rsa
is "$rc" 0 "--dry-run checks"
like "$out" 'openconnect --protocol=anyconnect --authenticate .*object=rsa.* https://server\.test:4443' "and prints the sign-in"
like "$out" 'devid-tunnel: /usr/sbin/openconnect .*--cookie-on-stdin .*https://server\.test:4443' "and the tunnel"
is "$(gateway_packets)" "$before" "but sends nothing"

# --- with the check off the gateway refuses, and it is said why
printf '[DeviceAuthentication]\nLinux=allow\n' >/etc/devid/account.conf
refusals=$(said 'certificate verification failed')
connect work --identity stranger
is "$rc" 3 "with the check off: refused by the gateway" || diag "$(cat "$LOG")"
like "$err" 'the gateway refused the certificate' "in words"
ok "by its log too" test "$(said 'certificate verification failed')" -gt "$refusals"
is "$(client_connectivity 2 | sed 's/.* //')" "Connection=gateway-refused" "with an event"
connect work --identity stranger --json
like "$out" '"reason" : "gateway-refused"' "--json has its word"
rm /etc/devid/account.conf

# --- the gateway can't be reached, isn't trusted, or isn't named
gateway_stop
connect work
is "$rc" 1 "no gateway: an error"
like "$err" 'the gateway can.t be reached' "in words"
is "$(pgrep -x devid)" "" "what was to keep the tunnel has ended"
gateway_start 'auth = "certificate"'
kill -STOP "$GATEWAY_PID"
# A job of a script ignores what Ctrl-C sends.
env --default-signal=INT "${E[@]}" devid connect work >"$T/log" 2>&1 &
connecting=$!
track $connecting
supervised() {
	pgrep -f 'devid connect --supervise'
}
unsupervised() {
	! supervised
}
ok "while it signs in, the tunnel's keeper starts" wait_for 10 supervised
kill -INT $connecting
ok "interrupted, it ends" wait_for 10 gone $connecting
ok "and so does the keeper" wait_for 10 unsupervised
ok "no client is left" wait_for 10 no_tunnels
kill -CONT "$GATEWAY_PID"
connect server.test:4443
is "$rc" 1 "a gateway that no trusted CA vouches for"
like "$err" 'own certificate is not trusted' "is not signed in to"
connect nosuch.test
is "$rc" 1 "a name that leads nowhere"
like "$err" 'can.t be reached' "is told"
end work
is "$rc" 1 "what isn't connected can't be disconnected"
like "$err" '^devid: work: there is no such connection now' "which is said"
like "$err" 'hint: see what there is: devid status' "with a hint"
tunnel_answer NO
connect work
is "$rc" 1 "who may not make a tunnel"
like "$err" 'may make a tunnel' "is told so"
tunnel_answer YES

# --- the certificate expires while it is connected
cp "$PKI"/issuing.{crt,key} "$T/tmp/" && cd "$T/tmp" || bail "no folder"
pki_key brief p256
END=$(date -u -d '+16 seconds' +%Y%m%d%H%M%SZ) pki_issue brief issuing /CN=laptop-brief "${LEAF_EXTENSIONS[@]}"
pki_p12 brief "$HOME_ALICE/brief.p12" "$(cat "$PKI/password")"
chown alice: "$HOME_ALICE/brief.p12"
cd / || bail "no root"
client_import brief brief
connect work --identity brief
is "$rc" 0 "a certificate that ends soon connects"
ok "and carries packets" gateway_echoes
# Valid through the whole second of its end (RFC 5280, 4.1.2.5), where openssl's -checkend says it is over.
not_after=$(date -d "$(openssl x509 -in "$T/tmp/brief.crt" -noout -enddate | cut -d= -f2)" +%s)
expired() {
	[ "$(date +%s)" -gt "$not_after" ]
}
wait_for 30 expired
gateway_stop
gateway_start 'auth = "certificate"'
accepted=$(said 'accepted connection')
ok "dropped after its end, it is not made again" wait_for 20 is_in_state ended || diag "$(cat "$LOG")"
run "${E[@]}" devid status
like "$out" 'connections.*work: ended: .*expired' "status says why"
like "$out" 'brief .*expired less than a day ago' "and since when"
is "$(said 'accepted connection')" "$accepted" "and nobody knocked at the gateway"
is "$(client_connectivity 1)" "Local Check=expired" "the check's event is the last"
ok "no client is left" no_tunnels
ok "nor a supervisor" test -z "$(pgrep -x devid)"
done_testing
