# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of `devid doctor` share: an installed machine on which all is well for alice, who has one identity
# "laptop" in her keyring, and rows that spoil one thing each. After common.sh, machine.sh, keyring.sh, clients.sh:
#
#	doctor_machine "$0" "$@"
#	row OUTCOME EXAMINATION REGEX NAME SPOIL MEND
#		runs SPOIL, wants that finding with a hint, runs MEND, and wants that nothing is found any more
#	doctor_complete FILE…	each warning and failure that these sources can tell was seen
#
# SPOIL may set WITH, words before the command: MEND is followed by WITH=().

WITH=()
RUNTIME=
RECORDS=

doctor_machine() {
	client_machine "$@"
	run "${E[@]}" devid remove stranger
	[ "$rc" -eq 0 ] || bail "no removal: $err"
	run "${E[@]}" devid remove ec
	run "${E[@]}" devid rename rsa laptop
	[ "$rc" -eq 0 ] || bail "no renaming: $err"
	mkdir "$T/p12" && mv "$HOME_ALICE"/*.p12 "$T/p12/"
	RUNTIME=/run/user/$(id -u alice)/devid
	RECORDS=$HOME_ALICE/.local/share/devid
	: >"$T/messages"
	: >"$T/hints"
}

# Leaves rc and out; the words of each finding are kept.
doctor() {
	run "${E[@]}" "${WITH[@]}" devid doctor --json
	findings >"$T/findings"
	cat "$T/findings" >>"$T/messages"
	troubles | cut -f4 >>"$T/hints"
}

# A line each: "RESULT MESSAGE"; of warnings and failures, "RESULT EXAMINATION MESSAGE HINT" parted by tabs.
findings() {
	/usr/bin/python3 -c 'import json, sys
for f in json.loads(sys.argv[1])["findings"]:
    print(f["result"], f["message"])' "$out" 2>/dev/null
}
troubles() {
	/usr/bin/python3 -c 'import json, sys
for f in json.loads(sys.argv[1])["findings"]:
    if f["result"] in ("warn", "fail"):
        print(f["result"], f["examination"], f["message"], f["hint"] or "-", sep="\t")' "$out" 2>&1
}

healthy() {
	doctor
	is "$rc/$(troubles)" "0/" "$1: nothing is found"
}

row() {
	local outcome=$1 examination=$2 regex=$3 name=$4 spoil=$5 mend=$6 line
	eval "$spoil"
	doctor
	line=$(troubles | grep -P "^$outcome\t$examination\t" | grep -P -m1 -- "$regex")
	if [ -n "$line" ]; then
		pass "$name: $outcome of $examination"
	else
		fail "$name: $outcome of $examination"
		diag "wanted: /$regex/"
		diag "found: $(troubles)"
		diag "$err"
	fi
	[ "$outcome" = warn ] || is "$rc" 1 "$name: status 1"
	eval "$mend"
	WITH=()
	healthy "$name, mended"
}

doctor_complete() {
	is "$(grep -E -- '--(store|tpm-auth)' "$T/hints" | grep -v -- '--store tpm' | sort -u)" "" "no advice keeps a key worse than it is kept"
	is "$(/usr/bin/python3 "$TESTS/helper/command/doctor/doctor-findings.py" "$T/messages" \
		"${@/#/$DEVID_SOURCE/helper/command/doctor/}")" "" "each finding of $* was provoked"
}

# The user's identities, out of the way for a while.
away() {
	mkdir -p "$T/away" && mv "$RECORDS"/*.identity "$T/away/"
}
back() {
	rm -f "$RECORDS"/*.{identity,key}
	mv "$T/away"/*.identity "$RECORDS/"
}

# The record loses its certificate.
lone_key() {
	sed -i -e '/BEGIN CERT/,$d' -e '/^Check-Value/d' -e 's/^Store:/Leaf: no\n&/' "$RECORD"
}

# odd MODE: an agent that is not as it should be, in the place of alice's.
odd() {
	client_end_agents
	"${E[@]}" mkdir -p -m 700 "$RUNTIME"
	"${E[@]}" "$PYTHON" "$TESTS/helper/command/doctor/odd-agent.py" "$RUNTIME/agent" "$1" >"$T/odd.log" 2>&1 &
	ODD_PID=$!
	track $ODD_PID
	wait_for 10 test -S "$RUNTIME/agent"
}
end_odd() {
	stop $ODD_PID
	rm -f "$RUNTIME/agent"
}
