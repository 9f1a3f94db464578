#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Keys in a TPM: imported, used by a PKCS#11 program, and what is said and lost where the TPM or the keyring is
# not as it was. The TPM is swtpm, the keyring the real one.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tpm.sh"

need_pki
DATA=$T/home/.local/share/devid

import() {
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store tpm --password-file "$PKI/password" "$@"
}

spki() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER
}

tss2() {
	echo "$DATA/$(spki "$1" | sha256sum | cut -d' ' -f1).tss2"
}

# sign NAME MECHANISM [WORD…]: a signature of 32 bytes in $T/signature.
sign() {
	local name=$1 mechanism=$2
	shift 2
	printf '%032d' 1 >"$T/data"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "${TOKEN:-Device Identity}" --sign \
		--mechanism "$mechanism" --id "$(spki "$name" | sha1sum | cut -d' ' -f1)" --input-file "$T/data" \
		--output-file "$T/signature" "$@"
}

# verify NAME [OPTION…]: by OpenSSL, with the certificate's key.
verify() {
	local name=$1
	shift
	openssl x509 -in "$PKI/$name.crt" -noout -pubkey >"$T/key.pem"
	openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$@" "$T/data"
}

ok_sign() {
	case $1 in
	rsa*) sign "$1" SHA256-RSA-PKCS && [ "$rc" -eq 0 ] && verify "$1" ;;
	*) sign "$1" ECDSA-SHA256 --signature-format openssl && [ "$rc" -eq 0 ] && verify "$1" ;;
	esac
}

# --- no TPM ----------------------------------------------------------------------------------------

import --tpm-auth none "$PKI/p256.p12"
is "$rc" 5 "no TPM: the import ends with 5"
like "$err" "/dev/tpmrm0 is not there" "no TPM: and says what is missing"
is "$(ls "$DATA" | grep -cE 'tss2|pending|identity$')" 0 "no TPM: nothing is left"
agent_end
env_set DEVID_TEST_TPM_PART="$T/no-such-part.so"
tpm_start first
import --tpm-auth none "$PKI/p256.p12"
is "$rc" 5 "without the agent's part for it: ends with 5"
like "$err" "part for it can't be opened" "and is told as that"
agent_end
env_set DEVID_TEST_TPM_PART="$DEVID_TEST_TPM_PART"

# --- without a keyring -----------------------------------------------------------------------------

import "$PKI/p256.p12"
is "$rc" 5 "no keyring: the second lock is not given up"
like "$err" "--tpm-auth none" "no keyring: and the way out is named"
is "$(ls "$DATA" | grep -cE 'tss2|pending|identity$')" 0 "no keyring: nothing is left"
keyring_bus
keyring_start open
agent_end
tpm_stop
import "$PKI/p256.p12"
is "$rc" 5 "a keyring and no TPM: ends with 5"
is "$(keyring_items | wc -l)" 0 "no authorisation is left in the keyring"
is "$(ls "$DATA" | grep -cE 'tss2|pending|identity$')" 0 "nor anything else"
agent_end
"${E[@]}" "$DEVID_AGENT" --user >"$T/agent.out" 2>&1 &
agent=$!
track $agent
wait_for 10 test -S "$T/run/devid/agent"
import --tpm-auth none "$PKI/p256.p12"
kill -TERM $agent
wait $agent
is $? 0 "an agent that never reached the TPM ends as any other"
tpm_start first
head -c 3000 /dev/zero | base64 -w 0 | "${E[@]}" secret-tool store --label=planted xdg:schema org.devid.DeviceKey \
	devid-key "$(spki p256 | sha256sum | cut -d' ' -f1).tpm" devid-format pkcs8
import "$PKI/p256.p12"
is "$rc" 0 "a planted authorisation is not handed on: a new one is made" || diag "$err"
ok "and signs" ok_sign p256
run "${E[@]}" "$DEVID_COMMAND" remove --yes p256
is "$(keyring_items | wc -l)" 0 "and all are taken away with it"
agent_end
keyring_stop
keyring_bus_stop
unset DBUS_SESSION_BUS_ADDRESS
env_build
import --tpm-auth soft "$PKI/p256.p12"
is "$rc" 2 "another word for --tpm-auth: usage"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store file --tpm-auth none --password-file "$PKI/password" "$PKI/p256.p12"
is "$rc" 2 "--tpm-auth with another store: usage"

