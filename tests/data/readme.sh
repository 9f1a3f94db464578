#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# README's "Building from source": its list of packages brings all that its own line of meson asks for, and what it runs.
# What is installed here tells which package needs which; readme-bare.sh types it all in a bare Debian.
. "$(dirname "$0")/../lib/common.sh"
plan 5
README=$DEVID_SOURCE/README.md
typed() {
	sed -n '/^## Building from source$/,/^[^ #]/s/^    //p' "$README" | sed -e ':a' -e '/\\$/N; s/\\\n//; ta'
}
read -ra listed < <(typed | sed -n 's/^apt install //p')
setup=$(typed | sed -n 's/^\(meson setup build[^&]*\)&&.*/\1/p')
is "${#listed[@]}" "$(printf '%s\n' "${listed[@]}" | sort -u | wc -l)" "README lists packages, each once"
like "$setup" '^meson setup build' "and says how to set up a build"

# Every package that comes with these, by what the installed ones say of themselves (a bare Debian's own too).
closure() {
	dpkg-query -W -f '${Package}\t${Essential}\t${Provides}\t${Pre-Depends}, ${Depends}\n' | /usr/bin/python3 -c '
import re, sys
name = lambda text: re.split(r"[ :(]", text.strip())[0]
needs, given, todo = {}, {}, sys.argv[1:]
for line in sys.stdin:
    package, essential, provides, depends = line.rstrip("\n").split("\t")
    needs[package] = [[name(one) for one in either.split("|")] for either in depends.split(",") if either.strip()]
    for one in provides.split(","):
        given.setdefault(name(one), package)
    if essential == "yes":
        todo.append(package)
have = set()
while todo:
    package = todo.pop()
    package = package if package in needs else given.get(package)
    if package and package not in have:
        have.add(package)
        todo += [one for either in needs[package] for one in either]
print("\n".join(sorted(have)))' "${listed[@]}"
}
closure >"$T/closure"
not_ok "it is a list that leaves something out" grep -qx libcmocka-dev "$T/closure"

mkdir "$T/source" && (cd "$DEVID_SOURCE" && find . -mindepth 1 -maxdepth 1 ! -name 'build*' ! -name .git -exec cp -r {} "$T/source/" \;)
cd "$T/source" || bail "no sources"
RUN_BOUND=600 run bash -c "${setup/meson setup/exec meson setup}"
is "$rc" 0 "it sets up as README says" || diag "$out"
absent=
while read -r library; do
	file=$(pkg-config --variable=pcfiledir "$library")/$library.pc
	[ -e "$file" ] || continue
	package=$(dpkg -S "$(readlink -f "$file")" 2>/dev/null | cut -d: -f1)
	grep -qx "$package" "$T/closure" || absent+="$package ($library) "
done < <(meson introspect "$T/source/build" --dependencies | /usr/bin/python3 -c '
import json, sys
print("\n".join(sorted({one["name"] for one in json.load(sys.stdin)})))')
is "$absent" "" "each library that it found comes with README's packages"
done_testing
