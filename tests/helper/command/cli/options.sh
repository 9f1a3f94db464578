#!/bin/bash
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

# options_of COMMAND: long options, sorted; short_of COMMAND: "-q=--quiet".
options_of() {
	"${E[@]}" "$DEVID_COMMAND" help $1 | sed -n '/^Options:/,/^$/p' | grep -oE '^  (-[a-z], )?--[a-z-]+' |
		grep -oE -- '--[a-z-]+' | sort
}
short_of() {
	"${E[@]}" "$DEVID_COMMAND" help $1 | sed -n '/^Options:/,/^$/s/^  \(-[a-z]\), \(--[a-z-]*\).*/\1=\2/p' | sort
}
with_value() {
	"${E[@]}" "$DEVID_COMMAND" help $1 | sed -n '/^Options:/,/^$/p' | grep -oE '^  (-[a-z], )?--[a-z-]+ [A-Zi][^ ]*' |
		grep -oE -- '--[a-z-]+' | sort
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
	sentence=$("${E[@]}" "$DEVID_COMMAND" help $command | sed -n '/^Exit status: /,/^$/p' | paste -sd' ' | sed 's/^Exit status: //; s/ *$//')
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
for word in "${!SYNONYMS[@]}"; do
	is "$(complete_words devid "$word" -)" "$(options_of "$word")" "bash: $word has its options"
done
for command in "${!ACTIONS[@]}"; do
	is "$(complete_words devid "$command" '' | grep -v '^-')" "$(printf '%s\n' ${ACTIONS[$command]} | sort)" \
		"and the actions of $command"
done
is "$(complete_words devid im)" import-cert "from their beginnings"
for command in "${all[@]}"; do
	is "$(complete_words devid $command -)" "$(options_of "$command")" "bash: $command has its options, and no others"
	for option in $(with_value "$command"); do
		case $option in
		--os | --origin | --certificate | --group | --user)
			isnt "$(complete_words devid $command "$option" '')" "" "bash: $option has its values"
			;;
		--chain) is "$(complete_words devid $command --chain '' | tr '\n' ' ')" "issuer path " "bash: $option has its values" ;;
		--store) like "$(complete_words devid $command --store '' | tr '\n' ' ')" "file keyring" "bash: $option has its values" ;;
		*) unlike "$(complete_words devid $command "$option" --)" '^--' "bash: $option of $command takes a value" ;;
		esac
	done
done
if type -P devid >/dev/null; then
	skip "another devid is installed"
else
	need_pki
	make_account issuing
	make_record user "with blank" keyring "$PKI/p256.crt"
	make_record user plain keyring "$PKI/p384.crt"
	devid_run() {
		command "${E[@]}" "$DEVID_COMMAND" "$@"
	}
	# The completion calls devid: here that is ours.
	mkdir "$T/bin"
	printf '#!/bin/bash\nexec' >"$T/bin/devid"
	printf ' %q' "${E[@]}" "$DEVID_COMMAND" >>"$T/bin/devid"
	echo ' "$@"' >>"$T/bin/devid"
	chmod +x "$T/bin/devid"
	unset -f devid
	PATH=$T/bin:$PATH
	for command in show check remove rename export; do
		is "$(complete_words devid $command '' | tr '\n' ,)" 'plain,with\ blank,' "bash: $command has the labels"
	done
	is "$(complete_words devid show w)" 'with\ blank' "that begin so"
	is "$(complete_words devid ca show '')" issuing "bash: ca show has the names"
	is "$(complete_words devid ca remove '')" issuing "so has ca remove"
fi

# --- labels with quotes, typed with Tab in each shell on a terminal
if [ -x "$T/bin/devid" ]; then
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
	done
	is "$("${E[@]}" PATH="$T/bin:$PATH" /usr/bin/python3 "$TESTS/helper/command/cli/complete.py" bash \
		"$data/completions/devid.bash" "devid show 'it")" "it's \"so\"" "bash: and where a quote was begun"
fi

# --- zsh and fish: by reading; by running where they are
zsh=$data/completions/_devid
is "$(sed -n '/commands=(/,/)$/p' "$zsh" | grep -oE "^		'[a-z-]+:" | tr -d "'	:" | sort)" \
	"$words" "zsh completes the commands"
for word in "${!SYNONYMS[@]}"; do
	ok "zsh: $word has the options of ${SYNONYMS[$word]}" grep -qx "	$word) command=${SYNONYMS[$word]} ;;" "$zsh"
done
for command in "${!ACTIONS[@]}"; do
	is "$(sed -n "/^_devid_${command}_actions/,/^}/p" "$zsh" | grep -oE "^		'[a-z-]+:" | tr -d "'	:" | sort)" \
		"$(printf '%s\n' ${ACTIONS[$command]} | sort)" "and the actions of $command"
done
for command in "${all[@]}"; do
	[ -z "${ACTIONS[$command]:-}" ] || continue
	part=$(awk -v want="$command" 'BEGIN { q = sprintf("%c", 39) }
		/^\t(\047?)[a-z]+[a-z -]*(\047?)\)/ {
			name = $0; sub(/^\t/, "", name); sub(/\).*/, "", name); gsub(q, "", name)
			inside = (name == want)
		} inside' "$zsh" | sed 's/\[[^]]*\]//g')
	is "$(grep -oE -- '--[a-z-]+' <<<"$part" | sort)" "$(options_of "$command")" "zsh: $command has its options, and no others"
done
fish=$data/completions/devid.fish
is "$(sed -n 's/^complete -c devid -n __fish_use_subcommand -a \([a-z-]*\) .*/\1/p' "$fish" | sort)" \
	"$words" "fish completes the commands"
for command in "${all[@]}"; do
	[ -z "${ACTIONS[$command]:-}" ] || continue
	is "$(sed -n "s/^complete -c devid -n '__devid_is $command' -l \\([a-z-]*\\).*/--\\1/p" "$fish" | sort)" \
		"$(options_of "$command")" "fish: $command has its options, and no others"
	is "$(sed -n "s/^complete -c devid -n '__devid_is $command' -l \\([a-z-]*\\) -s \\([a-z]\\).*/-\\2=--\\1/p" "$fish" | sort)" \
		"$(short_of "$command")" "fish: and the short ones"
done
if command -v zsh >/dev/null; then
	ok "zsh reads its file" zsh -n "$zsh"
fi
if command -v fish >/dev/null; then
	ok "fish reads its file" fish -n "$fish"
	fish_words() { # LINE, as typed
		run "${E[@]}" fish --no-config -c "source $fish; complete -C '$1'"
		cut -f1 <<<"$out" | sort
	}
	for command in "${all[@]}" "${!SYNONYMS[@]}"; do
		[ -z "${ACTIONS[$command]:-}" ] || continue
		is "$(fish_words "devid $command --")" "$(options_of "$command")" "fish completes the options of $command"
		is "$err" "" "and says nothing"
	done
fi
ok "bash reads its file" bash -n "$data/completions/devid.bash"
done_testing
