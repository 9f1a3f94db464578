#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine's agent as a process: whom it becomes, what it makes, whom it serves and what it denies.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/machine.sh"
private_machine "$0" "$@"
machine_user alice devid
machine_user bob
cp "$TESTS/lib/ask.py" "$T/ask.py"
chmod 755 "$T" "$T/ask.py"
ASK=(/usr/bin/python3 "$T/ask.py")
SOCKET=/run/devid/agent
AGENT_PROGRAM=$(find /usr -path '*/devid/devid-agent' -type f | head -n 1)

# agent [OPTION…]: root starts it.
agent() {
	as root
	rm -f "$T/ready"
	"${A[@]}" "$AGENT_PROGRAM" --system --ready-fd 5 "$@" 5>"$T/ready" 2>"$T/agent.err" &
	AGENT=$!
	track "$AGENT"
	wait_for 10 ready_or_gone
}
ready_or_gone() {
	[ "$(cat "$T/ready")" = 1 ] || gone "$AGENT"
}
# ask USER WORDS…
ask() {
	as "$1"
	shift
	run "${A[@]}" "${ASK[@]}" "$SOCKET" "$@"
}
refused() {
	agent
	wait "$AGENT"
	is $? 1 "refused: $1"
	is "$(cat "$T/ready")" "" "it doesn't say that one listens"
	like "$(cat "$T/agent.err")" "^devid-agent: .*$2" "and says why"
}

# --- whom it becomes
cp /etc/passwd "$T/passwd"
sed -i '/^devid:/d' /etc/passwd
refused "no user devid" "user devid: there is none"
sed -i 's/^root:/devid:x:0:0::\/:\/bin\/sh\n&/' /etc/passwd
refused "a user devid that is root" "user devid"
cp "$T/passwd" /etc/passwd
rm -rf /run/devid /var/lib/devid /var/log/devid
agent
is "$(cat "$T/ready")" 1 "it starts where no folder was"
is "$(stat -c %U:%a /run/devid)" devid:755 "the folder of the socket"
is "$(stat -c %a "$SOCKET")" 666 "the socket is for all"
is "$(stat -c %U:%a /var/lib/devid)" devid:755 "the data folder"
is "$(stat -c %U /var/log/devid)" devid "the log's folder"
of() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$AGENT/status"
}
uid=$(id -u devid)
is "$(of Uid)" "$(printf '%s\t%s\t%s\t%s' "$uid" "$uid" "$uid" "$uid")" "no id of root is left"
is "$(of Groups | tr -d ' ')" "$(id -G devid | tr -d ' ')" "nor a group of root"
is "$(of CapEff)" 0000000000000000 "nor a capability"
is "$(of NoNewPrivs)" 1 "nor a way to new ones"

# --- whom it serves
ask root status
like "$out" '^result 0 pid .*"scope":"system"' "root gets STATUS"
for user in alice bob; do
	ask $user status
	like "$out" '^result 18 ' "$user doesn't"
	ask $user forget
	like "$out" '^result 18 ' "nor FORGET"
	for type in 03 04 05 06; do
		ask $user raw "0000000001${type}0000"
		like "$out" '^result 18 ' "nor request $type"
	done
done
ask alice hello
is "$out" "result 0 protocol 1 may-sign 1" "alice, of the group, may sign"
ask bob hello
is "$out" "result 0 protocol 1 may-sign 0" "bob may not"
hash=$(printf '%064d' 0)
ask alice sign $hash
like "$out" '^result 4 ' "alice hears that there is no such identity"
ask bob sign $hash
like "$out" '^result 18 ' "bob hears nothing of it"
gpasswd -a bob devid >/dev/null
may_sign() {
	ask bob hello
	[ "$out" = "result 0 protocol 1 may-sign 1" ]
}
ok "bob joins the group, and may" wait_for 5 may_sign
mkdir -p /etc/devid
printf '[Account]\nSystemUsers=carol\n' >/etc/devid/account.conf
ask alice hello
is "$out" "result 0 protocol 1 may-sign 0" "the account names somebody else: alice may not any more"
printf '[Account]\nSystemUsers=*\n' >/etc/devid/account.conf
ask alice hello
is "$out" "result 0 protocol 1 may-sign 1" "it names all: she may"
echo rubbish >/etc/devid/account.conf
ask alice hello
is "$out" "result 0 protocol 1 may-sign 0" "it is broken: nobody may"
ask alice sign $hash
like "$out" '/etc/devid/account.conf:1' "and hears that it is, not of a group"
rm -r /etc/devid

# --- one user's crowd
as bob
mkfifo -m 666 "$T/hold.in"
"${A[@]}" "${ASK[@]}" "$SOCKET" hold 100 <"$T/hold.in" >"$T/hold.out" 2>&1 &
holder=$!
track $holder
exec 7>"$T/hold.in"
ok "100 connections of bob" wait_for 10 grep -q held "$T/hold.out"
ask alice hello
is "$rc" 0 "alice is served beside them"
threads=$(of Threads)
[ "$threads" -le 80 ] && pass "bob has no more than his share ($threads threads)" || fail "threads: $threads"
exec 7>&-
wait $holder

# --- it ends, and what it leaves serves the next one
stop "$AGENT"
is $? 0 "SIGTERM ends it well"
[ ! -e "$SOCKET" ] && pass "it took its socket away" || fail "it took its socket away"
agent
is "$(cat "$T/ready")" 1 "the next one starts"
stop "$AGENT" -KILL
agent
is "$(cat "$T/ready")" 1 "and one after a killed one"
ask root status
like "$out" "^result 0 pid $AGENT " "it serves"
stop "$AGENT"

# --- folders of others
chown alice /var/lib/devid
refused "somebody else's data folder" "/var/lib/devid"
chown devid /var/lib/devid
chmod 777 /run/devid
chown root /run/devid
agent
is "$(stat -c %a /run/devid)" 755 "a folder that others could write to is closed"
stop "$AGENT"
rm -rf /run/devid
ln -s /tmp /run/devid
refused "a link for the folder" "folder of the socket"
rm /run/devid
chown -R alice /var/log/devid
refused "somebody else's log" "/var/log/devid"
done_testing
