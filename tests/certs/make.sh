#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# make.sh FOLDER: the certificates that all tests share, made once a build. Safe to call by many at
# once; does nothing where they are there. The password of each .p12 but *-empty is in `password`.
#
# root ─┬─ issuing ─┬─ rsa2048 rsa3072 rsa4096 p256 p384 p521    device certificates
#       │           ├─ expired future japan comma second
#       │           ├─ size-2045 size-2049                     PEM files of that many bytes
#       │           └─ rsa1024 ed25519                         keys that are refused
#       ├─ server, server-ec                                     localhost, server.test, 127.0.0.1
#       └─ rooted                                                a device certificate of the root itself
# stranger-root ── stranger-issuing ── stranger stranger-p256    another CA, another name
# namesake-root ── namesake-issuing ── namesake                  another CA with the names of ours
# oldissuing (self-signed, expired) ── old-inside, old-after     issued before and after its end
#
# NAME.crt NAME.key NAME.p12 (leaf, issuer, root inside) for each device certificate, and
# NAME-chain.pem (leaf, issuer) for some; rsa2048-legacy.p12 (RC2-40 and 3DES, SHA-1 MAC),
# rsa2048-nomac.p12, rsa2048-empty.p12 (empty password), rsa2048-utf8.p12 (password in password-utf8),
# p256-alone.p12 (no CA inside); crl.pem (issuing's, revokes `second`).
set -eu
umask 022
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
. "$here/pki.sh"
folder=$1
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
cd "$folder"
# What made them is part of what they are: another maker makes them again.
stamp=$(cat "$here/make.sh" "$here/pki.sh" | sha256sum)
[ ! -e .stamp ] || [ "$(cat .stamp)" != "$stamp" ] || exit 0
rm -f -- *.crt *.key *.p12 *.pem .stamp

O=/C=JP/ST=Tokyo/O=Example
echo -n devid-test >password
echo -n 'pässwörd 鍵' >password-utf8

# Keys first, on all CPUs.
for key in root:rsa:2048 issuing:rsa:2048 rsa2048:rsa:2048 rsa3072:rsa:3072 rsa4096:rsa:4096 \
	second:rsa:2048 stranger:rsa:2048 namesake-issuing:rsa:2048 \
	p256:p256 p384:p384 p521:p521 server:rsa:2048 server-ec:p256 expired:p256 future:p256 \
	japan:p256 comma:p256 rooted:p256 size-2045:rsa:2048 size-2049:rsa:2048 stranger-root:p256 \
	stranger-issuing:p256 stranger-p256:p256 namesake-root:p256 namesake:p256 oldissuing:p256 \
	old-inside:p256 old-after:p256 rsa1024:rsa:1024 ed25519:ed25519; do
	echo "${key%%:*} ${key#*:}"
done | xargs -P 2 -n 2 bash -c '. "$0/pki.sh" && pki_key "$@"' "$here"

device() {
	pki_issue "$1" "${3:-issuing}" "$2" "${LEAF_EXTENSIONS[@]}"
}

pki_issue root root "$O/CN=Example Root CA" "${CA_EXTENSIONS[@]}"
pki_issue issuing root "$O/CN=Example Device CA" "${CA_EXTENSIONS[@]}" authorityKeyIdentifier=keyid
for name in rsa2048 rsa3072 rsa4096 p256 p384 p521 rsa1024 ed25519 second; do
	device $name "$O/CN=laptop-$name"
done
pki_issue server root "$O/CN=server.test" "${SERVER_EXTENSIONS[@]}"
pki_issue server-ec root "$O/CN=server-ec.test" "${SERVER_EXTENSIONS[@]}"
device rooted "$O/CN=laptop-rooted" root
END=20210101000000Z device expired "$O/CN=laptop-expired"
START=20480101000000Z device future "$O/CN=laptop-future"
device japan "/C=JP/ST=東京都/O=株式会社例/CN=端末 042"
device comma "/C=JP/O=Example, Inc./OU=Sales\\+Field/CN=laptop \"comma\""
for size in 2045 2049; do
	pki_issue_sized size-$size issuing "$O/CN=laptop-size-$size" $size "${LEAF_EXTENSIONS[@]}"
done

pki_issue stranger-root stranger-root "/C=JP/O=Other/CN=Other Root CA" "${CA_EXTENSIONS[@]}"
pki_issue stranger-issuing stranger-root "/C=JP/O=Other/CN=Other CA" "${CA_EXTENSIONS[@]}"
device stranger "/C=JP/O=Other/CN=stranger" stranger-issuing
device stranger-p256 "/C=JP/O=Other/CN=stranger-p256" stranger-issuing

pki_issue namesake-root namesake-root "$O/CN=Example Root CA" "${CA_EXTENSIONS[@]}"
pki_issue namesake-issuing namesake-root "$O/CN=Example Device CA" "${CA_EXTENSIONS[@]}"
device namesake "$O/CN=laptop-namesake" namesake-issuing

END=20220101000000Z pki_issue oldissuing oldissuing "$O/CN=Old Device CA" "${CA_EXTENSIONS[@]}"
START=20211231000000Z device old-inside "$O/CN=laptop-old-inside" oldissuing
START=20220102000000Z device old-after "$O/CN=laptop-old-after" oldissuing

cat issuing.crt root.crt >issuing-chain.pem
cat stranger-issuing.crt stranger-root.crt >stranger-chain.pem
cat namesake-issuing.crt namesake-root.crt >namesake-chain.pem
for name in rsa2048 rsa3072 rsa4096 p256 p384 p521 rsa1024 ed25519 second expired future japan comma \
	size-2045 size-2049; do
	pki_p12 $name $name.p12 devid-test -certfile issuing-chain.pem
done
for name in rsa2048 p256 expired second; do
	cat $name.crt issuing.crt >$name-chain.pem
done
pki_p12 rooted rooted.p12 devid-test -certfile root.crt
for name in stranger stranger-p256; do
	pki_p12 $name $name.p12 devid-test -certfile stranger-chain.pem
done
pki_p12 namesake namesake.p12 devid-test -certfile namesake-chain.pem
for name in old-inside old-after; do
	pki_p12 $name $name.p12 devid-test -certfile oldissuing.crt
done
pki_p12 rsa2048 rsa2048-legacy.p12 devid-test -certfile issuing-chain.pem -legacy
pki_p12 rsa2048 rsa2048-nomac.p12 devid-test -certfile issuing-chain.pem -nomac
pki_p12 rsa2048 rsa2048-empty.p12 '' -certfile issuing-chain.pem
pki_p12 rsa2048 rsa2048-utf8.p12 "$(cat password-utf8)" -certfile issuing-chain.pem
pki_p12 p256 p256-alone.p12 devid-test

# A revocation list of `issuing` that names `second`.
work=$(mktemp -d ./.crl.XXXXXX)
printf 'R\t491231235959Z\t250101000000Z\t%s\tunknown\t/CN=second\n' \
	"$(openssl x509 -in second.crt -noout -serial | sed 's/.*=//')" >"$work/index"
printf '[ca]\ndefault_ca=one\n[one]\ndatabase=%s/index\ndefault_md=sha256\n' "$work" >"$work/conf"
openssl ca -gencrl -config "$work/conf" -cert issuing.crt -keyfile issuing.key -crldays 9000 \
	-out crl.pem 2>/dev/null
rm -rf "$work"

chmod 600 -- *.key *.p12
echo "$stamp" >.stamp
