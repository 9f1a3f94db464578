#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The names of storage keys, pinned: at first use, by an import, and compared before a key is used again. The TPM is
# swtpm.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/tpm.sh"

need_pki
DATA=$T/home/.local/share/devid
PINS=$DATA/tpm-storage-keys
STORAGE='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'

import() {
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store tpm --tpm-auth none --password-file "$PKI/password" "$@"
}

spki() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER
}

sign() {
	local mechanism=(--mechanism ECDSA-SHA256 --signature-format openssl)
	[[ $1 = rsa* ]] && mechanism=(--mechanism SHA256-RSA-PKCS)
	printf '%032d' 1 >"$T/data"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
		"${mechanism[@]}" --id "$(spki "$1" | sha1sum | cut -d' ' -f1)" --input-file "$T/data" --output-file "$T/signature"
}

signs() {
	sign "$1"
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey >"$T/key.pem"
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
}

# refused NAME TEXT: no signature with it, and the last event says why.
refused() {
	sign "$1"
	isnt "$rc" 0 "$2"
	run "${E[@]}" "$DEVID_COMMAND" events --json
}

# doctor_says PATTERN TEXT: of the TPM.
doctor_says() {
	RUN_BOUND=60 run "${E[@]}" "$DEVID_COMMAND" doctor --json
	like "$(/usr/bin/python3 -c '
import json, sys
for f in json.load(sys.stdin)["findings"]:
    if f["examination"] == "tpm":
        print(f["result"], f["message"], "HINT", f.get("hint"))' <<<"$out")" "$1" "$2"
}

# name_of CONTEXT: as the tools tell it.
name_of() {
	"${TPM[@]}" tpm2_readpublic -Q -c "$1" -n "$T/name"
	od -An -v -tx1 "$T/name" | tr -d ' \n'
}

# persist TYPE: another storage key at 0x81000001.
persist() {
	"${TPM[@]}" tpm2_evictcontrol -Q -C o -c 0x81000001 2>/dev/null
	"${TPM[@]}" tpm2_createprimary -Q -C o -G "$1:null:aes128cfb" -c "$T/srk.ctx" -a "$STORAGE"
	"${TPM[@]}" tpm2_evictcontrol -Q -C o -c "$T/srk.ctx" 0x81000001
	"${TPM[@]}" tpm2_flushcontext -t
}

# --- pinned ----------------------------------------------------------------------------------------

tpm_start first
import "$PKI/p256.p12"
is "$rc" 0 "imported" || diag "$err"
unlike "$out$err" "storage key" "and there is nothing to warn of"
is "$(stat -c %a "$PINS")" 600 "the pins are their owner's alone"
agent_end
"${TPM[@]}" tpm2_createprimary -Q -C o -G ecc256:null:aes128cfb -c "$T/owner.ctx" -a "$STORAGE"
owner=$(name_of "$T/owner.ctx")
"${TPM[@]}" tpm2_flushcontext -t
like "$owner" '^000b[0-9a-f]{64}$' "the tools tell a name"
is "$(cat "$PINS")" "0x40000001 $owner" "and it is pinned, under the handle that the key's file names"
ok "it signs" signs p256
rm "$PINS"
ok "a key from before there were pins signs" signs p256
ok "but the agent that has it open does not look again" test ! -e "$PINS"
agent_end
ok "in another agent it signs" signs p256
is "$(cat "$PINS")" "0x40000001 $owner" "and is pinned by that"
doctor_says "pass .*firmware" "doctor has nothing against it"
unlike "$out" "storage key 0x" "nor a word of storage keys"

# --- another one at the root key's place --------------------------------------------------------------

agent_end
persist rsa2048
ok "another storage key was made root key: the old one signs, below the one that is pinned" signs p256
import "$PKI/rsa2048.p12"
is "$rc" 0 "and the new one takes keys" || diag "$err"
unlike "$out$err" "another one than before" "which is a first use"
is "$(cat "$PINS")" "0x40000001 $owner
0x81000001 $(name_of 0x81000001)" "each is pinned under its own handle"
ok "that signs" signs rsa2048
ok "so does the old one" signs p256
agent_end
persist ecc384
refused rsa2048 "replaced again: its key is refused"
like "$out" '"tpm-other".*another one than before' "with the reason, in words"
ok "the other identity signs on" signs p256
doctor_says "fail storage key 0x81000001 changed.*HINT .*--replace" "doctor: changed, and what to do"
agent_end
"${TPM[@]}" tpm2_evictcontrol -Q -C o -c 0x81000001
refused rsa2048 "taken away: refused"
ok "the other identity signs on" signs p256
doctor_says "fail storage key 0x81000001 changed.*now not there" "doctor: not there"
import --replace "$PKI/rsa2048.p12"
is "$rc" 0 "imported again: below the owner's primary" || diag "$err"
unlike "$out$err" "another one than before" "whose name is the one that is known"
ok "it signs" signs rsa2048

