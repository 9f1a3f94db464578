#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What import-cert does beside reading files: names, PEM and DER, standard input, sizes, the check's
# verdict, doing nothing twice, replacing, the dry run, JSON, warnings, events.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/importing.sh"
. "$TESTS/certs/pki.sh"
no_account "$0" "$@"

EVENTS=$T/home/.local/state/devid/events.jsonl
remove() {
	devid remove "$1"
	[ "$rc" -eq 0 ] && nothing_there || { fail "$1: removed"; diag "$(last_run)"; }
}
imports() {
	local name=$1
	shift
	devid import-cert "$@"
	is "$rc" 0 "$name"
}

# --- where the file is
mkdir -p "$T/here/ünter ordner"
cp "$PKI/rsa2048.p12" "$T/here/ünter ordner/mein zertifikat 端末.p12"
cd "$T/here"
imports "a relative path with blanks and UTF-8" --label a "${PASSWORD[@]}" "ünter ordner/mein zertifikat 端末.p12"
remove a
cp "$PKI/rsa2048.p12" ./-dash.p12
imports "a name that begins with a dash" --label a "${PASSWORD[@]}" -- -dash.p12
remove a
ln -s "$PKI/rsa2048.p12" link.p12
imports "a link" --label a "${PASSWORD[@]}" link.p12
remove a
run "${E[@]}" bash -c '"$0" import-cert --user --store file --label a --password-file "$1" - <"$2"' \
	"$DEVID_COMMAND" "$T/password" "$PKI/rsa2048.p12"
is "$rc" 0 "standard input from a file"
remove a
run bash -c 'cat "$1" | "${@:3}" import-cert --user --store file --label a --password-file "$2" -' - \
	"$PKI/rsa2048.p12" "$T/password" "${E[@]}" "$DEVID_COMMAND"
is "$rc" 0 "standard input from a pipe"
remove a
cd /

