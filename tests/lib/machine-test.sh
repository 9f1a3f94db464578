#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The private machine of tests: what is installed is there, and the real one does not notice.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/machine.sh"
# What lies on the machine itself: a key that every user may read.
export PLANTED=${PLANTED:-$(mktemp -d /tmp/dvXXXXXX)}
at_exit "rm -rf '$PLANTED'"
[ -e "$PLANTED/key.pem" ] || { need_pki && chmod 755 "$PLANTED" && cp "$PKI/p256.key" "$PLANTED/key.pem"; }
[ -e "$PLANTED/key.pem" ] || bail "nothing planted"
private_machine "$0" "$@"
plan 20
machine_user alice devid
machine_user bob

is "$(stat -c %U:%a /run/devid /var/lib/devid /var/log/devid | tr '\n' ' ')" \
	"devid:755 devid:755 devid:750 " "the folders are made as installed"
like "$(id alice)" '\(devid\)' "alice is in the group"
unlike "$(id bob)" '\(devid\)' "bob is not"
as alice
is "$("${A[@]}" id -un)" alice "commands run as alice"
like "$("${A[@]}" id -Gn)" devid "with her groups"
is "$("${A[@]}" pwd)" "$T/users/alice" "in her home"
is "$("${A[@]}" env | grep -c '^DEVID_')" 0 "without a word of the tests"
as root
is "$("${A[@]}" bash -c 'echo ~')" "$T/users/root" "root's home is another one"
is "$(ls /etc/devid)" signing "there is no account yet"
ok "p11-kit's file is where p11-kit looks" test -f /usr/share/p11-kit/modules/devid.module
is "$(cat /usr/lib/sysusers.d/devid.conf)" "$(cat "$DEVID_SOURCE/data/sysusers.conf")" "so are the fragments"
is "$(ps -e -o comm= | grep -cvE '^(bash|ps|grep|machine-test.sh)$')" 0 "no other process is seen"
not_ok "what lies in the machine's /tmp is not seen" test -e "$PLANTED"
is "$(ls -A /var/tmp /home | grep -vE "^(/var/tmp:|/home:|)$")" "" "nor what lies in /var/tmp and /home"
ok "everybody may write there" setpriv --reuid=bob --regid=bob --clear-groups sh -c 'echo >/tmp/a && echo >/var/tmp/a'
ok "the test's folder is there" test -d "$T/users/alice"
ok "so are the sources" test -f "$DEVID_SOURCE/meson.build"
ok "and the build" test -f "$DEVID_BUILD/build.ninja"
is "$(cat /dev/kmsg)" "" "the kernel's log is not the machine's"
as bob
not_ok "the network is private" "${A[@]}" ip route get 192.0.2.1
done_testing
