# SPDX-License-Identifier: LGPL-2.1-or-later
# A user who may not open the TPM, with her own agent under her manager and an open keyring: the machine's agent lends it.
. /folder/tests/vm/guest.sh
. /folder/tests/vm/people.sh

import() { # USER NAME LABEL [OPTION…]
	run_by "$1" devid import-cert --store tpm --label "$3" --password-file "$PKI/password" "${@:4}" "$PKI/$2.p12"
}
account() {
	printf '[Account]\nName=Example\nOnUse=enforce\n%s\n' "${1:-}" >/etc/devid/account.conf
}

case $VM_BOOT in
1)
	useradd -m -s /bin/bash carol
	unlike "$(id alice)" 'tss' "alice is not in the group of the TPM"
	for user in alice carol; do
		user_manager $user
		keyring_open $user
		is "$(by $user systemctl --user is-active devid-agent.socket)" active "$user's socket waits"
	done
	for name in rsa2048 p256; do
		import alice $name $name
		is "$rc" 0 "$name: imported" || diag "$(last_run)"
		ok "$name: signs" signs alice "$PKI/$name.crt" USER
	done
	is "$(by alice systemctl --user is-active devid-agent.service)" active "by her own agent, a unit of her manager"
	is "$(systemctl is-active devid-agent.service)" active "and the machine's"
	is "$(find /home/alice -name '*.tss2' | wc -l) $(find /var/lib/devid -name '*.tss2' | wc -l)" "2 0" "her keys are hers"
	run_by alice devid status
	is "$rc" 0 "devid status" || diag "$(last_run)"
	run_by alice devid doctor
	like "$out" "pass .*the machine's agent lends it to this user" "doctor knows whose TPM it is"
	unlike "$out" '(^|'$'\n'')fail' "and finds nothing wrong" || diag "$out"

	import carol p256 mine
	isnt "$rc" 0 "carol, whom the account doesn't name: refused"
	like "$err" "does not lend it to this user" "and in words"
	like "$err" 'TPMUsers=' "with what to ask for"
	is "$(find /home/carol -name '*.tss2' -o -name '*.identity' | wc -l)" 0 "nothing is left"
	account TPMUsers=carol
	import carol p256 mine
	is "$rc" 0 "named: imported" || diag "$(last_run)"
	ok "and it signs" signs carol "$PKI/p256.crt" USER
	not_ok "alice, who isn't named any more: no signature" signs alice "$PKI/p256.crt" USER
	run_by alice devid status
	diag "$(last_run)"
	run_by alice devid doctor
	diag "$out"
	account

	ok "named again: signs" signs alice "$PKI/p256.crt" USER
	keyring_lock alice
	not_ok "the keyring locked: no signature" signs alice "$PKI/p256.crt" USER
	run_by alice devid check p256
	diag "$(last_run)"
	keyring_open alice
	ok "opened again: signs" wait_for 60 signs alice "$PKI/p256.crt" USER
	nothing_denied
	reboot_machine
	;;
2)
	wait_for 60 test -S "/run/user/$(id -u alice)/bus"
	not_ok "rebooted, nobody has logged in: no signature" signs alice "$PKI/rsa2048.crt" USER
	keyring_open alice
	for name in rsa2048 p256; do
		ok "rebooted: $name signs" wait_for 60 signs alice "$PKI/$name.crt" USER
	done
	nothing_denied "after the reboot"
	;;
esac
done_testing
