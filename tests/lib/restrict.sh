# Run by restricted.sh in a name space of mounts of its own: makes the mounts, then runs the rest.
set -eu
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
shift
exec "$@"
