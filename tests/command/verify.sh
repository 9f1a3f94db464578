#!/bin/bash
# verify: the chain check for a gateway. Exit 0, or 3 and one line why; 6 without an account, 1 with a broken one.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/records.sh"
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

# --- as OpenVPN's tls-verify
account gate issuing
openvpn() { # CERTIFICATE WORD…
	local file=$1
	shift
	run "${E[@]}" ${file:+"peer_cert=$file"} "$DEVID_COMMAND" verify --config "$T/gate" --openvpn -- "$@"
}
openvpn "$PKI/p256.crt" 0 'C=JP, O=Example, CN=laptop-p256'
is "$rc" 0 "--openvpn: a good leaf"
openvpn "$PKI/stranger.crt" 0 'C=JP, O=Example, CN=laptop-p256'
is "$rc" 3 "--openvpn: a stranger's, whatever the subject says"
is "$(wc -l <<<"$err")" 1 "in one line"
openvpn "$PKI/root.crt" 1 'CN=root'
is "$rc$out$err" 0 "--openvpn: above the leaf OpenVPN checks"
openvpn '' 0 'CN=x'
is "$rc" 2 "--openvpn: no certificate in the environment"
like "$err" tls-export-cert "says what is missing"
openvpn "$T/missing" 0 'CN=x'
is "$rc" 1 "--openvpn: a file that isn't there"
for depth in '' x -1 0x0 ' 0' 1000; do
	openvpn "$PKI/p256.crt" "$depth" 'CN=x'
	is "$rc" 2 "--openvpn: depth '$depth'"
done
openvpn "$PKI/p256.crt"
is "$rc" 2 "--openvpn: without words"
openvpn "$PKI/stranger.crt" 0 --help
is "$rc" 3 "--openvpn: a subject that looks like an option is none"
openvpn "$PKI/p256.crt" 0 'CN=x' more
is "$rc" 2 "--openvpn: too many words"

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
