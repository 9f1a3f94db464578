#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A refusal at the gate in a graphical session: one notification, with the words of the command.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/notification.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
SOCKET=$T/run/devid/agent
plan 37

keyring_bus
agent() {
	rm -f "$T/ready"
	"${E[@]}" "$DEVID_AGENT" --user --ready-fd 5 5>"$T/ready" 2>"$T/agent.err" &
	AGENT=$!
	track "$AGENT"
	wait_for 10 test -s "$T/ready"
}
spki_of() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform der | sha256sum | cut -c 1-64
}
# sign NAME: asks for a signature as a client does; the answer's reason is in $out.
sign() {
	run "${E[@]}" /usr/bin/python3 "$TESTS/lib/ask.py" "$SOCKET" sign "$(spki_of "$PKI/$1.crt")"
}
events() {
	grep -c "\"action\":\"$1\".*Key Use\|Key Use.*\"action\":\"$1\"" "$T/home/.local/state/devid/refusals.jsonl"
}
place() {
	make_record user "$1" file "$PKI/$2.crt"
	make_key user "$PKI/$2"
}

make_account issuing
printf '[Account]\nOnUse=enforce\n' >"$T/config/account.conf"
place laptop-042 stranger
place '<b>loud</b> & <img src="x"/>' stranger-p256
place good rsa2048
notification_start
agent
sign rsa2048
unlike "$out" 'issuer-unknown' "what the account accepts signs"
is "$(notifications)" 0 "and nobody is notified"

for _ in 1 2 3 4 5 6 7 8 9 10; do
	sign stranger
	[[ $out =~ issuer-unknown ]] || diag "$out"
done
like "$out" 'issuer-unknown' "the tenth try is refused as the first"
wait_for 5 are_notified 1
is "$(notifications)" 1 "ten refused tries make one notification"
is "$(events Refused)" 1 "and one event"
is "$(notification 1 summary)" "Device certificate refused" "its summary"
is "$(notification 1 urgency)" 2 "it is urgent: the client says nothing of the cause"
is "$(notification 1 app_name)" devid "it says who speaks"
is "$(notification 1 actions)" 0 "nothing can be pressed"
devid check laptop-042
is "$rc" 3 "the command refuses it too"
sed 's/^devid: //' <<<"$err" >"$T/words"
is "$(notification 1 text | head -n 3)" "$(cat "$T/words")" "its words are those of the command, line by line"
like "$(head -n 1 "$T/words")" '^Certificate error\. \[' "first the line that an administrator searches for"
like "$(sed -n 2p "$T/words")" '^laptop-042: not issued by any signing certificate' "then the cause"
like "$(sed -n 3p "$T/words")" '^hint: ' "then the hint"
like "$(notification 1 text | tail -n 1)" '^asked for by /.*python3' "and which program asked"

# --- hostile names
sign stranger-p256
wait_for 5 are_notified 2
is "$(notifications)" 2 "another identity is another notification"
is "$(notification 2 markup)" "[]" "a label made of markup is no markup"
like "$(notification 2 text)" '<b>loud</b> & <img src="x"/>: not issued' "it is shown as it is written"
unlike "$(notification 2 body)" '<' "and was sent escaped"

# --- a rule of the account
mkdir "$T/config/rules.d"
printf '[Rule Night]\nDescription=nobody\nUsers=*\nAction=block\n' >"$T/config/rules.d/10.conf"
sign rsa2048
wait_for 5 are_notified 3
is "$(notification 3 summary)" "Device certificate blocked" "a rule that blocks: another summary"
like "$(notification 3 text)" '^good: rule Night of the account blocks \(.*/10\.conf:1\)'$'\n''hint: .*devid policy test' \
	"which names the rule, and what to do"
for _ in 1 2 3; do
	sign rsa2048
done
is "$(notifications)" 3 "once"
like "$(tail -n 1 "$T/home/.local/state/devid/refusals.jsonl")" '"rule_name":"Night"' "and so does the event"
rm -r "$T/config/rules.d"

# --- nobody to show it, nobody who answers, no bus: the client is answered all the same
restart() {
	stop "$AGENT"
	rm -f "$SOCKET"
	agent
}
notification_stop
restart
sign stranger
like "$out" 'issuer-unknown' "no daemon: refused"
ok "no daemon: at once" test "$ms" -lt 5000
is "$(events Refused)" 4 "no daemon: an event"
notification_start silent
restart
sign stranger
like "$out" 'issuer-unknown' "a daemon that never answers: refused"
ok "a daemon that never answers: at once" test "$ms" -lt 5000
wait_for 5 are_notified 1
sign stranger-p256
like "$out" 'issuer-unknown' "and so is the next one"
ok "at once" test "$ms" -lt 5000
notification_stop
notification_start fails
restart
sign stranger
wait_for 5 are_notified 1
is "$(notifications)" 1 "a daemon that fails is asked once"
like "$out" 'issuer-unknown' "and the client is refused"
kill -STOP "$BUS_PID"
restart
sign stranger
like "$out" 'issuer-unknown' "a bus that stands still: refused"
ok "a bus that stands still: at once" test "$ms" -lt 5000
kill -CONT "$BUS_PID"
stop "$AGENT"
is "$?" 0 "and the agent leaves"
DBUS_SESSION_BUS_ADDRESS=
unset DBUS_SESSION_BUS_ADDRESS
env_build
rm -f "$SOCKET"
agent
sign stranger
like "$out" 'issuer-unknown' "no bus: refused"
ok "no bus: none is started" test -z "$(for p in $(ours); do readlink "/proc/$p/exe"; done | grep dbus-launch)"
done_testing
