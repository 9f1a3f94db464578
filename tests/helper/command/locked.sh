#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A keyring that is locked while nobody can be asked: what check, remove and reset-cred say, and that nothing of
# a key is left behind once it opens.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
[ -n "${DEVID_AGENT:-}" ] && [ -n "${DEVID_MODULE:-}" ] || skip_all "needs agent and module"
make_account issuing
keyring_bus
keyring_start open
devid import-cert --user --label laptop --password-file "$PKI/password" "$PKI/rsa2048.p12"
is "$rc" 0 "an identity in the keyring"
cat "$PKI/issuing.crt" "$PKI/root.crt" >"$T/ours.pem"
# Of a server whose standard input never ends: at its end it would too.
mkfifo "$T/held"
openssl s_server -accept 0 -cert "$PKI/server.crt" -key "$PKI/server.key" -CAfile "$T/ours.pem" -Verify 3 \
	-tls1_3 -verify_return_error -quiet >"$T/server.log" 2>&1 <>"$T/held" &
SERVER=$!
track $SERVER
wait_for 10 listening_port $SERVER || bail "no server"
PORT=$(listening_port $SERVER)
keyring_lock
devid reset-cred
devid list
is "$rc" 0 "locked: it is listed"
like "$out" 'laptop .* ok' "with its check"
devid check
is "$rc" 0 "and checked offline"
RUN_BOUND=30 devid check laptop --server "localhost:$PORT" --ca-file "$PKI/root.crt" --json
is "$rc" 5 "a handshake needs the key: 5"
is "$(json 'j["identities"][0]["server"]["outcome"]')" key-failed "the key did not sign"
like "$(json 'j["message"]')" 'locked' "because the keyring is locked"
ok "told in time ($ms ms)" test "$ms" -lt 15000
devid reset-cred --keys --yes
is "$rc" 5 "reset-cred --keys: 5"
like "$out" 'could not be removed yet' "the private key is out of reach"
like "$err" 'hint: unlock the keyring' "with what to do"
devid list
like "$out" 'no device identity here yet' "the identity is gone"
is "$(keyring_items | wc -l)" 1 "its key is still in the keyring"
devid reset-cred --keys --yes --json
is "$rc" 5 "a second time, still locked: 5"
is "$(json '[p["found"] for p in j["places"] if p["place"] == "stray keys"]')" "[1]" "what was left behind is found"
devid reset-cred --keys --dry-run
is "$rc" 0 "a dry run"
like "$out" 'stray keys: 1 found' "finds it too"
keyring_unlock
devid reset-cred --keys --yes
is "$rc" 0 "unlocked: done"
like "$out" 'stray keys: 1 found, 1 removed' "it is removed"
is "$(keyring_items | wc -l)" 0 "nothing is left in the keyring"
is "$(find "$RECORDS_USER" -name '*.pending')" "" "nor in the data folder"
devid reset-cred --keys --yes
is "$rc" 0 "once more does no harm"

# --- marks of halves whose keyring is silent, or gone
keyring_items_named() { keyring_items | grep -c "Device key $1 "; }
mark_of() { # NAME: a mark that a writer of that key left when it died
	MARK=$RECORDS_USER/$(openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum |
		cut -c 1-64).keyring.pending
	touch "$MARK"
}
end_agents() {
	local pid
	for pid in $(ours); do
		! grep -qa devid-agent "/proc/$pid/cmdline" || end_process "$pid"
	done
}
lock_the_keyring() {
	keyring_lock
	end_agents
}
devid import-cert --user --label ours --password-file "$PKI/password" "$PKI/p256.p12"
devid import-cert --user --label theirs --password-file "$PKI/password" "$PKI/rsa2048.p12"
mark_of p256
devid reset-cred --strays
is "$rc/$(keyring_items_named ours)/$(find "$MARK" 2>/dev/null)" "0/1/" "a mark of a key that an identity names goes, the key stays"
rm "$RECORDS_USER"/*.identity
mark_of p256
devid reset-cred --strays
is "$rc/$(keyring_items_named ours)" 0/0 "a key that none names goes from the open keyring"
mark_of rsa2048
lock_the_keyring
prompter_start answer keyring
devid reset-cred --strays
is "$rc/$(keyring_items_named theirs)" 0/0 "locked, with somebody to ask: asked for, and gone"
is "$(prompts)" 1 "asked once"
prompter_stop
mark_of p256
lock_the_keyring
prompter_start dismiss
devid reset-cred --strays
# There is no such item: nothing to unlock.
is "$rc/$(find "$MARK" 2>/dev/null)" 0/ "of what is not there nobody is asked"
prompter_stop
keyring_unlock
mark_of p256
keyring_pause
end_agents
devid reset-cred --strays --json
is "$rc $(json 'j["reason"]')" "5 store-locked" "a keyring that does not answer: 5"
ok "which is there, so the mark stays" test -e "$MARK"
like "$(json '" ".join(j["unreachable"])')" 'did not answer in time: it is still marked' "as it says"
keyring_resume
end_agents
devid reset-cred --strays
is "$rc/$(find "$MARK" 2>/dev/null)" 0/ "it answers again: the mark goes"

keyring_stop
end_agents
mark_of p256
FIRST=$MARK
mark_of rsa2048
devid reset-cred --strays --dry-run
is "$rc/$(find "$RECORDS_USER" -name '*.pending' | wc -l)" 0/2 "no keyring: a dry run gives nothing up"
devid reset-cred --strays --json
is "$rc $(json 'j["result"], j["reason"]')" "5 ('error', 'store-missing')" "no keyring: 5, so that a script sees it"
is "$(json '[(p["found"], p["removed"]) for p in j["places"] if p["place"] == "stray keys"]')" "[(2, 0)]" "nothing was removed"
is "$(json 'sum("may remain there" in u for u in j["unreachable"])')" 2 "it tells of each that it may remain"
like "$(json '" ".join(j["unreachable"])')" "$(basename "$FIRST" .keyring.pending): keyring: " "by the hash by which the keyring has it, with the cause"
is "$(find "$RECORDS_USER" -name '*.pending')" "" "the marks are given up"
devid reset-cred --keys --yes
is "$rc" 0 "and that is all: no error for ever"
make_record user gone keyring "$PKI/p256.crt"
devid reset-cred --keys --yes
is "$rc/$(find "$RECORDS_USER" -name '*.pending' | wc -l)" 5/1 "an identity whose keyring is gone: its key's mark outlives this once"
devid reset-cred --keys --yes
is "$rc/$(find "$RECORDS_USER" -name '*.pending' | wc -l)" 5/0 "the next one gives it up"
like "$out$err" 'may remain' "and tells"
mark_of p256
echo damaged >"$RECORDS_USER/0123456789abcdef.identity"
devid reset-cred --keys --yes
is "$rc" 1 "a record that can't be read may name the key: not given up"
ok "the mark stays" test -e "$MARK"
like "$err" 'hint: devid doctor names the record' "with what to do"
rm "$RECORDS_USER/0123456789abcdef.identity"
devid reset-cred --strays
is "$rc/$(find "$RECORDS_USER" -name '*.pending')" 5/ "which done, it is given up"
touch "$RECORDS_USER/x.keyring.pending" "$RECORDS_USER/$(printf 'a%.0s' {1..64}).elsewhere.pending"
devid reset-cred --keys --yes
is "$rc" 0 "files that are no marks are none of it"
devid check laptop
is "$rc" 1 "and there is no such identity"
done_testing
