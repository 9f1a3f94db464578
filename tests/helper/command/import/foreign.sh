#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# import-cert --store 'pkcs11:…': the whole identity onto another token, or nothing of it. The token is
# SoftHSM's, behind a shim that makes it full, write-protected, or as choosy as a TPM.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/foreign.sh"
foreign_modules "$0" "$@"
. "$TESTS/lib/importing.sh"
foreign_module "$DEVID_SHIM"
foreign_softhsm

# foreign [NAME=VALUE…] -- OPTIONS…: import-cert to the token.
foreign() {
	local set=()
	while [ "$1" != -- ]; do
		set+=("$1")
		shift
	done
	shift
	run "${E[@]}" "${set[@]}" "$DEVID_COMMAND" import-cert --store "$STORE" "${PASSWORD[@]}" "$@" </dev/null
}

# --- the whole identity
foreign -- --label laptop "${PIN[@]}" --json "$PKI/rsa2048.p12"
is "$rc" 0 "an identity is imported"
is "$(json "$out" 'd["uri"], d["token"], d["scope"], d["changed"]')" \
	"('pkcs11:token=card;object=laptop', 'card', 'foreign', True)" "its URI names token and object"
id=$(json "$out" 'd["id"]')
is "$(objects | grep -c "label: laptop ID: $id")" 3 "key, public key and certificate share label and id"
is "$(count)" 5 "and two CA certificates are beside them"
printf text >"$T/data"
ok "it signs" "${E[@]}" pkcs11-tool --module "$SOFTHSM" --token-label card --login --pin 1234 --label laptop \
	--sign -m SHA256-RSA-PKCS --input-file "$T/data" --output-file "$T/signature"
openssl x509 -in "$PKI/rsa2048.crt" -noout -pubkey >"$T/pub"
ok "and openssl verifies it" openssl dgst -sha256 -verify "$T/pub" -signature "$T/signature" "$T/data"
like "$("${E[@]}" pkcs11-tool --module "$SOFTHSM" --token-label card --login --pin 1234 --list-objects --type privkey 2>/dev/null)" \
	'Access:.*sensitive' "the key is sensitive"
like "$(tail -n 1 "$EVENTS")" '"action":"Succeeded".*"label":"laptop"' "an event tells of it"

# --- twice
after=$(objects)
foreign -- "${PIN[@]}" --label laptop --json "$PKI/rsa2048.p12"
is "$rc $(json "$out" 'd["changed"], d["label"]')" "0 (False, 'laptop')" "the same again changes nothing"
foreign -- "${PIN[@]}" --label other --json "$PKI/rsa2048.p12"
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "under another label it is an error, for nothing gets that label"
like "$out" 'p11tool --login --set-label=.other. .pkcs11:token=card;object=laptop' "with what renames it"
is "$(objects)" "$after" "the token is as it was"
foreign -- "${PIN[@]}" --dry-run --label new --json "$PKI/p256.p12"
is "$rc $(json "$out" 'd["changed"], d["dry_run"]')" "0 (True, True)" "a dry run says what would be"
is "$(objects)" "$after" "and writes nothing"

# --- PINs
STORE="pkcs11:token=card;object=by-source?pin-source=file:$T/pin"
foreign -- --json "$PKI/p256.p12"
is "$rc $(json "$out" 'd["label"]')" "0 by-source" "the URI names label and PIN file"
unlike "$out" 'pin' "and the PIN file isn't in what is printed"
STORE="pkcs11:token=card?pin-source=$T/pin"
foreign -- --label by-path --json "$PKI/p384.p12"
is "$rc" 0 "a PIN file as a path"
STORE="pkcs11:token=card?pin-value=1234"
foreign -- --label by-value "$PKI/second.p12"
is "$rc" 0 "a PIN in the URI"
like "$err" 'warning: a PIN in --store is seen by every user' "gets a warning"
unlike "$out$err$(cat "$EVENTS")" '1234' "and is repeated nowhere"
STORE=pkcs11:token=card
after=$(objects)
: >"$T/logins"
foreign "SHIM_LOG=$T/logins" -- --label w --pin-file "$T/wrong-pin" --json "$PKI/rsa3072.p12"
is "$rc $(json "$out" 'd["reason"]')" "5 pin-wrong" "a wrong PIN: the store can't be opened"
is "$(objects)" "$after" "nothing is written"
is "$(wc -l <"$T/logins")" 1 "and it is tried once, for three lock a card"
foreign -- --label w --json "$PKI/rsa3072.p12"
is "$rc $(json "$out" 'd["reason"]')" "1 password-missing" "no PIN and nobody to ask"
is "$(json "$out" 'd["hint"]')" "name its file: --pin-file FILE" "and the hint names the PIN's option"
foreign -- --label w --pin-file "$T/nowhere" --json "$PKI/rsa3072.p12"
is "$rc" 1 "a PIN file that isn't there"
is "$(objects)" "$after" "nothing is written"
like "$(tail -n 1 "$EVENTS")" '"action":"Failed"' "an event tells of the failure"

