#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# NetworkManager on a wire with 802.1X while the machine's identity is renewed with another key: the wpa_supplicant that it
# asks authenticates anew, through the overlap, with what it found at first; what is said when the former key is retired
# under it, and what makes it take the new one up.
. "$(dirname "$0")/../lib/wired.sh"
. "$(dirname "$0")/../lib/renewal.sh"
tunnel_machine "$0" "$@"
ends_earlier first 2040
ends_earlier third 2041
cp "$PKI/first.p12" "$T/users/root/"
tunnel_import wire first
wired_start
bounded 8
as_name() {
	echo "depth=0 serial.*/CN=laptop-$1"
}
# in_again NAME: let in twice more, as that; the first may have been under way.
in_again() {
	local before
	before=$(count "$T/hostapd.log" "$(as_name "$1")")
	wait_for 30 more "$T/hostapd.log" "$(as_name "$1")" $((before + 1))
}
# Another one: the port holds nothing against who was refused.
port() {
	eap_server "eap_reauth_period=2"
}
none_crosses() {
	! echoes 10.99.0.1
}
no_supplicant() {
	! system_bus_has fi.w1.wpa_supplicant1
}
restart() {
	stop $supplicant
	wait_for 10 no_supplicant || bail "the bus has another wpa_supplicant"
	supplicant_start
}

# --- through the overlap
profile networkmanager-wired wire --gateway e0 --ca-file $CA
port
up
is "$rc" 0 "connected" || logs
ok "the port asks again, and it authenticates" in_again first || logs
replace rsa3072 wire
is "$(needs wpa_supplicant)" "['systemctl restart wpa_supplicant']" "root is told that wpa_supplicant runs, and what it needs"
ok "it authenticates after the renewal, too" in_again first || logs
is "$(count "$T/wpa.log" CTRL-EVENT-CONNECTED) $(count "$T/wpa.log" CTRL-EVENT-EAP-FAILURE)" "1 0" "without a break"
ok "and packets cross" echoes 10.99.0.1
is "$(last_use)" "wire Allowed former-key" "the machine's log tells of it"

# --- after it
retire wire
: >"$NM_LOG"
ok "the former key retired, it fails" wait_for 30 grep -q CTRL-EVENT-EAP-FAILURE "$T/wpa.log"
like "$(cat "$T/wpa.log")" 'Key handle invalid' "what wpa_supplicant says"
ok "devid's log says why" wait_for 5 tells wpa_supplicant wire
ok "no packet crosses" wait_for 10 none_crosses
is "$(nmcli -g GENERAL.STATE device show e0) $(cat "$NM_LOG")" "100 (connected) " "NetworkManager says nothing"
port
up
is "$rc" 0 "connected anew" || logs
ok "with the new key" in_again rsa3072 || logs
is "$(last_use)" "wire Allowed ok" "the machine's log has no former key any more"

# --- a certificate that doesn't end later than the former one
replace third wire
ok "renewed so, it authenticates with the former key" in_again rsa3072 || logs
port
restart
ok "wpa_supplicant started again, NetworkManager connects by itself, with the new key" in_again third || logs
ok "and says so" wait_for 20 is_in_state '100 (connected)'
replace first wire
port
up
isnt "$rc" 0 "connected anew it fails, for libp11 takes the certificate that ends last of all that it has seen"
like "$(cat "$T/wpa.log")" 'key values mismatch' "what wpa_supplicant says"
like "$err" 'Secrets were required, but not provided' "what NetworkManager says"
port
restart
up
is "$rc" 0 "wpa_supplicant started again, it is connected" || logs
ok "with the new key" in_again first || logs
done_testing
