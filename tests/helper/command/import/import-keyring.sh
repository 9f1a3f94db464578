#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# import-cert to the real gnome-keyring, open, locked, asked, dismissed, silent, stopped, and where there
# is none: each ends within its bound, and the identity is there whole or not at all.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/importing.sh"
command -v gnome-keyring-daemon >/dev/null || skip_all "gnome-keyring isn't there"
no_account "$0" "$@"

IMPORT=("$DEVID_COMMAND" import-cert --user "${PASSWORD[@]}")
RUN_BOUND=150

# The agent of this test, so that what it remembers of one keyring doesn't answer for the next.
end_agent() {
	local pid
	for pid in $(ours); do
		grep -qa devid-agent "/proc/$pid/cmdline" || continue
		end_process "$pid"
	done
}
import() {
	run "${E[@]}" "${IMPORT[@]}" --label k --json "$@" "$PKI/rsa2048.p12"
}
refused() {
	is "$rc $(json "$out" 'd["reason"]')" "5 $2" "$1: $2"
	nothing_there || fail "$1: nothing is on disk"
	[ "$ms" -lt "${3:-15000}" ] && pass "$1: within its bound" || fail "$1: took $ms ms"
}

# --- no keyring
import
refused "no bus" store-missing
like "$(json "$out" 'd["hint"]')" '--system.*weakest is --store file' "the choices are named: a file, which is the last of them"
like "$(json "$out" 'd["hint"]')" "--store 'pkcs11:token=" "another token"
like "$(json "$out" 'd["hint"]')" '--system' "the machine's token"
import --dry-run
is "$rc $(json "$out" 'd["reason"]')" "5 store-missing" "a dry run tells it as well"
import --store keyring
is "$rc" 5 "nor by name"
end_agent
/usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/deaf"
DBUS_SESSION_BUS_ADDRESS=unix:path=$T/deaf
env_build
import
like "$(json "$out" 'd["hint"]')" 'login that is over; .*: kill [0-9]+; or choose a store: ' "a bus that is over, beside the other stores"
import --store keyring
refused "a bus that is over" store-missing
like "$(json "$out" 'd["hint"]')" 'its agent may be of a login that is over; .*: kill [0-9]+$' "what helps, if it is the agent's alone"
ok "… is to be typed as it stands" kill "$(json "$out" 'd["hint"]' | grep -o '[0-9]*$')"
unset DBUS_SESSION_BUS_ADDRESS
env_build
end_agent
run "${E[@]}" "DBUS_SESSION_BUS_ADDRESS=unix:path=$T/nowhere" "${IMPORT[@]}" --label k --json "$PKI/rsa2048.p12"
refused "a bus address that leads nowhere" store-missing
end_agent
keyring_bus
import
refused "a bus without a keyring" store-missing
end_agent
"${E[@]}" "$PYTHON" "$TESTS/lib/secret-mock.py" dangling >"$T/mock.log" 2>&1 &
mock=$!
track "$mock"
wait_for 10 bus_has_name org.freedesktop.secrets
import
refused "a keyring that its daemon doesn't have" store-missing
like "$(json "$out" 'd["hint"]')" '^log out and in again: .*; or choose a store: ' "what helps comes before the other stores"
stop "$mock"
wait_for 5 bus_lacks_name org.freedesktop.secrets

# --- open
end_agent
keyring_start open || bail "no keyring"
import --dry-run
is "$rc $(json "$out" 'd["store"]')" "0 keyring" "a dry run with a keyring"
import
is "$rc $(json "$out" 'd["store"], d["changed"]')" "0 ('keyring', True)" "the keyring is the default store"
is "$(keyring_items | grep -c '(devid)')" 1 "one item is in it"
is "$(find "$DATA" -name '*.key')" "" "no key is on disk"
ok "and it signs" signs k "$PKI/rsa2048.crt"
import
is "$rc $(json "$out" 'd["changed"]')" "0 False" "the same again changes nothing"
devid import-cert --store keyring --label p --key "$PKI/p256.key" "$PKI/p256.crt"
is "$rc" 0 "an EC key from PEM files"
ok "and it signs" signs p "$PKI/p256.crt"
devid remove p
run "${E[@]}" "${IMPORT[@]}" --label k --replace --json "$PKI/p384.p12"
is "$rc $(keyring_items | grep -c '(devid)')" "0 2" "--replace leaves the former key for those that had found it"
devid doctor
unlike "$out" "device key. that no identity names" "doctor knows that its item is one"
devid retire k
is "$rc $(keyring_items | grep -c '(devid)')" "0 1" "until it is retired"
run "${E[@]}" "${IMPORT[@]}" --label k --replace --json "$PKI/rsa2048.p12"
devid remove k
is "$rc $(keyring_items | grep -c '(devid)')" "0 0" "remove leaves none"

