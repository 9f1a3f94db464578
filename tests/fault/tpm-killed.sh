#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The agent, or the TPM, killed at each TPM command of an import, a birth, a move and a renewal: whatever had another copy
# has it still, the same again finishes it, and nothing is left, in the folder or in the TPM. Then a TPM whose state comes
# from an older copy, and one whose non-volatile memory is full.
. "$(dirname "$0")/../lib/common.sh"
. "$TESTS/lib/tpm.sh"
need_pki
DATA=$T/home/.local/share/devid
COMMANDS_MOST=60
tpm_start first
tpm_proxy

devid() {
	run "${E[@]}" "$DEVID_COMMAND" "$@"
}
import() { # PKI-NAME LABEL STORE [OPTION…]
	devid import-cert --user --store "$3" --label "$2" --password-file "$PKI/password" "${@:4}" "$PKI/$1.p12"
}
signs() { # LABEL CERTIFICATE
	printf '%032d' 1 >"$T/data"
	openssl x509 -in "$2" -noout -pubkey >"$T/key.pem"
	id=$("${E[@]}" "$DEVID_COMMAND" show "$1" --json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign --mechanism ECDSA-SHA256 \
		--id "$id" --input-file "$T/data" --output-file "$T/signature" --signature-format openssl
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data" >/dev/null
}
issue() { # REQUEST CERTIFICATE
	openssl x509 -req -in "$1" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 -copy_extensions copyall -out "$2" 2>"$T/issue.err"
}
halves() {
	find "$DATA" -name '*.tss2' -o -name '*.key' | wc -l
}
# Beside a writer, and not by it, goes what another one left.
nothing_left() {
	[ -z "$(find "$DATA" -name '*.pending' -o -name '*.tmp')" ]
}
no_halves() {
	[ "$(halves)" = 0 ]
}
tpm_there() {
	"${TPM[@]}" tpm2_getrandom --hex 4
}
# A TPM that was killed. Who waits in a read of its socket, which no TCTI bounds, is ended with it.
again() {
	kill -0 "$TPM_PID" 2>/dev/null && return 0
	agent_end
	tpm_start_again
}
tpm_start_again() {
	local proxy=$TPM_SOCKET.proxy
	tpm_start first
	env_set "DEVID_TEST_TCTI=swtpm:path=$proxy"
}

# at_each WHO NAME: before(), begin(), between(), whole() are what is there at first, what is killed, what holds when it was,
# and what holds when it has been done once more.
at_each() {
	local who=$1 name=$2 n=0 bad= done_at=
	while [ $n -lt $COMMANDS_MOST ] && [ -z "$done_at" ]; do
		n=$((n + 1))
		before || bail "$name, $n: $(last_run)"
		agent_end
		tpm_plan "kill $who $n ${name// /-}"
		begin
		[ "$rc" -ne 0 ] || done_at=$n
		tpm_plan pass
		again
		between || bad+=" $n(between)"
		begin
		[ "$rc" -eq 0 ] && whole || bad+=" $n: $err"
		wait_for 10 nothing_left || bad+=" $n(left: $(ls "$DATA"))"
		after
		wait_for 10 no_halves || bad+=" $n(halves: $(ls "$DATA"))"
	done
	is "$bad" "" "$name, $who killed at each command: done again, all is well"
	[ -n "$done_at" ] && [ "$done_at" -gt 2 ] && pass "$name: it has $((done_at - 1)) commands" || fail "$name: no end, or none at all ($done_at)"
}
after() {
	for label in $("${E[@]}" "$DEVID_COMMAND" list --json | /usr/bin/python3 -c 'import json, sys
for i in json.load(sys.stdin)["identities"]: print(i["label"].replace(" ", "%"))'); do
		devid remove --yes "${label//%/ }"
	done
}

for who in agent tpm; do
	before() { :; }
	between() { :; }
	begin() { import p256 key tpm --tpm-auth none; }
	whole() { signs key "$PKI/p256.crt"; }
	at_each $who "an import"

	before() { rm -f "$T/k.csr"; }
	begin() { devid request --user --store tpm --tpm-auth none --label key --subject CN=k --key p256 -o "$T/k.csr"; }
	whole() { issue "$T/k.csr" "$T/k.crt" && devid import-cert --user "$T/k.crt" && signs key "$T/k.crt"; }
	at_each $who "a birth"

	before() { import p256 key file; }
	between() { signs key "$PKI/p256.crt"; }
	begin() { devid move --user --store tpm --tpm-auth none key; }
	one_half() { [ "$(halves)" = 1 ]; }
	whole() { wait_for 10 one_half && signs key "$PKI/p256.crt"; }
	at_each $who "a move"

	[ $who = agent ] || break
	before() { import p256 key tpm --tpm-auth none && rm -f "$T/k.csr"; }
	between() { signs key "$PKI/p256.crt"; }
	begin() { devid renew --tpm-auth none key -o "$T/k.csr"; }
	whole() { issue "$T/k.csr" "$T/k.crt" && devid import-cert --user "$T/k.crt" && signs key "$T/k.crt" && devid retire key; }
	at_each $who "a renewal"
done
agent_end
is "$("${TPM[@]}" tpm2_getcap handles-transient)" "" "nothing is left in the TPM"

# --- its state comes from an older copy: the keys hang on its seed, which that has too
import p256 old tpm --tpm-auth none
agent_end
tpm_stop
cp -a "$T/tpm-first" "$T/copy"
tpm_start_again
import p384 new tpm --tpm-auth none
is "$rc" 0 "a key that the older copy never saw" || diag "$(last_run)"
agent_end
tpm_stop
rm -rf "$T/tpm-first" && mv "$T/copy" "$T/tpm-first"
tpm_start_again
ok "an older state: the key from before signs" signs old "$PKI/p256.crt" || diag "$(last_run)"
ok "and the later one" signs new "$PKI/p384.crt"

# --- … and from before it was cleared: then what was made since is another TPM's
agent_end
tpm_stop
cp -a "$T/tpm-first" "$T/copy"
tpm_start_again
"${TPM[@]}" tpm2_clear -c p || bail "can't be cleared"
not_ok "cleared: what it had is gone" signs old "$PKI/p256.crt"
import p521 since tpm --tpm-auth none
is "$rc" 0 "and it takes new ones" || diag "$(last_run)"
agent_end
tpm_stop
rm -rf "$T/tpm-first" && mv "$T/copy" "$T/tpm-first"
tpm_start_again
not_ok "a state from before that: the later key is another TPM's" signs since "$PKI/p521.crt"
devid check since --json
devid doctor
like "$(tr -s ' \n' ' ' <<<"$out")" "since: it does not sign: TPM: its storage key is another one" "doctor says so"
devid remove --yes since
is "$rc" 0 "and it can be removed"

# --- no room in its non-volatile memory: nothing of ours lies there
full=0
while "${TPM[@]}" tpm2_nvdefine -C o -s 2048 $((0x01500000 + full)) >/dev/null 2>&1 && [ $full -lt 200 ]; do
	full=$((full + 1))
done
[ $full -gt 0 ] && [ $full -lt 200 ] && pass "its non-volatile memory is full" || fail "its non-volatile memory is full ($full)"
import rsa2048 more tpm --tpm-auth none
is "$rc" 0 "a key is taken all the same" || diag "$(last_run)"
done_testing
