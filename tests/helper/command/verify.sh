#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# verify: the chain check for a gateway. Exit 0, or 3 and one line why; 6 without an account, 1 with a broken one.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
umask 022
account() {
	rm -rf "$T/$1"
	mkdir -p "$T/$1/signing"
	local folder=$1 name
	shift
	for name; do
		cp "$PKI/$name.crt" "$T/$folder/signing/"
		mv "$T/$folder/signing/$name.crt" "$T/$folder/signing/$name.pem"
	done
}
# refused FILE REGEX NAME [OPTION…]
refused() {
	local file=$1 regex=$2 name=$3
	shift 3
	devid verify --config "$T/gate" "$@" "$file"
	is "$rc" 3 "$name: 3"
	like "$err" "$regex" "$name: says why"
	is "$(wc -l <<<"$err")$out" 1 "$name: in one line"
}

devid verify "$PKI/p256.crt"
is "$rc" 6 "no account: 6"
is "$(wc -l <<<"$err")" 1 "in one line"
devid verify --config "$T/missing" "$PKI/p256.crt"
is "$rc" 6 "a folder that isn't there holds no account"
mkdir "$T/empty"
devid verify --config "$T/empty" "$PKI/p256.crt"
is "$rc" 6 "nor does an empty one"

account gate issuing
devid verify --config "$T/gate" "$PKI/p256.crt"
is "$rc" 0 "a good leaf"
is "$(wc -l <<<"$out")$err" 1 "one line"
like "$out" 'laptop-p256: accepted through signing certificate issuing' "says through what"
for name in rsa2048 p384 p521 comma japan; do
	devid verify --config "$T/gate" "$PKI/$name.crt"
	is "$rc" 0 "$name passes"
done
cat "$PKI/p256.crt" "$PKI/issuing.crt" "$PKI/root.crt" >"$T/chain.pem"
devid verify --config "$T/gate" "$T/chain.pem"
is "$rc" 0 "a chain, leaf first"
run "${E[@]}" "$DEVID_COMMAND" verify --config "$T/gate" - <"$T/chain.pem"
is "$rc" 0 "from standard input"
run bash -c 'cat "$1" | "${@:2}"' - "$T/chain.pem" "${E[@]}" "$DEVID_COMMAND" verify --config "$T/gate" -
is "$rc" 0 "from a pipe"
run bash -c '"${@:2}" <(cat "$1")' - "$T/chain.pem" "${E[@]}" "$DEVID_COMMAND" verify --config "$T/gate"
is "$rc" 0 "from a process's FIFO"
ln -s chain.pem "$T/link.pem"
devid verify --config "$T/gate" "$T/link.pem"
is "$rc" 0 "through a link"
(echo "some text before"; cat "$T/chain.pem"; echo "and after") >"$T/text.pem"
devid verify --config "$T/gate" "$T/text.pem"
is "$rc" 0 "with text around"
sed 's/$/\r/' "$T/chain.pem" >"$T/crlf.pem"
devid verify --config "$T/gate" "$T/crlf.pem"
is "$rc" 0 "with line ends of Windows"
openssl x509 -in "$PKI/p256.crt" -outform der -out "$T/leaf.der"
devid verify --config "$T/gate" "$T/leaf.der"
is "$rc" 0 "DER"
devid verify --config "$T/gate" --json "$T/chain.pem"
is "$(json '[j["result"], j["reason"], j["signing_name"]]')" "['ok', 'ok', 'issuing']" "--json of a good one"

