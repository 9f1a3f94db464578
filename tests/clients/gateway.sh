#!/bin/bash
# The same rule at the door: OpenVPN's server with devid verify as tls-verify, as data/gateway has it; ocserv's
# connect script, called as ocserv calls it and by a real one; a gateway's own program with libdevid.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/openvpn.sh"
private_machine "$0" "$@"
PATH=$PATH:/usr/sbin:/sbin
TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
EXAMPLES=/usr/share/doc/devid/gateway
cp "$PKI"/*.p12 "$T/users/root/"
as root
# One machine plays both: what the gateway's account says must not stop the client, or it would show nothing.
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
for label in rsa2048 p256 stranger expired; do
	run "${A[@]}" devid import-cert --label $label --password-file "$PKI/password" $label.p12
	is "$rc" 0 "$label: imported" || diag "$(last_run)"
done

# --- OpenVPN
ip netns add client
ip link add e0 type veth peer name e0 netns client
ip addr add 10.99.0.1/24 dev e0
ip link set e0 up
ip -n client link set lo up
ip -n client addr add 10.99.0.2/24 dev e0
ip -n client link set e0 up
inside=(ip netns exec client "${A[@]}")
# The gateway's own CA file trusts the stranger's CA too: only devid stands in its way.
cat "$PKI/issuing-chain.pem" "$PKI/stranger-issuing.crt" "$PKI/stranger-root.crt" >"$T/ca.pem"
# Its account is in a folder of its own, for the client has /etc/devid.
GATE=/etc/gateway
cp -r /etc/devid $GATE
mkdir -p -m 700 /run/openvpn-verify
LOG=$OPENVPN_LOG
# server [LINE…]: with the example's lines.
server() {
	sed "s,verify --openvpn,verify --config $GATE --openvpn,; s,^ca .*,ca $T/ca.pem," "$EXAMPLES/openvpn-server.conf" \
		>"$T/example.conf"
	openvpn_server "config $T/example.conf" "$@"
}
client() {
	openvpn_client_file "$T/client.conf" "$1"
	: >"$T/client.log"
	"${inside[@]}" openvpn --config "$T/client.conf" >"$T/client.log" 2>&1 </dev/null &
	CLIENT=$!
	track $CLIENT
}
joined() {
	openvpn_joined "$T/client.log"
}
refusals() {
	grep -c 'VERIFY SCRIPT ERROR' "$LOG"
}
joins() {
	client "$1"
	ok "$2: a tunnel" wait_for 20 joined || diag "$(tail -n 20 "$T/client.log" "$LOG")"
	ok "$2: that carries packets" "${inside[@]}" ping -c 2 -i 0.2 -W 2 10.97.0.1
	stop $CLIENT
}
more_refusals() {
	[ "$(refusals)" -gt "$BEFORE" ]
}
# turned_away CN NAME WORDS: refused at depth 0 by the script, which says why in the server's log.
turned_away() {
	BEFORE=$(refusals)
	client "$1"
	ok "$2: refused by the script" wait_for 15 more_refusals || diag "$(tail -n 20 "$T/client.log" "$LOG")"
	not_ok "$2: no tunnel" joined
	stop $CLIENT
	ok "$2: the gateway's log says why" grep -qE "^devid: .*$3" "$LOG" || diag "$(tail -n 20 "$LOG")"
}
server
joins laptop-rsa2048 "RSA"
joins laptop-p256 "P-256"
turned_away stranger "a stranger whose CA OpenVPN trusts" "not issued by any signing certificate"
run "${A[@]}" devid account revoke "$PKI/p256.crt"
is "$rc" 0 "a serial is revoked"
cp -r /etc/devid/. $GATE/
turned_away laptop-p256 "the revoked one" "revoked"
joins laptop-rsa2048 "the other one still"
echo nonsense >>$GATE/account.conf
turned_away laptop-rsa2048 "a broken account lets nobody in" "account.conf:[0-9]*: "
sed -i '$d' $GATE/account.conf
stop "$OPENVPN_SERVER"
# Without the certificate there is nothing to decide by, and nobody comes in.
sed -i '/^tls-export-cert/d' "$EXAMPLES/openvpn-server.conf"
server
turned_away laptop-rsa2048 "no tls-export-cert" "needs tls-export-cert"
stop "$OPENVPN_SERVER"

# --- as OpenVPN calls it
script() {
	run "${A[@]}" peer_cert="$PKI/rsa2048.crt" devid verify --openvpn -- "$@"
}
script 0 'CN=laptop'
is "$rc" 0 "depth 0: decided"
script 1 'CN=CA'
is "$rc/$out$err" 0/ "depth 1: OpenVPN's own"
for words in '' '0' 'x CN=laptop' '-1 CN=laptop' '0 CN=laptop more'; do
	# shellcheck disable=SC2086
	script $words
	is "$rc" 2 "operands '$words' are off"
done
run "${A[@]}" peer_cert= devid verify --openvpn -- 0 CN=laptop
isnt "$rc" 0 "no file: refused"
run "${A[@]}" peer_cert=/nonexistent devid verify --openvpn -- 0 CN=laptop
isnt "$rc" 0 "a file that isn't there: refused"
: >"$T/empty"
run "${A[@]}" peer_cert="$T/empty" devid verify --openvpn -- 0 CN=laptop
is "$rc" 3 "an empty file: refused"
# A path over what the client may not have sent.
printf '[Account]\nChain=path\n' >/etc/devid/account.conf
cp "$PKI/root.crt" /etc/devid/signing/example.pem
run "${A[@]}" devid verify "$PKI/rsa2048.crt"
is "$rc" 3 "a leaf whose issuer isn't there"
run "${A[@]}" devid verify --intermediates "$PKI/issuing.crt" "$PKI/rsa2048.crt"
is "$rc" 0 "its issuer is in --intermediates"
run "${A[@]}" devid verify --chain path --intermediates "$PKI/stranger-issuing.crt" "$PKI/stranger.crt"
is "$rc" 3 "what lies there is not trusted"
run "${A[@]}" devid verify --intermediates /nonexistent "$PKI/rsa2048.crt"
isnt "$rc" 0 "a file that isn't there"
cp "$PKI/issuing.crt" /etc/devid/signing/example.pem
rm /etc/devid/account.conf

# --- ocserv: the account's rules for a user; the chain is its own
mkdir -p /etc/devid/rules.d
printf '[Rule staff]\nUsers=carol\nAction=allow\n' >/etc/devid/rules.d/10.conf
for user in carol:0 mallory:4; do
	run "${A[@]}" REASON=connect USERNAME=${user%:*} "$EXAMPLES/ocserv-connect"
	is "$rc" ${user#*:} "${user%:*}: the connect script ends with ${user#*:}"
done
for rule in Platforms=Linux Action=allow-internet; do
	printf '[Rule staff]\nUsers=carol\n%s\n' "$rule" >/etc/devid/rules.d/10.conf
	[ "$rule" != Platforms=Linux ] || echo Action=allow >>/etc/devid/rules.d/10.conf
	run "${A[@]}" REASON=connect USERNAME=carol "$EXAMPLES/ocserv-connect"
	is "$rc" 4 "a rule with $rule is not enough: 4"
done
printf '[Rule staff]\nUsers=carol\nAction=allow\n' >/etc/devid/rules.d/10.conf
echo nonsense >/etc/devid/account.conf
run "${A[@]}" REASON=connect USERNAME=carol "$EXAMPLES/ocserv-connect"
isnt "$rc" 0 "a broken account: nobody"
rm /etc/devid/account.conf

# A real one: the rule names one of two users whose certificates are both good.
printf '[Rule staff]\nUsers=laptop-rsa2048\nAction=allow\n' >/etc/devid/rules.d/10.conf
mkdir "$T/oc"
{
	cat <<-X
		tcp-port = 4443
		udp-port = 4443
		run-as-user = nobody
		run-as-group = nogroup
		socket-file = $T/oc/socket
		use-occtl = false
		pid-file = $T/oc/pid
		server-cert = $PKI/server.crt
		server-key = $PKI/server.key
		isolate-workers = false
		device = ocs
		predictable-ips = true
		ipv4-network = 10.98.0.0
		ipv4-netmask = 255.255.255.0
		ping-leases = false
		use-utmp = false
	X
	sed "s,^ca-cert = .*,ca-cert = $PKI/issuing-chain.pem,; s,^connect-script = .*,connect-script = $EXAMPLES/ocserv-connect," \
		"$EXAMPLES/ocserv.conf"
} >"$T/ocserv.conf"
ocserv -f -d 3 -c "$T/ocserv.conf" >"$T/ocserv.log" 2>&1 &
track $!
wait_for 5 port_listens 4443
has_address() {
	ip -n client -4 addr show oct0 | grep -qF 10.98.
}
script_refused() {
	grep -q "laptop-p256.*\(script\|connect\).*\(status\|error\|fail\)" "$T/ocserv.log"
}
comes_in() {
	"${inside[@]}" openconnect --protocol=anyconnect --cafile "$PKI/root.crt" --non-inter --no-dtls \
		--resolve server.test:10.99.0.1 --script "$T/vpnc" --interface oct0 --reconnect-timeout 1 \
		-c "$TOKEN;object=$1" https://server.test:4443 >"$T/oc.log" 2>&1 </dev/null &
	CLIENT=$!
	track $CLIENT
}
cat >"$T/vpnc" <<'X'
#!/bin/sh
[ "$reason" = connect ] && ip link set dev "$TUNDEV" up && ip addr add "$INTERNAL_IP4_ADDRESS/24" dev "$TUNDEV"
exit 0
X
chmod +x "$T/vpnc"
comes_in rsa2048
ok "ocserv: whom the rule names comes in" wait_for 15 has_address || diag "$(tail -n 20 "$T/oc.log" "$T/ocserv.log")"
stop $CLIENT
comes_in p256
ok "ocserv: another is refused by the script" wait_for 15 script_refused || diag "$(tail -n 30 "$T/oc.log" "$T/ocserv.log")"
not_ok "ocserv: and gets no address" has_address
stop $CLIENT
rm -r /etc/devid/rules.d

# --- a gateway's own program
ok "the example is built against what is installed" "${A[@]}" bash -c \
	"gcc -Wall -Wextra -Werror -o '$T/example' '$EXAMPLES/verify-example.c' \$(pkg-config --cflags --libs devid)"
for way in rsa2048:0:ok stranger:1:issuer-unknown expired:1:expired; do
	IFS=: read -r name status word <<<"$way"
	run "${A[@]}" "$T/example" /etc/devid "$PKI/$name.crt"
	is "$rc/$out" "$status/$word" "its word on $name"
done
run "${A[@]}" "$T/example" /nonexistent "$PKI/rsa2048.crt"
is "$rc/$out" 1/no-account "without an account nobody is let in"
done_testing
