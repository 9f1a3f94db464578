#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The cases that need a booted machine (systemd as PID 1, AppArmor, a TPM by the kernel's driver): builds as shipped,
# and boots a Debian 12 in qemu for each case of cases/, or for those that are named. The last line is
#
#	N passed, N failed, N skipped
#
# counted by TAP line. Needs Debian 12 and root; with /dev/kvm it takes minutes, without it much longer (vm.sh).
#
#	bash tests/vm/run.sh [--build FOLDER] --all | CASE…
set -u
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
exec </dev/null
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
build=$source/build-vm
[ "${1:-}" != --build ] || { build=$2 && shift 2; }
cases=("$@")
case ${1:-} in
'')
	sed -n '3,/^set/{/^#/p}' "$0" >&2
	exit 2
	;;
--all)
	cases=()
	for file in "$here"/cases/*.sh; do cases+=("$(basename "$file" .sh)"); done
	;;
esac
passed=0
failed=0
skipped=0
begin=$(date +%s)
say() {
	echo "[$(($(date +%s) - begin)) s] $*"
}
failure() {
	failed=$((failed + 1))
	say "FAILED: $*"
}
the_end() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit
}

. "$here/../lib/packages.sh"
mapfile -t missing < <(packages_missing build-essential meson ninja-build pkg-config openssl libp11-kit-dev libgnutls28-dev \
	libjson-glib-dev libssl-dev libtss2-dev systemd qemu-system-x86 swtpm swtpm-tools gnutls-bin mmdebstrap e2fsprogs)
if [ ${#missing[@]} -gt 0 ]; then
	say "installing ${missing[*]}"
	packages_install "/tmp/devid-apt.$$" "${missing[@]}" || {
		tail -n 30 "/tmp/devid-apt.$$"
		failure "apt-get could not install ${missing[*]}"
		the_end
	}
	rm -f "/tmp/devid-apt.$$"
fi
say building
{
	meson setup "$build" "$source" --prefix=/usr -Dwerror=true -Dbuildtype=debugoptimized -Dtpm=enabled &&
		ninja -C "$build" && bash "$here/vm.sh" build
} >"$build.log" 2>&1 || {
	tail -n 40 "$build.log"
	failure "no build"
	the_end
}

# tally CASE STATUS LOG: a machine that ended before its plan was kept is a failure more.
tally() {
	local good bad skips plan
	skips=$(grep -cE '^ok .*# SKIP' "$3")
	good=$(($(grep -cE '^ok ' "$3") - skips))
	bad=$(grep -cE '^not ok ' "$3")
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$3")
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + skips))
	say "$1: $good passed, $bad failed, $skips skipped"
	grep -vE '^ok |^1\.\.' "$3"
	[ "$plan" = $((good + bad + skips)) ] && { [ "$2" -eq 0 ] || [ "$bad" -gt 0 ]; } || failure "$1: ended with $2, plan: ${plan:-none}"
}
for case in "${cases[@]}"; do
	if [ ! -f "$here/cases/$case.sh" ]; then
		failure "no such case: $case"
		continue
	fi
	say "$case: booting"
	status=0
	DEVID_BUILD=$build DEVID_TEST_PKI=$build/tests/certs/pki bash "$here/boot.sh" "$case" >"$build.log" 2>&1 &
	trap 'kill "$!" && wait "$!"; exit 143' INT TERM HUP
	wait "$!" || status=$?
	tally "$case" "$status" "$build.log"
done
rm -f "$build.log"
the_end
