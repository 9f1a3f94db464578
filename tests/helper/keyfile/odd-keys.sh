#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Keys and certificates in forms that our libraries don't make: those that say the same are taken, the others are
# called what they are, never damaged, never a wrong password.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"
W=$T/files
mkdir "$W"
odd() { # cert|key KIND NAME [OPTIONS…]
	local what=$1 kind=$2 name=$3
	shift 3
	[ "$what" = key ] || set -- --issuer "$PKI/issuing.crt" --issuer-key "$PKI/issuing.key" "$@"
	"${E[@]}" /usr/bin/python3 "$TESTS/helper/keyfile/oddmake.py" "$what" "$kind" "$W/$name" "$@" || fail "$name: made"
}
taken() { # NAME CERT FILE [OPTIONS…]
	local name=$1 cert=$2
	shift 2
	devid import-cert --label odd "${PASSWORD[@]}" "$@" </dev/null
	is "$rc" 0 "$name: imported" || diag "$err"
	ok "$name: and signs" signs odd "$cert"
	devid remove odd
	nothing_there || fail "$name: removed"
}
refused() { # NAME REASON REGEX FILE [OPTIONS…]
	local name=$1 reason=$2 regex=$3
	shift 3
	devid import-cert --json "${PASSWORD[@]}" "$@" </dev/null
	is "$rc $(json "$out" 'd["reason"]')" "1 $reason" "$name: refused"
	like "$(json "$out" 'd["message"]')" "$regex" "$name: for the true reason"
	nothing_there || fail "$name: nothing is left"
}

# --- the same in other words
odd key rsa-zeros zeros.key --key "$PKI/rsa2048.key"
odd key rsa-short short.key --key "$PKI/rsa2048.key"
odd key rsa-primes primes.key --key "$PKI/rsa2048.key"
for kind in zeros short primes; do
	taken "RSA without its CRT numbers ($kind)" "$PKI/rsa2048.crt" "$PKI/rsa2048.crt" --key "$W/$kind.key"
done
for curve in p256 p384 p521; do
	openssl ec -in "$PKI/$curve.key" -param_enc explicit -out "$W/$curve-explicit.key" 2>/dev/null
	openssl ec -in "$PKI/$curve.key" -conv_form compressed -out "$W/$curve-compressed.key" 2>/dev/null
	openssl ec -in "$PKI/$curve.key" -param_enc explicit -conv_form compressed 2>/dev/null |
		openssl pkcs8 -topk8 -nocrypt -out "$W/$curve-both.key"
	for form in explicit compressed both; do
		devid import-cert --dry-run --key "$W/$curve-$form.key" "$PKI/$curve.crt"
		is "$rc" 0 "$curve, $form: taken" || diag "$err"
	done
done
taken "a named curve spelled out" "$PKI/p256.crt" "$PKI/p256.crt" --key "$W/p256-explicit.key"
taken "both at once" "$PKI/p384.crt" "$PKI/p384.crt" --key "$W/p384-both.key"
make "$W/explicit.p12" mac-only --key "$W/p256-explicit.key" --cert "$PKI/p256.crt"
taken "the same in a .p12" "$PKI/p256.crt" "$W/explicit.p12"
odd cert no-null no-null.crt --key "$PKI/rsa2048.key"
taken "a certificate without the NULL of its RSA key" "$W/no-null.crt" "$W/no-null.crt" --key "$PKI/rsa2048.key"

# --- what can't be used, by its name
odd key rsa-wrong wrong.key --key "$PKI/rsa2048.key"
refused "RSA without primes, and a wrong exponent" damaged "private key can't be read" "$PKI/rsa2048.crt" --key "$W/wrong.key"
odd key other-curve other.key --key "$PKI/p256.key"
refused "P-256 with another generator" key-unsupported 'curve of its own' "$PKI/p256.crt" --key "$W/other.key"
odd key ml-kem ml-kem.key --key "$PKI/p256.key"
refused "an ML-KEM key" key-unsupported 'ML-KEM-768 \(2\.16\.840' "$PKI/p256.crt" --key "$W/ml-kem.key"
odd key dsa-inherited dsa.key --key "$PKI/p256.key"
refused "a DSA key that inherits its parameters" key-unsupported 'DSA \(1\.2\.840\.10040' "$PKI/p256.crt" --key "$W/dsa.key"
odd cert ml-kem ml-kem.crt --key "$PKI/p256.key"
refused "a certificate of an ML-KEM key" key-unsupported 'ML-KEM-768' "$W/ml-kem.crt" --key "$PKI/p256.key"
odd cert dsa-inherited dsa.crt --key "$PKI/p256.key"
refused "a certificate of such a DSA key" key-unsupported 'DSA \(' "$W/dsa.crt" --key "$PKI/p256.key"
odd cert explicit-curve explicit.crt --key "$PKI/p256.key"
refused "a certificate with its curve spelled out" key-unsupported 'curve is spelled out' "$W/explicit.crt" --key "$PKI/p256.key"

