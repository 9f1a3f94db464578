#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a person sees: on terminals of several widths, with and without colour.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
env_set "DEVID_AGENT=$T/no-agent" TERM=xterm
terminal() {
	local columns=$1
	shift
	run "${E[@]}" "${SETTINGS[@]}" /usr/bin/python3 "$TESTS/lib/terminal.py" "$columns" "$DEVID_COMMAND" "$@" </dev/null
}
SETTINGS=()
escape=$'\e'

terminal 80 list
is "$rc" 0 "an empty list on a terminal"
like "$out" 'hint' "with a hint"
make_account issuing
make_record user laptop-042 keyring "$PKI/rsa2048.crt" "$PKI/issuing.crt" "$PKI/root.crt"
make_record user expired keyring "$PKI/expired.crt" "$PKI/issuing.crt"
make_record user japan keyring "$PKI/japan.crt" "$PKI/issuing.crt"
make_record system machine file "$PKI/p384.crt" "$PKI/issuing.crt"

SETTINGS=(NO_COLOR=1)
for columns in 80 60 40 200; do
	for command in list "show japan" "show laptop-042" "ca list" "ca show issuing" status events "help check"; do
		terminal $columns $command
		is "$rc" 0 "$command on $columns columns"
		[ $columns -ne 80 ] || narrow "$(grep -v pkcs11: <<<"$out")" "$command fits"
		unlike "$out" "$escape" "$command: no colour with NO_COLOR"
	done
done
SETTINGS=(NO_COLOR=1)
terminal 40 list
wide=$(grep -v pkcs11: <<<"$out" | /usr/bin/python3 -c 'import sys, unicodedata
print(max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in l.rstrip("\n")) for l in sys.stdin))')
ok "the list gives way down to 40 columns ($wide)" test "$wide" -le 60

SETTINGS=()
terminal 80 list
like "$out" "$escape" "colour on a terminal"
plain=$(sed "s/$escape\[[0-9;]*m//g" <<<"$out")
SETTINGS=(NO_COLOR=1)
terminal 80 list
is "$plain" "$out" "the text is the same without it"
SETTINGS=(TERM=dumb)
terminal 80 list
unlike "$out" "$escape" "a dumb terminal gets none"
SETTINGS=(-u TERM)
terminal 80 list
unlike "$out" "$escape" "nor does one without a name"
SETTINGS=(NO_COLOR=)
terminal 80 list
like "$out" "$escape" "an empty NO_COLOR is none"
SETTINGS=()
for json in list show\ japan status events version "ca list" "check japan"; do
	terminal 80 $json --json
	unlike "$out" "$escape" "$json --json has no colour on a terminal"
	run /usr/bin/python3 -m json.tool <<<"$out"
	is "$rc" 0 "$json --json is JSON"
done
terminal 80 check expired
is "$rc" 3 "a failed check on a terminal"
like "$out" '^Certificate error\. \[' "begins with its line, without colour before it"

# --- a person is asked
terminal 80 reset-cred --keys --dry-run
is "$rc" 0 "a dry run asks nothing"
for answer in no '' YES 'yes please'; do
	run "${E[@]}" /usr/bin/python3 "$TESTS/lib/terminal.py" 80 "$DEVID_COMMAND" reset-cred --keys <<<"$answer"
	is "$rc" 1 "the answer '$answer' is no yes"
	like "$out" 'nothing was changed' "and nothing was changed"
done
devid list
like "$out" laptop-042 "the identities are there as before"
done_testing
