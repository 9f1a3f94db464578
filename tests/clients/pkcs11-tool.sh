#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OpenSC's pkcs11-tool: what it lists, a signature by each mechanism listed checked by openssl, objects written
# and deleted.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/keyring.sh"
need_pki
kinds=(rsa2048 rsa3072 rsa4096 p256 p384 p521)

tool() {
	run "${E[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" "$@"
}
count() {
	tool -O "$@"
	grep -c ' Object;' <<<"$out"
}

tool -L
is "$rc" 0 "slots"
like "$out" 'token initialized, PIN initialized' "the token is initialised"
unlike "$out" 'login required' "and wants no login"
tool --test --login --pin 1234
is "$rc" 0 "--test" || diag "$(last_run)"
tool --test-fork
is "$rc" 0 "--test-fork" || diag "$(last_run)"

for kind in "${kinds[@]}"; do
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store file --label "$kind" \
		--password-file "$PKI/password" "$PKI/$kind.p12"
	is "$rc" 0 "$kind: imported" || diag "$(last_run)"
	openssl pkey -in "$PKI/$kind.key" -pubout -out "$T/$kind.pub"
	openssl x509 -in "$PKI/$kind.crt" -outform der -out "$T/$kind.der"
	openssl pkey -in "$PKI/$kind.key" -outform der -out "$T/$kind.key.der"
