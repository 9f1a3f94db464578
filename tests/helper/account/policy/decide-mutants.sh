#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The truth table is worth something: every value of a column stands beside every value of every other column in
# some row, and each fault that is put into the evaluator (decide-mutations.txt) makes a row fail.
# decide-mutants.sh TABLE MUTATIONS RUNNER.c ARCHIVE ARCHIVE ARCHIVE COMPILER…
. "$(dirname "$0")/../../../lib/common.sh"
table=$1
mutations=$2
runner=$3
archives=("$4" "$5" "$6")
shift 6
cc=("$@" -w -O0 -std=c11 -D_GNU_SOURCE -I"$DEVID_SOURCE/include" -I"$DEVID_SOURCE/helper" -I"$DEVID_SOURCE/helper/account/policy"
	$(pkg-config --cflags gio-2.0 gnutls json-glib-1.0))
[ "${DEVID_SANITIZE:-none}" = none ] || cc+=("-fsanitize=$DEVID_SANITIZE")
libraries=$(pkg-config --libs gio-unix-2.0 gnutls json-glib-1.0)

# missing_pairs TABLE: the pairs of values that stand in no row together, and values that are no level.
missing_pairs() {
	awk '
	$1 == "levels" { for (i = 3; i <= NF; i++) level[$2, $i] = 1; for (i = 3; i <= NF; i++) of[$2] = of[$2] " " $i
		order[++columns] = $2; next }
	/^#/ || NF == 0 { next }
	$1 == "setting" { for (i = 1; i <= columns; i++) if ($i != order[i]) print "column " i " is " $i; next }
	{
		for (i = 1; i <= columns; i++) {
			if (!((order[i], $i) in level) && $i != "-") print "line " NR ": " order[i] " " $i
			for (k = i + 1; k <= columns; k++) seen[i, $i, k, $k] = 1
		}
	}
	END {
		if (columns != 16) print columns " columns with levels"
		for (i = 1; i <= columns; i++) for (k = i + 1; k <= columns; k++) {
			n = split(of[order[i]], a, " "); m = split(of[order[k]], b, " ")
			for (x = 1; x <= n; x++) for (y = 1; y <= m; y++)
				if (!((i, a[x], k, b[y]) in seen)) print order[i] "=" a[x] " with " order[k] "=" b[y]
		}
	}' "$1"
}
is "$(missing_pairs "$table")" "" "every value of a column stands beside every value of every other"
awk '/^# every field with every other/ { exit } { print }' "$table" >"$T/half.txt"
isnt "$(missing_pairs "$T/half.txt")" "" "and it would be noticed if one did not"

# build NAME SOURCE…: the table's runner, with these files in place of the library's own.
build() {
	local program=$T/$1
	shift
	"${cc[@]}" -o "$program" "$T/runner.o" "$@" "${archives[@]}" $libraries >"$T/build.log" 2>&1 ||
		{ diag "$(tail -n 5 "$T/build.log")"; return 1; }
}
ok "the runner can be built" "${cc[@]}" -c -o "$T/runner.o" "$runner"
mkdir "$T/src"
ok "with the evaluator's own files" build sound "$DEVID_SOURCE"/helper/account/policy/{decide,decide-rule,deciding,who}.c
run "${E[@]}" "$T/sound" "$table"
is "$rc" 0 "the table holds for the evaluator"

mutant() { # WHAT FILE BEFORE AFTER
	local text rest
	text=$(cat "$DEVID_SOURCE/helper/account/policy/$2")
	rest=${text#*"$3"}
	if [ "$rest" = "$text" ] || [ "${rest#*"$3"}" != "$rest" ]; then
		fail "$1: \"$3\" does not stand once in $2"
		return
	fi
	printf '%s\n' "${text%%"$3"*}$4$rest" >"$T/src/$2"
	if ! build mutant "$T/src/$2"; then
		fail "$1: can't be built"
		return
	fi
	# A fault may leak; that is not what is looked for.
	run "${E[@]}" ASAN_OPTIONS=detect_leaks=0 "$T/mutant" "$table"
	like "$rc:$out" '^1:.*not ok' "noticed: $1"
}
count=0
fields=()
while read -r line; do
	case $line in
	"# "*) what=${line#\# } fields=() ;;
	"") [ ${#fields[@]} -ne 3 ] || { mutant "$what" "${fields[@]}"; count=$((count + 1)); fields=(); } ;;
	*) fields+=("$line") ;;
	esac
done < <(sed 1,2d "$mutations" && echo)
ok "there are mutations" test "$count" -ge 50
done_testing
