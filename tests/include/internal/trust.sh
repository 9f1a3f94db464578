#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What root runs and loads because the environment names it, and who starts the machine's agent.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/machine.sh"
private_machine "$0" "$@"
machine_user alice
ALICE=$T/users/alice
as root
cp "$PKI"/{rsa2048,p256}.p12 "$PKI/password" "$T/users/root/"
chmod 600 "$T/users/root/password"
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
is "$rc" 0 "an account"
import=(devid import-cert --store file --label a --password-file password rsa2048.p12)

# --- a program of hers in the agent's place
plant() {
	rm -f "$T/ran"
	mkdir -p "$1"
	printf '#!/bin/sh\nid -u >%s\n' "$T/ran" >"$1/devid-agent"
	chmod 755 "$1/devid-agent"
}
# refuses NAME PATH FAULT [VARIABLE]: root doesn't run it and says which one is at fault.
refuses() {
	run "${A[@]}" "${4:-DEVID_AGENT}=$2" "${import[@]}"
	isnt "$rc" 0 "$1: an error"
	like "$err" "^devid: (.*: )?${4:-DEVID_AGENT}=$2: $3: it is not root's alone" "$1: with the name" || diag "$(last_run)"
	ok "$1: nothing ran" test ! -e "$T/ran"
}
plant "$ALICE/bin"
chown -R alice: "$ALICE/bin"
refuses "a file of alice's" "$ALICE/bin/devid-agent" /tmp
plant /usr/dv-own
chown alice: /usr/dv-own/devid-agent
refuses "a file of alice's in a folder of root's" /usr/dv-own/devid-agent /usr/dv-own/devid-agent
chown root: /usr/dv-own/devid-agent
chmod 775 /usr/dv-own
refuses "a folder that a group can write" /usr/dv-own/devid-agent /usr/dv-own
chmod 755 /usr/dv-own
chmod 757 /usr/dv-own/devid-agent
refuses "a file that others can write" /usr/dv-own/devid-agent /usr/dv-own/devid-agent
plant /tmp/dv-own
refuses "root's own below /tmp" /tmp/dv-own/devid-agent /tmp
rm -r /tmp/dv-own
ln -s "$ALICE/bin/devid-agent" /usr/dv-own/link
refuses "a link of root's to it" /usr/dv-own/link /tmp
# The module is run by whoever loads it.
install -m 755 "$(pkg-config --variable=p11_module_path p11-kit-1)/devid-pkcs11.so" "$ALICE/bin/module.so"
run "${A[@]}" "${import[@]}"
is "$rc" 0 "an identity of root's own"
mkdir /usr/dv-hers
chown alice: /usr/dv-hers
cp "$ALICE/bin/module.so" /usr/dv-hers/
run "${A[@]}" DEVID_MODULE=/usr/dv-hers/module.so devid import-cert --store file --label b \
	--password-file password p256.p12
isnt "$rc" 0 "a module of alice's: an error"
like "$err" "DEVID_MODULE=/usr/dv-hers/module.so: /usr/dv-hers: it is not root's alone" "a module of alice's: refused with the name" ||
	diag "$(last_run)"
as alice
run "${A[@]}" "DEVID_MODULE=$ALICE/bin/module.so" devid list
is "$rc" 0 "her own is hers to load"
as root

# --- the machine's agent
machine_agents() {
	pgrep -u devid -x devid-agent || pgrep -f 'devid-agent --system'
}
run "${A[@]}" devid import-cert --system --label m --password-file password rsa2048.p12
is "$rc" 0 "without systemd root's command starts the machine's agent"
ok "there it is" machine_agents
kill $(machine_agents)
no_machine_agents() {
	! machine_agents
}
wait_for 10 no_machine_agents || diag "$(ps ax)"
mkdir -p /run/systemd/system
run "${A[@]}" devid import-cert --system --label n --replace --password-file password rsa2048.p12
isnt "$rc" 0 "with systemd, and its socket stopped: an error"
like "$err" "the machine's agent: not running" "in words"
like "$err" 'hint: as root: systemctl start devid-agent.socket' "with what starts it"
run "${A[@]}" devid doctor
isnt "$rc" 0 "doctor fails"
like "$out" "nothing listens for the machine's identities" "and says so"
like "$out" 'systemctl (start|enable --now) devid-agent\.socket' "with what starts it"
ok "and nobody has started one" no_machine_agents
run "${A[@]}" p11tool --provider "$(pkg-config --variable=p11_module_path p11-kit-1)/devid-pkcs11.so" --test-sign \
	'pkcs11:token=Device%20Identity%20%28system%29;object=m'
isnt "$rc" 0 "a client's signature fails"
ok "nor does the module" no_machine_agents
done_testing
