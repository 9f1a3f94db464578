#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# data/demo.sh, before its first step: it asks for name spaces before it installs anything; what it installs is
# neither started nor enabled; its lines fit 80 columns and it shows that it builds.
. "$(dirname "$0")/../lib/common.sh"
. "$TESTS/lib/packages.sh"
private_etc "$0" "$@"
plan 10
DEMO=$DEVID_SOURCE/data/demo.sh

# instead PROGRAM LINE: a script in its place, in this name space alone.
instead() {
	printf '#!/bin/bash\n%s\n' "$2" >"$T/${1##*/}"
	chmod 755 "$T/${1##*/}"
	mount --bind "$T/${1##*/}" "$1" || bail "can't mount over $1"
}
instead /usr/bin/apt-get "echo \"\$*\" >>'$T/apt.log'; exit 1"
instead /usr/bin/dpkg-query 'exit 1'
run bash "$DEMO"
is "$rc" 1 "without packages it gives up"
like "$(cat "$T/apt.log")" '^update' "after it asked for them"
like "$out" '== Packages: apt-get install build-essential' "and said which"
is "$(awk 'length > 80' <<<"$out")" "" "in lines of 80 columns"
rm "$T/apt.log"
instead /usr/bin/unshare 'exit 1'
run bash "$DEMO"
is "$rc" 1 "without name spaces it gives up too"
like "$err" 'allows no name spaces' "and says so"
not_ok "before it asked for a single package" test -e "$T/apt.log"

# --- what packages bring
# shellcheck disable=SC2317
apt-get() {
	[ "$1" = install ] || return 0
	printf '[Unit]\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/dv-new.service
	systemctl enable dv-new.service
	/usr/sbin/policy-rc.d
	echo "may start: $?"
}
ok "packages are installed" packages_install "$T/install.log" some
like "$(cat "$T/install.log")" 'may start: 101' "what they bring isn't started"
is "$(packages_enabled | grep dv-new)" "" "nor enabled"
done_testing
