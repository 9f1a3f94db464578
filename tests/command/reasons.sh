#!/bin/bash
# One table of causes: every word that the source sets has a row, every row is set somewhere, says what to do with
# commands that exist, is in devid-troubleshooting(7), and nobody else writes its words.
# Arguments: the program that prints the table, the page.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/records.sh"
"$1" >"$T/rows" || bail "no table"
page=$2
cut -f1 "$T/rows" >"$T/words"
sources() {
	find "$DEVID_SOURCE"/helper -name '*.[ch]' -not -path '*/account/reason.c' "$@"
}
is "$(sort "$T/words" | uniq -d)" "" "no word is there twice"
is "$(cut -f3 "$T/rows" | sort | uniq -d)" "the password is wrong" "no cause either, but of the password's two words"

# --- words that are set: the arguments of what takes a word, whole calls
sources -print0 | xargs -0 cat | tr '\n\t' '  ' >"$T/source"
{
	grep -oE '(devid_error_set|refuse)\([^;]{0,80}, *DEVID_[A-Z_]+, *("[^"]*"|[a-z]+ \? *"[^"]*" *: *"[^"]*")' "$T/source" |
		sed 's/.*DEVID_[A-Z_]*, *//'
	grep -oE '(devid_reason_find\(|refuse\([a-z>-]+, (account, )?)"[a-z0-9-]+"' "$T/source" | sed 's/^[^"]*//'
	grep -ohE 'reason = "[^"]*"' "$T/source" | sed 's/^[^"]*//'
} | grep -oE '"[a-z0-9]+(-[a-z0-9]+)*"' | tr -d '"' | sort -u >"$T/set"
diag "$(wc -l <"$T/set") words in calls"
ok "words are found in calls" test "$(wc -l <"$T/set")" -gt 40
is "$(grep -vxFf "$T/words" "$T/set" | tr '\n' ' ')" "" "each of them has a row"

# The first rows stand for the results, and are reached by those.
results=$(grep -cE '^	DEVID_[A-Z_]+ = [0-9]+,' "$DEVID_SOURCE/include/devid/result.h")
like "$results" '^2[0-9]$' "the results are counted"
unset unused
while read -r word; do
	grep -qF "\"$word\"" "$T/source" || unused+=" $word"
done < <(tail -n "+$((results + 1))" "$T/words")
is "${unused:-}" "" "each row behind those of the results is used"
unset own
while IFS=$'\t' read -r word _ cause _; do
	# What is one word or two may mean something else.
	[[ $cause != *' '*' '* ]] || ! grep -qF "\"$cause\"" "$T/source" || own+=" $word"
done <"$T/rows"
is "${own:-}" "" "nobody else has the words of a row"

# --- what to do
is "$(awk -F'\t' '$4 == "-" && $2 != 0 { print $1 }' "$T/rows" | tr '\n' ' ')" "" "each failure has a hint"
"${E[@]}" "$DEVID_COMMAND" --help >"$T/help"
unset wrong
while read -r command; do
	read -ra words <<<"$command"
	"${E[@]}" "$DEVID_COMMAND" "${words[@]:1}" --help >/dev/null 2>&1 || wrong+=" $command;"
done < <(cut -f4 "$T/rows" | grep -oE '\bdevid (ca |policy |account )?[a-z]+(-[a-z]+)*' | sort -u)
is "${wrong:-}" "" "hints name commands that exist"
unset wrong
for option in $(cut -f4 "$T/rows" | grep -oE -- '--[a-z-]+' | sort -u); do
	[ "$option" != --list-all ] && [ "$option" != --list-tokens ] || continue # p11tool's
	grep -qF -- "${option//-/\\-}" "$DEVID_SOURCE/data/man/devid.1" || wrong+=" $option"
done
is "${wrong:-}" "" "and options"
unset wrong
for key in $(cut -f4 "$T/rows" | grep -oE '\b[A-Z][A-Za-z]+=' | sort -u); do
	grep -qF "#$key" "$DEVID_SOURCE/data/account.conf" || wrong+=" $key"
done
is "${wrong:-}" "" "and keys of account.conf"
is "$(awk -F'\t' '$5 ~ /[.]$/ || $3 ~ /[.]$/ || $4 ~ /[.]$/' "$T/rows")" "" "no row ends with a full stop"
for also in 'No matching' 'check failed' 'not trusted' 'key was refused' 'not compliant' 'not supported'; do
	ok "other clients' \"$also\" has rows" grep -qE "	[^	]*$also[^	]*\$" "$T/rows"
done

# --- the page
MANWIDTH=10000 LC_ALL=C.UTF-8 man --warnings=all -l "$page" >"$T/page" 2>"$T/warnings"
is "$(grep -v 'cannot adjust line\|can.t break line' "$T/warnings")" "" "man has no complaint about it"
sed -n '/^CAUSES/,/^SEE ALSO/p' "$T/page" | sed 's/‐/-/g; s/’/'\''/g; s/  */ /g; s/^ //' >"$T/causes"
sed -n '/^WHAT OTHER/,/^CAUSES/p' "$T/page" | sed 's/‐/-/g; s/  */ /g; s/^ //' >"$T/others"
unset missing
while IFS=$'\t' read -r word _ cause hint also; do
	# A short word is on the line of its cause.
	grep -qE "^$word( |\$)" "$T/causes" && grep -qF -- "$cause" "$T/causes" || missing+=" $word"
	[ "$hint" = - ] || grep -qxF -- "hint: $hint" "$T/causes" || missing+=" $word's-hint"
	[ "$also" = - ] || grep -A 1 -xF -- "$also" "$T/others" | grep -qE "(^|, )$word(,|\$)" || missing+=" $word's-also"
done <"$T/rows"
is "${missing:-}" "" "every row is in the page"
is "$(grep -c '^hint:' "$T/causes")" "$(cut -f4 "$T/rows" | grep -vcx -- -)" "and nothing else"
unset silent
for other in "$DEVID_SOURCE"/data/man/*.[1-8]; do
	grep -qF 'devid\-troubleshooting (7)' "$other" || silent+=" $other"
done
is "${silent:-}" "" "the other pages refer to it"
done_testing
