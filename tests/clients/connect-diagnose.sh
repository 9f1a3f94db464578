#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect --diagnose: what is wrong, and on which side, for one fault of each side; it makes no tunnel.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
client_machine "$0" "$@"
rm "$HOME_ALICE"/*.p12
run "${E[@]}" devid remove stranger
gateway_network
tunnel_allows alice
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
mkdir -p "$D"
work() {
	printf '[Connection]\nGateway=%s\nClient=openconnect\nCAFile=%s\n' "$1" "${2:-$GATEWAY_CA}" >"$D/work.conf"
}
work server.test:4443

# blames SIDE STATUS NAME [REGEX]: of `devid connect --diagnose`, whose findings say REGEX.
blames() {
	run "${E[@]}" devid connect work --identity rsa --diagnose --json
	is "$(sed -n 's/^  "side" : "\(.*\)",$/\1/p' <<<"$out")" "$1" "$3: $1" || diag "$(last_run)"
	is "$rc" "$2" "$3: ends with $2"
	[ -z "${4:-}" ] || like "$out" "$4" "$3: and says so"
	ok "$3: no tunnel" no_tunnels
}
# finding WHAT: its words, of the last run.
finding() {
	grep -A1 "\"what\" : \"$1\"" <<<"$out" | sed -n 's/.*"message" : "\(.*\)"$/\1/p'
}
blames none 0 "all is well"
like "$(finding with)" 'the server asked for a certificate, the key signed' "the probe with the certificate"
is "$(finding without)" 'the server asked for a certificate, and goes on without' "and the one without"
run "${E[@]}" devid connect work --identity rsa --diagnose
like "$out" 'diagnosis +nothing was found against it' "for a person: a sentence"

# --- the device
client_end_agents
chmod 000 "$AGENT_PROGRAM"
blames device 1 "no agent can be started" '"what" : "agent"'
chmod 755 "$AGENT_PROGRAM"
mv /usr/share/p11-kit/modules/devid.module "$T/"
run "${E[@]}" devid connect work --identity rsa --diagnose
like "$out" '  PKCS#11 module not registered' "a long name is parted from its words"
mv "$T/devid.module" /usr/share/p11-kit/modules/
# --- the certificate
cp -a /etc/devid/signing "$T/signing"
rm /etc/devid/signing/*
cp "$PKI/stranger-issuing.crt" /etc/devid/signing/other.pem
blames certificate 3 "not issued by the account's CA" 'not issued by any signing certificate'
rm -r /etc/devid/signing
cp -a "$T/signing" /etc/devid/
# --- the account
mkdir /etc/devid/rules.d
printf '[Rule closed]\nAction=block\n' >/etc/devid/rules.d/10.conf
blames account 4 "a rule blocks" 'rule closed'
rm -r /etc/devid/rules.d
echo nonsense >/etc/devid/account.conf
blames account 1 "a broken account" 'account\.conf:1'
rm /etc/devid/account.conf
# --- the gateway
work server.test:4443 "$PKI/stranger-root.crt"
blames gateway 1 "the gateway's own certificate isn't trusted"
work server.test:4443
# --- the network
gateway_stop
blames network 1 "nobody listens there"
like "$(finding without)" 'refused' "without the certificate too"
work nowhere.test:4443
blames network 1 "no such name"
work server.test:4443
gateway_start 'auth = "certificate"' "ca-cert = $PKI/stranger-root.crt"
blames gateway 1 "the gateway has another CA"
like "$(finding with)" 'the server refused the certificate|closed the connection once it had the certificate' "by the probe with the certificate"
is "$(finding without)" 'the server asked for a certificate, and goes on without' "the one without has an answer"
gateway_stop

# --- undecided
# undecided NAME
undecided() {
	run "${E[@]}" devid connect work --identity rsa --diagnose
	like "$out" 'diagnosis +undecided: exempt this user at the service and run again' "$1: with what to do"
	blames undecided 1 "$1"
}
# It hangs up and says no reason, as TLS 1.3 lets it, and names no CAs before.
"$PYTHON" "$TESTS/helper/command/check/tls-server.py" after "$PKI" >"$T/port" 2>"$T/tls.log" &
SERVER=$!
track $SERVER
wait_for 10 test -s "$T/port"
work "localhost:$(cat "$T/port")"
undecided "a gateway that hangs up"
like "$(finding with)" 'closed the connection once it had the certificate, without a word' "by the probe with the certificate"
like "$(finding without)" 'does not go on without a certificate \(alert CERTIFICATE_REQUIRED\)' "the one without has an answer"
stop $SERVER
work server.test:4443
# All is well again, and the last time it wasn't.
state_is_ended() {
	"${E[@]}" devid status --json | grep -q '"state" : "ended"'
}
gateway_start 'auth = "certificate"'
run "${E[@]}" devid connect work --identity rsa
is "$rc" 0 "connected" || diag "$(last_run)"
gateway_stop
gateway_start 'auth = "certificate"' "ca-cert = $PKI/stranger-root.crt"
ok "a gateway that refuses by now" wait_for 30 state_is_ended || diag "$(cat "$HOME_ALICE"/.local/state/devid/connections/work.log)"
gateway_stop
gateway_start 'auth = "certificate"'
undecided "one that refused and doesn't now"
like "$(finding 'last time')" 'the gateway refused the certificate' "by what was the last time"
like "$(finding with)" 'nothing was said against it' "with a probe that has nothing against it"
gateway_stop
run "${E[@]}" devid connect nothing --diagnose
isnt "$rc" 0 "a connection that isn't there"
done_testing
