#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# RSA keys in a TPM that makes RSA-PSS otherwise than TLS takes it: tried when they come, kept in the record, and not
# offered. The TPM is swtpm; other-salt.c stands between it and the agent.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/tpm.sh"

need_pki
DATA=$T/home/.local/share/devid
TRUE_PART=$DEVID_TEST_TPM_PART

import() {
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store tpm --tpm-auth none --password-file "$PKI/password" "$@"
}

part() {
	agent_end
	env_set "DEVID_TEST_TPM_PART=$1"
}

tool() {
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" "$@"
}

key_id() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha1sum | cut -d' ' -f1
}

# sign NAME MECHANISM [WORD…]
sign() {
	local name=$1 mechanism=$2
	shift 2
	printf '%032d' 1 >"$T/data"
	rm -f "$T/signature"
	tool --sign --mechanism "$mechanism" --id "$(key_id "$name")" --input-file "$T/data" --output-file "$T/signature" "$@"
}

verify() {
	local name=$1
	shift
	openssl x509 -in "$PKI/$name.crt" -noout -pubkey >"$T/key.pem"
	openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$@" "$T/data"
}

pss() {
	sign "$1" SHA256-RSA-PKCS-PSS --mgf MGF1-SHA256 --salt-len 32
}

# member NAME MEMBER: of show --json.
member() {
	run "${E[@]}" "$DEVID_COMMAND" show --json "$1"
	/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$2" <<<"$out"
}

# doctor_says PATTERN TEXT
doctor_says() {
	RUN_BOUND=60 run "${E[@]}" "$DEVID_COMMAND" doctor --json
	like "$(/usr/bin/python3 -c '
import json, sys
for f in json.load(sys.stdin)["findings"]:
    print(f["result"], f["message"], "HINT", f.get("hint"))' <<<"$out")" "$1" "$2"
}

# --- a TPM that makes it well --------------------------------------------------------------------------

tpm_start first
import "$PKI/rsa2048.p12"
is "$rc" 0 "imported" || diag "$err"
is "$(grep -c ^PSS: "$DATA"/*.identity)" 0 "the record says nothing of PSS"
pss rsa2048
ok "it signs so" verify rsa2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
is "$(member rsa2048 no_rsa_pss)" False "show --json: it can"
tool --list-objects --type privkey
like "$out" "RSA-PKCS-PSS" "and PSS is among its mechanisms"
like "$out" "SHA512-RSA-PKCS-PSS" "with each digest"

# --- one that doesn't ---------------------------------------------------------------------------------

part "$OTHER_SALT"
pss rsa2048
isnt "$rc" 0 "another salt by a key that was thought to make it: no signature leaves the agent"
run "${E[@]}" "$DEVID_COMMAND" remove --yes rsa2048
import "$PKI/rsa2048.p12"
is "$rc" 0 "a TPM with a salt of its own: imported" || diag "$err"
like "$out$err" "TLS 1.3 can.t be done with this key" "with a warning"
is "$(grep -h ^PSS: "$DATA"/*.identity)" "PSS: no" "and the record says so"
run "${E[@]}" "$DEVID_COMMAND" show rsa2048
like "$out" "no RSA-PSS: this TPM makes it with a salt of its own length" "show says so"
is "$(member rsa2048 no_rsa_pss)" True "show --json too"
tool --list-objects --type privkey
like "$out" "Allowed mechanisms: .*SHA256-RSA-PKCS" "it has its mechanisms"
unlike "$out" "PSS" "of which PSS is none"
pss rsa2048
isnt "$rc" 0 "asked for it all the same: refused"
like "$out$err" "CKR_MECHANISM_INVALID" "as a mechanism that this key hasn't"
sign rsa2048 RSA-PKCS-PSS --hash-algorithm SHA256 --mgf MGF1-SHA256 --salt-len 32
isnt "$rc" 0 "bare PSS: refused"
sign rsa2048 SHA256-RSA-PKCS
ok "PKCS #1 it signs" verify rsa2048
doctor_says "warn rsa2048: its TPM makes RSA-PSS with a salt of its own length.*HINT .*p256" "doctor says so, and what helps"
run "${E[@]}" "$DEVID_COMMAND" rename rsa2048 other
is "$(grep -h ^PSS: "$DATA"/*.identity)" "PSS: no" "renamed: still so"
import "$PKI/p256.p12"
is "$rc" 0 "a key on a curve: imported" || diag "$err"
is "$(grep -l ^PSS: "$DATA"/*.identity | wc -l)" 1 "of which that is not said"
run "${E[@]}" "$DEVID_COMMAND" request --user --store tpm --tpm-auth none --key rsa2048 --label born --subject CN=born --output "$T/born.csr"
is "$rc" 0 "an RSA key is made in it" || diag "$err"
is "$(grep -l ^PSS: "$DATA"/*.identity | wc -l)" 2 "and tried too"
run "${E[@]}" "$DEVID_COMMAND" request --user --store tpm --tpm-auth none --key p256 --label curve --subject CN=curve --output "$T/curve.csr"
is "$rc" 0 "a key on a curve is made" || diag "$err"
is "$(grep -l ^PSS: "$DATA"/*.identity | wc -l)" 2 "of which it is not said"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store file --password-file "$PKI/password" "$PKI/rsa3072.p12"
is "$(grep -l ^PSS: "$DATA"/*.identity | wc -l)" 2 "nor of one in a file"

# --- and again ------------------------------------------------------------------------------------------

part "$TRUE_PART"
run "${E[@]}" "$DEVID_COMMAND" remove --yes other
import "$PKI/rsa2048.p12"
is "$rc" 0 "a TPM that does it well, at last" || diag "$err"
is "$(member rsa2048 no_rsa_pss)" False "it can"
pss rsa2048
ok "and does" verify rsa2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
done_testing
