#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tests of identities once more, with their halves in the real gnome-keyring.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"

keyring_bus
keyring_start open
env_set TEST_STORE=keyring

for name in import many fault; do
	RUN_BOUND=250 run "${E[@]}" "$DEVID_IDENTITY_TESTS/identity-$name-test"
	is "$rc" 0 "identity-$name-test with the keyring"
	[ "$rc" -eq 0 ] || diag "$out" "$err"
	[ "$name" = fault ] || keyring_control delete
done
is "$(keyring_items)" "" "no half was left behind in the keyring, whatever failed or was killed"
done_testing
