# SPDX-License-Identifier: LGPL-2.1-or-later
# A notification daemon on the private bus. Sourced after common.sh and keyring.sh; keyring_bus goes before.
#
#	notification_start [silent | fails]
#	notifications           how many were sent
#	notification N FIELD    of the Nth: summary, text, markup, urgency, …

NOTES=$T/notifications

notification_start() {
	: >"$NOTES"
	"${E[@]}" "$PYTHON" "$TESTS/lib/notification-mock.py" "$NOTES" "$@" >"$T/notification.log" 2>&1 &
	NOTIFICATION_PID=$!
	track "$NOTIFICATION_PID"
	wait_for 10 bus_has_name org.freedesktop.Notifications
}

notification_stop() {
	stop "$NOTIFICATION_PID"
	wait_for 5 bus_lacks_name org.freedesktop.Notifications
}

notifications() {
	wc -l <"$NOTES"
}

are_notified() {
	[ "$(notifications)" -ge "$1" ]
}

notification() {
	sed -n "$1p" "$NOTES" | "$PYTHON" -c 'import json, sys
value = json.load(sys.stdin)[sys.argv[1]]
print(value if isinstance(value, str) else json.dumps(value))' "$2"
}
