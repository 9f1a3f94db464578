#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ca: signing certificates added, listed, shown, removed; everything that is no signing certificate refused.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
folder=$T/config/signing
ca() {
	devid ca "$@"
}
files() {
	ls -A "$folder" 2>/dev/null | tr '\n' ' '
}
new_ca() { # FILE SUBJECT [openssl option…]
	local file=$1 subject=$2
	shift 2
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$file.key" -subj "$subject" \
		-out "$file" "$@" 2>/dev/null
}
CA_YES=(-addext basicConstraints=critical,CA:TRUE)

ca list
is "$rc" 0 "no account: an empty list"
like "$out" 'no signing certificate yet' "is told"
like "$err" 'hint: devid ca add --name NAME FILE' "with what to do"
ca list --json
is "$(json '[j["signing"], j["limit"]]')" "[[], 5]" "--json: an empty list"
ca show corp
is "$rc" 1 "nothing to show"
ca remove --user corp
is "$rc" 1 "nothing to remove"
not_ok "and no folder was made" test -e "$folder"

# --- what is refused leaves nothing behind
refused() { # STATUS REGEX NAME FILE
	ca add --user --name corp "$4"
	is "$rc" "$1" "$3: refused"
	like "$err" "$2" "$3: says why"
	is "$(files)" "" "$3: nothing is written"
}
refused 1 'not a CA certificate' "a device certificate" "$PKI/p256.crt"
refused 1 'private key in the file' "a private key" "$PKI/issuing.key"
cat "$PKI/issuing.crt" "$PKI/issuing.key" >"$T/both.pem"
refused 1 'private key in the file' "a certificate with a private key" "$T/both.pem"
refused 1 '2 certificates in the file' "two certificates" "$PKI/issuing-chain.pem"
refused 1 'devid: ' "a .p12" "$PKI/rsa2048.p12"
refused 1 'no certificate' "an empty file" /dev/null
echo text >"$T/text"
refused 1 'no certificate' "text" "$T/text"
head -c 300 "$PKI/issuing.crt" >"$T/cut.pem"
refused 1 'no certificate|2 certificates|0 certificates' "a certificate cut short" "$T/cut.pem"
refused 1 'No such file' "a missing file" "$T/missing"
refused 1 'directory' "a folder" "$T"
refused 1 'larger' "an endless file" /dev/zero
openssl req -x509 -newkey rsa:1024 -nodes -keyout /dev/null -subj "/CN=Short" "${CA_YES[@]}" \
	-out "$T/short.pem" 2>/dev/null
refused 1 'shorter' "a short key" "$T/short.pem"
new_ca "$T/nosign.pem" "/CN=No sign" "${CA_YES[@]}" -addext keyUsage=critical,digitalSignature
refused 1 'not a CA certificate' "a CA that may not sign certificates" "$T/nosign.pem"
new_ca "$T/noca.pem" "/CN=No CA" -addext basicConstraints=critical,CA:FALSE
refused 1 'not a CA certificate' "a self-signed one that is no CA" "$T/noca.pem"
cp "$PKI/issuing.crt" "$T/big.pem"
{ cat "$PKI/issuing.crt"; head -c $((4097 - $(stat -c %s "$PKI/issuing.crt"))) /dev/zero | tr '\0' '\n'; } >"$T/big.pem"
is "$(stat -c %s "$T/big.pem")" 4097 "a file of 4097 bytes"
refused 1 '4097 bytes, over the limit of 4096' "one byte too many" "$T/big.pem"
mkfifo "$T/fifo"
RUN_BOUND=30 ca add --user --name corp "$T/fifo"
is "$rc" 1 "a silent FIFO is refused"
for name in '' . .. .hidden a/b ../x 'a b' $'a\nb' "$(printf 'x%.0s' {1..65})" 'a;b' $'\xff' '-x'; do
	ca add --user "--name=$name" "$PKI/issuing.crt"
	is "$rc" 2 "the name '$name' is refused"
done
ca add --user "$PKI/issuing.crt"
is "$rc" 2 "a name is needed"
is "$(files)" "" "nothing was written by all of them"
ca add --user --name corp --json "$PKI/p256.crt"
is "$rc" 1 "--json of a failure"
is "$(json '[j["result"], j["reason"]]')" "['error', 'signing-not-ca']" "has the reason"

