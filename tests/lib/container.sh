# SPDX-License-Identifier: LGPL-2.1-or-later
# A container made of this machine's files, with devid as it is installed and a real systemd as its first process. After
# common.sh and machine.sh:
#
#	container_machine "$0" "$@"	its files are below $root then, the certificates in $root/srv/pki are the test's to copy
#	container_inside <<'X'		what it runs: bash, with ok(), not() and user()
#	container_run			to the end of the test: prints what that printed

container_machine() {
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
	command -v systemd-nspawn >/dev/null || skip_all "needs systemd-nspawn"
	if [ -z "${DEVID_TEST_CONTAINER:-}" ]; then
		TAP_FINISHED=yes
		rm -rf "$T"
		DEVID_TEST_CONTAINER=yes exec unshare -m --propagation private bash "$@"
	fi
	# Nothing of the container reaches the machine's /run.
	mount -t tmpfs -o mode=755 run /run
	need_pki
	machine_install || bail "can't install: $(cat "$T/install.log")"
	root=$T/m/root
	mkdir -p "$T/m/upper" "$T/m/work" "$root"
	mount -t overlay overlay -o "lowerdir=$T/m/destdir:/,upperdir=$T/m/upper,workdir=$T/m/work" "$root" ||
		bail "no overlay"
	at_exit "umount -l '$root'"
	rm -rf "$root/.dockerenv" "$root/etc/devid" "$root/var/lib/devid" "$root/var/log/devid" "$root/etc/systemd/system"
	mkdir -p "$root/etc/systemd/system" "$root/srv/pki"
	echo 5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f >"$root/etc/machine-id"
	cat >"$root/etc/systemd/system/devid-test.target" <<'X'
[Unit]
Requires=devid-test.service
AllowIsolate=yes
X
	cat >"$root/etc/systemd/system/devid-test.service" <<'X'
[Unit]
After=devid-agent.socket sysinit.target
Wants=devid-agent.socket sysinit.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
TimeoutStartSec=240
ExecStart=/bin/bash /srv/inside
StandardOutput=file:/srv/tap
StandardError=file:/srv/errors
X
}

container_inside() {
	{
		cat <<'X'
n=0
ok() {
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >/srv/out 2>&1; then echo "ok $n - $name"; else
		echo "not ok $n - $name"
		sed 's/^/# /' /srv/out
		journalctl --no-pager -o cat -u devid-agent.service -u 'devid-credential*' 2>&1 | tail -n 20 | sed 's/^/# /'
	fi
}
not() { ! "$@"; }
user() { setpriv --reuid="$1" --regid="$1" --init-groups env -i PATH=/usr/bin:/bin HOME=/nonexistent "${@:2}"; }
X
		cat
	} >"$root/srv/inside"
}

container_run() {
	local container=(timeout --kill-after=5 280 systemd-nspawn -D "$root" --register=no --keep-unit --private-network
		--capability=CAP_IPC_LOCK --console=pipe)
	"${container[@]}" /bin/true >"$T/nspawn.log" 2>&1 </dev/null || skip_all "systemd-nspawn does not run here"
	"${container[@]}" --boot \
		systemd.unit=devid-test.target systemd.log_target=journal >"$T/nspawn.log" 2>&1 </dev/null
	[ -s "$root/srv/tap" ] || bail "the container did not run: $(cat "$T/nspawn.log" "$root/srv/errors" 2>/dev/null)"
	cat "$root/srv/tap"
	sed 's/^/# /' "$root/srv/errors" | head -n 20
	TAP_FINISHED=yes
	grep -q '^1\.\.' "$root/srv/tap" && ! grep -q '^not ok' "$root/srv/tap"
}
