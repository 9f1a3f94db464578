#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One certificate, one answer: verify, check, show, list, inspect, import, ca list and account revoke agree about
# what is no device certificate, and about names that other tools wrote in another way.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
. "$TESTS/certs/pki.sh"
need_pki
cd "$T" || exit 1
O=/C=JP/ST=Tokyo/O=Example
printf secret >password
chmod 600 password

# issue NAME SUBJECT EXTENSIONS…: by `issuing`, or by ISSUER=.
issue() {
	local name=$1 subject=$2
	shift 2
	[ -e "$name.key" ] || pki_key "$name" p256
	pki_issue "$name" "$PKI/${ISSUER:-issuing}" "$subject" "$@" authorityKeyIdentifier=keyid || bail "$name"
	pki_p12 "$name" "$name.p12" secret -certfile "$PKI/issuing-chain.pem" || bail "$name.p12"
}
issue sub "$O/CN=Sub CA" "${CA_EXTENSIONS[@]}"
issue flag "$O/CN=laptop-flag" basicConstraints=CA:TRUE keyUsage=critical,digitalSignature subjectKeyIdentifier=hash
cp "$PKI/issuing.key" twin.key
ISSUER=root issue twin "$O/CN=Example Device CA" "${CA_EXTENSIONS[@]}"
cp "$PKI/issuing.key" samekey.key
issue samekey "$O/CN=laptop-samekey" "${LEAF_EXTENSIONS[@]}"

# answers NAME REASON WORDS: all of them refuse NAME for that reason.
answers() {
	local name=$1 reason=$2 words=$3 before
	devid verify --json "$name.crt"
	is "$rc/$(json 'j["reason"]')" "3/$reason" "$name: verify"
	devid inspect --json --password-file password "$name.p12"
	is "$rc/$(json 'j["files"][0]["identities"][0]["check"]["reason"]')" "3/$reason" "$name: inspect"
	before=$(ls "$RECORDS_USER" 2>/dev/null)
	devid import-cert --user --store file --password-file password "$name.p12"
	is "$rc" 3 "$name: import-cert"
	like "$err" "devid: $name.p12: $words" "$name: import-cert says why"
	like "$err" 'hint: ' "$name: and what to do"
	is "$(ls "$RECORDS_USER" 2>/dev/null)" "$before" "$name: import-cert writes nothing"
	devid account revoke $half --json "$name.crt"
	is "$rc/$(json 'j["reason"]')" 1/revoke-ca "$name: account revoke"
	make_record user "$name" file "$name.crt" "$PKI/issuing.crt"
	make_key user "$T/$name"
	devid check --json "$name"
	is "$rc/$(json 'j["reason"]')" "3/$reason" "$name: check"
	devid list --json
	is "$(json "[i['check']['reason'] for i in j['identities'] if i['label'] == '$name']")" "['$reason']" "$name: list"
	devid show --json "$name"
	is "$(json 'j["check"]["reason"]')" "$reason" "$name: show"
	rm "$RECORD"
}
half=--user
[ "$(id -u)" -ne 0 ] || half=--system
# A user's account; root's inspect looks at the machine's.
account() {
	make_account "$@"
	rm -rf /etc/devid
	[ "$(id -u)" -ne 0 ] || cp -r "$T/config" /etc/devid
}
account issuing
answers sub leaf-is-ca "a CA's certificate can't be"
answers flag leaf-is-ca "a CA's certificate can't be"
answers twin leaf-is-signing 'this is a signing certificate'
answers samekey leaf-is-signing 'this is a signing certificate'
# Where there is no account.
rm -rf "$T/config" /etc/devid
devid import-cert --user --store file --json --password-file password sub.p12
is "$rc/$(json 'j["reason"]')" 3/leaf-is-ca "no account: import-cert all the same"

# --- the same name in other strings, in another case, with blanks more
# names TWIN STRINGS SUBJECT: the CA as the account has it, its leaf's issuer as another tool wrote it.
names() {
	cp "$PKI/issuing.key" "$1.key"
	STRINGS=$2 pki_issue "$1" "$1" "$3" "${CA_EXTENSIONS[@]}" || bail "$1"
	pki_key "by-$1" p256
	pki_issue "by-$1" "$1" "$O/CN=laptop-$1" "${LEAF_EXTENSIONS[@]}" || bail "by-$1"
	account issuing
	devid verify --json "by-$1.crt"
	is "$rc/$(json 'j["signing_name"]')" 0/issuing "$1: verify"
	make_record user "by-$1" file "by-$1.crt"
	make_key user "$T/by-$1"
	devid check --json "by-$1"
	is "$rc/$(json 'j["reason"]')" 0/ok "$1: check"
	devid list --json
	is "$(json "[i['check']['reason'] for i in j['identities'] if i['label'] == 'by-$1']")" "['ok']" "$1: list"
	devid show --json "by-$1"
	is "$(json '[n["role"] for n in j["chain"]][:2]')" "['device', 'signing']" "$1: show draws it below the CA"
	devid ca remove $half --yes --json issuing
	is "$(json 'j["identities"]')" "['by-$1 (user)']" "$1: ca remove knows what hangs on it"
	rm "$RECORD"
}
names printable nombstr "$O/CN=Example Device CA"
names blanks utf8only '/C=JP/ST=TOKYO/O= Example/CN=EXAMPLE  Device CA '
done_testing
