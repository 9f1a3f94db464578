# SPDX-License-Identifier: LGPL-2.1-or-later
# What tests of posture share. After common.sh:
#
#	R, UNITS	the root below which files of the system are looked for; the units of the systemd that is asked
#	systemd MODE, units LINE…, profile LINE…, finds CHECK=VALUE ANSWER WORDS NAME
. "$TESTS/lib/records.sh"
. "$TESTS/lib/keyring.sh"
need_pki
R=$T/machine
UNITS=$T/units
mkdir -p "$R"

# --- a system bus, and who is systemd on it ------------------------------------------------------

keyring_bus
env_set "DEVID_TEST_ROOT=$R" "DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS"
: >"$UNITS"

# systemd MODE: another one, in that mode.
systemd() {
	[ -z "${SYSTEMD_PID:-}" ] || {
		stop "$SYSTEMD_PID"
		wait_for 5 bus_lacks_name org.freedesktop.systemd1 || fail "the old systemd has gone"
	}
	"${E[@]}" "$PYTHON" "$TESTS/lib/systemd-mock.py" "$UNITS" "$@" >"$T/systemd.log" 2>&1 &
	SYSTEMD_PID=$!
	track "$SYSTEMD_PID"
	wait_for 10 bus_has_name org.freedesktop.systemd1 || fail "systemd is there"
}

units() {
	printf '%s\n' "$@" >"$UNITS"
}

# --- an account, and what comes of it ------------------------------------------------------------

# profile LINE…: an account with one profile, "p".
profile() {
	make_account issuing
	printf '[Profile p]\n' >"$T/config/account.conf"
	printf '%s\n' "$@" >>"$T/config/account.conf"
}

# finds CHECK=VALUE ANSWER WORDS NAME: what the check answers, and a part of what it found.
finds() {
	profile "$1"
	devid posture --json
	is "$(json '[c["answer"] for c in j["profiles"][0]["checks"]]')" "['$2']" "$4: $2"
	like "$(json 'j["profiles"][0]["checks"][0]["message"]')" "$3" "… and says so"
	case $2 in
	pass) is "$rc $(json 'j["reason"]')" "0 ok" "… with 0" ;;
	*) is "$rc $(json 'j["reason"]')" "4 posture-failed" "… with 4" ;;
	esac
}
