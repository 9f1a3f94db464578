# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine of its own for a test: what the build installs lies over /usr, with a private /etc, /var,
# /run, users, network and process table, and nothing of it touches the real machine or outlives the
# test. /tmp, /var/tmp, /home and the kernel's log are its own too: what lies there is the machine's and
# nobody's business here. Needs root. After common.sh:
#
#	. "$(dirname "$0")/../lib/machine.sh"
#	private_machine "$0" "$@"	runs the script again inside; skips it all where that can't be
#	machine_user alice devid	a user, in that group
#	as alice; run "${A[@]}" devid list
#
# "${A[@]}" is like "${E[@]}": a built environment, and here also the user's ids. The paths compiled
# into the programs are the real ones: no DEVID_* variable is set.
#
# With DEVID_TEST_MACHINE=installed it runs where it is: a machine of its own on which somebody has installed devid.

private_machine() {
	if [ "${DEVID_TEST_MACHINE:-}" = installed ]; then
		ip link set lo up
		machine_root || bail "no home for root"
		return
	fi
	if [ -z "${DEVID_TEST_MACHINE:-}" ]; then
		[ "$(id -u)" -eq 0 ] || skip_all "needs root"
		unshare -mnp --fork --mount-proc --propagation private true 2>/dev/null ||
			skip_all "needs name spaces of mounts, networks and processes"
		TAP_FINISHED=yes
		rm -rf "$T"
		DEVID_TEST_MACHINE=yes exec unshare -mnp --fork --kill-child --mount-proc \
			--propagation private bash "$@"
	fi
	unset DEVID_TEST_MACHINE
	ip link set lo up
	machine_install || bail "can't install: $(cat "$T/install.log")"
	machine_mount || bail "can't mount"
	machine_places || bail "can't mount over what all share"
	machine_fill || bail "can't make users: $(cat "$T/install.log")"
}

machine_install() {
	mkdir -p "$T/m"
	mount -t tmpfs -o mode=755 machine "$T/m" || return
	at_exit "umount -l '$T/m'"
	mkdir -p "$T/m/destdir/usr"
	meson install -C "$DEVID_BUILD" --no-rebuild --quiet --destdir "$T/m/destdir" >"$T/install.log" 2>&1 ||
		return
	# Units of a /usr install go to /lib, which is a link to /usr/lib.
	if [ -d "$T/m/destdir/lib" ]; then
		cp -a "$T/m/destdir/lib" "$T/m/destdir/usr/" && rm -rf "$T/m/destdir/lib"
	fi
}

machine_mount() {
	local name
	for name in usr etc var; do
		mkdir -p "$T/m/$name" "$T/m/$name-work"
	done
	rm -rf "$T/m/usr"
	mv "$T/m/destdir/usr" "$T/m/usr"
	# Certificates and scripts may lie below what is covered.
	need_pki
	[ "$PKI" = "$T/pki" ] || cp -a "$PKI" "$T/pki"
	PKI=$T/pki
	for name in usr etc var; do
		mount -t overlay overlay -o "lowerdir=/$name,upperdir=$T/m/$name,workdir=$T/m/$name-work" \
			"/$name" || return
	done
	mount -t tmpfs -o mode=755 run /run
	# A machine that has devid already is not tested with what it has.
	rm -rf /etc/devid /var/lib/devid /var/log/devid
}

# own_place FOLDER MODE: nothing is in it any more but the test's own folder, the sources and the build.
own_place() {
	local kept
	mount -t tmpfs -o "mode=$2" own /mnt || return
	for kept in "$T" "$DEVID_SOURCE" "$DEVID_BUILD" "$TESTS"; do
		[[ $kept/ == "$1"/* ]] || continue
		mkdir -p "/mnt${kept#"$1"}" && mount --rbind "$kept" "/mnt${kept#"$1"}" || return
	done
	mount --move /mnt "$1" || return
	at_exit "umount -l '$1'"
}

machine_places() {
	own_place /tmp 1777 && own_place /var/tmp 1777 && own_place /home 755 || return
	rm -rf /var/log/audit /var/log/journal
	[ ! -e /dev/kmsg ] || mount --bind /dev/null /dev/kmsg
}

machine_fill() {
	getent ahostsv4 localhost >/dev/null || echo '127.0.0.1 localhost' >>/etc/hosts
	{
		# Fragments alone: other packages' are the machine's.
		systemd-sysusers /usr/lib/sysusers.d/devid.conf &&
			systemd-tmpfiles --create /usr/lib/tmpfiles.d/devid.conf &&
			machine_root
	} >"$T/install.log" 2>&1
}

machine_root() {
	mkdir -p "$T/users" /run/user && mkdir -p -m 700 "$T/users/root" /run/user/0 &&
		sed -i "s,^\(root:\([^:]*:\)\{4\}\)[^:]*,\1$T/users/root," /etc/passwd
}

# machine_user NAME [GROUP]
machine_user() {
	useradd -m -d "$T/users/$1" -s /bin/sh ${2:+-G "$2"} "$1" >"$T/useradd.log" 2>&1 ||
		bail "no user $1: $(cat "$T/useradd.log")"
	mkdir -m 700 "/run/user/$(id -u "$1")"
	chown "$1:" "/run/user/$(id -u "$1")"
}

# as USER [NAME=VALUE…]: sets A.
as() {
	local user=$1 home
	shift
	home=$(getent passwd "$user" | cut -d: -f6)
	A=(env -i -C "$home" PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb "HOME=$home"
		"XDG_RUNTIME_DIR=/run/user/$(id -u "$user")" GSETTINGS_BACKEND=memory "TMPDIR=/tmp" "$@")
	[ "$user" = root ] ||
		A=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "${A[@]}")
}

# machine_session USER: from now on "${E[@]}" is that user's environment, for keyring.sh.
machine_session() {
	SESSION_USER=$1
	chown "$1:" "$T/run"
	env_build() {
		as "$SESSION_USER" \
			${DBUS_SESSION_BUS_ADDRESS:+"DBUS_SESSION_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS"}
		E=("${A[@]}")
	}
	env_build
}
