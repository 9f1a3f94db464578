#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One table of causes: every word that the source sets has a row, every row is set somewhere, says what to do
# with commands that exist, is in devid-troubleshooting(7), and nobody else writes its words.
# Arguments: the program that prints the table, the page.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
"$1" >"$T/rows" || bail "no table"
page=$2
cut -f1 "$T/rows" >"$T/words"
sources() {
	find "$DEVID_SOURCE"/helper -name '*.[ch]' -not -path '*/base/reason.c' "$@"
}
is "$(sort "$T/words" | uniq -d)" "" "no word is there twice"
is "$(cut -f3 "$T/rows" | sort | uniq -d)" "the password is wrong" "no cause either, but of the password's two words"

# --- words that are set: the arguments of what takes a word, whole calls
sources -print0 | xargs -0 cat | tr '\n\t' '  ' >"$T/source"
{
	grep -oE '(devid_error_set|devid_error_null|refuse)\([^;]{0,80}, *DEVID_[A-Z_]+, *("[^"]*"|[a-z]+ \? *"[^"]*" *: *"[^"]*")' "$T/source" |
		sed 's/.*DEVID_[A-Z_]*, *//'
	grep -oE '(devid_reason_find\(|refuse\([a-z>-]+, (account, )?)"[a-z0-9-]+"' "$T/source" | sed 's/^[^"]*//'
	grep -ohE 'reason = "[^"]*"' "$T/source" | sed 's/^[^"]*//'
} | grep -oE '"[a-z0-9]+(-[a-z0-9]+)*"' | tr -d '"' | sort -u >"$T/set"
diag "$(wc -l <"$T/set") words in calls"
ok "words are found in calls" test "$(wc -l <"$T/set")" -gt 40
is "$(grep -vxFf "$T/words" "$T/set" | tr '\n' ' ')" "" "each of them has a row"

# The first rows stand for the results, and are reached by those.
results=$(grep -cE '^	DEVID_[A-Z_]+ = [0-9]+,' "$DEVID_SOURCE/include/devid/result.h")
like "$results" '^2[0-9]$' "the results are counted"
unset unused
while read -r word; do
	grep -qF "\"$word\"" "$T/source" || unused+=" $word"
done < <(tail -n "+$((results + 1))" "$T/words")
is "${unused:-}" "" "each row behind those of the results is used"
unset own
while IFS=$'\t' read -r word _ cause _; do
	# What is one word or two may mean something else.
	[[ $cause != *' '*' '* ]] || ! grep -qF "\"$cause\"" "$T/source" || own+=" $word"
done <"$T/rows"
is "${own:-}" "" "nobody else has the words of a row"

# --- what to do
is "$(awk -F'\t' '$4 == "-" && $2 != 0 { print $1 }' "$T/rows" | tr '\n' ' ')" "" "each failure has a hint"
"${E[@]}" "$DEVID_COMMAND" --help >"$T/help"
unset wrong
while read -r command; do
	read -ra words <<<"$command"
	"${E[@]}" "$DEVID_COMMAND" "${words[@]:1}" --help >/dev/null 2>&1 || wrong+=" $command;"
done < <(cut -f4 "$T/rows" | grep -oE '\bdevid (ca |policy |account )?[a-z]+(-[a-z]+)*' | sort -u)
is "${wrong:-}" "" "hints name commands that exist"
unset wrong
for option in $(cut -f4 "$T/rows" | grep -oE -- '--[a-z-]+' | sort -u); do
	[ "$option" != --list-all ] && [ "$option" != --list-tokens ] || continue # p11tool's
	cat "$DEVID_SOURCE"/data/man/devid*.1 | grep -qF -- "${option//-/\\-}" || wrong+=" $option"
done
is "${wrong:-}" "" "and options"
unset wrong
for key in $(cut -f4 "$T/rows" | grep -oE '\b[A-Z][A-Za-z]+=' | sort -u); do
	grep -qF "#$key" "$DEVID_SOURCE/data/account.conf" ||
		grep -qF "{ \"${key%=}\", " "$DEVID_SOURCE/helper/connection/connection.c" || wrong+=" $key"
