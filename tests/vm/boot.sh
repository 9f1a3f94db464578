#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One case of tests/vm/cases in a booted machine with devid as DEVID_BUILD's `meson install` leaves it: TAP.
#
#	boot.sh [--short] CASE		--short: what can be seen at the first boot, and only where KVM makes it quick
set -u
here=$(cd "$(dirname "$0")" && pwd)
short=
[ "$1" != --short ] || { short=yes && shift; }
if [ -n "$short" ]; then
	for need in qemu-system-x86_64 swtpm_setup mmdebstrap mke2fs; do
		command -v "$need" >/dev/null || { echo "1..0 # SKIP needs $need" && exit 0; }
	done
	[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root" && exit 0; }
	bash "$here/vm.sh" made || { echo "1..0 # SKIP needs the image, which tests/vm/run.sh makes" && exit 0; }
	bash "$here/vm.sh" kvm || { echo "1..0 # SKIP needs KVM with the processor's own means: emulated it takes too long" && exit 0; }
fi
folder=$(mktemp -d /var/tmp/devid-case.XXXXXX) || exit 99
boot=
clean() {
	[ -z "$boot" ] || { kill "$boot" && wait "$boot"; } 2>/dev/null
	rm -rf "$folder"
}
trap clean EXIT
trap 'exit 143' INT TERM HUP
DESTDIR=$folder/dest meson install -C "$DEVID_BUILD" --no-rebuild --quiet >"$folder/install.log" 2>&1 || {
	echo "Bail out! can't install: $(tail -n 3 "$folder/install.log")"
	exit 99
}
mkdir -p "$folder/tests"
cp -a "$here" "$here/../lib" "$folder/tests/"
cp -a "$DEVID_TEST_PKI" "$folder/pki"
[ -z "$short" ] || touch "$folder/short"
bash "$here/vm.sh" run "$folder" "$here/cases/$1.sh" &
boot=$!
wait "$boot"
status=$?
boot=
exit "$status"
