#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# list, show, check, export and status over records on disk: no agent is there, and none is started.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
# Nothing may be started by what only reads.
env_set "DEVID_AGENT=$T/no-agent"
label='laptop 042'

# --- nothing here yet
devid list
is "$rc" 0 "an empty list is no failure"
like "$out" 'no device identity here yet' "it says that there is nothing"
like "$err" 'hint: devid import-cert' "and what to do"
devid list --json
is "$(json 'j')" "{'identities': [], 'ca_certificates': []}" "--json: an empty list"
for command in show export; do
	devid $command
	is "$rc" 1 "$command with nothing to show"
	like "$err" 'no device identity here yet' "$command: says that there is nothing"
	devid $command nothing
	is "$rc" 1 "$command of a label that there isn't"
done
devid show --json nothing
is "$rc" 1 "the same with --json"
is "$(json '[j["result"], j["reason"]]')" "['error', 'not-found']" "an object with the reason"
is "$err" "" "and nothing else"
devid show ''
is "$rc" 1 "an empty label"
devid check
is "$rc" 6 "no account: check ends with 6"
unlike "$err" 'Certificate error' "there are no brackets without an account"
devid check --json
is "$rc" 6 "so with --json"
is "$(json '[j["result"], j["reason"], j["identities"], j["brackets"]]')" \
	"['error', 'no-account', [], None]" "which says so"
make_account issuing
devid check
is "$rc" 3 "an account and no identity: 3"
is "$(head -n 1 <<<"$err")" "Certificate error. [C=JP, ST=Tokyo, O=Example, CN=Example Device CA]" \
	"the line to search for comes first"
like "$err" $'\ndevid: ' "then what is wrong"
like "$err" $'\nhint: ' "then what to do"
devid check --quiet
is "$rc/$out$err" 3/ "--quiet says nothing"
devid check nothing
is "$rc" 1 "check of a label that there isn't"
devid check --quiet nothing
is "$rc/$out$err" 1/ "quietly too"

# --- a record of a devid to come
make_record user later keyring "$PKI/p256.crt"
sed -i '1s/1$/2/' "$RECORD"
later=$(sha256sum <"$RECORD")
devid list
is "$rc" 0 "a newer devid's record: the list goes on"
like "$err" "warning: .*/${RECORD##*/}:1: a newer devid wrote it; skipped" "and says why it is left out"
like "$out" 'no device identity here yet' "of an identity of its own it knows nothing"
is "$(sha256sum <"$RECORD")" "$later" "and the record is as it was"
sed -i '1s/2$/2b/' "$RECORD"
devid list
like "$err" ':1: it is damaged or was edited wrongly; skipped' "what is no version is damage"
rm "$RECORD"

# --- a CA's certificate that another program wrote, by itself: no identity, but for list
make_record user 'Some CA' none "$PKI/root.crt"
ALONE=$RECORD
devid list
is "$rc" 0 "a CA's certificate alone: listed"
narrow "$out" "in 80 columns"
like "$out" 'Some CA +user +none' "by its label"
like "$out" 'a CA certificate that another program wrote' "as what it is"
unlike "$out" 'failed|no key|no cert|chosen' "without a verdict"
like "$out" 'no device identity here yet' "it is no identity"
devid list --system
unlike "$out" 'Some CA' "--system: it is not the machine's"
devid list --json
is "$(json 'j["identities"], [(c["label"], c["store"], "check" in c, "chosen" in c) for c in j["ca_certificates"]]')" \
	"([], [('Some CA', 'none', False, False)])" "--json: by itself, without a check"
for command in show export check rename; do
	devid $command 'Some CA' $([ "$command" != rename ] || echo new)
	is "$rc" 1 "$command: there is no such identity"
