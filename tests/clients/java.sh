#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Java's SunPKCS11 on the user's token: keytool lists, asks for certificates and deletes, jarsigner signs, a small
# program (Token.java) signs and logs in with TLS 1.2 and 1.3; what is said when a key can't be used.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
client_machine "$0" "$@"

cat >"$HOME_ALICE/devid.cfg" <<X
name = devid
library = $SO
slotListIndex = 0
X
token=(-storetype PKCS11 -keystore NONE -storepass '' -addprovider SunPKCS11)
keytool() {
	run "${E[@]}" keytool "$1" "${token[@]}" -providerarg devid.cfg "${@:2}"
}
# jar_sign LABEL FILE
jar_sign() {
	run "${E[@]}" jarsigner "${token[@]}" -providerArg devid.cfg -signedjar "$2" plain.jar "$1"
}
# token WORD…: Token.java. Of an exception with where it came from, what is said is the first line and the causes.
token() {
	run "${E[@]}" java -Djavax.net.ssl.trustStore=trust -Djavax.net.ssl.trustStorePassword=changeit \
		-cp classes Token devid.cfg "$@"
	out=$(tr -d '\0' <"$T/run.out")
	err=$(grep -v $'^\tat \|^\t\\.\\.\\. ' <<<"$err")
}
{
	"${E[@]}" keytool -importcert -noprompt -keystore trust -storepass changeit -alias root -file "$PKI/root.crt" &&
		cp "$TESTS/clients/Token.java" "$HOME_ALICE/" && "${E[@]}" javac -d classes Token.java &&
		"${E[@]}" jar cf plain.jar classes
} >"$T/java.log" 2>&1 || bail "no Java: $(cat "$T/java.log")"
echo "a message" >"$HOME_ALICE/message"
declare -A names=([rsa]=rsa2048 [ec]=p256)
for label in rsa ec; do
	openssl x509 -in "$PKI/${names[$label]}.crt" -noout -pubkey >"$T/$label.pub"
done

# --- what is listed
keytool -list
is "$rc" 0 "keytool -list"
is "$(sed -n 's/, PrivateKeyEntry.*//p' <<<"$out" | sort)" "ec
rsa
stranger" "lists the identities"
keytool -list -v -alias rsa
is "$(sed -n 's/^Owner: CN=\([^,]*\).*/\1/p' <<<"$out")" "laptop-rsa2048
Example Device CA
Example Root CA" "each with its chain"
keytool -exportcert -rfc -alias ec
ok "a certificate comes out as it is" cmp <(openssl x509 -outform DER <<<"$out") \
	<(openssl x509 -in "$PKI/p256.crt" -outform DER)

# --- signed
for label in rsa ec; do
	keytool -certreq -alias $label
	is "$rc" 0 "keytool -certreq, $label"
	printf '%s\n' "$out" >"$T/request.pem"
	like "$(openssl req -in "$T/request.pem" -noout -verify 2>&1)" 'verify OK' "its signature is good"
	ok "and of that key" cmp <(openssl req -in "$T/request.pem" -noout -pubkey) "$T/$label.pub"
	jar_sign $label $label.jar
	is "$rc" 0 "jarsigner, $label"
	run "${E[@]}" jarsigner -verify -keystore trust -storepass changeit "$label.jar"
	like "$rc $out" '^0 .*jar verified' "its signature is good"
done
# sign LABEL ALGORITHM [OPTION…]: checked by openssl with these options.
sign() {
	rm -f "$HOME_ALICE/message.sig"
	token sign "$2" "$1" message
	is "$rc" 0 "$2"
	ok "$2 is good" openssl dgst "${@:3}" -verify "$T/$1.pub" -signature "$HOME_ALICE/message.sig" \
		"$HOME_ALICE/message"
}
pss=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest)
for digest in 256 384 512; do
	sign rsa SHA${digest}withRSA -sha$digest
	sign rsa SHA${digest}withRSASSA-PSS -sha$digest "${pss[@]}"
	sign ec SHA${digest}withECDSA -sha$digest
done

# --- a login
for version in tls1_2 tls1_3; do
	tls_server $version
	token login "$PORT" ec
	ok "Java, $version, EC" tls_accepted laptop-p256
	token login "$PORT" rsa
	ok "Java, $version, RSA" tls_accepted laptop-rsa2048
done
cat "$PKI/issuing-chain.pem" "$PKI/stranger-chain.pem" >"$T/all.pem"
openssl s_server -accept 127.0.0.1:0 -cert "$PKI/server.crt" -key "$PKI/server.key" -CAfile "$T/all.pem" -Verify 3 \
	-verify_return_error -www >"$T/server-any.log" 2>&1 </dev/null &
track $!
wait_for 10 listening_port $! || bail "no TLS server: $(cat "$T/server-any.log")"
PORT=$(listening_port $!)
token login "$PORT" rsa
ok "Java, RSA, with a server of both versions" tls_accepted laptop-rsa2048
token login "$PORT" stranger
ok "Java, a certificate that the server accepts and the account doesn't (OnUse=log)" tls_accepted stranger

