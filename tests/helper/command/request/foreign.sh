#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# request --store 'pkcs11:…': a key that another token makes, its request, and import-cert to that key. The token is
# SoftHSM's, behind a shim that makes it poorer, or taken out in between.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/foreign.sh"
foreign_modules "$0" "$@"
. "$TESTS/lib/importing.sh"
foreign_module "$DEVID_SHIM"
foreign_softhsm

# request [NAME=VALUE…] -- OPTIONS…
request() {
	local set=()
	while [ "$1" != -- ]; do
		set+=("$1")
		shift
	done
	shift
	run "${E[@]}" "${set[@]}" "$DEVID_COMMAND" request --store "$STORE" --subject CN=born "$@" </dev/null
}
import() {
	run "${E[@]}" ${SHIM:+"$SHIM"} "$DEVID_COMMAND" import-cert --store "$STORE" "${PIN[@]}" "$@" </dev/null
}
# issue NAME: the CA signs $T/NAME.csr.
issue() {
	openssl x509 -req -in "$T/$1.csr" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 \
		-copy_extensions copyall -out "$T/$1.crt" 2>"$T/issue.err" || diag "$(cat "$T/issue.err")"
}
# signs LABEL CERTIFICATE: the token, with that key.
signs() {
	local id how=(-m SHA256-RSA-PKCS) file=$T/data
	# pkcs11-tool signs with the first key whatever --label says.
	id=$(objects | sed -n "s/^Private.*label: $1 ID: //p")
	openssl x509 -in "$2" -noout -pubkey >"$T/pub"
	printf text >"$T/data"
	if grep -q id-ecPublicKey <(openssl x509 -in "$2" -noout -text); then
		how=(-m ECDSA --signature-format openssl) file=$T/hash
		openssl dgst -sha256 -binary "$T/data" >"$T/hash"
	fi
	"${E[@]}" pkcs11-tool --module "$SOFTHSM" --token-label card --login --pin 1234 --id "${id% }" --sign "${how[@]}" \
		--input-file "$file" --output-file "$T/signature" 2>"$T/sign.err" &&
		openssl dgst -sha256 -verify "$T/pub" -signature "$T/signature" "$T/data"
}

# --- each kind of key, and its certificate
for key in rsa2048 rsa3072 p256 p384 p521; do
	request -- "${PIN[@]}" --label "born-$key" --key $key --san dns:born.example -o "$T/$key.csr" --json
	is "$rc" 0 "$key: made on the token" || diag "$(last_run)"
	is "$(json "$out" 'd["changed"], d["label"], d["store"], d["token"], d["uri"]')" \
		"(True, 'born-$key', 'token', 'card', 'pkcs11:token=card;object=born-$key')" "$key: told so"
	like "$(openssl req -in "$T/$key.csr" -noout -verify -text 2>&1)" 'verify OK.*' "$key: the request is good"
	like "$(openssl req -in "$T/$key.csr" -noout -text)" 'DNS:born.example' "$key: with the further name"
	is "$(objects | grep -c "label: born-$key ")" 2 "$key: a private and a public key wait"
	issue $key
	import --json "$T/$key.crt"
	is "$rc" 0 "$key: its certificate finds it" || diag "$(last_run)"
	is "$(json "$out" 'd["changed"], d["label"], d["uri"]')" \
		"(True, 'born-$key', 'pkcs11:token=card;object=born-$key')" "$key: under the label that the key has"
	is "$(objects | grep "label: born-$key " | sed 's/.*ID: //' | uniq | wc -l)/$(objects | grep -c "label: born-$key ")" 1/3 \
		"$key: and its CKA_ID"
	ok "$key: it signs" signs "born-$key" "$T/$key.crt" || diag "$(cat "$T/sign.err")"
	import --json "$T/$key.crt"
	is "$rc $(json "$out" 'd["changed"]')" "0 False" "$key: the same again changes nothing"
done
access=$("${E[@]}" pkcs11-tool --module "$SOFTHSM" --token-label card --login --pin 1234 --list-objects --type privkey 2>/dev/null |
	grep -c 'Access: *sensitive, always sensitive, never extractable, local')
is "$access" 5 "no key of them can be taken out"
is "$(grep -c '"event_sub_type":"Key Generation","action":"Succeeded"' "$EVENTS")" 5 "events tell of them"

