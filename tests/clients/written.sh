#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What p11tool and pkcs11-tool write on the user's token of an installed machine, with the keyring: the key by one
# and the certificate by the other, in either order, and what each is called then; a lone key or certificate, as
# clients and devid show it; the limits; what is refused while the keyring is locked or no agent runs; and that either takes away what the other
# wrote. p11tool.sh and pkcs11-tool.sh have each tool by itself.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
client_machine "$0" "$@"
A=("${E[@]}")
for label in rsa ec stranger; do
	run "${E[@]}" devid remove "$label"
done
# Files that both tools of alice can read.
W=$T/w
mkdir -m 755 "$W" && chown alice: "$W"
for name in rsa2048 rsa3072 p256 p384 rsa1024 ed25519 size-2045 size-2049; do
	openssl pkey -in "$PKI/$name.key" -outform der -out "$W/$name.key.der"
	openssl x509 -in "$PKI/$name.crt" -outform der -out "$W/$name.crt.der"
	openssl pkey -in "$PKI/$name.key" -pubout -out "$W/$name.pub"
	openssl pkey -in "$PKI/$name.key" -pubout -outform der -out "$W/$name.pub.der"
	cp "$PKI/$name.key" "$W/"
done
chown alice: "$W"/*
printf 'a message\n' >"$W/message"

p11tool() {
	run "${E[@]}" p11tool "$@"
}
opensc() {
	run "${E[@]}" pkcs11-tool --module "$SO" --token-label 'Device Identity' "$@"
}
# write TOOL key|cert NAME LABEL ID
write() {
	case $1/$2 in
	p11tool/key) p11tool --write --label "$4" --id "$5" --load-privkey "$W/$3.key" "$TOKEN" ;;
	p11tool/cert) p11tool --write --label "$4" --id "$5" --load-certificate "$PKI/$3.crt" "$TOKEN" ;;
	opensc/key) opensc --write-object "$W/$3.key.der" --type privkey --label "$4" --id "$5" ;;
	opensc/cert) opensc --write-object "$W/$3.crt.der" --type cert --label "$4" --id "$5" ;;
	esac
}
written() {
	write "$@"
	is "$rc" 0 "$1 writes the $2 of $3" || diag "$(last_run)"
}
# remove TOOL key|cert LABEL
remove() {
	local kind
	case $1/$2 in
	p11tool/*)
		kind=$([ "$2" = key ] && echo private || echo cert)
		p11tool --batch --delete "$TOKEN;object=$3;type=$kind"
		;;
	opensc/*)
		kind=$([ "$2" = key ] && echo privkey || echo cert)
		opensc --delete-object --type "$kind" --label "$3"
		;;
	esac
}
objects() {
	p11tool --list-all "$TOKEN${1:+;object=$1}"
	grep -c '^Object ' <<<"$out"
}
json() {
	run "${E[@]}" devid list --json
	"$PYTHON" -c 'import json, sys
found = [i for i in json.load(sys.stdin)["identities"] if i["label"] == sys.argv[1]]
print(*[eval(sys.argv[2], {"i": i}) for i in found])' "$1" "$2" <<<"$out"
}
# What the objects are called, each tool asked: private key, public key, certificate.
called() {
	local kind by_p11tool=() by_opensc=()
	for kind in private public cert; do
		p11tool --list-all "$TOKEN;type=$kind"
		by_p11tool+=("$(sed -n 's/^[[:blank:]]*Label: //p' <<<"$out" | sort | xargs)")
	done
	for kind in privkey pubkey cert; do
		opensc -O --type $kind
		by_opensc+=("$(sed -n 's/^ *label: *//p' <<<"$out" | sort | xargs)")
	done
	if [ "${by_p11tool[*]}" = "${by_opensc[*]}" ]; then
		(IFS=/ && echo "${by_opensc[*]}")
	else
		echo "${by_p11tool[*]}, and ${by_opensc[*]}"
	fi
}
# signs LABEL NAME [URI]: both tools sign, p11tool by that URI, and it is that key.
signs() {
	local label=$1 name=$2 mechanism=SHA256-RSA-PKCS
	[[ $name != p* ]] || mechanism=ECDSA-SHA256
	p11tool --test-sign "${3:-$TOKEN;object=$label};type=private"
	is "$rc" 0 "$label: p11tool signs" || diag "$(last_run)"
	rm -f "$W/signature"
	opensc --sign --label "$label" -m $mechanism --signature-format openssl -i "$W/message" -o "$W/signature"
	ok "$label: pkcs11-tool signs" openssl dgst -sha256 -verify "$W/$name.pub" -signature "$W/signature" \
		"$W/message" || diag "$(last_run)"
}
nothing_left() {
	is "$(objects)/$(keyring_items | wc -l)/$(find "$HOME_ALICE/.local" -name '*.identity' | wc -l)" 0/0/0 \
		"$1: nothing is left on the token, in the keyring, on disk"
}
nothing_left "at first"

