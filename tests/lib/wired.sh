# SPDX-License-Identifier: LGPL-2.1-or-later
# NetworkManager on the wire to 802.1X's authenticator, and the wpa_supplicant that it asks over the system bus, each as
# its unit runs it. Brings along what it needs; after tunnel_machine:
#
#	wired_start			both run, and e0 is disconnected
#	supplicant_start		wpa_supplicant alone, where it was ended: its pid is $supplicant
#	up; down			with what `devid profile networkmanager-wired --install` wrote
#	last_use			what the machine's log says of a key that wpa_supplicant asked for

for lib in common machine tunnel restricted eap polkit network-manager; do
	. "$(dirname "${BASH_SOURCE[0]}")/$lib.sh"
done

F=/etc/NetworkManager/system-connections
file=$F/devid-wired-e0.nmconnection
NAME='devid e0'

supplicant_start() {
	as_unit wpa_supplicant
	"${INSIDE[@]}" "${UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		wpa_supplicant -u -O "DIR=/run/wpa_supplicant GROUP=netdev" >>"$T/wpa.log" 2>&1 </dev/null &
	supplicant=$!
	track $supplicant
	wait_for 10 system_bus_has fi.w1.wpa_supplicant1 || bail "no wpa_supplicant: $(cat "$T/wpa.log")"
}
wired_start() {
	ip -n client addr flush dev e0
	# NetworkManager asks the bus for one, which would be none of the test's: where systemd runs, its unit is started.
	rm -f /usr/share/dbus-1/system-services/fi.w1.wpa_supplicant1.service
	system_bus_start
	supplicant_start
	as_unit NetworkManager
	NM_INSIDE=("${INSIDE[@]}")
	NM_UNDER=("${UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin)
	network_manager_run
	wait_for 20 is_in_state '30 (disconnected)' || bail "NetworkManager doesn't take the interface: $(tail -n 20 "$NM_LOG")"
	eap_addresses
}

# bounded SECONDS: how long NetworkManager waits for wpa_supplicant.
bounded() {
	printf '[connection]\n802-1x.auth-timeout=%s\n' "$1" >/etc/NetworkManager/conf.d/bound.conf
	nmcli general reload conf
}
is_in_state() {
	[ "$(nmcli -g GENERAL.STATE device show e0)" = "$1" ]
}

up() {
	: >"$T/wpa.log"
	nmcli connection reload
	run nmcli --wait 60 connection up "$NAME"
}
down() {
	nmcli connection down "$NAME" >"$T/nmcli.log" 2>&1
	wait_for 10 is_in_state '30 (disconnected)'
}
address() {
	ip -n client -4 -o addr show dev e0 | awk '{ print $4 }'
}
logs() {
	diag "$(last_run)"
	diag "$(tail -n 15 "$T/wpa.log" "$T/hostapd.log" "$NM_LOG")"
}
# What the machine's log says last of a key that wpa_supplicant asked for: LABEL ACTION REASON. And of how many.
uses() {
	devid_log | sed -nE '/"program":"wpa_supplicant"/s/.*"event_sub_type":"Key Use","action":"([^"]*)","reason":"([^"]*)","label":"([^"]*)".*/\3 \1 \2/p'
}
# The machine's log, oldest first.
devid_log() {
	cat /var/log/devid/{events,refusals,uses}.jsonl 2>/dev/null | sort -s -t '"' -k 4,4
}
last_use() {
	uses | tail -n 1
}
