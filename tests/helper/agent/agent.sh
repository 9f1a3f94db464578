#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The agent as a process: how it starts, who else is there, whom it serves, what it survives, how it leaves.
. "$(dirname "$0")/../../lib/common.sh"
ASK=(/usr/bin/python3 "$TESTS/lib/ask.py")
SOCKET=$T/run/devid/agent

# agent [OPTION…]: starts one and waits until it says that one listens. AGENT is its pid.
agent() {
	rm -f "$T/ready"
	"${E[@]}" "$DEVID_AGENT" --user --ready-fd 5 "$@" 5>"$T/ready" 2>"$T/agent.err" &
	AGENT=$!
	track "$AGENT"
	wait_for 10 ready_or_gone
}
ready_or_gone() {
	[ "$(cat "$T/ready")" = 1 ] || gone "$AGENT"
}
ask() {
	run "${E[@]}" "${ASK[@]}" "$SOCKET" "$@"
}
pid_listening() {
	ask status
	echo "$out" | sed -n 's/^result 0 pid \([0-9]*\).*/\1/p'
}
agents() {
	local p n=0
	for p in $(ours); do
		[ "$(readlink "/proc/$p/exe")" != "$(readlink -f "$DEVID_AGENT")" ] || n=$((n + 1))
	done
	echo "$n"
}
socket_gone() {
	[ ! -e "$SOCKET" ]
}

# --- its words
for words in "" "--user --system" "--system --user" "--user more" "--user --ready-fd x" "--user --ready-fd 1" \
	"--user --ready-fd 99" "--user --idle-timeout -1" "--user --idle-timeout 1x" "--user --idle-timeout" "--what"; do
	run "${E[@]}" "$DEVID_AGENT" $words
	is "$rc" 2 "wrong words: '$words'"
done
run "${E[@]}" "$DEVID_AGENT" --help
is "$rc" 0 "--help"
like "$out" '^usage: devid-agent' "tells how"
run "${E[@]}" "$DEVID_AGENT" --version
like "$out" '^devid-agent [0-9]' "--version"

# --- it starts
agent
is "$(cat "$T/ready")" 1 "it says when it listens"
is "$(stat -c %a "$T/run/devid")" 700 "the folder of its socket is private"
is "$(stat -c %a "$SOCKET")" 600 "the socket too"
ask hello
is "$out" "result 0 protocol 1 may-sign 1" "HELLO"
is "$(pid_listening)" "$AGENT" "STATUS tells its pid"

# --- what it gave up
status_of() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$AGENT/status"
}
is "$(status_of NoNewPrivs)" 1 "no new privileges"
is "$(status_of Umask)" 0077 "own files are private"
is "$(sed -n 's/^Max core file size *\([^ ]*\) *\([^ ]*\).*/\1 \2/p' "/proc/$AGENT/limits")" "0 0" "no core file"
if [ "$(id -u)" -eq 0 ]; then
	is "$(stat -c %U "/proc/$AGENT/mem")" root "it is not to be dumped"
fi

# --- a second one
first=$AGENT
agent
is "$(cat "$T/ready")" 1 "a second one says that one listens"
wait "$AGENT"
is $? 0 "and ends well"
is "$(pid_listening)" "$first" "the first one still serves"

# --- frames that are none
i=0
for bytes in 00 0000000000010100 ffffffff01010000 0000010001010000 00000000020200 0000000002020000 0000000001000000 \
	00000000010e0000 0000000001ff0000 0000000001020100 0400000001020000ffffffff \
	08000000010200000c00010000000000 0800000001020000 0c0000000102000001000000ffffff7f00000000 \
	474554202f20485454502f312e310d0a0d0a; do
	ask cut $bytes
	# Told once that it is damaged, or nothing at all.
	like "$out" '^(end|result 6 .*)$' "frame $bytes ends the connection"
	i=$((i + 1))