# --- key and certificate by different tools, under different ids and labels
tls_server tls1_3
for tools in opensc/p11tool p11tool/opensc opensc/opensc p11tool/p11tool; do
	names=(rsa2048 p384)
	[ "${tools%/*}" != "${tools#*/}" ] || names=(p384)
	for name in "${names[@]}"; do
		for order in key/cert cert/key; do
			first=${order%/*} second=${order#*/} by=${tools%/*} then=${tools#*/}
			declare -A label=([key]=the-key [cert]=the-certificate) id=([key]=01 [cert]=a0b1c2)
			diag "$by: $first, then $then: $second, $name"
			written "$by" "$first" $name "${label[$first]}" "${id[$first]}"
			is "$(keyring_items | wc -l)" "$([ "$first" = key ] && echo 1 || echo 0)" "a key is in the keyring, else not"
			written "$then" "$second" $name "${label[$second]}" "${id[$second]}"
			is "$(objects)/$(objects the-certificate)/$(objects the-key)" 3/1/2 "one identity, and each finds its own"
			is "$(called)" the-key/the-key/the-certificate "each keeps the label that it was written with"
			opensc -O
			is "$(sed -n 's/^ *ID: *//p' <<<"$out" | sort | uniq -c | xargs)" "3 a0b1c2" "all with the certificate's id"
			is "$(json the-certificate 'i["store"], i["key_type"], i["check"]["result"]')" \
				"('keyring', '$([ $name = p384 ] && echo EC P-384 || echo RSA 2048)', 'ok')" "devid lists it as good"
			uri=$(json the-certificate 'i["uri"]')
			is "$uri" "$TOKEN;id=%A0%B1%C2" "by a URI that finds both"
			signs the-key $name "$uri"
			tls_login "$uri"
			ok "and it logs in" tls_accepted "laptop-$name" || diag "$out" "$err"
			remove "$then" "$first" "${label[$first]}"
			is "$rc/$(objects)" "0/$([ "$first" = key ] && echo 1 || echo 2)" "the other tool takes away the $first" ||
				diag "$(last_run)"
			is "$(json "${label[$second]}" 'i["label"], i["key_label"], i["uri"]')" \
				"('${label[$second]}', $([ "$second" = key ] && echo "'the-key'" || echo None), '$TOKEN;object=${label[$second]}')" \
				"devid calls it as what is left"
			remove "$by" "$second" "${label[$second]}"
			is "$rc" 0 "and the first one the $second" || diag "$(last_run)"
			nothing_left "$by, $then"
		done
	done
done

# Told no id, p11tool takes that of a public key that is there, else one of its own.
written opensc key p256 the-key 01
p11tool --write --label the-certificate --load-certificate "$PKI/p256.crt" "$TOKEN"
opensc -O
is "$(sed -n 's/^ *ID: *//p' <<<"$out" | sort | uniq -c | xargs)" "3 01" "a certificate without an id comes under its key's"
run "${E[@]}" devid remove the-certificate
p11tool --write --label the-certificate --load-certificate "$PKI/p256.crt" "$TOKEN"
written opensc key p256 the-key 01
opensc -O
like "$(sed -n 's/^ *ID: *//p' <<<"$out" | sort | uniq -c | xargs)" '^3 [0-9a-f]{40}$' "first, under p11tool's own, and the key follows"
run "${E[@]}" devid remove the-certificate
nothing_left "without an id"

