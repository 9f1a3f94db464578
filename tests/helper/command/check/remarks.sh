#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the account accepts and others refuse is told at import, check, show, verify and doctor: usages that TLS
# gateways ask for, a CA named by another serial number. And certificates without a subject are shown by their
# alternative names.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
. "$TESTS/certs/pki.sh"
need_pki
cd "$T" || exit 1
O=/C=JP/ST=Tokyo/O=Example
printf secret >password
chmod 600 password

# identity NAME SUBJECT EXTENSIONS…: by issuing; NAME.p12 as well, and a record with its key.
identity() {
	local name=$1 subject=$2
	shift 2
	pki_key "$name" rsa:2048
	pki_issue "$name" "${ISSUER:-$PKI/issuing}" "$subject" "$@" || bail "$name"
	pki_p12 "$name" "$name.p12" secret -certfile "$PKI/issuing-chain.pem" || bail "$name.p12"
	make_record user "$name" file "$name.crt"
	make_key user "$T/$name"
}
NONE=(basicConstraints=critical,CA:FALSE authorityKeyIdentifier=keyid)
identity cipher "$O/CN=laptop-cipher" "${NONE[@]}" keyUsage=critical,keyEncipherment extendedKeyUsage=clientAuth
identity web "$O/CN=laptop-web" "${NONE[@]}" keyUsage=critical,digitalSignature,keyEncipherment extendedKeyUsage=serverAuth
identity good "$O/CN=laptop-good" "${NONE[@]}" keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth,clientAuth
identity any "$O/CN=laptop-any" "${NONE[@]}" extendedKeyUsage=anyExtendedKeyUsage
# The CA as it was renewed with its key: the leaf names it by the number that it had before.
cp "$PKI/issuing.key" renewed.key
pki_issue renewed "$PKI/root" "$O/CN=Example Device CA" "${CA_EXTENSIONS[@]}" authorityKeyIdentifier=keyid
identity serial "$O/CN=laptop-serial" basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature \
	authorityKeyIdentifier=keyid,issuer:always
make_account issuing
warned() { # NAME: the words of warnings in the JSON that was printed
	json "[w['reason'] for i in (j.get('identities') or [j]) for w in i['warnings']]"
}
while read -r name words; do
	devid check --json "$name"
	is "$rc/$(warned)" "0/$words" "$name: check --json"
	devid show --json "$name"
	is "$(warned)" "$words" "$name: show --json"
	devid verify --json "$name.crt"
	is "$rc/$(warned)" "0/$words" "$name: verify --json"
done <<-'ROWS'
	cipher ['usage-no-signature']
	web ['usage-no-client']
	good []
	any []
	serial []
ROWS
devid check cipher
like "$out$err" 'cipher: TLS gateways refuse it: its key usage lacks digitalSignature \(found: keyEncipherment\)' "check: the usage that was found"
like "$err" 'hint: ask for a certificate with key usage digitalSignature' "and what to ask for"
devid show web
like "$err" 'web: TLS gateways refuse it: its extended key usage lacks clientAuth \(found: serverAuth\)' "show"
rm "$RECORDS_USER"/*
devid import-cert --user --store file --password-file password cipher.p12
is "$rc" 0 "import: taken all the same"
like "$err" 'TLS gateways refuse it: its key usage lacks digitalSignature' "import: and told"
devid import-cert --user --store file --json --password-file password web.p12
like "$(json 'j["warnings"]')" 'lacks clientAuth \(found: serverAuth\)' "import --json"
devid doctor --json
like "$out" 'lacks digitalSignature' "doctor"

# --- the handshake that such a certificate can't make, by whoever's fault
# Of a server whose standard input never ends: at its end it would too.
mkfifo "$T/held"
for version in 1_2 1_3; do
	openssl s_server -accept 0 -cert "$PKI/server.crt" -key "$PKI/server.key" -quiet -tls$version \
		-CAfile <(cat "$PKI/issuing.crt" "$PKI/root.crt") -Verify 3 -verify_return_error \
		>"$T/server.log" 2>&1 <>"$T/held" &
	server=$!
	track $server
	wait_for 10 listening_port $server || bail "no server: $(cat "$T/server.log")"
	RUN_BOUND=30 devid check cipher --server "localhost:$(listening_port $server)" --ca-file "$PKI/root.crt"
	is "$rc" 3 "TLS $version: it is the certificate's fault"
	unlike "$out$err" 'before a certificate was asked for' "TLS $version: which was asked for"
	stop $server
done

# --- the CA's certificate here is another than the one that the leaf names
cp renewed.crt "$T/config/signing/issuing.pem"
make_record user serial file serial.crt
make_key user "$T/serial"
devid check --json serial
is "$rc/$(warned)" "0/['issuer-serial']" "serial: check --json"
devid check serial
like "$out$err" 'gateways with OpenSSL refuse it: it names its CA by a serial number' "check tells it"
devid show serial
like "$err" 'gateways with OpenSSL refuse it' "show tells it"
devid verify serial.crt
is "$rc" 0 "verify accepts it"
like "$err" 'gateways with OpenSSL refuse it' "and tells it"
run openssl verify -partial_chain -CAfile renewed.crt serial.crt
isnt "$rc" 0 "OpenSSL does refuse it"
cp "$PKI/issuing.crt" "$T/config/signing/before.pem"
devid check --json serial
is "$rc/$(warned)" "0/[]" "beside the one that it names there is nothing to say"

# --- no subject
identity nameless / "${NONE[@]}" keyUsage=critical,digitalSignature \
	'subjectAltName=critical,DNS:laptop.corp.example,IP:192.0.2.7,URI:spiffe://corp.example/a'
names='DNS:laptop.corp.example, IP:192.0.2.7, URI:spiffe://corp.example/a'
devid show --json nameless
is "$(json 'j["subject"]')" "$names" "show --json: by its alternative names"
devid show nameless
like "$out" 'DNS:laptop\.corp\.example' "show"
devid verify nameless.crt
like "$out" "ok: $names: accepted" "verify"
devid inspect nameless.crt
like "$out" 'DNS:laptop\.corp\.example' "inspect"
done_testing
