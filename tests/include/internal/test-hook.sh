#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A build that is shipped knows none of the hooks of include/internal/test-hook.h, not even by name: asked of each file
# that was built. In a build for tests each name is found, so that the others are known to be looked for rightly.
#
#	test-hook.sh with|without OBJECT…
. "$(dirname "$0")/../../lib/common.sh"
how=$1
shift
mapfile -t sources < <(find "$DEVID_SOURCE"/{include,helper,module} -name '*.[ch]')

# The header tells the names, and the code may use no others.
told=$(grep -oE '\bDEVID_[A-Z_]*(DIR|AGENT|MODULE|ROOT|BOUNDS|PART|TCTI)\b' "$DEVID_SOURCE/include/internal/test-hook.h" | sort -u)
used=$(grep -ohE '\bTEST_HOOK\("[^"]*"' "${sources[@]}" | cut -d'"' -f2 | sort -u)
is "$used" "$told" "the header tells each variable that stands in for something"
ok "there are some" test "$(wc -l <<<"$told")" -ge 11
is "$(grep -n '"DEVID_[A-Z]' "${sources[@]}" | grep -vw 'TEST_HOOK\(_NAME\|_IS\)\?')" "" "none is read in another way"

looked_in=()
for object; do
	strings -a "$object" >"$T/$(basename "$object").strings"
	ok "$(basename "$object") has strings" test -s "$T/$(basename "$object").strings"
	looked_in+=("$T/$(basename "$object").strings")
done
for name in $told test_hook_fault; do
	found=$(grep -lwF -e "$name" "${looked_in[@]}" | xargs -r -n 1 basename)
	if [ "$how" = with ]; then
		isnt "$found" "" "$name is in a build for tests"
	else
		is "$found" "" "$name is in no file"
	fi
done
done_testing
