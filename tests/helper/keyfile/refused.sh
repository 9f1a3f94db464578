#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that are refused: each with its reason word, its exit status and words that help, at once and
# with nothing left behind.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"

W=$T/files
mkdir "$W"
OPTIONS=()

# refused NAME FILE REASON MESSAGE-REGEX [STATUS]
refused() {
	local name=$1 file=$2 reason=$3 message=$4 status=${5:-1}
	devid import-cert --json "${OPTIONS[@]}" "${PASSWORD[@]}" "$file" </dev/null
	is "$rc $(json "$out" 'd["reason"]')" "$status $reason" "$name: refused"
	like "$(json "$out" 'd["message"]')" "$message" "$name: in words that help"
	nothing_there || fail "$name: nothing is left"
	[ "$ms" -lt 10000 ] || fail "$name: at once ($ms ms)"
}

# by_hand KIND REASON MESSAGE [p12make.py's OPTIONS…]
by_hand() {
	local kind=$1 reason=$2 message=$3
	shift 3
	make "$W/$kind.p12" "$kind" "$@" || { fail "$kind: made"; return; }
	refused "$kind" "$W/$kind.p12" "$reason" "$message"
}

# --- passwords
printf wrong >"$T/wrong"
chmod 600 "$T/wrong"
PASSWORD=(--password-file "$T/wrong")
refused "wrong password" "$PKI/rsa2048.p12" wrong-password ': wrong password$'
refused "wrong password, legacy" "$PKI/rsa2048-legacy.p12" wrong-password ': wrong password$'
refused "wrong password, no MAC" "$PKI/rsa2048-nomac.p12" password-or-damaged 'wrong password or damaged file'
refused "a password where it is empty" "$PKI/rsa2048-empty.p12" wrong-password ': wrong password$'
make "$W/mac-only.p12" mac-only
refused "wrong password, nothing encrypted" "$W/mac-only.p12" password-or-damaged 'wrong password or damaged'
make "$W/ber.p12" ber
refused "wrong password, BER" "$W/ber.p12" wrong-password ': wrong password$'
make "$W/pbmac1.p12" pbmac1-sha256
refused "wrong password, PBMAC1" "$W/pbmac1.p12" wrong-password ': wrong password$'
: >"$T/none"
chmod 600 "$T/none"
PASSWORD=(--password-file "$T/none")
refused "an empty password where one is set" "$PKI/rsa2048.p12" wrong-password ': wrong password$'
PASSWORD=(--password-file "$T/nowhere")
refused "a password file that isn't there" "$PKI/rsa2048.p12" io 'nowhere: No such file'
PASSWORD=(--password-file "$T")
refused "a password file that is a folder" "$PKI/rsa2048.p12" io 'is a folder'
PASSWORD=(--password-fd 77)
refused "a password descriptor that isn't open" "$PKI/rsa2048.p12" io 'descriptor 77: Bad file descriptor'
head -c 10000 /dev/zero | tr '\0' a >"$T/long"
chmod 600 "$T/long"
PASSWORD=(--password-file "$T/long")
refused "a password of 10000 bytes" "$PKI/rsa2048.p12" io 'longer than any password'
PASSWORD=()
refused "no password and nobody to ask" "$PKI/rsa2048.p12" password-missing 'there is no terminal to ask on'
PASSWORD=(--password-file "$T/password")

# --- iteration counts: before anything is derived
for count in 10000001 2147483647 4294967296 9223372036854775807; do
	by_hand mac-count iterations "integrity check asks for $count iterations; at most 10000000" --count $count
	by_hand cipher-count iterations "encrypted part asks for $count iterations" --count $count
	by_hand pbes1-count iterations "encrypted part asks for $count iterations" --count $count
	by_hand hidden-count iterations "private key asks for $count iterations" --count $count
	by_hand pbmac1-count iterations "integrity check asks for $count iterations" --count $count
done
by_hand mac-count iterations 'more than 64 bits' --count 1180591620717411303424
by_hand mac-count damaged 'integrity check' --count 0
by_hand mac-count damaged 'integrity check' --count -1
by_hand cipher-count damaged 'the encryption of a part' --count 0
by_hand much-work iterations 'more than 160000000 iterations in all'

# --- algorithms, by name and number
by_hand unknown-mac algorithm-unsupported 'SHA3-256 \(2\.16\.840\.1\.101\.3\.4\.2\.8\)'
by_hand unknown-cipher algorithm-unsupported 'AES-256-GCM \(2\.16\.840\.1\.101\.3\.4\.1\.46\)'
by_hand unknown-kdf algorithm-unsupported 'scrypt \(1\.3\.6\.1\.4\.1\.11591\.4\.11\)'
by_hand unknown-prf algorithm-unsupported '1\.2\.643\.7\.1\.1\.4\.2'
by_hand unknown-scheme algorithm-unsupported '1\.2\.3\.4\.5\.6\.7\.8'
by_hand rc2-128 algorithm-unsupported 'RC2-128 \(1\.2\.840\.113549\.1\.12\.1\.5\)'
by_hand signed algorithm-unsupported 'integrity by a public key.*1\.2\.840\.113549\.1\.7\.2'
by_hand enveloped algorithm-unsupported 'encryption to a public key.*1\.2\.840\.113549\.1\.7\.3'
PASSWORD=(--password-file "$T/wrong")
refused "an unknown algorithm is no wrong password" "$W/unknown-kdf.p12" algorithm-unsupported scrypt
PASSWORD=(--password-file "$T/password")

