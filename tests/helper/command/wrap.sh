#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid wrap: identities of files made into what one TPM alone can take, imported there, and refused everywhere else.
# The TPMs are swtpm; `here` has none, as an administrator's machine.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tpm.sh"

need_pki
DATA=$T/home/.local/share/devid
OUT=$T/wrapped
mkdir "$OUT"

wrap() {
	run "${E[@]}" "$DEVID_COMMAND" wrap --password-file "$PKI/password" "$@"
}

import() {
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$@"
}

spki() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER
}

tss2() {
	echo "$DATA/$(spki "$1" | sha256sum | cut -d' ' -f1).tss2"
}

signs() {
	local name=$1 mechanism=(ECDSA-SHA256 --signature-format openssl)
	case $name in rsa*) mechanism=(SHA256-RSA-PKCS) ;; esac
	printf '%032d' 1 >"$T/data"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
		--mechanism "${mechanism[@]}" --id "$(spki "$name" | sha1sum | cut -d' ' -f1)" --input-file "$T/data" \
		--output-file "$T/signature"
	openssl x509 -in "$PKI/$name.crt" -noout -pubkey >"$T/key.pem"
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
}

# What an import that was refused may not leave.
nothing_left() {
	is "$(ls "$DATA" 2>/dev/null | grep -cE 'tss2|pending|identity$')" 0 "$1: nothing is left"
}

# public NAME: the storage key of the TPM that runs, in $T/NAME.pub.
public() {
	run "${E[@]}" "$DEVID_COMMAND" status --tpm-public
	is "$rc" 0 "the storage key of TPM $1 is printed" || diag "$err"
	printf '%s\n' "$out" >"$T/$1.pub"
}

# no_tpm: from here on this machine has none; other_tpm NAME: from here on it has this one. The agent is another, too.
no_tpm() {
	agent_end
	tpm_stop
}
other_tpm() {
	agent_end
	tpm_start "$1"
}

# --- what tells for whom -----------------------------------------------------------------------------

run "${E[@]}" "$DEVID_COMMAND" status --tpm-public
is "$rc" 5 "no TPM: there is nothing to print"
like "$err" "/dev/tpmrm0 is not there.*hint: switch it on in the firmware's settings\$" "and that is said, with no word of a store"
other_tpm second
public second
no_tpm
tpm_start first
public first
run "${E[@]}" "$DEVID_COMMAND" status --tpm-public --json
is "$("$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["tpm_public"], end="")' <<<"$out")" "$(cat "$T/first.pub")" \
	"the same as JSON"
"$PYTHON" - "$T/first.pub" "$T/first.tpm2b" <<-'Y'
	import base64, sys
	text = open(sys.argv[1]).read()
	assert text.startswith("-----BEGIN TPM2B_PUBLIC-----\n"), text
	open(sys.argv[2], "wb").write(base64.b64decode("".join(text.split("\n")[1:-2])))
Y
"${TPM[@]}" tpm2_createprimary -Q -C o -G ecc256:null:aes128cfb -c "$T/srk.ctx" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' -u /dev/null
"${TPM[@]}" tpm2_readpublic -Q -c "$T/srk.ctx" -o "$T/read.tpm2b" -n "$T/first.name"
ok "it is what tpm2-tools print of it" cmp "$T/first.tpm2b" "$T/read.tpm2b"
"${TPM[@]}" tpm2_flushcontext -t
no_tpm

# --- wrapped, without a TPM --------------------------------------------------------------------------

for name in rsa2048 p256 p384 rsa4096; do
	wrap --for "$T/first.pub" --out "$OUT/$name.pem" "$PKI/$name.p12"
	is "$rc" 0 "$name: wrapped" || diag "$err"
	is "$(stat -c %a "$OUT/$name.pem")" 600 "$name: its file is its owner's alone"
	is "$(grep -c 'BEGIN CERTIFICATE' "$OUT/$name.pem") $(grep -c 'BEGIN TSS2 PRIVATE KEY' "$OUT/$name.pem")" \
		"$(openssl pkcs12 -in "$PKI/$name.p12" -passin "file:$PKI/password" -nokeys 2>/dev/null | grep -c BEGIN) 1" \
		"$name: a key, and certificate and chain"
