# SPDX-License-Identifier: LGPL-2.1-or-later
# Run by restricted.sh in a name space of mounts of its own: makes the mounts, then runs the rest.
set -eu
devices=()
while [ "$1" != -- ]; do
	case $1 in
	ProtectHome=true)
		for folder in /home /root /run/user "$T/users"; do
			mkdir -p "$folder"
			mount -t tmpfs -o mode=000,ro closed "$folder"
		done
		;;
	ProtectHome=read-only)
		for folder in /home /root /run/user "$T/users"; do
			mkdir -p "$folder"
			mount --bind "$folder" "$folder"
			mount -o remount,bind,ro "$folder"
		done
		;;
	ProtectSystem=true)
		mount --bind /usr /usr
		mount -o remount,bind,ro /usr
		;;
	PrivateTmp=true)
		# The test's own folder is below /tmp.
		mount -t tmpfs -o mode=755 own /mnt
		mkdir -p "/mnt/${T#/tmp/}"
		mount --rbind "$T" "/mnt/${T#/tmp/}"
		mount --move /mnt /tmp
		;;
	DeviceAllow=*)
		# systemd.resource-control(5), "closed".
		[ ${#devices[@]} -gt 0 ] || devices=(null zero full random urandom tty ptmx)
		device=${1#*=/dev/}
		device=${device% *}
		[[ " ${devices[*]} " == *" $device "* ]] || devices+=("$device")
		;;
	ReadOnlyPaths=*)
		for folder in ${1#*=}; do
			folder=${folder#-}
			[ -d "$folder" ] || continue
			mount --bind "$folder" "$folder"
			mount -o remount,bind,ro "$folder"
		done
		;;
	esac
	shift
done
if [ ${#devices[@]} -gt 0 ]; then
	mount -t tmpfs -o mode=755 devices /mnt
	# Links and folders are no devices.
	(cd /dev && cp -a --parents "${devices[@]}" $(find . -maxdepth 1 -type l) /mnt/)
	for folder in pts shm; do
		mkdir "/mnt/$folder"
		mount --bind "/dev/$folder" "/mnt/$folder"
	done
	mount --move /mnt /dev
fi
shift
exec "$@"
