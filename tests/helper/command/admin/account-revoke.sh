#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# account revoke: a device certificate's serial number goes into the account's list, and devid check and devid
# verify refuse it from then on; what is no device certificate, and an account that can't be changed, are refused.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
list=$T/config/revoked
conf=$T/config/account.conf
revoke() {
	devid account revoke --user "$@"
}
serial() { # NAME: as 0a:11:22
	openssl x509 -in "$PKI/$1.crt" -noout -serial | sed 's/serial=//; s/../&:/g; s/:$//' | tr A-F a-f
}
files() {
	ls -A -I .lock "$T/config" | tr '\n' ' '
}
state() {
	find "$T/config" -maxdepth 1 -type f -not -name .lock -exec sha256sum {} +
}
# refused STATUS REGEX NAME FILE: and nothing is written.
refused() {
	local before
	before=$(files)$(state)
	revoke "$4"
	is "$rc" "$1" "$3: refused"
	like "$err" "$2" "$3: says why"
	is "$(files)$(state)" "$before" "$3: nothing is written"
}

# --- the words
devid account
is "$rc" 2 "no action: 2"
devid account --help
is "$rc" 0 "--help"
like "$out" 'revoke FILE' "names the action"
devid account revok "$PKI/p256.crt"
is "$rc" 2 "a wrong action: 2"
like "$err" 'did you mean devid account revoke' "the right one is named"
devid account revoke
is "$rc" 2 "a file is needed"
devid account revoke "$PKI/p256.crt" "$PKI/p384.crt"
is "$rc" 2 "one file"
devid account revoke --user --system "$PKI/p256.crt"
is "$rc" 2 "one account"

# --- refused
mkdir -p "$T/config"
refused 6 'no account' "no account" "$PKI/p256.crt"
make_account issuing
refused 1 'the certificate of a CA' "a signing certificate" "$PKI/issuing.crt"
like "$err" 'hint: .*devid ca remove' "a signing certificate: what to do instead"
refused 1 'the certificate of a CA' "another CA" "$PKI/root.crt"
refused 1 'is a .p12' "a .p12" "$PKI/p256.p12"
like "$err" 'hint: .*pkcs12 -nokeys' "a .p12: how to come to its certificate"
cat "$PKI/p256.crt" "$PKI/p384.crt" >"$T/two.pem"
refused 1 'several certificates' "two certificates" "$T/two.pem"
refused 1 'no certificate in it' "a private key" "$PKI/p256.key"
refused 1 'no certificate in it' "an empty file" /dev/null
head -c 200 "$PKI/p256.crt" >"$T/cut.pem"
refused 1 'no certificate in it' "a certificate cut short" "$T/cut.pem"
refused 1 'No such file' "a missing file" "$T/missing"
refused 1 'larger' "an endless file" /dev/zero
echo 'nonsense' >"$conf"
refused 1 'account.conf:1' "a broken account" "$PKI/p256.crt"
rm "$conf"
echo 'not a serial' >"$list"
refused 1 'revoked: it is there and holds no list' "a file of that name that is none" "$PKI/p256.crt"
rm "$list"
ln -s /etc/passwd "$list"
refused 1 'revoked: it is a link' "a link in its place" "$PKI/p256.crt"
rm "$list"
mkfifo "$list"
refused 1 'not a regular file' "a FIFO in its place" "$PKI/p256.crt"
rm "$list"
{ echo '[Account]'; head -c 65500 /dev/zero | tr '\0' '#'; echo; } >"$conf"
revoke "$PKI/p256.crt"
is "$rc" 1 "an account.conf that has no room for one key more"
like "$err" 'over its limit' "is told so"
devid verify "$PKI/p384.crt"
is "$rc" 0 "and the account is still sound"
rm "$conf" "$list"
chmod g+w "$T/config"
revoke "$PKI/p256.crt"
is "$rc" 1 "a folder that others can write to"
chmod g-w "$T/config"
is "$(files)" "signing " "nothing was written by all of them"
revoke --json "$PKI/issuing.crt"
is "$(json '[j["result"], j["reason"]]')" "['error', 'revoke-ca']" "--json has the reason"

