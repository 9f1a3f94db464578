# SPDX-License-Identifier: LGPL-2.1-or-later
# A bare Debian 12 to install in, made of its packages once a build. Needs root and Debian's archive. After common.sh:
#
#	bare_script "$0" "$@"		runs the script again where what is mounted, and each process, is its own:
#					what is ended in it by its name is no other test's
#	bare_root			makes $ROOT; what is in its /root/devid is the tree
#	run "${inside[@]}" -c 'WORDS'	a shell of root's in it; its folder is /root/devid
#	bare_packages			what is installed in it, one a line
#
# No service starts in it; apt asks nothing.

bare_script() {
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
	[ -z "${DEVID_TEST_BARE:-}" ] || return 0
	TAP_FINISHED=yes
	rm -rf "$T"
	DEVID_TEST_BARE=yes exec unshare -mp --fork --kill-child --mount-proc --propagation private bash "$@"
}

# Whoever comes second waits for the first.
bare_keep() {
	local sources=/etc/apt/sources.list.d/debian.sources
	[ -e "$sources" ] || sources=/etc/apt/sources.list
	KEPT=$DEVID_BUILD/bare-root.tar
	(
		flock 9
		[ ! -s "$KEPT" ] || exit 0
		rm -f "$KEPT.new.tar"
		mmdebstrap --quiet --variant=apt --skip=output/dev bookworm "$KEPT.new.tar" "$sources" >"$T/root.log" 2>&1 &&
			mv "$KEPT.new.tar" "$KEPT"
	) 9>"$DEVID_BUILD/bare-root.lock"
}

bare_root() {
	bare_keep || bail "no bare root: $(tail -n 20 "$T/root.log")"
	ROOT=$T/bare
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
	at_exit "umount -l '$ROOT/dev' '$ROOT/proc' '$ROOT/tmp' 2>/dev/null"
	inside=(chroot "$ROOT" env -i -C /root/devid HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
		DEBIAN_FRONTEND=noninteractive sh -e)
	"${inside[@]}" -c 'apt-get update' >"$T/update.log" 2>&1 || bail "no archive: $(tail -n 5 "$T/update.log")"
}

bare_packages() {
	# shellcheck disable=SC2016
	dpkg-query --admindir="$ROOT/var/lib/dpkg" -W -f '${db:Status-Abbrev} ${Package} ${Installed-Size}\n' | sed -n 's/^ii  *//p'
}

# Before another one.
bare_end() {
	umount -l "$ROOT/dev" "$ROOT/proc" "$ROOT/tmp" && rm -rf "$ROOT"
}
