#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid renew: a new key in the store of the old one, a request with the names of the certificate that is there, and
# the new certificate in its place, by import-cert: label, URI and CKA_ID stay. Interrupted, it is done again.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
. "$TESTS/lib/importing.sh"
. "$TESTS/lib/tpm.sh"
no_account "$0" "$@"

issue() { # REQUEST CERTIFICATE
	openssl x509 -req -in "$1" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 -copy_extensions copyall \
		-out "$2" 2>"$T/issue.err" || bail "$(cat "$T/issue.err")"
}
signs() { # CERTIFICATE
	local id
	id=$(json_of list 'd["identities"][0]["id"]')
	openssl x509 -in "$1" -noout -pubkey >"$T/pub"
	printf '%032d' 1 >"$T/data"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign --id "$id" \
		--mechanism "$(grep -q Modulus <<<"$(openssl pkey -pubin -in "$T/pub" -noout -text)" && echo SHA256-RSA-PKCS || echo ECDSA-SHA256)" \
		--signature-format openssl --input-file "$T/data" --output-file "$T/signature"
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/pub" -signature "$T/signature" "$T/data"
}
json_of() { # COMMAND EXPRESSION
	devid "$1" --json
	json "$out" "$2"
}
labels() {
	json_of list '[i["label"] for i in d["identities"]]'
}
halves() {
	find "$DATA" -name '*.key' -o -name '*.tss2' | wc -l
}

# --- words
for words in "" "a b" "--key rsa1024 laptop" "--nothing laptop" "--san laptop.example laptop" "--subject x laptop"; do
	devid import-cert --label laptop "${PASSWORD[@]}" "$PKI/rsa2048.p12"
	devid renew $words
	is "$rc" 2 "renew $words: usage"
	is "$(halves)" 1 "renew $words: no key is made"
done
devid renew nobody
is "$rc" 1 "no such identity"
devid renew --tpm-auth none laptop
is "$rc" 2 "--tpm-auth is for keys in a TPM"

# --- a request like the certificate that is there
uri=$(json_of list 'd["identities"][0]["uri"]')
id=$(json_of list 'd["identities"][0]["id"]')
devid renew laptop -o "$T/a.csr"
is "$rc" 0 "a key and a request"
like "$err" 'laptop \(renewal\): made RSA 2048 key|RSA 2048 key made' "are told"
ok "the request verifies" openssl req -in "$T/a.csr" -noout -verify
is "$(openssl req -in "$T/a.csr" -noout -subject -nameopt RFC2253)" "$(openssl x509 -in "$PKI/rsa2048.crt" -noout -subject -nameopt RFC2253)" \
	"its subject is the certificate's"
is "$(labels)" "['laptop', 'laptop (renewal)']" "the key waits under a name of its own"
ok "the identity signs as before" signs "$PKI/rsa2048.crt"
devid show 'laptop (renewal)'
like "$out" "yet to come" "show says what it waits for"
devid renew 'laptop (renewal)'
is "$rc" 1 "a key that waits is not renewed"

# --- interrupted: the same again
key=$(openssl req -in "$T/a.csr" -noout -pubkey)
devid renew laptop -o "$T/b.csr" --json
is "$rc" 0 "the same again"
is "$(json "$out" 'd["changed"], d["label"]')" "(False, 'laptop (renewal)')" "makes no other key"
is "$(openssl req -in "$T/b.csr" -noout -pubkey)" "$key" "but a request for the one that waits"
devid renew --key p256 laptop
is "$rc" 1 "another kind of key is another key"
like "$err" "devid remove 'laptop \(renewal\)'" "which needs the other to go first"
devid rename laptop work
devid renew work -o "$T/b.csr"
is "$(openssl req -in "$T/b.csr" -noout -pubkey)" "$key" "a renamed identity finds its key"
devid rename work laptop
devid renew laptop -o "$T/no/such/folder"
is "$rc" 1 "a request that can't be written"
is "$(labels)" "['laptop', 'laptop (renewal)']" "leaves the key that waited"
devid remove 'laptop (renewal)'
is "$(halves)" 1 "remove undoes it"
devid renew laptop -o "$T/no/such/folder"
is "$rc $(halves)" "1 1" "a new key whose request can't be written is taken back"

