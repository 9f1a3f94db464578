#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# More keys than a TPM has slots, and no resource manager: those that are put out for others are saved, and loaded again
# from what the TPM saved; where it does not take that, from their files. Between agent and swtpm stands
# tests/lib/tpm-proxy.py, which counts the commands.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tpm.sh"

need_pki
LOCKED=(p384 japan) # keys with their second lock
# In this order: of p256 and comma, one could sign for the other without anybody's notice.
NAMES=(rsa2048 p256 comma "${LOCKED[@]}")
LOAD=00000157 READ_PUBLIC=00000173 SIGN=0000015d CONTEXT_LOAD=00000161 CONTEXT_SAVE=00000162 FLUSH=00000165

# sign NAME: its signature, verified with its own certificate.
sign() {
	local mechanism=ECDSA-SHA256
	[[ $1 != rsa* ]] || mechanism=SHA256-RSA-PKCS
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey >"$T/key.pem"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign --mechanism \
		$mechanism --id "$(openssl pkey -pubin -in "$T/key.pem" -outform DER | sha1sum | cut -d' ' -f1)" \
		--input-file "$T/data" --output-file "$T/signature" --signature-format openssl
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
}

# each NAME: all sign, one after the other; count COMMAND: how many of them the TPM had since then.
each() {
	local bad=
	MARK=$(wc -l <"$T/tpm-commands")
	for name in "${NAMES[@]}"; do
		sign "$name" >/dev/null || bad+=" $name: $(last_run)"
	done
	is "$bad" "" "$1: each of ${#NAMES[@]} keys signs"
}
count() {
	tail -n "+$((MARK + 1))" "$T/tpm-commands" | grep -c "${1:-.}"
}
slots() {
	"${TPM[@]}" tpm2_getcap handles-transient | wc -l
}

printf '%032d' 1 >"$T/data"
keyring_bus
keyring_start open
tpm_start first
tpm_proxy
for name in "${NAMES[@]}"; do
	auth=none
	[[ " ${LOCKED[*]} " != *" $name "* ]] || auth=keyring
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store tpm --tpm-auth $auth --label "$name" --password-file "$PKI/password" \
		"$PKI/$name.p12"
	is "$rc" 0 "$name: imported" || diag "$err"
done
agent_end

# --- saved once, loaded as often as it is wanted -------------------------------------------------------

each "opened"
is "$(count $LOAD)" ${#NAMES[@]} "opened: each is loaded from its file, once"
is "$(slots)" 3 "opened: all slots are full"
pid=$(agent_pid)
each "again"
is "$(count $LOAD) $(count $CONTEXT_LOAD)" "0 ${#NAMES[@]}" "again: none is loaded from its file, but from what was saved"
each "a third time"
is "$(count $CONTEXT_SAVE) $(count $FLUSH) $(count $CONTEXT_LOAD) $(count $READ_PUBLIC) $(count $SIGN) $(count)" "0 5 5 5 5 20" \
	"a third time: one goes, another comes, is looked at and signs, and nothing else is asked"
MARK=$(wc -l <"$T/tpm-commands")
ok "the one that was last signs" sign "${NAMES[-1]}"
is "$(count)" 1 "and is still there"
is "$(agent_pid)" "$pid" "by one agent"
is "$(grep -rlE 'CONTEXT|\.ctx' "$T/home" | wc -l)" 0 "nothing of that is in a file"

# --- what was saved is of no use any more ----------------------------------------------------------------

reset() {
	swtpm_ioctl --unix "$TPM_SOCKET.ctrl" -i && "${TPM[@]}" tpm2_startup "$@"
}
MARK=$(wc -l <"$T/tpm-commands")
ok "reset, by its power" reset --clear
ok "one that was saved before signs" sign "${NAMES[0]}"
is "$(count $CONTEXT_LOAD)" 1 "what was saved was tried"
isnt "$(count $LOAD)" 0 "and its file taken then"
each "after the reset"
each "and again"
is "$(count $LOAD)" 0 "again: from what was saved since"
"${TPM[@]}" tpm2_shutdown
ok "asleep, and awake" reset
each "after that sleep"
"${TPM[@]}" tpm2_shutdown
ok "a restart of the machine that had saved its state" reset --clear
each "after that"
tpm_kill
proxy=$TPM_SOCKET.proxy
tpm_start first
env_set "DEVID_TEST_TCTI=swtpm:path=$proxy"
each "killed, and there again"
is "$(agent_pid)" "$pid" "all of that is one agent"

# --- refused ---------------------------------------------------------------------------------------------

for code in 101 1df 902; do
	agent_end
	tpm_plan "refuse 162 $code"
	each "TPM2_ContextSave refused (0x$code), opened"
	each "TPM2_ContextSave refused (0x$code)"
	is "$(count $LOAD) $(count $CONTEXT_LOAD)" "${#NAMES[@]} 0" "each is loaded from its file"
	tpm_plan pass
	each "TPM2_ContextSave not refused any more"
	tpm_plan "refuse 161 $code"
	each "TPM2_ContextLoad refused (0x$code)"
	is "$(count $LOAD)" "${#NAMES[@]}" "each is loaded from its file"
	tpm_plan pass
	each "not refused any more"
	each "not refused any more, again"
	is "$(count $LOAD)" 0 "and it is as it was"
done

# --- answered wrongly --------------------------------------------------------------------------------------

# A storage root key leaves the lower handles to ours: a handle with another last bit is that of another key.
agent_end
"${TPM[@]}" tpm2_createprimary -Q -C o -G ecc256:null:aes128cfb -c "$T/srk.ctx" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
"${TPM[@]}" tpm2_evictcontrol -Q -C o -c "$T/srk.ctx" 0x81000001
"${TPM[@]}" tpm2_flushcontext -t
each "with a storage root key, opened"
each "with a storage root key"
is "$(count $LOAD)" 0 "from what was saved"
for byte in 1 2 4 5; do
	tpm_plan "spoil 161 $byte"
	each "another handle than it has (byte $byte from the end of the answer)"
	tpm_plan pass
	each "and then the right one"
done
for seed in 1 2 3; do
	tpm_plan "spoil 162 $((40 * seed))"
	each "what is saved is spoilt, $seed"
	tpm_plan pass
	each "and then it is not, $seed"
done

# --- killed ------------------------------------------------------------------------------------------------

for n in 1 2 3 4 5 6 7 8; do
	tpm_plan "kill agent $n of $n"
	for name in "${NAMES[@]}"; do
		sign "$name" >/dev/null
	done
	tpm_plan pass
	sign "${NAMES[n % 5]}" >/dev/null || fail "killed at command $n, and then ${NAMES[n % 5]}: $(last_run)"
done
agent_end
sign "${NAMES[0]}" >/dev/null
agent_end -KILL
is "$(slots)" 1 "killed: its key is in the TPM still"
ok "the next one signs with another" sign "${NAMES[1]}"
is "$(slots)" 1 "and took that out at its start, though there was room"
each "killed at each of eight commands"
agent_end
is "$(slots)" 0 "and nothing is left in the TPM"
done_testing
