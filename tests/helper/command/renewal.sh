#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program that runs goes on over a renewal with what it found: the former key signs for it until its time is
# over, each use judged by its own certificate; then its handle says that it is dead. Who is told, and by what.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"

EVENTS=$T/home/.local/state/devid
printf 'x%.0s' {1..32} >"$T/data"

# --- a program that found the identity when it started
program_start() {
	rm -f "$T/in" "$T/answers"
	mkfifo "$T/in"
	"${E[@]}" "${PRELOAD[@]}" /usr/bin/python3 "$TESTS/lib/pkcs11-shell.py" "$DEVID_MODULE" <"$T/in" >"$T/answers" 2>"$T/program.err" &
	program=$!
	exec 7>"$T/in"
	lines=0
	ask open
}
program_end() {
	exec 7>&-
	wait "$program"
}
answered() {
	[ "$(wc -l <"$T/answers")" -gt "$lines" ]
}
# ask WORDS…: its answer in $answer.
ask() {
	echo "$*" >&7
	wait_for 30 answered || bail "no answer to $*: $(cat "$T/program.err")"
	lines=$((lines + 1))
	answer=$(sed -n "${lines}p" "$T/answers")
}
verified() { # CERTIFICATE: the signature in $answer
	local hex=${answer#ok } type
	[ "$hex" != "$answer" ] || return 1
	echo "$hex" | tr -d '\n' | /usr/bin/python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >"$T/raw"
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey >"$T/pub"
	openssl dgst -sha256 -verify "$T/pub" -signature "$T/raw" "$T/data" >/dev/null
}
count_events() { # WORDS…: lines of the log of uses and refusals with all of them
	cat "$EVENTS"/*.jsonl 2>/dev/null | grep -F -e "$1" | grep -F -e "${2:-}" | wc -l
}
event_there() {
	[ "$(count_events "$@")" -ge 1 ]
}
replace() { # PKI-NAME [OPTION…]
	devid import-cert --label laptop --replace "${PASSWORD[@]}" "${@:2}" "$PKI/$1.p12"
	[ "$rc" -eq 0 ] || bail "$1: $err"
}
halves() {
	find "$DATA" -name '*.key' | wc -l
}
formers() {
	find "$DATA" -name '*.former' | wc -l
}
no_former() {
	[ "$(formers) $(halves)" = "0 1" ]
}

replace rsa2048
program_start
ask keep key private laptop
ask keep leaf cert laptop
ask use key CKM_SHA256_RSA_PKCS
ok "it signs" verified rsa2048

# --- replaced under it
replace rsa3072 --json
is "$(json "$out" '[p["pid"] for p in d["programs"] if p["pid"] == '$program']')" "[$program]" "the program is named, in JSON"
is "$(json "$out" 'd["told"]')" "[]" "no unit was told"
ask use key CKM_SHA256_RSA_PKCS
ok "the former key signs for it" verified rsa2048
ask read leaf
is "$answer" "ok $(openssl x509 -in "$PKI/rsa2048.crt" -outform DER | od -An -v -tx1 | tr -d ' \n')" "and the former certificate is read"
ask use key CKM_SHA256_RSA_PKCS
ok "again" verified rsa2048
ok "an event says so" wait_for 30 event_there '"reason":"former-key"' python3
is "$(count_events '"reason":"former-key"')" 1 "once"
like "$(cat "$EVENTS/uses.jsonl")" '"action":"Allowed","reason":"former-key","label":"laptop"' "as a use that was allowed"
ask keep new private laptop
ask use new CKM_SHA256_RSA_PKCS
ok "a search finds the new key alone" verified rsa3072
devid list
is "$(grep -c '^laptop ' <<<"$out")" 1 "list shows one"
devid list --json
is "$(json "$out" 'len(d["identities"])')" 1 "in JSON too"

# --- what tells of it
serial=$(openssl x509 -in "$PKI/rsa2048.crt" -noout -serial | cut -d= -f2 | tr A-F a-f)
devid show laptop
like "$out" "former key +RSA 2048" "show has the former key"
like "$(tr -s ' \n' ' ' <<<"$out")" "; until 20[0-9-]+ [0-9:]+[^ ]+ it signs" "and until when"
like "$out$err" "python3[^ ]* \(process $program\): start it again" "and who may go on with it"
narrow "$out" "no line of it is too wide"
devid show laptop --json
is "$(json "$out" 'd["former_keys"][0]["serial"]')" "$serial" "in JSON: which"
is "$(json "$out" '(__import__("datetime").datetime.fromisoformat(d["former_keys"][0]["until"][:-1]) - __import__("datetime").datetime.utcnow()).days')" \
	6 "for seven days"
is "$(json "$out" 'sorted(d["programs"][0])')" "['need', 'pid', 'program', 'uid', 'unit']" "and the programs"
devid doctor
unlike "$(tr -s ' \n' ' ' <<<"$out")" "goes on with a key of" "doctor finds nothing wrong yet"
unlike "$(tr -s ' \n' ' ' <<<"$out")" "that no identity names" "nor a key that nothing names"
devid reset-cred --strays --yes
is "$rc $(formers) $(halves)" "0 1 2" "nor is there one for reset-cred --strays to remove"
ask use key CKM_SHA256_RSA_PKCS
ok "so that the former key signs on" verified rsa2048

# --- another one on top: both go on
replace p256
is "$(formers) $(halves)" "2 3" "two former keys and one that is new"
ask use key CKM_SHA256_RSA_PKCS
ok "the first signs on" verified rsa2048
ask use new CKM_SHA256_RSA_PKCS
ok "so does the second" verified rsa3072

# --- retired
for words in "" "a b" "--nothing laptop"; do
	devid retire $words
	is "$rc" 2 "retire $words: usage"
done
devid retire nobody
is "$rc" 1 "no such identity"
devid retire 'pkcs11:token=other;object=x'
[ "$rc" -ne 0 ] && pass "none of ours" || fail "none of ours"
devid retire laptop
is "$rc" 0 "retire ends them"
like "$out" "laptop: 2 former keys retired" "and says how many"
like "$err" "process $program" "and who ran before"
is "$(formers) $(halves)" "0 1" "their records and halves are gone"
ask use key CKM_SHA256_RSA_PKCS
is "$answer" CKR_KEY_HANDLE_INVALID "the handle is dead"
ask use key CKM_SHA256_RSA_PKCS
is "$answer" CKR_KEY_HANDLE_INVALID "and stays so"
ask read leaf
is "$answer" CKR_OBJECT_HANDLE_INVALID "the certificate's too"
ok "an event says who" wait_for 30 event_there '"reason":"key-gone"' python3
devid doctor
like "$(tr -s ' \n' ' ' <<<"$out")" "python3[^ ]* goes on with a key of laptop that is gone" "and so does doctor"
devid retire laptop
is "$rc $out" "0 laptop: it has no former key" "once is enough"
devid retire laptop --json
is "$(json "$out" 'd["changed"], d["keys"]')" "(False, 0)" "in JSON"
ask keep key private laptop
ask use key CKM_ECDSA_SHA256
like "$answer" "^ok " "a new search, and it goes on"

# --- one whose certificate can't be read is retired all the same
former_leaf() { # TEXT: near the beginning of the former record's certificate
	sed -i '/^-----BEGIN/{n;s/^\(........\)......../\1'"$1"'/}' "$DATA"/*.former
}
replace rsa2048
former_leaf AAAAAAAA
devid retire laptop
is "$rc $(formers) $(halves)" "0 0 1" "what can't be read"
like "$out" "laptop: 1 former key retired" "is counted"
replace p256
devid retire laptop
# the present key's own, as a replacement leaves one that is cut short before its record
spki=$(sed -n 's/^SPKI-SHA256: //p' "$DATA"/*.identity)
sed '/^Imported/iUntil: 2099-01-01T00:00:00Z' "$DATA"/*.identity >"$T/former"
install -m 600 "$T/former" "$(echo "$DATA"/*.identity | sed "s/identity$/$spki.former/")"
is "$(formers)" 1 "a replacement that was cut short"
devid show laptop --json
is "$(json "$out" 'd["former_keys"]')" "[]" "shows the present key as no former one"
devid retire laptop
is "$(formers) $(halves)" "0 1" "and retire leaves it its half"

# --- one that is not read at all: nothing says whose its key is until somebody takes it away
replace rsa2048
chmod 666 "$DATA"/*.former
devid retire laptop
is "$rc $(formers) $(halves)" "0 1 2" "what others could have written is no record"
devid reset-cred --strays --yes
is "$(halves)" 2 "and no key goes that it may name"
devid doctor --json
like "$out" "$(basename "$DATA"/*.former): not read as what an identity was before" "doctor names the file"
like "$out" "remove the file; then: devid reset-cred --strays" "and says what to do"
rm "$DATA"/*.former
devid reset-cred --strays --yes
is "$rc $(halves)" "0 1" "which helps"
replace p256
devid retire laptop
program_end
program_start
ask keep key private laptop

# --- judged by its own certificate
program_end
program_start
ask keep key private laptop
replace rsa2048
make_account issuing
serial=$(openssl x509 -in "$PKI/p256.crt" -noout -serial | cut -d= -f2)
printf '[Account]\nOnUse=enforce\n[Revocation]\nSerials=%s\n' "$serial" >"$T/config/account.conf"
ask use key CKM_ECDSA_SHA256
is "$answer" CKR_FUNCTION_REJECTED "the former certificate is revoked: its key is refused"
ask keep new private laptop
ask use new CKM_SHA256_RSA_PKCS
ok "and the present one signs" verified rsa2048

# --- Overlap=
printf '[Account]\nOverlap=0\n' >"$T/config/account.conf"
ask use key CKM_ECDSA_SHA256
not_ok "Overlap=0 ends what is left of earlier ones" grep -q '^ok ' <<<"$answer"
replace rsa3072
is "$(formers)" 1 "and keeps no other"
ask use new CKM_SHA256_RSA_PKCS
is "$answer" CKR_KEY_HANDLE_INVALID "the handle is dead at once"
rm "$T/config/account.conf"
devid retire laptop

# --- its end comes while a program runs
ask keep key private laptop
replace p256
ask use key CKM_SHA256_RSA_PKCS
ok "the former key signs" verified rsa3072
sed -i 's/^Until: .*/Until: 2020-01-01T00:00:00Z/' "$DATA"/*.former
ask use key CKM_SHA256_RSA_PKCS
not_ok "not after its end" grep -q '^ok ' <<<"$answer"
ok "nothing of it is left" wait_for 30 no_former
ask use key CKM_SHA256_RSA_PKCS
is "$answer" CKR_KEY_HANDLE_INVALID "and its handle is dead"

# --- undone: the program goes on as before
ask keep key private laptop
run "${E[@]}" "DEVID_MODULE=$T/nothing.so" "$DEVID_COMMAND" import-cert --user --store file --label laptop --replace \
	"${PASSWORD[@]}" "$PKI/rsa2048.p12"
is "$rc" 1 "a replacement that fails"
ask use key CKM_ECDSA_SHA256
like "$answer" "^ok " "leaves the handle alive"
is "$(formers) $(halves)" "0 1" "and nothing behind"

# --- removed with its identity
replace rsa2048
is "$(formers)" 1 "replaced once more"
devid remove laptop
is "$(formers) $(halves)" "0 0" "removing the identity takes the former key along"
ask use key CKM_ECDSA_SHA256
is "$answer" CKR_KEY_HANDLE_INVALID "whose handle is dead"
program_end
done_testing