# --- refused
refused "$PKI/stranger.crt" 'not issued by any signing certificate.*CN=Other CA' "a stranger"
refused "$PKI/namesake.crt" 'devid: ' "a CA of the same name"
refused "$PKI/expired.crt" 'expired on 2021-01-01' "an expired one"
refused "$PKI/future.crt" 'not valid|2048' "one of the future"
refused "$PKI/rooted.crt" 'not issued' "one of the root itself"
refused "$PKI/rsa1024.crt" 'key|1024' "a short key"
refused "$PKI/issuing.crt" 'devid: ' "the signing certificate itself"
refused /dev/null 'no device certificate' "nothing at all"
echo "no certificate" >"$T/text"
refused "$T/text" 'no device certificate' "text"
refused "$PKI/p256.key" 'no device certificate' "a private key"
head -c 100 "$PKI/p256.crt" >"$T/cut.pem"
refused "$T/cut.pem" 'devid: ' "a certificate cut short"
sed '2s/^....../AAAAAA/' "$PKI/p256.crt" >"$T/damaged.pem"
refused "$T/damaged.pem" "can't be read" "a damaged one"
(cat "$PKI/p256.crt"; cat "$T/damaged.pem") >"$T/second.pem"
refused "$T/second.pem" "can't be read" "a good one with a damaged one behind it"
cat "$PKI/stranger.crt" "$PKI/p256.crt" "$PKI/issuing.crt" >"$T/order.pem"
refused "$T/order.pem" 'not issued' "the leaf is the first, whatever comes behind it"
for i in {1..33}; do cat "$PKI/issuing.crt"; done >"$T/many.pem"
refused "$T/many.pem" 'more than 32' "33 certificates"
refused "$PKI/p256.p12" ': it is a .p12' "a .p12, which is not damaged"
head -c 200 "$T/leaf.der" >"$T/cut.der"
refused "$T/cut.der" "can't be read" "DER cut short"
refused "$PKI/p256.crt" 'not valid|2019' "before its time" --at 2019-12-31
refused "$PKI/p256.crt" 'expired' "after it" --at 2050-01-02
devid verify --config "$T/gate" --at 2020-06-01 "$PKI/expired.crt"
is "$rc" 0 "an expired one, in its time"
devid verify --config "$T/gate" --at 2020-06-01T00:00Z –json "$PKI/expired.crt"
is "$(json 'j["result"]')" ok "so with --json, and a pasted dash"
devid verify --config "$T/gate" --json "$PKI/stranger.crt"
is "$rc" 3 "--json of a refused one"
is "$(json '[j["result"], j["reason"], j["brackets"]]')" \
	"['error', 'issuer-unknown', 'Certificate error. [C=JP, ST=Tokyo, O=Example, CN=Example Device CA]']" \
	"has the bracket line"

# --- path and issuer
account gate root
refused "$T/chain.pem" 'not issued' "the root alone, Chain=issuer"
devid verify --config "$T/gate" --chain path "$T/chain.pem"
is "$rc" 0 "--chain path accepts"
refused "$PKI/p256.crt" 'not issued' "without the intermediate, --chain path" --chain path
printf '[Account]\nChain=path\n' >"$T/gate/account.conf"
devid verify --config "$T/gate" "$T/chain.pem"
is "$rc" 0 "Chain=path of the account accepts"
refused "$T/chain.pem" 'not issued' "--chain issuer goes before it" --chain issuer
rm "$T/gate/account.conf"

# The gateway's intermediates beside what was sent.
devid verify --config "$T/gate" --chain path --intermediates "$PKI/issuing.crt" "$PKI/p256.crt"
is "$rc" 0 "a leaf alone, with the gateway's intermediate"
refused /dev/null 'no device certificate' "nothing sent is nothing, whatever the gateway has" \
	--chain path --intermediates "$PKI/issuing.crt"
refused "$PKI/stranger.crt" 'not issued' "a stranger, whatever the gateway has" --chain path --intermediates "$PKI/issuing.crt"
devid verify --config "$T/gate" --intermediates "$T/missing" "$PKI/p256.crt"
is "$rc" 1 "intermediates that aren't there"

# --- as OpenVPN's tls-verify: 0 or 1, one line and one event
account gate issuing
mkdir "$T/exported"
leaf=$T/exported/leaf.pem
openvpn() { # CERTIFICATE|'' [NAME=VALUE…] [OPTION…] -- WORD…
	local set=(${1:+"peer_cert=$1"})
	shift
	while [[ $1 != -* ]]; do
		set+=("$1")
		shift
	done
	run "${E[@]}" "${set[@]}" untrusted_ip=192.0.2.7 "$DEVID_COMMAND" verify --config "$T/gate" --openvpn "$@"
}
events() {
	"${E[@]}" "$DEVID_COMMAND" events --json | grep -c '"Gateway"'
}
# last FIELD…: of the last event; ACTION=…: that was so.
last() {
	"${E[@]}" "$DEVID_COMMAND" events --json | ACTION=${ACTION:-} python3 -c '
import json, os, sys
events = [e for e in json.load(sys.stdin)["events"] if os.environ["ACTION"] in ("", e.get("action"))]
print("/".join(events[-1].get(name, "") for name in sys.argv[1:]) if events else "")' "$@"
}
# turned_away NAME REASON REGEX: so ended the last one.
turned_away() {
	is "$rc" 1 "--openvpn: $1: 1"
	is "$(wc -l <<<"$err")$out" 1 "$1: one line"
	like "$err" "$3" "$1: says why"
	is "$(ACTION=Refused last event_sub_type action reason)" "Gateway/Refused/$2" "$1: an event"
}
cp "$PKI/p256.crt" "$leaf"
openvpn "$leaf" -- 0 'C=JP, O=Example, CN=laptop-p256'
is "$rc" 0 "--openvpn: a good leaf"
is "$(last event_type event_sub_type action reason client_cert_name client_address device_certificate)" \
	"Connectivity/Gateway/Allowed/ok/laptop-p256/192.0.2.7/Validated" "with an event"