printf '[Limits]\nSigningKeyTypes=rsa\n' >"$T/config/account.conf"
refused 1 'stranger-root.crt: .*EC/ECDSA, and the account takes RSA alone' "an EC CA where the account takes RSA alone" \
	"$PKI/stranger-root.crt"
ca add --user --name corp --json "$PKI/stranger-root.crt"
is "$(json '[j["result"], j["reason"]]')" "['error', 'signing-key-type']" "has a reason of its own"
ca add --user --name corp "$PKI/issuing.crt"
is "$rc" 0 "an RSA CA is taken"
ca remove --user corp
rm "$T/config/account.conf"

# --- what is taken
ca add --user --name corp "$PKI/issuing.crt"
is "$rc" 0 "a signing certificate is added"
like "$out" "corp: added: .*CN=Example Device CA \\($(stat -c %s "$PKI/issuing.crt") of at most 4096 bytes\\)" "with its size"
is "$(files)" "corp.pem " "one file"
is "$(cat "$folder/corp.pem")" "$(cat "$PKI/issuing.crt")" "as it was given"
is "$(stat -c %a "$folder/corp.pem")" 644 "readable by all"
ca add --user --name corp "$PKI/issuing.crt"
is "$rc" 0 "the same again is no failure"
like "$out" 'already there' "and told"
ca add --user --name corp --json "$PKI/issuing.crt"
is "$(json '[j["result"], j["changed"]]')" "['ok', False]" "changed: false"
ca add --user --name other "$PKI/issuing.crt"
is "$rc" 1 "the same under another name is refused"
like "$err" 'already there as corp' "with the name it has"
openssl x509 -in "$PKI/issuing.crt" -outform der -out "$T/issuing.der"
ca add --user --name other "$T/issuing.der"
is "$rc" 1 "also as DER"
ca add --user --name corp "$PKI/root.crt"
is "$rc" 1 "another under the same name is refused"
like "$err" 'hint: .*ca remove' "with what to do"
openssl x509 -in "$PKI/root.crt" -outform der -out "$T/root.der"
ca add --user --name root --json "$T/root.der"
is "$rc" 0 "DER is taken"
unlike "$err" 'RSA keys alone' "an RSA key: no word of it"
is "$(json '[j["changed"], j["file_size"], j["name"]]')" "[True, $(stat -c %s "$PKI/root.crt"), 'root']" "as long as its PEM"
is "$(cat "$folder/root.pem")" "$(cat "$PKI/root.crt")" "and kept as PEM"
{ cat "$PKI/stranger-issuing.crt"; head -c $((4096 - $(stat -c %s "$PKI/stranger-issuing.crt"))) /dev/zero | tr '\0' '\n'; } >"$T/edge.pem"
run bash -c 'cat "$1" | "${@:2}"' - "$T/edge.pem" "${E[@]}" "$DEVID_COMMAND" ca add --user --name edge -
is "$rc" 0 "4096 bytes are taken, from a pipe"
like "$err" 'warning: edge: its key is EC P-256; there are services that take .* RSA keys alone' "an EC key: who doesn't take it"
like "$err" 'hint: SigningKeyTypes=rsa' "and the key that holds an account to it"
is "$(stat -c %s "$folder/edge.pem")" 4096 "whole"
run bash -c '"${@:2}" <(cat "$1")' - "$PKI/oldissuing.crt" "${E[@]}" "$DEVID_COMMAND" ca add --user --name "old.CA_1-2"
is "$rc" 0 "an expired one is taken, from a process's FIFO"
like "$err" 'warning: .*expired' "with a warning"
ln -s "$PKI/stranger-root.crt" "$T/link.pem"
ca add --user --name fifth "$T/link.pem"
is "$rc" 0 "the fifth, through a link"
ok "whose content is taken" test -f "$folder/fifth.pem" -a ! -L "$folder/fifth.pem"
new_ca "$T/sixth.pem" "/CN=Sixth" "${CA_YES[@]}"
ca add --user --name sixth "$T/sixth.pem"
is "$rc" 1 "the sixth is refused"
like "$err" 'no more than 5' "with the limit"
is "$(files)" "corp.pem edge.pem fifth.pem old.CA_1-2.pem root.pem " "five files and nothing else"

