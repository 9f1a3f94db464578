#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# README's "A first session", typed as it stands on a machine with devid: each command ends as README has it and says
# what README prints, days and sizes apart; "..." stands for any lines.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
private_machine "$0" "$@"
machine_user alice devid
machine_session alice
keyring_bus
keyring_start open || bail "no keyring"
mkdir -p /usr/local/share/ca-certificates
HOME_ALICE=$T/users/alice
cp -r "$DEVID_SOURCE/data" "$HOME_ALICE/"
mkdir "$HOME_ALICE/tests" && cp -r "$DEVID_SOURCE/tests/certs" "$HOME_ALICE/tests/"
chown -R alice: "$HOME_ALICE"

# One folder for each command: who types it, what, and what it prints.
mkdir "$T/typed"
/usr/bin/python3 - "$DEVID_SOURCE/README.md" "$T/typed" <<'P'
import os, sys
text = open(sys.argv[1]).read().split("## A first session\n")[1].split("\n## ")[0]
count, into, goes_on = 0, None, False
for line in text.split("\n"):
    if not line.startswith("    "):
        into, goes_on = None, False
        continue
    line = line[4:]
    if goes_on or line[:2] in ("$ ", "# "):
        if not goes_on:
            count += 1
            into = os.path.join(sys.argv[2], "%02d" % count)
            os.mkdir(into)
            open(into + "/who", "w").write("alice" if line[0] == "$" else "root")
            open(into + "/said", "w").close()
            line = line[2:]
        goes_on = line.endswith("\\")
        open(into + "/typed", "a").write(line + "\n")
    elif into:
        open(into + "/said", "a").write(line + "\n")
P
steps=("$T"/typed/*)
ok "README types a session of some length" test ${#steps[@]} -ge 12

# says SAID OUT: the lines are those, with numbers and widths of their own.
says() {
	/usr/bin/python3 - "$1" "$2" <<'P'
import re, sys
plain = lambda path: re.sub(r"\s+", " ", re.sub(r"\d+", "9", open(path).read())).strip()
parts = [re.escape(part.strip()) for part in plain(sys.argv[1]).split("...")]
sys.exit(0 if re.fullmatch(r".*".join(parts), plain(sys.argv[2])) else 1)
P
}
FOLDER=$HOME_ALICE
for step in "${steps[@]}"; do
	typed=$(cat "$step/typed")
	name=$(head -n 1 "$step/typed")
	if [[ $typed == "cd "* ]]; then
		FOLDER=$FOLDER/${typed#cd }
		ok "$name" test -d "$FOLDER"
		continue
	fi
	if [ "$(cat "$step/who")" = root ]; then
		as root
		who=("${A[@]}")
	else
		who=("${E[@]}")
	fi
	if [[ $typed == *" &" ]]; then
		"${who[@]}" bash -c "cd '$FOLDER' && exec ${typed% &}" >"$T/server.log" 2>&1 </dev/null &
		track $!
		ok "$name" wait_for 10 port_listens 4433
		continue
	fi
	wanted=0
	! grep -q '^Certificate error' "$step/said" || wanted=3
	run "${who[@]}" bash -c "{ cd '$FOLDER' && $typed
} 2>&1" </dev/null
	is "$rc" "$wanted" "$name" || diag "$out"
	printf '%s\n' "$out" >"$T/said"
	[ ! -s "$step/said" ] || ok "… says what README has" says "$step/said" "$T/said" || diag "$out"
done
done_testing
