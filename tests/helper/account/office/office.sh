#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Offices in a network of the test's own, with a gateway of its own MAC, a name server and an HTTPS server:
# each criterion tells the office, and no portal or spoofer passes for it.
. "$(dirname "$0")/../../../lib/common.sh"
[ "$(id -u)" -eq 0 ] || skip_all "needs root"
private_network "$0" "$@"
private_etc "$0" "$@"
here=$(dirname "$0")
driver=$1
MAC=02:00:00:00:09:01
plan 78

# The other end: the gateway 10.9.0.1, with the office's servers on it too.
unshare -n sleep infinity &
peer=$!
track "$peer"
wait_for 5 test -e "/proc/$peer/ns/net"
other() { nsenter -t "$peer" -n "$@"; }
isolated() { [ "$(readlink "/proc/$peer/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
wait_for 5 isolated || bail "no network"
other ip link set lo up
ip link add devid0 type veth peer name devid1 address "$MAC" || bail "no veth"
ip link set devid1 netns "$peer"
ip addr add 10.9.0.2/24 dev devid0
ip link set devid0 up
other ip addr add 10.9.0.1/24 dev devid1
other ip addr add 10.9.0.5/24 dev devid1
other ip link set devid1 up
echo 'nameserver 10.9.0.1' >"$T/resolv.conf"
rm -f /etc/resolv.conf
cp "$T/resolv.conf" /etc/resolv.conf
printf 'hosts: files dns\n' >/etc/nsswitch.conf

served() { grep -qx ready "$T/served"; }
# serve COMMAND…: one server at a time; its pid is in $server.
serve() {
	: >"$T/served"
	nsenter -t "$peer" -n "${E[@]}" python3 -u "$here/office-servers.py" "$@" >"$T/served" 2>&1 &
	server=$!
	track "$server"
	wait_for 10 served || bail "no server: $(cat "$T/served")"
}
known_gateway() { awk '$1 == "10.9.0.1" && $3 == "0x2"' /proc/net/arp | grep -q .; }
meet_gateway() {
	wait_for 5 ping -c 1 -W 1 10.9.0.1 && wait_for 5 known_gateway
}
account() {
	mkdir -p "$T/account"
	printf '[Account]\n\n[Office Tokyo]\n' | cat - "$@" >"$T/account/account.conf"
}
find_office() { run "${E[@]}" "$driver" "$T/account" "$@"; }
# told ORIGIN WORDS NAME
told() {
	is "${out%%$'\n'*}" "$1" "$3"
	like "${out#*$'\n'}" "$2" "… and it says why"
}
pin() { printf 'sha256:%s' "$(openssl x509 -in "$1" -outform DER | sha256sum | cut -d' ' -f1)"; }
key_pin() {
	printf 'sha256:%s' "$(openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum |
		cut -d' ' -f1)"
}
. "$TESTS/certs/pki.sh"
(
	cd "$T" || exit 1
	for name in pinned portal; do
		pki_key "$name" p256 && END=20360101000000Z pki_issue "$name" "$name" "/CN=$name" "${SERVER_EXTENSIONS[@]}" || exit 1
	done
	# Its dates do not matter: the pin does.
	pki_key over p256 && START=20200101000000Z END=20210101000000Z \
		pki_issue over over "/CN=over" "${SERVER_EXTENSIONS[@]}"
) >"$T/pki.log" 2>&1 || bail "no certificates: $(cat "$T/pki.log")"

cat >"$T/by-gateway" <<X
GatewayAddress=10.9.0.1
GatewayMAC=$MAC
X
cat >"$T/by-name" <<X
DNSName=office.example.com
DNSAnswer=10.9.0.53; 10.9.0.54
X
cat >"$T/by-probe" <<X
Probe=https://probe.example.com:8443/here?q=1
ProbeCertificate=sha256:$(printf "%064d" 0); $(pin "$T/pinned.crt")
X

# --- the gateway -----------------------------------------------------------------------------------
account "$T/by-gateway"
find_office
told "unknown -" 'there is no gateway' "no default route: not the office"
ip route add default via 10.9.0.1 metric 10
find_office
told "unknown -" 'MAC of the gateway 10.9.0.1 is not known' "a gateway that was not spoken with: not the office"
meet_gateway
find_office
told "office Tokyo" "the gateway is 10.9.0.1 with MAC $MAC" "address and MAC: the office"
find_office look
told "office Tokyo" "Tokyo: the gateway is" "… also by a mere look"
ip addr add 10.8.0.2/24 dev devid0
other ip addr add 10.8.0.1/24 dev devid1
ip route add default via 10.8.0.1 metric 5
find_office
told "remote -" 'the gateway is 10.8.0.1, not 10.9.0.1' "the route of the least metric counts"
ip route del default via 10.8.0.1 metric 5
ip neigh replace 10.9.0.1 lladdr 02:00:00:00:66:66 dev devid0 nud permanent
find_office
told "remote -" 'has another MAC: 02:00:00:00:66:66' "the right address with another MAC: not the office"
ip neigh del 10.9.0.1 dev devid0
meet_gateway

# --- the gateway of IPv6 ---------------------------------------------------------------------------
other ip -6 addr add fe80::9:1/64 dev devid1 nodad
other ip -6 addr add fd09::1/64 dev devid1 nodad
ip -6 addr add fd09::2/64 dev devid0 nodad
met6() { ping -6 -c 1 -W 1 -I devid0 "$1" && ip -6 neigh get "$1" dev devid0 | grep -q lladdr; }
for gateway in fe80::9:1 fd09::1; do
	printf 'GatewayAddress=%s\nGatewayMAC=%s\n' "$gateway" "$MAC" >"$T/by-gateway6"
	account "$T/by-gateway6"
	find_office
	told "unknown -" 'there is no gateway' "$gateway: no default route of IPv6: not the office"
	ip -6 route add default via "$gateway" dev devid0 metric 10
	ip -6 neigh flush dev devid0
	find_office look
	told "unknown -" "MAC of the gateway $gateway is not known" "$gateway: not spoken with: not the office"
	wait_for 5 met6 "$gateway" || diag "$(ip -6 neigh; ip -6 addr)"
	find_office look
	told "office Tokyo" "the gateway is $gateway with MAC $MAC" "$gateway: address and MAC: the office"
	ip -6 neigh replace "$gateway" lladdr 02:00:00:00:66:66 dev devid0 nud permanent
	find_office
	told "remote -" 'has another MAC: 02:00:00:00:66:66' "$gateway: another MAC: not the office"
	ip -6 neigh del "$gateway" dev devid0
	ip -6 route del default
done

# --- the name server ------------------------------------------------------------------------------
account "$T/by-name"
serve dns 10.9.0.1 office.example.com=10.9.0.54
find_office
told "office Tokyo" 'office.example.com is answered as it must be' "one of the answers: the office"
find_office look
told "unknown -" 'nothing is asked over the network' "a mere look asks no name server"
stop "$server"
serve dns 10.9.0.1 office.example.com=10.66.0.1
find_office
told "remote -" 'answered with 10.66.0.1' "another answer: not the office"
stop "$server"
serve dns 10.9.0.1
find_office
told "remote -" 'does not exist here' "no such name: not the office"
stop "$server"
serve dns 10.9.0.1 '*=10.9.0.53'
find_office
told "remote -" "names that don't exist are answered here too" "a portal that answers every name: not the office"
stop "$server"
serve dns 10.9.0.1 office.example.com=10.9.0.53 refuse
find_office
told "unknown -" 'did not say' "a server that doesn't say what does not exist: not the office"
stop "$server"
serve dns 10.9.0.1 silent
RUN_BOUND=20 find_office
told "unknown -" 'no name server answered' "a silent name server: not the office"
ok "… within the bound of 3 s" test "$ms" -lt 6000
stop "$server"

# --- the probe -------------------------------------------------------------------------------------
account "$T/by-probe"
echo '10.9.0.5 probe.example.com' >>/etc/hosts
serve https 10.9.0.5 8443 "$T/pinned.crt" "$T/pinned.key" "204 No Content"
find_office
told "office Tokyo" 'answers 204 with the pinned certificate' "the pinned certificate: the office"
is "$(sed 1d "$T/served")" $'name probe.example.com\nrequest GET /here?q=1 HTTP/1.1' "it names the server and asks for the path"
stop "$server"
serve https 10.9.0.5 8443 "$T/portal.crt" "$T/portal.key" "200 OK"
find_office
told "remote -" 'has another certificate' "a portal with a certificate of its own: not the office"
unlike "$(cat "$T/served")" 'request GET' "… and it was asked for nothing"
stop "$server"
for status in "302 Found" "403 Forbidden"; do
	serve https 10.9.0.5 8443 "$T/pinned.crt" "$T/pinned.key" "$status" "Location: https://probe.example.com:8443/"
	find_office
	is "${out%%$'\n'*}" "remote -" "$status is no success: not the office"
	[ "$status" = "403 Forbidden" ] || is "$(grep -c request "$T/served")" 1 "a redirect is not followed"
	stop "$server"
done
serve https 10.9.0.5 8443 "$T/pinned.crt" "$T/pinned.key" silent
RUN_BOUND=20 find_office
told "unknown -" 'gave no answer' "a server that never answers: not the office"
ok "… within the bound of 3 s" test "$ms" -lt 6000
stop "$server"
find_office
told "unknown -" "can't be reached" "nobody there: not the office"
: >"$T/served"
nsenter -t "$peer" -n "${E[@]}" python3 -c '
import socket, sys, time
s = socket.create_server(("10.9.0.5", 8443)); print("ready", flush=True)
c, _ = s.accept(); time.sleep(600)' >"$T/served" 2>&1 &
server=$!
track "$server"
wait_for 10 served || bail "no server: $(cat "$T/served")"
RUN_BOUND=20 find_office
told "unknown -" "no TLS connection" "a server that speaks no TLS: not the office"
ok "… within the bound of 3 s" test "$ms" -lt 6000
stop "$server"
printf 'Probe=https://10.9.0.5:8443\nProbeCertificate=%s\n' "$(key_pin "$T/over.crt")" >"$T/by-key"
account "$T/by-key"
serve https 10.9.0.5 8443 "$T/over.crt" "$T/over.key" "200 OK"
find_office
told "office Tokyo" 'answers 200' "the pin of a key, a server without a name, a certificate past its dates: the office"
is "$(sed 1d "$T/served")" $'name None\nrequest GET / HTTP/1.1' "an address is not sent as a name"
stop "$server"

# --- all that is given must hold ------------------------------------------------------------------------
account "$T/by-gateway" "$T/by-name" "$T/by-probe"
serve dns 10.9.0.1 office.example.com=10.9.0.53
name_server=$server
serve https 10.9.0.5 8443 "$T/pinned.crt" "$T/pinned.key" "200 OK"
find_office
told "office Tokyo" "gateway is .* MAC $MAC, .*(answered as it must be.*answers 200|answers 200.*answered as)" "all three: the office"
stop "$server"
serve https 10.9.0.5 8443 "$T/portal.crt" "$T/portal.key" "200 OK"
find_office
told "remote -" 'another certificate' "a spoofed gateway and name, and the wrong certificate: not the office"
ip neigh replace 10.9.0.1 lladdr "$MAC" dev devid0 nud permanent
stop "$server"
serve https 10.9.0.5 8443 "$T/pinned.crt" "$T/pinned.key" "200 OK"
sed "s/$MAC/02:00:00:00:09:02/" "$T/account/account.conf" >"$T/new" && mv "$T/new" "$T/account/account.conf"
find_office
told "remote -" 'another MAC' "all but the MAC: not the office"
is "$(sed 1d "$T/served")" "" "… and what the MAC ruled out is not asked about"
{
	printf '[Office Osaka]\n'
	cat "$T/by-name"
} >>"$T/account/account.conf"
find_office
told "office Osaka" '^Osaka: ' "a second office that holds: the office"
stop "$server"
stop "$name_server"

# --- as the command tells it ---------------------------------------------------------------------------
account "$T/by-gateway"
env_set "DEVID_CONFIG_DIR=$T/account"
run "${E[@]}" "$DEVID_COMMAND" status
like "$out" 'network +office Tokyo' "devid status names the office"
run "${E[@]}" "$DEVID_COMMAND" status --json
like "$out" '"network" : \{[^}]*"origin" : "office",[^}]*"office" : "Tokyo"' "… also in JSON"
ip neigh replace 10.9.0.1 lladdr 02:00:00:00:66:66 dev devid0 nud permanent
run "${E[@]}" "$DEVID_COMMAND" status
like "$out" 'network +remote, not the office \(Tokyo: the gateway 10.9.0.1' "… or why it is none"
printf '[Account]\n' >"$T/account/account.conf"
run "${E[@]}" "$DEVID_COMMAND" status
unlike "$out" 'network' "an account without offices has no such line"

# --- no network ---------------------------------------------------------------------------------------
ip link set devid0 down
account "$T/by-name"
RUN_BOUND=20 find_office
is "${out%%$'\n'*}" "unknown -" "no network: not the office"
ok "… and no wait" test "$ms" -lt 6000
done_testing