# --- list, show
ca list
is "$rc" 0 "they are listed"
narrow "$out" "in 80 columns"
like "$out" '5 of at most 5' "with the limit"
ca list --json
is "$(json '[s["name"] for s in j["signing"]]')" "['corp', 'edge', 'fifth', 'old.CA_1-2', 'root']" "--json lists them"
is "$(json 'sorted(j["signing"][0])')" \
	"['days_left', 'der_size', 'file_limit', 'file_size', 'fingerprint', 'issuer', 'key_id', 'key_type', 'name', 'not_after', 'not_before', 'path', 'pem_size', 'serial', 'subject']" \
	"with these members"
ca show corp
is "$rc" 0 "one is shown"
narrow "$(grep -v file <<<"$out")" "in 80 columns"
like "$out" "$(openssl x509 -in "$PKI/issuing.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)" "with its fingerprint"
ca show corp --json
is "$(json 'j["path"]')" "$folder/corp.pem" "--json tells its file"
ca show nobody
is "$rc" 1 "one that isn't there"
ca show ../corp
is "$rc" 1 "nor a path"

# --- remove
# The issuing CA's certificate once more, made anew with its key.
pki_renewed() {
	(. "$TESTS/certs/pki.sh" && cd "$T" && cp "$PKI/issuing.key" renewed.key &&
		pki_issue renewed "$PKI/root" '/C=JP/ST=Tokyo/O=Example/CN=Example Device CA' "${CA_EXTENSIONS[@]}") ||
		bail "no renewed CA"
	cp "$T/renewed.crt" "$folder/renewed.pem"
}
make_record user laptop keyring "$PKI/rsa2048.crt" "$PKI/issuing.crt"
make_record system machine file "$PKI/p256.crt" "$PKI/issuing.crt"
make_record user other keyring "$PKI/stranger.crt"
ca remove --user nobody
is "$rc" 1 "one that isn't there"
like "$err" 'ca list' "hints at the list"
ca remove --user ../config/signing/corp
is "$rc" 2 "no path either"
# (The one called edge has issued "other".)
mv "$folder"/{root,edge}.pem "$T/"
ca remove --user corp
is "$rc" 2 "the last one in use is not removed"
like "$err" 'corp is the last signing certificate in use \(by laptop \(user\)' "says by whom"
like "$err" 'add --yes' "and what to add"
ok "its file is still there" test -e "$folder/corp.pem"
terminal=("${E[@]}" /usr/bin/python3 "$TESTS/lib/terminal.py" 200)
run "${terminal[@]}" "$DEVID_COMMAND" ca remove --user corp <<<no
is "$rc" 1 "asked on a terminal, and no"
like "$out" 'No longer accepted on this computer: laptop \(user\).*and so none at all' "what will stop is told before"
like "$out" 'nothing was changed' "nothing was changed"
run "${terminal[@]}" "$DEVID_COMMAND" ca remove --user corp <<<""
is "$rc" 1 "nor without an answer"
ok "its file is still there" test -e "$folder/corp.pem"
run "${terminal[@]}" "$DEVID_COMMAND" ca remove --user corp <<<yes
is "$rc" 0 "asked on a terminal, and yes"
not_ok "its file is gone" test -e "$folder/corp.pem"
# A renewed CA beside it serves them as well: nothing stops.
openssl x509 -in "$PKI/issuing.crt" -out "$folder/corp.pem"
pki_renewed
ca remove --user corp --json
is "$rc/$(json 'j["stopped"]')" "0/[]" "beside its renewal it isn't in use"
rm "$folder/renewed.pem"
openssl x509 -in "$PKI/issuing.crt" -out "$folder/corp.pem"
mv "$T"/{root,edge}.pem "$folder/"
ca remove --user corp --yes
is "$rc" 0 "one is removed"
like "$err" 'laptop \(user\) was issued by it' "the identity that hangs on it is named"
like "$err" 'machine \(system\) was issued by it' "the machine's too"
unlike "$err" 'other' "and no other"
not_ok "its file is gone" test -e "$folder/corp.pem"
ca remove --user root --json
is "$(json 'j["changed"], j["identities"]')" "(True, ['laptop (user)', 'machine (system)'])" \
	"the root: over the chain they hang on it"
ca remove --user root
is "$rc" 1 "a second time it isn't there"

# --- a broken account can be mended
cp "$PKI/p256.crt" "$folder/leaf.pem"
ca list
is "$rc" 1 "a device certificate among them: broken"
like "$err" 'leaf.pem' "names the file"
ca add --user --name corp "$PKI/issuing.crt"
is "$rc" 1 "nothing is added to a broken account"
like "$err" 'leaf.pem' "which names the file"
ca remove --user leaf
is "$rc" 0 "what broke it can be removed"
ca list
is "$rc" 0 "and it is whole again"
echo garbage >"$folder/garbage.pem"
ca remove --user garbage
is "$rc" 0 "garbage can be removed too"
ln -s /etc/passwd "$folder/link.pem"
ca remove --user link
is "$rc" 0 "and a link"
ok "not what it points to" test -e /etc/passwd

