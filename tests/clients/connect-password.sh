#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect where the gateway wants the certificate and a password: typed, saved in a real keyring, wrong,
# forgotten. The password is never an argument, in the environment or in a log.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
. "$(dirname "$0")/../lib/notification.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
gateway_network
tunnel_allows alice
SECRET=open-sesame-42
printf '%s\n%s\n' "$SECRET" "$SECRET" | ocpasswd -c "$T/passwd" laptop-rsa2048 >/dev/null 2>&1
# The banner's words are those of polkit and systemctl, which have nothing to do with it.
both=('auth = "certificate"' "auth = \"plain[passwd=$T/passwd]\""
	'pre-login-banner = "Notice: Access denied to whoever is Not authorized. Unit x.service not found."')
chmod 644 "$T/passwd"
gateway_start "${both[@]}"
D=/etc/devid/connections.d
mkdir -p "$D"
printf '[Connection]\nGateway=server.test:4443\nIdentity=rsa\nCAFile=%s\n' "$GATEWAY_CA" >"$D/work.conf"
LOG=$HOME_ALICE/.local/state/devid/connections/work.log
printf '%s\n' "$SECRET" >"$HOME_ALICE/right"
printf 'wrong\n' >"$HOME_ALICE/wrong"
chown alice: "$HOME_ALICE/right" "$HOME_ALICE/wrong"
chmod 600 "$HOME_ALICE/right" "$HOME_ALICE/wrong"

sign_ins() {
	keyring_items org.devid.SignIn | grep -c 'Sign-in of laptop-rsa2048 at server.test:4443 (devid)'
}


# --- nobody to ask
connect work
is "$rc" 1 "a password is asked for and nobody is there: an error"
like "$err" '(asks for a user name and password|no terminal to ask on)' "in words"
like "$(cat "$LOG")" 'Access denied to whoever is Not authorized' "whatever the gateway's banner says"
is "$(sign_ins)" 0 "nothing is saved"

# --- given, not saved
connect work --user laptop-rsa2048 --password-file right
is "$rc" 0 "with the password: connected" || diag "$(tail -n 30 "$GATEWAY_LOG")"
ok "and it carries packets" gateway_echoes
like "$(cat "$GATEWAY_LOG")" "using 'certificate\+plain' authentication to authenticate user" "the gateway asked for both"
is "$(gateway_user)" laptop-rsa2048 "and its log has the certificate's name"
like "$(cat "$LOG")" "Using client certificate 'laptop-rsa2048'.*Please enter your password.*Configured as 10\.98\." \
	"so has the client's, with both"
is "$(sign_ins)" 0 "not saved unless asked"

# --- dropped: the supervisor has nobody to ask, and no password
touch "$T/notifications" && chown alice: "$T/notifications"
notification_start
gateway_stop
wait_for 20 is_in_state reconnecting
gateway_start "${both[@]}"
ok "a dropped one whose password was not saved ends" wait_for 30 is_in_state ended
way='devid connect work --user laptop-rsa2048'
ok "a notification tells" wait_for 10 are_notified 1
like "$(notification 1 text)" 'the connection dropped, and the gateway asks for the password again' "why"
like "$(notification 1 text)" "$way" "and what to type"
run "${E[@]}" devid status
like "$(tr -s ' \n' ' ' <<<"$out")" "work: ended: .*asks for the password again; .*$way" "so does status"
run "${E[@]}" devid status --json
like "$out" '"reason" : "sign-in-needed"' "--json has its word"
like "$out" "\"hint\" : \".*$way" "and what to type"
unlike "$(cat "$NOTES" "$HOME_ALICE"/.local/state/devid/connections/*)" "$SECRET" "the password is in none of it"
notification_stop
read -ra words <<<"$way"
run "${E[@]}" "${words[@]}" --password-file right </dev/null
is "$rc" 0 "which works"
end
connect work --user laptop-rsa2048
is "$rc" 1 "so it is asked for again"

# --- by the connection's file
# kept USER: whose sign-in is to be kept
kept() {
	printf '[Connection]\nGateway=server.test:4443\nIdentity=rsa\nCAFile=%s\nUser=%s\nSaveSignIn=yes\n' "$GATEWAY_CA" "$1" \
		>"$D/kept.conf"
}
kept nobody
connect kept --password-file right
is "$rc" 1 "User= is who signs in: another one is refused"
like "$err" 'refused user name or password' "in words"
is "$(sign_ins)" 0 "SaveSignIn=yes keeps nothing that was refused"
kept laptop-rsa2048
connect kept --password-file right
is "$rc" 0 "with User= and SaveSignIn=yes: connected" || diag "$(last_run)"
ok "and it carries packets" gateway_echoes
is "$(gateway_user)" laptop-rsa2048 "as that user"
is "$(sign_ins)" 1 "and the sign-in is in the keyring"
end kept
connect kept
is "$rc" 0 "which signs in the next time"
end kept
kept nobody
connect kept --user laptop-rsa2048
is "$rc" 0 "--user goes before User="
end kept
connect kept --reset-cred
is "$rc" 1 "--reset-cred asks anew"
is "$(sign_ins)" 0 "and has forgotten what was kept"
rm "$D/kept.conf"

