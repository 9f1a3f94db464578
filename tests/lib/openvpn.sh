# SPDX-License-Identifier: LGPL-2.1-or-later
# An OpenVPN gateway and its clients for tests: the programs as they are. After common.sh and machine.sh, with
# certificates there, root's environment in A (as root) and the gateway at 10.99.0.1; through the tunnel it is 10.97.0.1.
#
#	openvpn_server [LINE…]		starts it with these lines behind the common ones and waits for it; $OPENVPN_LOG is
#					its log, from the beginning, $OPENVPN_SERVER its pid
#	openvpn_client_file FILE CN [LINE…]	a configuration for the identity of the machine with that name
#	openvpn_joined LOG		whether a client with that log has its tunnel
#
# What they run under is in arrays that a test may fill: OPENVPN_SERVER_UNDER=(ip netns exec gateway).

OPENVPN_LOG=$T/openvpn-server.log
OPENVPN_SERVER=
OPENVPN_SERVER_UNDER=()

openvpn_server() {
	cat >"$T/openvpn-server.conf" <<-X
		port 1194
		proto udp
		local 10.99.0.1
		dev tunS
		dev-type tun
		topology subnet
		server 10.97.0.0 255.255.255.0
		cert $PKI/server.crt
		key $PKI/server.key
		dh none
		data-ciphers AES-256-GCM
		verify-client-cert require
		remote-cert-tls client
		verb 3
	X
	printf '%s\n' "$@" >>"$T/openvpn-server.conf"
	: >"$OPENVPN_LOG"
	"${OPENVPN_SERVER_UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin openvpn --suppress-timestamps --config "$T/openvpn-server.conf" \
		>>"$OPENVPN_LOG" 2>&1 </dev/null &
	OPENVPN_SERVER=$!
	track "$OPENVPN_SERVER"
	wait_for 10 openvpn_joined "$OPENVPN_LOG" || bail "no OpenVPN server: $(tail -n 5 "$OPENVPN_LOG")"
}

# openvpn_id CN: what its option pkcs11-id wants.
openvpn_id() {
	[ -s "$T/openvpn-ids" ] ||
		"${A[@]}" openvpn --show-pkcs11-ids "$(openvpn_module)" >"$T/openvpn-ids" 2>&1
	grep -A3 "CN=$1\$" "$T/openvpn-ids" | sed -n 's/.*Serialized id: *//p' | head -n 1
}

openvpn_module() {
	echo "$(pkg-config --variable=p11_module_path p11-kit-1)/devid-pkcs11.so"
}

openvpn_client_file() {
	local file=$1 name=$2
	shift 2
	{
		cat <<-X
			client
			dev tunC
			dev-type tun
			proto udp
			remote 10.99.0.1 1194
			nobind
			ca $PKI/root.crt
			remote-cert-tls server
			verify-x509-name server.test name
			pkcs11-providers $(openvpn_module)
			pkcs11-id '$(openvpn_id "$name")'
			data-ciphers AES-256-GCM
			connect-retry-max 1
			hand-window 8
			verb 3
		X
		printf '%s\n' "$@"
	} >"$file"
}

openvpn_joined() {
	grep -q 'Initialization Sequence Completed' "$1"
}
