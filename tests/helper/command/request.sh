#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid request: keys made in each store, requests that OpenSSL verifies, and the certificate's way back to its key.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tpm.sh"

need_pki
DATA=$T/home/.local/share/devid

request() {
	run "${E[@]}" "$DEVID_COMMAND" request --user "$@"
}

# issue NAME [OPTION…]: the CA signs $T/NAME.csr, with its extensions.
issue() {
	local name=$1
	shift
	openssl x509 -req -in "$T/$name.csr" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 \
		-copy_extensions copyall -out "$T/$name.crt" "$@" 2>"$T/issue.err" || diag "$(cat "$T/issue.err")"
}

listed() {
	"${E[@]}" "$DEVID_COMMAND" list --json | "$PYTHON" -c '
import json, sys
rows = json.load(sys.stdin)
rows = rows if isinstance(rows, list) else rows["identities"]
print(" ".join(sorted(row["label"] + ":" + row["store"] + (":local" if row["local"] else "") for row in rows)))'
}

signs() {
	local id
	id=$(openssl x509 -in "$T/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha1sum | cut -d' ' -f1)
	openssl x509 -in "$T/$1.crt" -noout -pubkey >"$T/key.pem"
	printf '%032d' 1 >"$T/data"
	if grep -q rsa <<<"$1"; then
		run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
			--mechanism SHA256-RSA-PKCS --id "$id" --input-file "$T/data" --output-file "$T/signature"
	else
		run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
			--mechanism ECDSA-SHA256 --signature-format openssl --id "$id" --input-file "$T/data" \
			--output-file "$T/signature"
	fi
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
}

# --- words -----------------------------------------------------------------------------------------

refused() {
	local status=$1 name=$2
	shift 2
	request "$@"
	is "$rc" "$status" "$name" || diag "$err"
	is "$(listed)" "" "$name: nothing is made"
}
refused 2 "without a subject" --label a --store file
refused 2 "without a label" --subject CN=a --store file
refused 2 "a subject that can't be read" --label a --subject 'no dn at all' --store file
like "$err" "RFC 4514" "and the form is named"
refused 2 "a key of no kind" --label a --subject CN=a --store file --key rsa1024
refused 2 "another store" --label a --subject CN=a --store 'pkcs11:token=x'
refused 2 "a name without its kind" --label a --subject CN=a --store file --san laptop.example
refused 2 "an address that is none" --label a --subject CN=a --store file --san ip:10.0.0
refused 2 "an empty name" --label a --subject CN=a --store file --san dns:
refused 2 "--tpm-auth with a file" --label a --subject CN=a --store file --tpm-auth none
refused 2 "both tokens" --system --label a --subject CN=a
run "${E[@]}" "$DEVID_COMMAND" request --system --label a --subject CN=a --store tpm --tpm-auth keyring
is "$rc" 2 "the machine has no keyring for the second lock: usage, not another lock than was asked for"
refused 5 "no keyring" --label a --subject CN=a
refused 5 "no TPM" --label a --subject CN=a --store tpm --tpm-auth none
like "$err" "/dev/tpmrm0 is not there" "and says so"
refused 1 "a file in a folder that isn't there" --label a --subject CN=a --store file -o "$T/none/a.csr"
is "$(ls "$DATA" | grep -cE 'key|tss2|pending')" 0 "and no key is left"
mkdir "$T/folder.csr"
refused 1 "a folder in the file's place" --label a --subject CN=a --store file -o "$T/folder.csr"

# --- files -----------------------------------------------------------------------------------------

for key in rsa2048 rsa3072 rsa4096 p256 p384 p521; do
	request --label "$key" --subject "CN=$key,O=Example,C=JP" --store file --key "$key" -o "$T/$key.csr"
	is "$rc" 0 "$key: made" || diag "$err"
	ok "$key: the request verifies" openssl req -in "$T/$key.csr" -noout -verify
done
request --label named --subject 'CN=a\, b,O=日本' --store file --key p256 --san dns:laptop.example --san email:a@b.example \
	--san ip:10.0.0.1 --san ip:2001:db8::1 --san uri:https://a.example/x
is "$rc" 0 "names of each kind, to standard output"
openssl req -noout -text -nameopt RFC2253,-esc_msb,utf8 <<<"$out" >"$T/text"
for wanted in 'CN=a\, b' 'O=日本' DNS:laptop.example email:a@b.example 'IP Address:10.0.0.1' 'IP Address:2001:DB8:0:0:0:0:0:1' \
	URI:https://a.example/x 'TLS Web Client Authentication' 'Digital Signature'; do
	ok "the request has $wanted" grep -qF "$wanted" "$T/text"
done
like "$(listed)" "named:file:local p256:file:local" "they are listed, as made here"
run "${E[@]}" "$DEVID_COMMAND" list
like "$out" "its certificate is yet to come" "and wait"
request --label p256 --subject "CN=other" --store file -o "$T/again.csr"
is "$rc" 0 "the same label again: another request of the key that waits"
is "$(openssl req -in "$T/again.csr" -noout -pubkey)" "$(openssl req -in "$T/p256.csr" -noout -pubkey)" "the same key"
request --label p256 --subject CN=p256 --store tpm --tpm-auth none
is "$rc" 1 "of another store: refused"
request --label p256 --subject CN=p256 --key p384
is "$rc" 1 "of another kind: refused"
run bash -c '"$@" >/dev/full' - "${E[@]}" "$DEVID_COMMAND" request --user --label full --subject CN=full --store file --key p256
isnt "$rc" 0 "a request that can't be handed out: fails"
unlike "$(listed)" "full:" "and its key is taken back"
request --label json --subject CN=json --store file --key p384 --json
is "$("$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["request"], end="")' <<<"$out" | head -n 1)" \
	"-----BEGIN NEW CERTIFICATE REQUEST-----" "--json has the request"