# --- certificates that break the standard: the CA has to mend them, in PEM and in PKCS#12
for kind in duplicate-extension time-with-offset; do
	odd cert "$kind" "$kind.crt" --key "$PKI/p256.key"
	words='same extension twice'
	[ "$kind" = duplicate-extension ] || words='dates are not written'
	cat "$W/$kind.crt" "$PKI/p256.key" >"$W/$kind.pem"
	refused "$kind, PEM" certificate-malformed "$words" "$W/$kind.pem"
	make "$W/$kind.p12" mac-only --key "$PKI/p256.key" --cert "$W/$kind.crt"
	refused "$kind, PKCS#12" certificate-malformed "$words" "$W/$kind.p12"
	devid import-cert "${PASSWORD[@]}" "$W/$kind.p12"
	like "$(head -n 1 <<<"$err")" "$words" "$kind: in the first line" || diag "$err"
	like "$err" 'hint: ask the CA' "$kind: and who has to mend it"
	run "${E[@]}" "$DEVID_COMMAND" ca add --user --name odd "$W/$kind.crt"
	like "$rc $err" "^1 .*$words" "$kind: ca add says the same"
	run "${E[@]}" "$DEVID_COMMAND" verify "$W/$kind.crt"
	like "$rc $err" "^3 .*$words" "$kind: so does verify"
done

# --- OpenSSL's traditional encryption
for cipher in des3 aes128 aes256 camellia256; do
	openssl rsa -in "$PKI/rsa2048.key" -traditional "-$cipher" -passout "file:$T/password" -out "$W/$cipher.key" 2>/dev/null
	devid import-cert --dry-run "${PASSWORD[@]}" --key "$W/$cipher.key" "$PKI/rsa2048.crt"
	is "$rc" 0 "$cipher, traditional: opened" || diag "$err"
done
sed 's/^/  /; 6s/$/ /' "$W/aes256.key" >"$W/indented.key"
devid import-cert --dry-run "${PASSWORD[@]}" --key "$W/indented.key" "$PKI/rsa2048.crt"
is "$rc" 0 "indented, traditional: opened" || diag "$err"
for cipher in aria256 seed rc2; do
	case $cipher in
	aria256) provider=() ;;
	*) provider=(-provider legacy -provider default) ;;
	esac
	openssl rsa -in "$PKI/rsa2048.key" -traditional "-$cipher" "${provider[@]}" -passout "file:$T/password" \
		-out "$W/$cipher.key" 2>/dev/null || fail "$cipher: made"
	refused "$cipher, traditional" algorithm-unsupported "${cipher%%[0-9]*}" --key "$W/$cipher.key" "$PKI/rsa2048.crt"
	shopt -s nocasematch
	like "$(json "$out" 'd["message"]')" "can't be read here: ${cipher%%256}" "$cipher: by its name"
	shopt -u nocasematch
	like "$(json "$out" 'd["hint"]')" 'openssl pkey -aes256' "$cipher: and the line that mends it"
	openssl pkey -aes256 "${provider[@]}" -in "$W/$cipher.key" -passin "file:$T/password" -passout pass:devid-test \
		-out "$W/mended.key"
	chmod 600 "$W/mended.key"
	devid import-cert --dry-run "${PASSWORD[@]}" --key "$W/mended.key" "$PKI/rsa2048.crt"
	is "$rc" 0 "$cipher: which does" || diag "$err"
done
printf wrong >"$T/wrong"
chmod 600 "$T/wrong"
PASSWORD=(--password-file "$T/wrong")
refused "traditional, a wrong password" password-or-damaged 'wrong password or damaged' --key "$W/aes256.key" "$PKI/rsa2048.crt"
refused "an unknown cipher is no wrong password" algorithm-unsupported 'ARIA' --key "$W/aria256.key" "$PKI/rsa2048.crt"
PASSWORD=(--password-file "$T/password")

# --- PBMAC1 (RFC 9579): a key longer than HMAC's block is legal
make "$W/long-mac.p12" pbmac1-key --count 256
taken "PBMAC1 with a key of 256 bytes" "$PKI/rsa2048.crt" "$W/long-mac.p12"
make "$W/short-mac.p12" pbmac1-key --count 8
refused "PBMAC1 with a key of 8 bytes" algorithm-unsupported 'PBMAC1 with too short a key' "$W/short-mac.p12"
make "$W/huge-mac.p12" pbmac1-key --count 5000
refused "PBMAC1 with a key of 5000 bytes" algorithm-unsupported 'PBMAC1 with too long a key' "$W/huge-mac.p12"
done_testing