done
not_ok "no private key of another kind is in it" grep -q '^-----BEGIN [A-Z ]*PRIVATE KEY-----' <(grep -v TSS2 "$OUT/p256.pem")
like "$(cat "$OUT/p256.pem")" "Storage key: $(od -An -tx1 "$T/first.name" | tr -d ' \n')" "the file says for which storage key it is"
openssl asn1parse -in "$OUT/p256.pem" -inform PEM >"$T/asn1"
like "$(tr -d '\n' <"$T/asn1")" "OBJECT +:2.23.133.10.1.4.*BOOLEAN +:(255|TRUE).*cont \[ 2 \].*INTEGER +:40000001" "in the form of other programs: importable"
run "${E[@]}" "$DEVID_COMMAND" status --json
cp "$OUT/p256.pem" "$T/kept.pem"
wrap --for "$T/first.pub" --out "$OUT/p256.pem" "$PKI/p256.p12"
is "$rc" 0 "the same again: 0"
like "$err" "already here" "and nothing changed"
ok "and the file is as it was" cmp -s "$OUT/p256.pem" "$T/kept.pem"
wrap --for "$T/second.pub" --out "$OUT/p256.pem" "$PKI/p256.p12"
is "$rc" 1 "for another TPM: not written over"
wrap --for "$T/first.pub" --out "$OUT/p256.pem" "$PKI/p384.p12"
is "$rc" 1 "another identity: not written over"
ln -s "$T/elsewhere" "$OUT/link.pem"
wrap --for "$T/first.pub" --out "$OUT/link.pem" "$PKI/p384.p12"
is "$rc" 1 "a link is not followed"
not_ok "nor written through" test -e "$T/elsewhere"
ok "and the file is as it was" cmp -s "$OUT/p256.pem" "$T/kept.pem"
wrap --for "$T/first.tpm2b" --out "$OUT/raw.pem" "$PKI/p256.p12"
is "$rc" 0 "the bytes of other programs do as a storage key" || diag "$err"
run "${E[@]}" "$DEVID_COMMAND" wrap --for "$T/first.pub" --password-file "$PKI/password" --json --out "$OUT/json.pem" "$PKI/p256.p12"
is "$("$PYTHON" -c 'import json, sys; j = json.load(sys.stdin); print(j["result"], j["changed"], j["output"])' <<<"$out")" \
	"ok True $OUT/json.pem" "what was done as JSON"
wrap --for "$T/first.pub" "$PKI/p384.p12"
like "$out" "BEGIN TSS2 PRIVATE KEY" "without --out: to standard output"
wrap --for "$T/first.pub" --key "$PKI/p384.key" --out "$OUT/pair.pem" "$PKI/p384.crt"
is "$rc" 0 "a certificate and a key of its own" || diag "$err"
wrap --for "$T/first.pub" --out "$T/none.pem" "$PKI/p384.crt"
is "$rc" 1 "a certificate alone: there is nothing to wrap"
wrap --for "$T/first.pub" --out "$T/none.pem" "$OUT/p256.pem"
is "$rc" 1 "what is wrapped already is not wrapped again"
for words in "$PKI/p256.p12" "--for $T/first.pub" "--table $T/x" "--table $T/x --out $OUT --for $T/first.pub" \
	"--for - -" "--for $T/first.pub --json $PKI/p256.p12"; do
	wrap $words
	is "$rc" 2 "usage: ${words//$T/}"
done
run "${E[@]}" "$DEVID_COMMAND" inspect "$OUT/p256.pem"
is "$rc" 0 "inspect reads it" || diag "$out$err"
like "$out" "wrapped for the TPM of one computer" "and says what it is"

# --- what is no storage key --------------------------------------------------------------------------

