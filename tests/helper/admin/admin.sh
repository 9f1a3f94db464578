#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What needs root on a desktop, by polkit: a real polkitd on a real system bus, its answers, and the terminal's own agent;
# and devid-admin against its callers: whatever a user says to it, root opens nothing that the user names.
. "$(dirname "$0")/../../lib/common.sh"
. "$(dirname "$0")/../../lib/machine.sh"
CALL=$DEVID_ADMIN_CALL
private_machine "$0" "$@"
. "$TESTS/lib/polkit.sh"
install -m 755 "$CALL" "$T/admin-call"
machine_user alice
machine_user bob
HOME_ALICE=$T/users/alice
cp "$PKI"/{rsa2048,p256,stranger}.p12 "$PKI"/{issuing,p256}.crt "$PKI/password" "$HOME_ALICE/"
chown -R alice: "$HOME_ALICE"
as root
ROOT=("${A[@]}")
as alice
ALICE=("${A[@]}")
import() {
	run "${ALICE[@]}" devid import-cert --system --password-file password "$@"
}

# --- nobody to ask
import rsa2048.p12
is "$rc" 1 "no bus: the import is refused"
like "$err" "only root imports to the machine's token.*as root: devid import-cert --system FILE" "with what to do as root"
run "${ALICE[@]}" devid ca add --system --name example issuing.crt
isnt "$rc" 0 "no bus: nor is a signing certificate added"
system_bus_start
chmod 600 "$HOME_ALICE/password"
import rsa2048.p12
isnt "$rc" 0 "the bus starts polkit, which lets nobody of itself"

# --- polkit's answer
admin_answer NO
import rsa2048.p12
is "$rc" 1 "polkit says no: refused"
like "$err" 'polkit does not allow org\.devid\.import-system' "by polkit"
like "$err" 'hint: let an administrator type it, as root' "and what to do"
run "${ALICE[@]}" devid ca add --system --name example issuing.crt
like "$err" 'polkit does not allow org\.devid\.account' "the account has an action of its own"
is "$(ls /etc/devid/signing /var/lib/devid)" "$(printf '/etc/devid/signing:\n\n/var/lib/devid:')" "nothing was written"
stop "$POLKIT_PID"
rm /etc/polkit-1/rules.d/10-admin.rules
polkit_start
import rsa2048.p12
like "$err" 'polkit wants a password for org\.devid\.import-system, and nobody asks for it here' "as it is shipped a password is wanted"
for action in import-system account; do
	is "$(pkaction --verbose --action-id org.devid.$action | sed -n 's/^ *implicit //p' | tr -s ' ' | paste -sd,)" \
		"any: auth_admin,inactive: auth_admin,active: auth_admin_keep" "org.devid.$action: an administrator's, from anywhere"
done
admin_answer YES
run "${ALICE[@]}" devid ca add --system --name example issuing.crt
is "$rc$err" 0 "polkit says yes: a signing certificate is added"
like "$out" '^example: added: ' "and it is said as root would hear it"
is "$(stat -c %U:%a /etc/devid/signing/example.pem)" root:644 "it is root's"
run "${ALICE[@]}" devid ca add --system --name example issuing.crt
like "$rc $out" '^0 example: already there' "a second time changes nothing"
import rsa2048.p12
is "$rc" 0 "polkit says yes: an identity is imported" || diag "$(last_run)"
run "${ROOT[@]}" devid import-cert --system --password-file "$PKI/password" "$PKI/rsa2048.p12"
like "$out" 'already here, nothing changed' "as root would have imported it, under the same label"
import rsa2048.p12
like "$rc $out" '^0 .*already here, nothing changed' "a second time changes nothing"
import --json --label second p256.p12
is "$(python3 -c 'import json,sys; d=json.load(sys.stdin); print(d["result"], d["label"], d["scope"])' <<<"$out")" "ok second system" \
	"--json is root's object"
import --label second stranger.p12
is "$rc" 1 "what root refuses is refused"
like "$err" 'devid: "second" is already there with another certificate' "with its words"
run "${ALICE[@]}" devid account revoke --system p256.crt
like "$rc $out" '^0 .*revoked' "a certificate is revoked"
run "${ALICE[@]}" devid ca remove --system --yes example
like "$rc $out" '^0 example: removed' "a signing certificate is removed"
# --- a password on the terminal
stop "$POLKIT_PID"
cat >/etc/polkit-1/rules.d/10-admin.rules <<-'RULE'
	polkit.addRule(function(action, subject) {
		if (action.id.indexOf("org.devid.") == 0)
			return polkit.Result.AUTH_SELF;
	});
RULE
echo alice:correct | chpasswd
polkit_start
on_terminal() {
	run timeout 60 "${ALICE[@]}" python3 "$TESTS/lib/pty-run.py" type "$1" -- devid ca add --system --name example issuing.crt
}
on_terminal correct
is "$rc" 0 "on a terminal polkit's agent asks, and the right password will do" || diag "$(last_run)"
like "$out" 'AUTHENTICATING FOR org\.devid\.account' "it is she who is asked"
run "${ROOT[@]}" devid ca remove --yes example
on_terminal wrong
isnt "$rc" 0 "a wrong password won't"
ok "nothing is added" test ! -e /etc/devid/signing/example.pem
not_ok "polkit's agent is gone" pgrep -x pkttyagent

