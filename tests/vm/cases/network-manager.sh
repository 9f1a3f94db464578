# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect through Debian's NetworkManager as its unit runs it, for people whom logind and polkit know: who sits at
# the machine has a connection of her own, with the keyring that the login opened; who comes from the network has none,
# or has an administrator answer polkit's question.
. /folder/tests/vm/guest.sh
. /folder/tests/vm/people.sh
. /folder/tests/lib/gateway.sh

vpns() {
	nmcli -g TYPE,UUID connection | sed -n 's/^vpn://p'
}
no_vpns() {
	[ -z "$(vpns)" ]
}
carries() {
	[ "$(nmcli -g GENERAL.STATE device show e0)" = '100 (connected)' ]
}
manager_log() {
	journalctl -b -u NetworkManager -o cat --no-pager | tail -n 40
}

for user in alice bob; do
	echo "$user:pw" | chpasswd
done
people_keyrings
gateway_network
gateway_start 'auth = "certificate"'
mkdir -p /etc/devid/connections.d
printf '%s\n' '[Connection]' Gateway=server.test:4443 Client=networkmanager Identity=laptop "CAFile=$GATEWAY_CA" \
	>/etc/devid/connections.d/work.conf
systemctl start NetworkManager
# Debian's rules leave such devices alone.
nmcli device set e0 managed yes
nmcli connection add type ethernet ifname e0 con-name wired ipv4.method manual ipv4.addresses 10.99.0.2/24 \
	ipv4.gateway 10.99.0.1 ipv6.method disabled >"$T/nmcli.log" 2>&1
nmcli connection up wired >>"$T/nmcli.log" 2>&1
wait_for 30 carries || bail "no network: $(cat "$T/nmcli.log")$(manager_log)"

keyring_login alice 1
run_at_seat alice 1 devid import-cert --label laptop --password-file "$PKI/password" "$PKI/p256.p12"
is "$rc" 0 "she imports" || diag "$(last_run)"
run_at_seat alice 1 devid connect work
is "$rc" 0 "she connects" || diag "$(last_run)" "$(manager_log)"
like "$out" 'connected: address 10\.98\.0\.[0-9]+, gateway server\.test:4443 \(networkmanager\), identity laptop' \
	"with address and gateway"
ok "packets go through" gateway_echoes
is "$(gateway_user)" laptop-p256 "by her certificate"
is "$(nmcli -g connection.permissions connection show "$(vpns)")" 'user\:alice' "it is hers alone"
is "$(ps -o user= -p "$(gateway_tunnels)")" nm-openconnect "its client is neither hers nor root's"
run_at_seat alice 1 devid disconnect work
is "$rc" 0 "she ends it"
ok "no connection is left" wait_for 10 no_vpns
ok "and no client" wait_for 10 no_tunnels

# --- from the network
ssh_start alice
run_by_ssh alice devid connect work
is "$rc" 1 "from the network she is refused" || diag "$(last_run)"
like "$err" 'lets this user make no connection' "in words"
ok "and nothing is left" wait_for 10 no_vpns
nothing_denied
done_testing