# --- the certificate comes -----------------------------------------------------------------------------

for key in rsa2048 p256 p384; do
	issue "$key"
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/$key.crt"
	is "$rc" 0 "$key: its certificate finds the key" || diag "$err"
	like "$out" "Device Identity \(file\)" "$key: and is told where that is"
	ok "$key: signs" signs "$key"
done
like "$(listed)" "p256:file:local p384:file:local" "under the label of the request"
openssl crl2pkcs7 -nocrl -certfile <(issue p521 && cat "$T/p521.crt" "$PKI/issuing.crt") -out "$T/p521.p7b"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --label renamed "$T/p521.p7b"
is "$rc" 0 "a PKCS#7, under another label" || diag "$err"
like "$(listed)" "renamed:file:local" "which it has then"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$PKI/second.crt"
isnt "$rc" 0 "a certificate of another key finds none"
request --label p256 --subject CN=p256 --store file
is "$rc" 1 "a label that has its certificate is taken"
run "${E[@]}" "$DEVID_COMMAND" remove --yes named
is "$rc" 0 "a key that waits can be removed"
unlike " $(listed)" " named:" "and is gone"

# --- an account that lets nobody use a key without a certificate ------------------------------------------

printf '[Account]\nOnUse=enforce\n' >"$T/config/account.conf"
run "${E[@]}" "$DEVID_COMMAND" ca add --user --name issuing "$PKI/issuing.crt"
request --label strict --subject CN=strict --store file --key p256 -o "$T/strict.csr"
is "$rc" 0 "OnUse=enforce: a request is signed" || diag "$err"
ok "and verifies" openssl req -in "$T/strict.csr" -noout -verify
issue strict
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/strict.crt"
is "$rc" 0 "and its certificate comes" || diag "$err"
rm "$T/config/account.conf"

# --- TPM, keyring ----------------------------------------------------------------------------------------

agent_end
tpm_start first
for key in rsa2048 p256 p384; do
	request --label "tpm-$key" --subject "CN=tpm-$key" --store tpm --tpm-auth none --key "$key" -o "$T/tpm-$key.csr"
	is "$rc" 0 "TPM, $key: made" || diag "$err"
	issue "tpm-$key"
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/tpm-$key.crt"
	is "$rc" 0 "TPM, $key: its certificate comes" || diag "$err"
	ok "TPM, $key: signs" signs "tpm-$key"
done
request --label tpm-4096 --subject CN=x --store tpm --tpm-auth none --key rsa4096
is "$rc" 1 "TPM: RSA-4096 is not made"
unlike "$(listed)" "4096:tpm" "and nothing waits"
run "${E[@]}" "$DEVID_COMMAND" show tpm-p256
like "$out" "in this store; it has been nowhere else" "show: born there"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store tpm --tpm-auth none --label moved --password-file "$PKI/password" "$PKI/japan.p12"
run "${E[@]}" "$DEVID_COMMAND" show moved
like "$out" "moved into this TPM" "show: moved there"
# A chip that looks for primes longer than a client waits without a word.
kill -STOP "$TPM_PID"
"${E[@]}" "$DEVID_COMMAND" request --user --label slow --subject CN=slow --store tpm --tpm-auth none --key p256 >"$T/slow.csr" 2>"$T/slow.err" &
slow=$!
{ sleep 7; kill -CONT "$TPM_PID"; } & # what the test is of: seven seconds without an answer
wait $slow
is $? 0 "a TPM that takes seven seconds for a key: made" || diag "$(cat "$T/slow.err")"
run "${E[@]}" "$DEVID_COMMAND" remove --yes slow
hash=$(openssl x509 -in "$T/tpm-p256.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
is "$("$PYTHON" - "$DATA/$hash.tss2" <<-'X'
	import base64, sys
	der = base64.b64decode("".join(l for l in open(sys.argv[1]).read().split("\n") if l and not l.startswith("-")))
	at = der.index(b"\x02\x04\x40\x00\x00\x01") + 6
	start = at + (2 if der[at + 1] < 128 else 3)
	# TPM2B_PUBLIC: size, type, nameAlg, then objectAttributes: sign|noDA|userWithAuth|born|fixedParent|fixedTPM
	print(der[start + 6:start + 10].hex())
X
)" "00040472" "the TPM says that the key was made in it, stays in it, and signs alone"
agent_end
keyring_bus
keyring_start open
request --label two-locks --subject CN=two --store tpm --key p256 -o "$T/two.csr"
is "$rc" 0 "TPM and keyring: made" || diag "$err"
is "$(keyring_items | wc -l)" 1 "with its authorisation in the keyring"
issue two
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/two.crt"
ok "and signs" signs two
keyring_lock
signs two >/dev/null 2>&1
isnt "$rc" 0 "keyring locked: no signature"
keyring_unlock
request --label in-keyring --subject CN=k --key p256 -o "$T/keyring.csr"
is "$rc" 0 "keyring: made" || diag "$err"
is "$(keyring_items | wc -l)" 2 "and kept in it"
keyring_lock
request --label locked --subject CN=k --store tpm --key p256
is "$rc" 5 "keyring locked, nobody to ask: no key"
unlike "$(listed)" "locked" "and nothing waits"
is "$(ls "$DATA" | grep -c pending)" 0 "nor is marked"
done_testing