# --- what a caller may say
admin_answer YES
# said ERROR NAME WORD…: to Run, with what comes on descriptor 3.
call() {
	run "${ALICE[@]}" "$T/admin-call" "$@"
}
refused() {
	like "$out" "^org\.devid\.Admin\.Error\.$1: " "$2: refused" || diag "$(last_run)"
}
openssl pkcs12 -in "$PKI/p256.p12" -passin "file:$PKI/password" -nodes -legacy 2>/dev/null >"$T/identity.pem" ||
	openssl pkcs12 -in "$PKI/p256.p12" -passin "file:$PKI/password" -nodes >"$T/identity.pem"
pem() {
	cat "$T/identity.pem"
}
for command in '' import 'import-cert --user' 'reset-cred' 'ca' 'ca list' connect 'export' '/bin/sh' 'account'; do
	call "$command" 3< <(pem)
	refused BadWords "the command $(printf %q "$command")"
done
for option in password-file=/etc/shadow password-fd=0 key=/etc/shadow config=/tmp pin-file=/etc/shadow user= system= out=/etc/x \
	store=pkcs11:token=x store=keyring store=/tmp tpm-auth=keyring label= "label=a"$'\n'b "label=$(printf 'a%.0s' {1..300})" \
	replace=yes json=x number=1 '=x' 'label x=y' --json= -o=/tmp/x name=x; do
	call import-cert "$option" 3< <(pem)
	refused BadWords "import-cert with $(printf %q "$option")"
done
for name in '' ../x /etc/x .x -x --user a/b "a b" "$(printf 'a%.0s' {1..80})"; do
	call 'ca add' "name=$name" 3<"$PKI/issuing.crt"
	refused BadWords "ca add with the name $(printf %q "$name")"
	call 'ca remove' "name=$name" 3< <(:)
	refused BadWords "ca remove with the name $(printf %q "$name")"
done
call 'ca remove' 3< <(:)
refused BadWords "ca remove without a name"
call import-cert 3< <(:)
refused BadInput "an empty pipe"
call import-cert 3< <(head -c 100000 /dev/zero)
refused BadInput "a huge one"
call import-cert 3</etc/passwd
refused BadInput "a file in the pipe's place"
call import-cert 3</dev/zero
refused BadInput "a device"
call import-cert 3<"$HOME_ALICE"
refused BadInput "a folder"
mkfifo "$T/silent"
exec 9<>"$T/silent"
call import-cert 3<"$T/silent"
refused BadInput "a pipe that stays silent"
exec 9>&-
call import-cert json= 3< <(head -c 50000 /dev/urandom)
like "$out" '^done [1-9]' "noise in the pipe: devid's own refusal"
call import-cert --label=--user= 3< <(pem)
refused BadWords "an option with dashes"
call import-cert label=--user 3< <(pem)
like "$out" '^done 0' "a label that looks like an option is a label"
ok "which is on the machine's token" grep -q -- '^Label: --user' /var/lib/devid/*.identity
ok "and nothing is root's own" test ! -e "$T/users/root/.local/share/devid"

# --- files that she can't read
install -m 600 "$PKI/rsa2048.p12" "$T/users/root/hers.p12"
install -m 600 "$PKI/password" /etc/devid-password
import "$T/users/root/hers.p12"
like "$rc $err" '^1 .*Permission denied' "a file of root's: it is she who can't read it"
run "${ALICE[@]}" devid import-cert --system --password-file /etc/devid-password rsa2048.p12
like "$rc $err" '^1 .*Permission denied' "nor a password of root's"
run "${ALICE[@]}" ln -s "$T/users/root/hers.p12" link.p12
import link.p12
like "$rc $err" '^1 .*Permission denied' "nor behind a link"
run "${ALICE[@]}" devid account revoke --system /etc/shadow
like "$rc $err" '^1 .*Permission denied' "nor a certificate"
run "${ALICE[@]}" dd if=/dev/zero of=huge.p12 bs=1M count=0 seek=64 status=none
import huge.p12
isnt "$rc" 0 "a huge file is refused before anybody is asked"

# --- the bus
as bob
run "${A[@]}" dbus-send --system --print-reply --dest=org.devid.Admin /org/devid/Admin org.freedesktop.DBus.Properties.GetAll \
	string:org.devid.Admin
isnt "$rc" 0 "the bus lets nobody call what is not offered"
run "${A[@]}" /usr/libexec/devid/devid-admin
is "$rc" 1 "it does nothing for who isn't root"
exec 9<>"$T/silent"
callers=()
for i in {1..6}; do
	"${ALICE[@]}" "$T/admin-call" import-cert 3<>"$T/silent" >"$T/many.$i" 2>&1 &
	callers+=($!)
	track $!
done
all_said() {
	[ "$(cat "$T"/many.* | wc -l)" -eq 6 ]
}
ok "six at once are all answered" wait_for 20 all_said
like "$(cat "$T"/many.*)" 'Error\.Busy: too much is under way for this user' "of which one user has four at most"
exec 9>&-
done_testing