other_tpm first
# area NAME ATTRIBUTES [ALGORITHM]: the public area of such a key, in $T/NAME.area.
area() {
	"${TPM[@]}" tpm2_createprimary -Q -C o -G "${3:-ecc256:null:aes128cfb}" -a "$2" -c "$T/area.ctx" 2>"$T/area.err" &&
		"${TPM[@]}" tpm2_readpublic -Q -c "$T/area.ctx" -o "$T/$1.area" || diag "$(cat "$T/area.err")"
	"${TPM[@]}" tpm2_flushcontext -t
}
area sign 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign' ecc256:ecdsa-sha256:null
area open 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|decrypt' ecc256
area da 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt'
area rsa 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' rsa2048:null:aes128cfb
no_tpm
"$PYTHON" - "$T" <<-'Y'
	import sys
	folder = sys.argv[1]
	good = bytearray(open(folder + "/first.tpm2b", "rb").read())
	def write(name, data):
	    open(f"{folder}/{name}.area", "wb").write(data)
	# size, type, nameAlg, attributes
	write("loose", good[:9] + bytes([good[9] & ~0x12]) + good[10:])
	write("cut", good[:-1])
	write("long", good + b"\0")
	write("off-curve", good[:-1] + bytes([good[-1] ^ 1]))
	write("hash", good[:4] + b"\0\4" + good[6:])
	write("type", good[:2] + b"\0\1" + good[4:])
	write("empty", b"")
	write("zero", b"\0\0")
	write("text", b"-----BEGIN TPM2B_PUBLIC-----\n!!!!\n-----END TPM2B_PUBLIC-----\n")
Y
openssl pkey -in "$PKI/p256.key" -pubout -out "$T/spki.area"
cp "$PKI/p256.crt" "$T/certificate.area"
for what in sign open da loose cut long off-curve hash type empty zero text spki certificate; do
	wrap --for "$T/$what.area" --out "$T/none.pem" "$PKI/p256.p12"
	is "$rc" 1 "no storage key ($what): refused" || diag "$err"
	not_ok "no storage key ($what): nothing is written" test -e "$T/none.pem"
done
wrap --for "$T/sign.area" --out "$T/none.pem" "$PKI/p256.p12"
like "$err" "none that a TPM keeps others below.*devid status --tpm-public" "and said so"
wrap --for "$T/rsa.area" --out "$OUT/below-rsa.pem" "$PKI/p256.p12"
is "$rc" 0 "an RSA storage key" || diag "$err"

# --- there -------------------------------------------------------------------------------------------

other_tpm second
import --store tpm --tpm-auth none "$OUT/p256.pem"
is "$rc" 1 "the wrong TPM: refused"
like "$err" "wrapped for another one.*devid status --tpm-public" "and that is said"
nothing_left "the wrong TPM"
no_tpm
tpm_start first
import "$OUT/p256.pem"
is "$rc" 5 "no keyring: the second lock is not given up"
like "$err" "--store tpm --tpm-auth none" "and the way out is named"
nothing_left "no keyring"
for store in file keyring "pkcs11:token=x"; do
	run "${E[@]}" "$DEVID_COMMAND" import-cert $([[ $store == pkcs11:* ]] || echo --user) --store "$store" "$OUT/p256.pem"
	is "$rc" 1 "--store $store: refused"
	like "$err" "wrapped for the TPM of one computer" "--store $store: and says why"
done
nothing_left "another store"
import --store tpm --tpm-auth none "$OUT/rsa4096.pem"
is "$rc" 1 "a key that this TPM does not take: refused"
like "$err" "TPM: it does not take the key" "and said so"
nothing_left "a key that this TPM does not take"
import --store tpm --tpm-auth none "$OUT/below-rsa.pem"
is "$rc" 1 "below a storage key that this TPM does not have: refused" || diag "$err"
nothing_left "another storage key"
import --dry-run --store tpm --tpm-auth none "$OUT/p256.pem"
is "$rc" 0 "--dry-run" || diag "$err"
nothing_left "--dry-run"
for name in rsa2048 p256 p384; do
	import --store tpm --tpm-auth none "$OUT/$name.pem"
	is "$rc" 0 "$name: imported" || diag "$err"
	unlike "$err" "can import it, too" "$name: there is no second lock that its file would lack"
	ok "$name: signs" signs $name
done
import --store tpm --tpm-auth none "$OUT/p256.pem"
is "$rc" 0 "the same again: 0"
like "$out" "already here" "and nothing changed"
openssl asn1parse -in "$(tss2 p256)" -inform PEM >"$T/asn1"
like "$(tr -d '\n' <"$T/asn1")" "OBJECT +:2.23.133.10.1.3" "its file is one of the TPM's own from then on"
agent_end
ok "another agent signs with it" signs p256
cp "$(tss2 p256)" "$T/copy.pem"
agent_end
run "${TPM[@]}" openssl pkeyutl -provider tpm2 -provider default -propquery '?provider=tpm2' -inkey "$T/copy.pem" -sign \
	-rawin -digest sha256 -in "$T/data" -out "$T/signature"
