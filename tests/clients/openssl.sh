#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The openssl command with its engine `pkcs11` (libp11) on an installed machine: a login with s_client, a signed
# message, a certificate request and bare signatures, each checked without us; and what it says when the key
# can't be used. It has no way to list a token. (Debian 12 has no OpenSSL provider for PKCS#11.)
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
client_machine "$0" "$@"
client_import stranger-ec stranger-p256
declare -A files=([rsa]=rsa2048 [ec]=p256 [stranger]=stranger [stranger-ec]=stranger-p256)
W=$T/w
mkdir -m 755 "$W" && chown alice: "$W"
printf 'pay 100\n' >"$W/message"
printf 'pay 900\n' >"$W/forged"
for name in "${files[@]}"; do
	openssl x509 -in "$PKI/$name.crt" -noout -pubkey >"$W/$name.pub"
done

# engine SUBCOMMAND [OPTION…]
engine() {
	local subcommand=$1
	shift
	run "${E[@]}" openssl "$subcommand" -engine pkcs11 "$@"
}
key() {
	echo "$TOKEN;object=$1;type=private"
}
# s_client LABEL [NAME=VALUE…]: as curl's tests do, without curl.
s_client() {
	local label=$1
	shift
	printf 'GET / HTTP/1.0\r\n\r\n' >"$W/request"
	run "${E[@]}" "$@" bash -c 'exec <"$1" && shift && exec openssl s_client -quiet "$@"' login "$W/request" \
		-connect "localhost:$PORT" -CAfile "$PKI/root.crt" -verify_return_error -engine pkcs11 \
		-keyform engine -key "$(key "$label")" -cert "$PKI/${files[$label]}.crt"
	out=$(tr -d '\0' <"$T/run.out")
}
cms() {
	rm -f "$W/signed"
	engine cms -sign -md sha256 -signer "$PKI/${files[$1]}.crt" -keyform engine -inkey "$(key "$1")" \
		-certfile "$PKI/issuing.crt" -in "$W/message" -outform pem -out "$W/signed" "${@:2}"
}
request() {
	rm -f "$W/csr"
	engine req -new -subj "/O=Example/CN=renewed" -keyform engine -key "$(key "$1")" -out "$W/csr"
}
# dgst LABEL HASH [OPTION…]
dgst() {
	rm -f "$W/signature"
	engine dgst "-$2" -keyform engine -sign "$(key "$1")" -out "$W/signature" "${@:3}" "$W/message"
}
dgst_good() {
	openssl dgst "-$2" -verify "$W/${files[$1]}.pub" -signature "$W/signature" "${@:3}" "$W/message"
}
# cms_good MESSAGE: the signature is detached.
cms_good() {
	openssl cms -verify -inform pem -in "$W/signed" -content "$1" -CAfile "$PKI/root.crt" -purpose any \
		-signer "$T/signer" -out "$T/content"
}

# --- what is there
run "${E[@]}" openssl engine -t pkcs11
like "$out" 'available' "the engine is there"
run "${E[@]}" openssl storeutl -engine pkcs11 "$TOKEN"
is "$rc" 1 "openssl lists no token"
like "$err" 'unregistered scheme' "and says why"
for label in rsa ec; do
	engine pkey -inform engine -in "$(key $label)" -pubout
	is "$out" "$(cat "$W/${files[$label]}.pub")" "$label: the public key comes out"
	engine pkey -inform engine -in "$(key $label)" -text
	unlike "$(tr -d ' :\n' <<<"$out")" "$(openssl pkey -in "$PKI/${files[$label]}.key" -text -noout |
		sed -n '/^priv/,/^pub/p' | grep '^ ' | tr -d ' :\n' | cut -c3-62)" "$label: the private one does not"
done
engine dgst -sha256 -keyform engine -sign "$(key nobody)" "$W/message"
is "$rc" 1 "a key that isn't there"
like "$err" 'object not found' "is said to be not found"

