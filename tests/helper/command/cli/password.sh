#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where passwords come from, and where they never go: the terminal (its echo off, and on again whatever
# ends the question), files, descriptors, systemd's credential; no argument, log, core or event.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"

PTY=("${E[@]}" timeout -k 5 60 /usr/bin/python3 "$TESTS/lib/pty-run.py")
IMPORT=("$DEVID_COMMAND" import-cert --user --store file --label a)
done_with() {
	is "$rc" 0 "$1"
	devid remove a
	nothing_there || fail "$1: removed"
}

# --- files and descriptors
with() {
	printf "$1" >"$T/given"
	chmod 600 "$T/given"
}
for text in 'devid-test' 'devid-test\n' 'devid-test\r\n'; do
	with "$text"
	devid import-cert --label a --password-file "$T/given" "$PKI/rsa2048.p12"
	done_with "a password file with $(printf %q "$text")"
done
with 'devid-test\n\n'
devid import-cert --label a --password-file "$T/given" "$PKI/rsa2048.p12"
is "$rc" 1 "of two newlines one is part of the password"
with 'devid-test '
devid import-cert --label a --password-file "$T/given" "$PKI/rsa2048.p12"
is "$rc" 1 "a blank at its end is as well"
# As Windows' editors and PowerShell write it: the mark is no part of it, UTF-16 is read, and each is told.
with '\xef\xbb\xbfdevid-test\r\n'
devid import-cert --label a --password-file "$T/given" "$PKI/rsa2048.p12"
like "$err" 'warning: .*given: the byte order mark' "a byte order mark is told"
done_with "and left out"
printf 'devid-test\r\n' | iconv -t UTF-16LE >"$T/plain16"
{ printf '\xff\xfe'; cat "$T/plain16"; } >"$T/marked16"
{ printf '\xfe\xff'; printf 'devid-test\n' | iconv -t UTF-16BE; } >"$T/big16"
{ printf '\xff\xfe'; iconv -t UTF-16LE <"$PKI/password-utf8"; } >"$T/utf16"
chmod 600 "$T"/*16
for file in plain16 marked16 big16; do
	devid import-cert --label a --password-file "$T/$file" "$PKI/rsa2048.p12"
	like "$err" 'warning: .*16: it is in UTF-16' "$file: UTF-16 is told"
	done_with "$file: and read"
done
devid import-cert --label a --password-file "$T/utf16" "$PKI/rsa2048-utf8.p12"
done_with "letters beyond ASCII in UTF-16"
run bash -c '"$@" --password-fd 5 5<"$0"' "$T/marked16" "${E[@]}" "${IMPORT[@]}" "$PKI/rsa2048.p12"
done_with "the same from a descriptor"
# ISO 8859-1, whatever the file's own derivation makes of its characters.
printf 'Gr\xfc\xdfe-l' >"$T/latin1"
printf 'Gr\xc3\xbc\xc3\x9fe-l' >"$T/utf8"
printf '\x80uro' >"$T/cp1252"
printf '\xe2\x82\xacuro' >"$T/euro"
chmod 600 "$T/latin1" "$T/utf8" "$T/cp1252" "$T/euro"
for pair in latin1:utf8 cp1252:euro; do
	for how in '-keypbe AES-256-CBC -certpbe AES-256-CBC' '-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1'; do
		openssl pkcs12 -export -inkey "$PKI/rsa2048.key" -in "$PKI/rsa2048.crt" $how -passout "file:$T/${pair#*:}" \
			-out "$T/eight.p12"
		chmod 600 "$T/eight.p12"
		devid import-cert --label a --password-file "$T/${pair%:*}" "$T/eight.p12"
		like "$err" 'warning: .*it is not UTF-8' "${pair%:*}, $how: told"
		done_with "${pair%:*}, $how: and opened"
	done
done
# Nobody writes, or nobody goes on: it ends as other inputs do.
mkfifo "$T/silent"
RUN_BOUND=60 devid import-cert --json --password-file "$T/silent" "$PKI/rsa2048.p12" </dev/null
is "$rc $(json "$out" 'd["reason"]')" '1 timeout' "a FIFO that nobody writes to is given up"
like "$(json "$out" 'd["message"]')" 'silent: nothing came for' "with its name"
RUN_BOUND=60 run bash -c 'exec 5<>"$0"; printf devid >&5; "$@" --password-fd 5' "$T/silent" "${E[@]}" "${IMPORT[@]}" "$PKI/rsa2048.p12"
like "$rc $err" '^1 .*descriptor 5: nothing came for' "so is a descriptor that falls silent"
RUN_BOUND=60 run bash -c 'exec 5<>"$0"; "$@" - <&5' "$T/silent" "${E[@]}" "${IMPORT[@]}"
like "$rc $err" '^1 .*standard input: nothing came for' "and an identity on a silent standard input"
RUN_BOUND=60 devid check --server localhost:1 --ca-file "$T/silent"
isnt "$rc" 0 "and CAs of a server"
nothing_there || fail "nothing is left of it"

with 'devid-test '
chmod 644 "$T/given"
devid import-cert --label a --password-file "$T/given" "$PKI/rsa2048.p12"
like "$err" 'warning: .*given: everybody can read this password file' "a file that everybody can read gets a warning"
run bash -c '"$@" --password-fd 5 5< <(printf devid-test)' - "${E[@]}" "${IMPORT[@]}" "$PKI/rsa2048.p12"
done_with "a descriptor"
run bash -c '"$@" --password-file <(printf devid-test)' - "${E[@]}" "${IMPORT[@]}" "$PKI/rsa2048.p12"
done_with "a FIFO of the shell"
run bash -c 'printf devid-test | "$@" --password-file -' - "${E[@]}" "${IMPORT[@]}" "$PKI/rsa2048.p12"
done_with "standard input"
run bash -c 'printf devid-test | "$@" --password-fd 0' - "${E[@]}" "${IMPORT[@]}" "$PKI/rsa2048.p12"
done_with "standard input by its number"

# --- systemd's credential
mkdir "$T/credentials"
printf 'devid-test\n' >"$T/credentials/devid.password"
run "${E[@]}" "CREDENTIALS_DIRECTORY=$T/credentials" "${IMPORT[@]}" "$PKI/rsa2048.p12"
done_with "the credential devid.password"
run "${E[@]}" "CREDENTIALS_DIRECTORY=$T/credentials" "${IMPORT[@]}" --password-file "$T/nowhere" "$PKI/rsa2048.p12"
is "$rc" 1 "what is named comes before the credential"
run "${E[@]}" "CREDENTIALS_DIRECTORY=$T/home" "${IMPORT[@]}" "$PKI/rsa2048.p12" </dev/null
is "$rc" 1 "a folder of credentials without ours doesn't answer"

# --- the terminal
run "${PTY[@]}" type devid-test -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
like "$out" 'Password of .*rsa2048\.p12: ' "the question names the file"
like "$out" 'echo was off' "the echo is off while it waits"
like "$out" 'echo is on' "and on again after"
unlike "$out" 'devid-test' "what is typed doesn't show"
done_with "a typed password"
run "${PTY[@]}" type "$(cat "$PKI/password-utf8")" -- "${IMPORT[@]}" "$PKI/rsa2048-utf8.p12"
done_with "a typed password in UTF-8"
run "${PTY[@]}" type wrong -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
is "$rc" 1 "a wrong one"
like "$out" 'devid: .*: wrong password' "is told as such"
is "$(grep -o 'Password of' <<<"$out" | wc -l)" 2 "after it has been asked for once more"
run "${PTY[@]}" again $'wrong\ndevid-test' -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
like "$out" 'warning: .*wrong password; once more' "a wrong one and then the right one"
done_with "and it is imported"
run "${PTY[@]}" again $'wrong\nwrong\ndevid-test' -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
is "$rc" 1 "the third isn't asked for"
openssl pkcs8 -topk8 -in "$PKI/rsa2048.key" -passout pass:devid-test -out "$T/shut.key"
chmod 600 "$T/shut.key"
run "${PTY[@]}" again $'wrong\ndevid-test' -- "${IMPORT[@]}" --key "$T/shut.key" "$PKI/rsa2048.crt"
done_with "a key of its own, at the second try"
run "${PTY[@]}" again $'wrong\ndevid-test' -- "$DEVID_COMMAND" inspect "$PKI/rsa2048.p12"
like "$out" 'identity' "inspect asks once more as well"
run "${PTY[@]}" type '' -- "${IMPORT[@]}" "$PKI/rsa2048-empty.p12"
unlike "$out" 'Password of' "an empty password isn't asked for"
done_with "and opens"
for signal in INT TERM HUP QUIT; do
	run "${PTY[@]}" "signal-$signal" x -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
	like "$out" "echo was off.*echo is on.*ended by SIG$signal" "SIG$signal: the echo is on again, and it ends by it"
done
run "${PTY[@]}" key-interrupt x -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
like "$out" 'echo is on.*ended by SIGINT' "Ctrl-C at the question"
run "${PTY[@]}" key-end x -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
like "$rc $out" '^1 .*no Password of' "Ctrl-D at the question: none was given"
run "${PTY[@]}" stop devid-test -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
like "$out" 'stopped with echo on.*echo is on' "Ctrl-Z: the echo is on while it is stopped"
done_with "and it asks again when it goes on"
run "${PTY[@]}" hang x -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
isnt "$rc" 0 "a terminal that goes away ends it"
nothing_there || fail "nothing is left"

# --- the PIN of a token isn't the credential; where neither is there, nobody hangs
run setsid "${E[@]}" "${IMPORT[@]}" "$PKI/rsa2048.p12" </dev/null
like "$rc $err" 'there is no terminal to ask on' "no terminal: it says so and how to do without"
like "$err" 'hint: .*--password-file' "with the way out"

# --- where it never goes
run "${PTY[@]}" look devid-test -- "${IMPORT[@]}" "$PKI/rsa2048.p12"
like "$out" 'core limit 0' "no core is made while it asks"
unlike "$out" 'in its arguments|in its environment' "the password is neither in its arguments nor its environment"
done_with "and then imports"
# Root's files are root's in any case: this one needs another user.
install -m 644 "$PKI/rsa2048.p12" "$T/any.p12"
other=()
[ "$(id -u)" -ne 0 ] || other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
run "${other[@]}" "${PTY[@]}" look x -- "${IMPORT[@]}" "$T/any.p12"
like "$out" 'undumpable' "nobody but root can look into it or dump it"
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null && [ -z "${DEVID_SANITIZE:-}" -o "${DEVID_SANITIZE:-}" = none ]; then
	run "${E[@]}" strace -f -s 4096 -e trace=write,sendto,sendmsg,execve,connect -o "$T/trace" "${IMPORT[@]}" \
		--password-file "$T/password" "$PKI/rsa2048.p12"
	done_with "traced"
	unlike "$(grep -v '^[0-9]* *execve' "$T/trace")" 'devid-test' "no system call gives the password away"
	unlike "$(cat "$T/trace")" 'PRIVATE KEY' "nor the key as text"
else
	skip "no strace here"
	skip "no strace here"
	skip "no strace here"
fi
unlike "$(cat "$T"/home/.local/state/devid/* 2>/dev/null)" 'devid-test|pässwörd' "the events hold none"
done_testing
