#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One event in the system's log: with a real journald in fields, with syslog as one line, with neither not
# at all and without a wait. In a mount name space of its own, with /run and /dev of its own.
. "$(dirname "$0")/../../../lib/common.sh"

if [ -z "${DEVID_TEST_INSIDE:-}" ]; then
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
	unshare -m --propagation private true 2>/dev/null || skip_all "needs a mount name space"
	[ -x /lib/systemd/systemd-journald ] || skip_all "needs journald"
	TAP_FINISHED=yes
	rm -rf "$T"
	DEVID_TEST_INSIDE=yes exec unshare -m --propagation private bash "$0" "$@"
fi
plan 17

write=$1
mkdir "$T/state"
E+=("DEVID_STATE_DIR=$T/state")
mount -t tmpfs run /run
mkdir -p /run/systemd/journal /run/log/journal
mkdir "$T/dev"
mount -t tmpfs -o mode=755 dev "$T/dev"
for node in null zero urandom random kmsg; do
	cp -a /dev/$node "$T/dev/"
done
mount --move "$T/dev" /dev

# Neither of them listens.
start=$(date +%s%N)
run "${E[@]}" "$write" nobody
is "$rc" 0 "without any log the event is written all the same"
ok "without a wait" test $((($(date +%s%N) - start) / 1000000)) -lt 1500
is "$(grep -c '"label":"nobody"' "$T/state/events.jsonl")" 1 "to the file"

# syslog's socket: one datagram, in the old form.
"${E[@]}" /usr/bin/python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
s.settimeout(20)
open("'"$T"'/ready", "w").close()
open("'"$T"'/line", "wb").write(s.recv(65536))
' &
listener=$!
wait_for 10 test -e "$T/ready"
run "${E[@]}" "$write" 'laptop 042'
is "$rc" 0 "an event with syslog"
wait "$listener"
line=$(cat "$T/line")
like "$line" '^<84>(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9][0-9] [0-9:]{8} devid\[[0-9]+\]: ' \
	"facility authpriv, a warning, the date, who"
like "$line" 'Import Failed: laptop 042: expired: first\\x0Asecond$' "and one line of words"

# journald: the fields.
rm -f /dev/log
"${E[@]}" /lib/systemd/systemd-journald >"$T/journald.log" 2>&1 &
journald=$!
wait_for 10 test -S /run/systemd/journal/socket
run "${E[@]}" "$write" 'laptop 043'
is "$rc" 0 "an event with journald"
entry() {
	"${E[@]}" journalctl --directory /run/log/journal -o json DEVID_LABEL='laptop 043' 2>/dev/null
}
has_entry() {
	"${E[@]}" journalctl --sync >/dev/null 2>&1
	[ -n "$(entry)" ]
}
entry_or_end() {
	has_entry || gone "$journald"
}
wait_for 10 entry_or_end
json=$(entry)
for field in '"DEVID_EVENT_TYPE":"Device Certificate"' '"DEVID_EVENT_SUB_TYPE":"Import"' \
	'"DEVID_REASON":"expired"' '"DEVID_DEVICE_CERTIFICATE":"Not Validated"' \
	'"DEVID_OS_TYPE":"Linux"' '"SYSLOG_IDENTIFIER":"devid"' '"PRIORITY":"4"' \
	'"SYSLOG_FACILITY":"10"' '"MESSAGE":"Import Failed: laptop 043: expired: '; do
	# Journald ends at once where it isn't given what it needs (a chroot).
	[ -n "$json" ] || ! gone "$journald" || {
		skip "journald does not run here: $(tail -n 1 "$T/journald.log")"
		continue
	}
	ok "journald has $field" grep -qF "$field" <<<"${json//\" : \"/\":\"}"
done
stop "$journald"
is "$(wc -l <"$T/state/events.jsonl")" 3 "and each event is in the file"
done_testing
