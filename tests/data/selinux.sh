#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The SELinux policy module compiles and links with Debian's reference policy. No kernel here enforces it.
. "$(dirname "$0")/../lib/common.sh"
devel=/usr/share/selinux/devel
[ -e $devel/Makefile ] || bail "selinux-policy-dev is not installed"
cp "$DEVID_SOURCE"/data/selinux/devid.{te,fc,if} "$T/tmp/"
compile() {
	RUN_BOUND=120 run "${E[@]}" make -C "$T/tmp" -f $devel/Makefile NAME=devid devid.pp
}
compile
is "$rc" 0 "the module compiles" || diag "$out" "$err"
like "$(head -c 400 "$T/tmp/devid.pp" | tr -d '\0')" 'SE Linux Module' "to a policy package"
unlike "$out$err" '[Ww]arning|[Dd]eprecated' "without a warning"
sed -n 's/.*:object_r:\([a-z_]*\),.*/\1/p' "$T/tmp/devid.fc" | while read -r type; do
	grep -q "^type $type;" "$T/tmp/devid.te" || echo "$type"
done >"$T/unknown"
is "$(cat "$T/unknown")" "" "each label of a file is a type of it"
echo 'allow devid_agent_t nowhere_t:file read;' >>"$T/tmp/devid.te"
rm "$T/tmp/devid.pp"
compile
isnt "$rc" 0 "a faulty rule would be noticed"
done_testing
