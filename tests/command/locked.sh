#!/bin/bash
# A keyring that is locked while nobody can be asked: what check, remove and reset-cred say, and that nothing of
# a key is left behind once it opens.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/records.sh"
private_etc "$0" "$@"
need_pki
[ -n "${DEVID_AGENT:-}" ] && [ -n "${DEVID_MODULE:-}" ] || skip_all "needs agent and module"
make_account issuing
keyring_bus
keyring_start open
devid import-cert --user --label laptop --password-file "$PKI/password" "$PKI/rsa2048.p12"
is "$rc" 0 "an identity in the keyring"
cat "$PKI/issuing.crt" "$PKI/root.crt" >"$T/ours.pem"
openssl s_server -accept 0 -cert "$PKI/server.crt" -key "$PKI/server.key" -CAfile "$T/ours.pem" -Verify 3 \
	-tls1_3 -verify_return_error -quiet >"$T/server.log" 2>&1 < <(sleep 60) &
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
keyring_stop
devid check laptop
is "$rc" 1 "and there is no such identity"
done_testing