# --- in, and used ----------------------------------------------------------------------------------

agent_end
run "${E[@]}" "$DEVID_COMMAND" list
run "${E[@]}" "$DEVID_COMMAND" status
unlike "$(for p in $(agent_pid); do cat "/proc/$p/maps"; done)" "libtss2" "an agent without TPM keys has no TSS"
for name in rsa2048 rsa3072 p256 p384 p521; do
	import --tpm-auth none "$PKI/$name.p12"
	is "$rc" 0 "$name: imported" || diag "$err"
	ok "$name: signs" ok_sign "$name"
done
like "$(for p in $(agent_pid); do cat "/proc/$p/maps"; done)" "libtss2-esys" "then it has"
run "${E[@]}" "$DEVID_COMMAND" list
like "$out" "p256 +user +tpm +nobody" "list says who can copy it: nobody"
sign rsa2048 SHA256-RSA-PKCS-PSS --mgf MGF1-SHA256 --salt-len 32
ok "RSA-PSS with a salt as long as the digest" verify rsa2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
sign rsa2048 SHA256-RSA-PKCS-PSS --mgf MGF1-SHA256 --salt-len 20
isnt "$rc" 0 "with another salt: refused, not made otherwise"
openssl dgst -sha256 -binary "$T/data" >"$T/hash"
{ printf '\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20' && cat "$T/hash"; } >"$T/info"
printf 'no DigestInfo' >"$T/other"
for input in info other; do
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
		--mechanism RSA-PKCS --id "$(spki rsa2048 | sha1sum | cut -d' ' -f1)" --input-file "$T/$input" \
		--output-file "$T/signature"
	if [ "$input" = info ]; then
		ok "bare PKCS#1 with a DigestInfo" verify rsa2048
	else
		isnt "$rc" 0 "bare PKCS#1 with anything else: refused"
	fi
done
for size in 20 32 48 64; do
	head -c "$size" /dev/zero | tr '\0' x >"$T/bare"
	for name in p256 p384; do
		run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
			--mechanism ECDSA --signature-format openssl --id "$(spki $name | sha1sum | cut -d' ' -f1)" \
			--input-file "$T/bare" --output-file "$T/signature"
		openssl x509 -in "$PKI/$name.crt" -noout -pubkey >"$T/key.pem"
		ok "$name: bare ECDSA of $size bytes" openssl pkeyutl -verify -pubin -inkey "$T/key.pem" -in "$T/bare" \
			-sigfile "$T/signature"
	done
done
agent_end
ok "another agent signs with it" ok_sign rsa2048
import "$PKI/rsa2048.p12"
is "$rc" 0 "the same again: 0"
like "$out$err" "already" "and nothing changed"

# One key in 256 has a zero where its number begins: in the scalar, in either coordinate.
tpm_zero_keys
for part in scalar x y; do
	import --tpm-auth none --label "zero-$part" "$T/zero-$part.pem"
	is "$rc" 0 "a key whose $part begins with a zero byte: imported, and signs" || diag "$err"
done

# What doctor says of it: doctor_says RESULT PATTERN NAME.
doctor_says() {
	RUN_BOUND=60 run "${E[@]}" "$DEVID_COMMAND" doctor --json
	is "$("$PYTHON" -c '
import json, re, sys
rows = [f for f in json.load(sys.stdin)["findings"] if f["examination"] == "tpm"]
print(any(f["result"] == sys.argv[1] and re.search(sys.argv[2], f["message"] + " " + (f.get("hint") or "")) for f in rows) or rows)' "$1" "$2" <<<"$out")" True "$3"
}
doctor_says pass "firmware .*storage root key: none" "doctor names the TPM"
unlike "$out" "that no identity names" "and takes no authorisation in the keyring for a leftover"

