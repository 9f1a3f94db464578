# SPDX-License-Identifier: LGPL-2.1-or-later
# A switch's port with 802.1X on the gateway's end of the wire (tunnel.sh): hostapd with an EAP server of its own, and
# what it opens the port to. Packets that are no EAP don't come in before that.
#
#	eap_server [LINE…]	its log is $T/hostapd.log; every EAP identity may come, by EAP-TLS; lines are added to its
#				configuration. Again: another one, that holds nothing against who was refused (for a
#				minute)
#	eap_identities		the EAP identities that it was told; for wait_for: eap_identity_is NAME
#	eap_addresses		DHCP behind the port, for clients that have no address

EAP_SERVER=

# Reads hostapd's log and passes it on: what is told there has happened.
eap_port() {
	local line
	while IFS= read -r line; do
		case $line in
		*': authorizing port') nft flush chain netdev port in ;;
		*': unauthorizing port') eap_close ;;
		esac
		printf '%s\n' "$line"
	done
}
eap_close() {
	nft -f - <<-'X'
		add table netdev port
		add chain netdev port in { type filter hook ingress device "e0" priority 0; }
		flush chain netdev port in
		add rule netdev port in ether type != 0x888e drop
	X
}

eap_server() {
	printf '* TLS\n' >"$T/eap-user"
	cat >"$T/hostapd.conf" <<-X
		interface=e0
		driver=wired
		ieee8021x=1
		eap_server=1
		eap_user_file=$T/eap-user
		eapol_version=2
		use_pae_group_addr=1
		ca_cert=$PKI/issuing-chain.pem
		server_cert=$PKI/server.crt
		private_key=$PKI/server.key
	X
	printf '%s\n' "$@" >>"$T/hostapd.conf"
	[ -z "$EAP_SERVER" ] || stop "$EAP_SERVER"
	eap_close || bail "no port that can be closed"
	: >"$T/hostapd.log"
	hostapd -d "$T/hostapd.conf" > >(eap_port >>"$T/hostapd.log") 2>&1 &
	EAP_SERVER=$!
	track $EAP_SERVER
	wait_for 10 grep -q AP-ENABLED "$T/hostapd.log" || bail "no authenticator: $(tail -n 5 "$T/hostapd.log")"
}

# From the dumps in the log.
eap_identities() {
	sed -n '/EAP-Identity: Peer identity/,/^[^ ]/p' "$T/hostapd.log" | grep '^ ' | cut -c1-52 | tr -d ' \n' |
		tr a-f A-F | basenc --base16 -d
}
# Its log is written behind what the client knows.
eap_identity_is() {
	[ "$(eap_identities)" = "$1" ]
}

eap_addresses() {
	dnsmasq --conf-file=/dev/null --keep-in-foreground --user=root --port=0 --interface=e0 --bind-interfaces \
		--dhcp-range=10.99.0.100,10.99.0.150,1h --dhcp-leasefile="$T/leases" --pid-file= \
		--log-facility="$T/dhcp.log" --no-ping &
	track $!
	wait_for 10 grep -q 'DHCP, IP range' "$T/dhcp.log" || bail "no DHCP: $(cat "$T/dhcp.log")"
}