# --- renewed: the items are called as what their keys are of
run "${E[@]}" "${IMPORT[@]}" --label k "$PKI/rsa2048.p12"
devid renew --user k -o "$T/k.csr"
ok "a key that waits says so in the keyring" grep -q 'k (renewal) (devid)' <(keyring_items)
openssl x509 -req -in "$T/k.csr" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 9 -out "$T/k.crt" 2>"$T/issue.err"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/k.crt"
is "$rc" 0 "it takes its place"
is "$(keyring_items | grep -c ' k (devid)') $(keyring_items | grep -c renewal)" "2 0" "and is called as the identity"
devid remove k
is "$(keyring_items | grep -c '(devid)')" 0 "with which it goes"

# --- a former key that is over, while the keyring is locked: who is refused is asked for no password
run "${E[@]}" "${IMPORT[@]}" --label k "$PKI/rsa2048.p12"
mkfifo "$T/in"
"${E[@]}" "${PRELOAD[@]}" /usr/bin/python3 "$TESTS/lib/pkcs11-shell.py" "$DEVID_MODULE" <"$T/in" >"$T/answers" 2>"$T/program.err" &
program=$!
exec 7>"$T/in"
answered() {
	[ "$(wc -l <"$T/answers")" -ge "$1" ]
}
printf '%s\n' open "keep key private k" "use key CKM_SHA256_RSA_PKCS" >&7
ok "a program signs" wait_for 30 answered 3
run "${E[@]}" "${IMPORT[@]}" --label k --replace "$PKI/p384.p12"
sed -i 's/^Until: .*/Until: 2020-01-01T00:00:00Z/' "$DATA"/*.former
keyring_lock
prompter_start silent
echo "use key CKM_SHA256_RSA_PKCS" >&7
ok "it hears at once that its key is over" wait_for 8 answered 4
unlike "$(tail -n 1 "$T/answers")" '^ok ' "by an error"
is "$(prompts)" 0 "and nobody was asked for the keyring's password"
prompter_stop
exec 7>&-
wait "$program"
keyring_unlock
devid remove k
only_k_gone() {
	[ "$(keyring_items | grep -c '(devid)')" = 0 ]
}
ok "the next writer takes both out" wait_for 20 only_k_gone

# --- locked
end_agent
keyring_lock
import
refused "locked, and nobody to ask" store-locked
like "$(json "$out" 'd["hint"]')" '^unlock the keyring' "it is to be unlocked"
unlike "$(json "$out" 'd["hint"]')" '--store' "not gone round with a file that can be copied"
prompter_start dismiss
end_agent
import
refused "the prompt is dismissed" store-dismissed
prompter_stop
end_agent
prompter_start silent
printf '%q ' "${IMPORT[@]}" --label k "$PKI/rsa2048.p12" >"$T/typed"
"${E[@]}" script --quiet --flush --return --command "$(cat "$T/typed")" /dev/null >"$T/shown" 2>&1 </dev/null &
asking=$!
track $asking
ok "on a terminal it says that the keyring asks" wait_for 20 grep -q 'the keyring asks a question in a window of its own' "$T/shown"
ok "once" test "$(grep -c 'asks a question' "$T/shown")" = 1
stop $asking
end_agent
prompter_stop
nothing_there && pass "and nothing is on disk" || fail "and nothing is on disk"
prompter_start answer keyring
import
is "$rc $(json "$out" 'd["changed"]')" "0 True" "the prompt is answered"
ok "and it signs" signs k "$PKI/rsa2048.crt"
devid remove k
prompter_stop

# --- stopped, and killed
end_agent
keyring_pause
import
refused "the daemon is stopped" store-timeout 20000
keyring_resume
end_agent
keyring_unlock
is "$(keyring_items | grep -c '(devid)')" 0 "nothing was written behind our back"
keyring_kill
import
refused "the daemon was killed" store-missing
end_agent
done_testing