# --- what lies on the disk ---------------------------------------------------------------------------

file=$(tss2 p256)
is "$(stat -c %a "$file")" 600 "its file is its owner's alone"
is "$(head -n 1 "$file")" "-----BEGIN TSS2 PRIVATE KEY-----" "in the form of other programs"
cp "$file" "$T/copy.pem"
agent_end
run "${TPM[@]}" openssl pkeyutl -provider tpm2 -provider default -propquery '?provider=tpm2' -inkey "$T/copy.pem" -sign \
	-rawin -digest sha256 -in "$T/data" -out "$T/signature"
diag "$err"
ok "tpm2-openssl signs with a copy of it" verify p256
openssl asn1parse -in "$file" -inform PEM >"$T/asn1"
is "$(grep -c 'BOOLEAN' "$T/asn1") $(grep -oE 'INTEGER +:[0-9A-F]+' "$T/asn1" | grep -o '[0-9A-F]*$')" "1 40000001" \
	"emptyAuth and the parent are written"
"${TPM[@]}" tpm2_flushcontext -t
offset=$(awk -F: '/OCTET STRING/ { print $1 + 0; exit }' "$T/asn1")
openssl asn1parse -in "$file" -inform PEM -strparse "$offset" -noout -out "$T/none" 2>/dev/null
"$PYTHON" - "$file" "$T/public" <<-'X'
	import base64, sys
	der = base64.b64decode("".join(l for l in open(sys.argv[1]).read().split("\n") if l and not l.startswith("-")))
	# The first OCTET STRING after the INTEGER 40000001.
	at = der.index(b"\x02\x04\x40\x00\x00\x01") + 6
	assert der[at] == 4
	length, start = (der[at + 1], at + 2) if der[at + 1] < 128 else (der[at + 2], at + 3)
	open(sys.argv[2], "wb").write(der[start:start + length])
X
like "$("${TPM[@]}" tpm2_print -t TPM2B_PUBLIC "$T/public" | sed -n '/^attributes/,/raw/p' | tr -d '\n')" \
	"value: userwithauth\|noda\|sign " "the key signs, nothing else, and locks nobody out"

# --- what a TPM doesn't take -------------------------------------------------------------------------

import --tpm-auth none "$PKI/rsa4096.p12"
is "$rc" 1 "RSA-4096: refused"
like "$err" "TPM: it does not take the key" "RSA-4096: as what this TPM does not take"
ok "RSA-4096: nothing is left" test ! -e "$(tss2 rsa4096)"

# --- two locks ---------------------------------------------------------------------------------------

keyring_bus
keyring_start open
agent_end
import --label two "$PKI/japan.p12"
is "$rc" 0 "with a keyring: imported" || diag "$err"
ok "and signs" ok_sign japan
is "$(keyring_items | wc -l)" 1 "its authorisation is an item of the keyring"
openssl asn1parse -in "$(tss2 japan)" -inform PEM >"$T/asn1"
is "$(grep -c BOOLEAN "$T/asn1")" 0 "the file says that it has one"
cp "$(tss2 japan)" "$T/copy.pem"
run "${TPM[@]}" openssl pkeyutl -provider tpm2 -provider default -propquery '?provider=tpm2' -inkey "$T/copy.pem" \
	-passin pass: -sign -rawin -digest sha256 -in "$T/data" -out "$T/signature"
isnt "$rc" 0 "file and TPM without the keyring: no signature"
"${TPM[@]}" tpm2_flushcontext -t
keyring_lock
sign japan SHA256-RSA-PKCS
isnt "$rc" 0 "keyring locked: no signature, though the agent had the key"
ok "a key without that lock signs all the same" ok_sign p256
keyring_unlock
ok "unlocked: it signs" ok_sign japan
run "${E[@]}" "$DEVID_COMMAND" rename two renamed
like "$(keyring_items)" "Device key renamed" "a rename reaches the item"
run "${E[@]}" "$DEVID_COMMAND" remove --yes renamed
is "$rc" 0 "removed"
is "$(keyring_items | wc -l)" 0 "and its authorisation with it"
ok "and its file" test ! -e "$(tss2 japan)"
# The key that the keyring had stays another item than the authorisation that it has now.
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --label two --password-file "$PKI/password" "$PKI/japan.p12"
import --label two --replace "$PKI/japan.p12"
run "${E[@]}" "$DEVID_COMMAND" list
if grep -qE '^two +user +tpm' <<<"$out"; then
	is "$(keyring_items | wc -l)" 1 "from the keyring into the TPM: one item, the authorisation"
