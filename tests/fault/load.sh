#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Load: 10,000 signatures in 64 sessions cost no memory that stays, and 200 processes at once that find no agent
# share one, which leaves when they have gone; with keys in files and in the real keyring.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/life-lib.sh"
CROWD=200
# Each with a sanitizer's start takes a second of a processor; all wait for one agent, whose bounds are the real ones.
[ "${DEVID_SANITIZE:-none}" = none ] || CROWD=50
PROGRAM=$DEVID_AGENT
# Root runs nothing below /tmp.
HASTY=$(mktemp -d "$DEVID_BUILD/hasty.XXXXXX") || bail "no folder"
at_exit "rm -rf '$HASTY'"

# As the module starts it, but that it doesn't stay for a minute.
hasty_agent() {
	printf '#!/bin/sh\nexec "%s" "$@" --idle-timeout 3\n' "$PROGRAM" >"$HASTY/hasty-agent"
	chmod 755 "$HASTY/hasty-agent"
	env_set DEVID_AGENT="$HASTY/hasty-agent"
}

load() {
	local store=$1 pid crowd in good=
	life_identity --store "$store" rsa2048 p256
	run "${E[@]}" "$DEVID_FAULT_SIGNS"
	is "$rc" 0 "$store: 10,000 signatures ($ms ms: $(echo $out) KiB)"
	diag "$err"
	agent_end
	hasty_agent
	coproc CROWD_RUN { exec "${E[@]}" "$DEVID_FAULT_CROWD" "$CROWD" 2>"$T/crowd.err"; }
	crowd=$CROWD_RUN_PID in=${CROWD_RUN[1]}
	read -r -t 200 good <&"${CROWD_RUN[0]}"
	is "$good" "$CROWD" "$store: $CROWD processes at once: all list and sign"
	diag "$(head -n 20 "$T/crowd.err")"
	one_left() {
		[ "$(agent_pid | wc -l)" -eq 1 ]
	}
	ok "$store: one agent remains" wait_for 10 one_left
	pid=$(agent_pid)
	exec {in}>&-
	wait "$crowd"
	is $? 0 "$store: the last of them leaves it"
	ok "$store: it leaves when nobody asks any more" wait_for 20 gone "$pid"
	is "$(agent_pid)" "" "$store: then there is none"
	[ ! -e "$T/run/devid/agent" ] && pass "$store: nor its socket" || fail "$store: nor its socket"
	env_set DEVID_AGENT="$PROGRAM"
}

load file
run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys --yes
is "$rc" 0 "all is taken out"
agent_end
keyring_bus
keyring_start open || bail "no keyring"
load keyring
done_testing
