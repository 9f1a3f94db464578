#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The table of .p12 files: each made on the spot, by openssl, certtool, pk12util, keytool and Python's
# cryptography where they are there, and by hand in the shapes of Windows, macOS, Go and old NSS; each
# imported, its chain compared, signed with through the module and verified with openssl, and removed.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"

UTF8=$(cat "$PKI/password-utf8")
cat "$PKI/issuing.crt" "$PKI/root.crt" >"$T/cas.pem"
W=$T/p12
mkdir "$W"

# try NAME FILE [CERT [CHAIN-LENGTH]]: one row of the table. PASSWORD and CHOICE (options) are the caller's.
CHOICE=()
try() {
	local name=$1 file=$2 cert=${3:-$PKI/rsa2048.crt} chain=${4:-3}
	devid import-cert --label row "${CHOICE[@]}" "${PASSWORD[@]}" "$file"
	if [ "$rc" -ne 0 ]; then
		fail "$name: imported"
		diag "$(last_run)"
		return
	fi
	devid export row
	is "$(grep -c BEGIN <<<"$out") $(head -n "$(wc -l <"$cert")" <<<"$out" | cmp - "$cert" && echo same)" \
		"$chain same" "$name: the leaf first, with its chain"
	ok "$name: signs" signs row "$cert"
	devid remove row
	[ "$rc" -eq 0 ] && nothing_there || { fail "$name: removed"; diag "$(last_run)"; }
}

with_password() {
	printf '%s' "$1" >"$T/other-password"
	chmod 600 "$T/other-password"
	PASSWORD=(--password-file "$T/other-password")
}
usual_password() {
	PASSWORD=(--password-file "$T/password")
}

# by_openssl NAME [OPTIONS…]
by_openssl() {
	local name=$1 passout=file:${PASSWORD[1]}
	shift
	[ -s "${PASSWORD[1]}" ] || passout=pass:
	openssl pkcs12 -export -inkey "$PKI/rsa2048.key" -in "$PKI/rsa2048.crt" -certfile "$T/cas.pem" \
		-passout "$passout" -out "$W/openssl.p12" "$@" 2>"$T/openssl.log" ||
		{ fail "openssl $name: made"; diag "$(cat "$T/openssl.log")"; return; }
	try "openssl $name" "$W/openssl.p12"
}

by_openssl defaults
by_openssl legacy -legacy
by_openssl "named in Japanese" -name '端末 042' -caname ca
for cipher in AES-128-CBC AES-192-CBC AES-256-CBC DES-EDE3-CBC CAMELLIA-256-CBC PBE-SHA1-3DES PBE-SHA1-2DES; do
	by_openssl "$cipher" -keypbe "$cipher" -certpbe "$cipher"
done
by_openssl "RC2-40 and 3DES" -legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-RC2-40
by_openssl "RC2-40 for both" -legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-40
by_openssl RC4-128 -legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-128
by_openssl "certificates open" -certpbe NONE
by_openssl "nothing encrypted" -certpbe NONE -keypbe NONE
for digest in sha1 sha224 sha256 sha384 sha512; do
	by_openssl "MAC $digest" -macalg "$digest"
done
by_openssl "no MAC" -nomac
by_openssl "no MAC, legacy" -nomac -legacy
by_openssl "one iteration" -iter 1 -nomaciter
by_openssl "100000 iterations" -iter 100000
by_openssl "a CSP's name" -CSP "Microsoft Software Key Storage Provider" -LMK -keysig
with_password ''
by_openssl "empty password"
by_openssl "empty password, legacy" -legacy
by_openssl "empty password, no MAC" -nomac
with_password "$UTF8"
by_openssl "UTF-8 password"
by_openssl "UTF-8 password, legacy" -legacy
with_password 'with blanks, "quotes" and a \backslash 🔑'
by_openssl "astral password"
by_openssl "astral password, legacy" -legacy
with_password "$(printf 'x%.0s' {1..500})"
by_openssl "a password of 500 characters"
usual_password

# EC keys, other sizes.
for name in p256 p384 p521 rsa3072 rsa4096; do
	try "$name" "$PKI/$name.p12" "$PKI/$name.crt"
done
try "without its CA" "$PKI/p256-alone.p12" "$PKI/p256.crt" 1

# GnuTLS.
by_certtool() {
	local name=$1
	shift
	"${E[@]}" certtool --to-p12 --load-privkey "$PKI/rsa2048.key" --load-certificate "$PKI/rsa2048.crt" \
		--load-ca-certificate "$T/cas.pem" --p12-name gnutls "$@" >"$W/certtool.p12" 2>"$T/certtool.log" ||
		{ fail "certtool $name: made"; diag "$(cat "$T/certtool.log")"; return; }
	# It takes the first CA certificate of a file alone.
	try "certtool $name" "$W/certtool.p12" "$PKI/rsa2048.crt" 2
}
for cipher in aes-128 aes-192 aes-256 3des 3des-pkcs12 arcfour rc2-40; do
	by_certtool "$cipher" --outder --pkcs-cipher "$cipher" --password "$(cat "$T/password")"
done
by_certtool "in PEM dress" --password "$(cat "$T/password")"
with_password ''
by_certtool "empty password" --outder --empty-password --password ''
by_certtool "null password" --outder --null-password
usual_password

