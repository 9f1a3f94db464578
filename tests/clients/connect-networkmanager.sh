#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect through NetworkManager, as a user who may do nothing as root, with the key in a real keyring and a real
# ocserv: who sees the connection, who can end it, and what becomes of it when something fails.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
. "$(dirname "$0")/../lib/network-manager.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
WHO+=("${PRELOAD[@]}")
machine_user bob
gateway_network
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
mkdir -p "$D"
# connection CLIENT
connection() {
	printf '[Connection]\nGateway=server.test:4443\nClient=%s\nCAFile=%s\n' "$1" "$GATEWAY_CA" >"$D/work.conf"
}
connection networkmanager
LOG=$HOME_ALICE/.local/state/devid/connections/work.log
STATE=/run/user/$(id -u alice)/devid/connections/work.json

# openconnect is not built with the module's sanitizer.
checks() {
	"${E[@]}" devid events --json 2>/dev/null | grep -c '"event_sub_type" : "Local Check"'
}
no_vpns() {
	[ -z "$(network_manager_vpns)" ]
}
no_supervisors() {
	[ -z "$(pgrep -x devid)" ]
}
as bob
BOB=("${A[@]}")

# --- NetworkManager does not run
system_bus_start
connect work --identity rsa
is "$rc" 1 "no NetworkManager: an error"
like "$err" 'NetworkManager does not run' "in words"
is "$(client_connectivity 1)" "Connection=client-missing" "with an event"

# --- with keys of both kinds
desktop_session alice
desktop_session bob
desktop_allows alice bob
polkit_start
for action in "${NM_ACTIONS[@]}"; do
	is "$(polkit_answers_active "$action")" yes "$action is allowed to whoever sits there"
done
network_manager_start
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	connect work --identity "$label"
	is "$rc" 0 "$label: connected" || diag "$(cat "$LOG"; tail -n 40 "$NM_LOG")"
	like "$out" "connected: address 10\.98\.0\.[0-9]+, gateway server\.test:4443 \(networkmanager\), identity $label" \
		"$label: with address and gateway"
	ok "$label: the tunnel carries packets" gateway_echoes
	is "$(gateway_user)" $name "$label: the gateway's log has the certificate's name"
	like "$(cat "$LOG")" "Using client certificate '$name'.*NetworkManager: connection made.*connected, address 10\.98\." \
		"$label: so has the client's, with both its halves"
	is "$(client_connectivity 1)" "Connection=ok" "$label: an event tells it"
	is "$(state)" connected "$label: so does status"
	is "$(ps -o user= -p "$(gateway_tunnels)")" nm-openconnect "$label: the client is neither hers nor root's"
	end
	is "$rc" 0 "$label: disconnected"
	ok "$label: no connection is left in NetworkManager" wait_for 5 no_vpns
	ok "$label: and no client" wait_for 5 no_tunnels
	ok "$label: no state either" test ! -e "$STATE"
done

# --- the connection is hers alone
connect work --identity rsa
VPN=$(network_manager_vpns)
is "$(nmcli -g connection.permissions connection show "$VPN")" 'user\:alice' "it is for one user"
like "$("${E[@]}" nmcli connection)" 'devid work' "she sees it"
not_ok "another can't show it" "${BOB[@]}" nmcli connection show "$VPN"
path=$(nmcli -g DBUS-PATH,UUID connection | sed -n "s/:$VPN\$//p")
settings=(gdbus call --system --dest org.freedesktop.NetworkManager --object-path "$path" --method)
run "${BOB[@]}" "${settings[@]}" org.freedesktop.NetworkManager.Settings.Connection.GetSecrets vpn
like "$err" 'PermissionDenied' "nor its secrets"
run "${BOB[@]}" "${settings[@]}" org.freedesktop.NetworkManager.Settings.Connection.GetSettings
like "$err" 'PermissionDenied' "nor what it is"
active=$(nmcli -g ACTIVE-PATH,UUID connection show --active | sed -n "s/:$VPN\$//p")
like "$active" '^/org' "what is active has an object"
run "${BOB[@]}" gdbus call --system --dest org.freedesktop.NetworkManager --object-path /org/freedesktop/NetworkManager \
	--method org.freedesktop.NetworkManager.DeactivateConnection "$active"
like "$err" 'PermissionDenied' "nor can he end it"
run "${BOB[@]}" gdbus call --system --dest org.freedesktop.NetworkManager --object-path /org/freedesktop/NetworkManager \
	--method org.freedesktop.NetworkManager.ActivateConnection "$path" / /
