#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each program and library is built with what the compiler has against attacks on memory: asked of what was built, in
# every compilation unit of it, the tests' own apart.
#
#	hardening.sh COMPILER OBJECT…
. "$(dirname "$0")/../lib/common.sh"
compiler=$1
shift
flags=()
for flag in -fstack-protector-strong -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero; do
	if "$compiler" -Werror "$flag" -x c -c -o "$T/empty.o" - <<<'int devid;' 2>"$T/refused"; then
		flags+=("$flag")
	else
		diag "the compiler has no $flag"
	fi
done
[ ${#flags[@]} -gt 0 ] || bail "the compiler has none: $(cat "$T/refused")"
for object; do
	name=$(basename "$object")
	# With -g the compiler writes down how it was called, once a unit.
	readelf --debug-dump=info --dwarf-depth=1 "$object" 2>/dev/null | grep DW_AT_producer | grep -v ' GNU AS ' >"$T/units"
	ok "$name says how it was built" test -s "$T/units"
	for flag in "${flags[@]}"; do
		is "$(grep -cvE -e " $flag(=full)?( |\$)" "$T/units")" 0 "all $(wc -l <"$T/units") units of $name have $flag"
	done
done
done_testing
