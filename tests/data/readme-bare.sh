#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# README's "Installing" and "Building from source", typed as they stand in bare Debians: what they list is enough to build
# and to install, and what is to be enabled is. Takes many minutes: DEVID_BARE=yes meson test readme-bare
. "$(dirname "$0")/../lib/common.sh"
. "$TESTS/lib/bare.sh"
[ "${DEVID_BARE:-}" = yes ] || skip_all "minutes long: DEVID_BARE=yes meson test readme-bare"
bare_script "$0" "$@"
plan 10
# typed HEADING PATTERN
typed() {
	bare_root
	sed -n "/^## $1\$/,/^## /s/^    //p" "$DEVID_SOURCE/README.md" >"$ROOT/root/typed"
	like "$(cat "$ROOT/root/typed")" "$2" "README says how: $1"
	# No systemd runs here that could start a unit now; it enables them all the same.
	sed -i 's/ enable --now / enable /' "$ROOT/root/typed"
	RUN_BOUND=3000 run "${inside[@]}" /root/typed
	is "$rc" 0 "typed as it stands, it works" || diag "$(tail -n 40 <<<"$out")"
	run "${inside[@]}" -c 'devid version'
	is "$rc" 0 "devid is there"
	run "${inside[@]}" -c 'getent passwd devid && test -d /var/lib/devid'
	is "$rc" 0 "so are its user and its folder"
	run "${inside[@]}" -c 'systemctl is-enabled devid-agent.socket && systemctl --global is-enabled devid-agent.socket devid-expiry.timer'
	is "$rc" 0 "and its units are enabled" || diag "$out"
}
typed 'Building from source' '^apt install .*meson setup .*systemctl enable'
bare_end
typed Installing '^apt build-dep .*data/package.sh deb.*apt install '
done_testing
