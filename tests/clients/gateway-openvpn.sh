#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same rule at OpenVPN's door, as data/gateway has it: a real server with devid verify as its tls-verify script, as
# root, as its unit runs it and as another user, and with the account's rules as its client-connect script.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/openvpn.sh"
. "$(dirname "$0")/../lib/restricted.sh"
tunnel_machine "$0" "$@"
# One machine plays both: the gateway's account is in a folder of its own, and what it says must not stop the client.
GATE=/etc/gateway
cp -r /etc/devid $GATE
EXAMPLES=/usr/share/doc/devid/gateway
LOG=$OPENVPN_LOG
tunnel_import stranger stranger
mkdir -m 700 /run/openvpn-verify

# server [LINE…]: with the example's lines, but for what EDIT says.
EDIT=
server() {
	sed "s,verify --openvpn,verify --config $GATE --openvpn,; $EDIT" "$EXAMPLES/openvpn-server.conf" >"$T/example.conf"
	openvpn_server "config $T/example.conf" "$@"
}
client() {
	openvpn_client_file "$T/client.conf" "$1"
	: >"$T/client.log"
	"${INSIDE[@]}" "${A[@]}" openvpn --config "$T/client.conf" >>"$T/client.log" 2>&1 </dev/null &
	CLIENT=$!
	track $CLIENT
}
logs() {
	diag "$(tail -n 30 "$T/client.log" "$LOG")"
}
joins() {
	client "$1"
	ok "$2: a tunnel" wait_for 20 openvpn_joined "$T/client.log" || logs
	ok "$2: that carries packets" echoes 10.97.0.1
	stop $CLIENT
}
refused() {
	grep -qE "$REFUSAL" "$LOG"
}
REFUSAL='VERIFY SCRIPT ERROR: depth=0'
# turned_away CN NAME REGEX: by the script, which says why in the server's log.
turned_away() {
	: >"$LOG"
	client "$1"
	ok "$2: refused by the script" wait_for 15 refused || logs
	not_ok "$2: no tunnel" openvpn_joined "$T/client.log"
	stop $CLIENT
	ok "$2: the gateway's log says why" grep -qE "^devid: .*$3" "$LOG" || logs
}
# no_certificate NAME: OpenVPN itself refuses, for it can't put the certificate anywhere.
no_certificate() {
	: >"$LOG"
	client laptop-rsa2048
	ok "$1: refused by OpenVPN" wait_for 15 grep -q 'Failed to export certificate' "$LOG" || logs
	not_ok "$1: no tunnel" openvpn_joined "$T/client.log"
	stop $CLIENT
}
# event FIELD…: of the machine's last of the kind Gateway.
event() {
	"${A[@]}" devid events --system --json | python3 -c '
import json, sys
events = [e for e in json.load(sys.stdin)["events"] if e.get("event_sub_type") == "Gateway"]
print("/".join(events[-1].get(name, "") for name in sys.argv[1:]) if events else "")' "$@"
}

# --- as root
server
joins laptop-rsa2048 "RSA"
is "$(event action reason client_cert_name client_address user_name)" Allowed/ok/laptop-rsa2048/10.99.0.2/root "RSA: an event"
ok "the CA's were OpenVPN's own" grep -q 'VERIFY SCRIPT OK: depth=1' "$LOG"
is "$(grep -c 'devid:' "$LOG")" 0 "with not a word"
joins laptop-p256 "P-256"
turned_away stranger "a stranger whose CA OpenVPN trusts" "CN=stranger: not issued by any signing certificate"
is "$(event action reason client_cert_name client_cert_issuer client_address)" \
	"Refused/issuer-unknown/stranger/C=JP, O=Other, CN=Other CA/10.99.0.2" "with an event"
run "${A[@]}" devid account revoke "$PKI/p256.crt"
is "$rc" 0 "a serial is revoked"
cp -r /etc/devid/. $GATE/
turned_away laptop-p256 "the revoked one" "revoked"
is "$(event action reason client_cert_serial)" \
	"Refused/revoked/$(openssl x509 -in "$PKI/p256.crt" -noout -serial | sed 's/.*=0*//' | tr A-F a-f)" "with an event"
