#!/bin/bash
# devid connect --diagnose: what is wrong, and on which side, for one fault of each side; it makes no tunnel.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
client_machine "$0" "$@"
rm "$HOME_ALICE"/*.p12
run "${E[@]}" devid remove stranger
gateway_network
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
mkdir -p "$D"
work() {
	printf '[Connection]\nGateway=%s\nClient=openconnect\nCAFile=%s\n' "$1" "${2:-$PKI/root.crt}" >"$D/work.conf"
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
blames none 0 "all is well" 'the server asked for a certificate, the key signed'
run "${E[@]}" devid connect work --identity rsa --diagnose
like "$out" 'diagnosis +nothing was found against it' "for a person: a sentence"

# --- the device
client_end_agents
chmod 000 "$AGENT_PROGRAM"
blames device 1 "no agent can be started" '"what" : "agent"'
chmod 755 "$AGENT_PROGRAM"
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
work nowhere.test:4443
blames network 1 "no such name"
work server.test:4443
# --- undecided: the gateway hangs up and says no reason, as TLS 1.3 lets it
sed -i "s,^ca-cert = .*,ca-cert = $PKI/stranger-root.crt," "$T/ocserv.conf"
ip netns exec gateway ocserv -f -d 3 -c "$T/ocserv.conf" >>"$GATEWAY_LOG" 2>&1 &
GATEWAY_PID=$!
track $GATEWAY_PID
wait_for 10 gateway_listens
run "${E[@]}" devid connect work --identity rsa --diagnose --json
like "$(sed -n 's/^  "side" : "\(.*\)",$/\1/p' <<<"$out")" '^(gateway|undecided)$' "the gateway has another CA: not this device" ||
	diag "$(last_run)"
is "$rc" 1 "and ends with 1"
run "${E[@]}" devid connect nothing --diagnose
isnt "$rc" 0 "a connection that isn't there"
done_testing
