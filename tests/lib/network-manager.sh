# SPDX-License-Identifier: LGPL-2.1-or-later
# NetworkManager on a private machine, as on a desktop: the system bus with its packaged policies, polkitd with its
# packaged rules, and users who sit at their seats. After common.sh, machine.sh, keyring.sh, clients.sh, gateway.sh,
# client_machine and gateway_network:
#
#	system_bus_start, polkit_start	of polkit.sh
#	desktop_session alice		she has a session at the seat
#	desktop_allows alice		polkit answers her as the packaged policy answers active sessions
#	network_manager_start		carries the network on e0; its log is $NM_LOG
#	network_manager_run		it alone, with no connection; NM_INSIDE and NM_UNDER may be set to the first words
#					of its command: the name space of its network, what restricts it in there
#	network_manager_stop
#	network_manager_vpns		the VPN connections that it knows, a line each
#
# Where nothing is said, "as root" is meant; nmcli tells what a user sees: "${E[@]}" nmcli ….

NM_LOG=$T/network-manager.log
NM_PID=
NM_INSIDE=()
NM_UNDER=()

# What logind would write, and NetworkManager reads there.
desktop_session() {
	local id
	id=$(id -u "$1")
	mkdir -p /run/systemd/{users,sessions,seats,machines}
	printf '%s\n' "UID=$id" "USER=$1" ACTIVE=1 STATE=active REMOTE=0 TYPE=wayland CLASS=user SEAT=seat0 \
		>"/run/systemd/sessions/$id"
	printf '%s\n' "NAME=$1" STATE=active "RUNTIME=/run/user/$id" "DISPLAY=$id" "SESSIONS=$id" "ACTIVE_SESSIONS=$id" \
		"ONLINE_SESSIONS=$id" >"/run/systemd/users/$id"
}

# desktop_allows USER…: polkit knows an active session by its control group, which none has here. So these users are
# answered by a rule what the packaged policy answers active sessions; polkit_answers_active tells that it does.
NM_ACTIONS=(org.freedesktop.NetworkManager.settings.modify.own org.freedesktop.NetworkManager.network-control)
desktop_allows() {
	local users actions
	users=$(printf '"%s",' "$@")
	actions=$(printf '"%s",' "${NM_ACTIONS[@]}")
	cat >/etc/polkit-1/rules.d/10-sessions.rules <<-X
		polkit.addRule(function(action, subject) {
			if ([$actions].indexOf(action.id) >= 0 && [$users].indexOf(subject.user) >= 0)
				return polkit.Result.YES;
		});
	X
	chmod 644 /etc/polkit-1/rules.d/10-sessions.rules
}
polkit_answers_active() {
	pkaction --verbose --action-id "$1" | sed -n 's/.*implicit active: *//p'
}

network_manager_runs() {
	nmcli -t general
}
network_manager_is_connected() {
	[ "$(nmcli -g GENERAL.STATE device show e0)" = '100 (connected)' ]
}

network_manager_run() {
	mkdir -p /etc/NetworkManager /var/lib/NetworkManager
	cat >/etc/NetworkManager/NetworkManager.conf <<-X
		[main]
		plugins=keyfile
		auth-polkit=true
		dns=none
		rc-manager=unmanaged
		no-auto-default=*
		[connectivity]
		enabled=false
	X
	# With a /sys that can be written to it waits for udev.
	"${NM_INSIDE[@]}" sh -c 'mount -o remount,ro,bind /sys && exec "$@"' read-only "${NM_UNDER[@]}" \
		NetworkManager --no-daemon --debug --log-level=INFO >>"$NM_LOG" 2>&1 &
	NM_PID=$!
	track "$NM_PID"
	wait_for 20 network_manager_runs || bail "no NetworkManager: $(tail -n 20 "$NM_LOG")"
}

network_manager_start() {
	network_manager_run
	nmcli -g NAME connection | grep -qx wired ||
		nmcli connection add type ethernet ifname e0 con-name wired ipv4.method manual \
			ipv4.addresses 10.99.0.2/24 ipv4.gateway 10.99.0.1 ipv6.method disabled >"$T/nmcli.log" 2>&1 ||
		bail "no network: $(cat "$T/nmcli.log")"
	nmcli connection up wired >"$T/nmcli.log" 2>&1
	wait_for 20 network_manager_is_connected || bail "no network: $(cat "$T/nmcli.log"; tail -n 20 "$NM_LOG")"
}

network_manager_stop() {
	stop "$NM_PID"
}

network_manager_vpns() {
	nmcli -g TYPE,UUID connection | sed -n 's/^vpn://p'
}