done
ask cut 0000010001020000 65536
like "$out" '^(end|result 6 .*)$' "a frame of 64 KiB and 8 bytes"
ask raw 0000000000400000
like "$out" '^result 6 ' "a REPLY is no request"
ask raw 0000000001410000
like "$out" '^result 6 ' "neither is PROGRESS"
is "$(pid_listening)" "$first" "it still serves"

# --- half a frame holds up nobody, and not for ever
"${E[@]}" "${ASK[@]}" "$SOCKET" raw 1000000001 >"$T/slow" 2>&1 &
slow=$!
track $slow
begin=$(now_ms)
ask hello
is "$rc" 0 "half a frame of one client keeps no other waiting"
wait $slow
is "$(cat "$T/slow")" end "it is ended"
[ $(($(now_ms) - begin)) -lt 8000 ] && pass "within seconds" || fail "within seconds"

# --- other users
if [ "$(id -u)" -eq 0 ]; then
	other=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
	run "${other[@]}" "${E[@]}" "${ASK[@]}" "$SOCKET" hello
	isnt "$rc" 0 "another user doesn't get through the folder"
	chmod 755 "$T/run" "$T/run/devid"
	chmod 666 "$SOCKET"
	run "${other[@]}" "${E[@]}" "${ASK[@]}" "$SOCKET" hello
	is "$out" end "where he could, he is not answered"
	run "${other[@]}" "${E[@]}" "${ASK[@]}" "$SOCKET" status
	is "$out" end "whatever he asks"
	chmod 700 "$T/run" "$T/run/devid"
	chmod 600 "$SOCKET"
fi

# --- many connections
mkfifo "$T/hold.in"
"${E[@]}" "${ASK[@]}" "$SOCKET" hold 200 <"$T/hold.in" >"$T/hold.out" 2>&1 &
holder=$!
track $holder
exec 7>"$T/hold.in"
wait_for 10 grep -q held "$T/hold.out"
ask hello
is "$rc" 0 "beside 200 connections it serves"
mkfifo "$T/hold2.in"
"${E[@]}" "${ASK[@]}" "$SOCKET" hold 200 <"$T/hold2.in" >"$T/hold2.out" 2>&1 &
holder2=$!
track $holder2
exec 8>"$T/hold2.in"
ok "200 more are taken" wait_for 10 grep -q held "$T/hold2.out"
ask hello
is "$rc" 0 "and it serves still"
first_threads=$(sed -n 's/^Threads:[[:space:]]*//p' "/proc/$first/status")
[ "$first_threads" -le 264 ] && pass "with a bounded number of threads ($first_threads)" || fail "threads: $first_threads"
exec 7>&- 8>&-
wait $holder $holder2
like "$(tail -n 1 "$T/hold.out")" '^ended [1-9]' "idle ones made room"
few_threads() {
	[ "$(sed -n 's/^Threads:[[:space:]]*//p' "/proc/$first/status")" -le 8 ]
}
ok "their threads end with them" wait_for 5 few_threads

# --- it is told to end
stop "$first"
is $? 0 "SIGTERM ends it well"
ok "it takes its socket away" socket_gone
is "$(agents)" 0 "none is left"

# --- it is killed, and another one takes its place
agent
killed=$AGENT
stop "$killed" -KILL
[ -S "$SOCKET" ] && pass "killed, it leaves its socket" || fail "killed, it leaves its socket"
agent
is "$(cat "$T/ready")" 1 "the next one replaces it"
is "$(pid_listening)" "$AGENT" "and serves"
stop "$AGENT"

# --- twenty at once
for round in 1 2 3; do
	# Sometimes with a stale socket in the way.
	[ $round = 1 ] || "${E[@]}" /usr/bin/python3 -c \
		'import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])' "$SOCKET"
	racers=()
	for i in $(seq 20); do
		"${E[@]}" "$DEVID_AGENT" --user --ready-fd 5 5>"$T/ready.$i" 2>>"$T/race.err" &
		racers+=($!)
		track $!
	done
	all_ready() {
		[ "$(cat "$T"/ready.* | wc -c)" -eq 20 ]
	}
	ok "twenty at once: all say that one listens ($round)" wait_for 20 all_ready
	one_left() {
		[ "$(agents)" -eq 1 ]
	}
	ok "one remains ($round)" wait_for 10 one_left
	winner=$(pid_listening)
	[[ " ${racers[*]} " == *" $winner "* ]] && pass "and it is the one that serves ($round)" || fail "who serves? $winner"
	stop "$winner"
	rm -f "$T"/ready.*
