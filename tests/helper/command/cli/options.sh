#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The table of subcommands is the documentation: usage text, completions and manual pages agree with it, each
# command and each option, both ways.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/records.sh"
data=$DEVID_SOURCE/data

# What the program says of itself.
devid help
mapfile -t commands < <(sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' <<<"$out")
like "${#commands[@]}" '^[12][0-9]$' "the usage lists the commands"
# Commands that have actions: "ca" and its "ca add". ACTIONS[ca]="add list …"
declare -A ACTIONS=()
all=()
for command in "${commands[@]}"; do
	[ "$command" != help ] || continue
	all+=("$command")
	devid help "$command"
	mapfile -t actions < <(sed -n '/^Actions:/,/^$/s/^  \([a-z-]*\) .*/\1/p' <<<"$out")
	for action in "${actions[@]}"; do
		ACTIONS[$command]+="$action "
		all+=("$command $action")
	done
done
is "${ACTIONS[ca]:-}${ACTIONS[account]:-}${ACTIONS[policy]:-}" "add list show remove revoke show test lint " \
	"and the actions of ca, account and policy"

# What each says of itself, read once. help_of COMMAND; options_of COMMAND: long options, sorted; short_of
# COMMAND: "-q=--quiet"; with_value COMMAND: the options that take one.
mkdir "$T/help"
help_of() {
	[ -e "$T/help/$1" ] || "${E[@]}" "$DEVID_COMMAND" help $1 >"$T/help/$1"
	cat "$T/help/$1"
}
options_of() {
	help_of "$1" | sed -nE '/^Options:/,/^$/s/^  (-[a-z], )?(--[a-z-]+).*/\2/p' | sort
}
short_of() {
	help_of "$1" | sed -n '/^Options:/,/^$/s/^  \(-[a-z]\), \(--[a-z-]*\).*/\1=\2/p' | sort
}
with_value() {
	help_of "$1" | sed -nE '/^Options:/,/^$/s/^  (-[a-z], )?(--[a-z-]+) [A-Za-z].*/\2/p' | sort
}

# --- the manual pages: one a command, where "ca add" is a part of devid-ca(1)
page=$data/man/devid.1
for file in "$page" "$data"/man/devid-*.1; do
	run man --warnings -E UTF-8 -l -Tutf8 "$file"
	is "$err" "" "${file##*/} has no faults"
done
# section COMMAND: its page, or its part of one; of a command with actions, what stands before those.
section() {
	sed 's/\\-/-/g; s/\\\.//g; s/\\|//g' "$data/man/devid-${1%% *}.1" |
		awk -v want="${1#* }" -v whole="$([[ $1 == *' '* ]] || echo yes)" 'BEGIN { inside = (whole != "") }
		/^\.SS devid / { inside = ($4 == want) }
		/^\.SH/ && whole == "" { inside = 0 }
		inside'
}
for command in "${all[@]}" help; do
	isnt "$(section "$command")" "" "there is a page, or a part of one, on $command"
done
is "$(($(find "$data/man" -name 'devid-*.1' | wc -l) + $(cat "$data"/man/devid-*.1 | grep -c '^\.SS devid')))" \
	$((${#all[@]} + 1)) "and on nothing else"
devid help
sed -n '/^\.SH COMMANDS/,/^\.SH OPTIONS/p' "$page" | sed 's/\\-/-/g' |
	sed -n '/^\.BR devid-/{ s/^\.BR devid-\([a-z-]*\) (1)$/\1/; N; s/\n/\t/; s/\.$//; p }' >"$T/listed"
is "$(cut -f1 "$T/listed")" "$(printf '%s\n' "${commands[@]}")" "devid(1) lists them in the order of the usage"
while IFS=$'\t' read -r command summary; do
	is "$(grep "^  $command " <<<"$out" | grep -oF " $summary")" " $summary" "$command: in the same words"
done <"$T/listed"
for command in "${all[@]}"; do
	documented=$(section "$command" | grep -A1 '^\.TP' | grep -oE -- '--[a-z-]+' | sort)
	is "$documented" "$(options_of "$command" | grep -v '^--help$')" "$command: the page has its options, and no others"
	for pair in $(short_of "$command" | grep -v '^-h'); do
		like "$(section "$command")" "${pair%%=*}\"?[ \\\\]" "$command: the page has ${pair%%=*}"
	done
done
told=0
for command in "${all[@]}"; do
	sentence=$(help_of "$command" | sed -n '/^Exit status: /,/^$/p' | paste -sd' ' | sed 's/^Exit status: //; s/ *$//')
	[ -n "$sentence" ] || continue
	told=$((told + 1))
	like " $(sed -n '/^\.SH EXIT STATUS/,/^\.SH EX/p' "$data/man/devid-${command%% *}.1" | paste -sd' ') " \
		" $(sed 's/[().]/\\&/g' <<<"$sentence") " "$command: how it ends, in its own words"
done
ok "some say how they end" test $told -ge 7
for status in 0 1 2 3 4 5 6; do
	like "$(sed -n '/^\.SH EXIT STATUS/,/^\.SH ENV/p' "$page")" "\.B $status" "exit status $status is documented"
done

# Other words for commands, as the page has them: SYNONYMS[start]=connect
declare -A SYNONYMS=()
for command in "${commands[@]}"; do
	for word in $(section "$command" | grep -B1 '^is the same' | sed -n 's/^\.B devid \([a-z-]*\)$/\1/p'); do
		SYNONYMS[$word]=$command
	done
done
is "$(printf '%s\n' "${!SYNONYMS[@]}" | sort | paste -sd' ')" "start stop" "the page has the other words for commands"
for word in "${!SYNONYMS[@]}"; do
	is "$(options_of "$word")" "$(options_of "${SYNONYMS[$word]}")" "$word: is ${SYNONYMS[$word]}"
done
words=$(printf '%s\n' "${commands[@]}" "${!SYNONYMS[@]}" | sort)

# --- completions: they ask the devid in PATH, which is ours here
need_pki
make_account issuing
make_record user "with blank" keyring "$PKI/p256.crt"
make_record user plain keyring "$PKI/p384.crt"
mkdir -p "$T/bin" "$T/config/connections.d"
echo >"$T/config/connections.d/work.conf"
printf '#!/bin/bash\nexec' >"$T/bin/devid"
printf ' %q' "${E[@]}" "$DEVID_COMMAND" >>"$T/bin/devid"
echo ' "$@"' >>"$T/bin/devid"
chmod +x "$T/bin/devid"
unset -f devid
PATH=$T/bin:$PATH
# What may stand in the place of the last word.
offered() {
	devid --complete "$@" | sed 's/^=\([^ ]*\) .*/\1/; s/^+//'
}
is "$(offered '' | grep -v '^-' | sort)" "$words" "the commands are offered"
is "$(offered help '' | sort)" "$(printf '%s\n' "${commands[@]}" | sort)" "and to help"
for word in "${!SYNONYMS[@]}" import add delete rm ls; do
	isnt "$(offered "$word" - | grep -v '^--help$')" "" "$word has options"
done
for command in "${!ACTIONS[@]}"; do
	is "$(offered "$command" '' | grep -v '^-' | sort)" "$(printf '%s\n' ${ACTIONS[$command]} | sort)" "the actions of $command"
done
for command in "${all[@]}"; do
	[ -z "${ACTIONS[$command]:-}" ] || continue
	is "$(offered $command - | sort)" "$(options_of "$command")" "$command: its options, and no others"
	for option in $(with_value "$command"); do
		case $option in
		--os) is "$(offered $command --os '' | paste -sd' ')" "Windows macOS iOS Android Linux" "$option has its values" ;;
		--origin) is "$(offered $command --origin '' | paste -sd' ')" "office remote unknown" "$option has its values" ;;
		--certificate) is "$(offered $command --certificate '' | paste -sd' ')" "valid invalid none" "$option has its values" ;;
		--chain) is "$(offered $command --chain '' | paste -sd' ')" "issuer path" "$option has its values" ;;
		--store) is "$(offered $command --store '' | paste -sd' ')" "keyring file tpm$([[ $command == move ]] || echo " pkcs11:")" "$option has its values" ;;
		--tpm-auth) is "$(offered $command --tpm-auth '' | paste -sd' ')" "keyring credential none" "$option has its values" ;;
		--key-type) is "$(offered $command --key-type '' | paste -sd' ')" "RSA EC" "$option has its values" ;;
		--group) is "$(offered $command --group '')" :groups "$option has its values" ;;
		--user) is "$(offered $command --user '')" :users "$option has its values" ;;
		--config) is "$(offered $command --config '')" :folders "$option has its values" ;;
		--server | --gateway) is "$(offered $command $option '')" :hosts "$option has its values" ;;
		--key) is "$(offered $command --key '' | head -n 1)" "$([[ $command == @(request|renew) ]] && echo rsa2048 || echo :files)" "$option has its values" ;;
		--for) is "$(offered $command --for '' | paste -sd' ')" "$([ $command = profile ] && echo engine provider || echo :files)" "$option of $command has its values" ;;
		--out) is "$(offered $command --out '' | paste -sd' ')" ":files :folders" "$option has its values" ;;
		--*-file | --intermediates | --report | --used-by | --output | --table) is "$(offered $command $option '')" :files "$option of $command has its values" ;;
		--identity) is "$(offered $command --identity '' | sort)" $'plain\nwith blank' "$option has its values" ;;
		*) is "$(offered $command "$option" --)" "" "$option of $command takes a value" ;;
		esac
	done
