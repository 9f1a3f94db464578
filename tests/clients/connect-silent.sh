#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect where nothing answers: it says what it waits for at once, gives a gateway that is silent ten seconds and
# a person whom the keyring asks as long as the keyring does, and has words for an interrupt.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
gateway_network
tunnel_allows alice
gateway_start 'auth = "certificate"'
mkdir -p /etc/devid/connections.d
printf '[Connection]\nGateway=server.test:4443\nClient=openconnect\nIdentity=rsa\nCAFile=%s\n' "$GATEWAY_CA" \
	>/etc/devid/connections.d/work.conf
sign_in_runs() {
	pgrep -u alice -f 'openconnect.*--authenticate' >/dev/null
}
no_sign_in() {
	! sign_in_runs
}
# at_terminal: devid connect on one, in the background; what it shows is $T/shown.
at_terminal() {
	"${E[@]}" script --quiet --flush --return --command 'devid connect work' /dev/null >"$T/shown" 2>&1 </dev/null &
	SHOWN=$!
	track $SHOWN
}
shows() {
	grep -q "$1" "$T/shown"
}
its_end() {
	wait "$SHOWN"
	rc=$?
	out=$(tr -d '\r' <"$T/shown")
}

# --- the kernel takes the connection, and nobody reads
kill -STOP "$GATEWAY_PID"
at_terminal
ok "at once it is said what begins" wait_for 20 shows 'work: signing in at server.test:4443'
ok "a client is at it" wait_for 20 sign_in_runs
its_end
is "$rc" 1 "a gateway that is silent: an error"
like "$out" 'devid: server\.test:4443: the gateway does not answer' "in words"
like "$out" 'hint: .*devid connect --diagnose' "with a hint"
ok "no client is left" no_sign_in
ok "nor a supervisor" wait_for 10 no_supervisor
is "$(client_last_reason)" gateway-silent "an event tells of it"
run "${E[@]}" devid connect --json work </dev/null
is "$rc/$err" "1/" "--json: without the line for terminals"
like "$out" '"reason" : "gateway-silent"' "and with the reason"

# --- the hint, followed
run "${E[@]}" devid connect work --diagnose </dev/null
like "$out$err" 'did not answer within 10 seconds' "--diagnose says that nothing answers"

# --- an interrupt, while the client signs in
for signal in INT TERM HUP; do
	at_terminal
	wait_for 20 sign_in_runs || bail "no sign-in"
	kill -$signal "$(pgrep -u alice -n -f '^devid connect work')"
	its_end
	is "$rc" 1 "SIG$signal while it signs in: an error"
	like "$out" 'devid: server\.test:4443: it was interrupted before it was done' "in words"
	ok "no client is left" no_sign_in
	ok "nor a supervisor" wait_for 10 no_supervisor
	is "$(client_last_reason)" interrupted "an event tells of it"
done
kill -CONT "$GATEWAY_PID"

# --- an interrupt, while the tunnel is made: by a helper that hangs
connect work
is "$rc" 0 "with a gateway that answers it is connected" || diag "$err"
end work
TUNNEL=$(pgrep -o -x devid-tunnel) || bail "no devid-tunnel"
kill -STOP "$TUNNEL"
at_terminal
signed_in() {
	no_sign_in && pgrep -u alice -f 'devid connect --supervise' >/dev/null
}
wait_for 20 sign_in_runs
wait_for 20 signed_in
kill -INT "$(pgrep -u alice -n -f '^devid connect work')"
kill -CONT "$TUNNEL"
its_end
is "$rc" 1 "SIGINT while the tunnel is made: an error"
like "$out" 'devid: server\.test:4443: it was interrupted before it was done' "in words"
ok "no supervisor is left" wait_for 20 no_supervisor
ok "nor a tunnel" wait_for 10 no_tunnels

# --- a person takes longer than a gateway may
client_end_agents
keyring_lock
prompter_start silent
at_terminal
ok "the keyring asks" wait_for 30 prompt_is_open
asked=$(now_ms)
longer() {
	[ $(($(now_ms) - asked)) -gt 12000 ]
}
wait_for 20 longer
ok "after more than ten seconds the client still waits for the answer" sign_in_runs
kill -INT "$(pgrep -u alice -n -f '^devid connect work')"
its_end
like "$out" 'it was interrupted before it was done' "an interrupt ends that, too"
done_testing
