#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid.module as p11-kit reads it. A syntax error in any such file makes p11-kit fail for every module
# of the machine, silently; so the check is also shown a bad file.
. "$(dirname "$0")/../lib/common.sh"
file=$DEVID_SOURCE/data/devid.module
plan 11

# What p11-kit says when devid.module is $1 and another module's file is beside it.
modules() {
	mkdir -p "$T/modules"
	cp "$1" "$T/modules/devid.module"
	echo 'module: p11-kit-trust.so' >"$T/modules/other.module"
	run "${E[@]}" P11_KIT_DEBUG=conf,lib unshare -m --propagation private bash -c \
		'mount --bind "$1" /usr/share/p11-kit/modules && exec p11-kit list-modules' modules "$T/modules"
}

modules "$file"
is "$rc" 0 "p11-kit reads it"
like "$out" '(^|'$'\n'')(other|module: other)' "and lists the module beside it"
unlike "$err" 'invalid field|no colon|couldn.t parse' "without a word about the file"
(cat "$file"; echo 'not a field') >"$T/bad.module"
modules "$T/bad.module"
not_ok "a bad line would be noticed" grep -q '^other\|module: other' "$T/run.out"

# Every line is a comment, empty, or a field of pkcs11.conf(5) that we mean to set.
fields=$(grep -v '^#' "$file" | grep .)
is "$(grep -cvE '^(module|critical|priority): [^ ]+$' <<<"$fields")" 0 "only fields that are known"
is "$(sort <<<"$fields" | cut -d: -f1 | uniq -d)" "" "none of them twice"
like "$fields" '(^|'$'\n'')module: devid-pkcs11\.so($|'$'\n'')' "the module's name is relative"
like "$fields" 'critical: no' "a machine works without it"
like "$fields" 'priority: 0' "its priority is 0"
unlike "$fields" 'trust-policy' "it has no say about trust"
is "$(tail -c 1 "$file" | od -An -tx1 | tr -d ' ')" 0a "its last line ends"
done_testing