done
devid check
is "$rc" 3 "check: there is none"
unlike "$out$err" 'Some CA|leaf-is-ca' "and not a word of it"
devid check --json
is "$(json '[j["reason"], j["identities"]]')" "['no-certificate', []]" "--json: nor there"
devid status --json
is "$(json 'j["identities"]')" "[]" "status: none"
devid profile openssl
isnt "$rc" 0 "profile: nothing to configure"
unlike "$out$err" 'Some%20CA' "least of all that"
devid import-cert --user --dry-run --store file --label 'Some CA' --key "$PKI/rsa2048.key" "$PKI/rsa2048.crt" --json
is "$(json 'j["reason"]')" exists "but its label is taken, for an import too"
make_record user device keyring "$PKI/rsa2048.crt"
devid check
is "$rc" 0 "beside it one identity, the only one: checked without being named"
unlike "$err" 'chosen of' "nothing was to choose"
devid list
unlike "$out" 'chosen where' "nor to mark"
like "$out" 'device .* ok' "its verdict"
devid status --json
is "$(json '[i["label"] for i in j["identities"]]')" "['device']" "status: that one"
rm "$RECORD"
# Its key beside it makes it what somebody took for a device certificate; so does no CA:TRUE.
sed -i 's/^Store: none/Store: file/' "$ALONE"
devid check 'Some CA' --json
is "$rc $(json 'j["identities"][0]["check"]["reason"]')" "3 leaf-is-ca" "a CA's certificate with its key is a bad identity"
devid list --json
is "$(json 'len(j["identities"]), len(j["ca_certificates"])')" "(1, 0)" "and listed as one"
rm "$ALONE"
make_record user half none "$PKI/rsa2048.crt"
devid list --json
is "$(json '[i["check"]["reason"] for i in j["identities"]], len(j["ca_certificates"])')" "(['key-missing'], 0)" \
	"a device's certificate without its key is half an identity"
rm "$RECORD"

# --- one identity
make_record user "$label" keyring "$PKI/rsa2048.crt" "$PKI/issuing.crt" "$PKI/root.crt"
devid list
is "$rc" 0 "one identity is listed"
is "$err" "" "without complaints"
narrow "$out" "in 80 columns"
for what in 'laptop 042' user keyring 'RSA 2048' 2049-12-31 ok \
	'issuer C=JP, ST=Tokyo, O=Example, CN=Example Device CA' \
	'pkcs11:token=Device%20Identity;object=laptop%20042'; do
	like "$out" "$what" "the list tells: $what"
done
unlike "$out" $'\e' "without colours in a pipe"
devid list --json
is "$(json 'len(j["identities"])')" 1 "--json: one identity"
keys="['check', 'chosen', 'copied_by', 'days_left', 'der_size', 'fingerprint', 'id', 'imported', 'issuer', 'key_label', 'key_type', 'label', 'local', 'no_rsa_pss', 'not_after', 'not_before', 'pem_size', 'public_key_label', 'scope', 'serial', 'store', 'subject', 'token', 'tpm_auth', 'uri']"
is "$(json 'sorted(j["identities"][0])')" "$keys" "with these members"
is "$(json '[j["identities"][0][k] for k in ("label", "token", "scope", "store", "copied_by", "key_type", "uri")]')" \
	"['laptop 042', 'Device Identity', 'user', 'keyring', 'user', 'RSA 2048', 'pkcs11:token=Device%20Identity;object=laptop%20042']" \
	"and these values"
is "$(json 'j["identities"][0]["check"]["result"]')" ok "the check is ok"
is "$(json 'j["identities"][0]["check"]["signing_name"]')" issuing "by this signing certificate"
is "$(json 'j["identities"][0]["pem_size"]')" "$(stat -c %s "$PKI/rsa2048.crt")" "and the size is the file's"
is "$(json 'j["identities"][0]["fingerprint"]')" \
	"$(openssl x509 -in "$PKI/rsa2048.crt" -outform der | sha256sum | cut -c 1-64)" "and the fingerprint openssl's"
devid list --user
like "$out" 'laptop 042' "--user: it is the user's"
devid list --system
unlike "$out" 'laptop 042' "--system: it is not the machine's"
devid list –json
is "$(json 'len(j["identities"])')" 1 "a pasted dash is understood"

