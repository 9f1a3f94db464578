# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect as a user who does not sit at the machine, where systemd has booted: the bus starts devid-tunnel as its
# unit, and polkit, which knows sessions here, refuses. The gateway is a real ocserv.
. /folder/tests/vm/guest.sh
. /folder/tests/vm/people.sh
. /folder/tests/lib/gateway.sh

tunnels() {
	pgrep -x openconnect
}
none() {
	! "$@" >/dev/null
}

is "$(systemctl show -p LoadState --value devid-tunnel.service)" loaded "the unit is there"
gateway_network
gateway_start 'auth = "certificate"'
mkdir -p /etc/devid/connections.d
printf '%s\n' '[Connection]' Gateway=server.test:4443 Identity=laptop "CAFile=$GATEWAY_CA" >/etc/devid/connections.d/work.conf
for user in alice bob; do
	user_manager $user
	run_by $user devid import-cert --store file --label laptop --password-file "$PKI/password" "$PKI/rsa2048.p12"
	is "$rc" 0 "$user: imported" || diag "$(last_run)"
done

# --- somebody who doesn't sit there
run_by bob devid connect work
is "$rc" 1 "bob, who has no session at the seat: refused" || diag "$(last_run)"
like "$err" 'polkit wants a password for org\.devid\.tunnel\.connect' "by polkit"
ok "no client is left" none tunnels
nothing_denied
done_testing