# --- PEM and DER
W=$T/pem
mkdir "$W"
for name in rsa2048 p256; do
	cat "$PKI/issuing.crt" >"$W/$name-ca.pem"
	imports "$name: certificate and key" --label a --key "$PKI/$name.key" "$PKI/$name.crt"
	ok "$name: signs" signs a "$PKI/$name.crt"
	remove a
	openssl pkcs8 -topk8 -in "$PKI/$name.key" -passout "file:$T/password" -out "$W/$name-enc.pem"
	imports "$name: an encrypted PKCS#8 key" --label a --key "$W/$name-enc.pem" "${PASSWORD[@]}" \
		"$PKI/$name-chain.pem"
	devid export a
	is "$(grep -c BEGIN <<<"$out")" 2 "$name: the chain came along"
	remove a
	openssl pkey -in "$PKI/$name.key" -traditional -out "$W/$name-old.pem" 2>/dev/null
	imports "$name: a key in its old dress" --label a --key "$W/$name-old.pem" "$PKI/$name.crt"
	ok "$name: signs" signs a "$PKI/$name.crt"
	remove a
	openssl pkey -in "$PKI/$name.key" -traditional -aes256 -passout "file:$T/password" \
		-out "$W/$name-old-enc.pem"
	imports "$name: the same, encrypted" --label a --key "$W/$name-old-enc.pem" "${PASSWORD[@]}" \
		"$PKI/$name.crt"
	remove a
	openssl x509 -in "$PKI/$name.crt" -outform der -out "$W/$name.der"
	openssl pkcs8 -topk8 -nocrypt -in "$PKI/$name.key" -outform der -out "$W/$name.key.der"
	chmod 600 "$W"/*
	imports "$name: DER for both" --label a --key "$W/$name.key.der" "$W/$name.der"
	ok "$name: signs" signs a "$PKI/$name.crt"
	remove a
	sed 's/$/\r/' "$PKI/$name.crt" >"$W/crlf.pem"
	{ echo "Bag Attributes"; cat "$PKI/$name.key"; echo "text between"; cat "$W/crlf.pem" "$PKI/issuing.crt"; } \
		>"$W/all.pem"
	imports "$name: all in one file, with CRLF and text" --label a "$W/all.pem"
	remove a
done
openssl ecparam -name prime256v1 -out "$W/parameters"
openssl ec -in "$PKI/p256.key" -no_public -param_enc named_curve 2>/dev/null >"$W/bare.pem"
cat "$W/parameters" "$W/bare.pem" >"$W/ec.pem"
chmod 600 "$W/ec.pem"
imports "a SEC1 key after its parameters, without a point" --label a --key "$W/ec.pem" "$PKI/p256.crt"
ok "it signs" signs a "$PKI/p256.crt"
remove a
devid import-cert --json --label a --key "$PKI/second.key" "$PKI/rsa2048.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 key-mismatch" "another's key: refused"
devid import-cert --json --label a --key "$PKI/rsa2048.crt" "$PKI/rsa2048.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 no-key" "a certificate for --key: refused"
devid import-cert --json --label a "$PKI/rsa2048.crt"
is "$rc $(json "$out" 'd["result"]')" "1 error" "a certificate alone whose key isn't here: refused"
devid import-cert --json --label a "${PASSWORD[@]}" --key "$W/rsa2048-enc.pem" "$PKI/p256.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 key-mismatch" "an RSA key for an EC certificate: refused"
printf wrong >"$T/wrong"
devid import-cert --json --label a --password-file "$T/wrong" --key "$W/rsa2048-enc.pem" "$PKI/rsa2048.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 password-or-damaged" "a key's wrong password: refused"
head -n 5 "$PKI/rsa2048.crt" >"$W/cut.pem"
devid import-cert --json --label a "$W/cut.pem"
is "$rc $(json "$out" 'd["reason"]')" "1 damaged" "a PEM file that is cut short: refused"
sed '3s/[A-Za-z]/*/' "$PKI/rsa2048.crt" >"$W/star.pem"
devid import-cert --json --label a "$W/star.pem"
is "$rc $(json "$out" 'd["reason"]')" "1 damaged" "a PEM file with a strange character: refused"
ssh-keygen -q -t rsa -b 2048 -N '' -f "$W/ssh" 2>/dev/null && {
	devid import-cert --json --label a --key "$W/ssh" "$PKI/rsa2048.crt"
	like "$rc $(json "$out" 'd["message"]')" '^1 .*ssh-keygen -p -m PKCS8' "an OpenSSH key: refused with the way out"
}
nothing_there || fail "nothing is left"

# --- names
imports "the friendly name is the label" "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
label=$(json "$out" 'd["label"]')
isnt "$label" "" "it has one: $label"
remove "$label"
make "$W/n.p12" named --name '端末 042 🔑'
imports "in Japanese and beyond" "${PASSWORD[@]}" "$W/n.p12" --json
is "$(json "$out" 'd["label"]')" '端末 042 🔑' "it is kept"
is "$(json "$out" 'd["uri"]')" 'pkcs11:token=Device%20Identity;object=%E7%AB%AF%E6%9C%AB%20042%20%F0%9F%94%91' \
	"and escaped in the URI"
ok "and signs" signs '端末 042 🔑' "$PKI/rsa2048.crt"
remove '端末 042 🔑'
make "$W/n.p12" named --name $'  bad\x1b[31m\nname\x07  '
imports "a friendly name with control characters" "${PASSWORD[@]}" "$W/n.p12" --json
is "$(json "$out" 'd["label"]')" 'bad [31m name' "is made fit"
remove 'bad [31m name'
make "$W/n.p12" utf8-name --name "$(printf 'é%.0s' {1..300})"
imports "a friendly name that is too long" "${PASSWORD[@]}" "$W/n.p12" --json
[ "$(json "$out" 'len(d["label"].encode())')" -le 255 ] && pass "is cut between characters" || fail "is cut"
remove "$(json "$out" 'd["label"]')"
imports "without one, the subject's name" --key "$PKI/rsa2048.key" "$PKI/rsa2048.crt" --json
is "$(json "$out" 'd["label"]')" laptop-rsa2048 "is the label"
remove laptop-rsa2048
mkdir -p "$T/config"
printf '[Account]\nDefaultLabel=office\n' >"$T/config/account.conf"
imports "the account's DefaultLabel=" "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["label"]')" office "comes before it"
remove office
imports "--label" --label mine "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["label"]')" mine "comes before both"
remove mine
rm "$T/config/account.conf"
for label in '' $'a\nb' "$(printf 'x%.0s' {1..256})" $'\xff'; do
	devid import-cert --label "$label" "${PASSWORD[@]}" "$PKI/rsa2048.p12"
	is "$rc" 2 "a label that can't be: $(printf %q "${label:0:9}")"
