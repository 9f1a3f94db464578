#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files of several identities: inspect shows what tells them apart, import-cert takes the one that is meant, and by
# itself the only one that can be a device's. And the names that they bring, in every string type.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"
W=$T/files
mkdir "$W"
leaf() { # KIND NAME KEY [OPTIONS…]
	local kind=$1 name=$2 key=$3
	shift 3
	"${E[@]}" /usr/bin/python3 "$TESTS/helper/keyfile/oddmake.py" cert "$kind" "$W/$name.crt" --key "$key" \
		--issuer "$PKI/issuing.crt" --issuer-key "$PKI/issuing.key" "$@" || fail "$name: made"
}
two() { # FILE CERT KEY OTHER-CERT OTHER-KEY [KIND]
	make "$W/$1.p12" "${6:-same-name-twice}" --cert "$2" --key "$3" --other-cert "$4" --other-key "$5"
}
imports() { # NAME CERT OPTIONS… FILE
	local name=$1 cert=$2
	shift 2
	devid import-cert --json --dry-run "${PASSWORD[@]}" "$@" </dev/null
	is "$rc $(json "$out" 'd["fingerprint"]')" \
		"0 $(openssl x509 -in "$cert" -outform der | sha256sum | cut -c 1-64)" "$name"
}
asks() { # NAME REASON REGEX OPTIONS… FILE
	local name=$1 reason=$2 regex=$3
	shift 3
	devid import-cert --json --dry-run "${PASSWORD[@]}" "$@" </dev/null
	is "$rc $(json "$out" 'd["reason"]')" "2 $reason" "$name"
	like "$(json "$out" 'd["message"]')" "$regex" "$name: tells what there is"
}

# --- signing and encryption certificate of one person, under one name
leaf plain sign "$PKI/p256.key" --cn alice
leaf plain encrypt "$PKI/rsa2048.key" --cn alice --usage encrypt
two pair "$W/encrypt.crt" "$PKI/rsa2048.key" "$W/sign.crt" "$PKI/p256.key"
devid inspect "${PASSWORD[@]}" "$W/pair.p12"
serial=$(openssl x509 -in "$W/encrypt.crt" -noout -serial | cut -d = -f 2)
print=$(openssl x509 -in "$W/encrypt.crt" -outform der | sha256sum | cut -c 1-64)
for what in 'number +1' 'number +2' 'RSA 2048' 'EC P-256' "SHA-256 +$print" '2025-01-01 to 2045-01-01'; do
	like "$out" "$what" "inspect tells: $what"
done
shown=$(sed -n 's/^ *serial *//p' <<<"$out" | head -n 1)
is "$((16#${shown//:/}))" "$((16#$serial))" "and the serial number"
devid inspect --json "${PASSWORD[@]}" "$W/pair.p12"
is "$(json "$out" '[i["number"] for i in d["files"][0]["identities"]]')" "[1, 2]" "--json has the numbers"
imports "the one for clients is taken by itself" "$W/sign.crt" "$W/pair.p12"
like "$(json "$out" '" ".join(d["warnings"])')" 'only one .*made for TLS clients: 2: ' "which is told"
imports "by number" "$W/encrypt.crt" --number 1 "$W/pair.p12"
imports "by serial number" "$W/encrypt.crt" --serial "$shown" "$W/pair.p12"
imports "as openssl prints it" "$W/encrypt.crt" --serial "$serial" "$W/pair.p12"
imports "by fingerprint" "$W/encrypt.crt" --fingerprint "${print^^}" "$W/pair.p12"
imports "with colons" "$W/encrypt.crt" --fingerprint "$(sed 's/../&:/g; s/:$//' <<<"$print")" "$W/pair.p12"
imports "by key" "$W/encrypt.crt" --key-type rsa "$W/pair.p12"
imports "by its whole name" "$W/sign.crt" --key-type 'EC P-256' "$W/pair.p12"
imports "by name, of which one can be used" "$W/sign.crt" --friendly-name one "$W/pair.p12"
asks "a number that there isn't" no-such-name 'there are: 1: .* 2: ' --number 3 "$W/pair.p12"
asks "two that contradict each other" no-such-name 'there are' --number 1 --key-type EC "$W/pair.p12"
asks "half a key type" no-such-name 'there are' --key-type R "$W/pair.p12"
asks "a wrong day" no-such-name 'there are' --expires 2044-01-01 "$W/pair.p12"
devid import-cert --number -1 "$W/pair.p12"
is "$rc" 2 "numbers count from 1"

# --- two that could both be meant
leaf plain other "$PKI/rsa2048.key" --cn alice --end 2044-01-01
two both "$W/other.crt" "$PKI/rsa2048.key" "$W/sign.crt" "$PKI/p256.key"
asks "two for clients" several-keys '2 keys.*1: .*2044-01-01.*2: .*2045-01-01' "$W/both.p12"
hint=$(json "$out" 'd["hint"]')
like "$hint" '--number' "the hint names the option"
imports "which leads out" "$W/other.crt" --number 1 "$W/both.p12"
imports "by day" "$W/other.crt" --expires 2044-01-01 "$W/both.p12"
leaf plain ended "$PKI/rsa2048.key" --cn alice --begin 2020-01-01 --end 2021-01-01
two old "$W/ended.crt" "$PKI/rsa2048.key" "$W/sign.crt" "$PKI/p256.key"
imports "an expired one beside a valid one" "$W/sign.crt" "$W/old.p12"

# --- old and new certificate of one key: the valid one, whatever the key's id says
for kind in renewed renewed-backwards; do
	make "$W/$kind.p12" "$kind" --key "$PKI/rsa2048.key" --cert "$W/ended.crt" --other-cert "$W/other.crt" \
		--other-key "$PKI/rsa2048.key"
	imports "$kind: the valid certificate" "$W/other.crt" "$W/$kind.p12"
	like "$(json "$out" '" ".join(d["warnings"])')" '2025-01-01 to 2044-01-01 is taken; left out: 2020-01-01 to 2021-01-01' \
		"$kind: what is left out is named, with its dates"
	devid inspect "${PASSWORD[@]}" "$W/$kind.p12"
	like "$out" 'left out: 2020-01-01 to 2021-01-01' "$kind: by inspect too"
done

# --- names in every string type
for type in utf8 t61 bmp universal; do
	leaf plain "name-$type" "$PKI/p256.key" --cn 'Büro Zürich' --string "$type"
	cat "$W/name-$type.crt" "$PKI/p256.key" >"$W/name.pem"
	chmod 600 "$W/name.pem"
	devid import-cert --json "$W/name.pem"
	is "$(json "$out" 'd["label"]')" 'Büro Zürich' "$type: the label is the name as text"
	like "$(json "$out" 'd["uri"]')" 'object=B%C3%BCro%20Z%C3%BCrich' "$type: so is its URI"
	devid remove 'Büro Zürich'
	is "$rc" 0 "$type: removed by it"
done
done_testing
