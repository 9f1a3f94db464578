#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Signatures of keys in a TPM, beside tpm2-pkcs11's in the same one, and beside the TPM's own command; measure.sh tells
# how to read it. The TPM is swtpm.
if [ -e /etc/devid ] && [ -z "${DEVID_BENCH_PRIVATE:-}" ]; then
	DEVID_BENCH_PRIVATE=yes exec unshare -m --propagation private \
		bash -c 'mount -t tmpfs devid /etc/devid && exec bash "$@"' private "$0" "$@"
fi
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/tpm.sh"
. "$(dirname "$0")/../lib/tpm2-pkcs11.sh"
. "$(dirname "$0")/measure.sh"
SAMPLE=$DEVID_BENCH/sample
TOKEN='Device Identity'

agent() {
	"${E[@]}" "$DEVID_BENCH/bench-agent" "$1" || end "agent: $1"
}

prepare() {
	local key
	need_pki
	keyring_bus
	keyring_start open || end "no keyring"
	tpm_start bench
	tpm2_pkcs11 chip
	for key in rsa:2048/rsa2048 EC:prime256v1/p256; do
		"${E[@]}" pkcs11-tool --module "$FOREIGN_MODULE" --token-label chip --login --pin 1234 --keypairgen \
			--key-type "${key%/*}" --label "${key#*/}" >"$T/log" 2>&1 || end "tpm2-pkcs11 made no key: $(cat "$T/log")"
		tpm_empty
	done
	mkdir -p "$T/config/signing" && cp "$PKI/issuing.crt" "$T/config/signing/issuing.pem"
	# Without an authorisation, and (second: RSA-2048, japan: P-256) with one in the keyring, as the peer's have.
	for key in rsa2048 p256 second japan; do
		"${E[@]}" "$DEVID_COMMAND" import-cert "$PKI/$key.p12" --label "$key" --user --store tpm \
			--tpm-auth "$([[ $key == @(rsa2048|p256) ]] && echo none || echo keyring)" \
			--password-file "$PKI/password" >"$T/log" 2>&1 || end "no import: $(cat "$T/log")"
	done
	agent leave
}

# One client at a time can be at the TPM, and what tpm2-pkcs11 leaves there stays there.
tpm_empty() {
	"${TPM[@]}" tpm2_flushcontext --transient-object
}
by_devid() {
	"${E[@]}" "$SAMPLE" "$1" "$DEVID_MODULE" "$TOKEN" "${@:2}"
}
ours_rate() {
	agent start && by_devid sign "$1" "$2" 2 && agent leave
}
by_other() {
	"${E[@]}" "$SAMPLE" "$1" "$FOREIGN_MODULE" chip "${@:2}" 1234 && tpm_empty
}
bare() {
	"$DEVID_BENCH/tpm-sign" "swtpm:path=$TPM_SOCKET" "$1" 2
}
ours_rsa() { ours_rate rsa2048 rsa; }
ours_ec() { ours_rate p256 ec; }
peer_rsa() { by_other sign rsa2048 rsa 2; }
peer_ec() { by_other sign p256 ec 2; }
bare_rsa() { bare rsa; }
bare_ec() { bare ec; }
locked_rsa() { ours_rate second rsa; }
locked_ec() { ours_rate japan ec; }
# The agent listens, as it does on a machine in use, and has forgotten the key.
ours_first() {
	agent start && by_devid first "$1" "$2" 1 >/dev/null && agent forget && by_devid first "$1" "$2" 1 && agent leave
}
ours_first_rsa() { ours_first rsa2048 rsa; }
ours_first_ec() { ours_first p256 ec; }
peer_first_rsa() { by_other first rsa2048 rsa 1; }
peer_first_ec() { by_other first p256 ec 1; }

# commands LABEL rsa|ec COUNT: how many commands the TPM got for so many signatures.
commands() {
	local before
	before=$(wc -l <"$T/tpm-commands")
	by_devid first "$@" >/dev/null || return 1
	echo $(($(wc -l <"$T/tpm-commands") - before))
}
# Of a signature with a key that is in use: what twenty more cost.
ours_commands() {
	local few many
	few=$(commands "$1" "$2" 5) && many=$(commands "$1" "$2" 25) || return 1
	awk -v few="$few" -v many="$many" 'BEGIN { print (many - few) / 20 }'
}
commands_rsa() { ours_commands rsa2048 rsa; }
commands_ec() { ours_commands p256 ec; }
one() { echo 1; }

prepare
take_core
figure 'RSA-2048 signatures a second / tpm2-pkcs11' least 2 ours_rsa peer_rsa 5
figure 'P-256 signatures a second / tpm2-pkcs11' least 1.8 ours_ec peer_ec 5
# The TPM itself makes two HMACs more for each of these.
figure 'RSA-2048, locked by the keyring / tpm2-pkcs11' least 1.6 locked_rsa peer_rsa 5
figure 'P-256, locked by the keyring / tpm2-pkcs11' least 1.8 locked_ec peer_ec 5
figure 'first RSA-2048 signature / tpm2-pkcs11' most 0.5 ours_first_rsa peer_first_rsa 5
figure 'first P-256 signature / tpm2-pkcs11' most 0.5 ours_first_ec peer_first_ec 5
# As rates: 1 / 1.1. swtpm needs 0.4 ms for P-256, so that the way to the agent and back shows; a chip needs fifty times
# as long.
figure 'RSA-2048 signatures a second / TPM2_Sign alone' least 0.91 ours_rsa bare_rsa 5
figure 'P-256 signatures a second / TPM2_Sign alone' least 0.8 ours_ec bare_ec 5
tpm_proxy
agent start
commands rsa2048 rsa 1 >/dev/null && commands p256 ec 1 >/dev/null || end "no signature"
figure 'commands an RSA-2048 signature' most 1 commands_rsa one 5
figure 'commands a P-256 signature' most 1 commands_ec one 5
agent leave
figures_end