# --- what the objects are called: by whom, and what is changed
# What clients make of it: of the URI that devid prints, and of one by the certificate's label alone.
logs_in() {
	local uri=$1 name=$2
	tls_login "$uri"
	ok "gnutls-cli logs in: $name" tls_accepted laptop-p256 || diag "$out" "$err"
	run "${E[@]}" curl -sS --cacert "$PKI/root.crt" --cert "$uri;type=cert" --key "$uri;type=private" \
		"https://localhost:$PORT/"
	ok "curl logs in: $name" tls_accepted laptop-p256 || diag "$out" "$err"
	run "${E[@]}" devid check the-certificate --server "localhost:$PORT" --ca-file "$PKI/root.crt"
	is "$rc" 0 "devid logs in: $name" || diag "$(last_run)"
}
for tool in p11tool opensc; do
	written $tool key p256 the-key 01
	is "$(called)" the-key/the-key/ "a lone key, and its public one"
	written $tool cert p256 the-certificate 01
	is "$(called)" the-key/the-key/the-certificate "its certificate renames neither"
	case $tool in
	p11tool) p11tool --write --label the-public --load-pubkey "$W/p256.pub" "$TOKEN" ;;
	opensc) opensc --write-object "$W/p256.pub.der" --type pubkey --label the-public --id 05 ;;
	esac
	is "$rc/$(called)" 0/the-key/the-public/the-certificate "a public key has its own" || diag "$(last_run)"
	is "$(json the-certificate 'i["key_label"], i["public_key_label"], i["id"]')" "('the-key', 'the-public', '01')" "devid knows them"
	run "${E[@]}" devid show the-certificate
	like "$out" 'labels +private key the-key, public key the-public' "and shows them"
	logs_in "$(json the-certificate 'i["uri"]')" "$tool, each with a label"
	run "${E[@]}" devid rename the-certificate renamed
	is "$(called)" the-key/the-public/renamed "devid renames the certificate"
	run "${E[@]}" devid rename renamed the-key
	is "$(called)/$(json the-key 'i["uri"]')" "the-key/the-public/the-key/$TOKEN;object=the-key" "as the key is called: by that name"
	run "${E[@]}" devid rename the-key the-certificate
	is "$(called)" the-certificate/the-public/the-certificate "and the key goes along"
	logs_in "$TOKEN;object=the-certificate" "$tool, a public key with another label"
	run "${E[@]}" devid remove the-certificate
	nothing_left "$tool, labels"
done
# p11tool sets the label of what the URI names; without a type that is all of it.
written opensc key p256 the-certificate 01
written opensc cert p256 the-certificate 01
written opensc cert p384 other 02
set_label() {
	run "${E[@]}" p11tool --batch --set-label "$2" "$TOKEN;object=$1${3:+;type=$3}"
}
set_label the-certificate the-key private
is "$rc/$(called)" "0/the-key/the-certificate/other the-certificate" "set-label: the private key's alone" || diag "$(last_run)"
set_label the-certificate the-public public
is "$rc/$(called)" "0/the-key/the-public/other the-certificate" "the public key's alone"
set_label the-certificate other cert
isnt "$rc" 0 "another identity's name is refused for a certificate"
is "$(called)" "the-key/the-public/other the-certificate" "and nothing changed"
set_label the-certificate new cert
is "$rc/$(called)/$(json new 'i["key_label"]')" "0/the-key/the-public/new other/the-key" "the certificate's is the identity's name"
set_label the-key other private
is "$rc/$(called)" "0/other/the-public/new other" "and not refused for a key"
is "$(json other 'i["uri"]')/$(json new 'i["uri"]')" "$TOKEN;id=%02/$TOKEN;id=%01" "the URIs tell which is which"
p11tool --test-sign "$TOKEN;id=%02;type=private"
isnt "$rc" 0 "a certificate alone doesn't sign with the key that is called as it is"
set_label new the-certificate cert
keyring_lock
client_end_agents
set_label other the-key private
is "$rc/$(called)" "0/the-key/the-public/other the-certificate" "the keyring locked: a label is no secret"
keyring_unlock
run "${E[@]}" devid remove other
logs_in "$TOKEN;id=%01" "set by set-label"
run "${E[@]}" devid remove the-certificate
nothing_left "set-label"

# --- a lone key, a lone certificate
for tool in p11tool opensc; do
	for name in rsa3072 p256; do
		kind=$([ $name = p256 ] && echo EC P-256 || echo RSA 3072)
		written $tool key $name lone 07
		opensc -O
		is "$(grep -o '^[A-Za-z]* *[A-Za-z]* Object' <<<"$out" | sort | xargs)" "Private Key Object Public Key Object" \
			"a lone key is a private and a public one"
		signs lone $name
		run "${E[@]}" devid list
		like "$out" "lone +user +keyring +user +$kind +no cert" "devid list shows a key alone"
		like "$out" 'a private key alone' "and says so"
		is "$(json lone 'i["key_type"], i["copied_by"], i["check"]["reason"]')" "('$kind', 'user', 'no-certificate')" "so does its JSON"
		run "${E[@]}" devid show lone
		like "$out" "key +$kind, alone" "and devid show"
		run "${E[@]}" devid check lone
		is "$rc" 3 "which is no device identity" || diag "$(last_run)"
		remove $tool key lone
		nothing_left "a lone key"

		written $tool cert $name lone 07
		opensc -O
		is "$(grep -o '^[A-Za-z]* *[A-Za-z]* Object' <<<"$out" | sort | xargs)" "Certificate Object" "a lone certificate is one object"
		p11tool --export "$TOKEN;object=lone;type=cert"
		is "$out" "$(cat "$PKI/$name.crt")" "and comes out as it went in"
		p11tool --test-sign "$TOKEN;object=lone;type=private"
		isnt "$rc" 0 "it doesn't sign"
		run "${E[@]}" devid list
		like "$out" "lone +user +none +$kind +20" "devid list shows it without a key that somebody could copy"
		like "$out" 'no key' "and says so"
		is "$(json lone 'i["store"], i["copied_by"], i["check"]["reason"]')" "('none', None, 'key-missing')" "so does its JSON"
		run "${E[@]}" devid show lone
		like "$out" 'store +none: the private key is not here' "and devid show"
		run "${E[@]}" devid remove lone
		is "$rc" 0 "devid takes it away"
		nothing_left "a lone certificate"
	done