# --- the certificate
devid renew laptop -o "$T/a.csr"
issue "$T/a.csr" "$T/a.crt"
before=$(find "$DATA" -type f -exec sha256sum {} + | sort)
devid import-cert --dry-run "$T/a.crt" --json
is "$rc $(json "$out" 'd["label"]')" "0 laptop" "a dry run says whose place it takes"
is "$(find "$DATA" -type f -exec sha256sum {} + | sort)" "$before" "and does nothing"
devid import-cert "$PKI/p384.crt"
is "$rc" 1 "a certificate of another key goes nowhere"
run "${E[@]}" "DEVID_MODULE=$T/nothing.so" "$DEVID_COMMAND" import-cert --user "$T/a.crt"
is "$rc" 1 "an import that fails"
is "$(labels)" "['laptop', 'laptop (renewal)']" "leaves both as they were"
is "$(find "$DATA" -name '*.former' | wc -l)" 0 "and nothing former"
ok "and the identity signs" signs "$PKI/rsa2048.crt"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/a.crt"
is "$rc" 0 "with the certificate it is renewed"
like "$out" "^laptop: imported" "under its own label"
is "$(labels)" "['laptop']" "nothing waits any more"
is "$(json_of list 'd["identities"][0]["uri"], d["identities"][0]["id"]')" "('$uri', '$id')" "URI and CKA_ID stay"
is "$(json_of list 'd["identities"][0]["local"]')" True "the key was made here"
ok "it signs with the new key" signs "$T/a.crt"
devid show laptop --json
is "$(json "$out" 'len(d["former_keys"])')" 1 "and the former one signs on"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/a.crt"
is "$rc" 0 "the same certificate again"
like "$out" "nothing changed" "changes nothing"

# --- another kind of key, further names, another subject; the names go on from there
devid renew --key p384 --san dns:laptop.example --san email:a@example --subject CN=other,O=Example laptop -o "$T/c.csr"
is "$rc" 0 "another kind of key"
like "$(openssl req -in "$T/c.csr" -noout -text)" 'DNS:laptop.example, email:a@example' "with further names"
issue "$T/c.csr" "$T/c.crt"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/c.crt"
is "$rc" 0 "is taken"
ok "and signs" signs "$T/c.crt"
devid renew laptop -o "$T/d.csr"
like "$(openssl req -in "$T/d.csr" -noout -text)" 'CN *= *other|CN = other' "the next request has that subject"
like "$(openssl req -in "$T/d.csr" -noout -text)" 'DNS:laptop.example, email:a@example' "and those names"
like "$(openssl req -in "$T/d.csr" -noout -text)" 'secp384r1' "and that kind of key"
devid retire laptop
is "$rc" 0 "the former keys are retired"
is "$(halves)" 2 "the one that waits stays"
devid remove laptop
is "$(labels)" "['laptop (renewal)']" "it stays where its identity goes, too"
devid renew 'laptop (renewal)'
is "$rc" 1 "of which there is nothing to renew"
like "$err" 'devid request' "what makes another request of it is said"
devid request --user --label 'laptop (renewal)' --subject CN=other,O=Example --key p384 -o "$T/e.csr"
is "$rc" 0 "and does"
is "$(openssl req -in "$T/e.csr" -noout -pubkey)" "$(openssl req -in "$T/d.csr" -noout -pubkey)" "with the key that waits"
issue "$T/d.csr" "$T/d.crt"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/d.crt"
is "$rc" 0 "and becomes an identity of its own"
devid remove 'laptop (renewal)'

# --- a user principal name, for which --san has no word
openssl req -x509 -newkey rsa:2048 -noenc -keyout "$T/u.key" -out "$T/u.crt" -days 30 -subj '/CN=upn' -addext \
	'subjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@example,IP:192.0.2.1,URI:urn:x' -addext basicConstraints=CA:FALSE 2>/dev/null