done
is "$(offered export -o '')" :files "a short option has its value's too"
for command in show check remove rename export posture; do
	is "$(offered $command '' | sort)" $'plain\nwith blank' "$command has the labels"
done
is "$(offered rename plain '')" "" "the second word of rename is anybody's"
is "$(offered profile '' | grep -c .)" "$(devid profile --json | grep -c '"client"')" "profile has the clients"
is "$(offered profile openvpn '' | sort)" $'plain\nwith blank' "and then the labels"
is "$(offered profile --gateway x openvpn '' | sort)" $'plain\nwith blank' "whatever options stand before"
is "$(offered connect ''),$(offered disconnect '')" work,work "connect and disconnect have the connections"
is "$(offered ca show ''),$(offered ca remove '')" issuing,issuing "ca show and ca remove have the names"
for command in import-cert inspect verify wrap "ca add" "account revoke"; do
	is "$(offered $command '')" :files "$command has files"
done
is "$(offered inspect a b '')" :files "and more of them"
for odd in "nothing more" "ca nothing x" "version x" "show plain x" "--json x"; do
	run devid --complete $odd
	is "$rc,$out,$err" "0,," "$odd: nothing is offered, and nothing said"
done

# --- bash
. "$data/completions/devid.bash"
complete_words() { # WORDS…: the last is being typed
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_devid 2>/dev/null
	printf '%s\n' "${COMPREPLY[@]}" | sort
}
is "$(complete_words devid '' | grep -v '^-')" "$words" "bash completes the commands"
is "$(complete_words devid im)" import-cert "from their beginnings"
is "$(complete_words devid show '' | paste -sd,)" 'plain,with\ blank' "and labels"
is "$(complete_words devid show w)" 'with\ blank' "that begin so"
is "$(complete_words devid policy test --os L)" Linux "and values"
is "$(complete_words devid policy test --user ro)" "$(compgen -A user ro | sort)" "users"
is "$(complete_words devid policy test --group ro)" "$(compgen -A group ro | sort)" "groups"
mkdir -p "$T/files/a folder"
touch "$T/files/a file"
is "$(complete_words devid inspect "$T/files/")" "$T/files/a file"$'\n'"$T/files/a folder" "files, with blanks"
is "$(complete_words devid verify --config "$T/files/")" "$T/files/a folder" "and folders"

