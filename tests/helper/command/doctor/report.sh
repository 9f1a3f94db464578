#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid doctor: how it speaks (a table, JSON, its words), what its report for the help desk has and has not, that
# nothing hangs it, and that it leaves nothing running.
. "$(dirname "$0")/../../../lib/clients.sh"
. "$TESTS/certs/pki.sh"
. "$TESTS/lib/records.sh"
. "$(dirname "$0")/doctor-lib.sh"
doctor_machine "$0" "$@"
command_doctor() {
	run "${E[@]}" "${WITH[@]}" devid doctor "$@"
}

# --- the table
command_doctor
is "$rc/$err" "0/" "a healthy machine"
narrow "$out" "the table has 80 columns"
like "$out" 'RESULT +OF +FOUND' "it has headings"
like "$out" $'\npass +agent +[^ ]' "each examination is named"
is "$(grep -cE '^[a-z]+ +versions ' <<<"$out")" 1 "once, where it found several things"
like "$(tail -n 1 <<<"$out")" '^[0-9]+ passed, 0 warnings, 0 failed, [0-9]+ skipped$' "and a summary"
unlike "$out" $'\033' "no colour where no terminal is"
cp "$T/p12/p256.p12" "$HOME_ALICE/" && chown alice: "$HOME_ALICE/p256.p12"
command_doctor
like "$rc/$(tail -n 1 <<<"$out")" '^0/.* 1 warning, 0 failed' "a warning is no failure"
like "$out" 'hint: when it is imported, remove it' "it has a hint"
keyring_stop
command_doctor
like "$rc/$(tail -n 1 <<<"$out")" '^1/.* 1 warning, [1-9] failed' "a failure is one"
narrow "$out" "still 80 columns"
keyring_start open
client_end_agents
rm "$HOME_ALICE/p256.p12"

# --- its words
command_doctor --json
is "$(json 'j["result"]'),$(json 'j["failed"]')" "ok,0" "as JSON"
is "$(json '[f for f in j["findings"] if sorted(f) != ["examination", "hint", "message", "result"]]')" "[]" "each finding whole"
is "$(json 'sum(j[k] for k in ("passed", "warnings", "failed", "skipped")) - len(j["findings"])')" 0 "all are counted"
names=$(json '" ".join(dict.fromkeys(f["examination"] for f in j["findings"]))')
command_doctor --list --json
is "$(json '" ".join(e["name"] for e in j["examinations"])')" "$names users" "--list has those that are run, in their order"
command_doctor --list
like "$rc/$out" '^0/EXAMINATION +READS' "--list as a table"
narrow "$out" "in 80 columns"
for words in "more" "--list --report x" "--list --all-users" "--nonsense"; do
	command_doctor $words
	is "$rc" 2 "doctor $words: the words are off"
done
run "${E[@]}" timeout 30 sh -c 'devid doctor --json >/dev/full'
is "$rc" 1 "output that can't be written is a failure"

# --- every user's
command_doctor --all-users
like "$rc/$err" '^1/devid: doctor --all-users: only root' "--all-users is for root"
doctor_root() {
	as root
	run "${A[@]}" devid doctor --all-users --json
	findings >>"$T/messages"
}
doctor_root
is "$rc" 0 "root need not have one for that"
like "$(findings)" 'pass alice: laptop: ok, [0-9]+ days left' "root sees alice's identity"
RECORDS_USER=$RECORDS
for row in expired:'refused: the device certificate expired' stranger:'refused: not issued by any'; do
	make_record user other keyring "$PKI/${row%%:*}.crt"
	chown alice: "$RECORD"
	doctor_root
	like "$(findings)" "warn alice: other: ${row#*:}" "… and another: ${row#*:}"
	rm "$RECORD"
done
(cd "$T" && cp "$PKI"/issuing.{crt,key} . && pki_key near p256 && END=$(date -u -d '+10 days' +%Y%m%d%H%M%SZ) \
	pki_issue near issuing "/CN=near" "${LEAF_EXTENSIONS[@]}") >"$T/pki.out" 2>&1 || bail "no certificate: $(cat "$T/pki.out")"
make_record user other keyring "$T/near.crt"
chown alice: "$RECORD"
doctor_root
like "$(findings)" 'warn alice: other: ends soon: (9|10) days left' "… and another: ends soon"
lone_key
doctor_root
like "$(findings)" 'warn alice: other: half an identity' "… and another: half of one"
rm "$RECORD"
printf 'nothing\n' >"$RECORDS/0000000000000000.identity"
chown alice: "$RECORDS/0000000000000000.identity"
doctor_root
like "$(findings)" 'warn alice: .*0000000000000000.identity.*; skipped' "… and a record that can't be read"
rm "$RECORDS/0000000000000000.identity"
doctor_complete users.c

