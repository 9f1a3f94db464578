#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian's own judges of packages: piuparts (install, purge and install again leave a bare Debian as it was) and
# autopkgtest (data/packaging/debian/tests/, in a bare Debian with the packages in it). Takes many minutes:
#
#	DEVID_BARE=yes meson test packages-policy
#
# DEVID_PACKAGES=FOLDER takes packages that are built already.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/bare.sh"
[ "${DEVID_BARE:-}" = yes ] || skip_all "minutes long: DEVID_BARE=yes meson test packages-policy"
bare_script "$0" "$@"
packages=${DEVID_PACKAGES:-$T/packages}
if [ -z "${DEVID_PACKAGES:-}" ]; then
	RUN_BOUND=1500 run env DEB_BUILD_OPTIONS=nocheck bash "$DEVID_SOURCE/data/package.sh" deb "$packages"
	is "$rc" 0 "packages are built" || bail "$(tail -n 40 <<<"$err")"
fi
bare_keep || bail "no bare root: $(tail -n 20 "$T/root.log")"

# What piuparts is to begin with has no mounts in it, and reaches the archive.
mkdir -p "$T/base" "$T/piuparts" "$T/autopkgtest" && tar -C "$T/base" -xf "$KEPT" && mkdir -p "$T/base"/{dev,proc,sys,tmp} || bail "can't unpack $KEPT"
chmod 1777 "$T/base/tmp"
apt-config dump | grep -E '^Acquire::https?::Proxy ' >"$T/base/etc/apt/apt.conf.d/99proxy"
mknod -m 666 "$T/base/dev/null" c 1 3 && mknod -m 666 "$T/base/dev/urandom" c 1 9 && mknod -m 666 "$T/base/dev/zero" c 1 5 &&
	mknod -m 666 "$T/base/dev/random" c 1 8 || bail "can't make devices"
ln -s /proc/self/fd "$T/base/dev/fd"
cp -L /etc/resolv.conf /etc/hosts "$T/base/etc/"
# They need each other: they are in an archive of their own.
mkdir "$T/base/srv/archive" && cp "$packages"/*.deb "$T/base/srv/archive/" &&
	(cd "$T/base/srv/archive" && dpkg-scanpackages -m . >Packages 2>"$T/scan.log") || bail "no archive: $(cat "$T/scan.log")"
echo 'deb [trusted=yes] copy:/srv/archive ./' >"$T/base/etc/apt/sources.list.d/archive.list"
RUN_BOUND=1500 run piuparts --existing-chroot="$T/base" --distribution=bookworm --keep-sources-list --no-eatmydata \
	--skip-minimize --skip-cronfiles-test --skip-logrotatefiles-test --install-purge-install --fail-on-broken-symlinks \
	--tmpdir="$T/piuparts" --log-level=info --single-packages --apt \
	$(cd "$packages" && printf '%s\n' *.deb | sed 's/_.*//')
is "$rc" 0 "piuparts: nothing is left that policy does not want left" || diag "$(grep -A20 -E 'ERROR|FAIL' <<<"$out")"
is "$(grep -c 'PASS: Installation and purging test' <<<"$out")" 6 "of any of the packages"

printf '#!/bin/sh\nexit 101\n' >"$T/base/usr/sbin/policy-rc.d"
chmod 755 "$T/base/usr/sbin/policy-rc.d"
mount -t proc proc "$T/base/proc" && mount --rbind /dev "$T/base/dev" || bail "can't mount"
at_exit "umount -l '$T/base/proc' '$T/base/dev'"
RUN_BOUND=1500 run autopkgtest --setup-commands="apt-get update" --output-dir="$T/autopkgtest" "$packages"/*.deb "$packages"/built/*.dsc -- chroot "$T/base"
is "$rc" 0 "autopkgtest: the main job on the installed system" || diag "$(tail -n 80 <<<"$out$err")"
for each in $(sed -n 's/^Tests: //p' "$DEVID_SOURCE/data/packaging/debian/tests/control"); do
	ok "$each" grep -qE "^$each +PASS" "$T/autopkgtest/summary"
done
done_testing
