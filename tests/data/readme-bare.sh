#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# README's "Installing", typed as it stands in a bare Debian: what it lists is enough to build and to install, and
# what it enables is there. Takes minutes and Debian's archive: DEVID_BARE=yes meson test readme-bare
. "$(dirname "$0")/../lib/common.sh"
[ "${DEVID_BARE:-}" = yes ] || skip_all "minutes long: DEVID_BARE=yes meson test readme-bare"
[ "$(id -u)" -eq 0 ] || skip_all "needs root"
if [ -z "${DEVID_TEST_BARE:-}" ]; then
	TAP_FINISHED=yes
	rm -rf "$T"
	DEVID_TEST_BARE=yes exec unshare -m --propagation private bash "$0" "$@"
fi
plan 5
sources=(/etc/apt/sources.list.d/debian.sources)
[ -e "${sources[0]}" ] || sources=(/etc/apt/sources.list)
KEPT=$DEVID_BUILD/bare-root.tar
ROOT=$DEVID_BUILD/bare-root
at_exit "rm -rf '$ROOT'"

# The root is made once a build; the folder is new each time.
if [ ! -s "$KEPT" ]; then
	rm -f "$KEPT.new"
	mmdebstrap --quiet --variant=apt --skip=output/dev bookworm "$KEPT.new.tar" "${sources[@]}" >"$T/root.log" 2>&1 ||
		bail "no bare root: $(tail -n 20 "$T/root.log")"
	mv "$KEPT.new.tar" "$KEPT"
fi
rm -rf "$ROOT"
mkdir "$ROOT" && tar -C "$ROOT" -xf "$KEPT" && mkdir -p "$ROOT"/{dev,proc,tmp} || bail "can't unpack $KEPT"
mkdir -p "$ROOT/root/devid"
(cd "$DEVID_SOURCE" && git ls-files -z | tar --null -T - -cf -) | tar -C "$ROOT/root/devid" -xf - || bail "no sources"
# What a person answers at the keyboard, and how this machine reaches the archive.
{
	echo 'APT::Get::Assume-Yes "true";'
	apt-config dump | grep -E '^Acquire::https?::Proxy '
} >"$ROOT/etc/apt/apt.conf.d/99answers"
printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
chmod 755 "$ROOT/usr/sbin/policy-rc.d"
cp -L /etc/resolv.conf /etc/hosts "$ROOT/etc/"
mount --rbind /dev "$ROOT/dev" && mount -t proc proc "$ROOT/proc" && mount -t tmpfs tmp "$ROOT/tmp" || bail "can't mount"
at_exit "umount -l '$ROOT/dev' '$ROOT/proc' '$ROOT/tmp'"
inside=(chroot "$ROOT" env -i -C /root/devid HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
	DEBIAN_FRONTEND=noninteractive sh -e)

"${inside[@]}" -c 'apt-get update' >"$T/update.log" 2>&1 || bail "no archive: $(tail -n 5 "$T/update.log")"
sed -n '/^## Installing$/,/^[^ #]/s/^    //p' "$DEVID_SOURCE/README.md" >"$ROOT/root/typed"
like "$(cat "$ROOT/root/typed")" '^apt install .*meson setup .*systemctl enable' "README says how to install"
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
done_testing
