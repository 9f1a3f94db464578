# An authenticator for 802.1X on the gateway's end of the wire (tunnel.sh): hostapd with an EAP server of its own.
#
#	eap_server		its log is $T/hostapd.log; every EAP identity may come, by EAP-TLS. Again: another
#				one, that holds nothing against who was refused (for a minute)

EAP_SERVER=

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
	[ -z "$EAP_SERVER" ] || stop "$EAP_SERVER"
	: >"$T/hostapd.log"
	hostapd -d "$T/hostapd.conf" >>"$T/hostapd.log" 2>&1 &
	EAP_SERVER=$!
	track $EAP_SERVER
	wait_for 10 grep -q AP-ENABLED "$T/hostapd.log" || bail "no authenticator: $(tail -n 5 "$T/hostapd.log")"
}
