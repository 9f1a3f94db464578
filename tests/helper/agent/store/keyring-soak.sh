#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The keyring's real bounds, which take minutes: 4.5 s for a daemon that hangs, 118 s for a prompt that
# nobody answers. Run by hand or by night: DEVID_SOAK=yes meson test keyring-soak
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"

[ "${DEVID_SOAK:-}" = yes ] || skip_all "two minutes and more; DEVID_SOAK=yes runs it"
need_pki
keyring_bus
keyring_start open
import=("$DEVID_COMMAND" import-cert --user --store keyring --password-file "$PKI/password")

run "${E[@]}" "${import[@]}" "$PKI/p256.p12"
is "$rc" 0 "imported"
keyring_lock
prompter_start silent
RUN_BOUND=200 run "${E[@]}" "${import[@]}" "$PKI/namesake.p12"
is "$rc" 5 "nobody answered: 5"
if [ "$ms" -ge 117000 ] && [ "$ms" -le 121000 ]; then
	pass "after two minutes ($ms ms)"
else
	fail "after two minutes"
	diag "$ms ms"
fi
keyring_unlock
run "${E[@]}" "${import[@]}" "$PKI/namesake.p12"
is "$rc" 0 "the next request works"
prompter_stop

keyring_pause
run "${E[@]}" "${import[@]}" "$PKI/comma.p12"
is "$rc" 5 "a daemon that hangs: 5"
if [ "$ms" -ge 4000 ] && [ "$ms" -le 9500 ]; then
	pass "within its bound ($ms ms)"
else
	fail "within its bound"
	diag "$ms ms"
fi
like "$err" "keyring" "and it says what hangs"
keyring_resume
run "${E[@]}" "${import[@]}" "$PKI/comma.p12"
is "$rc" 0 "it is imported when the daemon goes on"
is "$(keyring_items | wc -l)" 3 "three identities, three items"
done_testing