# --- the label: of the option, of the URI; a key that waits; one that doesn't
STORE='pkcs11:token=card;object=by-uri'
request -- "${PIN[@]}" -o "$T/by-uri.csr" --json
is "$rc $(json "$out" 'd["label"]')" "0 by-uri" "the URI names the label" || diag "$(last_run)"
STORE=pkcs11:token=card
waiting=$(objects)
request -- "${PIN[@]}" --label by-uri -o "$T/again.csr" --json
is "$rc $(json "$out" 'd["changed"]')" "0 False" "the same again: another request of the key that waits"
is "$(objects)" "$waiting" "and no other key"
is "$(openssl req -in "$T/again.csr" -noout -pubkey)" "$(openssl req -in "$T/by-uri.csr" -noout -pubkey)" "of the same one"
request -- "${PIN[@]}" --label by-uri --key p256 --json
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "another kind of key: refused"
issue again
import --label other --json "$T/again.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "its certificate under another label: refused"
like "$out" "p11tool --login --set-label=.other. .pkcs11:token=card;object=by-uri" "with what renames it"
is "$(objects)" "$waiting" "nothing is written"
import --dry-run --json "$T/again.crt"
is "$rc $(json "$out" 'd["changed"], d["label"]')" "0 (True, 'by-uri')" "a dry run says what would be"
is "$(objects)" "$waiting" "and writes nothing"
SHIM=SHIM_MODE=no-sign import --json "$T/again.crt"
is "$rc" 1 "a token that doesn't sign with it"
is "$(objects)" "$waiting" "gets no certificate, and keeps the key"
import --json "$T/again.crt"
is "$rc" 0 "by its own label it comes"
request -- "${PIN[@]}" --label by-uri --json
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "then the label is taken"
request -- "${PIN[@]}" --json
is "$rc" 2 "no label at all: the words are off"
after=$(objects)

# --- PINs
: >"$T/logins"
request "SHIM_LOG=$T/logins" -- --pin-file "$T/wrong-pin" --label x --json
is "$rc $(json "$out" 'd["reason"]')" "5 pin-wrong" "a wrong PIN: the store can't be opened"
is "$(wc -l <"$T/logins")" 1 "and it is tried once"
request -- --label x --json
is "$rc $(json "$out" 'd["reason"]')" "1 password-missing" "no PIN and nobody to ask"
STORE="pkcs11:token=card?pin-source=file:$T/pin"
request -- --label by-source -o "$T/x.csr" --json
is "$rc" 0 "a PIN file in the URI" || diag "$(last_run)"
unlike "$out$err" 'pin' "which isn't in what is printed"
"${E[@]}" pkcs11-tool --module "$SOFTHSM" --token-label card --login --pin 1234 --delete-object --type privkey --label by-source >/dev/null 2>&1
"${E[@]}" pkcs11-tool --module "$SOFTHSM" --token-label card --login --pin 1234 --delete-object --type pubkey --label by-source >/dev/null 2>&1
STORE=pkcs11:token=card
is "$(objects)" "$after" "otherwise nothing came to the token"

# --- words that are off, tokens that aren't there
request -- "${PIN[@]}" --label x --system
is "$rc" 2 "--system beside another token"
request -- "${PIN[@]}" --label x --tpm-auth none
is "$rc" 2 "--tpm-auth beside another token"
run "${E[@]}" "$DEVID_COMMAND" request --user --store file "${PIN[@]}" --label x --subject CN=x
is "$rc" 2 "--pin-file without one"
STORE=pkcs11:token=nowhere
request -- "${PIN[@]}" --label x --json
is "$rc $(json "$out" 'd["reason"]')" "5 token-missing" "a token that isn't there"
STORE=pkcs11:token=Device%20Identity
request -- "${PIN[@]}" --label x
is "$rc" 2 "our own token by its URI"
STORE=pkcs11:token=card

# --- what a token can do to us: each time it is as it was before
refuses() {
	local name=$1 mode=$2 reason=$3 words=$4
	request "SHIM_MODE=$mode" -- "${PIN[@]}" --label x --key p256 --json
	is "$rc $(json "$out" 'd["reason"]')" "1 $reason" "$name: told" || diag "$(last_run)"
	like "$(json "$out" 'd["message"]')" "$words" "$name: in words that help"
	is "$(objects)" "$after" "$name: the token is as it was"
	like "$(tail -n 1 "$EVENTS")" '"event_sub_type":"Key Generation","action":"Failed"' "$name: an event tells of it"
}
refuses "a token that makes no keys" no-generation token-refused 'makes no such keys'
refuses "a write-protected token" read-only token-read-only 'write-protected'
refuses "a token whose keys come out" extractable token-refused 'could be taken out of it'
refuses "a token whose key can't sign" no-sign token-refused 'the request was not signed'
refuses "a token that signs wrongly" bad-sign failed 'request:'
request -- "${PIN[@]}" --label x --key p256 -o "$T/nowhere/x.csr"
is "$rc" 1 "a file that can't be written"
is "$(objects)" "$after" "the key is taken back"

# --- taken out once the key was made: it waits, and the same again finishes it
request SHIM_MODE=removed -- "${PIN[@]}" --label x --key p256 -o "$T/x.csr"
is "$rc" 1 "the token is taken out in between" || diag "$(last_run)"
like "$err" 'warning: x: its key stays.*the same again makes a request of it' "told, with what to do"
is "$(objects | grep -c 'label: x ')" 2 "the key waits"
request -- "${PIN[@]}" --label x --key p256 -o "$T/x.csr" --json
is "$rc $(json "$out" 'd["changed"]')" "0 False" "the same again makes its request"
issue x
import "$T/x.crt"
is "$rc" 0 "whose certificate finds it" || diag "$(last_run)"
ok "and it signs" signs x "$T/x.crt"

# --- a certificate for no key of the token's
import --json "$PKI/japan.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 key-missing" "a certificate whose key isn't there"
done_testing