# --- what can't be used
declare -A codes=([locked]=CKR_DEVICE_ERROR [refused]=CKR_FUNCTION_REJECTED [gone]=CKR_DEVICE_ERROR)
probe() {
	local label=$1 how=$2 said
	said="java.security.ProviderException: sun.security.pkcs11.wrapper.PKCS11Exception: ${codes[$how]}"
	token login "$PORT" "$label"
	client_failed_in_time "$how, a login"
	is "$err" "Exception in thread \"main\" javax.net.ssl.SSLException: ${said#*: }
Caused by: $said
Caused by: ${said#*: }" "$how, a login: what Java says"
	token sign SHA256withRSA "$label" message
	client_failed_in_time "$how, a signature"
	is "$err" "Exception in thread \"main\" $said
Caused by: ${said#*: }" "$how, a signature: what Java says"
	keytool -certreq -alias "$label"
	is "$rc $out" "1 keytool error: $said" "$how, a request: what keytool says"
	jar_sign "$label" unsigned.jar
	is "$rc $out" "1 jarsigner: unable to sign jar: $said" "$how: what jarsigner says"
	not_ok "$how: no jar" test -e "$HOME_ALICE/unsigned.jar"
	keytool -list
	like "$out" "$label, PrivateKeyEntry" "$how: it is listed all the same"
	[ "$how" != gone ] || {
		keytool -delete -alias "$label"
		is "$rc $out" "1 keytool error: java.security.KeyStoreException: ${said#*: }" "$how: it isn't deleted"
	}
	[ "$how" = gone ] || for program in java keytool jarsigner; do
		is "$(client_refusals $how ".*/bin/$program")" 1 "$how: one event of $program"
	done
}
for how in locked refused gone; do
	client_cannot_use $how probe
done
token login "$PORT" rsa
ok "all is well again" tls_accepted laptop-rsa2048

# --- a program that runs, while its identity is renewed
cp "$PKI"/p{384,521}.p12 "$HOME_ALICE/" && chown alice: "$HOME_ALICE"/p{384,521}.p12
client_import renewed p384
mkfifo "$T/java.in"
"${E[@]}" java -Djavax.net.ssl.trustStore=trust -Djavax.net.ssl.trustStorePassword=changeit -cp classes Token devid.cfg \
	again "$PORT" renewed <"$T/java.in" >"$T/java.out" 2>"$T/java.err" &
track $!
exec 8>"$T/java.in"
answered() {
	[ "$(wc -l <"$T/java.out")" -ge "$1" ]
}
# login NUMBER: its answer
login() {
	echo >&8
	wait_for 60 answered "$1" || bail "no answer of Java: $(cat "$T/java.err")"
	answer=$(sed -n "$1p" "$T/java.out")
}
login 1
is "$answer" "in as laptop-p384" "a Java program that stays logs in"
run "${E[@]}" devid import-cert --replace --label renewed --password-file password p521.p12
is "$rc" 0 "its identity gets another key" || diag "$(last_run)"
login 2
is "$answer" "in as laptop-p384" "it logs in again, with the former one"
run "${E[@]}" devid retire renewed
is "$rc" 0 "which is retired" || diag "$(last_run)"
login 3
is "$answer" CKR_KEY_HANDLE_INVALID "what Java says then"
exec 8>&-
run "${E[@]}" devid remove renewed
is "$rc" 0 "removed" || diag "$(last_run)"

# --- deleted
keytool -delete -alias none
is "$rc $out" "1 keytool error: java.lang.Exception: Alias <none> does not exist" "not deleted: what isn't there"
keytool -delete -alias rsa
is "$rc" 0 "keytool -delete"
is "$(client_objects rsa)" "" "nothing is left"
is "$(keyring_items | sed 's/ (.*//' | sort | paste -sd,)" "Device key ec,Device key stranger" "nor in the keyring"
is "$(client_objects ec)" "cert private public" "the others are as they were"
keytool -list -v -alias ec
is "$(grep -c '^Owner: ' <<<"$out")" 3 "with their chain, which was the same"
keytool -changealias -alias ec -destalias renamed
is "$rc" 0 "keytool -changealias"
is "$(client_objects ec)/$(client_objects renamed)" "private public/cert" "which labels the certificate anew, and not the keys"
token login "$PORT" renamed
ok "and the same identity has another" tls_accepted laptop-p256
keytool -delete -alias renamed
is "$rc" 0 "deleted"
run "${E[@]}" p11tool --provider="$SO" --list-all --only-urls "$TOKEN"
unlike "$out" 'renamed|Example' "with what Java wrote of its chain"
is "$(keyring_items | sed 's/ (.*//')" "Device key stranger" "and its key"
done_testing
