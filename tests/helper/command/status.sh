#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# status: what it says of the keyring where no agent runs, asked of the bus alone, and always in time.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
keyring() { # STATE NAME
	RUN_BOUND=20 devid status --json
	is "$rc" 0 "$2: status ends with 0"
	is "$(json 'j["keyring"]["state"]')" "$1" "$2: $1"
	ok "$2: in time ($ms ms)" test "$ms" -lt 4000
}

keyring missing "no bus"
for address in "unix:path=$T/nowhere" unix: nonsense '' autolaunch: "unix:path=$T/socket"; do
	DBUS_SESSION_BUS_ADDRESS=$address
	env_build
	keyring missing "the address '$address'"
done
# A bus that takes connections and says nothing.
/usr/bin/python3 -c 'import signal, socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); signal.pause()' "$T/socket" &
track $!
wait_for 5 test -S "$T/socket"
keyring missing "a bus that never answers"
unset DBUS_SESSION_BUS_ADDRESS
env_build
keyring_bus
keyring missing "a bus without a keyring"
keyring_bus_stop
# One that starts a keyring by name, when it is called.
mkdir "$T/services"
printf '[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/sh -c "touch %s; exec sleep 60"\n' "$T/started" \
	>"$T/services/org.freedesktop.secrets.service"
BUS_SERVICES=$T/services keyring_bus
keyring locked "a keyring that the bus would start"
devid status
like "$out" 'keyring +locked: its daemon does not run yet; it is started when needed' "as text"
ok "and it was not started" test ! -e "$T/started"
keyring_bus_stop
keyring_bus
keyring_start open
keyring ready "an open keyring"
devid status
like "$out" 'keyring +ready' "as text"
narrow "$out" "in 80 columns"
keyring_lock
keyring locked "a locked one"
devid status
like "$out" 'keyring +locked' "as text"
keyring_pause
keyring missing "one that is stopped"
keyring_resume
is "$(ours | while read -r p; do cat "/proc/$p/comm"; done | grep -c devid)" 0 "no agent was started"
done_testing
