# SPDX-License-Identifier: LGPL-2.1-or-later
# The root image of tests/vm: a Debian 12 from its packages, with its kernel, systemd and AppArmor, that runs one script
# when it has booted. Read by vm.sh.
#
#	image_make		makes $image (a folder: root.img, vmlinuz, initrd, tpm/) where it isn't there

image_packages=(
	linux-image-cloud-amd64 initramfs-tools lz4 e2fsprogs
	systemd-sysv systemd-timesyncd dbus dbus-user-session libpam-systemd udev kmod procps iproute2 iputils-ping login passwd
	sudo polkitd pkexec apparmor
	# What devid needs, and what uses it.
	libjson-glib-1.0-0 libp11-kit0 libgnutls30 p11-kit p11-kit-modules ca-certificates openssl gnutls-bin opensc
	libengine-pkcs11-openssl openconnect vpnc-scripts wpasupplicant curl jq
	# A TPM, a keyring, a gateway.
	tpm-udev tpm2-tools libtss2-tcti-device0 libtss2-esys-3.0.2-0 libtss2-mu0 libtss2-rc0
	gnome-keyring libpam-gnome-keyring libsecret-tools libglib2.0-bin dbus-bin ocserv
	# Who comes from elsewhere, and what makes a desktop's network.
	openssh-server openssh-client network-manager network-manager-openconnect
	# What posture looks at.
	cryptsetup-bin nftables ufw clamav-daemon
)

# Where a change of what makes the image is a change of the image.
image_name() {
	printf 'image-%s\n' "$(sha256sum "$here/image.sh" | cut -c1-12)"
}

# image_guest ROOT: what makes a machine of the packages.
image_guest() {
	local root=$1 unit
	mkdir -p "$root/folder" "$root/etc/systemd/system/multi-user.target.wants"
	# The second serial port is the script's output, the third its status. A boot after one that the script didn't end
	# (a panic) is an end as well.
	cat >"$root/usr/local/sbin/vm-run" <<-'SH'
		#!/bin/sh
		stty -F /dev/ttyS1 raw; stty -F /dev/ttyS2 raw
		exec >/dev/ttyS1 2>&1 </dev/null
		export HOME=/root LC_ALL=C.UTF-8
		cd /folder
		if [ -e .vm-runs ]; then
			echo 'Bail out! the machine booted again by itself'
			status=125
		else
			VM_BOOT=$(($(cat .vm-boot 2>/dev/null || echo 0) + 1))
			echo "$VM_BOOT" >.vm-boot
			touch .vm-runs; sync
			export VM_BOOT
			bash .vm-script; status=$?
			rm .vm-runs
		fi
		sync
		if [ "$status" -eq 100 ]; then
			systemctl --no-block reboot
		else
			echo "$status" >/dev/ttyS2
			systemctl --no-block poweroff
		fi
	SH
	chmod 755 "$root/usr/local/sbin/vm-run"
	# Type=exec: the boot ends without it, and so the script finds a machine that has booted.
	cat >"$root/etc/systemd/system/vm-run.service" <<-'UNIT'
		[Unit]
		After=multi-user.target
		RequiresMountsFor=/folder
		[Service]
		Type=exec
		ExecStart=/usr/local/sbin/vm-run
		TasksMax=infinity
		TimeoutStopSec=5
		[Install]
		WantedBy=multi-user.target
	UNIT
	ln -sf ../vm-run.service "$root/etc/systemd/system/multi-user.target.wants/"
	printf '/dev/vda / ext4 rw,noatime 0 1\n/dev/vdb /folder ext4 rw,noatime 0 0\n' >"$root/etc/fstab"
	echo devid-vm >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n127.0.1.1 devid-vm\n' >"$root/etc/hosts"
	# What is there for a test doesn't start by itself.
	for unit in ocserv wpa_supplicant ssh NetworkManager NetworkManager-dispatcher NetworkManager-wait-online \
		clamav-daemon clamav-freshclam clamav-clamonacc apt-daily apt-daily-upgrade e2scrub_all e2scrub_reap fstrim; do
		rm -f "$root/etc/systemd/system/"*.wants/"$unit".*
	done
}

# image_tpm FOLDER: a TPM as its maker leaves it, with a certificate of its endorsement key.
image_tpm() {
	local ca=$1.ca
	mkdir -p "$1" "$ca"
	cat >"$ca/localca.conf" <<-CONF
		statedir = $ca
		signingkey = $ca/signkey.pem
		issuercert = $ca/issuercert.pem
		certserial = $ca/certserial
	CONF
	printf -- '--platform-manufacturer Example\n--platform-version 1.0\n--platform-model vm\n' >"$ca/localca.options"
	cat >"$ca/setup.conf" <<-CONF
		create_certs_tool = /usr/bin/swtpm_localca
		create_certs_tool_config = $ca/localca.conf
		create_certs_tool_options = $ca/localca.options
		active_pcr_banks = sha256
	CONF
	swtpm_setup --tpm2 --tpmstate "$1" --config "$ca/setup.conf" --create-ek-cert --lock-nvram --overwrite \
		--logfile "$ca/setup.log" >/dev/null || die "no TPM: $(tail -n 3 "$ca/setup.log")"
	rm -r "$ca"
}

image_build() {
	local new=$1 root=$1/root began=$SECONDS
	# The initramfs has what finds the root, and no more.
	# shellcheck disable=SC2016
	mmdebstrap --variant=minbase --mode=root --include="$(IFS=, && echo "${image_packages[*]}")" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"' \
		--essential-hook='printf "MODULES=list\nCOMPRESS=lz4\nRESUME=none\n" >"$1/etc/initramfs-tools/conf.d/vm"' \
		--essential-hook='printf "virtio_pci\nvirtio_blk\n" >"$1/usr/share/initramfs-tools/modules.d/vm"' \
		--customize-hook='chroot "$1" passwd -d root >/dev/null' \
		bookworm "$root" >"$new/build.log" 2>&1 </dev/null || die "mmdebstrap: $(tail -n 5 "$new/build.log")"
	image_guest "$root"
	cp "$root"/boot/vmlinuz-* "$new/vmlinuz"
	cp "$root"/boot/initrd.img-* "$new/initrd"
	rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
	truncate -s $(($(du -sm "$root" | cut -f1) * 5 / 4 + 400))M "$new/root.img"
	mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -d "$root" "$new/root.img"
	rm -rf "$root"
	image_tpm "$new/tpm"
	# One boot stays: AppArmor's profiles are compiled then, and systemd has done what it does at the first boot.
	mkdir "$new/first"
	printf 'systemctl is-system-running --wait; rm -rf /var/log/journal; exit 0\n' >"$new/first/script"
	(image=$new root_snapshot=off boot "$new/first" "$new/first/script") >&2 || die 'the first boot failed'
	rm -r "$new/first"
	say "image made in $((SECONDS - began)) s, $(du -sh "$new" | cut -f1)"
}

# Whoever comes second waits for the first; an image is there whole, or isn't.
image_make() {
	local new
	mkdir -p "$cache"
	image=$cache/$(image_name)
	exec 9>"$cache/lock"
	flock 9
	if [ ! -d "$image" ]; then
		# Another tree's is not in the way; what none has used for a week is.
		find "$cache" -maxdepth 1 -name 'image-*' -mtime +7 -exec rm -rf {} +
		new=$(mktemp -d "$cache/new.XXXXXX")
		# shellcheck disable=SC2064
		trap "rm -rf '$new'" EXIT
		(image_build "$new") || exit 1
		mv "$new" "$image"
		trap - EXIT
	fi
	touch "$image"
	exec 9>&-
}
