#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# wpa_supplicant on a wire with what `devid profile wpa_supplicant --install` wrote, started as its unit does, the key
# on the machine's token: EAP-TLS against hostapd's own server, then packets.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/eap.sh"
tunnel_machine "$0" "$@"
config=/etc/wpa_supplicant/wpa_supplicant-wired-e0.conf
as_unit wpa_supplicant
like "$(cat /lib/systemd/system/wpa_supplicant-wired@.service)" 'wpa_supplicant-wired-%I.conf' \
	"the unit reads the file that is written"
start() {
	eap_server
	: >"$T/wpa.log"
	"${INSIDE[@]}" "${UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		wpa_supplicant -c$config -Dwired -ie0 >>"$T/wpa.log" 2>&1 </dev/null &
	client=$!
	track $client
}
logs() {
	diag "$(tail -n 15 "$T/wpa.log" "$T/hostapd.log")"
}
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	profile wpa_supplicant $label --gateway e0 --ca-file $CA
	is "$rc" 0 "$label: installed"
	is "$(stat -c %U:%a $config)" root:600 "$label: for root alone"
	start
	ok "$label: authenticated" wait_for 30 grep -q CTRL-EVENT-EAP-SUCCESS "$T/wpa.log" || logs
	ok "$label: the authenticator opens the port" wait_for 5 grep -q ': authorizing port' "$T/hostapd.log" || logs
	like "$(cat "$T/hostapd.log")" "depth=0 .*/CN=$name" "$label: for that certificate"
	ok "$label: its name is the identity" wait_for 5 eap_identity_is "$name"
	ok "$label: and packets cross the wire" echoes 10.99.0.1 || logs
	stop $client
done
profile wpa_supplicant ec --gateway e0 --ca-file $CA --user 'EXAMPLE\host/042$'
start
ok "another identity: authenticated" wait_for 30 grep -q CTRL-EVENT-EAP-SUCCESS "$T/wpa.log" || logs
ok "with each of its characters" wait_for 5 eap_identity_is 'EXAMPLE\host/042$'
wait_for 5 grep -q ': authorizing port' "$T/hostapd.log"
ok "and packets cross the wire" echoes 10.99.0.1 || logs
stop $client

# --- refused
refused() { # NAME REGEX LOG
	start
	ok "$1: refused" wait_for 30 grep -qE 'CTRL-EVENT-EAP-FAILURE' "$T/wpa.log" || logs
	unlike "$(cat "$T/wpa.log")" CTRL-EVENT-EAP-SUCCESS "$1: not let in"
	ok "$1: for that reason" wait_for 5 grep -qE "$2" "$3" || logs
	not_ok "$1: and no packet crosses the wire" echoes 10.99.0.1
	stop $client
}
tunnel_import stranger stranger
profile wpa_supplicant stranger --gateway e0 --ca-file $CA
refused "a stranger" 'unable to get local issuer certificate|unknown ca' "$T/hostapd.log"
install -m 644 "$PKI/stranger-root.crt" /etc/ssl/other.pem
profile wpa_supplicant rsa --gateway e0 --ca-file /etc/ssl/other.pem
refused "an authenticator of another CA" 'TLS-CERT-ERROR|certificate verify failed' "$T/wpa.log"
profile wpa_supplicant stranger --gateway e0 --ca-file $CA
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
start
ok "a stranger, OnUse=enforce: the key isn't used" wait_for 30 grep -q 'CTRL-EVENT-EAP-FAILURE' "$T/wpa.log" || logs
not_ok "and no packet crosses the wire" echoes 10.99.0.1
stop $client
run "${A[@]}" devid events --system --json
like "$out" '"action" *: *"Refused"' "and the machine's log says so"
like "$out" '"program" *: *"wpa_supplicant"' "of which program"
done_testing