# --- the report
as root
run "${A[@]}" devid import-cert --system --label machine --password-file "$PKI/password" "$T/p12/p256.p12"
printf '[Account]\nName=Example\n' >/etc/devid/account.conf
client_end_agents
SECRET=hunter2-in-the-environment
WITH=(env "TOKEN_PASSWORD=$SECRET")
command_doctor --report report
WITH=()
is "$rc" 0 "a report"
REPORT=$HOME_ALICE/report
like "$out" 'report for the help desk, nothing secret in it: report' "which is told"
is "$(stat -c %a:%U "$REPORT")" "600:alice" "its owner's alone"
text=$(cat "$REPORT")
for words in 'devid +0\.' 'user +alice \(' 'FINDINGS: [0-9]+ passed' 'pass  versions: ' 'ACCOUNT: ready' 'limits   device 2048' \
	'signing  example: C=JP' 'IDENTITIES: 2' 'laptop \(user, keyring\)' 'machine \(system, file\)' 'subject  C=JP' \
	"THE USER'S EVENTS: the last [1-9]" '"event_sub_type":"Import"'; do
	like "$text" "$words" "it has: $words"
done
# Nothing of a private key: of its numbers neither as the files have them nor in hex; no password.
for key in "$PKI/rsa2048.key" "$PKI/p256.key"; do
	openssl pkey -in "$key" -outform der 2>/dev/null | tail -c 120 | head -c 48 >"$T/piece"
	for piece in "$(base64 -w 0 <"$T/piece" | cut -c 5-40)" "$(od -An -tx1 "$T/piece" | tr -d ' \n' | cut -c 1-40)" \
		"$(sed -n 3p "$key")"; do
		not_ok "no piece of $(basename "$key") in it" grep -qiF -- "$piece" "$REPORT"
	done
done
not_ok "no key at all" grep -q 'PRIVATE' "$REPORT"
not_ok "no password" grep -qF -- "$(cat "$PKI/password")" "$REPORT"
not_ok "no keyring's password" grep -qw 'keyring.password' "$REPORT"
not_ok "no environment" grep -qE "$SECRET|TOKEN_PASSWORD|DBUS_SESSION_BUS_ADDRESS" "$REPORT"
before=$(md5sum "$REPORT")
command_doctor --report report
like "$rc/$err" '^1/devid: report: ' "a file that exists is refused"
is "$(md5sum "$REPORT")" "$before" "and left as it was"
ln -s "$HOME_ALICE/elsewhere" "$HOME_ALICE/link"
command_doctor --report link
is "$rc" 1 "so is a link to nowhere"
not_ok "nothing is written behind it" test -e "$HOME_ALICE/elsewhere"
command_doctor --report nowhere/report --json
is "$rc/$(json 'j["reason"]')" "1/io" "a folder that isn't there, as JSON"
command_doctor --report /dev/full
is "$rc" 1 "a device is no new file"
rm "$REPORT" "$HOME_ALICE/link"

# --- nothing hangs it
bounded() {
	local name=$1
	RUN_BOUND=60 doctor
	[ "$ms" -lt 40000 ] && pass "$name: an end ($ms ms)" || fail "$name: an end ($ms ms)"
	is "$(json 'len(j["findings"]) > 15')" True "$name: all else is told"
}
"${E[@]}" "$PYTHON" -c 'import socket, sys, signal
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); signal.pause()' "$T/run/deaf" &
track $!
wait_for 5 test -S "$T/run/deaf"
client_end_agents
WITH=(env "DBUS_SESSION_BUS_ADDRESS=unix:path=$T/run/deaf" "DBUS_SYSTEM_BUS_ADDRESS=unix:path=$T/run/deaf")
bounded "buses that never answer"
WITH=()
client_end_agents
keyring_pause
bounded "a keyring that is stopped"
keyring_resume
# It has what was asked of it meanwhile to answer first.
ok "which goes on" wait_for 20 "${E[@]}" gdbus call --session --timeout 5 --dest org.freedesktop.secrets \
	--object-path /org/freedesktop/secrets --method org.freedesktop.DBus.Peer.Ping
client_end_agents
odd silent
bounded "a silent agent"
end_odd
# Another module that never returns from being loaded.
cat >"$T/hang.c" <<-X
	#include <unistd.h>
	__attribute__((constructor)) static void hang(void) { for (;;) pause(); }
X
cc -shared -fPIC -o "$T/hang.so" "$T/hang.c"
chmod 755 "$T/hang.so"
echo "module: $T/hang.so" >/usr/share/p11-kit/modules/hang.module
bounded "another module that hangs"
like "$(troubles)" 'fail.module.it did not answer within 10 seconds, while loading the module of .*/hang.module' "which is told"
rm /usr/share/p11-kit/modules/hang.module
healthy "all mended"

# --- what it leaves
client_end_agents
command_doctor
agents=$(client_agents | wc -l)
is "$agents" 1 "one agent is there, as after each use of a key"
client_end_agents
not_ok "and no process of its own" pgrep -u alice -x devid
done_testing
