#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client that imports and dies before it said that all is well: what it did is taken out again, also where
# the folder is locked at that moment by another program.
. "$(dirname "$0")/../lib/common.sh"
need_pki
DATA=$T/home/.local/share/devid
openssl x509 -in "$PKI/rsa2048.crt" -outform DER -out "$T/leaf.der"
openssl pkcs8 -topk8 -nocrypt -in "$PKI/rsa2048.key" -outform DER -out "$T/key.der"

"${E[@]}" "$DEVID_AGENT" --user 2>"$T/agent.err" &
AGENT=$!
track "$AGENT"
wait_for 10 test -S "$T/run/devid/agent" || bail "no agent"
run "${E[@]}" /usr/bin/python3 "$TESTS/fault/hangup.py" "$T/run/devid/agent" "$DATA" "$T/leaf.der" "$T/key.der"
is "$out" $'result 0\nrecords 1' "it imported"
told() {
	grep -q '"event_sub_type":"Import"' "$T/home/.local/state/devid/events.jsonl"
}
ok "what became of it is told" wait_for 10 told
is "$(find "$DATA" -name '*.identity' -o -name '*.key' -o -name '*.pending')" "" "record, key and mark are gone"
like "$(cat "$T/home/.local/state/devid/events.jsonl")" 'taken back by the client' "as the event says"
done_testing
