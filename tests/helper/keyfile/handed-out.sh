#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Certificates and chains as mail, web pages, PowerShell, key vaults and AD CS hand them out: read alike by
# import-cert, inspect, ca add, verify and account revoke.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"
W=$T/files
mkdir "$W" "$T/gate" "$T/gate/signing"
chmod 755 "$T/gate" "$T/gate/signing"
cp "$PKI/issuing.crt" "$T/gate/signing/issuing.pem"
chmod 644 "$T/gate/signing/issuing.pem"

# --- the dresses: each a filter from PEM to what a tool makes of it
as_given() { cat; }
blank_in_body() { sed '3s/$/ /; 4s/^/ /'; }
tabs() { sed '3s/$/\t/; 5s/.\{9\}/&\t/'; }
blank_after_begin() { sed 's/^-----BEGIN.*/& /'; }
blank_after_end() { sed 's/^-----END.*/&  /'; }
indented() { sed 's/^/    /'; }
windows_lines() { sed 's/$/\r/'; }
web_page() { sed '3s/$/\xc2\xa0/; 4s/^/\xe2\x80\x8b/'; }
in_json() { tr '\n' '~' | sed 's/~/\\n/g'; }
byte_order_mark() { printf '\xef\xbb\xbf'; cat; }
utf16() { printf '\xff\xfe'; sed 's/$/\r/' | iconv -t UTF-16LE; }
utf16_big() { printf '\xfe\xff'; iconv -t UTF-16BE; }
utf16_no_mark() { iconv -t UTF-16LE; }
base64_of_it() { base64 -w 0; }
base64_lines() { base64; }
base64_of_utf16() { utf16 | base64 -w 76; }
text_around() { echo "Dear all, zoë's"; cat; echo "Regards"; }
dresses='as_given blank_in_body tabs blank_after_begin blank_after_end indented windows_lines web_page in_json
	byte_order_mark utf16 utf16_big utf16_no_mark base64_of_it base64_lines base64_of_utf16 text_around'

