# SPDX-License-Identifier: LGPL-2.1-or-later
# The system bus and polkit on a private machine, and what they say to users who want root to make a tunnel. After
# common.sh and machine.sh:
#
#	system_bus_start		with its packaged policies; it starts devid-tunnel by itself
#	system_bus_has NAME		somebody owns that name
#	polkit_start			polkitd with its packaged rules
#	tunnel_allows USER…		polkit lets them, and starts with the bus where they don't run
#	tunnel_answer RESULT		what polkit answers alice, in polkit's words: YES, NO, AUTH_SELF …; polkitd starts anew
#	admin_answer RESULT		what polkit answers anybody who wants what devid-admin does; polkitd starts anew
#	tunnel_helper			the process of devid-tunnel
#	tunnel_helper_end		ends it

system_bus_start() {
	mkdir -p /run/dbus
	dbus-daemon --system --nofork --nopidfile >"$T/system-bus.log" 2>&1 &
	SYSTEM_BUS_PID=$!
	track "$SYSTEM_BUS_PID"
	wait_for 10 test -S /run/dbus/system_bus_socket || bail "no system bus: $(cat "$T/system-bus.log")"
}

system_bus_has() {
	dbus-send --system --print-reply=literal --dest=org.freedesktop.DBus /org/freedesktop/DBus \
		org.freedesktop.DBus.NameHasOwner "string:$1" | grep -q true
}

polkit_start() {
	/usr/lib/polkit-1/polkitd >"$T/polkitd.log" 2>&1 &
	POLKIT_PID=$!
	track "$POLKIT_PID"
	wait_for 10 system_bus_has org.freedesktop.PolicyKit1 || bail "no polkit: $(cat "$T/polkitd.log")"
}

# polkit knows an active session by its control group, which none has here: a rule answers as the packaged action
# answers whoever sits at the machine.
tunnel_rule() {
	local users
	users=$(printf '"%s",' "${@:2}")
	cat >/etc/polkit-1/rules.d/10-tunnel.rules <<-RULE
		polkit.addRule(function(action, subject) {
			if (action.id == "org.devid.tunnel.connect" && [$users].indexOf(subject.user) >= 0)
				return polkit.Result.$1;
		});
	RULE
	chmod 644 /etc/polkit-1/rules.d/10-tunnel.rules
}
tunnel_allows() {
	tunnel_rule YES "$@"
	[ -n "${SYSTEM_BUS_PID:-}" ] || system_bus_start
	[ -n "${POLKIT_PID:-}" ] || polkit_start
}
tunnel_answer() {
	tunnel_rule "$1" alice
	[ -z "${POLKIT_PID:-}" ] || stop "$POLKIT_PID"
	polkit_start
}
admin_answer() {
	cat >/etc/polkit-1/rules.d/10-admin.rules <<-RULE
		polkit.addRule(function(action, subject) {
			if (action.id == "org.devid.import-system" || action.id == "org.devid.account")
				return polkit.Result.$1;
		});
	RULE
	chmod 644 /etc/polkit-1/rules.d/10-admin.rules
	[ -z "${POLKIT_PID:-}" ] || stop "$POLKIT_PID"
	polkit_start
}
tunnel_helper() {
	pgrep -x devid-tunnel
}
tunnel_helper_end() {
	local pid
	for pid in $(tunnel_helper); do
		kill "$pid"
		wait_for 15 gone "$pid"
	done
}