cat "$T/u.key" "$T/u.crt" >"$T/u.pem"
devid import-cert --label upn "$T/u.pem"
is "$rc" 0 "a certificate with other names"
devid renew upn -o "$T/u.csr"
is "$rc" 0 "its request"
names() {
	openssl "$1" -in "$2" -noout -text | sed -n '/Subject Alternative Name/{n;s/^ *//;p}'
}
is "$(names req "$T/u.csr")" "$(names x509 "$T/u.crt")" "has all of them"
devid remove 'upn (renewal)'
devid remove upn

# --- names that a request can't be given by --subject
selfsigned() { # NAME SUBJECT [OPTION…]
	openssl req -x509 -newkey rsa:2048 -noenc -keyout "$T/$1.key" -out "$T/$1.crt" -days 30 -subj "$2" "${@:3}" \
		-addext basicConstraints=CA:FALSE 2>"$T/issue.err" || bail "$(cat "$T/issue.err")"
	cat "$T/$1.key" "$T/$1.crt" >"$T/$1.pem"
	devid import-cert --label "$1" "$T/$1.pem"
	[ "$rc" -eq 0 ] || bail "$1: $err"
}
selfsigned none / -addext subjectAltName=critical,DNS:none.example
devid renew none -o "$T/n.csr"
is "$rc" 0 "a certificate without a subject is renewed"
is "$(openssl req -in "$T/n.csr" -noout -subject -nameopt RFC2253) $(names req "$T/n.csr")" "subject= DNS:none.example" "with none"
devid remove 'none (renewal)'
selfsigned two /CN=two+UID=u1 -multivalue-rdn
devid renew two -o "$T/n.csr"
is "$rc" 1 "a subject with two values in one part can't be taken over"
like "$err" "the certificate's subject can't be taken over" "which is said"
like "$err" "give one: --subject" "with what to do"
is "$(find "$DATA" -name '*.key' | wc -l)" 2 "and makes no key"
devid renew two --subject CN=two,UID=u1 -o "$T/n.csr"
is "$rc" 0 "which helps"

# --- the name that the key would have waited under
devid rename two 2nd
devid remove none
selfsigned two /CN=two
devid renew two -o "$T/n.csr"
is "$rc" 0 "a key that waits under the name of another identity stands in nobody's way"
like "$(labels)" "\['2nd', 'renewal of [0-9a-f]{16}', 'two', 'two \(renewal\)'\]" "the new one has another"
devid renew two -o "$T/n2.csr"
is "$(openssl req -in "$T/n2.csr" -noout -pubkey)" "$(openssl req -in "$T/n.csr" -noout -pubkey)" "under which it is found again"
for label in 2nd two; do
	devid remove "$label"
done
for label in $(json_of list '" ".join(i["label"].replace(" ", "?") for i in d["identities"])'); do
	devid remove "${label//\?/ }"
done
is "$(labels)" "[]" "all is gone"

# --- in a TPM
agent_end
tpm_start first
devid request --user --label tpm --subject CN=tpm --store tpm --tpm-auth none --key p256 -o "$T/t.csr"
issue "$T/t.csr" "$T/t.crt"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/t.crt"
devid renew --tpm-auth none tpm -o "$T/t2.csr"
is "$rc" 0 "a key in the TPM is renewed in the TPM"
is "$(find "$DATA" -name '*.tss2' | wc -l)" 2 "where it waits"
issue "$T/t2.csr" "$T/t2.crt"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$T/t2.crt"
is "$rc" 0 "and takes its place"
is "$(json_of list 'd["identities"][0]["store"], d["identities"][0]["local"]')" "('tpm', True)" "there"
ok "and signs" signs "$T/t2.crt"
devid retire tpm
is "$(find "$DATA" -name '*.tss2' | wc -l)" 1 "the former one leaves the TPM's folder when it is retired"
tpm_stop
done_testing
