# SPDX-License-Identifier: LGPL-2.1-or-later
# Daemons as their units run them, where no systemd does: the same restrictions, by name spaces and setpriv. After
# common.sh and machine.sh:
#
#	as_unit UNIT		sets UNDER: "${UNDER[@]}" PROGRAM… runs with what the shipped unit asks for
#
# ProtectHome= (true: /home, /root and /run/user are empty and closed; read-only), ProtectSystem=true (/usr and /boot
# can't be written to), PrivateTmp= (a /tmp of its own; the folder of the test stays, for its logs), ReadOnlyPaths=,
# DeviceAllow= (a /dev with these and what systemd has in each; there is no control group), Group=, NoNewPrivileges=,
# CapabilityBoundingSet=, LimitNPROC=. Read from [Service] of the unit, and of our drop-in where there is one: a line
# that is neither one of these nor one that restricts nothing (below) fails the test.

as_unit() {
	local unit=$1 set=() limit=() line
	local files=("/lib/systemd/system/$unit.service" "$DEVID_SOURCE/data/systemd/drop-ins/$unit.service.d/devid.conf")
	[ -e "${files[1]}" ] || unset 'files[1]'
	# The homes of a machine of machine.sh are in $T/users.
	UNDER=(env "T=$T" unshare -m --propagation private bash "$T/restrict.sh")
	cp "$TESTS/lib/restrict.sh" "$T/"
	while IFS= read -r line; do
		case $line in
		ProtectHome=true | ProtectHome=read-only | ProtectSystem=true | PrivateTmp=true) UNDER+=("$line") ;;
		PrivateTmp=yes) UNDER+=(PrivateTmp=true) ;;
		ReadOnlyPaths=* | DeviceAllow=/dev/*' rw') UNDER+=("$line") ;;
		NoNewPrivileges=*) set+=(--no-new-privs) ;;
		Group=*) set+=("--regid=${line#*=}" --clear-groups) ;;
		CapabilityBoundingSet=*)
			set+=(--inh-caps=-all --bounding-set "-all$(sed 's/CAP_\([A-Z_]*\) */,+\L\1/g' <<<"${line#*=}")")
			;;
		LimitNPROC=*) limit=(prlimit "--nproc=${line#*=}" --) ;;
		# When and how it is started and ended, which is the test's.
		Type=* | BusName=* | Exec*=* | WorkingDirectory=* | Restart=* | RestartSec=* | KillMode=*) ;;
		# More than is usual, and than may be had everywhere.
		LimitNOFILE=65536) ;;
		# wpa_supplicant makes it where it isn't.
		RuntimeDirectory=* | RuntimeDirectoryMode=*) ;;
		*) bail "$unit.service has $line, which this test can't do" ;;
		esac
	done < <(awk '/^\[/ { inside = $0 == "[Service]"; next } inside && /^[^#;]/' "${files[@]}")
	UNDER+=(-- "${limit[@]}")
	[ ${#set[@]} -eq 0 ] || UNDER+=(setpriv "${set[@]}" --)
}
