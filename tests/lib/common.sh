# SPDX-License-Identifier: LGPL-2.1-or-later
# What the shell tests share: a private folder, a built environment, TAP, the ending of what a test
# started. Sourced by bash scripts that run with `protocol: 'tap'`:
#
#	. "$(dirname "$0")/../lib/common.sh"
#	plan 2
#	run "${E[@]}" "$DEVID_COMMAND" version
#	is "$rc" 0 "version ends with 0"
#	like "$out" '^devid ' "and tells who it is"
#	done_testing
#
# $T is the private folder (short: a socket's name has 108 bytes), gone at exit. "${E[@]}" runs a
# command in an environment that is built, not inherited; it execs, so with & the pid in $! is the
# command's own. env_set NAME=VALUE… adds to it. Everything whose environment names $T is ended at
# exit, so that an agent that detached itself doesn't outlive its test.

set -u
umask 022
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
T=$(mktemp -d /tmp/dvXXXXXX) || exit 99
chmod 755 "$T"
mkdir -p "$T/home" "$T/run" "$T/tmp" "$T/config"
chmod 700 "$T/home" "$T/run"

# --- the environment ---------------------------------------------------------------------------

E_SET=()

# The built environment again, after $T/… or a bus changed. What meson gives is passed on.
env_build() {
	E=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb "HOME=$T/home"
		"TMPDIR=$T/tmp" "XDG_RUNTIME_DIR=$T/run" "XDG_DATA_HOME=$T/home/.local/share"
		"XDG_CONFIG_HOME=$T/home/.config" "XDG_STATE_HOME=$T/home/.local/state"
		"XDG_CACHE_HOME=$T/home/.cache" GSETTINGS_BACKEND=memory
		"DEVID_CONFIG_DIR=$T/config"
		"DEVID_SYSTEM_DIR=$T/system" "DEVID_SYSTEM_RUNTIME_DIR=$T/system-run"
		"DEVID_SYSTEM_STATE_DIR=$T/system-log"
		${DEVID_AGENT:+"DEVID_AGENT=$DEVID_AGENT"}
		${DEVID_MODULE:+"DEVID_MODULE=$DEVID_MODULE"}
		${DEVID_TEST_TPM_PART:+"DEVID_TEST_TPM_PART=$DEVID_TEST_TPM_PART"}
		${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"}
		${UBSAN_OPTIONS:+"UBSAN_OPTIONS=$UBSAN_OPTIONS"}
		${TSAN_OPTIONS:+"TSAN_OPTIONS=$TSAN_OPTIONS"}
		${DBUS_SESSION_BUS_ADDRESS:+"DBUS_SESSION_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS"}
		"${E_SET[@]}")
}

env_set() {
	E_SET+=("$@")
	env_build
}

unset DBUS_SESSION_BUS_ADDRESS SSL_CERT_FILE SSL_CERT_DIR
env_build

