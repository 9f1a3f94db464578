#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The agent follows its session: what was refused for want of the keyring is forgotten when that opens; it
# leaves with its bus; one that was started for a bus that is gone takes the one that its clients are on.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"

need_pki
keyring_bus first
keyring_start open

import() {
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --password-file "$PKI/password" "$@"
}

spki() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER
}

sign() {
	printf '%032d' 1 >"$T/data"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
		--mechanism ECDSA --signature-format openssl --id "$(spki "$1" | sha1sum | cut -d' ' -f1)" \
		--input-file "$T/data" --output-file "$T/signature"
}

no_agent() {
	[ -z "$(agent_pid)" ]
}

labels() {
	"${E[@]}" "$DEVID_COMMAND" list --json | grep -o '"label" *: *"[^"]*"' | sort -u | tr '\n' ' '
}

import "$PKI/p256.p12"
is "$rc" 0 "imported"
sign p256
is "$rc" 0 "it signs"

# --- a refusal's memory ends when the keyring opens -------------------------------------------------

keyring_lock
prompter_start dismiss
sign p256
isnt "$rc" 0 "locked, and its question dismissed: no signature"
is "$(prompts)" 1 "one question"
sign p256
isnt "$rc" 0 "the same program again: no signature"
is "$(prompts)" 1 "and no second question"
pid=$(agent_pid)
keyring_unlock
sign p256
is "$rc" 0 "unlocked: it signs at once"
is "$(agent_pid)" "$pid" "by the same agent"
is "$(prompts)" 1 "without a question"
keyring_lock
sign p256
isnt "$rc" 0 "locked and dismissed once more"
is "$(prompts)" 2 "asked again"
printf 'x' | "${E[@]}" secret-tool store --label=other --collection=session program other
sign p256
isnt "$rc" 0 "what else changes in the keyring ends no memory"
is "$(prompts)" 2 "no further question"
prompter_stop
keyring_kill
sign p256
isnt "$rc" 0 "the daemon gone: no signature"
keyring_start open
sign p256
is "$rc" 0 "a daemon came, open: it signs at once"
is "$(agent_pid)" "$pid" "still the same agent"

# --- the bus goes, with an import under way ----------------------------------------------------------

keyring_lock
prompter_start silent
"${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --password-file "$PKI/password" "$PKI/p384.p12" \
	>"$T/import.out" 2>"$T/import.err" &
importing=$!
ok "an import's question is open" wait_for 20 prompt_is_open
keyring_bus_stop
wait $importing
is $? 5 "its bus went: the import ends with 5"
unlike "$(labels)" p384 "nothing is half imported"
ok "the agent leaves with its bus" wait_for 20 no_agent
stop "$PROMPTER_PID"
stop "$KEYRING_PID"
sign p256
isnt "$rc" 0 "no bus: no signature"
stale=$(agent_pid)
isnt "$stale" "" "by an agent of the session that is over"
gone_address=$DBUS_SESSION_BUS_ADDRESS

# --- another session, within this agent's life ---------------------------------------------------------

keyring_bus second
isnt "$DBUS_SESSION_BUS_ADDRESS" "$gone_address" "another bus"
keyring_start open
sign p256
is "$rc" 0 "it signs at once"
is "$(agent_pid)" "$stale" "by the agent that was there"
import "$PKI/p384.p12"
is "$rc" 0 "it imports"
sign p384
is "$rc" 0 "and signs with that"
is "$(agent_pid)" "$stale" "all of it one agent"
keyring_stop
keyring_bus_stop
ok "which leaves with this bus" wait_for 20 no_agent

# --- a bus of another kind is none -----------------------------------------------------------------------

DBUS_SESSION_BUS_ADDRESS='autolaunch:' && env_build
sign p256
isnt "$rc" 0 "autolaunch: no signature"
DBUS_SESSION_BUS_ADDRESS="unixexec:path=/bin/touch,argv1=$T/ran" && env_build
sign p256
isnt "$rc" 0 "unixexec: no signature"
is "$(ls "$T/ran" 2>&1 | grep -c cannot)" 1 "and nothing was run"
done_testing
