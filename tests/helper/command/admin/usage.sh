#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ca list --used-by: which signing certificate still carries how many identities, by the event logs of many
# machines; whatever else is in such a file is skipped and counted.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
key_of() {
	openssl x509 -in "$PKI/$1.crt" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :' | tr A-F a-f
}
OLD=$(key_of oldissuing) NEW=$(key_of issuing) STRANGE=$(printf '%040x' 7)
# event TIME DEVICE USER LABEL KEY [SUB-TYPE [ACTION]]
event() {
	printf '{"time":"%s","event_type":"Device Certificate","event_sub_type":"%s","action":"%s","label":"%s",' \
		"$1" "${6:-Key Use}" "${7:-Allowed}" "$4"
	[ -z "$5" ] || printf '"issuer_key_id":"%s",' "$5"
	printf '"user_name":"%s","device_name":"%s"}\n' "$3" "$2"
}
# used [--json] [--since TIME] FILE…
used() {
	local options=()
	while [[ $1 == --json || $1 == --since ]]; do
		options+=("$1")
		if [ "$1" = --since ]; then
			options+=("$2")
			shift
		fi
		shift
	done
	devid ca list "${options[@]}" --used-by "$@"
}
# carried: NAME:IDENTITIES/MOVED ON of each, the unknown ones by the end of their key ids.
carried() {
	json '" ".join(["%s:%d/%d" % (s["name"], s["identities"], s["moved_on"]) for s in j["signing"]] +
		["…%s:%d/%d" % (u["key_id"][-1], u["identities"], u["moved_on"]) for u in j["unknown"]])'
}
make_account oldissuing issuing

# --- the words
devid ca list "$T/x"
is "$rc" 2 "a file without --used-by"
devid ca list --since 7d
is "$rc" 2 "--since without --used-by"
devid ca list --since never --used-by "$T/x"
is "$rc" 2 "no moment"
used "$T/missing"
is "$rc" 1 "a file that isn't there"
used "$T"
is "$rc" 1 "a folder"
RUN_BOUND=10 used /dev/zero
is "$rc" 1 "a device without an end"
mkfifo "$T/fifo"
RUN_BOUND=30 used "$T/fifo"
is "$rc" 1 "a FIFO that nobody writes to is given up"
: >"$T/empty"
used "$T/empty" --json
is "$rc" 0 "an empty file"
is "$(carried)" "issuing:0/0 oldissuing:0/0" "carries nothing"
is "$(json '[s["last_use"] for s in j["signing"]]')" "[None, None]" "and was never used"
used "$T/empty"
unlike "$err" 'ca remove' "no advice from nothing"

# --- what is counted
{
	event 2026-01-01T10:00:00Z pc1 alice laptop "$OLD"
	event 2026-01-02T10:00:00Z pc1 alice laptop "$OLD"
	event 2026-01-01T10:00:00Z pc1 bob laptop "$OLD"
} >"$T/pc1.jsonl"
{
	event 2026-01-03T10:00:00Z pc2 alice laptop "$OLD"
	event 2026-01-03T10:00:00Z pc2 alice other "$OLD"
	event 2026-01-05T10:00:00Z pc2 alice strange "$STRANGE" "Local Check" Failed
} >"$T/pc2.jsonl"
used --json "$T/pc1.jsonl" "$T/pc2.jsonl"
is "$(carried)" "issuing:0/0 oldissuing:4/0 …7:1/0" "an identity is a label of a user on a machine"
is "$(json '(j["events"], j["skipped"])')" "(6, 0)" "each event is read"
is "$(json '[s["last_use"] for s in j["signing"]] + [u["last_use"] for u in j["unknown"]]')" \
	"[None, '2026-01-03T10:00:00Z', '2026-01-05T10:00:00Z']" "with the last use"
used "$T/pc1.jsonl" --used-by "$T/pc2.jsonl" --json
is "$(carried)" "issuing:0/0 oldissuing:4/0 …7:1/0" "the option twice is the same"
run bash -c 'cat "$1" "$2" | "${@:3}"' - "$T/pc1.jsonl" "$T/pc2.jsonl" "${E[@]}" "$DEVID_COMMAND" ca list --used-by - --json
is "$(carried)" "issuing:0/0 oldissuing:4/0 …7:1/0" "so is a pipe"
used "$T/pc1.jsonl" "$T/pc1.jsonl" --json
is "$(carried)" "issuing:0/0 oldissuing:2/0" "the same log twice counts once"

# --- a rollover: renewed identities count for the new one, in whatever order the logs come
event 2026-02-01T10:00:00Z pc1 alice laptop "$NEW" >"$T/later.jsonl"
for order in "pc1 pc2 later" "later pc2 pc1"; do
	files=()
	for file in $order; do files+=("$T/$file.jsonl"); done
	used --json "${files[@]}"
	is "$(carried)" "issuing:1/0 oldissuing:3/1 …7:1/0" "one has moved on ($order)"
