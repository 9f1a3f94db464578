#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A TPM that is busy, silent, cut off or out of its mind: the agent lives, other identities sign, nothing is lost or half
# made, and the next command that is answered works. Between agent and swtpm stands tests/lib/tpm-proxy.py.
. "$(dirname "$0")/../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tpm.sh"
PYTHON=/usr/bin/python3
ROUNDS=${ROUNDS:-90} # answers, of which some are spoilt; many more in fuzz/tpm-answers.sh

need_pki
DATA=$T/home/.local/share/devid
tpm_start first
tpm_proxy
A=("${E[@]}")

devid() {
	run "${E[@]}" "$DEVID_COMMAND" "$@"
}

import() {
	devid import-cert --user --store "${STORE:-tpm}" --label "$1" --password-file "$PKI/password" "${@:2}" "$PKI/$1.p12"
}

key_id() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha1sum | cut -d' ' -f1
}

sign() {
	local mechanism=ECDSA-SHA256
	[[ $1 != rsa* ]] || mechanism=SHA256-RSA-PKCS
	printf '%032d' 1 >"$T/data"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign --mechanism \
		$mechanism --id "$(key_id "$1")" --input-file "$T/data" --output-file "$T/signature" --signature-format openssl
}

ok_sign() {
	sign "$1"
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey >"$T/key.pem"
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
}

left_over() {
	ls -A "$DATA" 2>/dev/null | grep -cE 'pending|tmp$'
}

STORE=file import p384
is "$rc" 0 "a key in a file, for comparison"
import rsa2048 --tpm-auth none
is "$rc" 0 "RSA" || diag "$err"
import p256 --tpm-auth none
is "$rc" 0 "P-256" || diag "$err"
ok "both sign" ok_sign rsa2048
ok_sign p256
pid=$(agent_pid)

# --- a signature is one command ----------------------------------------------------------------------

before=$(wc -l <"$T/tpm-commands")
ok_sign p256
is "$(tail -n +$((before + 1)) "$T/tpm-commands" | tr '\n' ' ')" "0000015d " "a signature is one command: TPM2_Sign"

# --- busy --------------------------------------------------------------------------------------------

for code in 922 908 90a; do
	tpm_plan "code $code 3"
	ok "busy three times (0x$code): it signs" ok_sign p256
done
for code in 922; do
	tpm_plan "code $code"
	sign rsa2048
	isnt "$rc" 0 "busy for ever (0x$code): no signature"
	tpm_plan pass
	ok "and then it signs" ok_sign rsa2048
done
tpm_plan "code 922"
import namesake --tpm-auth none
is "$rc" 5 "an import while it is busy for ever: ends with 5" || diag "$err"
tpm_plan pass
is "$(left_over)" 0 "and leaves nothing"
is "$(agent_pid)" "$pid" "all of it one agent"

# --- other answers -----------------------------------------------------------------------------------

for code in 101 921 1df 98e 9a2 902 903 18b 910 918 095 0c4 184 12f; do
	tpm_plan "code $code"
	sign p256
	isnt "$rc" 0 "the answer 0x$code to all: no signature"
	ok "and a key in a file signs" ok_sign p384
	tpm_plan pass
	ok "and then it signs (0x$code)" ok_sign p256
done

# Done by the TPM, and told otherwise: at each command of an import.
for command in 00000131 00000176 00000156 00000157 0000015d; do
	tpm_plan "after $command 101"
	import namesake --tpm-auth none
	if [ "$rc" -eq 0 ]; then
		ok "an import whose command $command fails once is done again" ok_sign namesake
		devid remove --yes namesake
	else
		devid list
		unlike "$out" "^namesake " "an import whose command $command fails: nothing is there"
	fi
	is "$(left_over)" 0 "and nothing is left ($command)"
	tpm_plan pass
done

# --- cut, closed, spoilt ---------------------------------------------------------------------------------

for bytes in 0 1 9 10 11 20 40; do
	tpm_plan "cut $bytes"
	sign p256
	isnt "$rc" 0 "answers of $bytes bytes: no signature"
	tpm_plan pass
	ok "and then it signs" ok_sign p256
done
tpm_plan close
sign p256
isnt "$rc" 0 "a connection that is closed: no signature"
tpm_plan pass
ok "and then it signs" ok_sign p256
bad=0
for seed in $(seq 1 $((ROUNDS / 30))); do
	tpm_plan "flip $seed"
	for key in p256 rsa2048; do
		for _ in 1 2 3; do
			sign $key
			# A client verifies what it gets; one that is wrong may come, and no other key's.
			[ "$rc" -eq 0 ] || bad=$((bad + 1))
		done
	done
	agent_end
done
tpm_plan pass
diag "$bad signatures failed"
ok "after $ROUNDS answers, of which some were spoilt: it signs" ok_sign p256
ok "RSA too" ok_sign rsa2048
ok "and a key in a file" ok_sign p384
devid list
is "$(grep -cE '^(p256|rsa2048) +user +tpm' <<<"$out")" 2 "nothing is lost"
is "$(left_over)" 0 "nor left"

# --- a key with an authorisation: what is answered is by who knows it, or is nothing ----------------------

agent_end
keyring_bus
keyring_start open
import p521
is "$rc" 0 "a key with its second lock" || diag "$err"
ok "it signs" ok_sign p521
before=$(wc -l <"$T/tpm-commands")
ok_sign p521 >/dev/null
is "$(tail -n +$((before + 1)) "$T/tpm-commands" | tr '\n' ' ')" "0000015d " "a signature is one command here too"
# The answer's end is the HMAC, then its attributes, the nonce, and the signature.
for byte in 1 32 35 36 50 53 60 100 180; do
	tpm_plan "spoil 15d $byte"
	sign p521
	isnt "$rc" 0 "a byte of the answer is another ($byte from its end): no signature"
	tpm_plan pass
	ok "and then it signs" ok_sign p521
done
for seed in 1 2 3; do
	tpm_plan "flip $seed"
	for _ in 1 2 3 4 5; do
		sign p521
		[ "$rc" -ne 0 ] || {
			openssl x509 -in "$PKI/p521.crt" -noout -pubkey >"$T/key.pem"
			ok "what comes is good" openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
		}
	done
	tpm_plan pass
	ok "after some that were spoilt it signs" ok_sign p521
done
tpm_stop
tpm_start first
env_set "DEVID_TEST_TCTI=swtpm:path=$TPM_SOCKET.proxy"
ok "the TPM was off, and its sessions with it: it signs" ok_sign p521
done_testing
