#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine's event log, whoever writes to it first: it is the agent's user's, or it is not written. What root left
# there before is handed over by root's next command, and doctor tells of it until then.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/machine.sh"
private_machine "$0" "$@"
need_pki
cp "$PKI/rsa2048.p12" "$PKI/password" "$T/"
LOG=/var/log/devid
as root
import() { run "${A[@]}" devid import-cert --system --label "$1" --password-file "$T/password" "${@:2}" "$T/rsa2048.p12"; }
said() { "${A[@]}" devid doctor --json 2>/dev/null | /usr/bin/python3 -c 'import json, sys
print(*(f["result"] + " " + f["message"] + " / " + str(f["hint"]) for f in json.load(sys.stdin)["findings"] if f["examination"] == "log"), sep="\n")'; }
whose() { stat -c '%U:%a' "$@" 2>&1 | tr '\n' ' '; }
tmpfiles() { run systemd-tmpfiles --create /usr/lib/tmpfiles.d/devid.conf; }

# --- before there is the user
cp /etc/passwd "$T/passwd"
sed -i '/^devid:/d' /etc/passwd
rm -rf "$LOG" /var/lib/devid /run/devid
import laptop
[ "$rc" -ne 0 ] && pass "root imports before there is the user devid: it fails" || fail "it fails"
like "$err" 'user.* devid|devid.*user' "and its first message says what is missing"
ok "no log of root's is left" test ! -e "$LOG/events.jsonl"
mkdir -p "$LOG"
run "${A[@]}" devid reset-cred --keys --yes
ok "nor where there is a folder" test ! -e "$LOG/events.jsonl"
like "$(said)" 'fail there is no user devid.*systemd-sysusers devid.conf && systemd-tmpfiles --create devid.conf' "doctor tells of it"
cp "$T/passwd" /etc/passwd

# --- what root left there
rm -rf "$LOG"
mkdir -m 755 "$LOG"
FILES=("$LOG"/{events.jsonl,events.jsonl.1,refusals.jsonl,refusals.jsonl.new,uses.jsonl,uses.jsonl.new})
leave() {
	install -m 600 /dev/null "$1"
}
for file in "${FILES[@]}"; do
	leave "$file"
done
like "$(said)" "fail $LOG is not the user devid's: .*lost / as root: chown -R devid:devid $LOG" "a folder of root's: doctor tells of it"
import laptop
is "$rc" 0 "root imports"
is "$(whose "$LOG")" "devid:750 " "the folder is handed over"
is "$(stat -c %U:%a "${FILES[@]}" | sort -u)" devid:600 "and all of its files"
like "$(said)" '^pass' "doctor is content"
tmpfiles
is "$rc" 0 "so is systemd-tmpfiles"
ok "the agent has written the import" grep -q '"label":"laptop"' "$LOG/events.jsonl"
for file in "${FILES[@]}"; do
	leave "$file"
	like "$(said)" "fail $file is not the user devid's" "${file##*/} is root's in the agent's folder: doctor tells of it"
	import laptop --replace
	is "$(whose "$file")" "devid:600 " "root's next command hands it over"
done
leave "$LOG/uses.jsonl"
import laptop --replace
echo text >"$T/text"
run "${A[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label 'Device Identity (system)' --sign --label laptop \
	--mechanism SHA256-RSA-PKCS --input-file "$T/text" --output-file "$T/signature"
is "$rc" 0 "a program signs"
ok "the agent writes its use" wait_for 10 grep -q pkcs11-tool "$LOG/uses.jsonl"

# --- what is not root's to give
echo secret >"$T/secret"
chmod 600 $T/secret
mkdir "$LOG/x" && mv "$LOG/events.jsonl" "$LOG/x/"
ln $T/secret "$LOG/events.jsonl" 2>/dev/null || { cp $T/secret "$LOG/events.jsonl" && ln "$LOG/events.jsonl" "$LOG/other"; }
import laptop --replace
is "$(whose $LOG/events.jsonl)" "root:600 " "a file with another name elsewhere stays root's"
is "$(cat "$LOG/events.jsonl")" secret "and is not written to"
rm -f "$LOG/events.jsonl"
ln -s $T/secret "$LOG/events.jsonl"
import laptop --replace
is "$(whose $T/secret)$(cat $T/secret)" "root:600 secret" "nor does a link lead to one"
done_testing