done
is "$(cat "$T/race.err")" "" "none of them complained"

# --- what is planted in the socket's place
refused() {
	agent
	wait "$AGENT"
	is $? 1 "refused: $1"
	is "$(cat "$T/ready")" "" "it doesn't say that one listens"
	like "$(cat "$T/agent.err")" "^devid-agent: .*$2" "and says why"
}
echo precious >"$T/precious"
ln -s "$T/precious" "$SOCKET"
refused "a link to a file" "not a socket"
ln -sf "$T/nowhere" "$SOCKET"
refused "a link to nowhere" "not a socket"
[ ! -e "$T/nowhere" ] && pass "nothing was made behind it" || fail "nothing was made behind it"
rm "$SOCKET"
echo file >"$SOCKET"
refused "a file" "not a socket"
rm "$SOCKET"
mkdir "$SOCKET"
refused "a folder" "not a socket"
rmdir "$SOCKET"
is "$(cat "$T/precious")" precious "what the link pointed to is as it was"
rm -rf "$T/run/devid"
mkdir -m 700 "$T/elsewhere"
ln -s "$T/elsewhere" "$T/run/devid"
refused "a link for the folder" "folder of the socket"
is "$(ls "$T/elsewhere")" "" "nothing was made behind it"
rm "$T/run/devid"
if [ "$(id -u)" -eq 0 ]; then
	mkdir -m 700 "$T/run/devid"
	chown 65534 "$T/run/devid"
	refused "another user's folder" "another user"
	rm -rf "$T/run/devid"
fi
mkdir -m 777 "$T/run/devid"
chmod 777 "$T/run/devid"
agent
is "$(stat -c %a "$T/run/devid")" 700 "its own folder that was open to others is closed"
stop "$AGENT"

# --- somebody holds the lock on the folder: it is not waited for without end
agent
stop "$AGENT"
exec 6<"$T/run/devid"
flock 6
begin=$(now_ms)
agent
wait "$AGENT"
[ $? -gt 0 ] && [ $(($(now_ms) - begin)) -lt 15000 ] && pass "a lock that is never given back ends it" ||
	fail "a lock that is never given back ends it"
is "$(cat "$T/ready")" "" "without a word that one listens"
like "$(cat "$T/agent.err")" '^devid-agent: .*lock' "it says why"
exec 6<&-

# --- it leaves when it is idle, whoever is connected
mkfifo "$T/idle.in"
"${E[@]}" "${ASK[@]}" "$SOCKET" hold 3 <"$T/idle.in" >"$T/idle.out" 2>&1 &
holder=$!
track $holder
exec 7>"$T/idle.in"
wait_for 20 grep -q begins "$T/idle.out"
agent --idle-timeout 1
wait_for 10 grep -q held "$T/idle.out"
ok "idle, it leaves though clients are connected" wait_for 6 gone "$AGENT"
wait "$AGENT"
is $? 0 "and ends well"
ok "its socket is gone" socket_gone
exec 7>&-
wait $holder
is "$(tail -n 1 "$T/idle.out")" "ended 3" "the clients see the end"
mkfifo "$T/busy.in"
"${E[@]}" "${ASK[@]}" "$SOCKET" hold 1 <"$T/busy.in" >"$T/busy.out" 2>&1 &
holder=$!
track $holder
exec 7>"$T/busy.in"
wait_for 20 grep -q begins "$T/busy.out"
agent --idle-timeout 2
# Asked more often than that, it stays.
wanted=0
answered() {
	[ "$(grep -c 'result 0' "$T/busy.out")" -eq "$wanted" ]
}
begin=$(now_ms)
while [ $(($(now_ms) - begin)) -lt 3500 ]; do
	echo >&7
	wanted=$((wanted + 1))
	wait_for 5 answered || break