# --- labels with quotes, typed with Tab in each shell on a terminal
make_record user "it's \"so\"" keyring "$PKI/rsa2048.crt"
make_record user 'back\slash' keyring "$PKI/p521.crt"
mv "$T/bin/devid" "$T/bin/real"
printf '#!/bin/bash\n[ "$1" != show ] || { printf "<<%%s>>\\n" "$2"; exit; }\nexec %q "$@"\n' "$T/bin/real" >"$T/bin/devid"
chmod +x "$T/bin/devid"
for shell in bash:devid.bash zsh:_devid fish:devid.fish; do
	for typed in "it=it's \"so\"" 'back=back\slash' 'with=with blank'; do
		is "$("${E[@]}" PATH="$T/bin:$PATH" /usr/bin/python3 "$TESTS/helper/command/cli/complete.py" "${shell%:*}" \
			"$data/completions/${shell#*:}" "devid show ${typed%%=*}")" "${typed#*=}" "${shell%:*}: the label ${typed#*=}"
	done
	for typed in "--js=--json" "--us=--user"; do
		is "$("${E[@]}" PATH="$T/bin:$PATH" /usr/bin/python3 "$TESTS/helper/command/cli/complete.py" "${shell%:*}" \
			"$data/completions/${shell#*:}" "devid show ${typed%%=*}")" "${typed#*=}" "${shell%:*}: ${typed%%=*} of an option"
	done
	is "$("${E[@]}" PATH="$T/bin:$PATH" /usr/bin/python3 "$TESTS/helper/command/cli/complete.py" "${shell%:*}" \
		"$data/completions/${shell#*:}" "devid sho")" "" "${shell%:*}: a command"
done
is "$("${E[@]}" PATH="$T/bin:$PATH" /usr/bin/python3 "$TESTS/helper/command/cli/complete.py" bash \
	"$data/completions/devid.bash" "devid show 'it")" "it's \"so\"" "bash: and where a quote was begun"

# --- zsh and fish
ok "zsh reads its file" zsh -n "$data/completions/_devid"
fish=$data/completions/devid.fish
ok "fish reads its file" fish -n "$fish"
fish_words() { # LINE, as typed
	run "${E[@]}" PATH="$T/bin:$PATH" fish --no-config -c "source $fish; complete -C '$1'"
	is "$err" "" "fish says nothing: $1"
	cut -f1 <<<"$out" | sort >"$T/fish"
}
fish_words "devid "
is "$(grep -v '^-' "$T/fish")" "$words" "fish completes the commands"
fish_words "devid import-cert --"
is "$(cat "$T/fish")" "$(options_of import-cert)" "and options"
fish_words "devid ca "
is "$(grep -v '^-' "$T/fish")" "$(printf '%s\n' add list remove show)" "and actions"
fish_words "devid verify --config $T/files/"
is "$(cat "$T/fish")" "$T/files/a folder/" "and folders"
fish_words "devid policy test --user roo"
like "$(cat "$T/fish")" root "and users"
ok "bash reads its file" bash -n "$data/completions/devid.bash"
done_testing
