#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OpenSC's pkcs11-tool on an installed machine, with our module and by p11-kit-proxy: list, --test, a signature of
# a fresh challenge that is checked with the account's CA as a gateway would (OpenSC has no network client), and
# what it says when the key can't be used. pkcs11-tool.sh has each mechanism; written.sh what it writes.
. "$(dirname "$0")/../lib/clients.sh"
client_machine "$0" "$@"
client_import stranger-ec stranger-p256
token='Device Identity'
PROXY=$(pkg-config --variable=proxy_module p11-kit-1)
W=$T/w
mkdir -m 755 "$W" && chown alice: "$W"

tool() {
	run "${E[@]}" pkcs11-tool --module "$module" --token-label "$token" "$@"
}
id_of() {
	tool -O --type cert
	awk -v l="$1" '$1 == "label:" { label = $2 } $1 == "ID:" && label == l { print $2 }' <<<"$out"
}
# answer LABEL: the challenge, new each time, signed by that key.
answer() {
	local mechanism=SHA256-RSA-PKCS-PSS
	[[ $1 != *ec ]] || mechanism=ECDSA-SHA256
	head -c 100 /dev/urandom >"$W/challenge"
	rm -f "$W/answer"
	tool --sign --id "${ids[$1]}" -m $mechanism --signature-format openssl -i "$W/challenge" -o "$W/answer"
}
# welcome LABEL NAME: the certificate that the token shows for it is one of the account's, says NAME, and its
# key gave the answer.
welcome() {
	local pss=()
	[[ $1 == *ec ]] || pss=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest)
	"${E[@]}" pkcs11-tool --module "$module" --token-label "$token" --read-object --type cert \
		--id "${ids[$1]}" 2>"$T/read.err" | openssl x509 -inform der -out "$T/shown.crt" &&
		openssl verify -CAfile "$PKI/root.crt" -untrusted "$PKI/issuing.crt" "$T/shown.crt" &&
		openssl x509 -in "$T/shown.crt" -noout -subject | grep -q "CN = $2\$" &&
		openssl x509 -in "$T/shown.crt" -noout -pubkey >"$T/shown.pub" &&
		openssl dgst -sha256 -verify "$T/shown.pub" "${pss[@]}" -signature "$W/answer" "$W/challenge"
}

declare -A ids says=([locked]='CKR_DEVICE_ERROR \(0x30\)' [dismissed]='CKR_FUNCTION_CANCELED \(0x50\)'
	[refused]='unknown PKCS11 error \(0x200\)' [gone]='CKR_DEVICE_ERROR \(0x30\)')
cannot_use() {
	local label=$1 how=$2
	tool -O
	is "$rc/$(grep -c ' Object;' <<<"$out")" 0/16 "$way, $how: all is listed"
	answer "$label"
	is "$rc" 1 "$way, $how, $label: an error"
	client_failed_in_time "$way, $how, $label"
	like "$err" "C_Sign(Final)? failed: rv = ${says[$how]}" "$way, $how, $label: ${says[$how]}"
	not_ok "$way, $how, $label: no signature" grep -q . "$W/answer"
	client_event_tells "$how"
}

for way in module proxy; do
	module=$([ $way = module ] && echo "$SO" || echo "$PROXY")
	tool -L
	is "$rc/$(grep -c 'token label *: Device Identity' <<<"$out")" 0/2 "$way: both tokens"
	tool -O
	is "$(grep -c 'Private Key Object' <<<"$out")/$(grep -c ' Object;' <<<"$out")" 4/16 "$way: the objects" ||
		diag "$out"
	for label in rsa ec stranger stranger-ec; do
		ids[$label]=$(id_of $label)
	done
	# It signs with none of its tests: those are for mechanisms that say that they are done in hardware.
	tool --test --login --pin 1234
	is "$rc" 0 "$way: --test" || diag "$(last_run)"
	like "$out" 'No errors' "$way: finds no error"
	answer rsa
	ok "$way: rsa, its answer is taken" welcome rsa laptop-rsa2048 || diag "$(last_run)"
	head -c 100 /dev/urandom >"$W/challenge"
	not_ok "$way: not for another challenge" welcome rsa laptop-rsa2048
	answer ec
	ok "$way: ec, its answer is taken" welcome ec laptop-p256 || diag "$(last_run)"
	not_ok "$way: not as another" welcome rsa laptop-rsa2048
	answer stranger
	is "$rc" 0 "$way: a stranger signs, the check is only recorded"
	not_ok "$way: its answer is not taken" welcome stranger stranger
	for how in locked dismissed refused gone; do
		client_cannot_use $how cannot_use
		client_cannot_use $how cannot_use "$([ $how = refused ] && echo stranger-ec || echo ec)"
	done
	answer rsa
	ok "$way: and in good order again it is taken" welcome rsa laptop-rsa2048
done

# --- the machine's token, for a user of the group
client_import_system rsa rsa2048
client_import_system ec p256
token='Device Identity (system)'
for label in rsa ec; do
	ids[$label]=$(id_of $label)
	answer $label
	ok "the machine's $label, its answer is taken" welcome $label "laptop-$([ $label = rsa ] && echo rsa2048 || echo p256)" ||
		diag "$(last_run)"
done
done_testing
