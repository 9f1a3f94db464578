#!/bin/bash
# devid connect with the clients that are root's daemons and have the machine's identity: OpenVPN by its own
# configuration file, strongSwan by a child of swanctl.conf.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/gateway.sh"
private_machine "$0" "$@"
PATH=$PATH:/usr/sbin:/sbin
gateway_network
cp "$PKI"/{rsa2048,p256,stranger}.p12 "$T/users/root/"
as root
SO=$(pkg-config --variable=p11_module_path p11-kit-1)/devid-pkcs11.so
TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
LOGS=$T/users/root/.local/state/devid/connections
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
for kind in rsa2048 p256 stranger; do
	run "${A[@]}" devid import-cert --system --label "$kind" --password-file "$PKI/password" "$kind.p12"
	is "$rc" 0 "$kind: imported"
done
D=/etc/devid/connections.d
mkdir -p "$D"
connect() {
	run "${A[@]}" devid connect "$@"
}
end() {
	run "${A[@]}" devid disconnect "$@"
}
state() {
	"${A[@]}" devid status --json | sed -n '/"connections"/,$s/.*"state" : "\(.*\)",$/\1/p' | head -n 1
}
is_in_state() {
	[ "$(state)" = "$1" ]
}
echoes() {
	ping -c 2 -i 0.2 -W 2 "$1"
}
no_client() {
	! pgrep -f "openvpn --config $T/$1.conf"
}

# --- OpenVPN
cat >"$T/server.conf" <<-X
	port 1194
	proto udp
	local 10.99.0.1
	dev tunS
	dev-type tun
	topology subnet
	server 10.97.0.0 255.255.255.0
	keepalive 1 3
	ca $PKI/issuing-chain.pem
	cert $PKI/server.crt
	key $PKI/server.key
	dh none
	data-ciphers AES-256-GCM
	verify-client-cert require
	remote-cert-tls client
X
server_start() {
	ip netns exec gateway openvpn --config "$T/server.conf" >"$T/server.log" 2>&1 &
	SERVER=$!
	track "$SERVER"
	wait_for 5 grep -q 'Initialization Sequence Completed' "$T/server.log"
}
server_start
"${A[@]}" openvpn --show-pkcs11-ids "$SO" >"$T/ids" 2>&1
for kind in rsa2048 p256; do
	cat >"$T/$kind.conf" <<-X
		client
		dev tunC
		dev-type tun
		proto udp
		remote 10.99.0.1 1194
		nobind
		ca $PKI/root.crt
		remote-cert-tls server
		verify-x509-name server.test name
		pkcs11-providers $SO
		pkcs11-id '$(grep -A3 "CN=laptop-$kind" "$T/ids" | sed -n 's/.*Serialized id: *//p' | head -n 1)'
		data-ciphers AES-256-GCM
		hand-window 8
		verb 3
	X
	printf '[Connection]\nGateway=server.test:1194\nClient=openvpn\nIdentity=%s\nConfig=%s\n' "$kind" "$T/$kind.conf" \
		>"$D/ovpn-$kind.conf"
	connect "ovpn-$kind"
	is "$rc" 0 "OpenVPN, $kind: connected" || diag "$(cat "$LOGS/ovpn-$kind.log")"
	like "$out" "connected: address 10\.97\.0\.[0-9]+, gateway server\.test:1194 \(openvpn\), identity $kind" "with its address"
	ok "and it carries packets" echoes 10.97.0.1
	[ "$kind" = p256 ] || {
		end
		is "$rc" 0 "disconnected"
		ok "no client is left" wait_for 5 no_client "$kind"
	}
done
stop "$SERVER"
ok "a server that goes away is noticed" wait_for 25 is_in_state reconnecting || diag "$(cat "$LOGS/ovpn-p256.log")"
server_start
ok "and the connection made again" wait_for 30 is_in_state connected
ok "that carries packets" echoes 10.97.0.1
end
is "$rc" 0 "disconnected"
printf '[Connection]\nGateway=server.test:1194\nClient=openvpn\nIdentity=stranger\nConfig=%s\n' "$T/p256.conf" >"$D/bad.conf"
before=$(gateway_packets)
connect bad
is "$rc" 3 "what the check refuses never starts it"
is "$(gateway_packets)" "$before" "and no packet leaves"
printf '[Connection]\nGateway=server.test:1194\nClient=openvpn\nIdentity=p256\nConfig=office\n' >"$D/unit.conf"
connect unit
is "$rc" 1 "a unit where systemd does not run"
like "$err" 'systemd does not run here' "is told so"
stop "$SERVER"

