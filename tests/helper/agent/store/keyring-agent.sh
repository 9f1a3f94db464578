#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job with the keyring in every state, from the command and from a PKCS#11 program: nothing
# waits past its bound, no identity is lost or half written. Bounds are short where nobody answers.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"

need_pki
keyring_bus
keyring_start open

import() {
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --password-file "$PKI/password" "$@"
}

# By its id: pkcs11-tool takes any key where a label is given.
sign() {
	local id
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey >"$T/key.pem"
	id=$(openssl pkey -pubin -in "$T/key.pem" -outform DER | sha1sum | cut -d' ' -f1)
	printf '%032d' 1 >"$T/data"
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
		--mechanism ECDSA --signature-format openssl --id "$id" --input-file "$T/data" \
		--output-file "$T/signature"
}

# Signs, and OpenSSL verifies it with the certificate.
ok_sign() {
	sign "$1"
	[ "$rc" -eq 0 ] && openssl pkeyutl -verify -pubin -inkey "$T/key.pem" -in "$T/data" \
		-sigfile "$T/signature"
}

labels() {
	"${E[@]}" "$DEVID_COMMAND" list --json | "$PYTHON" -c '
import json, sys
data = json.load(sys.stdin)
rows = data if isinstance(data, list) else data.get("identities", [])
print(" ".join(sorted(row["label"] for row in rows)))'
}

left_over() {
	ls -A "$T/home/.local/share/devid" 2>/dev/null | grep -E '\.(tmp|pending|key)$'
}

within() {
	if [ "$ms" -le "$1" ]; then
		pass "$2 ($ms ms)"
	else
		fail "$2"
		diag "took $ms ms, at most $1 wanted" "$(last_run)"
	fi
}

# --- open --------------------------------------------------------------------------------------

import "$PKI/p256.p12"
is "$rc" 0 "open: imported"
ok "open: signs" ok_sign p256
is "$(labels)" p256 "open: listed"
is "$(keyring_items | wc -l)" 1 "open: one item in the keyring"

# --- locked while the agent has the key --------------------------------------------------------

keyring_lock
sign p256
isnt "$rc" 0 "locked, nobody to ask: no signature, though the agent had used the key"
within "$AT_ONCE" "locked, nobody to ask: at once"
import "$PKI/namesake.p12"
is "$rc" 5 "locked, nobody to ask: the import ends with 5"
within "$AT_ONCE" "locked, nobody to ask: the import ends at once"
is "$(labels)" p256 "locked: nothing half imported"
is "$(left_over)" "" "locked: nothing left over"
import "$PKI/p256.p12"
is "$rc" 5 "locked: whether the key is still there can't be told"

# --- a person -----------------------------------------------------------------------------------

"${E[@]}" "$DEVID_COMMAND" reset-cred --yes >/dev/null 2>&1
prompter_start dismiss
import "$PKI/namesake.p12"
is "$rc" 5 "dismissed: the import ends with 5"
is "$(labels)" p256 "dismissed: nothing half imported"
is "$(left_over)" "" "dismissed: nothing left over"
prompter_stop
prompter_start answer keyring
import "$PKI/namesake.p12"
is "$rc" 0 "answered: imported"
ok "answered: signs" ok_sign namesake
is "$(labels)" "namesake p256" "answered: both listed"
is "$(prompts)" 1 "answered: asked once"
prompter_stop
agent_end -KILL
keyring_lock
prompter_start answer keyring
ok "a fresh agent, asked: signs" ok_sign p256
is "$(prompts)" 1 "a fresh agent: asked once"
prompter_stop

keyring_lock
agent_end -KILL
bounds_short
prompter_start silent
sign p256
isnt "$rc" 0 "silent: no signature"
within "$AT_ONCE" "silent: at the bound"
import "$PKI/comma.p12"
is "$rc" 5 "silent: the import ends with 5"
within "$AT_ONCE" "silent: the import ends at its bound"
is "$(labels)" "namesake p256" "silent: nothing half imported"
prompter_stop
agent_end -KILL
bounds_real

