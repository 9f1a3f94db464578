#!/bin/bash
# The table of subcommands is the documentation: usage text, completions and manual page agree with it, each
# command and each option, both ways.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/records.sh"
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

# --- the manual page
page=$data/man/devid.1
run man --warnings -E UTF-8 -l -Tutf8 "$page"
is "$err" "" "the manual page has no faults"
plain=$(sed 's/\\-/-/g; s/\\\.//g; s/\\|//g' "$page")
# section COMMAND: the lines of its part of the page.
section() {
	awk -v want="$1" -v groups="${!ACTIONS[*]}" '/^\.S[SH]/ {
		title = $0; sub(/^\.S[SH] /, "", title); sub(/^devid /, "", title)
		split(title, words, " ")
		name = words[1]; if (index(" " groups " ", " " name " ") && words[2] != "") name = name " " words[2]
		inside = (name == want)
	} inside' <<<"$plain"
}
for command in "${all[@]}" help; do
	isnt "$(section "$command")" "" "the page has a part on $command"
done
is "$(grep -c '^\.SS devid' "$page")" $((${#all[@]} + 1)) "and on nothing else"
for command in "${all[@]}"; do
	documented=$(section "$command" | grep -A1 '^\.TP' | grep -oE -- '--[a-z-]+' | sort)
	is "$documented" "$(options_of "$command" | grep -v '^--help$')" "$command: the page has its options, and no others"
	for pair in $(short_of "$command" | grep -v '^-h'); do
		like "$(section "$command")" "${pair%%=*}\"?[ \\\\]" "$command: the page has ${pair%%=*}"
	done
done
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
