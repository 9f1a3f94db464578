#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# data/runbook.md, typed: every block is run in order by the user that its first line names, on one installed
# machine, must end as it says (0 where it says nothing), and must print the lines of the text below it.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/tpm.sh"
private_machine "$0" "$@"
for user in alice bob backup1; do
	machine_user "$user"
done
# A reader may bring more identities; five do for every block.
COUNT=5
machine_session alice
keyring_bus
keyring_start open
tpm_start laptop
# As the device is the group's: the machine's agent reaches it.
chmod 711 "$T/run" && chown devid "$TPM_SOCKET" "$TPM_SOCKET.ctrl"
mkdir "$T/blocks"

# N.sh, N.text, N.title; and "N USER STATUS" lines.
/usr/bin/python3 - "$DEVID_SOURCE/data/runbook.md" "$T/blocks" >"$T/index" <<'P' || bail "the runbook can't be read"
import re, sys
fence, number, title, lines = None, 0, "", []
for line in open(sys.argv[1], encoding="utf-8"):
    if fence is None:
        if line.startswith("## "):
            title = line[3:].strip()
        found = re.fullmatch(r"```(\w*)\n", line)
        if found:
            fence, lines = found[1], []
            if fence not in ("sh", "text"):
                sys.exit("a block of another kind: " + line)
        continue
    if line != "```\n":
        lines.append(line)
        continue
    if fence == "sh":
        role = re.fullmatch(r"# (\w+)( [^;]*)?(; ends with (\d))?\n", lines[0])
        if not role:
            sys.exit("a block without a role: " + lines[0])
        number += 1
        print(number, role[1], role[4] or 0)
        open(f"{sys.argv[2]}/{number}.title", "w").write(title)
    with open(f"{sys.argv[2]}/{number}.{fence}", "x") as out:
        out.writelines(lines)
    fence = None
if fence is not None:
    sys.exit("a block without an end")
P

# said FILE TEXT: each line of TEXT is one of FILE's, in that order; … stands for anything. Says which is missing.
said() {
	/usr/bin/python3 - "$1" "$2" <<'P'
import re, sys
said = iter(open(sys.argv[1], encoding="utf-8").read().splitlines())
for wanted in open(sys.argv[2], encoding="utf-8").read().splitlines():
    pattern = ".*".join(re.escape(part) for part in wanted.rstrip().split("…"))
    if not any(re.fullmatch(pattern, line.rstrip()) for line in said):
        sys.exit("not said, or not in this order: " + wanted)
P
}
while read -r number user status <&9; do
	title="$(cat "$T/blocks/$number.title"), $user"
	as "$user" "COUNT=$COUNT" "DEVID_TEST_TCTI=swtpm:path=$TPM_SOCKET"
	[ "$user" != alice ] || A=("${E[@]}")
	run "${A[@]}" bash -e -c "$(cat "$T/blocks/$number.sh")" </dev/null
	is "$rc" "$status" "$number ($title): ends with $status"
	cat "$T/run.out" "$T/run.err" >"$T/said"
	[ ! -e "$T/blocks/$number.text" ] ||
		ok "$number ($title): says what it should" said "$T/said" "$T/blocks/$number.text" || diag "$(cat "$T/said")"
done 9<"$T/index"
ok "there were many" test "$(wc -l <"$T/index")" -gt 20
done_testing