# --- damage
by_hand spoiled-mac damaged 'the password is right, the integrity check fails'
by_hand spoiled-certificates damaged 'the password is right, the integrity check fails'
by_hand spoiled-under-good-mac damaged "the password is right for the rest of the file, but the private key"
by_hand two-passwords damaged 'or under another password'
by_hand short-cipher damaged 'impossible length'
by_hand no-content damaged 'its content'
by_hand empty-bags damaged 'a bag'
by_hand deep-safes damaged 'nested too deeply'
by_hand deep damaged 'damaged PKCS#12 file'
by_hand long-length damaged 'cut short'
by_hand longest-length damaged 'cut short'
by_hand many-bags file-too-large 'more than 512'
by_hand many-keys file-too-large 'more than 64 private keys'
by_hand version-2 not-a-certificate 'neither PKCS#12 nor'
size=$(stat -c %s "$PKI/rsa2048.p12")
for part in 1 2 5 20 $((size / 4)) $((size / 2)) $((size - 30)) $((size - 1)); do
	head -c "$part" "$PKI/rsa2048.p12" >"$W/cut"
	devid import-cert "${PASSWORD[@]}" "$W/cut"
	like "$rc $err" '^1 devid: .*(damaged|neither PKCS)' "cut to $part bytes: refused as damaged"
done
nothing_there || fail "cut files leave nothing"

# --- what is in it
by_hand key-without-certificate certificate-missing 'a private key is in it, and no certificate'
by_hand certificates-alone no-key 'no private key is in it'
by_hand wrong-certificate key-mismatch 'no certificate in it belongs to the private key' \
	--other-key "$PKI/p256.key" --other-cert "$PKI/second.crt"
make "$W/two.p12" two --other-key "$PKI/p256.key" --other-cert "$PKI/p256.crt"
refused "two identities, none named" "$W/two.p12" several-keys '2 keys.*"first".*"second"' 2
OPTIONS=(--friendly-name third)
refused "two identities, another named" "$W/two.p12" no-such-name 'called third.*"first".*"second"' 2
OPTIONS=(--friendly-name one)
make "$W/same.p12" same-name-twice --other-key "$PKI/p256.key" --other-cert "$PKI/p256.crt"
refused "two identities of one name" "$W/same.p12" several-keys 'more than one' 2
OPTIONS=()
openssl req -x509 -addext basicConstraints=CA:FALSE -newkey ed448 -nodes -keyout "$W/ed448.key" -out "$W/ed448.crt" -subj /CN=e -days 99 2>/dev/null
for curve in secp256k1 brainpoolP256r1 secp224r1; do
	openssl req -x509 -addext basicConstraints=CA:FALSE -newkey ec -pkeyopt "ec_paramgen_curve:$curve" -nodes -keyout "$W/$curve.key" \
		-out "$W/$curve.crt" -subj /CN=e -days 99 2>/dev/null
done
openssl req -x509 -addext basicConstraints=CA:FALSE -newkey rsa:4104 -nodes -keyout "$W/rsa4104.key" -out "$W/rsa4104.crt" -subj /CN=e \
	-days 99 2>/dev/null
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$W/pss.key" 2>/dev/null
openssl req -x509 -addext basicConstraints=CA:FALSE -key "$W/pss.key" -out "$W/pss.crt" -subj /CN=e -days 99 2>/dev/null
for row in 'rsa1024 shorter than 2048' 'rsa4104 longer than 4096' 'ed25519 Ed25519.*libp11' 'ed448 Ed448' \
	'secp256k1 P-256' 'brainpoolP256r1 P-256' 'secp224r1 P-256' 'pss bound to PSS'; do
	name=${row%% *}
	from=$W
	[ ! -e "$PKI/$name.crt" ] || from=$PKI
	openssl pkcs12 -export -inkey "$from/$name.key" -in "$from/$name.crt" -passout "file:$T/password" \
		-out "$W/$name.p12" 2>"$T/openssl.log" || { fail "$name: made"; diag "$(cat "$T/openssl.log")"; }
	refused "a key of $name" "$W/$name.p12" key-unsupported "${row#* }"
done

# --- what isn't such a file at all
: >"$W/empty"
refused "an empty file" "$W/empty" io 'is empty'
refused "no file" "$W/nothing" io 'No such file'
refused "a folder" "$W" io 'is a folder'
mkfifo "$W/fifo"
refused "a FIFO" "$W/fifo" io 'not a regular file'
refused "a device" /dev/zero io 'not a regular file'
truncate -s 100M "$W/large"
refused "100 MB" "$W/large" file-too-large 'larger than 1048576 bytes'
truncate -s 1048577 "$W/just"
refused "one byte over 1 MiB" "$W/just" file-too-large 'larger than 1048576'
head -c 5000 /dev/urandom >"$W/noise"
refused "noise" "$W/noise" not-a-certificate 'neither PKCS#12 nor'
echo 'a letter' >"$W/letter"
refused "a letter" "$W/letter" not-a-certificate 'neither PKCS#12 nor'
head -c 3000 /dev/zero >"$W/zeros"
refused "zeros" "$W/zeros" not-a-certificate 'neither PKCS#12 nor'
run timeout 20 bash -c 'head -c 3000000 /dev/zero | "$@"' - "${E[@]}" "$DEVID_COMMAND" import-cert --user \
	--store file --json "${PASSWORD[@]}" -
is "$rc $(json "$out" 'd["reason"]')" "1 file-too-large" "3 MB on standard input: refused"
ln -s "$W/nothing" "$W/dangling"
refused "a link that leads nowhere" "$W/dangling" io 'No such file'
done_testing