is "$(last client_cert_serial)" "$(openssl x509 -in "$PKI/p256.crt" -noout -serial | sed 's/.*=0*//' | tr A-F a-f)" "its serial number"
is "$(last client_cert_issuer)" "C=JP, ST=Tokyo, O=Example, CN=Example Device CA" "and its issuer"
devid events
like "$out" 'Gateway +Allowed +laptop-p256' "devid events shows it"
like "$out" '192\.0\.2\.7' "with the address"
before=$(events)
openvpn "$PKI/root.crt" -- 1 'CN=root'
is "$rc$out$err" 0 "--openvpn: above the leaf OpenVPN checks"
is "$(events)" "$before" "without an event"
openvpn "$leaf" untrusted_ip= untrusted_ip6=2001:db8::7 -- 0 'CN=x'
is "$rc/$(last client_address)" 0/192.0.2.7 "the address of IPv4 is asked first"
run "${E[@]}" peer_cert="$leaf" untrusted_ip6=2001:db8::7 "$DEVID_COMMAND" verify --config "$T/gate" --openvpn -- 0 CN=x
is "$rc/$(last client_address)" 0/2001:db8::7 "then that of IPv6"
run "${E[@]}" peer_cert="$leaf" untrusted_ip='192.0.2.7 or so' "$DEVID_COMMAND" verify --config "$T/gate" --openvpn -- 0 CN=x
is "$rc/$(last client_address)" 0/ "what is no address is none"
cp "$PKI/stranger.crt" "$leaf"
openvpn "$leaf" -- 0 'C=JP, O=Example, CN=laptop-p256'
turned_away "a stranger's, whatever the subject says" issuer-unknown 'not issued by any'
is "$(ACTION=Refused last client_cert_name client_cert_issuer)" "stranger/C=JP, O=Other, CN=Other CA" "whose event says who issued it"
openvpn "$leaf" -- 0 --help
turned_away "a subject that looks like an option is none" issuer-unknown 'not issued by any'
cp "$PKI/p256.crt" "$leaf"
# The words.
for depth in '' x -1 0x0 ' 0' 1000; do
	openvpn "$leaf" -- "$depth" 'CN=x'
	turned_away "depth '$depth'" usage 'depth and subject'
done
openvpn "$leaf" --
turned_away "without words" usage 'tls-verify'
openvpn "$leaf" -- 0 'CN=x' more
turned_away "too many words" usage 'tls-verify'
for word in --help --unknown --at=now --chain=none --at=2026-01-01; do
	run "${E[@]}" peer_cert="$leaf" "$DEVID_COMMAND" verify --config "$T/gate" --openvpn "$word" -- 0 CN=x
	is "$rc" 1 "--openvpn $word: 1"
done
# What the environment names.
openvpn '' -- 0 'CN=x'
turned_away "no certificate in the environment" usage 'needs the line: tls-export-cert /'
openvpn '' peer_cert= -- 0 'CN=x'
turned_away "nor an empty name" usage 'needs the line: tls-export-cert /'
for name in - leaf.pem ./leaf.pem ../leaf.pem; do
	run bash -c 'cd "$1" && exec "${@:2}" <"$1/leaf.pem"' - "$T/exported" "${E[@]}" peer_cert="$name" "$DEVID_COMMAND" \
		verify --config "$T/gate" --openvpn -- 0 CN=x
	turned_away "peer_cert $name" usage 'not an absolute path'
done
openvpn "$T/missing" -- 0 'CN=x'
turned_away "a file that isn't there" io 'peer_cert .*No such file'
openvpn "$T/missing/leaf.pem" -- 0 'CN=x'
turned_away "nor its folder" io 'peer_cert .*folder: No such file'
openvpn "$T/exported" -- 0 'CN=x'
turned_away "a folder" io 'not a regular file'
openvpn / -- 0 'CN=x'
turned_away "the root" io 'peer_cert /'
ln -s leaf.pem "$T/exported/link.pem"
openvpn "$T/exported/link.pem" -- 0 'CN=x'
turned_away "a link" io 'it is a link'
mkfifo "$T/exported/fifo"
openvpn "$T/exported/fifo" -- 0 'CN=x'
turned_away "a FIFO" io 'not a regular file'
openvpn /dev/zero -- 0 'CN=x'
turned_away "a device" io 'not a regular file'
chmod o+w "$leaf"
openvpn "$leaf" -- 0 'CN=x'
turned_away "a file that others can write to" io 'others can write'
chmod o-w "$leaf"
if [ "$(id -u)" -eq 0 ]; then
	chown 12345 "$leaf"
	openvpn "$leaf" -- 0 'CN=x'
	turned_away "another user's" io 'does not belong'
	chown 0 "$leaf"
