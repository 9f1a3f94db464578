#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Threads, forks and the library's end, all at once, with the real agent, for ten seconds: plain, with the
# address sanitizer, and with the thread sanitizer, whose reports tests/run.sh counts.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/life-lib.sh"
life_identity rsa2048 p256
before=$(agent_pid)

RUN_BOUND=150 run "${E[@]}" "$DEVID_FAULT_STRESS" "${DEVID_STRESS_SECONDS:-10}"
is "$rc" 0 "every answer was one that may come ($ms ms)"
diag "$out" "$err"
unlike "$err" 'Sanitizer' "nothing was reported"
is "$(agent_pid)" "$before" "one agent served, and serves"
few_threads() {
	[ "$(sed -n 's/^Threads:[[:space:]]*//p' "/proc/$before/status")" -le 8 ]
}
ok "its threads have ended" wait_for 10 few_threads
ok "it leaves when told to" end_process "$before"
is "$(ours)" "" "nothing is left"
done_testing