# Before a program that loads the module and was built without its sanitizer: "${E[@]}" "${PRELOAD[@]}"
# pkcs11-tool …. (GnuTLS's own programs hang with it.)
PRELOAD=()
case ${DEVID_SANITIZE:-} in
*address*) PRELOAD=(env "LD_PRELOAD=$(cc -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0) ;;
esac

# --- TAP ---------------------------------------------------------------------------------------

TAP_COUNT=0
TAP_FAILED=0
TAP_PLAN=
TAP_FINISHED=

plan() {
	TAP_PLAN=$1
	echo "1..$1"
}

skip_all() {
	echo "1..0 # SKIP $*"
	TAP_FINISHED=yes
	exit 0
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# A name is one line, and says nothing to whoever reads the count.
pass() {
	local name=${*//#/}

	TAP_COUNT=$((TAP_COUNT + 1))
	echo "ok $TAP_COUNT - ${name//$'\n'/ }"
}

fail() {
	local name=${*//#/}

	TAP_COUNT=$((TAP_COUNT + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_COUNT - ${name//$'\n'/ }"
	return 1
}

skip() {
	TAP_COUNT=$((TAP_COUNT + 1))
	echo "ok $TAP_COUNT - # SKIP $*"
}

# ok NAME COMMAND…: the command succeeds.
ok() {
	local name=$1
	shift
	if "$@" >"$T/ok.out" 2>&1; then
		pass "$name"
	else
		fail "$name"
		diag "failed ($?): $*"
		diag "$(tail -n 40 "$T/ok.out")"
		return 1
	fi
}

# not_ok NAME COMMAND…: the command fails, and not by a signal.
not_ok() {
	local name=$1 status=0
	shift
	"$@" >"$T/ok.out" 2>&1 || status=$?
	if [ "$status" -gt 0 ] && [ "$status" -lt 124 ]; then
		pass "$name"
	else
		fail "$name"
		diag "ended with $status: $*"
		diag "$(tail -n 40 "$T/ok.out")"
		return 1
	fi
}

is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got:    $1"
		diag "wanted: $2"
		[ -z "${out:-}${err:-}" ] || diag "$(last_run)"
		return 1
	fi
}

isnt() {
	if [ "$1" != "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got what was not wanted: $1"
		return 1
	fi
}

# like TEXT REGEX NAME (bash's extended regular expressions).
like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3"
		diag "got:    $1"
		diag "wanted: /$2/"
		return 1
	fi
}

unlike() {
	if [[ ! $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3"
		diag "got:      $1"
		diag "unwanted: /$2/"
		return 1
	fi
}

last_run() {
	printf 'status %s\nstdout: %s\nstderr: %s\n' "${rc:-}" "${out:-}" "${err:-}"
}

# run COMMAND…: never ends the test; leaves rc, out, err and ms (milliseconds) behind. Bounded by
# RUN_BOUND seconds (60): then rc is 124.
run() {
	local begin=${EPOCHREALTIME/[.,]/}
	rc=0
	timeout --kill-after=5 "${RUN_BOUND:-60}" "$@" >"$T/run.out" 2>"$T/run.err" || rc=$?
	ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
	out=$(<"$T/run.out")
	err=$(<"$T/run.err")
}

now_ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

done_testing() {
	[ -n "$TAP_PLAN" ] || echo "1..$TAP_COUNT"
	TAP_FINISHED=yes
	[ "$TAP_FAILED" -eq 0 ] && { [ -z "$TAP_PLAN" ] || [ "$TAP_PLAN" -eq "$TAP_COUNT" ]; }
	exit $?
}

bail() {
	echo "Bail out! $*"
	exit 99
}

# --- processes ---------------------------------------------------------------------------------

PIDS=()
declare -A STARTED=()

# track PID: our own child, to be ended at exit.
track() {
	local start
	PIDS+=("$1")
	! is_alive "$1" || STARTED[$1]=$start
}

# stop PID [SIGNAL]: ends our own child and reaps it; answers what it ended with. Every child is ended by this,
# never by a bare kill and wait, for a signal that comes between fork and exec can be lost (see end_process).
stop() {
	local i
	end_process "$@"
	for i in "${!PIDS[@]}"; do
		[ "${PIDS[i]}" != "$1" ] || unset "PIDS[i]"
	done
	unset "STARTED[${1:-none}]"
	wait "$1" 2>/dev/null
}

# end_process PID [SIGNAL]: signals a process, ours or not, until it has gone. bash's own handler takes a signal
# that comes before a child runs its program, and the program then knows nothing of it. So: signal, look, signal
# again; at once where it was lost, each second where the program has a handler of its own and may be busy ending.
# What isn't gone after END_BOUND seconds (10) is killed, and that is a failure of the test.
end_process() {
	local pid=$1 signal=${2:--TERM} n again=0
	for ((n = 0; n < ${END_BOUND:-10} * 50; n++)); do
		! gone "$pid" || return 0
		if [ "$n" -ge "$again" ] || signal_lost "$pid" "$signal"; then
			kill "$signal" "$pid"
			kill -CONT "$pid"
			again=$((n + 50))
		fi
		[ "$n" -gt 4 ] && sleep 0.02 || sleep 0.005
	done
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "# had to be killed, for it did not end by $signal: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	kill -KILL "$pid"
	wait_for 5 gone "$pid"
	return 1
} 2>/dev/null # bash's own words on the ends of its children

# Whether process PID neither catches -SIGNAL, nor has it waiting: it would have ended by it.
signal_lost() {
	local -A number=([-HUP]=1 [-INT]=2 [-KILL]=9 [-TERM]=15)
	local name mask all=0
	while read -r name mask; do
		case $name in
		SigPnd: | ShdPnd: | SigBlk: | SigIgn: | SigCgt:) all=$((all | 16#$mask)) ;;
		esac
	done 2>/dev/null <"/proc/$1/status"
	((!(all >> (${number[$2]} - 1) & 1)))
}

gone() {
	local start
	is_alive "$1" || return 0
	# What is tracked is known by when it began, too: where many come and go, its number is soon another's.
	[ "$start" != "${STARTED[${1:-none}]:-$start}" ]
}
# Sets `start`, in clock ticks since the machine's own.
is_alive() {
	local line= fields
	read -rd '' line 2>/dev/null <"/proc/$1/stat"
	read -ra fields <<<"${line##*) }"
	start=${fields[19]:-}
	[ -n "$line" ] && [[ ${fields[0]} != [ZX] ]]
}

# Pids of all processes, but this shell, whose environment names $T: each of them is this test's.
ours() {
	local p
	grep -alF "=$T/" /proc/[0-9]*/environ 2>/dev/null | while read -r p; do
		p=${p#/proc/}
		p=${p%/environ}
		[ "$p" = "$$" ] || [ "$p" = "$BASHPID" ] || gone "$p" || echo "$p"
	done
}

none_of_ours() {
	[ -z "$(ours)" ]
}

# Ends every process of this test that detached itself (agents).
end_ours() {
	local p
	for p in $(ours); do
		kill -TERM "$p" 2>/dev/null
		kill -CONT "$p" 2>/dev/null
	done
	wait_for 3 none_of_ours >/dev/null && return
	for p in $(ours); do
		end_process "$p" -KILL
	done
	wait_for 3 none_of_ours
}

# Pids of the agents of this test, whatever started them; agent_end [-SIGNAL] ends them.
agent_pid() {
	local p
	for p in $(ours); do
		[ "$(readlink "/proc/$p/exe")" != "$(readlink -f "$DEVID_AGENT")" ] || echo "$p"
	done
}

agent_end() {
	local p
	for p in $(agent_pid); do
		end_process "$p" "$@"
	done
}

# wait_for SECONDS COMMAND…: until it succeeds; a condition, never a mere sleep.
wait_for() {
	local n=0 last=$(($1 * 50))
	shift
	while ! "$@" >/dev/null 2>&1; do
		n=$((n + 1))
		if [ "$n" -ge "$last" ]; then
			echo "# no success in time: $*"
			return 1
		fi
		# Most of what is waited for is there at once.
		[ "$n" -gt 4 ] && sleep 0.02 || sleep 0.005
	done
}

AT_EXIT=()

# at_exit COMMAND-LINE: run before the private folder goes, last one first.
at_exit() {
	AT_EXIT+=("$*")
}

finish() {
	local status=$? failed=$TAP_FAILED pid i
	trap - EXIT
	# A child that is ended between fork and exec has the trap too, and nothing to clear away.
	[ "$BASHPID" = "$$" ] || exit "$status"
	for ((i = ${#AT_EXIT[@]} - 1; i >= 0; i--)); do
		eval "${AT_EXIT[i]}"
	done
	for pid in $(printf '%s\n' "${PIDS[@]}" | tac); do
		stop "$pid"
	done
	end_ours
	[ "$TAP_FAILED" -eq "$failed" ] || status=1
	[ -n "${KEEP:-}" ] && echo "# kept: $T" || rm -rf "$T"
	if [ -z "$TAP_FINISHED" ] && [ "$status" -ne 99 ]; then
		echo "Bail out! the script ended before its end (status $status)"
		status=99
	fi
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- the network -------------------------------------------------------------------------------

# Runs the whole script again in a network namespace of its own, with a loopback: there every port
# is free. Call it right after sourcing this file: `private_network "$0" "$@"`.
private_network() {
	[ -z "${DEVID_TEST_NETWORK:-}" ] || return 0
	TAP_FINISHED=yes
	rm -rf "$T"
	local how=(unshare -n)
	[ "$(id -u)" -eq 0 ] || how=(unshare -Urn)
	DEVID_TEST_NETWORK=yes exec "${how[@]}" bash -c 'ip link set lo up && exec bash "$@"' private "$@"
}

# The port that process PID listens on (it bound port 0); for wait_for and $(…).
listening_port() {
	local inode line
	for inode in $(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | tr -dc '0-9\n'); do
		line=$(awk -v i="$inode" '$10 == i && $4 == "0A" { print $2 }' "/proc/$1/net/tcp" \
			"/proc/$1/net/tcp6" 2>/dev/null | head -n 1)
		[ -z "$line" ] || {
			echo $((16#${line##*:}))
			return 0
		}
	done
	return 1
}

# Whether something listens on TCP port PORT, without connecting to it.
port_listens() {
	grep -qi ":$(printf '%04X' "$1") 0*:0000 0A" /proc/net/tcp /proc/net/tcp6
}

# --- an account of its own ----------------------------------------------------------------------

# private_etc "$0" "$@": runs the script again where /etc is a private copy without an account, for an account
# of this machine would go before the one of a test. What root does there stays there.
private_etc() {
	if [ -z "${DEVID_TEST_ETC:-}" ]; then
		if [ "$(id -u)" -ne 0 ] || ! unshare -m --propagation private true 2>/dev/null; then
			[ ! -e /etc/devid ] || skip_all "this machine has an account, and there is no hiding it"
			return 0
		fi
		TAP_FINISHED=yes
		rm -rf "$T"
		DEVID_TEST_ETC=yes exec unshare -m --propagation private bash "$@"
	fi
	unset DEVID_TEST_ETC
	mkdir "$T/etc"
	mount -t tmpfs -o mode=755 etc "$T/etc" || bail "can't mount"
	at_exit "umount -l '$T/etc'"
	mkdir "$T/etc/upper" "$T/etc/work"
	mount -t overlay overlay -o "lowerdir=/etc,upperdir=$T/etc/upper,workdir=$T/etc/work" /etc ||
		bail "can't mount over /etc"
	at_exit "umount -l /etc"
	rm -rf /etc/devid
}

# --- certificates ------------------------------------------------------------------------------

# $PKI: the certificates that tests/certs/make.sh made, once a build; see there for their names.
# Where no build gave a place, in a folder of this test.
PKI=${DEVID_TEST_PKI:-$T/pki}
need_pki() {
	bash "$TESTS/certs/make.sh" "$PKI" "$@" >"$T/pki.log" 2>&1 || bail "no certificates: $(cat "$T/pki.log")"
}
