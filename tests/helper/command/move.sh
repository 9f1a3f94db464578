#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid move: a key between the stores of a token; the old one goes when the new one has signed, and not before.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tpm.sh"

need_pki
DATA=$T/home/.local/share/devid

devid() {
	run "${E[@]}" "$DEVID_COMMAND" "$@"
}

import() {
	devid import-cert --user --label "$1" --password-file "$PKI/password" "${@:2}" "$PKI/$1.p12"
	[ "$rc" -eq 0 ] || bail "$1: $err"
}

hash_of() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}

# Where its key is, by what is there and by what list says.
is_in() {
	local name=$1 store=$2 hash
	hash=$(hash_of "$name")
	devid list
	like "$out" "$name +user +$store " "$3: listed there"
	is "$(cd "$DATA" && ls "$hash".* 2>/dev/null | tr '\n' ' ')" \
		"$(case $store in file) echo "$hash.key " ;; tpm) echo "$hash.tss2 " ;; esac)" "$3: and nowhere else on the disk"
	devid check "$name" --json
	unlike "$out" key-missing "$3: the key is there"
}

signs() {
	printf '%032d' 1 >"$T/data"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign --mechanism \
		SHA256-RSA-PKCS --id "$(openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha1sum |
		cut -d' ' -f1)" --input-file "$T/data" --output-file "$T/signature"
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey >"$T/key.pem"
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
}

import rsa2048 --store file
import stranger --store file

# --- words -----------------------------------------------------------------------------------------

for words in "move rsa2048" "move --store soft rsa2048" "move --store tpm" "move --store file --tpm-auth none rsa2048" \
	"move --store tpm --tpm-auth maybe rsa2048"; do
	devid $words
	is "$rc" 2 "devid $words: usage"
done
devid move --store tpm nobody
is "$rc" 1 "no such identity"
devid move --store file rsa2048
is "$rc" 0 "to where it is: nothing to do"
like "$out" "already in" "and that is said"
devid move --store tpm --tpm-auth none rsa2048
is "$rc" 5 "no TPM: ends with 5"
is_in rsa2048 file "no TPM"
devid move --store keyring rsa2048
is "$rc" 5 "no keyring: ends with 5"
is_in rsa2048 file "no keyring"
devid request --user --label waits --subject CN=w --store file --key p256 -o "$T/w.csr"
devid move --store keyring waits
is "$rc" 1 "a key that waits for its certificate stays"
is "$(ls "$DATA" | grep -c pending)" 0 "and nothing is marked"

# --- into the TPM ----------------------------------------------------------------------------------

agent_end
tpm_start first
devid show rsa2048 --json
before=$out
devid move --store tpm --tpm-auth none rsa2048
is "$rc" 0 "into the TPM" || diag "$err"
like "$err" "devid doctor" "and where else it may be is told"
is_in rsa2048 tpm "into the TPM"
ok "and signs" signs rsa2048
devid show rsa2048 --json
is "$(grep -E '"(label|id|uri)"' <<<"$out")" "$(grep -E '"(label|id|uri)"' <<<"$before")" "label, id and URI stayed"
devid move --store file rsa2048
is "$rc" 1 "out of the TPM: never"
like "$err" "can't be read" "and why"
is_in rsa2048 tpm "out of it"

# --- a store that fails in the middle -----------------------------------------------------------------

kill -STOP "$TPM_PID"
run timeout 60 "${E[@]}" "$DEVID_COMMAND" move --store tpm --tpm-auth none stranger
kill -CONT "$TPM_PID"
is "$rc" 5 "a TPM that does not answer: ends with 5" || diag "$err"
is_in stranger file "a TPM that does not answer"
ok "and signs where it was" signs stranger

# --- keyring ------------------------------------------------------------------------------------------

agent_end
keyring_bus
keyring_start open
devid move --store keyring --json stranger
is "$rc" 0 "from a file into the keyring" || diag "$err"
like "$out" '"from" : "file"' "the JSON says from where"
is_in stranger keyring "into the keyring"
is "$(keyring_items | wc -l)" 1 "one item"
ok "and signs" signs stranger
devid move --store tpm stranger
is "$rc" 0 "from the keyring into the TPM, with both locks" || diag "$err"
is_in stranger tpm "with both locks"
is "$(keyring_items | wc -l)" 1 "the item is the authorisation now"
ok "and signs" signs stranger
keyring_lock
signs stranger >/dev/null 2>&1
isnt "$rc" 0 "keyring locked: no signature"
done_testing
