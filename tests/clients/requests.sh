#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Keys that other programs have the user's token make (C_GenerateKeyPair), and their requests for certificates:
# p11tool with certtool, pkcs11-tool with OpenSSL's engine, NSS's certutil, Java's keytool. The issued certificate comes
# by devid or by the program itself, and logs in. Then what is refused, and the machine's token.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
client_machine "$0" "$@"
A=("${E[@]}")
W=$T/w
mkdir -m 755 "$W" && chown alice: "$W"
tls_server tls1_3

# issue NAME: the CA signs $W/NAME.csr.
issue() {
	openssl x509 -req -in "$W/$1.csr" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 \
		-out "$W/$1.crt" 2>"$T/issue.err" || diag "$(cat "$T/issue.err")"
	openssl x509 -in "$W/$1.crt" -outform der -out "$W/$1.der"
	chmod a+r "$W/$1".*
}
json() {
	run "${E[@]}" devid list --json
	"$PYTHON" -c 'import json, sys
found = [i for i in json.load(sys.stdin)["identities"] if i["label"] == sys.argv[1]]
print(*[eval(sys.argv[2], {"i": i}) for i in found])' "$1" "$2" <<<"$out"
}
opensc() {
	run "${E[@]}" pkcs11-tool --module "$SO" --token-label 'Device Identity' "$@"
}
# record LABEL: the file of that identity.
record() {
	grep -lx "Label: $1" "$HOME_ALICE"/.local/share/devid/*.identity
}
# Whether the key waits, and was made here: for every program to see.
waits() {
	local label=$1 key=$2
	is "$(json "$label" 'i["key_type"], i["store"], i["check"]["reason"]')" "('$key', 'keyring', 'no-certificate')" \
		"$label: waits for its certificate"
	ok "$label: the record knows where it was made" grep -qx 'Local: yes' "$(record "$label")"
	opensc -O --type privkey --label "$label"
	like "$out" 'Access: *sensitive, always sensitive, never extractable, local' "$label: so does pkcs11-tool"
}
# requested NAME LABEL: $W/NAME.csr is a good request with that key.
requested() {
	like "$(openssl req -in "$W/$1.csr" -noout -verify 2>&1)" 'verify OK' "$1: the request's signature is good"
	run "${E[@]}" p11tool --provider "$SO" --export-pubkey "$TOKEN;object=${2// /%20};type=private"
	is "$(openssl req -in "$W/$1.csr" -noout -pubkey)" "$out" "$1: and of that key"
	issue "$1"
}
# works NAME LABEL KEY: the certificate is there, with the account's blessing, and logs in.
works() {
	is "$(json "$2" 'i["key_type"], i["check"]["result"]')" "('$3', 'ok')" "$1: an identity that the account accepts"
	tls_login "$(json "$2" 'i["uri"]')"
	ok "$1: it logs in" tls_accepted "born-$1" || diag "$out" "$err"
}
by_devid() {
	run "${E[@]}" devid import-cert "$W/$1.crt"
	is "$rc" 0 "$1: devid import-cert finds the key" || diag "$(last_run)"
	unlike "$err" 'replac' "$1: and replaces nothing"
}
forget() {
	run "${E[@]}" devid remove "$1"
	is "$rc" 0 "$1: devid takes it away" || diag "$(last_run)"
}
keys=$(keyring_items | wc -l)

# --- p11tool and certtool
declare -A kind=([rsa]='--generate-privkey rsa --bits 3072' [ec]='--generate-privkey ecdsa --curve secp384r1')
declare -A words=([rsa]='RSA 3072' [ec]='EC P-384')
for key in rsa ec; do
	name=gnutls-$key
	# shellcheck disable=SC2086
	run "${E[@]}" p11tool ${kind[$key]} --label "$name" --outfile "$W/$name.pub" "$TOKEN"
	is "$rc" 0 "p11tool makes a key: $key" || diag "$(last_run)"
	waits "$name" "${words[$key]}"
	printf 'cn = "born-%s"\n' "$name" >"$W/template"
	run "${E[@]}" certtool --generate-request --load-privkey "$TOKEN;object=$name;type=private" \
		--load-pubkey "$W/$name.pub" --template "$W/template" --outfile "$W/$name.csr"
	is "$rc" 0 "certtool makes its request" || diag "$(last_run)"
	requested "$name" "$name"
done
by_devid gnutls-rsa
run "${E[@]}" p11tool --write --label gnutls-ec --load-certificate "$W/gnutls-ec.crt" "$TOKEN"
is "$rc" 0 "p11tool writes the certificate" || diag "$(last_run)"
for key in rsa ec; do
	works "gnutls-$key" "gnutls-$key" "${words[$key]}"
	ok "gnutls-$key: still born here" grep -qx 'Local: yes' "$(record "gnutls-$key")"
	forget "gnutls-$key"
done

# --- pkcs11-tool and OpenSSL's engine
declare -A id=([rsa]=0a [EC]=0b0c)
for key in rsa:2048 EC:prime256v1; do
	name=opensc-${key%:*} word=$([ $key = rsa:2048 ] && echo RSA 2048 || echo EC P-256)
	opensc --keypairgen --key-type $key --label "$name" --id "${id[${key%:*}]}" --usage-sign
	is "$rc" 0 "pkcs11-tool makes a key: $key" || diag "$(last_run)"
	waits "$name" "$word"
	run "${E[@]}" openssl req -new -engine pkcs11 -keyform engine -key "$TOKEN;object=$name;type=private" \
		-subj "/CN=born-$name" -out "$W/$name.csr"
	is "$rc" 0 "openssl makes its request by the engine" || diag "$(last_run)"
	requested "$name" "$name"
done
by_devid opensc-rsa
opensc --write-object "$W/opensc-EC.der" --type cert --label opensc-EC --id "${id[EC]}"
is "$rc" 0 "pkcs11-tool writes the certificate" || diag "$(last_run)"
works opensc-rsa opensc-rsa 'RSA 2048'
works opensc-EC opensc-EC 'EC P-256'
is "$(json opensc-EC 'i["id"]')" "${id[EC]}" "under the id that the key was given"
forget opensc-rsa
forget opensc-EC

# --- NSS: -R makes a key and its request, -G a key alone
certutil() {
	run "${E[@]}" certutil "$1" -d sql:nss "${@:2}"
}
"${E[@]}" mkdir nss
head -c 64 /dev/urandom >"$W/noise"
certutil -N --empty-password
certutil -A -n root -t CT,, -i "$PKI/root.crt"
run "${E[@]}" modutil -dbdir sql:nss -force -add devid -libfile "$SO"
is "$rc" 0 "modutil adds the module" || diag "$(last_run)"
# NSS gives a key no label: it is called as the first that is free.
label='Device key'
for key in 'rsa -g 2048' 'ec -q nistp256'; do
	name=nss-${key%% *} word=$([ "${key%% *}" = rsa ] && echo RSA 2048 || echo EC P-256)
	# shellcheck disable=SC2086
	certutil -R -h 'Device Identity' -s "CN=born-$name" -a -z "$W/noise" -k $key
	is "$rc" 0 "certutil -R, ${key%% *}" || diag "$(last_run)"
	sed -n '/BEGIN/,$p' <<<"$out" >"$W/$name.csr"
	waits "$label" "$word"
	requested "$name" "$label"
	if [ "${key%% *}" = rsa ]; then
		by_devid $name
		works $name "$label" "$word"
		forget "$label"
	else
		certutil -A -h 'Device Identity' -n "$name" -t u,u,u -i "$W/$name.crt"
		is "$rc" 0 "certutil -A writes the certificate" || diag "$(last_run)"
		works $name $name "$word"
		printf 'GET / HTTP/1.0\r\n\r\n' >"$W/get"
		run "${E[@]}" bash -c 'exec tstclnt -d sql:nss -h 127.0.0.1 -p "$1" -n "Device Identity:$2" -V tls1.3: <"$3"' \
			tstclnt "$PORT" $name "$W/get"
		out=$(tr -d '\0' <"$T/run.out")
		ok "and tstclnt logs in" tls_accepted "born-$name" || diag "$(last_run)"
		forget $name
	fi
done
certutil -G -h 'Device Identity' -z "$W/noise" -k rsa -g 2048
is "$rc" 0 "certutil -G" || diag "$(last_run)"
waits 'Device key' 'RSA 2048'
certutil -K -h 'Device Identity'
like "$out" 'rsa .* Device key' "certutil -K lists it"
forget 'Device key'

# --- Java: a key comes with a certificate of its own making, since its stores know none without
cat >"$HOME_ALICE/devid.cfg" <<X
name = devid
library = $SO
slotListIndex = 0
attributes(generate,*,*) = {
	CKA_TOKEN = true
}
X
grep -v 'attributes\|CKA_TOKEN\|}' "$HOME_ALICE/devid.cfg" >"$HOME_ALICE/bare.cfg"
keytool() {
	run "${E[@]}" keytool "$1" -storetype PKCS11 -keystore NONE -storepass '' -addprovider SunPKCS11 \
		-providerarg "${CONFIG:-devid.cfg}" "${@:2}"
}
for key in 'RSA -keysize 2048' 'EC -groupname secp256r1'; do
	name=java-${key%% *} word=$([ "${key%% *}" = RSA ] && echo RSA 2048 || echo EC P-256)
	# shellcheck disable=SC2086
	keytool -genkeypair -providername SunPKCS11-devid -keyalg $key -alias "$name" -dname "CN=born-$name"
	is "$rc" 0 "keytool -genkeypair, ${key%% *}" || diag "$(last_run)"
	is "$(json "$name" 'i["key_type"], i["check"]["reason"]')" "('$word', 'issuer-unknown')" \
		"$name: with a certificate that it signed itself, which the account refuses"
	ok "$name: the key was made here" grep -qx 'Local: yes' "$(record "$name")"
	keytool -certreq -alias "$name"
	is "$rc" 0 "keytool -certreq" || diag "$(last_run)"
	printf '%s\n' "$out" >"$W/$name.csr"
	requested "$name" 'Device key'
	if [ "${key%% *}" = RSA ]; then
		run "${E[@]}" devid import-cert "$W/$name.crt"
		is "$rc" 1 "$name: the CA's is another certificate for that key"
		like "$err" 'hint: .*--replace' "$name: which can take its place"
		run "${E[@]}" devid import-cert --label "$name" --replace "$W/$name.crt"
		is "$rc" 0 "$name: devid import-cert --replace" || diag "$(last_run)"
	else
		cat "$W/$name.crt" "$PKI/issuing.crt" "$PKI/root.crt" >"$W/chain.pem"
		chmod a+r "$W/chain.pem"
		keytool -importcert -noprompt -alias "$name" -file "$W/chain.pem"
		is "$rc" 0 "$name: keytool -importcert" || diag "$(last_run)"
	fi
	works "$name" "$name" "$word"
	ok "$name: still born here" grep -qx 'Local: yes' "$(record "$name")"
	forget "$name"
done

# --- many at once, none with a name: each gets one of its own
for n in 1 2 3 4 5 6; do
	"${E[@]}" pkcs11-tool --module "$SO" --token-label 'Device Identity' --keypairgen --key-type EC:prime256v1 \
		>"$T/parallel-$n" 2>&1 &
	makers[n]=$!
done
for n in 1 2 3 4 5 6; do
	wait "${makers[n]}" || diag "$(cat "$T/parallel-$n")"
done
run "${E[@]}" devid list --json
mapfile -t made < <("$PYTHON" -c 'import json, sys
print(*[i["label"] for i in json.load(sys.stdin)["identities"] if i["label"].startswith("Device key")], sep="\n")' <<<"$out")
is "$(printf '%s\n' "${made[@]}" | sort -u | wc -l)/$(keyring_items | wc -l)" "6/$((keys + 6))" "six at once: six keys, six labels"
for label in "${made[@]}"; do
	forget "$label"
done

# --- what is refused, and leaves nothing
opensc --keypairgen --key-type EC:prime256v1 --label taken
before=$(keyring_items | wc -l)
# refused WHAT WORDS…: by pkcs11-tool, which then says that.
refused() {
	opensc --keypairgen "${@:3}"
	is "$rc" 1 "refused: $1" || diag "$(last_run)"
	like "$err" "$2" "$1: $2"
}
refused "a key that can be extracted" CKR_TEMPLATE_INCONSISTENT --key-type rsa:2048 --label x --extractable
refused "one that asks for a PIN each time" CKR_TEMPLATE_INCONSISTENT --key-type rsa:2048 --label x --always-auth
refused "RSA of 1024 bits" CKR_ATTRIBUTE_VALUE_INVALID --key-type rsa:1024 --label x
refused "RSA of 2560 bits" CKR_ATTRIBUTE_VALUE_INVALID --key-type rsa:2560 --label x
refused "another curve" 0x140 --key-type EC:secp256k1 --label x
refused "X9.62's curve without a name here" 0x140 --key-type EC:prime192v1 --label x
refused "a label that is taken" CKR_ATTRIBUTE_VALUE_INVALID --key-type EC:prime256v1 --label rsa
refused "an id that is taken" CKR_ATTRIBUTE_VALUE_INVALID --key-type EC:prime256v1 --label x --id "$(json rsa 'i["id"]')"
CONFIG=bare.cfg keytool -genkeypair -providername SunPKCS11-devid -keyalg EC -groupname secp256r1 -alias x -dname CN=x
is "$rc" 1 "keytool without CKA_TOKEN in its configuration: no key of a session"
like "$out$err" CKR_TEMPLATE_INCONSISTENT "it says so"
cannot_make() {
	opensc --keypairgen --key-type EC:prime256v1 --label x
	client_failed_in_time "$2, pkcs11-tool makes a key" store-locked
	like "$err" CKR_DEVICE_ERROR "$2: CKR_DEVICE_ERROR"
}
client_cannot_use locked cannot_make
client_cannot_use gone cannot_make
is "$(json x 'i["label"]')/$(keyring_items | wc -l)" "/$before" "none of them left anything"

# An account that lets nobody use a key without a good certificate: other programs' requests among that, devid's not.
as root
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
client_end_agents
run "${E[@]}" certtool --generate-request --load-privkey "$TOKEN;object=taken;type=private" \
	--load-pubkey "$TOKEN;object=taken;type=public" --template "$W/template" --outfile "$W/enforced.csr"
isnt "$rc" 0 "OnUse=enforce: certtool's request is refused"
is "$(client_last_reason)" no-certificate "the log has the reason"
run "${E[@]}" devid request --label taken --subject CN=born-taken --output "$W/enforced.csr"
is "$rc" 0 "devid request makes it, of the same key" || diag "$(last_run)"
requested enforced taken
rm /etc/devid/account.conf
client_end_agents
forget taken
is "$(keyring_items | wc -l)" "$keys" "nothing is left in the keyring"

# --- the machine's token: root's to make keys on
SYSTEM='Device Identity (system)'
opensc --token-label "$SYSTEM" --keypairgen --key-type EC:prime256v1 --label machine
is "$rc" 1 "alice makes no key of the machine's"
like "$err" CKR_TOKEN_WRITE_PROTECTED "the token is write-protected for her"
run "${A[@]}" pkcs11-tool --module "$SO" --token-label "$SYSTEM" --keypairgen --key-type EC:prime256v1 --label machine
is "$rc" 0 "root does" || diag "$(last_run)"
is "$(stat -c '%U %a' /var/lib/devid/*.key)" "devid 600" "the key is its agent's"
run "${A[@]}" openssl req -new -engine pkcs11 -keyform engine -subj /CN=born-machine -out "$W/machine.csr" \
	-key 'pkcs11:token=Device%20Identity%20%28system%29;object=machine;type=private'
is "$rc" 0 "and its request" || diag "$(last_run)"
like "$(openssl req -in "$W/machine.csr" -noout -verify 2>&1)" 'verify OK' "which is good"
issue machine
run "${A[@]}" devid import-cert "$W/machine.crt"
is "$rc" 0 "devid import-cert finds the key" || diag "$(last_run)"
run "${A[@]}" devid check machine
is "$rc" 0 "and the account accepts it" || diag "$(last_run)"
done_testing