done
is "$(grep -c 'result 0' "$T/busy.out")" "$wanted" "asked again and again, it stays"
exec 7>&-
wait $holder
ok "then it leaves" wait_for 6 gone "$AGENT"
agent --idle-timeout 0
threads_idle() {
	[ "$(status_of Threads)" -le 2 ]
}
wait_for 5 threads_idle
before=$(awk '{ print $14 + $15 }' "/proc/$AGENT/stat")
switches=$(status_of nonvoluntary_ctxt_switches)
# Not to wait for something: this second is what is measured.
sleep 1
is "$(awk '{ print $14 + $15 }' "/proc/$AGENT/stat")" "$before" "idle, it takes no time of the processor"
stop "$AGENT"

# --- a client of a newer protocol
agent
ask hello 2
like "$out" '^result 0 protocol 1' "a newer client hears what is spoken here"
ok "and the older agent makes room" wait_for 5 gone "$AGENT"
agent
ask hello 0
like "$out" '^result 0 protocol 1' "an older client hears it too"
is "$(pid_listening)" "$AGENT" "and nobody leaves for it"
stop "$AGENT"

# --- started by systemd
listener() {
	"${E[@]}" "${ASK[@]}" "$T/run/given" listen "$DEVID_AGENT" --user "$@" 2>"$T/agent.err" &
	AGENT=$!
	track "$AGENT"
	wait_for 10 test -S "$T/run/given"
}
SOCKET=$T/run/given
listener
ask status
like "$out" "^result 0 pid $AGENT " "it takes the socket that it is given"
stop "$AGENT"
[ -S "$SOCKET" ] && pass "and leaves it where it is" || fail "and leaves it where it is"
rm "$SOCKET"
listener --idle-timeout 1
wait_for 6 gone "$AGENT"
[ -S "$SOCKET" ] && pass "also when it is idle" || fail "also when it is idle"
SOCKET=$T/run/devid/agent

# --- nobody's descriptors
agent
is "$("${E[@]}" true; ls -l "/proc/$AGENT/fd" | grep -c "$T/ready")" 0 "the ready descriptor is closed"
stop "$AGENT"
exec 8<"$T/precious"
agent
is "$(ls -l "/proc/$AGENT/fd" | grep -c "$T/precious")" 0 "what was left open is closed"
exec 8<&-
stop "$AGENT"

# --- memory is not for the user's other programs either
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$T"
	mkdir -m 700 "$T/nobody"
	chown 65534 "$T/nobody"
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --)
	"${nobody[@]}" "${E[@]}" DEVID_RUNTIME_DIR="$T/nobody" HOME="$T/nobody" DEVID_DATA_DIR="$T/nobody/data" \
		"$DEVID_AGENT" --user &
	AGENT=$!
	track "$AGENT"
	ok "as another user it starts" wait_for 10 test -S "$T/nobody/agent"
	for file in mem environ maps fd auxv; do
		not_ok "that user can't read its $file" "${nobody[@]}" sh -c "cat /proc/$AGENT/$file || ls /proc/$AGENT/$file/" 
	done
	if command -v gdb >/dev/null; then
		run "${nobody[@]}" "${E[@]}" gdb -p "$AGENT" -batch -ex 'info registers'
		unlike "$out" 'rip|pc ' "nor attach to it"
	fi
	SOCKET=$T/nobody/agent
	run "${nobody[@]}" "${E[@]}" "${ASK[@]}" "$SOCKET" hello
	is "$out" "result 0 protocol 1 may-sign 1" "its user is served"
	run "${E[@]}" "${ASK[@]}" "$SOCKET" hello
	is "$out" end "root is not"
	stop "$AGENT"
fi
is "$(agents)" 0 "none is left behind"
done_testing
