#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The rule at ocserv's door, as data/gateway has it: the account's signing certificates as its own, a revocation list
# made without the CA, and the account's rules by the connect script, called as ocserv calls it and by a real one.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/gateway.sh"
private_machine "$0" "$@"
PATH=$PATH:/usr/sbin:/sbin
TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
EXAMPLES=/usr/share/doc/devid/gateway
gateway_network
cp "$PKI"/*.p12 "$T/users/root/"
as root
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
for label in rsa2048 p256 stranger; do
	run "${A[@]}" devid import-cert --label $label --password-file "$PKI/password" $label.p12
	is "$rc" 0 "$label: imported" || diag "$(last_run)"
done

# --- the connect script, as ocserv calls it
mkdir -p /etc/devid/rules.d
rule() { # LINE…
	printf '%s\n' '[Rule staff]' "$@" >/etc/devid/rules.d/10.conf
}
script() { # NAME=VALUE…
	run "${A[@]}" IP_REAL=192.0.2.7 "$@" "$EXAMPLES/ocserv-connect"
}
refused() { # NAME [REGEX]
	is "$rc" 4 "the script: $1: refused"
	like "$(tail -n 1 <<<"$err")" "\(192\.0\.2\.7\): refused: ${2:-on [A-Za-z]+: [a-z]}" "$1: with a line for the log"
	is "$out$(grep -c 'devid:' <<<"$err")" 1 "$1: and no more"
}
rule Users=carol Action=allow
script REASON=connect USERNAME=carol
is "$rc/$out$err" 0/ "the script: whom the rule names comes in"
for name in mallory CAROL2 --help --user=carol $'carol\nmallory' 'carol;true' '-' 'carol '; do
	script REASON=connect USERNAME="$name"
	refused "$(printf %q "$name")"
done
script REASON=connect USERNAME=
refused "an empty name" "not a name"
script REASON=connect
refused "none at all" "not a name"
rule Users=root Action=allow
script REASON=connect USERNAME=root
refused "the gateway's own user" "not a name"
for line in Platforms=Linux Platforms=Windows,Linux Action=allow-internet; do
	rule Users=carol $line $([[ $line == Action* ]] || echo Action=allow)
	script REASON=connect USERNAME=carol DEVICE_PLATFORM=linux-64 USER_AGENT='Open AnyConnect VPN Agent v8'
	refused "a rule with $line is not enough"
done
rule Users=@office Action=allow
script REASON=connect USERNAME=carol GROUPNAME=office
is "$rc" 0 "the script: a group that the certificate names"
script REASON=connect USERNAME=carol GROUPNAME=guests
refused "another group"
script REASON=connect USERNAME=carol
refused "no group"
rule Users=carol Action=allow
for reason in '' Connect again; do
	script REASON="$reason" USERNAME=carol
	is "$rc" 1 "the script: the reason '$reason' lets nobody in"
done
for reason in disconnect host-update; do
	script REASON=$reason USERNAME=mallory
	is "$rc/$out$err" 0/ "the script: $reason decides nothing"
done
echo nonsense >/etc/devid/account.conf
script REASON=connect USERNAME=carol
refused "a broken account"
rm /etc/devid/account.conf
mv /etc/devid "$T/away"
script REASON=connect USERNAME=carol
refused "no account"
mv "$T/away" /etc/devid

# --- make-crl
cp "$PKI/issuing.crt" "$PKI/p256.crt" "$PKI/rsa2048.crt" "$T/users/root/"
crl() { # KEY CA REVOKED…
	run "${A[@]}" "$EXAMPLES/make-crl" "$@"
}
crl "$PKI/issuing.key"
is "$rc" 2 "make-crl: no CA named"
crl "$PKI/issuing.key" issuing.crt
is "$rc/$(openssl crl -noout -text <"$T/run.out" | grep -c 'No Revoked')" 0/1 "make-crl: an empty list"
cp "$T/run.out" "$T/users/root/empty"
for days in 0 -1 soon; do
	run "${A[@]}" DAYS=$days "$EXAMPLES/make-crl" "$PKI/issuing.key" issuing.crt p256.crt
	is "$rc/$out" 2/ "make-crl: for $days days"
done
crl /nonexistent issuing.crt p256.crt
is "$rc/$out" 1/ "make-crl: no key"
crl "$PKI/issuing.key" /nonexistent p256.crt
is "$rc/$out" 1/ "make-crl: no CA"
crl "$PKI/issuing.key" issuing.crt p256.crt /nonexistent
isnt "$rc" 0 "make-crl: a file that isn't there"
is "$out" "" "make-crl: prints nothing then"
is "$(openssl x509 -in "$PKI/issuing.crt" -outform DER -out "$T/users/root/issuing.der" 2>&1)" "" "a CA in DER"
openssl x509 -in "$PKI/rsa2048.crt" -outform DER -out "$T/users/root/rsa2048.der"
cat "$PKI"/{p256,rsa2048}.crt >"$T/users/root/both.crt"
cp "$PKI/stranger.crt" "$T/users/root/"
for file in both.crt stranger.crt /etc/passwd; do
	crl "$PKI/issuing.key" issuing.crt p256.crt "$file"
	is "$rc/$out" 1/ "make-crl: $file: refused, and no list without it"
	like "$err" "^make-crl: $file: " "make-crl: $file: named"
done
run "${A[@]}" DAYS=5 "$EXAMPLES/make-crl" "$PKI/issuing.key" issuing.der rsa2048.der p256.crt
is "$rc/$(openssl crl -noout -text <"$T/run.out" | grep -c 'Serial Number')" 0/2 "make-crl: DER as well"
next=$(date -d "$(openssl crl -noout -nextupdate <"$T/run.out" | cut -d= -f2)" +%s)
is "$(((next - $(date +%s) + 43200) / 86400))" 5 "make-crl: for as many days as DAYS says"
crl "$PKI/issuing.key" issuing.crt p256.crt rsa2048.crt
is "$rc/$(grep -c 'BEGIN X509 CRL' "$T/run.out")" 0/1 "make-crl: a list"
is "$(openssl crl -noout -text <"$T/run.out" | grep -c 'Serial Number')" 2 "make-crl: of two"
ok "make-crl: that the CA has signed" bash -c 'openssl crl -noout -CAfile "$1" <"$2" 2>&1 | grep -q "verify OK"' - "$PKI/issuing.crt" "$T/run.out"

# --- a real one
rule Users=laptop-rsa2048,laptop-p256 Action=allow
mkdir /etc/ocserv-test
# server [LINE…]: the example, with what an administrator fills in.
server() {
	local lines
	cat /etc/devid/signing/*.pem >/etc/ocserv-test/signing.pem
	mapfile -t lines < <(sed "s,/etc/ocserv/,/etc/ocserv-test/,; s,^connect-script = .*,connect-script = $T/script," \
		"$EXAMPLES/ocserv.conf")
	: >"$GATEWAY_LOG"
	gateway_start "${lines[@]}" "$@"
}
cat >"$T/script" <<X
#!/bin/sh
env >$T/script.env
exec $EXAMPLES/ocserv-connect
X
cat >"$T/vpnc" <<'X'
#!/bin/sh
[ "$reason" = connect ] && ip link set dev "$TUNDEV" up && ip addr add "$INTERNAL_IP4_ADDRESS/24" dev "$TUNDEV"
exit 0
X
chmod +x "$T/vpnc" "$T/script"
has_address() {
	ip -4 addr show oct0 2>/dev/null | grep -qF 10.98.
}
client() {
	"${A[@]}" openconnect --protocol=anyconnect --cafile "$PKI/root.crt" --non-inter --no-dtls \
		--script "$T/vpnc" --interface oct0 --reconnect-timeout 1 \
		-c "$TOKEN;object=$1" https://server.test:4443 >"$T/oc.log" 2>&1 </dev/null &
	CLIENT=$!
	track $CLIENT
}
logs() {
	diag "$(tail -n 30 "$T/oc.log" "$GATEWAY_LOG")"
}
comes_in() { # LABEL NAME
	rm -f "$T/script.env"
	client "$1"
	ok "ocserv: $2 comes in" wait_for 15 has_address || logs
	ok "ocserv: $2: and packets go through" gateway_echoes
	stop $CLIENT
}
# turned_away LABEL NAME REGEX FILE: it ends without a tunnel.
turned_away() {
	rm -f "$T/script.env"
	client "$1"
	ok "ocserv: $2: ends" wait_for 15 gone $CLIENT || logs
	not_ok "ocserv: $2: without an address" has_address
	ok "ocserv: $2: with the reason in the log" grep -qE "$3" "$GATEWAY_LOG" || logs
	stop $CLIENT
}
server
comes_in rsa2048 "whom the rule names"
like "$(cat "$T/script.env")" 'USERNAME=laptop-rsa2048' "the script knows the name"
like "$(cat "$T/script.env")" 'IP_REAL=10\.99\.0\.2' "and the address"
unlike "$(cat "$T/script.env")" "BEGIN CERTIFICATE|$(openssl x509 -in "$PKI/rsa2048.crt" -noout -serial | sed 's/.*=//')" \
	"and nothing of the certificate itself"
comes_in p256 "the other one"
turned_away stranger "a stranger" 'verif|certificate'
not_ok "who never reaches the script" test -e "$T/script.env"
rule Users=laptop-rsa2048 Action=allow
turned_away p256 "whom no rule names" 'devid: laptop-p256 \(10\.99\.0\.2\): refused: on '
gateway_stop
rule Users=laptop-rsa2048,laptop-p256 Action=allow

# Revoked here, by a list of the gateway's own key; then by the CA's.
certtool --generate-privkey --key-type rsa --bits 2048 --outfile "$T/own.key" >"$T/own.log" 2>&1
for key in "$T/own.key" "$PKI/issuing.key"; do
	name=$(basename "$key")
	crl "$key" issuing.crt p256.crt
	is "$rc" 0 "$name: a revocation list"
	cp "$T/run.out" /etc/ocserv-test/crl.pem
	server "crl = /etc/ocserv-test/crl.pem"
	turned_away p256 "$name: revoked" 'revoked|verif'
	not_ok "$name: who never reaches the script" test -e "$T/script.env"
	comes_in rsa2048 "$name: the other one"
	[ "$key" = "$PKI/issuing.key" ] || gateway_stop
done
# A running one takes a new list when it is told to.
crl "$PKI/issuing.key" issuing.crt p256.crt rsa2048.crt
cp "$T/run.out" /etc/ocserv-test/crl.pem
kill -HUP "$GATEWAY_PID"
ok "ocserv: reads its files again" wait_for 10 grep -q 'reload' "$GATEWAY_LOG" || logs
turned_away rsa2048 "revoked while it runs" 'revoked|verif'
gateway_stop
# An open connection ends with the server, and doesn't come back.
cp "$T/users/root/"empty /etc/ocserv-test/crl.pem
server "crl = /etc/ocserv-test/crl.pem"
client rsa2048
ok "ocserv: an empty list: in" wait_for 15 has_address || logs
cp "$T/run.out" /etc/ocserv-test/crl.pem
gateway_stop
server "crl = /etc/ocserv-test/crl.pem"
ok "ocserv: revoked and the server restarted: the client ends" wait_for 30 gone $CLIENT || logs
not_ok "ocserv: without an address" has_address
stop $CLIENT
gateway_stop
# One that is over still counts, and no more than that: who makes none any more isn't told.
cat >"$T/template" <<'X'
crl_number = 1
crl_this_update_date = "2020-01-01 00:00:00"
crl_next_update_date = "2020-02-01 00:00:00"
X
certtool --generate-crl --load-ca-privkey "$PKI/issuing.key" --load-ca-certificate "$PKI/issuing.crt" \
	--load-certificate "$PKI/p256.crt" --template "$T/template" --outfile /etc/ocserv-test/crl.pem >"$T/crl.log" 2>&1
like "$(openssl crl -noout -nextupdate -in /etc/ocserv-test/crl.pem)" 2020 "a list that ended in 2020"
server "crl = /etc/ocserv-test/crl.pem"
turned_away p256 "an old list" 'revoked|verif'
comes_in rsa2048 "an old list: the other one"
gateway_stop
done_testing
