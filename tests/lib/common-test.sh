#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tests' own library: what it says of success and failure, and that it leaves nothing behind.
. "$(dirname "$0")/common.sh"
private_network "$0" "$@"
need_pki
plan 30

# A script made of $1, run by itself.
inner() {
	printf '. "%s/lib/common.sh"\n%s\n' "$TESTS" "$1" >"$T/inner.sh"
	run "${E[@]}" bash "$T/inner.sh"
}

inner 'plan 1; ok "yes" true; done_testing'
is "$rc" 0 "a test that passes ends with 0"
inner 'plan 1; ok "no" false; done_testing'
is "$rc" 1 "one that fails does not"
like "$out" 'not ok 1 - no' "and says so"
inner 'plan 1; ok "two
lines" true; done_testing'
like "$out" 'ok 1 - two lines' "a name stays one line"
inner 'plan 2; ok "yes" true; done_testing'
is "$rc" 1 "a plan that is not met is a failure"
inner 'plan 1; ok "yes" true; exit 0'
is "$rc" 99 "so is an end before done_testing"
inner 'plan 1; is "$unset_variable" 1 one; done_testing'
isnt "$rc" 0 "and an unset variable"
inner 'plan 1; not_ok "crash" bash -c "kill -SEGV \$\$"; done_testing'
is "$rc" 1 "a crash is not the failure that not_ok wants"
inner 'plan 1; RUN_BOUND=1; run sleep 30; is $rc 124 bounded; done_testing'
is "$rc" 0 "run has a bound"

inner 'plan 1; "${E[@]}" setsid sleep 300 & echo "# pid $! $T"; some() { [ -n "$(ours)" ]; }; ok a wait_for 5 some; done_testing'
pid=$(sed -n 's/^# pid \([0-9]*\) .*/\1/p' <<<"$out")
folder=$(sed -n 's/^# pid [0-9]* //p' <<<"$out")
isnt "$pid" "" "a detached child was made"
ok "it is ended with the test" gone "$pid"
not_ok "and the private folder is gone" test -e "$folder"
inner 'sleep 300 & track $!; echo "# pid $! $T"; no_such_command_at_all; false; exit 3'
isnt "$rc" 0 "a script that gives up fails"
ok "its child is ended too" gone "$(sed -n 's/^# pid \([0-9]*\) .*/\1/p' <<<"$out")"
inner 'plan 2; sleep 300 & child=$!; track $child; began=${STARTED[$child]}; STARTED[$child]=1
	ok "another process with its number is not it" gone $child; end_process $child; STARTED[$child]=$began
	not_ok "and is left alone" gone $child; done_testing'
is "$rc" 0 "the number of a child that has gone may be another's" || diag "$out"
# Two hundred, for a signal is lost in one of many.
RUN_BOUND=300 inner 'plan 2; for i in {1..200}; do sleep 300 & kill $!; all+=($!); done
	for child in "${all[@]}"; do stop $child; done; wait
	is $TAP_FAILED 0 ended; ok "there" test -d "$T/tmp"; done_testing'
is "$rc" 0 "a child that is ended before it runs its program clears nothing away" || diag "$out"

# ends NAME PROGRAM COMMAND…: a child that runs the bash PROGRAM, which says "ready", and what COMMAND makes of it
# within $bound seconds.
ends() {
	local name=$1 program=$2
	shift 2
	inner "END_BOUND=$bound; plan 1; bash -c '$program' >\"\$T/said\" & child=\$!; wait_for 5 grep -q ready \"\$T/said\"
		$*; status=\$?; ok gone gone \$child; echo \"# status \$status\"; done_testing"
	diag "$name: $out"
}
bound=10
rest='echo ready; while :; do sleep 0.02; done'
ends "one that loses a signal" 'trap "trap - TERM" TERM;'" $rest" 'stop $child'
is "$rc" 0 "a child that lost the first signal is ended by the next" || diag "$out"
like "$out" '# status 143' "by that signal"
ends "one that is busy" 'n=0; trap "((++n < 2)) || exit 7" TERM;'" $rest" 'stop $child'
is "$rc" 0 "so is one that comes to it with the second" || diag "$out"
like "$out" '# status 7' "as it wants"
ends "one that is stopped" "$rest" 'kill -STOP $child; stop $child'
is "$rc" 0 "and one that is stopped" || diag "$out"
bound=1
ends "one that ignores it" 'trap "" TERM;'" $rest" 'stop $child'
is "$rc" 1 "one that ignores it is killed, which is a failure" || diag "$out"
like "$out" "ok 1 - gone.*# status 137" "though all else is well"
like "$out" 'had to be killed, for it did not end by -TERM: [0-9]+ bash -c' "and told"
ends "one that is left" 'trap "" TERM;'" $rest" 'track $child; done_testing'
is "$rc" 1 "as it is at the end of a test" || diag "$out"
ok "without anything left" gone "$(sed -n 's/.*not end by -TERM: \([0-9]*\) .*/\1/p' <<<"$out")"

run "${E[@]}" LEAK=1 env
unlike "$out" 'SSL_CERT|PYENV|SUDO_' "the environment is built"

"${E[@]}" openssl s_server -accept 127.0.0.1:0 -cert "$PKI/server.crt" -key "$PKI/server.key" \
	-quiet </dev/null >"$T/server.log" 2>&1 &
server=$!
track "$server"
wait_for 5 listening_port "$server"
port=$(listening_port "$server")
like "$port" '^[0-9]+$' "a server on port 0 is found"
ok "and listens" port_listens "$port"
is "$(openssl verify -CAfile "$PKI/root.crt" -untrusted "$PKI/issuing.crt" "$PKI/rsa2048.crt" 2>&1)" \
	"$PKI/rsa2048.crt: OK" "the certificates are good"
done_testing