# --- whose folder
chmod g+w "$folder"
ca add --user --name corp "$PKI/issuing.crt"
isnt "$rc" 0 "a folder that others can write to is not written"
chmod g-w "$folder"
mv "$folder" "$T/elsewhere"
ln -s "$T/elsewhere" "$folder"
ca add --user --name corp "$PKI/issuing.crt"
isnt "$rc" 0 "a link in the folder's place is not followed"
not_ok "and nothing is written behind it" test -e "$T/elsewhere/corp.pem"
rm "$folder"
mv "$T/elsewhere" "$folder"
if [ "$(id -u)" = 0 ]; then
	mkdir "$T/theirs"
	chown 65534 "$T/theirs"
	run "${E[@]}" "DEVID_CONFIG_DIR=$T/theirs/devid" "$DEVID_COMMAND" ca add --user --name corp "$PKI/issuing.crt"
	isnt "$rc" 0 "root makes nothing in a user's folder"
	is "$(ls -A "$T/theirs")" "" "nothing at all"
	cp "$PKI/issuing.crt" "$T/issuing.crt"
	run setpriv --reuid=65534 --regid=65534 --clear-groups env -i "HOME=$T/theirs" \
		"$DEVID_COMMAND" ca add --name corp "$T/issuing.crt"
	is "$rc" 0 "a user has an account of their own"
	is "$(stat -c '%U %a' "$T/theirs/.config/devid/signing")" "nobody 700" "in a folder of their own"
	run setpriv --reuid=65534 --regid=65534 --clear-groups env -i "HOME=$T/theirs" \
		"$DEVID_COMMAND" ca add --system --name corp "$T/issuing.crt"
	is "$rc" 1 "and may not touch the machine's"
	like "$err" 'only root' "which is said"
	run setpriv --reuid=65534 --regid=65534 --clear-groups env -i "HOME=$T/theirs" \
		"$DEVID_COMMAND" ca remove --system corp
	is "$rc" 1 "nor remove from it"
fi

# --- many at once: never more than the limit, never half a file
rm -rf "$folder"
for i in 1 2 3 4 5 6 7 8 9; do
	new_ca "$T/many$i.pem" "/CN=CA $i" "${CA_YES[@]}"
done
pids=()
for i in 1 2 3 4 5 6 7 8 9; do
	"${E[@]}" "$DEVID_COMMAND" ca add --user --name "many$i" "$T/many$i.pem" >"$T/many$i.out" 2>&1 &
	pids+=($!)
done
done_count=0
for pid in "${pids[@]}"; do
	wait "$pid" && done_count=$((done_count + 1))
done
is "$done_count" 5 "nine added at once: five succeed"
is "$(ls "$folder" | wc -l)" 5 "five files"
is "$(ls -A "$folder" | grep -c '^\.')" 0 "nothing temporary"
ca list --json
is "$(json 'len(j["signing"])')" 5 "the account is sound"
rm -rf "$folder"
pids=()
for i in 1 2 3 4 5 6; do
	"${E[@]}" "$DEVID_COMMAND" ca add --user --name same "$T/many$i.pem" >"$T/many$i.out" 2>&1 &
	pids+=($!)
done
done_count=0
for pid in "${pids[@]}"; do
	wait "$pid" && done_count=$((done_count + 1))
done
is "$done_count" 1 "six of one name at once: one succeeds"
is "$(files)" "same.pem " "and its file is there"
kill_one() {
	timeout -s KILL 0.0$((RANDOM % 9 + 1)) "${E[@]}" "$DEVID_COMMAND" ca add --user --name killed "$T/many7.pem"
}
for i in 1 2 3 4 5 6 7 8 9 10; do
	kill_one >/dev/null 2>&1
	ca list --json
	[ "$rc" = 0 ] || break
	ca remove --user killed
done
is "$i" 10 "killed at any time: the account is whole before or after"
ca add --user --name killed "$T/many7.pem"
is "$rc" 0 "and what was left behind is no obstacle"
is "$(ls -A "$folder" | grep -c '^\.')" 0 "nor left there"
done_testing