like "$err" 'PermissionDenied' "nor use it"
run "${settings[@]}" org.freedesktop.NetworkManager.Settings.Connection.GetSecrets vpn
unlike "$out" "cookie'|gwcert'" "root reads no cookie there: it is kept nowhere"
agent=$(sed -n 's/.*agent\[[0-9a-f]*,\(:[0-9.]*\)\/org\.devid\.connect-.*registered.*/\1/p' "$NM_LOG" | tail -n 1)
like "$agent" '^:' "it came by an agent"
secrets=(gdbus call --system --dest "$agent" --object-path /org/freedesktop/NetworkManager/SecretAgent --method
	org.freedesktop.NetworkManager.SecretAgent.GetSecrets
	"{'connection': {'uuid': <'$VPN'>, 'type': <'vpn'>}}" "objectpath '$path'" vpn '@as []' 'uint32 0')
run "${BOB[@]}" "${secrets[@]}"
like "$err" 'AccessDenied' "the agent gives another user nothing"
run "${secrets[@]}"
like "$err" 'AccessDenied.*for NetworkManager alone' "nor root, who isn't NetworkManager"
is "$(find /etc/NetworkManager /var/lib/NetworkManager -type f -exec grep -l 'devid work' {} +)" "" "nothing of it is on a disk"
is "$(grep -rhE '^(cookie|gwcert|gateway)=|vpn-secrets' /run/NetworkManager/system-connections | paste -sd' ')" \
	gateway=server.test:4443 "and nothing secret in what NetworkManager has in memory for its tools"
ok "it still carries packets" gateway_echoes

# --- ended from elsewhere
ok "she can end it in NetworkManager too" "${E[@]}" nmcli connection down "$VPN"
ok "then it is not made again" wait_for 5 no_supervisors
ok "and no state is left" test ! -e "$STATE" || diag "$(cat "$STATE"; tail -n 5 "$LOG")"
connect work --identity rsa
pkill_one() {
	kill -KILL "$(sed -n 's/.*"pid" *: *\([0-9]*\).*/\1/p' "$STATE")"
}
ok "a supervisor that is killed" pkill_one
ok "takes its connection with it" wait_for 10 no_vpns
ok "and its client" wait_for 10 no_tunnels

# --- a failing gateway
connect work --identity rsa
is "$rc" 0 "connected again"
checks=$(checks)
gateway_stop
gateway_start 'auth = "certificate"'
made_again() {
	[ "$(checks)" -gt "$checks" ] && is_in_state connected
}
# openconnect itself tries first to take its session up again, after ten seconds.
ok "a gateway that was restarted: checked, and connected again" wait_for 60 made_again ||
	diag "$(tail -n 20 "$LOG" "$NM_LOG")"
ok "and carries packets" gateway_echoes

# --- NetworkManager is restarted
network_manager_stop
ok "a NetworkManager that goes away is noticed" wait_for 10 is_in_state reconnecting || diag "$(tail -n 20 "$LOG")"
ok "a try without it isn't the last" wait_for 10 grep -q 'does not run.*made again' "$LOG" || diag "$(tail -n 20 "$LOG")"
network_manager_start
ok "when it is back, so is the connection" wait_for 30 is_in_state connected || diag "$(tail -n 20 "$LOG" "$NM_LOG")"
ok "and carries packets" gateway_echoes
ok "there is one of it" test "$(network_manager_vpns | wc -l)" -eq 1
end
ok "it is ended" wait_for 5 no_vpns

# --- openconnect's connections are made so too, where NetworkManager carries the network
connection openconnect
connect work --identity rsa
is "$rc" 0 "Client=openconnect: connected" || diag "$(cat "$LOG")"
ok "by NetworkManager" test -n "$(network_manager_vpns)"
end
connect work --identity rsa --dry-run
like "$out" 'openconnect --protocol=anyconnect --authenticate ' "--dry-run tells the sign-in"
like "$out" 'NetworkManager: AddAndActivateConnection2 .*server\.test:4443, user alice' "and who makes the tunnel"
unlike "$out" 'devid-tunnel' "without devid-tunnel"
nmcli connection modify wired ipv4.gateway '' && nmcli connection up wired >"$T/nmcli.log" 2>&1
connect work --identity rsa --dry-run
like "$out" 'cookie-on-stdin' "where it doesn't carry the network it is not asked"
connection networkmanager
connect work --identity rsa
is "$rc" 1 "but where it is named"
like "$err" 'has no network that the connection could go over' "it is said what it lacks"
nmcli connection modify wired ipv4.gateway 10.99.0.1 && nmcli connection up wired >"$T/nmcli.log" 2>&1