# --- wrong
connect work --user laptop-rsa2048 --password-file wrong --save
is "$rc" 1 "a wrong password: an error"
like "$err" 'refused user name or password' "in words"
is "$(sign_ins)" 0 "that is not saved"

# --- saved
connect work --user laptop-rsa2048 --password-file right --save
is "$rc" 0 "--save: connected"
is "$(sign_ins)" 1 "the sign-in is in the keyring"
end
connect work
is "$rc" 0 "the saved one signs in, without a name given" || diag "$(tail -n 30 "$GATEWAY_LOG")"
ok "and it carries packets" gateway_echoes

# --- the gateway is restarted: signed in anew with what is saved
gateway_stop
wait_for 20 is_in_state reconnecting
gateway_start "${both[@]}"
ok "a restarted gateway is signed in to with the saved one" wait_for 30 is_in_state connected
end

# --- on a terminal
typed() {
	run "${E[@]}" "$PYTHON" "$TESTS/lib/pty-run.py" type "$SECRET" -- devid connect "$@"
}
connect work --reset-cred --user laptop-rsa2048
is "$rc" 1 "--reset-cred asks anew"
is "$(sign_ins)" 0 "and has forgotten what was saved"
typed work --user laptop-rsa2048 --save
is "$rc" 0 "what is typed signs in"
unlike "$out" "$SECRET" "without an echo"
is "$(sign_ins)" 1 "and is saved"
end

# --- the saved one is wrong
printf 'changed\nchanged\n' | ocpasswd -c "$T/passwd" laptop-rsa2048 >/dev/null 2>&1
chmod 644 "$T/passwd"
connect work
is "$rc" 1 "a saved password that is wrong by now: an error"
like "$err" 'refused user name or password' "in words"
like "$err" 'hint: .*--reset-cred' "with the way out"
typed work --reset-cred --user laptop-rsa2048
is "$rc" 1 "--reset-cred asks, and what is typed is what is tried"
printf '%s\n%s\n' "$SECRET" "$SECRET" | ocpasswd -c "$T/passwd" laptop-rsa2048 >/dev/null 2>&1
chmod 644 "$T/passwd"
typed work --reset-cred --user laptop-rsa2048 --save
is "$rc" 0 "the right one signs in"
is "$(sign_ins)" 1 "and is saved again"

# --- nowhere to be seen
like "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ')" openconnect "the client runs"
unlike "$(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\0' ' ')" "$SECRET" \
	"the password is in no argument and no environment"
unlike "$(cat "$HOME_ALICE"/.local/state/devid/connections/* "$HOME_ALICE"/.local/state/devid/*.jsonl)" "$SECRET" \
	"and in no log"
end

# --- what the agent holds in memory
in_memory() {
	"${E[@]}" devid status | tr -s ' \n' ' ' | sed -n 's/.*process [0-9]*, \([0-9]*\) keys\{0,1\} in memory.*/\1/p'
}
# No identity: no use of a key follows.
forget() {
	connect work --reset-cred --identity nobody
}
is "$(in_memory)" 1 "the agent has the key in memory"
forget
like "$out" 'forgot the saved sign-in, the remembered choice, and the keys in memory' "--reset-cred says what it forgot"
is "$(in_memory)" 0 "and so it is"
keyring_lock
connect work --user laptop-rsa2048 --password-file right
is "$rc" 5 "with a locked keyring, and nobody to open it, the key can't be used any more" || diag "$(last_run)"
like "$err" 'locked' "in words"
keyring_unlock
hung=$(client_agents)
kill -STOP "$hung"
forget
like "$out" 'forgot no saved sign-in and the remembered choice, but not the keys in memory' "an agent that hangs: it is not said of it"
like "$err" 'warning: the keys in memory: the agent: ' "but why"
kill -CONT "$hung"
client_end_agents
forget
like "$out" 'forgot no saved sign-in and the remembered choice; no agent runs, so no key is in memory' "nor of none"
is "$(client_agents)" "" "and none is started for it"
connect work --user laptop-rsa2048 --password-file right --save
is "$rc" 0 "from an open keyring the key is read again"
end
is "$(in_memory)" 1 "and held"

# --- reset-cred as a whole
run "${E[@]}" devid reset-cred --yes
is "$rc" 0 "devid reset-cred"
like "$out" 'sign-ins in the keyring: 1 found, 1 removed' "forgets sign-ins too"
is "$(sign_ins)" 0 "and they are gone"
run "${E[@]}" devid reset-cred --yes
like "$out" 'sign-ins in the keyring: nothing found' "twice does no harm"
done_testing