openssl x509 -in "$PKI/p256.crt" -noout -pubkey >"$T/key.pem"
ok "tpm2-openssl signs with a copy of it" openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
"${TPM[@]}" tpm2_flushcontext -t
rm -f "$(tss2 p256)"
import --store tpm --tpm-auth none "$OUT/p256.pem"
is "$rc" 0 "its file is lost: the same brings it back" || diag "$err"
ok "and signs" signs p256
run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys --yes
agent_end

# tpm2-tools import what devid wrapped.
"$PYTHON" - "$OUT/p384.pem" "$T/dup" <<-'Y'
	import base64, sys
	text = open(sys.argv[1]).read()
	body = text.split("-----BEGIN TSS2 PRIVATE KEY-----")[1].split("-----END")[0]
	der = base64.b64decode(body)
	def take(der, at):
	    length, at = der[at + 1], at + 2
	    if length & 0x80:
	        n = length & 0x7f
	        length, at = int.from_bytes(der[at:at + n], "big"), at + n
	    return at, at + length
	at, end = take(der, 0)
	parts = []
	while at < end:
	    start, stop = take(der, at)
	    parts.append((der[at], der[start:stop]))
	    at = stop
	seed = [value for tag, value in parts if tag == 0xa2][0]
	start, stop = take(seed, 0)
	open(sys.argv[2] + ".seed", "wb").write(seed[start:stop])
	octets = [value for tag, value in parts if tag == 4]
	open(sys.argv[2] + ".pub", "wb").write(octets[0])
	open(sys.argv[2] + ".priv", "wb").write(octets[1])
Y
"${TPM[@]}" tpm2_createprimary -Q -C o -G ecc256:null:aes128cfb -c "$T/srk.ctx" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
run "${TPM[@]}" tpm2_import -Q -C "$T/srk.ctx" -u "$T/dup.pub" -i "$T/dup.priv" -s "$T/dup.seed" -r "$T/dup.own"
is "$rc" 0 "tpm2_import takes what devid wrapped" || diag "$err"
"${TPM[@]}" tpm2_flushcontext -t
run "${TPM[@]}" tpm2_load -Q -C "$T/srk.ctx" -u "$T/dup.pub" -r "$T/dup.own" -c "$T/dup.ctx"
is "$rc" 0 "and tpm2_load what came of it" || diag "$err"
"${TPM[@]}" tpm2_flushcontext -t

# --- two locks ---------------------------------------------------------------------------------------

keyring_bus
keyring_start open
import --label two "$OUT/rsa2048.pem"
is "$rc" 0 "with a keyring: imported" || diag "$err"
like "$err" "rsa2048.pem: whoever may use this computer's TPM can import it, too, .*: remove it" "and the file's own key is warned of"
ok "and signs" signs rsa2048
is "$(keyring_items | wc -l)" 1 "its authorisation is an item of the keyring"
openssl asn1parse -in "$(tss2 rsa2048)" -inform PEM >"$T/asn1"
is "$(grep -c BOOLEAN "$T/asn1")" 0 "the file says that it has one"
cp "$(tss2 rsa2048)" "$T/copy.pem"
agent_end
run "${TPM[@]}" openssl pkeyutl -provider tpm2 -provider default -propquery '?provider=tpm2' -inkey "$T/copy.pem" \
	-passin pass: -sign -rawin -digest sha256 -in "$T/data" -out "$T/signature"
isnt "$rc" 0 "file and TPM without the keyring: no signature"
"${TPM[@]}" tpm2_flushcontext -t
ok "another agent signs, with both" signs rsa2048
keyring_lock
not_ok "keyring locked: no signature" signs rsa2048
keyring_unlock
ok "unlocked: it signs" signs rsa2048
run "${E[@]}" "$DEVID_COMMAND" remove --yes two
is "$(keyring_items | wc -l)" 0 "removed, its authorisation with it"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --label moving --password-file "$PKI/password" "$PKI/p384.p12"
import --label moving --replace "$OUT/p384.pem"
run "${E[@]}" "$DEVID_COMMAND" list
ok "from the keyring into the TPM, by what was wrapped" grep -qE '^moving +user +tpm' <<<"$out"
ok "and signs" signs p384
run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys --yes
is "$(keyring_items | wc -l)" 0 "all are gone"