done
is "$(count)" $((3 * ${#kinds[@]} + 2)) "objects"
is "$(count --login --pin 1234)" $((3 * ${#kinds[@]} + 2)) "logged in: the same"
is "$(count --type privkey)" ${#kinds[@]} "private keys"
unlike "$out" 'extract' "none extractable"

head -c 300000 /dev/urandom >"$T/message"
openssl dgst -sha256 -binary "$T/message" >"$T/digest"
id_of() {
	tool -O --type privkey
	awk -v l="$1" '$1 == "label:" { label = $2 } $1 == "ID:" && label == l { print $2 }' <<<"$out"
}
verify() {
	local kind=$1 how=$2
	shift 2
	case $how in
	dgst) openssl dgst "$@" -verify "$T/$kind.pub" -signature "$T/signature" "$T/message" ;;
	pkeyutl) openssl pkeyutl -verify -pubin -inkey "$T/$kind.pub" -sigfile "$T/signature" \
		-in "$T/digest" "$@" ;;
	esac
}
# How a signature by each mechanism is checked: its input, and openssl's words.
pss='-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1'
declare -A checks=(
	[RSA-PKCS]='digest pkeyutl'
	[RSA-PKCS-PSS]='digest pkeyutl -pkeyopt rsa_padding_mode:pss -pkeyopt digest:sha256'
	[SHA256-RSA-PKCS]='message dgst -sha256'
	[SHA384-RSA-PKCS]='message dgst -sha384'
	[SHA512-RSA-PKCS]='message dgst -sha512'
	[SHA256-RSA-PKCS-PSS]="message dgst -sha256 $pss"
	[SHA384-RSA-PKCS-PSS]="message dgst -sha384 $pss"
	[SHA512-RSA-PKCS-PSS]="message dgst -sha512 $pss"
	[ECDSA]='digest pkeyutl'
	[ECDSA-SHA256]='message dgst -sha256'
	[ECDSA-SHA384]='message dgst -sha384'
	[ECDSA-SHA512]='message dgst -sha512'
)
# What is listed is what is tried: a mechanism that nobody checks is a failure.
tool -M
is "$(sed -n 's/^  \([^,]*\),.*generate_key_pair.*/\1/p' <<<"$out" | xargs)" "RSA-PKCS-KEY-PAIR-GEN ECDSA-KEY-PAIR-GEN" \
	"two make keys (requests.sh)"
out=$(grep -v generate_key_pair <<<"$out")
mapfile -t mechanisms < <(sed -n 's/^  \([^,]*\),.*/\1/p' <<<"$out")
is "$(printf '%s\n' "${mechanisms[@]}" | sort | xargs)" "$(printf '%s\n' "${!checks[@]}" | sort | xargs)" \
	"each mechanism listed has a check, and each check a mechanism"
is "$(grep -c ', sign' <<<"$out")/$(grep -cE 'encrypt|decrypt|verify|derive|wrap|generate|digest' <<<"$out")" \
	"${#mechanisms[@]}/0" "all sign, and do nothing else"
for kind in "${kinds[@]}"; do
	id=$(id_of "$kind")
	for mechanism in "${mechanisms[@]}"; do
		read -r input check <<<"${checks[$mechanism]:-message dgst -unchecked}"
		extra=()
		[ "$mechanism" != RSA-PKCS-PSS ] || extra=(--hash-algorithm SHA256 --mgf MGF1-SHA256)
		[ "${mechanism#ECDSA}" = "$mechanism" ] || extra=(--signature-format openssl)
		rm -f "$T/signature"
		tool --sign --id "$id" -m "$mechanism" -i "$T/$input" -o "$T/signature" "${extra[@]}"
		case $kind/$mechanism in
		rsa*/*RSA* | p*/ECDSA*)
			# shellcheck disable=SC2086
			ok "$kind: $mechanism" verify "$kind" $check || diag "$(last_run)"
			;;
		*)
			isnt "$rc" 0 "$kind: not $mechanism, which is for another kind of key"
			like "$err" 'CKR_KEY_TYPE_INCONSISTENT' "as is said" || diag "$(last_run)"
			;;
		esac
	done
done
tool --sign --id "$(id_of rsa2048)" -m RSA-X-509 -i "$T/digest" -o "$T/signature"
isnt "$rc" 0 "no raw RSA"
tool --decrypt --id "$(id_of rsa2048)" -m RSA-PKCS -i "$T/digest"
isnt "$rc" 0 "no decryption"
tool --keypairgen --key-type rsa:2048 --label x
like "$rc $err" '^1 .*CKR_TOKEN_WRITE_PROTECTED' "no keyring: no key is made"
tool --init-token --label x --so-pin 1234
isnt "$rc" 0 "no initialisation"
for kind in "${kinds[@]}"; do
	run "${E[@]}" "$DEVID_COMMAND" remove "$kind"
done

# --- objects written and deleted
end_ours
keyring_bus
keyring_start open
write() {
	tool --write-object "$T/$1.der" --type "$2" --label "$3" --id "$4"
	is "$rc" 0 "$3: $2 written" || diag "$(last_run)"
}
write rsa2048.key privkey one 01
write rsa2048 cert one 01
write p256 cert two 02
write p256.key privkey two 02
is "$(count)" 6 "two identities"
is "$(keyring_items | wc -l)" 2 "their keys in the keyring"
tool --sign --id 02 -m ECDSA-SHA256 -i "$T/message" -o "$T/signature" --signature-format openssl
ok "what was written signs" verify p256 dgst -sha256
tool --write-object "$T/rsa3072.key.der" --type privkey --label three --id 01
isnt "$rc" 0 "another key under a taken id is refused"
tool --write-object "$T/rsa3072.key.der" --type privkey --label three --id 03 --extractable
isnt "$rc" 0 "a key that should be extractable is refused"
tool --write-object "$T/message" --type data --label three
isnt "$rc" 0 "data is refused"
openssl x509 -in "$PKI/size-2049.crt" -outform der -out "$T/large.der"
tool --write-object "$T/large.der" --type cert --label three --id 04
isnt "$rc" 0 "a device certificate over the limit is refused"
is "$(count)" 6 "nothing of that was written"
tool --set-id 07 --id 01 --type cert
is "$rc" 0 "an id is changed" || diag "$(last_run)"
tool -O
is "$(grep -c 'ID: *07$' <<<"$out")" 3 "that of the whole identity" || diag "$(last_run)"
tool --delete-object --type pubkey --id 02
isnt "$rc" 0 "a public key doesn't go by itself"
for object in privkey:07 cert:07 cert:02 privkey:02; do
	tool --delete-object --type "${object%:*}" --id "${object#*:}"
	is "$rc" 0 "deleted: $object" || diag "$(last_run)"
done
is "$(count)/$(keyring_items | wc -l)" 0/0 "nothing is left, here or in the keyring"
done_testing