# --- what the sign-in brought is not what the gateway takes
mkdir "$T/bin"
cat >"$T/bin/openconnect" <<-'X'
	#!/bin/sh
	PATH=/usr/sbin:/usr/bin:/bin
	openconnect "$@" | sed "$CHANGE"
X
chmod 755 "$T/bin/openconnect"
changed() {
	run "${E[@]}" "${PRELOAD[@]}" env "PATH=$T/bin:/usr/bin:/bin" "CHANGE=$1" devid connect work --identity rsa
}
changed 's/x/x/'
is "$rc" 0 "unchanged, it is taken" || diag "$(cat "$LOG")"
end
changed "s/^FINGERPRINT=.*/FINGERPRINT='pin-sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='/"
is "$rc" 1 "a gateway with another key: an error" || diag "$(cat "$LOG")"
like "$err" 'openconnect under NetworkManager made no tunnel' "in words"
like "$(tail -n 60 "$NM_LOG")" "specified via --servercert match" "the client refused it"
changed "s/^COOKIE=.*/COOKIE='webvpn=nothing'/"
is "$rc" 1 "a cookie that isn't valid: an error"
like "$err" 'openconnect under NetworkManager made no tunnel' "in words"
changed 's/^FINGERPRINT=.*//'
is "$rc" 1 "no pin at all"
like "$err" 'is not understood' "is never left out"
ok "nothing is left of them" wait_for 10 no_vpns

# --- polkit says no
rm /etc/polkit-1/rules.d/10-sessions.rules
refused() {
	connect work --identity rsa
	[ "$rc" -eq 1 ] && [[ $err == *'lets this user make no connection'* ]]
}
ok "who isn't allowed to is told so" wait_for 10 refused || diag "$err"
is "$(client_connectivity 1)" "Connection=root-needed" "with an event"
desktop_allows alice bob
allowed() {
	connect work --identity rsa
	[ "$rc" -eq 0 ]
}
ok "until it is allowed" wait_for 10 allowed || diag "$err"
end

# --- the plugin is missing
network_manager_stop
mv /usr/lib/NetworkManager/VPN/nm-openconnect-service.name "$T/"
network_manager_start
connect work --identity rsa
is "$rc" 1 "no plugin for openconnect: an error"
like "$err" 'plugin for openconnect is not installed' "in words"
connection openconnect
connect work --identity rsa --dry-run
like "$out" 'cookie-on-stdin' "openconnect's own connections go without it"
connection networkmanager
mv "$T/nm-openconnect-service.name" /usr/lib/NetworkManager/VPN/

# --- it hangs
kill -STOP "$NM_PID"
connect work --identity rsa
is "$rc" 1 "a NetworkManager that hangs: an error"
like "$err" 'NetworkManager does not answer' "in words"
ok "within its bound" test "$ms" -lt 25000
kill -CONT "$NM_PID"
network_manager_stop

# --- it is too old
"${E[@]}" true
cat >"$T/old.py" <<-'X'
	import dbus, dbus.mainloop.glib, dbus.service
	from gi.repository import GLib
	dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
	bus = dbus.SystemBus()
	name = dbus.service.BusName('org.freedesktop.NetworkManager', bus)
	class Agents(dbus.service.Object):
	    @dbus.service.method('org.freedesktop.NetworkManager.AgentManager', in_signature='s')
	    def Register(self, name):
	        pass
	agents = Agents(bus, '/org/freedesktop/NetworkManager/AgentManager')
	class Old(dbus.service.Object):
	    @dbus.service.method('org.freedesktop.NetworkManager', out_signature='u')
	    def state(self):
	        return 70
	old = Old(bus, '/org/freedesktop/NetworkManager')
	GLib.MainLoop().run()
X
"$PYTHON" "$T/old.py" >"$T/old.log" 2>&1 &
OLD=$!
track "$OLD"
wait_for 10 system_bus_has org.freedesktop.NetworkManager
connect work --identity rsa
is "$rc" 1 "a NetworkManager that is too old: an error"
like "$err" 'NetworkManager is too old' "in words"
stop "$OLD"

# --- the system bus is not there
stop "$SYSTEM_BUS_PID"
connect work --identity rsa
is "$rc" 1 "no system bus: an error"
like "$err" "NetworkManager can't be reached \\(system bus: " "in words"
ok "no client is left" wait_for 10 no_tunnels
ok "nor a supervisor" wait_for 10 no_supervisors
done_testing