# --- strongSwan
charon() {
	local who=$1 load=$2
	mkdir -p "$T/$who/s"/{x509,x509ca,private,pkcs8,rsa,ecdsa,x509aa,x509ac,x509crl,x509ocsp,pubkey,pkcs12,bliss}
	cp "$PKI/root.crt" "$PKI/issuing.crt" "$T/$who/s/x509ca/"
	cat >"$T/$who/strongswan.conf" <<-X
		charon-systemd {
			load = random nonce aes sha1 sha2 hmac kdf openssl x509 revocation constraints pubkey pkcs1 pkcs8 pem $load kernel-libipsec kernel-netlink socket-default vici updown
			install_routes = yes
			filelog { f { path = $T/$who/charon.log
				flush_line = yes } }
			plugins {
				vici { socket = unix://$T/$who/vici }
				kernel-libipsec { allow_peer_ts = yes }
				pkcs11 { modules { devid { path = $SO
					load_certs = yes } } }
			}
		}
		swanctl { load = pem pkcs1 x509 pubkey openssl random }
	X
}
# swan WHO COMMAND…: in that one's environment; execs.
swan() {
	local who=$1
	shift
	"${A[@]}" STRONGSWAN_CONF="$T/$who/strongswan.conf" SWANCTL_DIR="$T/$who/s" "$@"
}
charon server ''
charon client pkcs11
cp "$PKI/server.crt" "$T/server/s/x509/"
cp "$PKI/server.key" "$T/server/s/private/"
ip -n gateway addr add 10.96.0.1/32 dev lo
cat >"$T/server/s/swanctl.conf" <<-'X'
	connections { rw {
		version = 2
		local_addrs = 10.99.0.1
		pools = p1
		proposals = aes256-sha256-ecp256
		local { auth = pubkey
			certs = server.crt
			id = server.test }
		remote { auth = pubkey
			cacerts = issuing.crt }
		children { net { local_ts = 10.96.0.1/32
			esp_proposals = aes256-sha256 } }
	} }
	pools { p1 { addrs = 10.95.0.0/24 } }
X
ip netns exec gateway "${A[@]}" STRONGSWAN_CONF="$T/server/strongswan.conf" SWANCTL_DIR="$T/server/s" charon-systemd \
	>"$T/server/out" 2>&1 &
track $!
wait_for 5 test -S "$T/server/vici"
swan server swanctl --load-all --uri "unix://$T/server/vici" >"$T/server/load" 2>&1
id=$("${A[@]}" p11tool --list-all-certs "$TOKEN;object=p256" 2>/dev/null | sed -n 's/.*ID: //p' | tr -d ':')
cat >"$T/client/s/swanctl.conf" <<-X
	connections { home {
		version = 2
		local_addrs = 10.99.0.2
		remote_addrs = 10.99.0.1
		vips = 0.0.0.0
		proposals = aes256-sha256-ecp256
		local { auth = pubkey
			cert1 { handle = $id
				module = devid } }
		remote { auth = pubkey
			id = server.test }
		children { net { remote_ts = 10.96.0.1/32
			esp_proposals = aes256-sha256 } }
	} }
	secrets { token1 { handle = $id
		module = devid
		pin = 0000 } }
X
printf '[Connection]\nGateway=server.test\nClient=strongswan\nIdentity=p256\nConfig=net\nArguments=--uri; unix://%s\n' \
	"$T/client/vici" >"$D/ike.conf"
connect ike
is "$rc" 1 "no daemon: an error"
like "$err" 'not installed, or not running' "in words"
"${A[@]}" STRONGSWAN_CONF="$T/client/strongswan.conf" SWANCTL_DIR="$T/client/s" charon-systemd >"$T/client/out" 2>&1 &
track $!
wait_for 5 test -S "$T/client/vici"
swan client swanctl --load-all --uri "unix://$T/client/vici" >"$T/client/load" 2>&1
connect ike
is "$rc" 0 "strongSwan: connected" || diag "$(tail -n 20 "$T/client/charon.log")"
like "$out" 'connected: address 10\.95\.0\.[0-9]+, .*\(strongswan\), identity p256' "with its address"
ok "and it carries packets" echoes 10.96.0.1
swan server swanctl --terminate --ike rw --uri "unix://$T/server/vici" >"$T/server/terminate" 2>&1
ok "what the gateway ends is noticed" wait_for 20 grep -q 'the connection is gone' "$LOGS/ike.log"
ok "and made again" wait_for 20 is_in_state connected
ok "and carries packets" echoes 10.96.0.1
end
is "$rc" 0 "disconnected"
unlike "$(swan client swanctl --list-sas --uri "unix://$T/client/vici" 2>/dev/null)" INSTALLED "and the child is gone"
is "$(pgrep -x devid)" "" "no supervisor is left"
done_testing