# --- files that were changed -------------------------------------------------------------------------

"$PYTHON" - "$OUT/p256.pem" "$OUT/p384.pem" "$T/odd" <<-'Y'
	import base64, os, sys
	text, other = open(sys.argv[1]).read(), open(sys.argv[2]).read()
	folder = sys.argv[3]
	os.mkdir(folder)
	begin, end = "-----BEGIN TSS2 PRIVATE KEY-----\n", "-----END TSS2 PRIVATE KEY-----\n"
	def split(text):
	    head, rest = text.split(begin)
	    body, tail = rest.split(end)
	    return base64.b64decode(body), tail
	der, tail = split(text)
	def write(name, der, tail=tail):
	    body = base64.encodebytes(der).decode()
	    open(f"{folder}/{name}.pem", "w").write(begin + body + end + tail)
	def flip(at):
	    return der[:at] + bytes([der[at] ^ 1]) + der[at + 1:]
	write("other-certificate", der, split(other)[1])
	write("private", flip(len(der) - 1))
	write("private-middle", flip(len(der) - 60))
	# The public area begins behind the INTEGER 40000001 and its own header: size, type, nameAlg, attributes.
	area = der.index(b"\x02\x04\x40\x00\x00\x01") + 8
	assert der[area - 2] == 4
	write("restricted", flip(area + 2 + 4 + 1))
	write("decrypt", der[:area + 8] + bytes([der[area + 8] ^ 2]) + der[area + 9:])
	write("no-noda", der[:area + 8] + bytes([der[area + 8] ^ 4]) + der[area + 9:])
	write("point", flip(area + 2 + 4 + 4 + 20))
	seed = der.index(b"\xa2")
	write("seed", flip(seed + 20))
	write("auth", der.replace(b"\xa0\x03\x01\x01\xff", b"\xa0\x03\x01\x01\x00"))
	write("loadable", der.replace(b"\x0a\x01\x04", b"\x0a\x01\x03", 1))
	write("cut", der[:-5])
	write("nothing", b"")
	open(f"{folder}/no-certificate.pem", "w").write(text[:text.index("-----BEGIN CERT")])
	open(f"{folder}/two.pem", "w").write(text + other)
	open(f"{folder}/short.pem", "w").write(text[:400])