done
is "${wrong:-}" "" "and keys of account.conf, or of a connection"
# hinted HINT COMMAND…: its failure has that hint.
hinted() {
	local hint=$1
	shift
	devid "$@"
	isnt "$rc" 0 "devid ${*//$T/…}: fails"
	like "$err" "hint: $hint" "and its hint fits" || diag "$err"
}
echo "not a certificate" >"$T/text.pem"
mkdir "$T/folder"
ln -s nowhere "$T/dangling"
hinted 'compare the name with what is there' import-cert "$T/none.p12"
hinted 'compare the name with what is there' import-cert "$T/dangling"
hinted 'name a file, not a folder' import-cert "$T/folder"
hinted "a folder in its path is a file" import-cert "$T/text.pem/x.p12"
hinted 'compare the name with what is there' import-cert --password-file "$T/none" "$T/none.p12"
hinted 'compare the name with what is there' ca add --user --name x "$T/none.pem"
hinted "name the file of the CA's certificate, as PEM or DER" ca add --user --name x "$T/text.pem"
need_pki
hinted 'take the CA.s certificate out of it: openssl pkcs12 -nokeys -cacerts -in FILE.p12 -out FILE.pem' ca add --user --name x "$PKI/p256.p12"
openssl pkcs12 -nokeys -cacerts -in "$PKI/p256.p12" -passin "file:$PKI/password" -out "$T/followed.pem" 2>"$T/openssl.err"
hinted 'put one certificate in a file' ca add --user --name x "$T/followed.pem"
openssl x509 -in "$T/followed.pem" -out "$T/one.pem"
devid ca add --user --name x "$T/one.pem"
is "$rc" 0 "which, followed, leads to a CA that is taken" || diag "$err" "$(cat "$T/openssl.err")"
devid ca remove --user --yes x
hinted "name the device's certificate, as PEM or DER" account revoke --user "$T/text.pem"
hinted 'use a shorter name' import-cert "$T/$(printf 'x%.0s' {1..300})"
if [ "$(id -u)" = 0 ] && ! getent passwd devid >/dev/null; then
	mkdir -p "$T/system"
	hinted 'systemd-sysusers makes it' import-cert --system --password-file "$PKI/password" "$PKI/p256.p12"
fi
is "$(awk -F'\t' '$5 ~ /[.]$/ || $3 ~ /[.]$/ || $4 ~ /[.]$/' "$T/rows")" "" "no row ends with a full stop"
for also in 'No matching' 'check failed' 'not trusted' 'key was refused' 'not compliant' 'not supported'; do
	ok "other clients' \"$also\" has rows" grep -qE "	[^	]*${also}[^	]*\$" "$T/rows"
done

# --- the page
MANWIDTH=10000 LC_ALL=C.UTF-8 man --warnings=all -l "$page" >"$T/page" 2>"$T/warnings"
is "$(grep -v 'cannot adjust line\|can.t break line' "$T/warnings")" "" "man has no complaint about it"
sed -n '/^CAUSES/,/^SEE ALSO/p' "$T/page" | sed 's/‐/-/g; s/’/'\''/g; s/  */ /g; s/^ //' >"$T/causes"
sed -n '/^WHAT OTHER/,/^CAUSES/p' "$T/page" | sed 's/‐/-/g; s/  */ /g; s/^ //' >"$T/others"
unset missing
while IFS=$'\t' read -r word _ cause hint also; do
	# A short word is on the line of its cause.
	grep -qE "^$word( |\$)" "$T/causes" && grep -qF -- "$cause" "$T/causes" || missing+=" $word"
	[ "$hint" = - ] || grep -qxF -- "hint: $hint" "$T/causes" || missing+=" $word's-hint"
	[ "$also" = - ] || grep -A 1 -xF -- "$also" "$T/others" | grep -qE "(^|, )$word(,|\$)" || missing+=" $word's-also"
done <"$T/rows"
is "${missing:-}" "" "every row is in the page"
is "$(grep -c '^hint:' "$T/causes")" "$(cut -f4 "$T/rows" | grep -vcx -- -)" "and nothing else"
# --- what people paste: found by its words, in the source (man -K) and in the page, whatever its width
mkdir -p "$T/manual/man7"
cp "$page" "$T/manual/man7/devid-troubleshooting.7"
MANWIDTH=80 LC_ALL=C.UTF-8 man -l "$page" 2>/dev/null | sed 's/‐/-/g' >"$T/narrow"
for line in 'A certificate could not be found that can be used with this Extensible Authentication Protocol' \
	'IKE authentication credentials are unacceptable' 'IKE failed to find valid machine certificate' \
	'A required certificate is not within its validity period when verifying against the current system clock' \
	'MAC verification failed during PKCS12 import (wrong password?)' \
	'The specified item could not be found in the keychain' 'User interaction is not allowed' \
	'No valid certificates available for authentication' 'Certificate Validation Failure' \
	'Valid client certificate is required'; do
	is "$(env -i PATH="$PATH" LC_ALL=C.UTF-8 MANPATH="$T/manual" man -K -w -s 7 -- "$line" 2>&1)" \
		"$T/manual/man7/devid-troubleshooting.7" "man -K finds \"${line:0:40}…\""
	ok "and it stands in one line of the page" grep -qF -- "$line" "$T/narrow"
done
sed -n '/^MESSAGES OF/,/^CAUSES/p' "$T/page" | sed 's/‐/-/g' | grep -E '^ {11}' | sed 's/.*: //; s/,/ /g' >"$T/meant"
ok "messages have words" test "$(wc -l <"$T/meant")" -ge 10
unset unknown
for word in $(cat "$T/meant"); do
	grep -qxF "$word" "$T/words" || unknown+=" $word"
done
is "${unknown:-}" "" "each with words of the table"
unset silent
for other in "$DEVID_SOURCE"/data/man/*.[1-8]; do
	grep -qF 'devid\-troubleshooting (7)' "$other" || silent+=" $other"
done
is "${silent:-}" "" "the other pages refer to it"
done_testing
