#!/bin/bash
# VPN clients, each with a PKCS#11 URI (or id) and nothing else of devid: openconnect, OpenVPN, strongSwan,
# wpa_supplicant; RSA and EC; the system token, as root's daemons use it. What is not installed is skipped.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
private_machine "$0" "$@"
PATH=$PATH:/usr/sbin:/sbin
plan 16
machine_user alice devid
usermod -p '*' alice
cp "$PKI"/{rsa2048,p256}.p12 "$T/users/root/"
TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
SO=$(pkg-config --variable=p11_module_path p11-kit-1)/devid-pkcs11.so
kinds=(rsa2048 p256)
as root
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
for kind in "${kinds[@]}"; do
	run "${A[@]}" devid import-cert --label "$kind" --password-file "$PKI/password" "$kind.p12"
	is "$rc" 0 "$kind: imported"
done

# have N PROGRAM…: true, or N subtests are skipped.
have() {
	local n=$1 program
	shift
	for program in "$@"; do
		command -v "$program" >/dev/null || [ -e "$program" ] || {
			while [ "$n" -gt 0 ]; do
				skip "no $program here"
				n=$((n - 1))
			done
			return 1
		}
	done
}
# --- root's daemons, in a network beside the servers'
ip netns add client
ip link add e0 type veth peer name e0 netns client
ip addr add 10.99.0.1/24 dev e0
ip link set e0 up
ip -n client link set lo up
ip -n client addr add 10.99.0.2/24 dev e0
ip -n client link set e0 up
as root
cas=$PKI/issuing-chain.pem
inside=(ip netns exec client "${A[@]}")
has_address() {
	ip -n client -4 addr show "$1" | grep -qF "$2"
}
echoes() {
	"${inside[@]}" ping -c 2 -i 0.2 -W 2 "$1"
}

have 4 openconnect ocserv ping && {
	mkdir "$T/oc"
	cat >"$T/ocserv.conf" <<-X
		auth = "certificate"
		tcp-port = 4443
		udp-port = 4443
		run-as-user = nobody
		run-as-group = nogroup
		socket-file = $T/oc/socket
		use-occtl = false
		pid-file = $T/oc/pid
		server-cert = $PKI/server.crt
		server-key = $PKI/server.key
		ca-cert = $cas
		cert-user-oid = 2.5.4.3
		isolate-workers = false
		max-clients = 8
		max-same-clients = 4
		device = ocs
		predictable-ips = true
		ipv4-network = 10.98.0.0
		ipv4-netmask = 255.255.255.0
		ping-leases = false
		use-utmp = false
		tls-priorities = "NORMAL:%SERVER_PRECEDENCE"
	X
	cat >"$T/vpnc" <<-'X'
		#!/bin/sh
		[ "$reason" = connect ] && ip link set dev "$TUNDEV" up && ip addr add "$INTERNAL_IP4_ADDRESS/24" dev "$TUNDEV"
		exit 0
	X
	chmod +x "$T/vpnc"
	ocserv -f -d 3 -c "$T/ocserv.conf" >"$T/ocserv.log" 2>&1 &
	track $!
	wait_for 5 port_listens 4443
	for kind in "${kinds[@]}"; do
		"${inside[@]}" openconnect --protocol=anyconnect --cafile "$PKI/root.crt" --non-inter \
			--resolve server.test:10.99.0.1 --script "$T/vpnc" --interface oct0 \
			-c "$TOKEN;object=$kind" https://server.test:4443 >"$T/oc.log" 2>&1 </dev/null &
		client=$!
		track $client
		ok "openconnect, $kind: a tunnel" wait_for 15 has_address oct0 10.98 || diag "$(tail -n 20 "$T/oc.log")"
		ok "that carries packets" echoes 10.98.0.1
		stop $client
	done
}

