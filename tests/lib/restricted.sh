# Daemons as their units run them, where no systemd does: the same restrictions, by name spaces and setpriv. After
# common.sh and machine.sh:
#
#	as_unit UNIT		sets UNDER: "${UNDER[@]}" PROGRAM… runs with what the shipped unit asks for
#
# ProtectHome= (true: /home, /root and /run/user are empty and closed; read-only), ProtectSystem=true (/usr and /boot
# can't be written to), PrivateTmp= (a /tmp of its own; the folder of the test stays, for its logs), NoNewPrivileges=,
# CapabilityBoundingSet=. Read from the unit with our drop-in beside it: a line that isn't known here fails the test.

as_unit() {
	local unit=$1 set=() line
	# The homes of a machine of machine.sh are in $T/users.
	UNDER=(env "T=$T" unshare -m --propagation private bash "$T/restrict.sh")
	cp "$TESTS/lib/restrict.sh" "$T/"
	while IFS= read -r line; do
		case $line in
		ProtectHome=true | ProtectHome=read-only | ProtectSystem=true | PrivateTmp=true) UNDER+=("$line") ;;
		ReadOnlyPaths=*) UNDER+=("$line") ;;
		NoNewPrivileges=*) set+=(--no-new-privs) ;;
		CapabilityBoundingSet=*)
			set+=(--inh-caps=-all --bounding-set "-all$(sed 's/CAP_\([A-Z_]*\) */,+\L\1/g' <<<"${line#*=}")")
			;;
		Protect* | Private* | Restrict* | System* | Capability* | NoNew* | *Paths=*)
			bail "$unit.service has $line, which this test can't do"
			;;
		esac
	done < <(cat "/lib/systemd/system/$unit.service" "$DEVID_SOURCE/data/systemd/drop-ins/$unit.service.d/devid.conf")
	UNDER+=(--)
	[ ${#set[@]} -eq 0 ] || UNDER+=(setpriv "${set[@]}" --)
}