devid show
is "$rc" 0 "show needs no label where there is one identity"
narrow "$out" "show fits in 80 columns"
for what in 'Device Identity' 'its user can copy the key' '2048, measured as PEM' \
	'signing certificate issuing of the account, [0-9]+ of at most 4096 bytes' \
	'CN=Example Root CA' '└─ ' "this device's certificate"; do
	like "$out" "$what" "show tells: $what"
done
devid show "$label" --json
is "$(json '[c["role"] for c in j["chain"]]')" "['device', 'signing', 'ca']" "the chain with its parts"
is "$(json '[c["present"] for c in j["chain"]]')" "[True, True, True]" "all there"
is "$(json 'j["chain"][1]["file_size"]')" "$(stat -c %s "$PKI/issuing.crt")" "the signing certificate's file size"
is "$(json 'j["chain"][1]["file_limit"]')" 4096 "and its limit"
devid show 'pkcs11:token=Device%20Identity;object=laptop%20042'
is "$rc" 0 "show by URI"
devid check
is "$rc" 0 "it passes the check"
like "$out" 'laptop 042: ok: accepted through signing certificate issuing' "which is told"
is "$err" "" "without complaints"
devid check "$label" --json
is "$(json '[j["result"], j["identities"][0]["check"]["reason"]]')" "['ok', 'ok']" "--json says so"
devid check -q
is "$rc/$out$err" 0/ "--quiet says nothing"
devid export
is "$rc" 0 "it is exported"
cat "$PKI/rsa2048.crt" "$PKI/issuing.crt" "$PKI/root.crt" >"$T/whole.pem"
is "$out" "$(cat "$T/whole.pem")" "leaf, then chain, as they came"
devid export --leaf "$label"
is "$out" "$(cat "$PKI/rsa2048.crt")" "or the leaf alone"
devid export -o "$T/out.pem"
is "$(cat "$T/out.pem")" "$(cat "$T/whole.pem")" "into a file"
devid export -o "$T/out.pem" --leaf
is "$(cat "$T/out.pem")" "$(cat "$PKI/rsa2048.crt")" "which is replaced"
is "$(find "$T" -maxdepth 1 -name '.*.new')" "" "and nothing temporary is left"
# A reference to the key: pkcs11-provider's PEM, read back by openssl.
devid export --key-reference "$label"
is "$rc" 0 "a file that names the key"
is "$(head -n 1 <<<"$out")/$(tail -n 1 <<<"$out")" \
	"-----BEGIN PKCS#11 PROVIDER URI-----/-----END PKCS#11 PROVIDER URI-----" "of pkcs11-provider's kind"