# --- cleared ----------------------------------------------------------------------------------------

"${TPM[@]}" tpm2_clear -Q -c p
refused p256 "cleared, with the key open: no signature"
like "$out" '"tpm-other"' "cleared: the event says so"
agent_end
refused p256 "cleared, to another agent: refused"
like "$out" '"tpm-other".*another one than before' "in words"
doctor_says "fail storage key 0x40000001 changed: the TPM was cleared.*before $owner" "doctor names both"
run "${E[@]}" "$DEVID_COMMAND" list
like "$out" "p256" "it is still listed"
import --replace "$PKI/p256.p12"
is "$rc" 0 "imported again" || diag "$err"
like "$out$err" "storage key 0x40000001 is another one than before" "with a warning"
isnt "$(sed -n 's/^0x40000001 //p' "$PINS")" "$owner" "and pinned anew"
ok "it signs" signs p256
import --replace "$PKI/rsa2048.p12"
is "$rc" 0 "the next one too" || diag "$err"
unlike "$out$err" "another one than before" "without a warning: that one is known now"
ok "that signs" signs rsa2048

# --- planted ----------------------------------------------------------------------------------------

good=$(cat "$PINS")
name=$(sed -n 's/^0x40000001 //p' "$PINS")
other=${name:0:67}$([ "${name:67:1}" = 0 ] && echo 1 || echo 0)
spoiled() {
	agent_end
	refused p256 "$1: refused"
	like "$out" 'tpm-storage-keys: ' "$1: and the file named"
}
for text in "" "0x40000001" "0x40000001 " "0x40000001 $name 00" "0x40000002 $name" "0x40000001 ${name^^}x" "0x40000001 ${name:0:40}" \
	"0x40000001 ${name}0" "0x40000001 $name$name" "0x40000001 $name
0x40000001 $name" "0x40000001 $name
" "$name" "0x40000001 zz${name:2}"; do
	printf '%s\n' "$text" >"$PINS"
	spoiled "damaged (${text:0:20}…, ${#text})"
done
printf '0x40000001 %s' "$name" >"$PINS"
spoiled "cut short"
printf '0x40000001 %s\n\0' "$name" >"$PINS"
spoiled "with a zero byte"
head -c 4096 /dev/zero | tr '\0' 0 >"$PINS"
spoiled "too large"
doctor_says "fail .*tpm-storage-keys: .*HINT .*take it away" "doctor says that of the file"
import --replace "$PKI/p384.p12"
isnt "$rc" 0 "nor is anything imported below a name that can't be read"
like "$err" "tpm-storage-keys: " "and that is said"
is "$(head -c 8 "$PINS")" 00000000 "the file is left as it is"
echo "$good" >"$PINS"
chmod 644 "$PINS"
spoiled "readable for others"
rm "$PINS"
echo "$good" >"$T/elsewhere"
chmod 600 "$T/elsewhere"
ln -s "$T/elsewhere" "$PINS"
spoiled "a link"
rm "$PINS"
mkfifo -m 600 "$PINS"
spoiled "a pipe"
rm "$PINS"
mkdir -m 700 "$PINS"
spoiled "a folder"
rmdir "$PINS"
(umask 077 && echo "$good" >"$PINS")
if [ "$(id -u)" -eq 0 ]; then
	chown 65534 "$PINS"
	spoiled "another user's"
	chown 0 "$PINS"
fi
agent_end
ok "as it was: it signs" signs p256
echo "0x40000001 $other" >"$PINS"
agent_end
refused p256 "another name planted: refused"
like "$out" '"tpm-other"' "as another TPM's"
run "${E[@]}" "$DEVID_COMMAND" remove --yes p256
is "$rc" 0 "such an identity can be removed"
import "$PKI/p256.p12"
is "$rc" 0 "and imported" || diag "$err"
like "$out$err" "another one than before" "with the warning"
is "$(cat "$PINS" | grep 0x40000001)" "0x40000001 $name" "which pins the true name again"
ok "and signs" signs p256
done_testing