done
event 2026-01-02T10:00:00Z pc9 eve laptop "$OLD" >"$T/second.jsonl"
event 2026-01-02T10:00:00Z pc9 eve laptop "$NEW" >>"$T/second.jsonl"
used --json "$T/second.jsonl"
is "$(carried)" "issuing:1/0 oldissuing:0/1" "within one second, the last line counts"
event 2026-01-02T10:00:00Z pc9 eve laptop "$OLD" >>"$T/second.jsonl"
used --json "$T/second.jsonl"
is "$(carried)" "issuing:0/1 oldissuing:1/0" "also where it goes back"
{
	event 2026-02-02T10:00:00Z pc1 bob laptop "$NEW"
	event 2026-02-02T10:00:00Z pc2 alice laptop "$NEW"
	event 2026-02-02T10:00:00Z pc2 alice other "" Removal Failed
} >>"$T/later.jsonl"
used --json "$T/pc1.jsonl" "$T/pc2.jsonl" "$T/later.jsonl"
is "$(carried)" "issuing:3/0 oldissuing:1/3 …7:1/0" "a removal that failed is none"
used "$T/pc1.jsonl" "$T/pc2.jsonl" "$T/later.jsonl"
unlike "$err" 'ca remove' "the old one is still needed"
event 2026-02-03T10:00:00Z pc2 alice other "" Removal Succeeded >>"$T/later.jsonl"
used --json "$T/pc1.jsonl" "$T/pc2.jsonl" "$T/later.jsonl"
is "$(carried)" "issuing:3/0 oldissuing:0/4 …7:1/0" "one that was removed has moved on too"
used "$T/pc1.jsonl" "$T/pc2.jsonl" "$T/later.jsonl"
is "$rc" 0 "for people"
like "$out" 'oldissuing +0 +4 +2026-01-03' "in a table"
like "$out" "unknown.* 1 +0 +2026-01-05" "with the unknown one"
like "$err" 'hint: oldissuing carries no identity.*devid ca remove oldissuing' "and what can go now"
narrow "$out" "no line is too wide"
used --json --since 2026-01-04 "$T/pc1.jsonl" "$T/pc2.jsonl" "$T/later.jsonl"
is "$(carried)" "issuing:3/0 oldissuing:0/0 …7:1/0" "--since"

# --- what is no event
{
	echo
	echo nonsense
	echo '[]'
	echo '"text"'
	echo '{"time":"2026-01-01T10:00:00Z"'
	echo '{}'
	echo '{"time":5,"label":"a","issuer_key_id":"00"}'
	echo '{"time":"yesterday","label":"a","issuer_key_id":"00"}'
	echo '{"time":"2026-01-01T10:00:00Z","label":"a","issuer_key_id":"../x"}'
	echo '{"time":"2026-01-01T10:00:00Z","label":"a","issuer_key_id":"\u001b[31m"}'
	echo '{"time":"2026-01-01T10:00:00Z","label":["a"],"issuer_key_id":"00"}'
	echo '{"time":"2026-01-01T10:00:00Z","label":{"a":1},"issuer_key_id":"00"}'
	printf '{"time":"2026-01-01T10:00:00Z","label":"\xff\xfe","issuer_key_id":"00"}\n'
	printf '{"time":"2026-01-01T10:00:00Z","label":"a\0b","issuer_key_id":"00"}\n'
	head -c 60000 /dev/zero | tr '\0' '['; echo
	head -c 60000 /dev/zero | tr '\0' '{'; echo
	printf '{"time":"2026-01-01T10:00:00Z","label":"'; head -c 3000000 /dev/zero | tr '\0' 'x'; echo '","issuer_key_id":"00"}'
	event 2026-01-01T10:00:00Z pc3 carol 'a{[\"b' "$NEW"
	event 2026-01-01T10:00:00Z pc3 carol torn "$NEW" | tr -d '\n'
} >"$T/hostile.jsonl"
RUN_BOUND=20 used --json "$T/hostile.jsonl"
is "$rc" 0 "a hostile file is read"
is "$(carried)" "issuing:1/0 oldissuing:0/0" "for what is good in it"
is "$(json 'j["skipped"]')" 17 "each other line is counted"
used "$T/hostile.jsonl"
like "$err" 'warning: 17 lines' "which is told"
unlike "$out$err" $'\e' "nothing of it steers the terminal"
# Many, from many: read as a stream.
awk -v key="$NEW" 'BEGIN { for (i = 0; i < 60000; i++)
	printf "{\"time\":\"2026-01-01T10:00:00Z\",\"label\":\"laptop\",\"issuer_key_id\":\"%s\",\"user_name\":\"u%d\",\"device_name\":\"d\",\"filler\":\"%0300d\"}\n", key, i % 3000, i }' >"$T/big.jsonl"
case ${DEVID_SANITIZE:-none} in
none)
	run bash -c 'ulimit -v 400000; exec "$@"' - "${E[@]}" "$DEVID_COMMAND" ca list --used-by "$T/big.jsonl" --json
	is "$rc/$(carried)" "0/issuing:3000/0 oldissuing:0/0" "a large log doesn't fill the memory"
	;;
*) skip "the sanitizer needs more address space" ;;
esac
for i in {1..30}; do
	event 2026-01-01T10:00:00Z pc "u$i" laptop "$(printf '%040x' "$i")"
done >"$T/unknown.jsonl"
used "$T/unknown.jsonl"
like "$out" "and 10 more that the account doesn't know" "not all unknown ones are listed"
used "$T/unknown.jsonl" --json
is "$(json 'len(j["unknown"])')" 30 "but in --json"

# --- what devid itself writes
make_record user laptop keyring "$PKI/p256.crt"
make_record user old keyring "$PKI/old-inside.crt"
devid check
used "$T/home/.local/state/devid"/*.jsonl --json
is "$(carried)" "issuing:1/0 oldissuing:1/0" "the log of devid check"
done_testing
