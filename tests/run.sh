#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs every test from a fresh clone: installs what is missing, builds as released but for the hooks of tests
# and runs all; builds with address and undefined-behaviour sanitizers and runs what is no script of clients
# or of the command; with the thread sanitizer, those of threads under load; and as it is shipped, those that
# need no hooks. Warnings are errors. Needs Debian 12 and root (apt, name spaces of mounts and networks). The
# last line is
#
#	N passed, N failed, N skipped
#
# counted by TAP subtest. A build that fails, a test that crashes, hangs or breaks its plan, a report of a
# sanitizer, a file that is not formatted, or no test at all: each is a failure, and then the status is 1.
#
#	bash tests/run.sh [--source FOLDER] [--build FOLDER] [--tree plain|asan|asan-shell|tsan|shipped]...
#
# asan-shell is run by name alone: the command's shell tests with sanitizers, which take as long as all the
# rest. What they parse is fuzzed with sanitizers in `asan`, where the agent's shell tests run too.
set -u
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
exec </dev/null
umask 022

here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")
build=
trees=()
while [ $# -gt 0 ]; do
	case $1 in
	--source) source=$(cd "$2" && pwd) && shift 2 ;;
	--build) build=$2 && shift 2 ;;
	--tree) trees+=("$2") && shift 2 ;;
	--tree=*) trees+=("${1#--tree=}") && shift ;;
	*)
		echo "run.sh: unknown word: $1" >&2
		exit 2
		;;
	esac
done
# Tests that become other users must reach programs and scripts: a clone in /root is seen from /srv too.
nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
if [ -z "$build" ] && [ "$(id -u)" -eq 0 ] && [ "$here" = "$source/tests" ] && [ "$source" != /srv ] &&
	! nobody test -r "$source/meson.build"; then
	exec unshare -m --propagation private bash -c \
		'mount --bind "$0" /srv && cd /srv && exec bash tests/run.sh "$@"' "$source" "${trees[@]/#/--tree=}"