done

# --- a CA's certificate: beside an identity, and by itself
openssl x509 -in "$PKI/root.crt" -outform der -out "$W/root.crt.der"
written opensc key p256 device 01
written opensc cert p256 device 01
for tool in p11tool opensc; do
	written $tool cert root "the-CA" 0c
	run "${E[@]}" devid list
	like "$out" 'the-CA +user +none' "$tool: devid list has it"
	like "$out" 'a CA certificate that another program wrote' "$tool: as what it is"
	run "${E[@]}" devid list --json
	is "$("$PYTHON" -c 'import json, sys
j = json.load(sys.stdin)
print([i["label"] for i in j["identities"]], [c["label"] for c in j["ca_certificates"]])' <<<"$out")" \
		"['device'] ['the-CA']" "$tool: and not among the identities"
	run "${E[@]}" devid check
	is "$rc" 0 "$tool: the identity is the only one" || diag "$(last_run)"
	unlike "$err" 'the-CA|chosen' "$tool: there is nothing to choose"
	run "${E[@]}" devid doctor
	unlike "$out" 'the-CA' "$tool: and nothing wrong"
	# p11tool finds it as any certificate.
	is "$(objects the-CA)" 1 "$tool: its own program still has it"
	run "${E[@]}" devid remove the-CA
	is "$rc/$(objects the-CA)" 0/0 "$tool: devid takes it away"
done
run "${E[@]}" devid remove device
nothing_left "a CA's certificate"

# --- limits and refusals
declare -A says=([p11tool]='PKCS #11 error in attribute' [opensc]='CKR_ATTRIBUTE_VALUE_INVALID')
for tool in p11tool opensc; do
	written $tool cert size-2045 largest 01
	for refused in cert/size-2049 key/rsa1024 key/ed25519; do
		write $tool ${refused%/*} ${refused#*/} other 02
		isnt "$rc" 0 "$tool, $refused: refused"
		# pkcs11-tool doesn't know this kind of key itself.
		[ $tool/$refused = opensc/key/ed25519 ] || like "$err" "${says[$tool]}" "${says[$tool]}"
	done
	write $tool key p256 largest 01
	isnt "$rc" 0 "$tool: another key under a taken id is refused"
	written $tool key size-2045 largest 03
	is "$(objects)/$(objects largest)/$(keyring_items | wc -l)" 3/3/1 "$tool: its own is taken"
	remove $tool key largest
	remove $tool cert largest
	nothing_left "$tool"
done

# --- locked, and no agent: a key is not taken, and what is there stays
written opensc key p256 kept 01
written opensc cert p256 kept 01
cannot_write() {
	local tool how=$2
	declare -A words=([p11tool]='PKCS #11 error in device' [opensc]='CKR_DEVICE_ERROR')
	for tool in p11tool opensc; do
		write $tool key rsa2048 new 02
		client_failed_in_time "$how, $tool writes a key"
		like "$err" "${words[$tool]}" "$how, $tool: ${words[$tool]}"
	done
	is "$(objects)" 3 "$how: what was there is there, and nothing else"
	[ "$how" = gone ] || return 0
	for tool in p11tool opensc; do
		write $tool cert rsa2048 new 02
		client_failed_in_time "$how, $tool writes a certificate"
	done
	remove opensc cert kept
	client_failed_in_time "$how, a certificate is deleted"
	is "$(objects)" 3 "$how: still the same"
}
client_cannot_use locked cannot_write
client_cannot_use gone cannot_write
is "$(keyring_items | wc -l)" 1 "one key is in the keyring"
signs kept p256
# A certificate needs no keyring.
keyring_lock
client_end_agents
written p11tool cert rsa2048 public 02
is "$(objects public)" 1 "a certificate can be written while the keyring is locked"
remove opensc cert public
is "$rc/$(objects public)" 0/0 "and deleted"
remove opensc key kept
is "$rc/$(objects kept)" 0/1 "a key goes from the token also then"
keyring_unlock
is "$(keyring_items | wc -l)" 1 "its half could not be taken out of the locked keyring"
remove p11tool cert kept
nothing_left "at last"
done_testing
