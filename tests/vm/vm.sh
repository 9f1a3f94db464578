#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Boots a Debian 12 of its own in qemu, with a TPM 2.0, and runs a script there as root:
#
#	vm.sh kvm		whether it would be quick
#	vm.sh made		whether its image is there
#	vm.sh build		makes the image, where it isn't there
#	vm.sh run FOLDER SCRIPT	boots with FOLDER's files at /folder and runs SCRIPT there. Its output and its status are vm.sh's;
#				what it leaves in /folder/out is in FOLDER/out then, and all else is forgotten
#
# A script that ends with 100 has the machine rebooted, and is run again: VM_BOOT is 1, then 2, …; disk, TPM and /folder
# stay. Needs root, and of Debian: qemu-system-x86 swtpm swtpm-tools gnutls-bin mmdebstrap e2fsprogs.
#
#	DEVID_VM=/var/tmp/devid-vm	where the image lies
#	VM_ACCEL=kvm			or tcg, emulated, which is what is taken where there is no usable /dev/kvm
#	VM_LIMIT=600			seconds until the machine is ended (status 124); emulated 7200
#	VM_LOG=FILE			what the console says
#	VM_MEMORY=2G
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${DEVID_VM:-/var/tmp/devid-vm}
. "$here/image.sh"

say() {
	printf 'vm.sh: %s\n' "$*" >&2
}
die() {
	say "$*"
	exit 1
}

# Where the processor's own means are behind it. There is a KVM without (kvm-pvm), which emulates what an ordinary kernel
# does from its first instruction on, and is far slower than qemu's translation.
has_kvm() {
	grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo && (: <>/dev/kvm) 2>/dev/null
}

# qemu's options for it. What is emulated has the time that its own instructions take (2 ns each), so that nothing in there
# is too late where this machine is busy.
processor() {
	if [ "${VM_ACCEL:-}" = kvm ] || { [ -z "${VM_ACCEL:-}" ] && has_kvm; }; then
		printf '%s\n' -accel kvm -smp 2
	else
		printf '%s\n' -accel tcg,thread=single -icount shift=1 -smp 1
	fi
}

# To be called in a subshell, whose end takes all away that it began, and tells what the script said.
boot() {
	folder=$1 script=$2 status=0 machine=
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/devid-vm.XXXXXX")
	clean() {
		[ -z "$machine" ] || kill "$machine" 2>/dev/null || :
		wait
		[ ! -s "$work/tpm.pid" ] || kill "$(cat "$work/tpm.pid")" 2>/dev/null || :
		cat "$work/output" 2>/dev/null || :
		rm -rf "$work"
	}
	trap clean EXIT
	trap 'exit 130' INT TERM HUP

	mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -d "$folder" "$work/folder.img" \
		$(($(du -sm "$folder" | cut -f1) * 5 / 4 + 256))M >/dev/null
	debugfs -w -R "write $script .vm-script" "$work/folder.img" >/dev/null 2>&1
	cp -r "$image/tpm" "$work/tpm"
	swtpm socket --tpm2 --tpmstate "dir=$work/tpm" --ctrl "type=unixio,path=$work/tpm.sock" --log "file=$work/tpm.log" \
		--pid "file=$work/tpm.pid" --daemon --terminate 9>&-

	mapfile -t processor < <(processor)
	limit=${VM_LIMIT:-$([ "${processor[1]}" = kvm ] && echo 600 || echo 7200)}
	timeout -k 5 "$limit" qemu-system-x86_64 "${processor[@]}" -machine q35 -cpu max,-arch-capabilities \
		-m "${VM_MEMORY:-2G}" -nodefaults -no-user-config -nographic -nic none \
		-kernel "$image/vmlinuz" -initrd "$image/initrd" \
		-append 'root=/dev/vda rw console=ttyS0 quiet panic=-1 systemd.show_status=no' \
		-drive "file=$image/root.img,format=raw,if=virtio,cache=unsafe,snapshot=${root_snapshot:-on}" \
		-drive "file=$work/folder.img,format=raw,if=virtio,cache=unsafe" -device virtio-rng-pci \
		-serial "file:${VM_LOG:-$work/console}" -serial "file:$work/output" -serial "file:$work/status" \
		-chardev "socket,id=tpm,path=$work/tpm.sock" -tpmdev emulator,id=tpm0,chardev=tpm \
		-device tpm-tis,tpmdev=tpm0 </dev/null >"$work/qemu.log" 2>&1 9>&- &
	machine=$!
	wait "$machine" || status=$?
	machine=
	mkdir "$work/out"
	debugfs -R "rdump /out $work/out" "$work/folder.img" >/dev/null 2>&1
	if [ -d "$work/out/out" ]; then
		mkdir -p "$folder/out"
		cp -a "$work/out/out/." "$folder/out/"
	fi
	[ "$status" -ne 124 ] || die "ended after $limit s: $(tail -n 20 "${VM_LOG:-$work/console}")"
	[ -s "$work/status" ] ||
		die "no status (qemu: $status): $(cat "$work/qemu.log" && tail -n 20 "${VM_LOG:-$work/console}")"
	exit "$(tr -cd 0-9 <"$work/status")"
}

case "${1:-} $#" in
'kvm 1')
	has_kvm
	;;
'made 1')
	[ -s "$cache/$(image_name)/root.img" ]
	;;
'build 1')
	image_make
	;;
'run 3')
	[ -d "$2" ] || die "no folder: $2"
	[ -f "$3" ] || die "no script: $3"
	image_make
	boot "$2" "$3" &
	trap 'kill "$!" && wait "$!"; exit 143' INT TERM HUP
	wait "$!"
	;;
*)
	sed -n '3,/^set/{/^#/p}' "$0" >&2
	exit 2
	;;
esac