for dress in $dresses; do
	cat "$PKI/p256.crt" "$PKI/p256.key" "$PKI/issuing.crt" | $dress >"$W/identity"
	$dress <"$PKI/issuing.crt" >"$W/ca"
	cat "$PKI/p256.crt" "$PKI/issuing.crt" | $dress >"$W/chain"
	$dress <"$PKI/p256.crt" >"$W/leaf"
	chmod 600 "$W"/*

	devid inspect --json "$W/identity"
	is "$(json "$out" '[(i["has_key"], len(i["chain"])) for i in d["files"][0]["identities"]]')" "[(True, 1)]" \
		"$dress: inspect finds the identity and its CA"
	devid import-cert --dry-run --label dress "$W/identity"
	is "$rc" 0 "$dress: import-cert would take it" || diag "$err"
	devid verify --config "$T/gate" "$W/chain"
	is "$rc" 0 "$dress: verify reads the chain" || diag "$err"
	run "${E[@]}" "$DEVID_COMMAND" ca add --user --name corp "$W/ca"
	is "$rc" 0 "$dress: ca add takes it" || diag "$err"
	kept=$(find "$T/home/.config/devid" "$T/config" -name corp.pem 2>/dev/null)
	is "$(openssl x509 -in "$kept" 2>&1)" "$(cat "$PKI/issuing.crt")" \
		"$dress: what is kept is PEM that every program reads"
	run "${E[@]}" "$DEVID_COMMAND" account revoke --user "$W/leaf"
	is "$rc" 0 "$dress: account revoke reads it" || diag "$err"
	folder=$(dirname "$(dirname "$kept")")
	rm -rf "${folder:?}"
done

for dress in blank_in_body base64_of_utf16; do
	cat "$PKI/p256.crt" "$PKI/p256.key" "$PKI/issuing.crt" | $dress >"$W/identity"
	devid import-cert --label dress "$W/identity"
	is "$rc" 0 "$dress: imported" || diag "$err"
	ok "$dress: and signs" signs dress "$PKI/p256.crt"
	devid remove dress
	nothing_there || fail "$dress: removed"
done

# What is in an account's folder is read by the same reader.
indented <"$PKI/issuing.crt" >"$T/gate/signing/issuing.pem"
devid verify --config "$T/gate" "$PKI/p256.crt"
is "$rc" 0 "an indented signing certificate counts" || diag "$err"
cp "$PKI/issuing.crt" "$T/gate/signing/issuing.pem"

# --- PKCS#7: a chain, whatever its dress
cat "$PKI/p256.crt" "$PKI/issuing.crt" "$PKI/root.crt" >"$W/bundle.pem"
openssl crl2pkcs7 -nocrl -certfile "$W/bundle.pem" -out "$W/chain.p7b"
openssl crl2pkcs7 -nocrl -certfile "$W/bundle.pem" -outform DER -out "$W/der.p7b"
sed 's/PKCS7/CERTIFICATE/' "$W/chain.p7b" >"$W/certificate.p7b"
sed 's/PKCS7/CMS/' "$W/chain.p7b" >"$W/cms.p7b"
base64 -w 0 "$W/der.p7b" >"$W/bare.p7b"
openssl crl2pkcs7 -nocrl -certfile "$PKI/issuing.crt" -outform DER -out "$W/one.p7b"
chmod 600 "$W"/*
for form in chain der certificate cms bare; do
	devid verify --config "$T/gate" "$W/$form.p7b"
	is "$rc" 0 "$form.p7b: verify takes it for the chain" || diag "$err"
	devid inspect --json "$W/$form.p7b"
	is "$(json "$out" '[len(i["chain"]) for i in d["files"][0]["identities"]]')" "[2]" "$form.p7b: inspect shows the chain"
	run "${E[@]}" "$DEVID_COMMAND" ca add --user --name corp "$W/$form.p7b"
	is "$rc" 1 "$form.p7b: ca add takes one certificate, not three"
	like "$err" '3 certificates in the file' "$form.p7b: and counts them"
done
devid import-cert --label p7b --key "$PKI/p256.key" "$W/certificate.p7b"
is "$rc" 0 "a .p7b is imported with its key" || diag "$err"
run "${E[@]}" "$DEVID_COMMAND" export --user p7b
is "$out" "$(cat "$W/bundle.pem")" "and its chain"
devid remove p7b
run "${E[@]}" "$DEVID_COMMAND" ca add --user --name corp "$W/one.p7b"
is "$rc" 0 "a .p7b of one certificate: ca add takes it" || diag "$err"

# --- PKCS#12 in base64 and in PEM
base64 -w 0 "$PKI/rsa2048.p12" >"$W/bare.pfx"
base64 "$PKI/rsa2048.p12" | utf16 >"$W/utf16.pfx"
{ echo '  -----BEGIN PKCS12-----'; base64 "$PKI/rsa2048.p12" | sed 's/$/ /'; echo '  -----END PKCS12-----'; } >"$W/pem.pfx"
chmod 600 "$W"/*
for form in bare utf16 pem; do
	devid inspect --json "${PASSWORD[@]}" "$W/$form.pfx"
	is "$(json "$out" '[d["files"][0]["kind"], d["files"][0]["password"]]')" "['PKCS#12', 'set']" "$form.pfx: inspect opens it"
	devid import-cert --dry-run "${PASSWORD[@]}" "$W/$form.pfx"
	is "$rc" 0 "$form.pfx: import-cert would take it" || diag "$err"
done

# --- what only looks like it
refused() { # NAME FILE REASON
	devid import-cert --json "${PASSWORD[@]}" "$2" </dev/null
	is "$rc $(json "$out" 'd["reason"]')" "1 $3" "$1: refused"
	nothing_there || fail "$1: nothing is left"
}
base64 -w 0 "$PKI/rsa2048.p12" | head -c 1000 >"$W/cut"
refused "base64 cut short" "$W/cut" damaged
sed '5s/[A-Za-z]/*/' "$PKI/p256.crt" >"$W/star"
refused "a character that isn't base64" "$W/star" damaged
sed '$d' "$PKI/p256.crt" | indented >"$W/open"
refused "no END line" "$W/open" damaged
head -c 500 "$W/der.p7b" >"$W/cut.p7b"
refused "a .p7b cut short" "$W/cut.p7b" damaged
printf 'c2VjcmV0IHRleHQgdGhhdCBpcyBubyBjZXJ0aWZpY2F0ZSBhdCBhbGwgYnV0IGxvbmcgZW5vdWdoIGZvciBpdA==' >"$W/words"
refused "base64 of a sentence" "$W/words" not-a-certificate
head -c 2000 /dev/zero | tr '\0' 'A' >"$W/letters"
refused "two thousand letters" "$W/letters" not-a-certificate
printf '\xff\xfe' >"$W/mark"
refused "a byte order mark alone" "$W/mark" not-a-certificate
cat "$PKI/issuing.crt" "$PKI/issuing.key" | utf16 >"$W/ca"
run "${E[@]}" "$DEVID_COMMAND" ca add --user --name other "$W/ca"
like "$rc $err" '^1 .*private key in the file' "a CA's private key in UTF-16 beside it: ca add sees it"
base64 -w 0 "$PKI/issuing.key" >"$W/ca"
run "${E[@]}" "$DEVID_COMMAND" ca add --user --name other "$W/ca"
like "$rc $err" '^1 .*private key in the file' "in base64 as well"
done_testing