# --- signatures
for label in rsa ec; do
	for hash in sha256 sha384 sha512; do
		dgst $label $hash
		ok "$label, dgst $hash" dgst_good $label $hash || diag "$err"
	done
	cms $label
	is "$rc" 0 "$label, cms: signed" || diag "$err"
	not_ok "$label, cms: another message is not what was signed" cms_good "$W/forged"
	ok "$label, cms: verified" cms_good "$W/message"
	is "$(openssl x509 -in "$T/signer")" "$(cat "$PKI/${files[$label]}.crt")" "$label, cms: by the device's certificate"
	request $label
	is "$rc" 0 "$label, req: signed" || diag "$err"
	ok "$label, req: verified" openssl req -in "$W/csr" -verify -noout
	is "$(openssl req -in "$W/csr" -noout -pubkey)" "$(cat "$W/${files[$label]}.pub")" "$label, req: for that key"
done
pss=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest)
dgst rsa sha256 "${pss[@]}"
ok "rsa, dgst with PSS" dgst_good rsa sha256 "${pss[@]}" || diag "$err"
pss=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20)
dgst rsa sha256 "${pss[@]}"
ok "rsa, dgst with PSS and another salt" dgst_good rsa sha256 "${pss[@]}" || diag "$err"
cms rsa -keyopt rsa_padding_mode:pss
ok "rsa, cms with PSS" cms_good "$W/message" || diag "$err"

# --- logins: by every module of the machine (p11-kit-proxy), and by ours named
tls_server tls1_3
port13=$PORT
tls_server tls1_2
port12=$PORT
tls_server tls1_2 -client_sigalgs RSA+SHA256:ECDSA+SHA256
port_old=$PORT
for label in rsa ec; do
	for version in 13 12 _old; do
		port=port$version
		PORT=${!port}
		s_client $label
		ok "$label logs in ($version)" tls_accepted "laptop-${files[$label]}" || diag "$out" "$err"
	done
	PORT=$port13
	s_client $label "PKCS11_MODULE_PATH=$SO"
	ok "$label logs in, the module named" tls_accepted "laptop-${files[$label]}" || diag "$out" "$err"
done
s_client stranger
isnt "$rc" 0 "a stranger does not"
like "$err" 'alert unknown ca' "and hears why"
is "$(client_last_reason)" issuer-unknown "the log said so before"
# A key that isn't the certificate's makes no login.
files[rsa]=second
s_client rsa
isnt "$rc" 0 "another key's certificate: no login"
files[rsa]=rsa2048

# --- what it says when the key can't be used. libp11 answers a failed PSS signature by padding itself, and its
# last error is then that the token does no raw RSA, whatever was the matter: it is not what is in the log.
declare -A says=([locked]='Device error' [dismissed]='Function canceled' [refused]='reason\(512\)' [gone]='Device error')
cannot_use() {
	local label=$1 how=$2 word=${says[$2]} login
	login=$([[ $label == *ec ]] && echo "$word" || echo 'Mechanism invalid')
	PORT=$port13
	s_client "$label"
	is "$rc" 1 "$how, $label, s_client: an error"
	client_failed_in_time "$how, $label, s_client"
	like "$err" "PKCS#11 module:[^:]*:$login" "$how, $label, s_client: $login"
	not_ok "$how, $label: no login" tls_accepted '[a-z0-9-]+'
	client_event_tells "$how"
	cms "$label"
	is "$rc" 3 "$how, $label, cms: an error"
	like "$err" "PKCS#11 module:[^:]*:$word" "$how, $label, cms: $word"
	not_ok "$how, $label, cms: no signed message" grep -q . "$W/signed"
	request "$label"
	is "$rc" 1 "$how, $label, req: an error"
	like "$err" "PKCS#11 module:[^:]*:$word" "$how, $label, req: $word"
	not_ok "$how, $label, req: no request" grep -q . "$W/csr"
	dgst "$label" sha256
	is "$rc" 1 "$how, $label, dgst: an error"
	like "$err" "PKCS#11 module:[^:]*:$word" "$how, $label, dgst: $word"
	not_ok "$how, $label, dgst: no signature" grep -q . "$W/signature"
	client_event_tells "$how"
	engine pkey -inform engine -in "$(key "$label")" -pubout
	is "$out" "$(cat "$W/${files[$label]}.pub")" "$how, $label: the public key is there"
}
for how in locked dismissed refused gone; do
	client_cannot_use $how cannot_use
	client_cannot_use $how cannot_use "$([ $how = refused ] && echo stranger-ec || echo ec)"
done
s_client rsa
ok "and in good order again it logs in" tls_accepted laptop-rsa2048 || diag "$out" "$err"
done_testing