have 4 openvpn ping && {
	cat >"$T/server.conf" <<-X
		port 1194
		proto udp
		local 10.99.0.1
		dev tunS
		dev-type tun
		topology subnet
		server 10.97.0.0 255.255.255.0
		ca $cas
		cert $PKI/server.crt
		key $PKI/server.key
		dh none
		data-ciphers AES-256-GCM
		verify-client-cert require
		remote-cert-tls client
	X
	openvpn --config "$T/server.conf" >"$T/openvpn-server.log" 2>&1 &
	track $!
	wait_for 5 grep -q 'Initialization Sequence Completed' "$T/openvpn-server.log"
	"${A[@]}" openvpn --show-pkcs11-ids "$SO" >"$T/ids" 2>&1
	for kind in "${kinds[@]}"; do
		cat >"$T/client.conf" <<-X
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
			connect-retry-max 1
			hand-window 8
		X
		"${inside[@]}" openvpn --config "$T/client.conf" >"$T/openvpn.log" 2>&1 </dev/null &
		client=$!
		track $client
		ok "OpenVPN, $kind: a tunnel" wait_for 15 grep -q 'Initialization Sequence Completed' "$T/openvpn.log" ||
			diag "$(tail -n 20 "$T/openvpn.log")"
		ok "that carries packets" echoes 10.97.0.1
		stop $client
	done
}

have 2 wpa_supplicant hostapd "$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so" && {
	printf '* TLS\n' >"$T/eap-user"
	cat >"$T/hostapd.conf" <<-X
		interface=e0
		driver=wired
		ieee8021x=1
		eap_server=1
		eap_user_file=$T/eap-user
		eapol_version=2
		use_pae_group_addr=1
		ca_cert=$cas
		server_cert=$PKI/server.crt
		private_key=$PKI/server.key
	X
	hostapd "$T/hostapd.conf" >"$T/hostapd.log" 2>&1 &
	track $!
	wait_for 5 grep -q AP-ENABLED "$T/hostapd.log"
	for kind in "${kinds[@]}"; do
		cat >"$T/wpa.conf" <<-X
			ap_scan=0
			pkcs11_engine_path=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
			pkcs11_module_path=$SO
			network={
				key_mgmt=IEEE8021X
				eap=TLS
				eapol_flags=0
				identity="host/$kind"
				ca_cert="$PKI/root.crt"
				engine=1
				engine_id="pkcs11"
				key_id="$TOKEN;object=$kind;type=private"
				cert_id="$TOKEN;object=$kind;type=cert"
			}
		X
		"${inside[@]}" wpa_supplicant -D wired -i e0 -c "$T/wpa.conf" >"$T/wpa.log" 2>&1 &
		client=$!
		track $client
		ok "wpa_supplicant, 802.1X with $kind" wait_for 20 grep -q CTRL-EVENT-EAP-SUCCESS "$T/wpa.log" ||
			diag "$(tail -n 20 "$T/wpa.log")"
		stop $client
	done
}

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
plugins=$(dirname "$(find /usr/lib -name libstrongswan-pkcs11.so 2>/dev/null | head -n 1)")
have 4 charon-systemd swanctl ping "$plugins/libstrongswan-openssl.so" "$plugins/libstrongswan-kernel-libipsec.so" && {
	charon server ''
	charon client pkcs11
	cp "$PKI/server.crt" "$T/server/s/x509/"
	cp "$PKI/server.key" "$T/server/s/private/"
	ip addr add 10.96.0.1/32 dev lo
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
	swan() {
		local who=$1
		shift
		"${A[@]}" STRONGSWAN_CONF="$T/$who/strongswan.conf" SWANCTL_DIR="$T/$who/s" "$@"
	}
	swan server charon-systemd >"$T/server/out" 2>&1 &
	track $!
	wait_for 5 test -S "$T/server/vici"
	swan server swanctl --load-all --uri "unix://$T/server/vici" >"$T/server/load" 2>&1
	for kind in "${kinds[@]}"; do
		id=$("${A[@]}" p11tool --list-all-certs "$TOKEN;object=$kind" 2>/dev/null | sed -n 's/.*ID: //p' | tr -d ':')
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
		rm -f "$T/client/vici"
		"${inside[@]}" STRONGSWAN_CONF="$T/client/strongswan.conf" SWANCTL_DIR="$T/client/s" \
			charon-systemd >"$T/client/out" 2>&1 &
		client=$!
		track $client
		wait_for 5 test -S "$T/client/vici"
		swan client swanctl --load-all --uri "unix://$T/client/vici" >"$T/client/load" 2>&1
		ok "strongSwan, $kind: a tunnel" swan client swanctl --initiate --child net --timeout 10 \
			--uri "unix://$T/client/vici" || diag "$(tail -n 20 "$T/client/charon.log")"
		ok "that carries packets" echoes 10.96.0.1
		stop $client
	done
}
done_testing