joins laptop-rsa2048 "the other one still"
echo nonsense >>$GATE/account.conf
turned_away laptop-rsa2048 "a broken account lets nobody in" "account.conf:[0-9]*: "
is "$(event action reason)" "Refused/account-broken" "with an event"
sed -i '$d' $GATE/account.conf
mv $GATE $GATE.away
turned_away laptop-rsa2048 "nor does none" "no account"
mv $GATE.away $GATE
mv /run/openvpn-verify /run/away
no_certificate "nowhere to put the certificate"
mv /run/away /run/openvpn-verify
is "$(ls /run/openvpn-verify)" "" "no certificate is left behind"
# The log can't be written: that changes nothing, either way.
mkdir "$T/log"
mv /var/log/devid/* "$T/log"
mkdir /var/log/devid/{uses,refusals}.jsonl
joins laptop-rsa2048 "no event can be written"
ok "which is told" grep -q '^warning: the event could not be written, the decision stands' "$LOG"
turned_away stranger "nor for a stranger" "not issued by any"
rmdir /var/log/devid/{uses,refusals}.jsonl
mv "$T/log"/* /var/log/devid
stop "$OPENVPN_SERVER"

# --- what is wrong with the configuration
EDIT='/^tls-export-cert/d' server
turned_away laptop-rsa2048 "no tls-export-cert" "its configuration needs the line: tls-export-cert /run/openvpn-verify"
is "$(event action reason client_address)" "Refused/usage/10.99.0.2" "with an event"
stop "$OPENVPN_SERVER"
EDIT='s,^tls-export-cert .*,tls-export-cert run/openvpn-verify,; s,^ca .*,cd /\nca /etc/devid-gateway/device-cas.pem,' server
turned_away laptop-rsa2048 "a relative folder" "not an absolute path"
stop "$OPENVPN_SERVER"
# The words are wrong for the CA's certificate already.
REFUSAL='VERIFY SCRIPT ERROR: depth=2'
for word in --help --no-such-option --chain=none --at=2026-01-01; do
	EDIT="s,--openvpn,& $word," server
	: >"$LOG"
	client laptop-rsa2048
	ok "tls-verify with $word: refused" wait_for 15 refused || logs
	not_ok "tls-verify with $word: no tunnel" openvpn_joined "$T/client.log"
	stop $CLIENT
	stop "$OPENVPN_SERVER"
done
REFUSAL='VERIFY SCRIPT ERROR: depth=0'
EDIT="s,--config $GATE,--config /nonexistent," server
turned_away laptop-rsa2048 "tls-verify with a folder that isn't there" "no account"
stop "$OPENVPN_SERVER"
# Somebody who gets at the file puts one in its place that would pass.
cat >"$T/swap" <<X
#!/bin/sh
[ "\$1" -gt 0 ] || cat "$PKI/rsa2048.crt" >"\$peer_cert"
exec /usr/bin/devid verify --config $GATE --openvpn -- "\$@"
X
chmod +x "$T/swap"
EDIT="s,^tls-verify.*,tls-verify $T/swap," server
turned_away stranger "another's certificate in its place" "not the one that OpenVPN has verified"
joins laptop-rsa2048 "one's own in its place"
stop "$OPENVPN_SERVER"

# --- as its unit runs it, with a log that isn't there yet
as_unit openvpn-server@
rm -r /var/log/devid/*
cp "$PKI/rsa2048.crt" /run/openvpn-verify/leaf.pem
run "${UNDER[@]}" env -i peer_cert=/run/openvpn-verify/leaf.pem devid verify --config $GATE --openvpn -- 0 CN=laptop
is "$rc/$err" 0/ "openvpn-server@: the script alone"
is "$(stat -c %U:%a /var/log/devid/uses.jsonl)" devid:600 "openvpn-server@: makes the machine's log as its owner"
rm /run/openvpn-verify/leaf.pem
OPENVPN_SERVER_UNDER=("${UNDER[@]}")
server
joins laptop-rsa2048 "openvpn-server@"
is "$(event action reason client_cert_name)" Allowed/ok/laptop-rsa2048 "openvpn-server@: an event"
turned_away laptop-p256 "openvpn-server@: the revoked one" "revoked"
stop "$OPENVPN_SERVER"
OPENVPN_SERVER_UNDER=()

# --- as another user
chown nobody /run/openvpn-verify
rm -r /var/log/devid/*
server 'user nobody' 'group nogroup' 'persist-tun' 'persist-key'
joins laptop-rsa2048 "as nobody"
ok "as nobody: without an event, which is told" grep -q '^warning: the event could not be written' "$LOG" || logs
turned_away stranger "as nobody" "not issued by any"
is "$(event action)" "" "as nobody: nothing in the machine's log"
chmod 600 $GATE/account.conf
turned_away laptop-rsa2048 "as nobody, an account that can't be read" "account.conf: Permission denied"
chmod 644 $GATE/account.conf
chown root /run/openvpn-verify
no_certificate "as nobody, a folder of root's"
stop "$OPENVPN_SERVER"

# --- the account's rules
mkdir -p /etc/devid/rules.d
rule() { # LINE…
	printf '%s\n' '[Rule staff]' "$@" >/etc/devid/rules.d/10.conf
}
rule Users=laptop-rsa2048 Platforms=Linux Action=allow
EDIT='s,^#client-connect,client-connect,' server
joins laptop-rsa2048 "whom a rule names"
ok "with a line that calls a claim a claim" grep -q '^devid: laptop-rsa2048: let in on Linux, as it claims$' "$LOG" || logs
REFUSAL='client-connect.*|WARNING: Failed running command.*|AUTH_FAILED'
rule Users=somebody Platforms=Linux Action=allow
turned_away laptop-rsa2048 "whom none names" "laptop-rsa2048 \(10\.99\.0\.2\): refused: on Linux, as it claims: "
rule Users=laptop-rsa2048 Platforms=Windows Action=allow
turned_away laptop-rsa2048 "another system" "refused: on Linux, as it claims: "
rule Users=laptop-rsa2048 Action=allow-internet
turned_away laptop-rsa2048 "the internet alone" "to the internet alone"
REFUSAL='VERIFY SCRIPT ERROR: depth=0'
rule Users=stranger Action=allow
turned_away stranger "a rule is no certificate" "not issued by any"
stop "$OPENVPN_SERVER"
rm -r /etc/devid/rules.d

# --- revoked while it is connected
server
client laptop-rsa2048
ok "one who will be revoked: a tunnel" wait_for 20 openvpn_joined "$T/client.log" || logs
run "${A[@]}" devid account revoke "$PKI/rsa2048.crt"
cp -r /etc/devid/. $GATE/
ok "revoked: an open tunnel stays open" echoes 10.97.0.1
stop "$OPENVPN_SERVER"
server
not_ok "revoked: and ends with the server" echoes 10.97.0.1
stop $CLIENT
turned_away laptop-rsa2048 "revoked, and back" "revoked"
stop "$OPENVPN_SERVER"

# The script as OpenVPN calls it.
mkdir -p /etc/devid/rules.d
script() { # NAME=VALUE…
	run "${A[@]}" trusted_ip=192.0.2.7 "$@" "$EXAMPLES/openvpn-client-connect" /nonexistent
}
rule Users=carol,root Platforms=Linux,Windows,macOS,iOS,Android Action=allow
for system in linux win mac ios android; do
	script common_name=carol IV_PLAT=$system IV_VER=2.6.3
	is "$rc" 0 "the script: carol on $system"
done
for system in '' Linux solaris freebsd 'linux ' --help; do
	script common_name=carol IV_PLAT="$system"
	is "$rc" 1 "the script: carol on '$system': refused"
	like "$err" '192\.0\.2\.7\): refused: it claims no system' "with a line for the log"
done
for name in '' root mallory --help 'carol ' 'carol;true'; do
	script common_name="$name" IV_PLAT=linux
	is "$rc" 1 "the script: '$name': refused"
done
echo nonsense >/etc/devid/account.conf
script common_name=carol IV_PLAT=linux
is "$rc" 1 "the script: a broken account"
rm -r /etc/devid
script common_name=carol IV_PLAT=linux
is "$rc" 1 "the script: no account"
done_testing
