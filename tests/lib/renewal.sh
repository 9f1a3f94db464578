# SPDX-License-Identifier: LGPL-2.1-or-later
# Renewals of the machine's identities while programs run, for the tests of these. After common.sh, machine.sh and the
# machine that is there, with A of root:
#
#	replace NAME LABEL		another key for the identity: $PKI/NAME.p12; what was told is the document in $out
#	retire LABEL			its former key
#	ends_earlier NAME YEAR		makes $PKI/NAME.p12: CN=laptop-NAME, RSA, which ends with that year, earlier than others
#	json EXPRESSION			of the document in $out
#	needs PROGRAM			what root was told of it
#	tells PROGRAM LABEL		whether the machine's log tells that it used a key that is gone
#	more FILE REGEX COUNT		whether there are more such lines than that; count FILE REGEX says how many

. "$TESTS/certs/pki.sh"

replace() {
	cp "$PKI/$1.p12" "$T/users/root/"
	run "${A[@]}" devid import-cert --replace --label "$2" --password-file "$PKI/password" "$1.p12" --json
	[ "$rc" -eq 0 ] || bail "$1: $err"
}
retire() {
	run "${A[@]}" devid retire "$1"
	[ "$rc" -eq 0 ] || bail "retire $1: $err"
}
ends_earlier() {
	(
		cd "$PKI" && pki_key "$1" rsa:2048 &&
			END=${2}1231235959Z pki_issue "$1" issuing "/C=JP/ST=Tokyo/O=Example/CN=laptop-$1" "${LEAF_EXTENSIONS[@]}" &&
			pki_p12 "$1" "$1.p12" "$(cat password)" -certfile issuing-chain.pem
	) >"$T/certificate.log" 2>&1 || bail "no certificate: $(cat "$T/certificate.log")"
}

json() {
	/usr/bin/python3 -c 'import json, sys
d = json.loads(sys.argv[1])
print(eval(sys.argv[2]))' "$out" "$1"
}
needs() {
	json '[p["need"] for p in d["programs"] if p["program"].endswith("/'"$1"'")]'
}
tells() {
	grep -q '"action":"Refused","reason":"key-gone","label":"'"$2"'".*"program":"'"$1"'"' /var/log/devid/refusals.jsonl
}
more() {
	[ "$(count "$1" "$2")" -gt "$3" ]
}
count() {
	grep -cE "$2" "$1"
}
