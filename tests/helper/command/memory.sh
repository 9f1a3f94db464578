#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a command needs where there is much: memory by the most that the process had, work by instructions counted,
# never by a clock.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/certs/pki.sh"
. "$TESTS/lib/records.sh"
need_pki
LOG=$T/home/.local/state/devid
mkdir -p "$LOG"
chmod 700 "$LOG"

# peak WORDS…: runs them; the KiB that they had at most are in $peak.
peak() {
	"${E[@]}" /usr/bin/python3 -c '
import os, resource, subprocess, sys
quiet = os.environ | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
with open(sys.argv[1], "w") as out:
    done = subprocess.run(sys.argv[3:], stdout=out, env=quiet)
with open(sys.argv[2], "w") as peak:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=peak)
sys.exit(done.returncode)' "$T/out" "$T/peak" "$@" 2>"$T/err"
	rc=$?
	peak=$(cat "$T/peak")
}

# --- a log that grew past all bounds
make_log() {
	/usr/bin/python3 -c '
import sys
for n in range(int(sys.argv[1])):
    print("{\"time\":\"20%02d-01-01T00:%02d:%02dZ\",\"event_type\":\"Device Certificate\",\"event_sub_type\":\"Import\","
          "\"action\":\"Succeeded\",\"label\":\"laptop-%d\",\"failure_reason\":\"%s\"}" %
          (n * 50 // int(sys.argv[1]), n // 60 % 60, n % 60, n, "x" * 400))
print("y" * int(sys.argv[2]))' "$1" "$2" >"$LOG/events.jsonl"
}
for form in '' --json; do
	make_log 200 10
	peak "$DEVID_COMMAND" events $form
	is "$rc" 0 "events $form: a small log"
	small=$peak
	make_log 60000 20000000
	peak "$DEVID_COMMAND" events $form
	is "$rc" 0 "events $form: one of 55 MB, the last line of which alone has 20"
	is "$(grep -c 'laptop-[0-9]' "$T/out")" 60000 "… is shown as a whole"
	ok "… in no more than 8 MiB beyond ($small KiB, $peak KiB)" test $((peak - small)) -lt 8192
done
ok "the JSON is one document" /usr/bin/python3 -c '
import json, sys
assert len(json.load(open(sys.argv[1]))["events"]) == 60000' "$T/out"
rm -r "$LOG"

# --- many identities: what a record takes, and what is printed of it, and not what GnuTLS makes of its certificates
make_record user laptop file "$PKI/p256.crt" "$PKI/issuing.crt"
many() { # COUNT
	local n
	for ((n = 1; n <= $1; n++)); do
		sed "s/^Label: .*/Label: laptop-$n/" "$RECORD" >"$RECORDS_USER/$(printf %016x "$n").identity"
	done
	chmod 600 "$RECORDS_USER"/*
}
each=16
[ "${DEVID_SANITIZE:-none}" = none ] || each=48
for form in '' --json; do
	rm -f "$RECORDS_USER"/*0000*.identity
	many 20
	peak "$DEVID_COMMAND" list $form
	is "$rc" 0 "list $form: a few identities"
	small=$peak
	many 1020
	peak "$DEVID_COMMAND" list $form
	is "$rc" 0 "list $form: a thousand more"
	is "$(grep -cE '^laptop-[0-9]|"label" : "laptop-[0-9]' "$T/out")" 1020 "… are shown"
	ok "… in no more than $each KiB for each ($small KiB, $peak KiB)" test $((peak - small)) -lt $((each * 1000))
done
is "$(grep -c '"chosen" : true' "$T/out")" 1 "one of them is chosen"
done_testing
