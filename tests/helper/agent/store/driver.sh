# SPDX-License-Identifier: LGPL-2.1-or-later
# store-driver as a coprocess, for the tests of stores: driver_start; driver WORDS…; driver_stop.

driver_start() {
	coproc DRIVER { exec "${E[@]}" "$DEVID_STORE_DRIVER" 2>>"$T/driver.err"; }
	DRIVER_PID_KEPT=$DRIVER_PID
}

# Leaves word (ok, or the reason), took (ms), progress (how often a prompt was told of), text behind.
driver() {
	echo "$*" >&"${DRIVER[1]}"
	driver_answer
}

driver_answer() {
	read -r -t 130 word took progress text <&"${DRIVER[0]}" ||
		{ word=hangs; took=130000; progress=; text=; }
}

driver_stop() {
	local input=${DRIVER[1]}
	exec {input}>&-
	wait "$DRIVER_PID_KEPT" 2>/dev/null
}

# One command in a process of its own.
driver_once() {
	driver_start
	driver "$@"
	driver_stop
}

within() {
	if [ "$took" -le "$1" ]; then
		pass "$2 ($took ms)"
	else
		fail "$2"
		diag "took $took ms, at most $1 wanted; $word $text"
	fi
}
