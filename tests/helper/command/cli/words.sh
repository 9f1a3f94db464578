#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The words of the command line: what is asked for, misspelt, pasted from a word processor, or left out.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/records.sh"

devid
is "$rc" 2 "no word at all ends with 2"
like "$err" 'Usage: devid COMMAND' "and shows the usage"
is "$out" "" "on standard error"
for words in help --help -h; do
	devid $words
	is "$rc" 0 "$words ends with 0"
	like "$out" 'Commands:' "$words lists the commands"
	narrow "$out" "$words fits in 80 columns"
done
for words in version --version —version –version; do
	devid $words
	is "$rc" 0 "$words ends with 0"
	like "$out" '^devid [0-9]' "$words prints the version"
done
devid version --json
is "$(json 'sorted(j)')" "['gnutls', 'version']" "version --json has its members"
devid version –json
is "$(json 'sorted(j)')" "['gnutls', 'version']" "so with an en dash"
devid version —json
is "$(json 'sorted(j)')" "['gnutls', 'version']" "and with an em dash"

devid -V
is "$rc $(cut -d ' ' -f 1 <<<"$out")" "0 devid" "so does -V"

# --- words that other programs have for it
like "$(devid import "$T/none.p12"; echo "$err")" "^devid: $T/none.p12: " "import imports"
like "$(devid add "$T/none.p12"; echo "$err")" "^devid: $T/none.p12: " "and add"
for word in delete rm; do
	devid $word nothing
	is "$rc" 1 "$word removes"
	like "$err" '^devid: nothing: no identity' "or says that there is nothing"
	devid help $word
	like "$out" '^Usage: devid remove ' "help $word explains remove"
	devid ca $word nothing
	like "$err" 'nothing' "ca $word removes"
	unlike "$err" 'no such action' "and is an action"
done
devid ls
is "$rc" 0 "ls lists"
devid import
like "$err" '^devid: import-cert: ' "what is missing is said of the command's own name"
devid profile ssh
unlike "$err" 'no such client' "profile ssh is a client"
devid profile sh
is "$rc" 2 "profile sh isn't"
devid delete-all
is "$rc" 2 "a word that only begins like one isn't"

# --- unknown words
devid lst
is "$rc" 2 "an unknown command ends with 2"
like "$err" '^devid: lst: no such command' "is named"
like "$err" 'hint: did you mean devid list\?' "with the nearest one"
is "$out" "" "and prints nothing on standard output"
devid reset
like "$err" 'did you mean devid reset-cred' "the beginning of a command is near it"
devid xyzzy
is "$rc" 2 "a word that is near nothing"
unlike "$err" 'did you mean' "is not guessed at"
devid $'\e[31mevil'
is "$rc" 2 "a word with an escape sequence"
unlike "$err" $'\e' "doesn't reach the terminal as it is"
devid ''
is "$rc" 2 "an empty word is no command"
devid --frobnicate
is "$rc" 2 "an unknown option before the command"
devid help frob
is "$rc" 2 "help of an unknown command"
devid help --frob
is "$rc" 2 "an option of help that there isn't"
devid ca
is "$rc" 2 "ca alone"
like "$err" 'ACTION' "shows its usage"
devid ca sow
is "$rc" 2 "an unknown action"
like "$err" 'did you mean devid ca show' "with the nearest one"
devid ca $'\n'
is "$rc" 2 "an action that is a line feed"

commands=(inspect list show check remove rename export ca verify reset-cred status events version
	"ca add" "ca list" "ca show" "ca remove")
"$DEVID_COMMAND" help | grep -q import-cert && commands+=(import-cert)
for command in "${commands[@]}"; do
	devid $command --help
	is "$rc" 0 "$command --help ends with 0"
	help=$out
	like "$out" "^Usage: devid $command" "$command --help begins with its usage"
	is "$err" "" "$command --help prints on standard output alone"
	narrow "$out" "$command --help fits in 80 columns"
	devid help $command
	is "$out" "$help" "help $command is the same"
	devid $command –help
	is "$out" "$help" "so it is with a dash out of a word processor"
	devid $command -h
	is "$out" "$help" "and in short"
	devid $command --no-such-option
	is "$rc" 2 "$command: an unknown option ends with 2"
	like "$err" "^devid: (ca: )?.*no-such-option" "$command: and is named"
	like "$err" "hint: devid help" "$command: with a hint"
	is "$out" "" "$command: nothing on standard output"
done
devid list --jsn
like "$err" 'did you mean --json' "a misspelt option: the nearest is named"
devid list -Z
is "$rc" 2 "an unknown short option"
like "$err" '-Z' "is named"
devid verify --at
is "$rc" 2 "an option without its value"

# --- too many, too few
many=(status version events reset-cred "ca list")
for command in "${many[@]}"; do
	devid $command more
	is "$rc" 2 "$command: one word too many"
done
for command in show check export; do
	devid $command one two
	is "$rc" 2 "$command: one label too many"
done
for command in verify remove "ca add" "ca show" "ca remove" rename "rename one"; do
	devid $command
	is "$rc" 2 "$command: a word too few"
	like "$err" 'missing|needed' "$command: says so"
done
for words in "rename a b c" "remove a b" "verify a b" "ca show a b" "ca remove a b" "ca add --name x a b"; do
	devid $words
	is "$rc" 2 "$words: a word too many"
done
devid rename old ''
is "$rc" 2 "an empty label"
devid rename old $'new\nlabel'
is "$rc" 2 "a label with a line feed"
devid rename old "$(printf 'x%.0s' {1..256})"
is "$rc" 2 "a label of 256 bytes"
devid rename old $'\xff\xfe'
is "$rc" 2 "a label that is no UTF-8"
devid rename old pkcs11:token=x
is "$rc" 2 "a label that looks like a URI"
devid verify --chain both file
is "$rc" 2 "--chain of another word"
for at in yesterdayish 2026-13-01 2026-11-22T25:00 @ @x 5y -1d '' 99999999999999999999d; do
	devid verify --at "$at" /dev/null
	is "$rc" 2 "--at '$at' is no moment"
	devid events --since "$at"
	is "$rc" 2 "--since '$at' likewise"
done
devid check --ca-file x
is "$rc" 2 "--ca-file without --server"
devid list --user pkcs11:token=x
is "$rc" 2 "list: --user with a URI"
devid list label
is "$rc" 2 "list: a label is no URI"
devid ca add --name x --user --system /dev/null
is "$rc" 2 "ca add: both accounts"
devid ca remove --user --system x
is "$rc" 2 "ca remove: both accounts"

# --- where nothing can be written, nothing is claimed
run bash -c '"$@" >/dev/full' - "${E[@]}" "$DEVID_COMMAND" version
is "$rc" 1 "a full disk behind standard output ends with 1"
like "$err" 'standard output' "and is told"
run bash -c '"$@" >&-' - "${E[@]}" "$DEVID_COMMAND" version
is "$rc" 0 "a closed standard output is no crash"
run bash -c '"$@" <&- >&- 2>&-' - "${E[@]}" "$DEVID_COMMAND" list
is "$rc" 0 "nor are all three closed"
run env -i "$DEVID_COMMAND" version
is "$rc" 0 "an empty environment"
run "${E[@]}" LC_ALL=de_DE.UTF-8 LANGUAGE=de "$DEVID_COMMAND" list --nonsense
like "$err" 'unknown option' "messages are English in every locale"
done_testing