# --- revoked
make_record user laptop keyring "$PKI/p256.crt"
devid verify "$PKI/p256.crt"
is "$rc" 0 "accepted before"
: >"$conf"
revoke "$PKI/p256.crt"
is "$rc" 0 "revoked, with an account.conf that is empty"
like "$out" 'CN=laptop-p256: revoked' "says whom"
like "$out" 'issuer +C=JP, ST=Tokyo, O=Example, CN=Example Device CA' "and by whom it was issued"
like "$out" "serial +$(serial p256 | tr -d :)" "and the number"
like "$out" "list +$list" "and where it is written"
like "$out" 'check +revoked' "and what the check says now"
like "$out" 'SerialsFile=revoked' "and that account.conf names the list"
like "$err" 'hint: .*each gateway' "and that others must hear of it"
key_id=$(openssl x509 -in "$PKI/issuing.crt" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :' | tr A-F a-f)
is "$(cat "$list")" "$(serial p256)@$key_id  # C=JP, ST=Tokyo, O=Example, CN=laptop-p256, issued by C=JP, ST=Tokyo, O=Example, CN=Example Device CA, on $(date -u +%F)" \
	"the list: serial and issuer, and who it is as a comment"
like "$(cat "$T"/home/.local/state/devid/events.jsonl)" '"event_sub_type":"Revocation".*"client_cert_serial":' "and it is an event"
is "$(cat "$conf")" $'[Revocation]\nSerialsFile=revoked' "account.conf has its key"
is "$(stat -c %a "$list" "$conf" | tr '\n' ' ')" "644 644 " "both are readable by all"
is "$(files)" "account.conf revoked signing " "and nothing else is left"
devid verify --json "$PKI/p256.crt"
is "$rc/$(json 'j["reason"]')" 3/revoked "devid verify refuses it: revoked"
devid check --json laptop
is "$rc/$(json 'j["reason"]')" 3/revoked "devid check refuses it: revoked"
devid verify "$PKI/p384.crt"
is "$rc" 0 "another is still accepted"

# --- again, and others
before=$(state)
revoke --json "$PKI/p256.crt"
is "$rc" 0 "again is no failure"
is "$(json '[j["result"], j["changed"], j["check"], j["path"]]')" "['ok', False, 'revoked', '$list']" "changed: false"
is "$(state)" "$before" "not a byte is changed"
revoke "$PKI/p256.crt"
like "$out" 'revoked already' "and told"
openssl x509 -in "$PKI/p384.crt" -outform der -out "$T/p384.der"
revoke --json "$T/p384.der"
is "$(json '[j["changed"], j["check"], j["serial"]]')" "[True, 'revoked', '$(serial p384 | tr -d :)']" "DER"
run bash -c 'cat "$1" | "${@:2}"' - "$PKI/p521.crt" "${E[@]}" "$DEVID_COMMAND" account revoke --user -
is "$rc" 0 "from a pipe"
cat "$PKI/rsa2048.key" "$PKI/rsa2048.crt" >"$T/with-key.pem"
revoke "$T/with-key.pem"
is "$rc" 0 "a certificate beside its key"
is "$(grep -c '' "$list")" 4 "four lines"
for name in p256 p384 p521 rsa2048; do
	devid verify --json "$PKI/$name.crt"
	is "$(json 'j["reason"]')" revoked "$name is revoked"
done
revoke "$PKI/comma.crt"
is "$rc" 0 "a subject with a comma, a plus and quotes"
revoke "$PKI/japan.crt"
is "$rc" 0 "one in Japanese"
like "$(tail -n 1 "$list")" '東京都' "which stays readable"
devid verify "$PKI/rsa3072.crt"
is "$rc" 0 "and the account is sound"
revoke "$PKI/stranger.crt"
is "$rc" 0 "one of another CA is written down"
like "$err" 'warning: .*refuse it in any case' "and said to be refused anyway"

# --- what people wrote stays
make_account issuing
cat >"$conf" <<'CONF'
# Our account.
[Account]
Name=Example
  [Revocation]  
# Lost in 2024:
Serials=01:02
[Limits]
SigningCertificates=3
CONF
cp "$conf" "$T/before"
chmod 640 "$conf"
revoke "$PKI/p256.crt"
is "$rc" 0 "an account.conf with comments and a [Revocation] of its own"
is "$(sed '/^SerialsFile=revoked$/d' "$conf")" "$(cat "$T/before")" "is the same, with a line more"
is "$(grep -n '^SerialsFile=revoked$' "$conf")" "5:SerialsFile=revoked" "in its section"
is "$(stat -c %a "$conf")" 640 "its mode stays"
printf '[Account]\nName=no end' >"$conf"
rm "$list"
revoke "$PKI/p256.crt"
is "$(cat "$conf")" $'[Account]\nName=no end\n\n[Revocation]\nSerialsFile=revoked' "a last line without an end is ended first"
mkdir "$T/config/lists"
printf '# lost\n0b:0c' >"$T/config/lists/own list"
printf '[Revocation]\nSerialsFile=lists/own list\n' >"$conf"
revoke "$PKI/p256.crt"
is "$rc" 0 "a list that account.conf names already"
is "$(head -n 2 "$T/config/lists/own list")" $'# lost\n0b:0c' "keeps its lines"
like "$(tail -n 1 "$T/config/lists/own list")" "^$(serial p256)@$key_id  # " "and has one more"
is "$(cat "$conf")" $'[Revocation]\nSerialsFile=lists/own list' "account.conf is as it was"
rm "$list"
printf '[Revocation]\nSerials=%s\n' "$(serial p256 | tr -d : | tr a-f A-F)" >"$conf"
revoke --json "$PKI/p256.crt"
is "$(json '[j["changed"], j["check"]]')" "[False, 'revoked']" "one that Serials= names is revoked already"
ok "and no list is made" test ! -e "$list"

# --- a list that was left by a run that was interrupted before account.conf was written
rm "$conf"
printf '%s\n' "$(serial p256)" >"$list"
revoke --json "$PKI/p256.crt"
is "$(json '[j["changed"], j["check"]]')" "[True, 'revoked']" "a list that nothing named is taken up"
is "$(grep -c '' "$list")" 1 "and not doubled"

# --- many at once
make_account issuing
names=(p256 p384 p521 rsa2048 rsa3072 rsa4096 comma japan)
pids=()
for name in "${names[@]}"; do
	"${E[@]}" "$DEVID_COMMAND" account revoke --user "$PKI/$name.crt" >/dev/null 2>&1 &
	pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
	wait "$pid" || failed=$((failed + 1))
done
is "$failed" 0 "eight at once"
is "$(grep -c '' "$list")/$(grep -c SerialsFile "$conf")" 8/1 "eight lines, one key"
left=
for name in "${names[@]}"; do
	devid verify --json "$PKI/$name.crt"
	[ "$(json 'j["reason"]')" = revoked ] || left+="$name "
done
is "$left" "" "none is lost"

# --- the machine's
if [ "$(id -u)" = 0 ]; then
	mkdir -p /etc/devid/signing
	cp "$PKI/issuing.crt" /etc/devid/signing/issuing.pem
	devid account revoke "$PKI/p256.crt"
	is "$rc" 0 "root's default is the machine's account"
	like "$(cat /etc/devid/revoked)" "^$(serial p256)@$key_id " "its list"
	is "$(stat -c %a /etc/devid/.lock)" 600 "the lock is nobody else's"
	revoke "$PKI/p384.crt"
	is "$rc" 1 "the user's own would not be read"
	like "$err" 'hint: leave --user out$' "and root is sent to no administrator"
	setpriv --reuid 65534 --regid 65534 --clear-groups "${E[@]}" HOME=/nonexistent "$DEVID_COMMAND" account revoke \
		--system "$PKI/p384.crt" >"$T/run.out" 2>"$T/run.err"
	is "$?" 1 "somebody else may not change the machine's"
	like "$(cat "$T/run.err")" 'only root.*hint: as root, by sudo; or ask the administrator$' "which is said"
	unlike "$(cat /etc/devid/revoked)" "$(serial p384)" "and nothing is written"
	setpriv --reuid 65534 --regid 65534 --clear-groups "${E[@]}" HOME=/nonexistent "$DEVID_COMMAND" verify \
		"$PKI/p256.crt" >"$T/run.out" 2>"$T/run.err"
	is "$?" 3 "but hears of it"
fi

# --- the account of a gateway that has several
mkdir -p "$T/other/signing"
before=$(state)
devid account revoke --config "$T/other" "$PKI/p256.crt"
is "$rc" 6 "--config: a folder without an account"
cp "$PKI/issuing.crt" "$T/other/signing/issuing.pem"
devid account revoke --config "$T/other" --user "$PKI/p256.crt"
is "$rc" 2 "--config and --user"
chmod g+w "$T/other"
devid account revoke --config "$T/other" "$PKI/p256.crt"
isnt "$rc" 0 "--config: a folder that others can write to"
chmod g-w "$T/other"
devid account revoke --config "$T/nowhere" "$PKI/p256.crt"
isnt "$rc" 0 "--config: no such folder"
ok "none of them wrote" test "$(ls "$T/other")" = signing
devid account revoke --config "$T/other" "$PKI/p384.crt"
is "$rc" 0 "--config: revoked there"
devid verify --config "$T/other" --json "$PKI/p384.crt"
is "$rc/$(json 'j["reason"]')" 3/revoked "devid verify --config says so"
devid verify --config "$T/other" "$PKI/p256.crt"
is "$rc" 0 "another is accepted there"
is "$(state)" "$before" "and the own account is as it was"
done_testing