# --- which token
STORE=pkcs11:token=nowhere
foreign -- "${PIN[@]}" --json "$PKI/rsa3072.p12"
is "$rc $(json "$out" 'd["reason"]')" "5 token-missing" "a token that isn't there"
"${E[@]}" softhsm2-util --init-token --free --label spare --so-pin 5678 --pin 1234 >/dev/null
STORE=pkcs11:manufacturer=SoftHSM%20project
foreign -- "${PIN[@]}" --json "$PKI/rsa3072.p12"
is "$rc $(json "$out" 'd["reason"]')" "5 token-ambiguous" "a URI that several tokens match"
STORE=pkcs11:token=Device%20Identity
foreign -- "${PIN[@]}" --json "$PKI/rsa3072.p12"
is "$rc" 2 "our own token by its URI: the words are off"
STORE=pkcs11:token=card

# --- what a token can do to us: each time it is as it was before
refuses() {
	local name=$1 mode=$2 reason=$3 words=$4
	after=$(objects)
	foreign "SHIM_MODE=$mode" -- "${PIN[@]}" --label x --json "$PKI/rsa3072.p12"
	is "$rc $(json "$out" 'd["reason"]')" "1 $reason" "$name: told"
	like "$(json "$out" 'd["message"]')" "$words" "$name: in words that help"
	is "$(objects)" "$after" "$name: the token is as it was"
}
refuses "a token that takes no private keys" no-private token-refused "doesn't take such an object from outside"
like "$(json "$out" 'd["hint"]')" "--store tpm; or .* devid request --store 'pkcs11:token=card'" "with the ways out"
refuses "a write-protected token" read-only token-read-only 'write-protected'
CARD=spare STORE=pkcs11:token=spare
for n in 1 2 3 4 5; do
	refuses "an empty token that is full at object $n" "full:$n" token-full 'the token is full'
done
is "$(objects)" "" "an empty token is empty again after all that"
CARD=card STORE=pkcs11:token=card
refuses "a token whose key can't sign" no-sign failed 'tried and taken out again'
refuses "a token that signs wrongly" bad-sign mismatch 'tried and taken out again'
after=$(objects)
foreign SHIM_MODE=no-public -- "${PIN[@]}" --label nopub "$PKI/rsa3072.p12"
is "$rc" 0 "a token that takes no public keys will do"
foreign -- "${PIN[@]}" --label x "$PKI/ed25519.p12"
is "$rc" 1 "what our own token refuses is refused"
foreign -- "${PIN[@]}" --label x "$PKI/size-2049.p12"
is "$rc" 1 "the limits hold"
foreign -- "${PIN[@]}" --accept-size --label sized "$PKI/size-2049.p12"
is "$rc" 0 "--accept-size as well"

# --- in the place of another
after=$(objects)
foreign -- "${PIN[@]}" --label laptop --json "$PKI/p521.p12"
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "a label that is taken: refused"
is "$(objects)" "$after" "the token is as it was"
foreign SHIM_MODE=no-sign -- "${PIN[@]}" --replace --label laptop "$PKI/p521.p12"
is "$rc" 1 "--replace with a token that fails"
is "$(objects)" "$after" "leaves the old one where it was"
foreign -- "${PIN[@]}" --replace --label laptop --json "$PKI/p521.p12"
is "$rc $(json "$out" 'd["uri"]')" "0 pkcs11:token=card;object=laptop" "--replace keeps the URI"
is "$(objects | grep -c 'label: laptop ')" 3 "the old one is gone"
openssl req -new -key "$PKI/p521.key" -subj /CN=renewed 2>/dev/null |
	openssl x509 -req -days 300 -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -CAcreateserial \
		-CAserial "$T/serial" -out "$T/renewed.crt" 2>/dev/null
PASSWORD=()
foreign -- "${PIN[@]}" --label laptop --json "$T/renewed.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "a renewed certificate for the key that is there: refused"
after=$(objects)
foreign SHIM_MODE=no-sign -- "${PIN[@]}" --replace --label laptop "$T/renewed.crt"
is "$rc $(objects | grep -c 'label: laptop ')" "1 3" "a renewal that fails puts the old certificate back"
foreign -- "${PIN[@]}" --replace --label laptop --json "$T/renewed.crt"
is "$rc $(json "$out" 'd["changed"]')" "0 True" "with --replace it is renewed"
is "$("${E[@]}" pkcs11-tool --module "$SOFTHSM" --token-label card --read-object --type cert --label laptop 2>/dev/null |
	openssl x509 -inform der -noout -subject)" "subject=CN = renewed" "and the new one is there"
foreign -- "${PIN[@]}" --label alone --json "$PKI/japan.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 key-missing" "a certificate whose key isn't on the token"
foreign -- "${PIN[@]}" --label pem --key "$PKI/japan.key" --json "$PKI/japan.crt"
is "$rc" 0 "PEM files go there as well"
done_testing