else
	like "$out" '^two +user +keyring' "what is here already stays where it is"
fi
ok "and signs" ok_sign japan
run "${E[@]}" "$DEVID_COMMAND" remove --yes two

# What was opened before a key moved into the TPM is of no use after it.
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store file --label moving --password-file "$PKI/password" "$PKI/future.p12"
sign future SHA256-RSA-PKCS
before=$rc
import --tpm-auth none --label moving --replace "$PKI/future.p12"
run "${E[@]}" "$DEVID_COMMAND" list
if grep -qE '^moving +user +tpm' <<<"$out"; then
	tpm_kill
	sign future SHA256-RSA-PKCS
	isnt "$rc" 0 "moved into the TPM: the key in the agent's memory does not go on"
	tpm_start first
	agent_end
else
	is "$before" "$before" "what is here already stays where it is"
fi

# --- the TPM goes, comes, is another ------------------------------------------------------------------

tpm_kill
sign p256 ECDSA-SHA256
isnt "$rc" 0 "TPM gone while connected: no signature"
pid=$(agent_pid)
tpm_start first
ok "it is back: it signs" ok_sign p256
is "$(agent_pid)" "$pid" "by the same agent"
kill -STOP "$TPM_PID"
sign p256 ECDSA-SHA256
kill -CONT "$TPM_PID"
isnt "$rc" 0 "TPM silent: no signature"
run "${E[@]}" "$DEVID_COMMAND" events --json
like "$out" '"tpm-busy"' "and the agent says so while the client still waits"
ok "it answers again: it signs" ok_sign p256
agent_end
tpm_stop
tpm_start second
sign p256 ECDSA-SHA256
isnt "$rc" 0 "another TPM: no signature"
run "${E[@]}" "$DEVID_COMMAND" events --json
like "$out" '"tpm-other"' "another TPM: the event says so"
run "${E[@]}" "$DEVID_COMMAND" list
like "$out" "p256" "another TPM: it is still listed"
agent_end
tpm_stop
doctor_says fail "can.t be reached|not there|IO" "no TPM any more: doctor fails"
unlike "$out" "another store with --store" "and advises no place where the key would be kept worse"
agent_end
tpm_start second
import --tpm-auth none --replace "$PKI/p256.p12"
is "$rc" 0 "imported again: into this one" || diag "$err"
ok "and signs" ok_sign p256
"${TPM[@]}" tpm2_clear -c p
sign p256 ECDSA-SHA256
isnt "$rc" 0 "cleared: no signature"
import --tpm-auth none --replace "$PKI/p256.p12"
is "$rc" 0 "imported again after that" || diag "$err"
ok "and signs" ok_sign p256

# --- slots -------------------------------------------------------------------------------------------

agent_end
is "$("${TPM[@]}" tpm2_getcap handles-transient)" "" "an agent that ends leaves nothing in the TPM"
is "$("${TPM[@]}" tpm2_getcap handles-loaded-session)" "" "no session either"
for i in 1 2 3 4 5; do
	sign rsa2048 SHA256-RSA-PKCS
	agent_end -KILL
done
ok "five agents were killed with keys loaded: the sixth signs" ok_sign p256
agent_end
"${TPM[@]}" tpm2_flushcontext -t
"${TPM[@]}" tpm2_flushcontext -l
for i in 1 2 3; do
	"${TPM[@]}" tpm2_createprimary -Q -C n -G rsa2048 -c "$T/foreign.$i"