fi
build=${build:-$source/build-run}
[ ${#trees[@]} -gt 0 ] || trees=(plain asan tsan shipped)
begin=$(date +%s)
# Commands of the machine itself, not of somebody's home.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

packages=(
	build-essential meson ninja-build pkg-config python3 git ca-certificates
	libp11-kit-dev libgnutls28-dev libglib2.0-dev libjson-glib-dev libssl-dev
	libcmocka-dev nettle-dev clang-format
	libtss2-dev swtpm swtpm-tools tpm2-tools tpm2-openssl tpm2-abrmd libtss2-tcti-tabrmd0
	p11-kit p11-kit-modules gnutls-bin openssl opensc softhsm2 libsecret-tools libglib2.0-bin
	gnome-keyring gcr dbus dbus-daemon python3-gi python3-dbus python3-dbusmock gir1.2-secret-1 gir1.2-gcr-3
	systemd systemd-container iproute2 iputils-ping procps util-linux strace man-db groff libnss3-tools default-jdk-headless python3-cryptography
	zsh fish gnome-keyring-pkcs11
	# Other Secret Services, and what their dialogs need.
	keepassxc libkf5wallet-bin xvfb xdotool openbox
	# Clients of a device identity, and servers for them to meet.
	curl wget libengine-pkcs11-openssl openssh-client openssh-server openconnect ocserv sudo openvpn wpasupplicant
	hostapd charon-systemd strongswan-swanctl strongswan-pki libstrongswan-standard-plugins libstrongswan-extra-plugins
	libcharon-extra-plugins chromium stunnel4 nginx-light network-manager network-manager-openconnect apparmor
	polkitd selinux-policy-dev checkpolicy semodule-utils fcgiwrap firefox-esr dnsmasq-base nftables iptables nodejs
	golang-go golang-github-thalesignite-crypto11-dev
	# A bare Debian, and packages for it.
	mmdebstrap debhelper dh-apparmor lintian piuparts autopkgtest rpm rpmlint
	# Sandboxes.
	bubblewrap flatpak python3-pykcs11
	# Other PKCS#11 modules, registered beside ours.
	libtpm2-pkcs11-1 libtpm2-pkcs11-tools
)

passed=0
failed=0
skipped=0
say() {
	echo "[$(($(date +%s) - begin)) s] $*"
}
failure() {
	failed=$((failed + 1))
	say "FAILED: $*"
}
the_end() {
	[ $((passed + failed)) -gt 0 ] || failure "no test ran"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit $?
}

# --- what is needed

. "$here/lib/packages.sh"
mapfile -t missing < <(packages_missing "${packages[@]}")
if [ ${#missing[@]} -gt 0 ]; then
	say "installing ${missing[*]}"
	packages_install "/tmp/devid-apt.$$" "${missing[@]}" || {
		tail -n 30 "/tmp/devid-apt.$$"
		failure "apt-get could not install ${missing[*]}"
	}
	rm -f "/tmp/devid-apt.$$"
fi
[ "$(id -u)" -eq 0 ] || say "not root: tests that need name spaces are skipped or fail"

# --- how the code is written

mapfile -t files < <(cd "$source" && { git ls-files '*.c' '*.h' 2>/dev/null || find . -name '*.[ch]' -not -path './build*'; })
if [ ${#files[@]} -gt 0 ]; then
	say "formatting of ${#files[@]} files"
	if (cd "$source" && clang-format --style=file --dry-run --Werror "${files[@]}") >"/tmp/devid-format.$$" 2>&1; then
		passed=$((passed + 1))
	else
		head -n 60 "/tmp/devid-format.$$"
		failure "not formatted: $(sed -n 's/^\([^:]*\):[0-9].*/\1/p' "/tmp/devid-format.$$" | sort -u | tr '\n' ' ')"
	fi
	rm -f "/tmp/devid-format.$$"
fi

# --- one tree

declare -A options=(
	[plain]='-Dtest-hooks=true -Dbuildtype=debugoptimized -Db_sanitize=none'
	[asan]='-Dtest-hooks=true -Dbuildtype=debug -Doptimization=1 -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=undefined'
	[tsan]='-Dtest-hooks=true -Dbuildtype=debug -Doptimization=1 -Db_sanitize=thread'
	[shipped]='-Dtest-hooks=false -Dbuildtype=debugoptimized -Db_sanitize=none'
)
options[asan-shell]=${options[asan]}
# Programs that were not built with a sanitizer can't load a module that was: clients run in the plain tree.
declare -A suites=(
	[asan]='--no-suite clients --no-suite data --no-suite lib --no-suite install --no-suite shell'
	[asan-shell]='--suite shell'
	[tsan]='--suite stress'
)
# All of a tree is built, unless it says what is enough for its tests.
declare -A targets=(
	[tsan]='helper/agent/devid-agent helper/command/devid module/devid-pkcs11.so tests/fault/fault-stress
		tests/certs/pki.stamp'
)
# The thread sanitizer's runtime doesn't know the addresses that a kernel with much randomness hands out.
declare -A before=()
if setarch --addr-no-randomize true 2>/dev/null; then
	before[tsan]='setarch --addr-no-randomize'
fi

export HOME=${HOME:-/root}

# build_tree TREE: 0, or what can't be is said.
build_tree() {
	local tree=$1 folder=$build/$1 log=$build/$1.log
	mkdir -p "$build"
	say "$tree: building"
	# shellcheck disable=SC2086
	if ! { meson setup "$folder" "$source" --prefix=/usr -Dwerror=true ${options[$tree]} ||
		meson setup --wipe "$folder" "$source" --prefix=/usr -Dwerror=true ${options[$tree]}; } >"$log" 2>&1; then
		tail -n 40 "$log"
		failure "$tree: meson setup"
		return 1
	fi
	share_pki "$folder"
	# shellcheck disable=SC2086
	if ! nice -n "${#testing[@]}" ninja -C "$folder" ${targets[$tree]:-} >"$log" 2>&1; then
		grep -A12 -E '^FAILED|error:|warning:' "$log" | head -n 100
		failure "$tree: build"
		return 1
	fi
	say "$tree: built"
}

# The keys and certificates of the tree that was built first serve all (make.sh does nothing where they are).
share_pki() {
	local first=$build/${trees[0]}/tests/certs/pki
	[ -e "$first/.stamp" ] && [ ! -e "$1/tests/certs/pki" ] || return 0
	mkdir -p "$1/tests/certs" && cp -a "$first" "$1/tests/certs/"
}

# test_tree TREE: prints what its tests did, and last "PASSED FAILED SKIPPED".
test_tree() {
	local tree=$1 folder=$build/$1 log=$build/$1.log counts report
	passed=0 failed=0 skipped=0
	# Agents run as several users, detached, without a terminal: their sanitizers write here.
	rm -rf "$folder/sanitizer"
	mkdir -m 1777 "$folder/sanitizer"
	chmod 1777 "$folder/sanitizer"
	rm -f "$folder/meson-logs/testlog.json"
	# shellcheck disable=SC2086
	env -i PATH="$PATH" HOME="$HOME" LC_ALL=C.UTF-8 TERM=dumb \
		${before[$tree]:-} meson test -C "$folder" --no-rebuild --num-processes "$processes" --timeout-multiplier 6 \
		${suites[$tree]:-} >"$log" 2>&1
	sed -n 's/^ *\([0-9]*\/[0-9]* .*\)/    \1/p' "$log"
	if [ ! -s "$folder/meson-logs/testlog.json" ]; then
		tail -n 20 "$log"
		failure "$tree: no test ran"
	elif ! /usr/bin/python3 "$here/lib/tally.py" "$folder/meson-logs/testlog.json" >"$log.tally"; then
		failure "$tree: the log of the tests can't be read"
	else
		sed '$d' "$log.tally"
		read -r -a counts <<<"$(tail -n 1 "$log.tally")"
		passed=${counts[0]} failed=${counts[1]} skipped=${counts[2]}
	fi
	for report in "$folder/sanitizer"/*; do
		[ -s "$report" ] || continue
		head -n 80 "$report"
		failure "$tree: a sanitizer's report"
	done
	say "$tree: $passed passed, $failed failed, $skipped skipped"
	echo "$passed $failed $skipped"
}

# Most tests wait more than they compute, and a build computes: while one tree is tested the next one is built.
processes=$(($(nproc) + 1))
declare -A testing=()
end_tests() {
	local pid
	for pid in "${testing[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null
	done
	exit 130
}
trap end_tests INT TERM HUP
for tree in "${trees[@]}"; do
	if [ -z "${options[$tree]:-}" ]; then
		failure "no such tree: $tree"
		continue
	fi
	build_tree "$tree" || continue
	say "$tree: testing"
	set -m # a group of processes for each, to be ended with it
	test_tree "$tree" >"$build/$tree.report" 2>&1 &
	set +m
	testing[$tree]=$!
done
for tree in "${trees[@]}"; do
	[ -n "${testing[$tree]:-}" ] || continue
	wait "${testing[$tree]}"
	unset "testing[$tree]"
	counts=()
	read -r -a counts <<<"$(tail -n 1 "$build/$tree.report")"
	if [[ "${counts[*]}" =~ ^[0-9]+\ [0-9]+\ [0-9]+$ ]]; then
		sed '$d' "$build/$tree.report"
		passed=$((passed + counts[0]))
		failed=$((failed + counts[1]))
		skipped=$((skipped + counts[2]))
	else
		cat "$build/$tree.report"
		failure "$tree: its tests ended before their end"
	fi
done
the_end