grep -v '^-----' <<<"$out" | openssl base64 -d >"$T/reference.der"
is "$(openssl asn1parse -inform DER -in "$T/reference.der" | sed -E 's/^.*(cons|prim): *//; s/ *$//')" "SEQUENCE
VISIBLESTRING     :PKCS#11 Provider URI v1.0
UTF8STRING        :pkcs11:token=Device%20Identity;object=${label// /%20};type=private" "with the URI of the private key"
reference=$out
devid export --key-reference -o "$T/reference.pem" "$label"
is "$out$(cat "$T/reference.pem")" "$reference" "into a file"
devid export --key-reference --leaf "$label"
is "$rc" 2 "not with --leaf"
ln -s "$T/victim" "$T/link"
devid export -o "$T/link"
is "$rc" 1 "a link is not written through"
not_ok "what it points to is not made" test -e "$T/victim"
mkfifo "$T/fifo"
devid export -o "$T/fifo"
is "$rc" 1 "nor is a FIFO"
devid export -o "$T"
is "$rc" 1 "nor a folder"
devid export -o "$T/no/such/folder"
is "$rc" 1 "nor what can't be made"
run setpriv --reuid=65534 --clear-groups env -i "DEVID_DATA_DIR=$RECORDS_USER" "$DEVID_COMMAND" list
unlike "$out" 'laptop' "another user's records are not read"

# --- no account, other accounts, broken accounts
rm -r "$T/config"
devid list
is "$rc" 0 "no account: it is listed"
like "$out" 'no account' "and told"
devid show
like "$out" 'must become a signing certificate: [0-9]+ of at most 4096 bytes' "show: the issuer must become a signing certificate"
devid check "$label"
is "$rc" 6 "no account: 6"
make_account root
devid show --json
is "$(json '[c["role"] for c in j["chain"]]')" "['device', 'must-become-signing', 'signing']" \
	"the root is uploaded and the issuer is not"
devid check
is "$rc" 3 "which Chain=issuer refuses"
like "$err" '^Certificate error\. \[C=JP, ST=Tokyo, O=Example, CN=Example Root CA\]' "with the bracket line"
like "$err" 'devid: laptop 042: not issued by any signing certificate.*CN=Example Device CA' "the label and the issuer"
printf '[Account]\nChain=path\n' >"$T/config/account.conf"
devid check
is "$rc" 0 "and Chain=path accepts"
make_account stranger-issuing issuing
devid check
is "$rc" 0 "one of two signing certificates is enough"
make_account stranger-issuing namesake-issuing
devid check
is "$rc" 3 "another CA with the same name is not enough"
is "$(head -n 1 <<<"$err" | grep -o '\[' | wc -l)" 2 "a bracket for each signing certificate"
make_account issuing
printf '[Account]\nNonsense=yes\n' >"$T/config/account.conf"
devid check
is "$rc" 1 "a broken account: 1"
like "$err" 'account.conf:2' "with file and line"
devid check --json
is "$(json '[j["result"], j["reason"]]')" "['error', 'account-broken']" "--json says so"
devid list
is "$rc" 0 "the list is there all the same"
like "$out" 'account.*broken' "and says it"
devid show
is "$rc" 0 "so is show"
devid status
is "$rc" 0 "and status"
like "$out" 'broken: .*account.conf:2' "with file and line"
make_account issuing
chmod go+w "$T/config/signing/issuing.pem"
devid check
is "$rc" 1 "a signing certificate that others can write is no account"
make_account issuing
chmod go+w "$T/config"
devid check
isnt "$rc" 0 "nor is such a folder"
chmod go-w "$T/config"
printf '[Certificate]\nRequireProtection=root\n' >"$T/config/account.conf"
devid check
is "$rc" 4 "a key that its user can copy, where the account asks for more: 4"
like "$err" 'devid: laptop 042: ' "with the label"
devid check --json
is "$(json 'j["reason"]')" protection "and its reason"
printf '[Certificate]\nRequireProtection=user\n' >"$T/config/account.conf"
devid check
is "$rc" 0 "one class lower it passes"
rm "$T/config/account.conf"

# --- identities that are not well
rm -r "$RECORDS_USER"
make_record user old keyring "$PKI/expired.crt" "$PKI/issuing.crt"
devid check
is "$rc" 3 "an expired one"
like "$err" 'expired' "is called so"
devid list
like "$out" 'expired [0-9]+ days ago' "the list warns"
like "$out" 'over' "and has it in its column"
devid show
like "$err" 'warning: old: expired' "show warns"
is "$(json 'j' 2>/dev/null)" "" "and prints text"
devid list --json
is "$(json 'j["identities"][0]["days_left"] < 0')" True "--json: days below zero"
make_record user future keyring "$PKI/future.crt" "$PKI/issuing.crt"
devid check future
is "$rc" 3 "one that is not valid yet"
devid check
is "$rc" 3 "both: the check fails"
is "$(grep -c '^Certificate error' <<<"$err")" 2 "and each is told"
devid show
is "$rc" 0 "show takes the one that is chosen where there are two"
like "$err" 'hint: future is chosen of 2' "and says which"
make_record user good keyring "$PKI/p256.crt" "$PKI/issuing.crt"
devid check
is "$rc" 3 "a good one doesn't make up for the others"
like "$out" 'good: ok' "though it is told"
devid check good
is "$rc" 0 "and passes alone"
devid list --json
is "$(json '[i["label"] for i in j["identities"] if i["chosen"]]')" "['good']" "the list marks the accepted one"
devid list
is "$(grep -c '[*] chosen' <<<"$out")" 1 "once"
devid export
is "$(head -n 3 <<<"$out")" "$(head -n 3 "$PKI/p256.crt")" "which export takes"
devid check --server localhost:1 --json
is "$(json '[i["label"] for i in j["identities"]]')" "['good']" "and check --server"
rm -r "$RECORDS_USER"
make_record user alone none "$PKI/p256.crt" "$PKI/issuing.crt"
devid check
is "$rc" 1 "a certificate without its key"
like "$err" 'private key is not' "says so"
devid export --key-reference alone
is "$rc/$out" 1/ "has none to refer to"
like "$err" '^devid: alone: the certificate is there and its private key is not' "and says so"
devid list
like "$out" 'none +EC P-256 .*no key' "so does the list, and names nobody who could copy it"
devid list --json
is "$(json '[j["identities"][0][k] for k in ("store", "copied_by")]')" "['none', None]" "nor does its JSON"
devid show alone
like "$out" 'store +none: the private key is not here' "show says it too"
rm -r "$RECORDS_USER"
make_record user stranger keyring "$PKI/stranger.crt"
devid show --json
is "$(json '[(c["role"], c["present"]) for c in j["chain"]]')" \
	"[('device', True), ('must-become-signing', False)]" "an issuer that isn't here"
devid show
like "$out" "its file isn't here" "is told so"
make_record user comma keyring "$PKI/comma.crt" "$PKI/issuing.crt"
make_record user japan keyring "$PKI/japan.crt" "$PKI/issuing.crt"
devid list
narrow "$out" "names in Japanese fit in 80 columns"
devid show japan
narrow "$out" "also in show"
like "$out" '東京都' "and are shown"
make_account japan
devid show comma
like "$out" 'Example\\, Inc\.' "a comma in a name is escaped"
make_account issuing
long=$(printf 'l%.0s' {1..120})
make_record user "$long" keyring "$PKI/p384.crt" "$PKI/issuing.crt"
devid list --json
is "$(json 'max(len(i["label"]) for i in j["identities"])')" 120 "a long label is whole in --json"
devid list
is "$(grep -v pkcs11: <<<"$out" | tr -dc l | grep -o 'l*' | head -c 1)" l "a long label is broken over lines"
narrow "$(grep -v pkcs11: <<<"$out")" "and all but its URI fits in 80 columns"
like "$out" "object=$long" "which is whole"

# --- records that can't be read
rm -r "$RECORDS_USER"
make_record user good keyring "$PKI/p256.crt"
echo garbage >"$RECORDS_USER/0123456789abcdef.identity"
devid list
is "$rc" 0 "a damaged record"
like "$err" 'warning: .*0123456789abcdef.identity.*skipped' "is told and skipped"
like "$out" good "the others are listed"
devid list --json
is "$(json 'len(j["identities"])')" 1 "--json is whole"
make_record user cut keyring "$PKI/p384.crt"
truncate -s 400 "$RECORD"
devid list
like "$err" "$(basename "$RECORD")" "so is one that was cut short"
rm "$RECORDS_USER"/*.identity
mkfifo "$RECORDS_USER/fedcba9876543210.identity"
ln -s /etc/passwd "$RECORDS_USER/fedcba9876543211.identity"
RUN_BOUND=10 devid list
is "$rc" 0 "a FIFO and a link where records are expected"
unlike "$out$err" root: "are not read"
rm "$RECORDS_USER"/*.identity

# --- keys with labels of their own: the URI is one that finds certificate and key
# own LABEL LINE…: the identity of that label, p256's key, with those lines.
own() {
	make_record user "$1" "${STORE:-file}" "$PKI/${KEY:-p256}.crt" "$PKI/issuing.crt"
	shift
	[ $# -eq 0 ] || sed -i "/^Label:/a $(printf '%s\\n' "$@" | sed '$s/\\n$//')" "$RECORD"
}
# says MEMBERS LABEL
says() {
	devid show "$2" --json
	json "[j[k] for k in '$1'.split()]"
}
uri_by_id() {
	echo "pkcs11:token=Device%20Identity;id=$(key_id_of "$PKI/$1.crt" | tr a-f A-F | sed 's/../%&/g')"
}
by_name='pkcs11:token=Device%20Identity;object=serv-cert' by_id=$(uri_by_id p256)
own serv-cert
is "$(says 'label key_label public_key_label uri' serv-cert)" "['serv-cert', 'serv-cert', 'serv-cert', '$by_name']" \
	"one label for all: the URI is by it"
devid show serv-cert
unlike "$out" 'labels' "and show has no more to say"
own serv-cert 'Key-Label: serv-key'
is "$(says 'label key_label public_key_label uri' serv-cert)" "['serv-cert', 'serv-key', 'serv-key', '$by_id']" \
	"a key with another: the URI is by the id, which both have"
devid show serv-cert
like "$out" 'labels +private key serv-key, public key serv-key' "show tells the labels"
like "$out" "uri +$by_id" "and the URI"
narrow "$(grep -v pkcs11: <<<"$out")" "in 80 columns"
devid list
like "$out" "$by_id" "so does the list"
unlike "$out" "$by_name" "which has no other"
for uri in "$by_id" "$by_name"; do
	is "$(says 'label scope' "$uri")" "['serv-cert', 'user']" "either is understood: ${uri##*;}"
done
devid show serv-key
is "$rc" 1 "the key's label is not the identity's name"
devid show 'pkcs11:token=Device%20Identity;object=serv-key'
is "$rc" 1 "nor its URI"
own serv-cert 'Public-Key-Label: serv-pub'
is "$(says 'key_label public_key_label uri' serv-cert)" "['serv-cert', 'serv-pub', '$by_name']" \
	"a public key with another: the name finds certificate and key"
is "$(says label "$by_id")" "['serv-cert']" "and the id is understood"
devid show serv-cert
like "$out" 'private key serv-cert, public key serv-pub' "show tells it"
STORE=none own serv-cert 'Key-Label: serv-key' 'Public-Key-Label: serv-pub'
is "$(says 'key_label public_key_label uri' serv-cert)" "[None, None, '$by_name']" "a certificate alone has no keys to be labelled"
# Names are nobody else's; a key's label may be.
own serv-cert
for line in Key-Label Public-Key-Label; do
	KEY=p384 own other "$line: serv-cert"
	is "$(says 'key_label uri' serv-cert)" "['serv-cert', '$by_id']" "another identity's $line is this one's name: by the id"
	is "$(says scope "$by_name")" "['user']" "the name is understood"
done
is "$(says uri other)" "['pkcs11:token=Device%20Identity;object=other']" "the other one, whose key is called as it is: by its name"
KEY=p384 own other 'Key-Label: serv-cert'
is "$(says uri other)" "['$(uri_by_id p384)']" "else by its id"
own serv-cert 'Public-Key-Label: serv-pub'
is "$(says uri serv-cert)" "['$by_id']" "with two keys of that label, one of which is its own: also"
own serv-cert
STORE=none KEY=p384 own other 'Key-Label: serv-cert'
is "$(says uri serv-cert)" "['$by_name']" "of a key that isn't there nobody is in the way"
KEY=p384 own other 'Key-Label: serv-cert'
make_record system serv-cert file "$PKI/p521.crt" "$PKI/issuing.crt"
devid show --system serv-cert --json
is "$(json 'j["uri"]')" 'pkcs11:token=Device%20Identity%20%28system%29;object=serv-cert' "nor one of the user's in the machine's"
rm -r "$RECORDS_USER" "$RECORDS_SYSTEM"

# --- both tokens
make_record user same keyring "$PKI/p256.crt" "$PKI/issuing.crt"
make_record system same file "$PKI/p384.crt" "$PKI/issuing.crt"
make_record system machine file "$PKI/p521.crt" "$PKI/issuing.crt"
devid list
is "$(grep -c '^same' <<<"$out")" 2 "one label on both tokens is listed twice"
like "$out" 'token=Device%20Identity%20%28system%29;object=machine' "with the machine's URI"
devid list --system --json
is "$(json '[(i["label"], i["copied_by"], i["scope"]) for i in j["identities"]]')" \
	"[('machine', 'root', 'system'), ('same', 'root', 'system')]" "--system: the machine's alone"
devid show same --json
is "$(json 'j["key_type"]')" "EC P-256" "show takes the user's own"
devid show same --json --system
is "$(json 'j["key_type"]')" "EC P-384" "--system: the machine's"
devid show 'pkcs11:token=Device%20Identity%20%28system%29;object=same' --json
is "$(json 'j["key_type"]')" "EC P-384" "or by its URI"
devid check same
is "$rc" 0 "the user's own is checked against the user's account"
devid check
is "$rc" 0 "without a label, the user's own are checked"
unlike "$out$err" machine "and the machine's are not"
devid check machine
is "$rc" 6 "the machine's against /etc/devid alone"
for command in "remove same" "rename same other"; do
	devid $command
	is "$rc" 2 "$command: which of them?"
	like "$err" '--user or --system' "it asks"
done
devid show --user machine
is "$rc" 1 "--user: the machine's is not there"

# --- nothing was started
run "${E[@]}" "$DEVID_COMMAND" status
is "$rc" 0 "status"
like "$out" 'not running' "finds no agent"
devid status --json
is "$(json 'sorted(j)')" "['account', 'agent', 'connections', 'identities', 'keyring', 'network', 'system_agent', 'version']" \
	"status --json has its members"
is "$(json '[j["agent"]["running"], j["keyring"]["state"], j["account"]["state"]]')" \
	"[False, 'missing', 'ready']" "and these values"
is "$(ours)" "" "and nothing runs that was not there"

# --- the events of the checks
devid events --json
is "$rc" 0 "events are there"
is "$(json 'sorted({e["event_sub_type"] for e in j["events"]})')" "['Local Check']" "a check is called a local one"
is "$(json 'sorted({e["event_type"] for e in j["events"]})')" "['Device Certificate']" "and never a connection"
is "$(json 'sorted({e["device_certificate"] for e in j["events"]})')" "['Not Validated', 'Validated']" "of both kinds"
is "$(json 'any(e["reason"] == "expired" and e["label"] == "old" for e in j["events"])')" True "with reason and label"
devid events
is "$rc" 0 "events as text"
narrow "$out" "in 80 columns"
devid events --json
when=$(json 'j["events"][0]["time"]')
like "$when" '^20..-..-..T..:..:[0-9.]*Z$' "JSON has UTC"
for zone in IST-5:30 EST5; do
	run "${E[@]}" TZ=$zone "$DEVID_COMMAND" events
	like "$(sed -n 2p <<<"$out")" "^$(TZ=$zone date -d "$when" '+%F %T%:z' | sed 's/+/[+]/') " "$zone: people their own time, with its offset"
done
devid events --since 2040-01-01
like "$out" 'no events' "none of the future"
devid events --since 1h --json
is "$(json 'len(j["events"]) > 10')" True "all of the last hour"
devid events --system --json
is "$(json 'sorted({e["label"] for e in j["events"]})')" "['machine']" "the machine's log has the machine's"
echo '{"time": "torn' >>"$T/home/.local/state/devid/events.jsonl"
devid events --json
is "$rc" 0 "a torn line is passed over"
done_testing
