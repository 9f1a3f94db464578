#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# strongSwan's pki with its pkcs11 plugin on the user's token: what it lists, public keys, requests and
# certificates signed by RSA and EC keys, checked by openssl; its question for a PIN; what it says when a key can't
# be used. The login is charon's, in profile-strongswan.sh.
. "$(dirname "$0")/../lib/clients.sh"
client_machine "$0" "$@"

cat >"$T/strongswan.conf" <<X
pki {
	load = pkcs11 pem pkcs1 pkcs8 x509 pubkey openssl random
	plugins { pkcs11 { modules { devid { path = $SO } } } }
}
X
declare -A id
for label in rsa ec stranger; do
	id[$label]=$("${E[@]}" p11tool --list-all-certs "$TOKEN;object=$label" 2>/dev/null | sed -n 's/.*ID: //p' |
		tr -d ':')
done

# pki WORD…: without a terminal it reads the PIN from its input. Sets said to what comes after the question.
PIN=anything
pki() {
	printf '%s' "${PIN:+$PIN$'\n'}" >"$T/pin"
	run setsid -w "${E[@]}" STRONGSWAN_CONF="$T/strongswan.conf" pki "$@" <"$T/pin"
	said=${err##*Smartcard PIN: }
}

# --- what it finds
pki --pub --keyid "${id[rsa]}" --outform pem
is "$rc" 0 "pki --pub, RSA"
is "$out" "$(openssl x509 -in "$PKI/rsa2048.crt" -noout -pubkey)" "is the public key"
like "$err" "found token in slot 'devid':0 \(Device identity of the user\)" "it sees the user's token"
like "$err" "found token in slot 'devid':1 \(Device identity of the machine\)" "and the machine's"
for name in rsa ec stranger 'Example Device CA' 'Example Root CA' 'Other CA' 'Other Root CA'; do
	is "$(grep -cF "loaded untrusted cert '$name'" <<<"$err")" 1 "it lists the certificate '$name' once"
done
unlike "$err" 'failed|ignor' "and complains of nothing"
pki --pub --keyid "${id[ec]}" --outform pem
is "$rc $out" "0 $(openssl x509 -in "$PKI/p256.crt" -noout -pubkey)" "pki --pub, EC"
pki --keyid --keyid "${id[rsa]}" --id spki --format hex
is "$rc $out" "0 ${id[rsa]}" "pki --keyid: CKA_ID is the key's identifier"
pki --print --type x509 --keyid "${id[ec]}"
is "$rc" 0 "pki --print of a certificate"
like "$out" 'subject: *"C=JP, ST=Tokyo, O=Example, CN=laptop-p256"' "is the certificate"

# --- what it signs
# request LABEL NAME [OPTION…]: a request of that key, checked by openssl.
request() {
	local label=$1 name=$2
	shift 2
	pki --req --keyid "${id[$label]}" --dn 'C=JP, CN=renewed' --san renewed.test --outform pem "$@"
	is "$rc" 0 "pki --req, $name"
	printf '%s\n' "$out" >"$T/req.pem"
	like "$(openssl req -in "$T/req.pem" -noout -verify 2>&1)" 'verify OK' "$name: the signature is good"
	ok "$name: of that key" cmp <(openssl req -in "$T/req.pem" -noout -pubkey) \
		<(openssl x509 -in "$PKI/$name.crt" -noout -pubkey)
}
request rsa rsa2048
for digest in sha384 sha512; do
	request rsa rsa2048 --digest $digest
	like "$(openssl req -in "$T/req.pem" -noout -text)" "Algorithm: ${digest}With" "by $digest"
done
request ec p256
request stranger stranger
pki --self --keyid "${id[ec]}" --dn 'CN=self' --outform pem
printf '%s\n' "$out" >"$T/self.pem"
ok "pki --self" openssl verify -check_ss_sig -CAfile "$T/self.pem" "$T/self.pem"
pki --req --keyid "${id[rsa]}" --dn CN=x --rsa-padding pss
is "$rc" 1 "its plugin knows no PSS"
like "$said" 'signature scheme RSA_EMSA_PSS not supported' "and says so"

# --- its question for a PIN
for PIN in '' $'\n'; do
	pki --pub --keyid "${id[rsa]}" --outform pem
	is "$rc $out" "1 " "it asks for a PIN, and an empty one won't do"
	like "$said" "no PIN found for .*parsing private key failed" "of which it says so"
done
PIN=anything
pki --pub --keyid 0011223344 --outform pem
is "$rc $out" "1 " "a key that isn't there"
like "$err" 'no PKCS#11 module found having a keyid 00:11:22:33:44' "is told as such"

# --- what can't be used
declare -A codes=([locked]=DEVICE_ERROR [refused]=FUNCTION_REJECTED [gone]=DEVICE_ERROR)
probe() {
	local label=$1 how=$2
	pki --pub --keyid "${id[$label]}" --outform pem
	is "$rc" 0 "$how: the public key is there"
	pki --req --keyid "${id[$label]}" --dn CN=x --outform pem
	client_failed_in_time "$how"
	is "$rc $out" "1 " "$how: no request"
	is "$said" "C_Sign() failed: ${codes[$how]}
building CRED_CERTIFICATE - PKCS10_REQUEST failed, tried 3 builders
generating certificate request failed" "$how: what it says"
	pki --self --keyid "${id[$label]}" --dn CN=x --outform pem
	is "$rc $said" "1 C_Sign() failed: ${codes[$how]}
building CRED_CERTIFICATE - X509 failed, tried 5 builders
generating certificate failed" "$how: nor a certificate"
	[ "$how" = gone ] || is "$(client_refusals $how /usr/bin/pki)" 1 "$how: one event"
}
for how in locked refused gone; do
	client_cannot_use $how probe
done
request rsa rsa2048
done_testing