Y
cat "$OUT/p256.pem" "$PKI/p256.key" >"$T/odd/both.pem"
for odd in "$T"/odd/*.pem; do
	import --store tpm --tpm-auth none "$odd"
	isnt "$rc" 0 "changed ($(basename "$odd" .pem)): refused"
	ok "and said: $(grep -m 1 '^devid: ' <<<"$err" | sed "s|$T||")" grep -q '^devid: ' <<<"$err"
	nothing_left "$(basename "$odd" .pem)"
done
import --store tpm --tpm-auth none "$T/odd/other-certificate.pem"
like "$err" "does not belong to this certificate" "another certificate: in these words"
head -c -1 "$OUT/p256.pem" | sed '/BEGIN CERT/,$d' >"$T/key-alone.pem"
sed -n '/BEGIN CERT/,$p' "$OUT/p256.pem" >"$T/certificates.pem"
import --store tpm --tpm-auth none --key "$T/key-alone.pem" "$T/certificates.pem"
is "$rc" 0 "certificate and wrapped key in files of their own" || diag "$err"
ok "and signs" signs p256
run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys --yes

# --- one key in 256 has a zero where its number begins -----------------------------------------------

tpm_zero_keys
for part in scalar x y; do
	wrap --for "$T/first.pub" --out "$OUT/zero-$part.pem" "$T/zero-$part.pem"
	import --store tpm --tpm-auth none --label "zero-$part" "$OUT/zero-$part.pem"
	is "$rc" 0 "a key whose $part begins with a zero byte: wrapped, imported, and signs" || diag "$err"
done
run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys --yes

# --- an RSA storage key; one that came later ---------------------------------------------------------

agent_end
"${TPM[@]}" tpm2_createprimary -Q -C o -G rsa2048:null:aes128cfb -c "$T/srk.ctx" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
"${TPM[@]}" tpm2_evictcontrol -Q -C o -c "$T/srk.ctx" 0x81000001
"${TPM[@]}" tpm2_flushcontext -t
public rsa
for name in rsa2048 p384; do
	wrap --for "$T/rsa.pub" --out "$OUT/rsa-$name.pem" "$PKI/$name.p12"
	import --store tpm --tpm-auth none "$OUT/rsa-$name.pem"
	is "$rc" 0 "below an RSA storage key: $name" || diag "$err"
	ok "and signs" signs $name
done
import --store tpm --tpm-auth none "$OUT/p256.pem"
is "$rc" 0 "what was wrapped for the key of the standard template, which is no longer the first" || diag "$err"
ok "and signs" signs p256
no_tpm
tpm_start second
"${TPM[@]}" tpm2_createprimary -Q -C o -G rsa2048:null:aes128cfb -c "$T/srk.ctx" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
"${TPM[@]}" tpm2_evictcontrol -Q -C o -c "$T/srk.ctx" 0x81000001
"${TPM[@]}" tpm2_flushcontext -t
run "${E[@]}" "$DEVID_COMMAND" remove --yes p384
for name in rsa-rsa2048 rsa-p384 p384; do
	import --store tpm --tpm-auth none --replace "$OUT/$name.pem"
	is "$rc" 1 "$name: refused by another TPM with an RSA storage key"
	like "$err" "wrapped for another one" "$name: in these words"
done
no_tpm

# --- three hundred -----------------------------------------------------------------------------------

mkdir "$T/files" "$T/fleet"
for i in $(seq 300); do
	cp "$PKI/p256.p12" "$T/files/laptop-$i.p12"
	printf '%s\t%s\n' "$T/files/laptop-$i.p12" "$T/first.pub"
done >"$T/table"
"$PYTHON" - "$T/table" "$T" <<-'Y'
	import sys
	lines = open(sys.argv[1]).read().split("\n")
	folder = sys.argv[2]
	lines[6] = f"{folder}/files/none.p12\t{folder}/first.pub"
	lines[16] = f"{folder}/files/laptop-17.p12\t{folder}/sign.area"
	lines[26] = f"{folder}/files/laptop-27.p12\t{folder}/first.pub\t{folder}/wrong"
	lines[36] = f"{folder}/files/laptop-37.p12,{folder}/first.pub"
	open(sys.argv[1], "w").write("# a table\r\n\n" + "\n".join(lines))
Y
echo wrong >"$T/wrong"
chmod 600 "$T/wrong"
RUN_BOUND=120 wrap --table "$T/table" --out "$T/fleet"
is "$rc" 1 "a table with three bad lines: ends with 1"
is "$(ls "$T/fleet" | wc -l)" 297 "the others are wrapped"
is "$(find "$T/fleet" -type f ! -perm 600 | wc -l)" 0 "each for its owner alone"
like "$err" "297 of 300 wrapped" "how many is told"
for line in 9 19 29; do
	like "$err" "line $line: " "line $line is named"
done
unlike "$err" "line 39: " "with a comma it is as good"
is "$(cat "$T"/fleet/*.pem | grep -c 'BEGIN TSS2 PRIVATE KEY')" 297 "each has its key"
is "$(for f in "$T"/fleet/*.pem; do sed -n '/BEGIN TSS2/,/END TSS2/p' "$f" | sha256sum; done | sort -u | wc -l)" 297 \
	"and no two are wrapped in the same way"
sha256sum "$T"/fleet/*.pem >"$T/sums"
RUN_BOUND=120 run "${E[@]}" "$DEVID_COMMAND" wrap --password-file "$PKI/password" --table "$T/table" --out "$T/fleet" --json
is "$rc" 1 "once more, as JSON: 1"
is "$("$PYTHON" -c '
import json, sys
j = json.load(sys.stdin)
print(j["result"], j["wrapped"], j["failed"], sum(f["changed"] for f in j["files"]),
      [f["line"] for f in j["files"] if f["result"] != "ok"], sorted({f["reason"] for f in j["files"] if f["result"] != "ok"}))' <<<"$out")" \
	"error 297 3 0 [9, 19, 29] ['io', 'tpm-not-storage', 'wrong-password']" "which lines, and why"
ok "and no file was touched" sha256sum --quiet -c "$T/sums"
ok "nothing half is there" test -z "$(find "$T/fleet" -name '.*' -type f)"
# Keys that a second is not enough for.
mkdir "$T/slow"
openssl pkcs12 -in "$PKI/p256.p12" -passin "file:$PKI/password" -nodes -out "$T/slow.pem" 2>/dev/null
for i in 1 2; do
	openssl pkcs12 -export -in "$T/slow.pem" -passout "file:$PKI/password" -iter 9000000 -nomac -out "$T/slow/$i.p12"
	echo "$T/slow/$i.p12,$T/first.pub"
done >"$T/slow.table"
echo "$PKI/p384.p12,$T/first.pub" >>"$T/slow.table"
run "${E[@]}" timeout 100 /usr/bin/python3 "$TESTS/lib/pty-run.py" type "" -- "$DEVID_COMMAND" wrap --password-file "$PKI/password" \
	--table "$T/slow.table" --out "$T/fleet"
like "$out" "[12] of 3" "on a terminal it tells how far it is"
wrap --table "$T/slow.table" --out "$T/fleet"
unlike "$err" "[12] of 3" "and nowhere else"
# The password is asked for once.
mkdir "$T/typed"
printf '%s,%s\n' "$PKI/p256.p12" "$T/first.pub" "$PKI/p384.p12" "$T/first.pub" "$PKI/rsa2048.p12" "$T/first.pub" >"$T/table"
run "${E[@]}" timeout 60 /usr/bin/python3 "$TESTS/lib/pty-run.py" type "$(cat "$PKI/password")" -- "$DEVID_COMMAND" wrap \
	--table "$T/table" --out "$T/typed"
is "$(ls "$T/typed" | wc -l)" 3 "one password that is typed serves a table" || diag "$out"
is "$(grep -o 'Password of the files' <<<"$out" | wc -l)" 1 "and is asked for once"
for text in "one" "a,b,c,d" ",x" "a," $'a\tb\t'; do
	printf '%s\n' "$text" >"$T/table"
	wrap --table "$T/table" --out "$T/fleet"
	is "$rc" 1 "a line that can't be read ($text)"
	like "$err" "line 1 can't be read" "is named"
done
mkdir "$T/twice"
printf '%s,%s\n' "$PKI/p384.p12" "$T/first.pub" "$PKI/p384.p12" "$T/second.pub" "$PKI/p384.p12" "$T/first.pub" >"$T/table"
wrap --table "$T/table" --out "$T/twice"
is "$rc" 1 "one name for two TPMs: the second is not written over the first"
like "$err" "line 2: .*something else is there already.*2 of 3 wrapped" "and is named; the same again is no error"
like "$(cat "$T/twice/p384.tpm.pem")" "Storage key: $(od -An -tx1 "$T/first.name" | tr -d ' \n')" "the first stays"
printf '# nothing\n' >"$T/table"
wrap --table "$T/table" --out "$T/fleet"
is "$rc" 1 "a table with nothing in it"
printf 'a,b\0c\n' >"$T/table"
wrap --table "$T/table" --out "$T/fleet"
is "$rc" 1 "a table that is no text"
echo "$PKI/p256.p12,$T/first.pub" >"$T/table"
wrap --table "$T/table" --out "$T/no/such/folder"
is "$rc" 1 "a folder that isn't there"
other_tpm first
import --store tpm --tpm-auth none --label fleet "$T/fleet/laptop-300.tpm.pem"
is "$rc" 0 "one of them is imported" || diag "$err"
ok "and signs" signs p256

# --- without the agent's part ------------------------------------------------------------------------

agent_end
env_set DEVID_TEST_TPM_PART="$T/no-such-part.so"
wrap --for "$T/first.pub" --out "$T/none.pem" "$PKI/p256.p12"
is "$rc" 5 "without the agent's part for TPMs: ends with 5"
like "$err" "part for it can't be opened" "and is told as that"
unlike "$err" "--store" "and no store is offered where nothing is stored"
done_testing
