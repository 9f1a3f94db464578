#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# pkcs11-helper, as OpenVPN calls it: the list of ids; logins by a user and by root's daemon, which forks before it
# loads the module; a client that outlives the agent; what it does and says when a key can't be used, and that its
# tries make one event. A tunnel with packets in it is in profile-openvpn.sh.
. "$(dirname "$0")/../lib/clients.sh"
client_machine "$0" "$@"

# --- the list
id_of() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha1sum | cut -d' ' -f1 |
		tr '[:lower:]' '[:upper:]'
}
user='devid/devid/user/Device\x20Identity'
machine='devid/devid/system/Device\x20Identity\x20\x28system\x29'
# certificate NAME DN TOKEN: as it is listed.
certificate() {
	printf '\nCertificate\n       DN:             %s\n       Serial:         %s\n       Serialized id:  %s\n' "$2" \
		"$(openssl x509 -in "$PKI/$1.crt" -noout -serial | cut -d= -f2)" "$3/$(id_of "$1")"
}
# list: by "${A[@]}", without the lines that are always the same.
list() {
	run "${A[@]}" openvpn --show-pkcs11-ids "$SO"
	out=$(sed '1,/please remember to use single quote/d' <<<"$out")
}
mine="$(certificate p256 'C=JP, ST=Tokyo, O=Example, CN=laptop-p256' "$user")
$(certificate rsa2048 'C=JP, ST=Tokyo, O=Example, CN=laptop-rsa2048' "$user")
$(certificate stranger 'C=JP, O=Other, CN=stranger' "$user")"
A=("${E[@]}")
list
is "$rc" 0 "openvpn --show-pkcs11-ids"
is "$out" "$mine" "lists the identities by CKA_ID, and no CA"

# --- a server that takes both CAs' certificates
cat "$PKI/issuing-chain.pem" "$PKI/stranger-chain.pem" >"$T/all.pem"
cat >"$T/server.conf" <<X
port 1194
proto udp
local 127.0.0.1
dev tunS
dev-type tun
topology subnet
server 10.97.0.0 255.255.255.0
ca $T/all.pem
cert $PKI/server.crt
key $PKI/server.key
dh none
data-ciphers AES-256-GCM
verify-client-cert require
remote-cert-tls client
X
openvpn --config "$T/server.conf" >>"$T/server.log" 2>&1 &
track $!
completed() {
	[ "$(grep -c 'Initialization Sequence Completed' "$1")" -ge "${2:-1}" ]
}
wait_for 10 completed "$T/server.log" || bail "no server: $(cat "$T/server.log")"
logged_in() {
	grep -q "\[$1\] Peer Connection Initiated with" "$T/server.log"
}

# config FOLDER ID TRIES: a client without a network device of its own.
config() {
	cat >"$1/client.conf" <<-X
		client
		dev null
		ifconfig-noexec
		route-noexec
		proto udp
		remote 127.0.0.1 1194
		nobind
		ca $PKI/root.crt
		remote-cert-tls server
		verify-x509-name server.test name
		pkcs11-providers $SO
		pkcs11-id '$2'
		data-ciphers AES-256-GCM
		connect-retry 1 1
		connect-retry-max $3
		hand-window 20
	X
}
alice_config() {
	config "$HOME_ALICE" "$user/$(id_of "$1")" "$2"
}
start() {
	: >"$T/server.log"
	: >"$T/client.log"
	"${E[@]}" openvpn --config client.conf >"$T/client.log" 2>&1 </dev/null &
	client=$!
	track $client
}

# --- logins
for identity in 'rsa2048 laptop-rsa2048' 'p256 laptop-p256' 'stranger stranger'; do
	alice_config "${identity% *}" 1
	start
	ok "OpenVPN as a user, ${identity% *}" wait_for 20 completed "$T/client.log" || diag "$(cat "$T/client.log")"
	ok "the server knows who came" wait_for 5 logged_in "${identity#* }"
	stop $client
done
alice_config rsa2048 5
start
wait_for 20 completed "$T/client.log"
client_end_agents
kill -USR1 $client
ok "it comes back when another agent has to be started" wait_for 20 completed "$T/client.log" 2 ||
	diag "$(cat "$T/client.log")"
stop $client
unlike "$(cat "$T/client.log")" 'PIN|password' "nobody was asked for a PIN"

# --- as a daemon
# daemon USER FOLDER NAME: by "${A[@]}"; it forks, then loads the module.
daemon() {
	: >"$T/server.log"
	rm -f "$2/openvpn.log"
	run "${A[@]}" openvpn --config client.conf --daemon --writepid openvpn.pid --log openvpn.log
	is "$rc" 0 "OpenVPN as a daemon, $1"
	ok "it logs in" wait_for 20 completed "$2/openvpn.log" || diag "$(cat "$2/openvpn.log")"
	ok "as $3" wait_for 5 logged_in "$3"
	ok "and leaves" end_process "$(cat "$2/openvpn.pid")"
}
daemon alice "$HOME_ALICE" laptop-rsa2048
as root
cp "$PKI/rsa3072.p12" "$T/users/root/"
run "${A[@]}" devid import-cert --label machine --password-file "$PKI/password" rsa3072.p12
is "$rc" 0 "an identity of the machine"
theirs=$(certificate rsa3072 'C=JP, ST=Tokyo, O=Example, CN=laptop-rsa3072' "$machine")
list
is "$out" "$theirs" "root sees that one alone"
config "$T/users/root" "$machine/$(id_of rsa3072)" 1
daemon root "$T/users/root" laptop-rsa3072
A=("${E[@]}")
list
is "$out" "$mine
$theirs" "alice sees it too"

# --- what is hers not to use, or not there
# tries NAME: how OpenVPN ends, and what it says but for the times.
tries() {
	: >"$T/server.log"
	run "${E[@]}" openvpn --config client.conf
	said=$(sed -n 's/^[-0-9]* [:0-9]* //; /rror:\|ERROR\|Cannot\|Unable\|unsuccessful/p' <<<"$out")
	client_failed_in_time "$1"
	not_ok "$1: no login" grep -q 'Peer Connection Initiated' "$T/server.log"
}
# What OpenVPN says of each try, and nothing else, even with verb 4.
try='OpenSSL: error:0A080006:SSL routines::EVP lib:
TLS_ERROR: BIO read tls_read_plaintext error
TLS Error: TLS object -> incoming plaintext read error
TLS Error: TLS handshake failed'
config "$HOME_ALICE" "$machine/$(id_of rsa3072)" 1
tries "the machine's key"
is "$said" "$try
All connections have been connect-retry-max (1) times unsuccessful, exiting" "the machine's key: what OpenVPN says"
alice_config rsa3072 1
tries "no such id"
is "$said" "PKCS#11: Unable get x509 certificate object
Cannot load certificate \"$user/$(id_of rsa3072)\" using PKCS#11 interface
Error: private key password verification failed" "no such id: what OpenVPN says"

# --- what can't be used
probe() {
	local label=$1 how=$2
	[ "$label" = rsa ] && alice_config rsa2048 3 || alice_config stranger 3
	tries "$how"
	is "$said" "$try
$try
$try
All connections have been connect-retry-max (3) times unsuccessful, exiting" "$how: what OpenVPN says"
	[ "$how" = gone ] || is "$(client_refusals $how /usr/sbin/openvpn)" 1 "$how: three tries, one event"
}
for how in locked refused gone; do
	client_cannot_use $how probe
done
alice_config rsa2048 1
start
ok "all is well again" wait_for 20 completed "$T/client.log" || diag "$(cat "$T/client.log")"
stop $client
done_testing
