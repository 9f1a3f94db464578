#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The agent under a host that is at work: killed between two parts of a signature, stopped, upgraded.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/life-lib.sh"
SOCKET=$T/run/devid/agent
ASK=(/usr/bin/python3 "$TESTS/lib/ask.py" "$SOCKET")
DEVICE_ERROR=30
OPERATION_NOT_INITIALIZED=91
life_identity rsa2048

host_start() {
	coproc HOST { exec "${E[@]}" "$DEVID_FAULT_HOST" talk 2>>"$T/host.err"; }
	HOST_PID_KEPT=$HOST_PID
	host begin
}
# host WORDS…: leaves said (the first word of the answer) and took (ms) behind.
host() {
	echo "$*" >&"${HOST[1]}"
	read -r -t 60 said took <&"${HOST[0]}" || { said=nothing; took=60000; }
}
host_stop() {
	local input=${HOST[1]}
	exec {input}>&-
	wait "$HOST_PID_KEPT"
	is $? 0 "$1: the host leaves nothing behind"
}
agent() {
	host agent
	AGENT=$said
	[ "$AGENT" -gt 1 ] || bail "no agent listens"
}
kill_agent() {
	agent
	end_process "$AGENT" -KILL
}
stop_agent() {
	kill -STOP "$AGENT"
	wait_for 5 all_stopped || bail "the agent doesn't stop"
}
all_stopped() {
	! grep -h '^State:' "/proc/$AGENT"/task/*/status | grep -qv '^State:[[:space:]]*T'
}
within() {
	[ "$took" -le "$1" ] && pass "$2 ($took ms)" || fail "$2 ($took ms)"
}

# --- killed
host_start
host fds
before=$said
host sign
is "$said" 0 "it signs"
host update 200000
is "$said" 0 "parts of a signature are on their way"
kill_agent
host update 200000
is "$said" $DEVICE_ERROR "the agent is killed: the next part meets an error"
host final
is "$said" $OPERATION_NOT_INITIALIZED "that operation is over"
host sign
is "$said" 0 "and another one has an agent"
host update 1
kill_agent
host final
is "$said" 0 "killed while the parts wait in the module, it loses nothing"
host update 200000
kill_agent
host final
is "$said" $DEVICE_ERROR "killed before the end: an error"
within 6000 "at once"
host sign
is "$said" 0 "and the next signature has an agent"
for i in 1 2 3; do
	kill_agent
	host sign
	is "$said" 0 "killed between two signatures: no one notices ($i)"
done
host finalize
host fds
is "$said" "$before" "no descriptor is lost"
is "$(pgrep -P "$HOST_PID_KEPT" | wc -l)" 0 "no child either"
host_stop killed
is "$(agent_pid | wc -l)" 1 "one agent runs"

# --- stopped
host_start
host sign
is "$said" 0 "it signs"
agent
stop_agent
host sign
is "$said" $DEVICE_ERROR "stopped, it is not waited for without end"
within 15000 "but within the bound"
run "${E[@]}" "$DEVID_FAULT_HOST" exec-other
isnt "$rc" 0 "a new client has an answer too"
[ "$ms" -lt 20000 ] && pass "within the bound ($ms ms)" || fail "within the bound ($ms ms)"
kill -CONT "$AGENT"
host sign
is "$said" 0 "it goes on, and signs"
is "$(agent_pid)" "$AGENT" "the same one, and no other"
stop_agent
host finalize
is "$said" 0 "with a stopped one the library can end"
within 2000 "at once"
kill -CONT "$AGENT"
host_stop stopped

# --- a newer client comes, and the older agent makes room
host_start
host sign
host update 200000
is "$said" 0 "a signature is on its way"
agent
run "${E[@]}" "${ASK[@]}" hello 2
like "$out" '^result 0 protocol 1' "a newer client comes"
ok "the older agent leaves" wait_for 10 gone "$AGENT"
host final
[ "$said" = 0 ] || [ "$said" = $DEVICE_ERROR ] && pass "the running client has an answer ($said)" || fail "answer: $said"
within 6000 "at once"
host sign
is "$said" 0 "and signs on"
host_stop "a newer client"

# --- a newer agent takes the place of the older one
host_start
host sign
host fds
before=$said
host update 200000
agent
"${E[@]}" /usr/bin/python3 "$TESTS/fault/next-agent.py" "$SOCKET" >"$T/next" 2>&1 &
track $!
wait_for 5 grep -q listening "$T/next"
host final
is "$said" 0 "a newer agent listens: who is connected to the older one goes on"
host sign
is "$said" 0 "and on"
end_process "$AGENT"
host sign
is "$said" $DEVICE_ERROR "when the older one has gone there is an answer"
within 8000 "within the bound"
host sign
is "$said" $DEVICE_ERROR "the same one again"
is "$(agent_pid | wc -l)" 0 "it starts no agent beside the newer one"
like "$(cat "$T/next")" 'hello 1' "the newer one was asked"
is "$(grep -vcE '^(listening|hello 1)$' "$T/next")" 0 "and nothing but HELLO was sent to it"
host finalize
host begin
host sign
is "$said" $DEVICE_ERROR "a library that begins anew hears the same"
stop "${PIDS[-1]}"
host sign
is "$said" 0 "the newer one gone, it signs"
host_stop "a newer agent"
is "$(cat "$T/host.err")" "" "nothing else was said"
done_testing