fi
head -c 65600 /dev/zero | tr '\0' '\n' >>"$leaf"
openvpn "$leaf" -- 0 'CN=x'
turned_away "a file of 64 KiB and more" io 'larger than'
: >"$leaf"
openvpn "$leaf" -- 0 'CN=x'
turned_away "an empty file" bad-data '0 certificates where there must be one'
cat "$PKI/p256.crt" "$PKI/issuing.crt" >"$leaf"
openvpn "$leaf" -- 0 'CN=x'
turned_away "two certificates" bad-data '2 certificates where there must be one'
cp "$T/damaged.pem" "$leaf"
openvpn "$leaf" -- 0 'CN=x'
turned_away "a damaged one" bad-data "can't be read"
cp "$PKI/p256.key" "$leaf"
openvpn "$leaf" -- 0 'CN=x'
turned_away "a key" bad-data '0 certificates'
# What OpenVPN has verified is what counts.
digest() {
	openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//' | tr A-F a-f
}
cp "$PKI/p256.crt" "$leaf"
openvpn "$leaf" tls_digest_sha256_0="$(digest "$PKI/p256.crt")" -- 0 'CN=x'
is "$rc" 0 "--openvpn: the certificate that OpenVPN has in hand"
for digest in "$(digest "$PKI/rsa2048.crt")" '' x "$(digest "$PKI/p256.crt"):00"; do
	openvpn "$leaf" tls_digest_sha256_0="$digest" -- 0 'CN=x'
	turned_away "another (${digest:0:8})" mismatch 'not the one that OpenVPN has verified'
done
# The account.
printf '[Revocation]\nSerials=%s\n' "$(openssl x509 -in "$PKI/p256.crt" -noout -serial | sed 's/.*=//')" >"$T/gate/account.conf"
openvpn "$leaf" -- 0 'CN=x'
turned_away "a revoked one" revoked 'laptop-p256: .*revoked'
echo nonsense >"$T/gate/account.conf"
openvpn "$leaf" -- 0 'CN=x'
turned_away "a broken account" account-broken 'account.conf:1'
rm "$T/gate/account.conf"
mv "$T/gate" "$T/away"
openvpn "$leaf" -- 0 'CN=x'
turned_away "no account" no-account 'no account'
mv "$T/away" "$T/gate"
openvpn "$leaf" --intermediates "$T/missing" -- 0 'CN=x'
is "$rc" 1 "--openvpn: intermediates that aren't there"
# An event that can't be written decides nothing.
state=$([ "$(id -u)" -eq 0 ] && echo "$T/system-log" || echo "$T/home/.local/state/devid")
mv "$state" "$state.away"
touch "$state"
openvpn "$leaf" -- 0 'CN=x'
is "$rc" 0 "no event can be written: a good one comes in"
like "$err" 'warning: the event could not be written' "which is told"
cp "$PKI/stranger.crt" "$leaf"
openvpn "$leaf" -- 0 'CN=x'
is "$rc" 1 "and a stranger doesn't"
like "$err" 'not issued by any' "with the reason"
rm "$state"
mv "$state.away" "$state"

# --- what can't be read
account gate issuing
for file in "$T/missing.pem" "$T" "$T/chain.pem/x"; do
	devid verify --config "$T/gate" "$file"
	is "$rc" 1 "$(basename "$file"): can't be read: 1"
	is "$(wc -l <<<"$err")" 1 "in one line"
done
RUN_BOUND=20 devid verify --config "$T/gate" /dev/zero
is "$rc" 1 "an endless file"
mkfifo "$T/silent"
RUN_BOUND=30 devid verify --config "$T/gate" "$T/silent"
is "$rc" 1 "a FIFO that nobody writes to"
ok "is given up in time ($ms ms)" test "$ms" -lt 20000
devid verify --config "$T/gate" --json "$T/missing.pem"
is "$(json '[j["result"], j["reason"]]')" "['error', 'io']" "--json has the reason"
echo 'nonsense' >"$T/gate/account.conf"
devid verify --config "$T/gate" "$PKI/p256.crt"
is "$rc" 1 "a broken account: 1"
like "$err" 'account.conf:1' "with file and line"
rm "$T/gate/account.conf"
chmod o+w "$T/gate/signing"
devid verify --config "$T/gate" "$PKI/p256.crt"
is "$rc" 1 "signing certificates that others can write to"
chmod o-w "$T/gate/signing"
for i in 1 2 3 4 5; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj "/CN=CA $i" \
		-addext basicConstraints=critical,CA:TRUE -out "$T/gate/signing/ca$i.pem" 2>/dev/null
done
devid verify --config "$T/gate" "$PKI/p256.crt"
is "$rc" 1 "six signing certificates"
rm "$T/gate/signing/ca1.pem"
devid verify --config "$T/gate" "$PKI/p256.crt"
is "$rc" 0 "five of them"
done_testing
