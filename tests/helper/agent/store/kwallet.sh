#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The real KWallet as Secret Service, without the part of Qt's that it enciphers with, as Debian installs it: said as
# what it is, with the package that mends it, and nothing is left behind.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/keepassxc.sh"
command -v kwalletd5 >/dev/null || skip_all "no kwalletd5"
[ -z "$(find /usr/lib -path '*qt5/plugins/crypto/libqca*' 2>/dev/null)" ] || skip_all "KWallet has its part here"
need_pki
keyring_bus
keepassxc_display
mkdir -p "$T/home/.config"
printf '[Wallet]\nEnabled=true\nFirst Use=false\n[org.freedesktop.secrets]\napiEnabled=true\n' >"$T/home/.config/kwalletrc"
"${E[@]}" kwalletd5 >"$T/kwallet.log" 2>&1 &
track $!
ok "KWallet is the keyring" wait_for 20 bus_has_name org.freedesktop.secrets
run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --password-file "$PKI/password" "$PKI/p256.p12"
is "$rc" 5 "an import: the keyring can't be used"
like "$err" 'devid: keyring: KWallet lacks a part that enciphers what it hands over' "in words"
like "$err" 'hint: install libqca-qt5-2-plugins, then log out and in again' "with the package"
run "${E[@]}" "$DEVID_COMMAND" doctor
like "$out" 'KWallet lacks a part|no default collection' "doctor tells of it"
is "$(ls "$T/home/.local/share/devid" 2>/dev/null | grep -v -e generation -e lock)" "" "nothing is left behind"
done_testing
