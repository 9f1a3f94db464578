#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Imports on a disk that fills up at every point of theirs, and on one that is read-only: an identity is
# there, and signs, or it is not, and nothing of it is.
. "$(dirname "$0")/../lib/common.sh"

how=(unshare -m --propagation private)
[ "$(id -u)" -eq 0 ] || how=(unshare -Urm --propagation private)
if [ -z "${DEVID_TEST_MOUNTS:-}" ]; then
	TAP_FINISHED=yes
	rm -rf "$T"
	DEVID_TEST_MOUNTS=yes exec "${how[@]}" bash "$0" "$@"
fi
need_pki
DISK=$T/disk
mkdir "$DISK"
env_set DEVID_DATA_DIR="$DISK/devid"
import=("$DEVID_COMMAND" import-cert --user --store file --password-file "$PKI/password" "$PKI/p256.p12")

leftovers() {
	ls -A "$DISK/devid" 2>/dev/null | grep -vcE '^(generation|lost\+found)$'
}

imported=0 refused=0 wrong=0
for ((pages = 0; pages <= 8; pages++)); do
	mount -t tmpfs -o size=64k tmpfs "$DISK" || skip_all "no tmpfs can be mounted here"
	mkdir -m 700 "$DISK/devid"
	# All but so many pages are taken.
	head -c $((65536 - 4096 * pages)) /dev/zero >"$DISK/filler" 2>/dev/null
	run "${E[@]}" "${import[@]}"
	if [ "$rc" -eq 0 ]; then
		imported=$((imported + 1))
		"${E[@]}" "$DEVID_COMMAND" list --json 2>/dev/null | grep -q '"p256"' || wrong=$((wrong + 1))
		[ "$(ls "$DISK/devid" | grep -c '\.key$')" -eq 1 ] || wrong=$((wrong + 1))
	else
		refused=$((refused + 1))
		rm -f "$DISK/filler"
		wait_for 5 eval '[ "$(leftovers)" -eq 0 ]' || {
			wrong=$((wrong + 1))
			diag "$pages pages free: $(ls -A "$DISK/devid")" "$(last_run)"
		}
	fi
	end_ours
	umount "$DISK"
done
isnt "$imported" 0 "with room enough it is imported ($imported times)"
isnt "$refused" 0 "without it is refused ($refused times)"
is "$wrong" 0 "and it is whole or not there, wherever the room ended"

mount -t tmpfs -o size=256k tmpfs "$DISK"
mkdir -m 700 "$DISK/devid"
run "${E[@]}" "${import[@]}"
is "$rc" 0 "imported"
mount -o remount,ro "$DISK"
run "${E[@]}" "$DEVID_COMMAND" remove p256
isnt "$rc" 0 "on a read-only disk it can't be removed"
like "$err" "[Rr]ead-only" "which is said"
run "${E[@]}" "$DEVID_COMMAND" list
like "$out" "p256" "it is listed"
run "${E[@]}" "${import[@]}"
is "$rc" 0 "and importing it again changes nothing"
end_ours
umount "$DISK"
done_testing
