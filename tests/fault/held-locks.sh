#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine's folders are open for all to read, so anybody can hold a flock on them for ever: root's
# writers and starters must not mind.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
private_machine "$0" "$@"
machine_user bob
cp "$PKI/rsa2048.p12" "$PKI/issuing.crt" "$PKI/password" "$T/users/root/"
as root
ROOT=("${A[@]}")
as bob
BOB=("${A[@]}")

holds() {
	local inode
	inode=$(stat -c %i "$1")
	grep -q ":$inode 0 EOF" /proc/locks
}
hold() {
	"${BOB[@]}" flock "$1" sleep 300 &
	track $!
	wait_for 5 holds "$1" || bail "no lock on $1"
}

for folder in /run/devid /var/lib/devid /etc/devid /etc/devid/signing /var/log/devid; do
	[ ! -d "$folder" ] || "${BOB[@]}" test ! -r "$folder" || hold "$folder"
done
run "${ROOT[@]}" devid ca add --name example issuing.crt
is "$rc" 0 "a signing certificate is added while another user holds a lock on the folder" || diag "$err"
run "${ROOT[@]}" devid import-cert --label rsa --password-file password rsa2048.p12
is "$rc" 0 "an agent is started, and imports" || diag "$err"
run "${ROOT[@]}" devid reset-cred --keys --yes
is "$rc" 0 "and all is taken out again" || diag "$err"
unlike "$out$err" 'another process' "with nothing in the way"
for folder in /run/devid /var/lib/devid /etc/devid/signing; do
	is "$(stat -c %a "$folder/.lock")" 600 "what is locked in $folder is its owner's alone"
	not_ok "which another user can't hold" "${BOB[@]}" flock -n "$folder/.lock" true
done
done_testing