# NSS.
if command -v pk12util >/dev/null; then
	mkdir "$T/nss"
	openssl pkcs12 -export -inkey "$PKI/rsa2048.key" -in "$PKI/rsa2048.crt" -certfile "$T/cas.pem" \
		-passout "file:$T/password" -name nss -out "$W/to-nss.p12"
	"${E[@]}" certutil -N -d "sql:$T/nss" --empty-password
	"${E[@]}" pk12util -i "$W/to-nss.p12" -d "sql:$T/nss" -w "$T/password" >/dev/null
	by_nss() {
		local name=$1
		shift
		"${E[@]}" pk12util -o "$W/nss.p12" -n nss -d "sql:$T/nss" -w "$T/password" "$@" >"$T/nss.log" 2>&1 ||
			{ fail "pk12util $name: made"; diag "$(cat "$T/nss.log")"; return; }
		chmod 600 "$W/nss.p12"
		try "pk12util $name" "$W/nss.p12"
	}
	by_nss defaults
	by_nss "RC2-40 and 3DES" -c "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC" \
		-C "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC"
	by_nss "AES-128" -c AES-128-CBC -C AES-128-CBC
	by_nss "Camellia" -c CAMELLIA-256-CBC -C CAMELLIA-256-CBC
else
	skip "pk12util isn't there"
fi

# Java: its EC keys come without their public points.
if command -v keytool >/dev/null; then
	by_java() {
		local name=$1 from=$2 cert=$3
		shift 3
		rm -f "$W/java.p12"
		"${E[@]}" keytool "$@" -importkeystore -srckeystore "$from" -srcstorepass "$(cat "$T/password")" \
			-destkeystore "$W/java.p12" -deststorepass "$(cat "$T/password")" -deststoretype PKCS12 \
			-srcstoretype PKCS12 >"$T/java.log" 2>&1 ||
			{ fail "keytool $name: made"; diag "$(cat "$T/java.log")"; return; }
		chmod 600 "$W/java.p12"
		try "keytool $name" "$W/java.p12" "$cert"
	}
	by_java RSA "$PKI/rsa2048.p12" "$PKI/rsa2048.crt"
	by_java EC "$PKI/p256.p12" "$PKI/p256.crt"
	by_java "legacy" "$PKI/p384.p12" "$PKI/p384.crt" -J-Dkeystore.pkcs12.legacy
else
	skip "keytool isn't there"
fi

# Python's cryptography (rust-openssl's shapes).
if "${E[@]}" /usr/bin/python3 -c 'import cryptography' 2>/dev/null; then
	"${E[@]}" /usr/bin/python3 - "$PKI" "$W/python.p12" "$(cat "$T/password")" <<-'P'
		import sys
		from cryptography import x509
		from cryptography.hazmat.primitives import serialization as s
		from cryptography.hazmat.primitives.serialization import pkcs12
		read = lambda name: open(sys.argv[1] + "/" + name, "rb").read()
		key = s.load_pem_private_key(read("rsa2048.key"), None)
		cert = lambda name: x509.load_pem_x509_certificate(read(name))
		open(sys.argv[2], "wb").write(pkcs12.serialize_key_and_certificates(
		    "πython".encode(), key, cert("rsa2048.crt"), [cert("root.crt"), cert("issuing.crt")],
		    s.BestAvailableEncryption(sys.argv[3].encode())))
	P
	chmod 600 "$W/python.p12"
	try "Python" "$W/python.p12"
else
	skip "Python's cryptography isn't there"
fi

# By hand.
by_hand() {
	local name=$1 kind=$2
	shift 2
	make "$W/hand.p12" "$kind" "$@" || { fail "by hand, $name: made"; return; }
	try "by hand, $name" "$W/hand.p12"
}
for kind in simple windows windows-aes go ber nested pbes1-2key rc4 pbes2-aes-192 pbes2-3des pbmac1-sha256 \
	pbmac1-sha512 reversed-chain trailing many-certificates garbage-certificate; do
	by_hand "$kind" "$kind"
done
for prf in sha1 sha224 sha256 sha384 sha512; do
	by_hand "PBKDF2 $prf" "pbes2-aes-128-$prf"
	by_hand "PBKDF2 $prf, AES-256" "pbes2-aes-256-$prf"
done
make "$W/hand.p12" macos && try "by hand, macos" "$W/hand.p12" "$PKI/rsa2048.crt" 1
make "$W/hand.p12" mac-only && try "by hand, nothing encrypted" "$W/hand.p12" "$PKI/rsa2048.crt" 1
make "$W/hand.p12" bare && PASSWORD=() && try "by hand, no password at all" "$W/hand.p12" "$PKI/rsa2048.crt" 1
by_hand "empty password of two zeros" empty-zeros
by_hand "empty password of no bytes" empty-absent
with_password "$UTF8"
by_hand "UTF-8 password" given-password --password "$UTF8"
by_hand "UTF-8 password as OpenSSL 1.0 took it" old-openssl-password --password "$UTF8"
with_password $'pa\xcc\x88ssword'
by_hand "a decomposed password for a composed one" given-password --password 'pässword'
with_password 'pässword'
by_hand "a composed password for a decomposed one" given-password --password $'pa\xcc\x88ssword'
usual_password
make "$W/hand.p12" simple --key "$PKI/p256.key" --cert "$PKI/p256.crt" --without-point
try "by hand, EC without its point" "$W/hand.p12" "$PKI/p256.crt"
make "$W/two.p12" two --other-key "$PKI/p256.key" --other-cert "$PKI/p256.crt"
CHOICE=(--friendly-name second)
try "the second of two" "$W/two.p12" "$PKI/p256.crt"
CHOICE=(--friendly-name first)
try "the first of two" "$W/two.p12"
CHOICE=()

# 10 million iterations are the most that is done.
make "$W/most.p12" real-count --count 10000000
try "10000000 iterations" "$W/most.p12"
done_testing