done

# --- words that are off
for words in '--user --system' '--store nowhere' '--pin-file x' '--password-fd 5 --password-file x' \
	'--store pkcs11:token=x --user' '--nonsense'; do
	run "${E[@]}" "$DEVID_COMMAND" import-cert $words "$PKI/rsa2048.p12"
	is "$rc" 2 "import-cert $words: the words are off"
done
run "${E[@]}" "$DEVID_COMMAND" import-cert
is "$rc" 2 "no file: the words are off"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user "$PKI/rsa2048.p12" "$PKI/p256.p12"
is "$rc" 2 "two files: the words are off"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --password-file - - <"$PKI/rsa2048.p12"
is "$rc" 2 "standard input for two things: the words are off"
run "${E[@]}" "$DEVID_COMMAND" import-cert --system --store keyring "$PKI/rsa2048.p12"
is "$rc" 2 "--system --store keyring: the words are off"
if [ "$(id -u)" -eq 0 ]; then
	run setpriv --reuid 65534 --regid 65534 --clear-groups "${E[@]}" "$DEVID_COMMAND" import-cert --system \
		--json "$PKI/rsa2048.crt"
	is "$rc $(json "$out" 'd["reason"]')" "1 denied" "--system by another than root: denied"
else
	skip "only root can become another"
fi

# --- twice, and anew
imports "once" --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["changed"]')" True "is a change"
before=$(cd "$DATA" && find . -name '*.identity' -o -name '*.key' -o -name generation | sort | xargs sha256sum)
imports "the same again" --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["changed"]')" False "is none"
is "$(cd "$DATA" && find . -name '*.identity' -o -name '*.key' -o -name generation | sort | xargs sha256sum)" \
	"$before" "and touches nothing"