done
sign p256 ECDSA-SHA256
isnt "$rc" 0 "all slots are another program's: no signature"
run "${E[@]}" "$DEVID_COMMAND" events --json
like "$out" '"tpm-full"' "and the event says so"
is "$("${TPM[@]}" tpm2_getcap handles-transient | wc -l)" 3 "whose keys stay"
"${TPM[@]}" tpm2_flushcontext -t
ok "when they have gone it signs" ok_sign p256

# --- authorisations ----------------------------------------------------------------------------------

agent_end
for i in 1 2 3 4 5; do
	"${TPM[@]}" tpm2_changeauth -c o -p wrong new >/dev/null 2>&1
done
"${TPM[@]}" tpm2_changeauth -c o owner
"${TPM[@]}" tpm2_changeauth -c l lockout
sign p256 ECDSA-SHA256
isnt "$rc" 0 "owner's authorisation set, no storage root key: no signature"
run "${E[@]}" "$DEVID_COMMAND" events --json
like "$out" '"tpm-owner"' "and the event says so"
doctor_says fail "owner.s authorisation is set.*tpm2_evictcontrol" "doctor says what root can do about it"
"${TPM[@]}" tpm2_createprimary -Q -C o -P owner -G ecc256:null:aes128cfb -c "$T/srk.ctx" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
"${TPM[@]}" tpm2_evictcontrol -Q -C o -P owner -c "$T/srk.ctx" 0x81000001
"${TPM[@]}" tpm2_flushcontext -t
ok "root made the storage root key: it signs" ok_sign p256
import --tpm-auth none "$PKI/comma.p12"
is "$rc" 0 "and imports" || diag "$err"
ok "and signs with that" ok_sign comma
agent_end
"${TPM[@]}" tpm2_dictionarylockout -Q -s -n 1 -t 1000 -l 1000 -p lockout
"${TPM[@]}" tpm2_create -Q -C "0x81000001" -G ecc256 -p secret -u "$T/da.pub" -r "$T/da.priv"
"${TPM[@]}" tpm2_flushcontext -t
"${TPM[@]}" tpm2_load -Q -C 0x81000001 -u "$T/da.pub" -r "$T/da.priv" -c "$T/da.ctx"
for i in 1 2; do
	"${TPM[@]}" tpm2_sign -Q -c "$T/da.ctx" -p wrong -g sha256 -o "$T/none" "$T/data" >"$T/da.out" 2>&1
done
like "$(cat "$T/da.out")" "lockout" "the TPM is locked out by another program's key"
"${TPM[@]}" tpm2_flushcontext -t
ok "ours signs all the same" ok_sign p256
doctor_says warn "locked out for keys of other programs.*tpm2_dictionarylockout" "doctor tells of the lockout"
agent_end
"${TPM[@]}" tpm2_dictionarylockout -Q -c -p lockout
"${TPM[@]}" tpm2_evictcontrol -Q -C o -P owner -c 0x81000001
sign comma SHA256-RSA-PKCS
isnt "$rc" 0 "storage root key evicted: no signature"
"${TPM[@]}" tpm2_changeauth -c o -p owner ""
"${TPM[@]}" tpm2_createprimary -Q -C o -G rsa2048:null:aes128cfb -c "$T/srk.ctx" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
"${TPM[@]}" tpm2_evictcontrol -Q -C o -c "$T/srk.ctx" 0x81000001
"${TPM[@]}" tpm2_flushcontext -t
ok "another storage key lies there: the old one is found by its template" ok_sign p256
import --tpm-auth none --label below-rsa "$PKI/namesake.p12"
is "$rc" 0 "an RSA storage key takes keys" || diag "$err"
ok "which sign" ok_sign namesake

# --- gone --------------------------------------------------------------------------------------------

run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys --yes
is "$rc" 0 "reset-cred --keys" || diag "$out$err"
is "$(ls "$DATA" | grep -cE 'tss2|pending')" 0 "takes them all"
is "$(keyring_items | wc -l)" 0 "with what the keyring had of them"
done_testing
