# SPDX-License-Identifier: LGPL-2.1-or-later
# The real gnome-keyring on a private bus, open, locked, asked, killed or stopped. Sourced after
# common.sh; everything is ended at exit. The keyring's password is "keyring".
#
#	. "$(dirname "$0")/../lib/keyring.sh"
#	keyring_bus; keyring_start open         # or: locked (after a first time open)
#	prompter_start answer keyring           # or: dismiss, silent, none of them: nobody to ask
#	keyring_stop; keyring_kill; keyring_pause; keyring_resume; keyring_lock; keyring_unlock

KEYRING_COLLECTION=/org/freedesktop/secrets/collection/login
PYTHON=/usr/bin/python3

# keyring_bus [NAME]: a session bus on which nothing can be activated; "${E[@]}" knows its address from then on.
keyring_bus() {
	local socket=$T/run/${1:-session-bus}
	cat >"$T/bus.conf" <<-X
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
		 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig>
		  <type>session</type>
		  <listen>unix:path=$socket</listen>
		  <auth>EXTERNAL</auth>
		  ${BUS_SERVICES:+<servicedir>$BUS_SERVICES</servicedir>}
		  <policy context="default">
		    <allow send_destination="*" eavesdrop="true"/>
		    <allow eavesdrop="true"/>
		    <allow own="*"/>
		  </policy>
		</busconfig>
	X
	rm -f "$T/bus.address" "$socket"
	mkfifo "$T/bus.address"
	"${E[@]}" dbus-daemon --nofork --config-file="$T/bus.conf" --print-address=3 \
		3>"$T/bus.address" >"$T/bus.log" 2>&1 &
	BUS_PID=$!
	track "$BUS_PID"
	# It is printed when connections are taken.
	read -r DBUS_SESSION_BUS_ADDRESS <"$T/bus.address"
	env_build
}

keyring_bus_stop() {
	stop "$BUS_PID"
}

# The bus's own answer, without a keyring's help.
bus_has_name() {
	"${E[@]}" timeout 5 dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus \
		/org/freedesktop/DBus org.freedesktop.DBus.NameHasOwner "string:$1" | grep -q true
}

bus_lacks_name() {
	! bus_has_name "$1"
}

# keyring_start open|locked: waits until it can be asked. The first one must be open: it makes the
# keyring.
keyring_start() {
	local how=(gnome-keyring-daemon --foreground --components=secrets) password=
	[ "$1" != open ] || { how+=(--unlock); password=keyring; }
	printf '%s' "$password" >"$T/keyring.password"
	"${E[@]}" "${how[@]}" <"$T/keyring.password" >>"$T/keyring.log" 2>&1 &
	KEYRING_PID=$!
	track "$KEYRING_PID"
	wait_for 10 bus_has_name org.freedesktop.secrets
}

keyring_stop() {
	stop "$KEYRING_PID"
	wait_for 5 bus_lacks_name org.freedesktop.secrets
}

keyring_kill() {
	stop "$KEYRING_PID" -KILL
	wait_for 5 bus_lacks_name org.freedesktop.secrets
}

keyring_pause() {
	kill -STOP "$KEYRING_PID"
	wait_for 5 grep -q '^State:[[:space:]]*T' "/proc/$KEYRING_PID/status"
}

keyring_resume() {
	kill -CONT "$KEYRING_PID"
}

# Without a prompt, by the interface that gnome-keyring has for tests.
keyring_control() {
	"${E[@]}" timeout 20 "$PYTHON" "$TESTS/lib/keyring-control.py" "$@"
}

keyring_lock() {
	keyring_control lock "$KEYRING_COLLECTION"
}

keyring_unlock() {
	keyring_control unlock "$KEYRING_COLLECTION" keyring
}

# keyring_items [SCHEMA]: labels of the items of devid (its keys', or those of that schema), one a line.
keyring_items() {
	keyring_control items "$@"
}

# prompter_start answer PASSWORD | dismiss | silent: a person at org.gnome.keyring.SystemPrompter,
# whose log (one line a call) is $T/prompter.log.
prompter_start() {
	: >"$T/prompter.log"
	"${E[@]}" "$PYTHON" "$TESTS/lib/prompter.py" "$T/prompter.log" "$@" >"$T/prompter.err" 2>&1 &
	PROMPTER_PID=$!
	track "$PROMPTER_PID"
	wait_for 10 bus_has_name org.gnome.keyring.SystemPrompter
}

prompter_stop() {
	kill -0 "$KEYRING_PID" || diag "the keyring's daemon has ended by itself:" "$(tail -n 20 "$T/keyring.log")"
	kill -0 "$PROMPTER_PID" || diag "who answers its questions has ended by itself:" "$(cat "$T/prompter.err")"
	stop "$PROMPTER_PID"
	wait_for 5 bus_lacks_name org.gnome.keyring.SystemPrompter
}

# For wait_for: a prompt is open / how many were opened.
prompt_is_open() {
	grep -q '^perform' "$T/prompter.log"
}

prompts() {
	grep -c '^perform' "$T/prompter.log"
}

# The bounds of the agent and the drivers that are started from now on: the real ones (4.5 s a step, 118 s for a
# person), or short ones where nobody will answer. Whatever is to succeed has the real ones, however slow the
# machine is; AT_ONCE (ms) is below all of them that matter there, and far above what a slow machine takes.
bounds_real() {
	env_set DEVID_TEST_BOUNDS=4500,118000
}
bounds_short() {
	env_set DEVID_TEST_BOUNDS=1500,4000
}
AT_ONCE=20000
