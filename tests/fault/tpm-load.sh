#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Processes of eight threads sign with one key in a TPM, all the time: by the TPM itself, which has three slots and no
# resource manager, and by the resource manager tpm2-abrmd. None fails. The long form, with more of them than the agent has
# connections: DEVID_LOAD_PROCESSES=64 DEVID_LOAD_SECONDS=20 (data/doc/contributing.md).
. "$(dirname "$0")/../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tpm.sh"
need_pki
SECONDS_EACH=${DEVID_LOAD_SECONDS:-3}
PROCESSES=${DEVID_LOAD_PROCESSES:-16} THREADS=8
# Each with a sanitizer's start takes a second of a processor.
[ "${DEVID_SANITIZE:-none}" = none ] || PROCESSES=8

crowd() { # NAME
	RUN_BOUND=300 run "${E[@]}" "$DEVID_FAULT_THREADS" $PROCESSES $THREADS "$SECONDS_EACH"
	is "$rc" 0 "$1: $((PROCESSES * THREADS)) threads sign for $SECONDS_EACH s, and none fails" || diag "$(head -n 20 <<<"$err")"
	diag "$out signatures"
	[ "${out:-0}" -ge "$PROCESSES" ] && pass "$1: they had their turns" || fail "$1: $out signatures"
	agent=$(agent_pid)
	is "$(wc -w <<<"$agent")" 1 "$1: one agent served them"
}

tpm_start first
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store tpm --tpm-auth none --label ec --password-file "$PKI/password" "$PKI/p256.p12"
is "$rc" 0 "a key in the TPM" || diag "$(last_run)"
agent_end
crowd "the TPM alone"
agent_end
is "$("${TPM[@]}" tpm2_getcap handles-transient | wc -l)" 0 "nothing is left in its slots"

keyring_bus
"${E[@]}" tpm2-abrmd --session --allow-root --tcti "swtpm:path=$TPM_SOCKET" >"$T/abrmd.log" 2>&1 &
track $!
env_set DEVID_TEST_TCTI=tabrmd:bus_type=session
there() {
	"${E[@]}" gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
		--method org.freedesktop.DBus.NameHasOwner com.intel.tss2.Tabrmd | grep -q true
}
wait_for 10 there || bail "no tpm2-abrmd: $(cat "$T/abrmd.log")"
crowd "by tpm2-abrmd"
agent_end
done_testing
