#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a private machine leaves on the real one, however its test ends: no process, network, mount or folder.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/machine.sh"
[ "$(id -u)" -eq 0 ] || skip_all "needs root"

# A machine with a network, a server in it, a program that detached itself and a mount. Then $1. It says to
# descriptor 9 where it is: it has a /tmp of its own.
{
	# shellcheck disable=SC2016
	printf '%s\n' '. "$TESTS/lib/common.sh"' '. "$TESTS/lib/machine.sh"' 'private_machine "$0" "$@"'
	cat <<-'X'
		ip netns add left
		ip netns exec left sleep 300 &
		"${E[@]}" setsid sleep 300 &
		mount -t tmpfs left /mnt
		echo "$T $(readlink /proc/self/ns/pid)" >&9
		case $1 in
		end) ok yes true; done_testing ;;
		bail) bail "no" ;;
		unset) echo "$no_such_variable" ;;
		wait) sleep 300 ;;
		esac
	X
} >"$T/machine.sh"
export TESTS

# Processes in the machine's name space of them.
inhabitants() {
	find /proc -maxdepth 3 -path '/proc/[0-9]*/ns/pid' -lname "$1" 2>/dev/null
}
deserted() {
	[ -z "$(inhabitants "$1")" ]
}
nothing_left() { # HOW
	local folder space
	read -r folder space <"$T/machine"
	like "$space" '^pid:\[[0-9]+\]$' "$1: there was a machine"
	ok "$1: no process is left" wait_for 5 deserted "${space//[][]/\\&}" || diag "$(inhabitants "${space//[][]/\\&}")"
	not_ok "$1: no network either" test -e /run/netns/left
	unlike "$(cat /proc/self/mountinfo)" "$folder" "$1: nor a mount"
}
for how in end bail unset; do
	rm -f "$T/machine"
	run bash "$T/machine.sh" $how 9>"$T/machine"
	nothing_left $how
	not_ok "$how: nor its folder" test -e "$(cut -d' ' -f1 "$T/machine")"
done
# To the group, as meson ends a test that takes too long; again and again, for what is just being started loses it.
signalled() {
	kill -$signal -- -$machine
	gone $machine
}
for signal in TERM KILL; do
	rm -f "$T/machine"
	setsid bash "$T/machine.sh" wait >"$T/out" 2>&1 9>"$T/machine" &
	machine=$!
	track $machine
	wait_for 20 test -s "$T/machine" || bail "no machine: $(cat "$T/out")"
	wait_for 20 signalled
	nothing_left "ended by SIG$signal"
	rm -rf "$(cut -d' ' -f1 "$T/machine")"
done
done_testing