imports "the same without a label" "${PASSWORD[@]}" "$PKI/rsa2048.p12"
like "$out" 'already here, nothing changed' "says so in words"
rm "$DATA"/*.key
imports "where its key has gone missing" --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["changed"]')" True "it is restored"
ok "and signs" signs a "$PKI/rsa2048.crt"
devid import-cert --label a "${PASSWORD[@]}" "$PKI/p256.p12" --json
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "another identity under the same label: refused"
uri=$(devid list --json && json "$out" '[i["uri"] for i in d["identities"]][0]')
imports "with --replace" --replace --label a "${PASSWORD[@]}" "$PKI/p256.p12" --json
is "$(json "$out" 'd["uri"]')" "$uri" "it takes its place and its URI"
ok "and signs" signs a "$PKI/p256.crt"
is "$(find "$DATA" -name "*.key" | wc -l)" 2 "the old key signs on for programs that had found it"
remove a
imports "a certificate" --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12"
openssl x509 -in "$PKI/rsa2048.crt" -days 300 -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -CAcreateserial \
	-CAserial "$T/serial" -extfile <(echo basicConstraints=CA:FALSE) -extensions default \
	-out "$W/renewed.crt" 2>/dev/null ||
	openssl req -new -key "$PKI/rsa2048.key" -subj /CN=laptop-rsa2048 2>/dev/null |
	openssl x509 -req -days 300 -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -CAcreateserial \
		-CAserial "$T/serial" -out "$W/renewed.crt" 2>/dev/null
devid import-cert --label a --json "$W/renewed.crt"
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "a renewed one for the same key: refused without --replace"
imports "and taken with it, without its key" --replace --label a --json "$W/renewed.crt"
is "$(json "$out" 'd["changed"]')" True "is a change"
ok "and signs" signs a "$W/renewed.crt"
# A label that another tool gave the key stays, and the URI is one that finds it: the key is tried by it.
sed -i '/^Label:/a Key-Label: tool-key' "$DATA"/*.identity
devid list --json
is "$(json "$out" '[d["identities"][0][k] for k in ("label", "key_label")]')" "['a', 'tool-key']" "a key with its own label"
uri=$(json "$out" 'd["identities"][0]["uri"]')
like "$uri" 'Device%20Identity;id=(%[0-9A-F]{2}){20}$' "the URI is by the id"
imports "again" --label a "${PASSWORD[@]}" --replace "$W/renewed.crt" --json
is "$(json "$out" '[d["changed"], d["uri"]]')" "[False, '$uri']" "which is told also where nothing changes"
for try in --dry-run ''; do
	imports "with --replace $try" $try --replace --label a "${PASSWORD[@]}" "$PKI/p384.p12" --json
	is "$(json "$out" 'd["uri"]')" "$uri" "it takes its place and its URI ($try)"
done
devid list --json
is "$(json "$out" '[d["identities"][0][k] for k in ("label", "key_label", "public_key_label", "uri")]')" \
	"['a', 'tool-key', 'tool-key', '$uri']" "and its labels"
ok "and signs" signs a "$PKI/p384.crt"
for try in --dry-run ''; do
	imports "by another label $try" $try --label b "${PASSWORD[@]}" "$PKI/p384.p12" --json
	is "$(json "$out" '[d["renamed_from"], d["uri"]]')" "['a', '$uri']" "renames it, and the key is called as before ($try)"
done
imports "another, called as that key" --label tool-key "${PASSWORD[@]}" "$PKI/p521.p12" --json
like "$(json "$out" 'd["uri"]')" ';id=' "its name would find the other's key too: its URI is by the id"
ok "and signs" signs tool-key "$PKI/p521.crt"
imports "the first by its key's label" --replace --label c "${PASSWORD[@]}" "$PKI/p384.p12" --json
devid remove c
devid list --json
is "$(json "$out" '[i["uri"] for i in d["identities"]]')" "['pkcs11:token=Device%20Identity;object=tool-key']" \
	"that one gone, the name finds one key"
remove tool-key

# --- here already, under another label: renamed, or the command that does is named
told_imports() {
	cat "$T"/home/.local/state/devid/events.jsonl* "$T"/system-log/events.jsonl* 2>/dev/null | grep -c '"Import"'
}
labels() {
	devid list --json
	json "$out" '" ".join(sorted(i["label"] for i in d["identities"]))'
}
imports "an identity" --label first "${PASSWORD[@]}" "$PKI/rsa2048.p12"
told=$(told_imports)
imports "again, by another label, to see" --dry-run --label second "${PASSWORD[@]}" "$PKI/rsa2048.p12"
like "$out" 'second: would be renamed from first' "it says what it would do"
is "$(labels)" first "and does nothing"
imports "again, by another label" --label second --json "${PASSWORD[@]}" "$PKI/rsa2048.p12"
is "$(json "$out" '[d["label"], d["renamed_from"], d["changed"]]')" "['second', 'first', True]" "renames it"
like "$(json "$out" 'd["uri"]')" 'object=second$' "with its URI"
is "$(labels)" second "which is all that there is"
ok "and signs" signs second "$PKI/rsa2048.crt"
printf '[Account]\nDefaultLabel=office\n' >"$T/config/account.conf"
imports "again, under the account's label" "${PASSWORD[@]}" "$PKI/rsa2048.p12"
like "$out" 'office: renamed from second' "renames it too"
rm "$T/config/account.conf"
imports "again, without a label" "${PASSWORD[@]}" "$PKI/rsa2048.p12"
like "$out" 'office: already here, nothing changed' "leaves it alone"
is "$(told_imports)" "$told" "none of that is logged as an import"
(
	cp "$PKI"/issuing.{crt,key} "$T/" && cp "$PKI/rsa2048.key" "$T/next.key" && cd "$T" &&
		pki_issue next issuing "/CN=next" "${LEAF_EXTENSIONS[@]}"
) >"$T/pki.out" 2>&1 || bail "no certificate: $(cat "$T/pki.out")"
for try in --dry-run ''; do
	devid import-cert $try --key "$T/next.key" "$T/next.crt"
	like "$rc $err" '^1 .*it is already here as "office".*hint: to put the new certificate in its place: --replace$' \
		"another certificate of its key ($try)"
done
imports "to see" --dry-run --replace --key "$T/next.key" "$T/next.crt"
like "$out" '^office: would be ' "with --replace it keeps its label"
imports "another" --label other "${PASSWORD[@]}" "$PKI/p256.p12"
for try in --dry-run ''; do
	devid import-cert $try --replace --label other --key "$T/next.key" "$T/next.crt"
	like "$rc $err" '^1 .*it is already here as "office".*hint: remove one of the two first: devid remove$' \
		"a label that another has, and --replace ($try)"
done
for try in --dry-run ''; do
	devid import-cert $try --label other "${PASSWORD[@]}" "$PKI/rsa2048.p12"
	like "$rc $err" '^1 .*here already as "office", and another identity is called "other"' "a label that another has ($try)"
done
like "$err" "hint: .*devid rename 'other' NEW" "the hint names the command"
run "${E[@]}" "$DEVID_COMMAND" rename --user other away
is "$rc" 0 "which does what it says"
imports "then the label" --label other "${PASSWORD[@]}" "$PKI/rsa2048.p12"
is "$(labels)" "away other" "is its own"
devid remove away

# --- a replacement stays where what it replaces is: there is no keyring here
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --replace --label other --json "${PASSWORD[@]}" "$PKI/p384.p12"
is "$rc $(json "$out" '[d["label"], d["store"]]')" "0 ['other', 'file']" "--replace without --store: the same store" ||
	diag "$err"
ok "and it signs" signs other "$PKI/p384.crt"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --replace --store keyring --label other --json "${PASSWORD[@]}" "$PKI/p256.p12"
is "$rc $(json "$out" 'd["reason"]')" "5 store-missing" "unless it is told otherwise"
ok "then the one before is left" signs other "$PKI/p384.crt"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --label new --json "${PASSWORD[@]}" "$PKI/p256.p12"
is "$rc $(json "$out" 'd["reason"]')" "5 store-missing" "what replaces nothing goes to the keyring as before"
remove other

# --- one signature through the module, or everything out again
run "${E[@]}" "DEVID_MODULE=$T/nothing.so" "$DEVID_COMMAND" import-cert --user --store file --label a --json \
	"${PASSWORD[@]}" "$PKI/rsa2048.p12"
is "$rc" 1 "the module can't be loaded: the import fails"
like "$(json "$out" 'd["message"]')" 'imported and taken out again: ' "and says that it was taken out again"
nothing_there && pass "nothing is left" || fail "nothing is left"
imports "an identity" --label a "${PASSWORD[@]}" "$PKI/p256.p12"
run "${E[@]}" "DEVID_MODULE=$T/nothing.so" "$DEVID_COMMAND" import-cert --user --store file --label a --replace \
	"${PASSWORD[@]}" "$PKI/rsa2048.p12"
is "$rc" 1 "the same with --replace"
ok "leaves the one before, which signs" signs a "$PKI/p256.crt"
is "$(find "$DATA" -name '*.identity' -o -name '*.key' | wc -l)" 2 "and nothing beside it"
remove a
# Killed between the commit and its end: the agent takes it back.
"${E[@]}" "DEVID_MODULE=$DEVID_SHIM" SHIM_MODE=hang "$DEVID_COMMAND" import-cert --user --store file --label a \
	"${PASSWORD[@]}" "$PKI/rsa2048.p12" >/dev/null 2>&1 &
pid=$!
written() {
	! nothing_there
}
ok "a module that hangs" wait_for 10 written
stop "$pid" -KILL
ok "the command is killed: what it wrote is taken back" wait_for 10 nothing_there
# The agent writes the event after the files are gone.
event_told() {
	tail -n 1 "$EVENTS" | grep -q 'taken back by the client'
}
ok "and an event tells of it" wait_for 10 event_told

# --- the dry run
before=$(find "$DATA" "$EVENTS" -type f -exec sha256sum {} + 2>/dev/null | sort)
imports "a dry run" --dry-run --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["dry_run"], d["changed"]')" "(True, True)" "says that it would change"
is "$(find "$DATA" "$EVENTS" -type f -exec sha256sum {} + 2>/dev/null | sort)" "$before" "and writes nothing"
devid import-cert --dry-run "${PASSWORD[@]}" "$PKI/rsa1024.p12"
is "$rc" 1 "a dry run of what would be refused is refused"
imports "then really" --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12"
imports "and a dry run again" --dry-run --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["changed"]')" False "says that it would not"
devid import-cert --dry-run --label a "${PASSWORD[@]}" "$PKI/p256.p12" --json
is "$rc $(json "$out" 'd["reason"]')" "1 exists" "and that the label is taken"
remove a

# --- sizes
is "$(stat -c %s "$PKI/size-2045.crt") $(stat -c %s "$PKI/size-2049.crt")" "2045 2049" "the sizes around the limit"
imports "2045 bytes of PEM" --label a "${PASSWORD[@]}" "$PKI/size-2045.p12" --json
is "$(json "$out" 'd["pem_size"], d["limit"]')" "(2045, 2048)" "are within the limit"
remove a
devid import-cert --label a "${PASSWORD[@]}" "$PKI/size-2049.p12" --json
is "$rc $(json "$out" 'd["reason"]')" "1 device-too-large" "2049 bytes are not"
like "$(json "$out" 'd["message"]')" '2049 bytes as PEM, over the limit of 2048, but [0-9]+ as DER, which is within' \
	"and the message has both sizes and the limit"
like "$(json "$out" 'd["hint"]')" 'accept-size.*SizeMeasure=der' "and the hint both ways out"
nothing_there || fail "nothing is left"
imports "--accept-size takes it" --accept-size --label a "${PASSWORD[@]}" "$PKI/size-2049.p12" --json
is "$(json "$out" 'd["size_accepted"]')" True "and says so"
ok "it signs" signs a "$PKI/size-2049.crt"
remove a
printf '[Account]\nSizeMeasure=der\n' >"$T/config/account.conf"
imports "SizeMeasure=der takes it as well" --label a "${PASSWORD[@]}" "$PKI/size-2049.p12" --json
is "$(json "$out" 'd["measure"], d["size_accepted"]')" "('der', False)" "without asking"
remove a
printf '[Account]\nSizeMeasure=der\n[Limits]\nDeviceCertificate=1000\n' >"$T/config/account.conf"
devid import-cert --accept-size --label a "${PASSWORD[@]}" "$PKI/size-2045.p12" --json
is "$rc $(json "$out" 'd["reason"]')" "1 device-too-large" "over the limit as DER: --accept-size doesn't help"
like "$(json "$out" 'd["message"]')" '2045 bytes as PEM and [0-9]+ as DER, over the limit of 1000' "in words"
printf '[Account]\nNonsense=yes\n' >"$T/config/account.conf"
devid import-cert --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$rc $(json "$out" 'd["reason"]')" "1 account-broken" "an account that can't be read: refused"
like "$(json "$out" 'd["message"]')" 'account.conf:2: ' "with file and line"
rm "$T/config/account.conf"

# --- the check's verdict is a warning
mkdir "$T/config/signing"
cp "$PKI/issuing.crt" "$T/config/signing/ours.pem"
imports "with its issuer in the account" --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["check"]["result"], d["warnings"]')" "('ok', [])" "there is nothing to warn of"
remove a
imports "a stranger's certificate" --label a "${PASSWORD[@]}" "$PKI/stranger.p12"
like "$err" '^Certificate error\. \[C=JP, ST=Tokyo, O=Example, CN=Example Device CA\]' "is taken with the bracket line"
like "$err" 'warning: the check fails for now: .*not issued by any signing certificate' "and a warning"
remove a
imports "an expired one" --label a "${PASSWORD[@]}" "$PKI/expired.p12" --json
is "$(json "$out" 'd["check"]["reason"]')" expired "is taken with a warning"
remove a
printf '[Account]\nOnUse=enforce\n' >"$T/config/account.conf"
imports "where the account enforces, a stranger's" --label a "${PASSWORD[@]}" "$PKI/stranger.p12" --json
like "$(json "$out" 'd["warnings"]')" 'no signature was tried' "is taken untried, and says so"
remove a
mkdir "$T/config/rules.d"
printf '[Rule nobody]\nAction=block\n' >"$T/config/rules.d/10.conf"
imports "where a rule blocks, one that the check accepts" --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
like "$(json "$out" 'd["warnings"]')" 'no signature was tried: the account blocks its use for now: rule nobody' \
	"is taken untried, and says which"
remove a
printf '[Account]\nOnUse=enforce\n[DeviceAuthentication]\nLinux=allow\n' >"$T/config/account.conf"
printf '[Rule all]\nAction=allow\n' >"$T/config/rules.d/10.conf"
imports "where no certificate is asked for, a stranger's" --label a "${PASSWORD[@]}" "$PKI/stranger.p12" --json
unlike "$(json "$out" 'd["warnings"]')" 'no signature was tried' "is tried, for the gate is open"
remove a
rm -r "$T/config/rules.d"
rm -r "$T/config/signing" "$T/config/account.conf"
imports "where there is no account" --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12" --json
is "$(json "$out" 'd["check"]["result"]')" no-account "it is said"
remove a

# --- warnings
cp "$PKI/rsa2048.p12" "$T/open.p12"
chmod 644 "$T/open.p12"
imports "a .p12 that others can read" --label a "${PASSWORD[@]}" "$T/open.p12"
like "$err" 'warning: .*open.p12: other users of this computer can read it' "gets a warning"
remove a
imports "an empty password" --label a "$PKI/rsa2048-empty.p12"
like "$err" 'warning: .*password is empty; other systems refuse such files' "gets a warning"
remove a
openssl req -new -key "$PKI/rsa2048.key" -subj /CN=soon 2>/dev/null |
	openssl x509 -req -days 20 -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -CAcreateserial \
		-CAserial "$T/serial" -out "$W/soon.crt" 2>/dev/null
imports "one that expires in 20 days" --label a --key "$PKI/rsa2048.key" "$W/soon.crt"
like "$err" 'warning: the certificate expires soon' "gets a warning"
remove a

# --- events
: >"$EVENTS"
devid import-cert --label a "${PASSWORD[@]}" "$PKI/rsa1024.p12"
devid import-cert --label a --password-file "$T/wrong" "$PKI/rsa2048.p12"
devid import-cert --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12"
is "$(/usr/bin/python3 -c 'import json, sys
for line in open(sys.argv[1]):
    d = json.loads(line)
    if d["event_sub_type"] == "Import":
        print(d["event_type"], d["action"], d["reason"], d.get("client_cert_name", "-"), sep="|")' "$EVENTS")" \
	"Device Certificate|Failed|key-unsupported|laptop-rsa1024
Device Certificate|Failed|wrong-password|-
Device Certificate|Succeeded|ok|laptop-rsa2048" "each import is one event, whatever came of it"
unlike "$(cat "$EVENTS")" 'devid-test|PRIVATE' "and holds no password"
remove a
: >"$EVENTS"
devid import-cert --accept-size --label a "${PASSWORD[@]}" "$PKI/size-2049.p12"
is "$(json "$(grep '"Import"' "$EVENTS")" 'd["action"], d["reason"]')" "('Succeeded', 'size-accepted')" \
	"--accept-size shows in the event"
remove a
: >"$EVENTS"
devid import-cert --accept-size --label a "${PASSWORD[@]}" "$PKI/rsa2048.p12"
is "$(json "$(grep '"Import"' "$EVENTS")" 'd["action"], d["reason"]')" "('Succeeded', 'ok')" \
	"but not where it wasn't needed"
remove a
done_testing
