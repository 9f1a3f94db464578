#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tpm2-pkcs11 as another token: it makes keys, so that a request for a certificate comes from it; a private key from
# a file it refuses, which is said, with the ways that there are.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/foreign.sh"
foreign_modules "$0" "$@"
. "$TESTS/lib/importing.sh"
. "$TESTS/lib/tpm.sh"
. "$TESTS/lib/tpm2-pkcs11.sh"
foreign_module "$FOREIGN_MODULE"
tpm_start chip
tpm2_pkcs11 chip
CARD=chip STORE=pkcs11:token=chip

devid_on_it() {
	run "${E[@]}" "$DEVID_COMMAND" "$1" --store "$STORE" "${PIN[@]}" "${@:2}" </dev/null
}

# --- a private key from a file
for name in rsa2048 p256; do
	devid_on_it import-cert --label x --json "${PASSWORD[@]}" "$PKI/$name.p12"
	is "$rc $(json "$out" 'd["reason"]')" "1 token-refused" "$name from a file: refused" || diag "$(last_run)"
	like "$(json "$out" 'd["message"]')" "token chip: the private key was refused: .*from outside" "$name: in words"
	like "$(json "$out" 'd["hint"]')" "--store tpm; or .* devid request --store 'pkcs11:token=chip'" "$name: with the ways out"
	is "$(count)" 0 "$name: nothing is left on the token"
done

# --- keys that it makes
for key in rsa2048 p256 p384; do
	devid_on_it request --label "chip-$key" --key $key --subject "CN=chip-$key" -o "$T/$key.csr" --json
	is "$rc $(json "$out" 'd["changed"]')" "0 True" "$key: made in the chip" || diag "$(last_run)"
	like "$(openssl req -in "$T/$key.csr" -noout -verify 2>&1)" 'verify OK' "$key: its request is good"
	devid_on_it request --label "chip-$key" --subject "CN=chip-$key" -o "$T/$key.csr" --json
	is "$rc $(json "$out" 'd["changed"]')" "0 False" "$key: the same again is of that key" || diag "$(last_run)"
	openssl x509 -req -in "$T/$key.csr" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 -out "$T/$key.crt" 2>"$T/issue.err"
	devid_on_it import-cert "$T/$key.crt" --json
	is "$rc $(json "$out" 'd["label"], d["uri"]')" "0 ('chip-$key', 'pkcs11:token=chip;object=chip-$key')" \
		"$key: its certificate finds it" || diag "$(last_run)"
	is "$(objects | grep "label: chip-$key " | sed 's/.*ID: //' | sort -u | wc -l)/$(objects | grep -c "label: chip-$key ")" 1/3 \
		"$key: the three have one CKA_ID"
	run "${E[@]}" GNUTLS_PIN=1234 p11tool --login --test-sign "$STORE;object=chip-$key;type=private"
	is "$rc" 0 "$key: and it signs" || diag "$(last_run)"
done
before=$(count)
devid_on_it request --label back --key p256 --subject CN=back -o "$T/nowhere/x.csr"
is "$rc" 1 "a file that can't be written" || diag "$(last_run)"
is "$(count)" "$before" "the key is taken back" || diag "$(last_run)"
devid_on_it request --label big --key rsa4096 --subject CN=big --json
is "$rc $(json "$out" 'd["reason"]')" "1 token-refused" "RSA 4096, which the chip doesn't make: refused" || diag "$(last_run)"
is "$(count)" "$before" "nothing is left of it"
run "${E[@]}" "$DEVID_COMMAND" request --store "$STORE" --pin-file "$T/wrong-pin" --label x --subject CN=x --json </dev/null
is "$rc $(json "$out" 'd["reason"]')" "5 pin-wrong" "a wrong PIN"
is "$(count)" "$before" "makes nothing"
done_testing
