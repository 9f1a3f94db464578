#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hosts that live strangely (host/main.c), each with the real agent, which no host may take along or keep: none
# listens when one begins, and none is asked to stay.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/life-lib.sh"
life_identity rsa2048

for manner in $("${E[@]}" "$DEVID_FAULT_HOST" --list); do
	agent_end
	run "${E[@]}" "$DEVID_FAULT_HOST" "$manner"
	is "$rc" 0 "$manner ($ms ms)"
	[ -z "$err" ] || diag "$err"
done

# What the host may not do says nothing of those whom its agent serves later.
agent_end
run "${E[@]}" "$DEVID_FAULT_HOST" without-room
agent=$(agent_pid)
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store file --password-file "$PKI/password" "$PKI/p256.p12"
is "$rc" 0 "an agent that a host without room started writes a record"
is "$(agent_pid)" "$agent" "and it was that one"
done_testing
