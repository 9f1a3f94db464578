#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libdevid.so shows what the public headers declare, no more and no less.
. "$(dirname "$0")/../../lib/common.sh"
plan 2

shown=$(nm -D --defined-only "$1" | sed 's/.* //' | grep -v '^__' | sort -u)
declared=$(cat "$DEVID_SOURCE"/include/devid/*.h | grep -v '#define' | tr '\n\t' '  ' |
	grep -o 'DEVID_PUBLIC [^;]*;' | sed 's/^[^(]*\(devid_[a-z_0-9]*\)(.*/\1/' | sort -u)
ok "the headers declare something" test -n "$declared"
is "$shown" "$declared" "the library shows that"
done_testing
