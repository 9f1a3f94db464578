#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Keys in KeePassXC, which keeps what is deleted: its recycle bin, an entry's history. What is secret is overwritten
# before, and what may still be found is named. The same order of things in gnome-keyring.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/keepassxc.sh"

need_pki
keyring_bus

import() {
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --password-file "$PKI/password" \
		"$PKI/$1.p12"
}

# What the item of the device key holds; base64.
secret() {
	keepassxc_xml | "$PYTHON" -c '
import sys, xml.etree.ElementTree as tree
for entry in tree.parse(sys.stdin).iter("Entry"):
    values = {s.find("Key").text: s.find("Value").text for s in entry.findall("String")}
    if values.get("devid-key") and values.get("Password", "").startswith("MI"):
        print("".join(values["Password"].split())[:400])
        break'
}

# For wait_for: the database can be read and has not this text.
unsaved() {
	local xml
	xml=$(keepassxc_xml) && [ -n "$xml" ] && ! tr -d '\n' <<<"$xml" | grep -qF "$1"
}

# --- the default: 10 versions, a bin ------------------------------------------------------------

ok "a database" keepassxc_make
ok "KeePassXC is the keyring" keepassxc_start
import p256
is "$rc" 0 "imported"
ok "and saved" wait_for 30 keepassxc_saved devid-key
half=$(secret)
like "$half" '^MI' "the private key is in the database"
printf 'pass word' | "${E[@]}" secret-tool store --label=sign-in xdg:schema org.devid.SignIn \
	gateway vpn.example.com:443 user alice
ok "so is a saved sign-in" wait_for 30 keepassxc_saved 'pass word'

run "${E[@]}" "$DEVID_COMMAND" remove p256
is "$rc" 0 "removed"
like "$(tr -s '\n ' '  ' <<<"$out")" 'out of reach: KeePassXC keeps deleted entries in its recycle bin.*10 versions' \
	"and the bin is named"
ok "the entry is in the bin" wait_for 30 keepassxc_saved 'removed by devid (11)'
like "$(keepassxc_xml)" '<Name>Recycle Bin</Name>' "which there is"
ok "the private key is nowhere in the database" wait_for 30 unsaved "$half"

run "${E[@]}" "$DEVID_COMMAND" reset-cred
is "$rc" 0 "sign-ins forgotten"
like "$(tr -s '\n ' '  ' <<<"$out")" 'out of reach:.* sign-ins in the keyring: KeePassXC keeps' "told in the same way"
ok "the password is nowhere in the database" wait_for 30 unsaved 'pass word'

import p384
is "$rc" 0 "another identity"
ok "saved" wait_for 30 eval '[ -n "$(secret)" ]'
half=$(secret)
run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys --yes --json
is "$rc" 0 "reset-cred --keys"
like "$out" '"unreachable".*p384 .*KeePassXC keeps deleted entries' "names it among what is out of reach"
ok "and the key is nowhere" wait_for 30 unsaved "$half"
keepassxc_stop

# --- a history without end -----------------------------------------------------------------------

ok "a database that keeps every version" keepassxc_make -1
ok "KeePassXC again" keepassxc_start
import p521
is "$rc" 0 "imported"
ok "saved" wait_for 30 eval '[ -n "$(secret)" ]'
half=$(secret)
run "${E[@]}" "$DEVID_COMMAND" remove p521
is "$rc" 0 "removed"
ok "overwritten" wait_for 30 keepassxc_saved 'removed by devid (11)'
ok "the key is where the words say: in the history of the entry in the bin" keepassxc_saved "$half"
like "$(tr -s '\n ' '  ' <<<"$out")" 'still in the entry.s history where' "which they do"
keepassxc_stop

# --- gnome-keyring: nothing to name, and overwritten all the same -----------------------------------

keyring_start open
import p256
is "$rc" 0 "gnome-keyring: imported"
"${E[@]}" dbus-monitor --session "type='method_call',interface='org.freedesktop.Secret.Item'" \
	>"$T/calls" 2>&1 &
track $!
ok "its calls are heard" wait_for 10 grep -q NameAcquired "$T/calls"
run "${E[@]}" "$DEVID_COMMAND" remove p256
is "$rc $out" "0 p256: removed from Device Identity" "removed, and nothing is out of reach"
ok "overwritten and deleted" wait_for 10 grep -q 'member=Delete' "$T/calls"
is "$(grep -oE 'member=(SetSecret|Delete)' "$T/calls" | tr '\n' ' ')" "member=SetSecret member=Delete " "in this order"
done_testing