# --- the daemon dies, or hangs, in the middle ----------------------------------------------------

prompter_start silent
import_in_background() {
	"${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --password-file "$PKI/password" \
		"$1" >"$T/background.out" 2>"$T/background.err"
	echo $? >"$T/background.rc"
}
import_in_background "$PKI/comma.p12" &
ok "the prompt opens" wait_for 10 prompt_is_open
keyring_kill
wait $!
is "$(cat "$T/background.rc")" 5 "daemon killed while the import's prompt is open: 5"
is "$(labels)" "namesake p256" "killed: nothing half imported"
prompter_stop
keyring_start open
ok "daemon restarted: signs" ok_sign p256
import "$PKI/comma.p12"
is "$rc" 0 "daemon restarted: imported"
is "$(left_over)" "" "and nothing is left over"
is "$(keyring_items | wc -l)" 3 "three identities, three items"

keyring_pause
agent_end -KILL
bounds_short
sign p256
isnt "$rc" 0 "daemon stopped: no signature"
within "$AT_ONCE" "daemon stopped: at the bound"
import "$PKI/japan.p12" --label japan
is "$rc" 5 "daemon stopped: the import ends with 5"
within "$AT_ONCE" "daemon stopped: the import ends at its bound"
is "$(left_over)" "" "stopped: what was never asked to keep the key needs no mark"
keyring_resume
is "$(labels)" "comma namesake p256" "stopped: nothing half imported"
agent_end -KILL
bounds_real
ok "daemon resumed: signs" ok_sign p256
import "$PKI/japan.p12" --label japan
is "$rc" 0 "daemon resumed: imported"
is "$(keyring_items | wc -l)" 4 "four identities, four items"

# --- removed -------------------------------------------------------------------------------------

run "${E[@]}" "$DEVID_COMMAND" remove japan
is "$rc" 0 "removed"
is "$(keyring_items | wc -l)" 3 "and its item is gone"
keyring_lock
run "${E[@]}" "$DEVID_COMMAND" remove comma
is "$rc" 0 "removed while the keyring is locked"
like "$err$out" "private key" "which says that the key stays"
is "$(labels)" "namesake p256" "it is gone from the list"
keyring_unlock
run "${E[@]}" "$DEVID_COMMAND" rename namesake "renamed – 二"
is "$rc" 0 "renamed"
like "$(keyring_items)" "Device key renamed – 二 " "the item says so"
ok "the key that had stayed went with the next write" wait_for 10 eval '[ "$(keyring_items | wc -l)" -eq 2 ]'
is "$(left_over)" "" "nothing is left over"

# --- no bus --------------------------------------------------------------------------------------

agent_end -KILL
keyring_stop
keyring_bus_stop
unset DBUS_SESSION_BUS_ADDRESS
env_build
sign p256
isnt "$rc" 0 "no bus: no signature"
within "$AT_ONCE" "no bus: at once"
is "$(labels)" "p256 renamed – 二" "no bus: certificates are still listed"
import "$PKI/comma.p12"
is "$rc" 5 "no bus: the import ends with 5"
like "$err" "store" "no bus: and names the choice"
is "$(labels)" "p256 renamed – 二" "no bus: nothing weaker was taken"
is "$(left_over)" "" "no bus: no mark that nobody could ever take away"
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --replace --label p256 --password-file "$PKI/password" \
	"$PKI/comma.p12"
is "$rc $(left_over)" "5 " "no bus: nor one of a replacement"
mark=$(openssl x509 -in "$PKI/comma.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum |
	cut -d' ' -f1).keyring.pending
touch "$T/home/.local/share/devid/$mark"
import "$PKI/comma.p12"
is "$rc $(left_over)" "5 $mark" "no bus: the mark of a writer that died before stays: its key may be there"
done_testing
