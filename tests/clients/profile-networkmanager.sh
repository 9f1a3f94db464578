#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# NetworkManager on a wire with what `devid profile networkmanager-wired --install` wrote, under the restrictions of its
# unit and with the wpa_supplicant that it asks over the system bus, the key on the machine's token: EAP-TLS against
# hostapd's own server, then packets.
. "$(dirname "$0")/../lib/wired.sh"
tunnel_machine "$0" "$@"
machine_user alice devid
wired_start
not_ok "NetworkManager's unit can't write to /usr" "${UNDER[@]}" touch /usr/new
not_ok "nor to a home" "${UNDER[@]}" touch "$T/users/root/new"
is "$("${UNDER[@]}" sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)" 00000000200534e2 "nor has more capabilities than it says"

# p11-kit-proxy is a link to p11-kit itself; wpa_supplicant isn't linked to that.
proxy=$(basename "$(readlink -f "$(pkg-config --variable=proxy_module p11-kit-1)")")
mapped() {
	echo " $(awk '{ print $6 }' /proc/$supplicant/maps | sed -n 's,^/.*/,,p' | sort -u | paste -sd' ') "
}
unlike "$(mapped)" " $proxy " "wpa_supplicant has not loaded p11-kit-proxy yet"

# --- let in
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	eap_server
	profile networkmanager-wired $label --gateway e0 --ca-file $CA
	told=$out
	is "$rc" 0 "$label: installed"
	is "$(stat -c %U:%G:%a $file)" root:root:600 "$label: for root alone"
	like "$err" "nmcli connection reload; nmcli connection up 'devid e0'" "$label: it is told what to do then"
	up
	is "$rc" 0 "$label: connected" || logs
	is "$(nmcli -g GENERAL.STATE,GENERAL.CONNECTION device show e0 | paste -sd' ')" "100 (connected) $NAME" "$label: NetworkManager says so"
	is "$(nmcli -g 802-1x.eap,802-1x.identity connection show "$NAME" | paste -sd' ')" "tls $name" "$label: by 802.1X"
	ok "$label: the authenticator opens the port" wait_for 5 grep -q ': authorizing port' "$T/hostapd.log" || logs
	like "$(cat "$T/hostapd.log")" "depth=0 .*/CN=$name" "$label: for that certificate"
	ok "$label: its name is the identity" wait_for 5 eap_identity_is "$name"
	like "$(address)" '^10\.99\.0\.1[0-9][0-9]/24$' "$label: an address came over the wire"
	ok "$label: and packets cross it" echoes 10.99.0.1
	is "$(last_use)" "$label Allowed ok" "$label: the machine's log says that wpa_supplicant used the key"
	like "$(mapped)" " devid-pkcs11\.so .* $proxy .* wpa_supplicant " "$label: through p11-kit-proxy"
	down
	is "$(address)" "" "$label: ended, the address is gone"
	not_ok "$label: and nothing crosses the wire" echoes 10.99.0.1
done

# --- what is installed over it
is "$(grep -c 'object=ec' $file)" 2 "the file is the last one's"
kept=$(sed -n 's/^  what was there: //p' <<<"$told")
like "$kept" "^$F/\\.devid-wired-e0\\.nmconnection\\.devid-backup" "the one before was kept, and that is told"
is "$(grep -c 'object=rsa' "$kept")" 2 "as it was"
is "$(stat -c %U:%a "$kept")" root:600 "for root alone too"
is "$(nmcli -g NAME connection | grep -c "$NAME")" 1 "NetworkManager doesn't read it"
before=$(stat -c '%i %Y' $file)
profile networkmanager-wired ec --gateway e0 --ca-file $CA
is "$rc/$(stat -c '%i %Y' $file)" "0/$before" "the same again changes nothing"
like "$out" "$file: unchanged" "and that is told"
profile networkmanager-wired ec --gateway e0 --ca-file $CA --user 'EXAMPLE\host/042$'
eap_server
up
is "$rc" 0 "with another identity: connected" || logs
ok "with each of its characters" wait_for 5 eap_identity_is 'EXAMPLE\host/042$'
down

# --- nothing is written
as alice
before=$(ls -la --time-style=full-iso $F)
not_ok "a user can't read it" "${A[@]}" cat $file
unwritten() { # NAME STATUS REGEX
	is "$rc" "$2" "$1: refused" || diag "$(last_run)"
	like "$err" "$3" "$1: in words"
	is "$(ls -la --time-style=full-iso $F)" "$before" "$1: nothing is written"
}
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --ca-file $CA --install --yes
unwritten "a user who isn't root" 1 'as root, or print it and put it there'
as root
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --install --yes
unwritten "no CA file" 2 'without --ca-file any server could pass'
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --ca-file /etc/ssl/none.pem --install --yes
unwritten "a CA file that isn't there" 2 'none\.pem: no such file'
install -m 644 "$PKI/root.crt" /tmp/root.pem
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --ca-file /tmp/root.pem --install --yes
unwritten "one where services don't see it" 2 'hidden from networkmanager-wired'
rm /tmp/root.pem
install -m 644 "$PKI/p256.key" /etc/ssl/key.pem
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --ca-file /etc/ssl/key.pem --install --yes
unwritten "one without a certificate" 1 'key\.pem: '
run "${A[@]}" devid profile networkmanager-wired nobody --gateway e0 --ca-file $CA --install --yes
unwritten "no such identity" 1 'nobody'
done_testing
