#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid doctor: a healthy machine gives no finding; what can be wrong with programs, modules, agents, sockets and
# the keyring is found, each provoked; and nothing of it takes for ever.
. "$(dirname "$0")/../../../lib/clients.sh"
. "$TESTS/lib/sandbox.sh"
. "$(dirname "$0")/doctor-lib.sh"
doctor_machine "$0" "$@"
MODULES=/usr/share/p11-kit/modules
FILE=$MODULES/devid.module

healthy "a healthy machine"
client_end_agents
healthy "… on which no agent runs yet"
like "$(cat "$T/findings")" 'started by this question' "… which is told"

# swap FILE NEW: NEW in the place of FILE; swap_back FILE.
swap() {
	mv "$1" "$1.kept" && cp "$2" "$1"
}
swap_back() {
	mv "$1.kept" "$1"
}
echo nothing >"$T/nothing"

# --- versions
row fail versions "can't be loaded" "a damaged module" 'swap $SO "$T/nothing"' 'swap_back $SO'
row fail versions 'no PKCS#11 module' "another library" 'swap $SO "$(ldconfig -p | sed -n "s/.* //;/libz.so/p" | head -1)"' \
	'swap_back $SO'
row fail versions "another maker's" "another maker's module" 'swap $SO "$(dirname $SO)/p11-kit-trust.so"' 'swap_back $SO'
row fail versions 'is 9.9, the command 0' "a module of another version" 'swap $SO "$DEVID_OTHER_MODULE"' 'swap_back $SO'
row fail versions 'agent is 0.0.9, the command 0' "an agent of another version" 'odd old' 'end_odd'

# --- module
row fail module 'not registered' "no .module file" 'mv $FILE "$T/"' 'mv "$T/devid.module" $FILE'
row fail module "can't load it" "a registered module that is gone" 'mv $SO "$T/"' 'mv "$T/devid-pkcs11.so" $SO'
row fail module "switched off" "a module that is disabled" 'echo "disable-in: devid" >>$FILE' 'sed -i /disable-in/d $FILE'
row warn module 'these programs alone: .*devid' "a module for a few programs" 'echo "enable-in: devid curl" >>$FILE' \
	'sed -i /enable-in/d $FILE'
: >$MODULES/empty.module
healthy "an empty .module file"
rm $MODULES/empty.module
row fail module 'broken.module:2:.*no module at all' "another's broken .module file" \
	'printf "module: nowhere.so\nthis is nothing\n" >$MODULES/broken.module' 'rm $MODULES/broken.module'
row fail module 'mine.module:1:' "the same in the user's own" \
	'"${E[@]}" sh -c "mkdir -p .config/pkcs11/modules && echo nothing >.config/pkcs11/modules/mine.module"' \
	'rm -r "$HOME_ALICE/.config/pkcs11"'
row fail module 'pkcs11.conf:1:' "p11-kit's broken settings" 'mkdir -p /etc/pkcs11 && echo nothing >/etc/pkcs11/pkcs11.conf' \
	'rm /etc/pkcs11/pkcs11.conf'
row fail module 'is critical' "another's critical module that is gone" \
	'printf "module: nowhere.so\ncritical: yes\n" >$MODULES/broken.module' 'rm $MODULES/broken.module'
row warn module "closed.module can't be read" "a file that can't be read" \
	'echo "module: nowhere.so" >$MODULES/closed.module; chmod 0 $MODULES/closed.module' 'rm -f $MODULES/closed.module'
row fail module 'it shows no token' "a module without a token" 'swap $SO "$DEVID_OTHER_MODULE"' 'swap_back $SO'
row fail module 'it does not start' "a module that does not start" \
	'swap $SO "$DEVID_OTHER_MODULE"; WITH=(env OTHER_MODULE=fails)' 'swap_back $SO'

# --- agent
AGENT=/usr/libexec/devid/devid-agent
row fail agent "can't be started: $AGENT: Permission denied" "an agent that can't be run" \
	'client_end_agents; chmod 0 $AGENT' 'chmod 755 $AGENT'
row fail agent "can't be started: $AGENT" "an agent that ends at once" 'client_end_agents; swap $AGENT /bin/false' \
	'swap_back $AGENT'
row fail agent 'listens.*does not answer' "a silent agent" 'odd silent' 'end_odd'
row fail agent 'listens.*does not answer' "an agent that greets and answers nothing else" 'odd mute' 'end_odd'
next() {
	client_end_agents
	"${E[@]}" "$PYTHON" "$TESTS/fault/next-agent.py" "$RUNTIME/agent" >"$T/odd.log" 2>&1 &
	ODD_PID=$!
	track $ODD_PID
	wait_for 10 test -S "$RUNTIME/agent"
}
row fail agent 'an agent of another version' "an agent of another protocol" 'next' 'end_odd'
row fail agent 'with mode 0755' "an open folder" 'client_end_agents; chmod 755 $RUNTIME' 'chmod 700 $RUNTIME'
row fail agent "is user 0's" "another's folder" 'client_end_agents; chown root $RUNTIME' 'chown alice $RUNTIME'
row fail agent 'is no folder' "a file in the folder's place" 'client_end_agents; rm -rf $RUNTIME; touch $RUNTIME; chown alice $RUNTIME' \
	'rm $RUNTIME'
theirs() {
	client_end_agents
	as root
	"${A[@]}" "$PYTHON" "$TESTS/helper/command/doctor/odd-agent.py" "$RUNTIME/agent" old >"$T/odd.log" 2>&1 &
	ODD_PID=$!
	track $ODD_PID
	wait_for 10 test -S "$RUNTIME/agent"
	chmod 666 "$RUNTIME/agent"
}
row fail agent "another user's process" "another user's agent" 'theirs' 'end_odd'
LONG=$HOME_ALICE/$(printf 'long%.0s' {1..30})
row fail agent 'no folder for its socket' "a place whose name is too long" \
	'"${E[@]}" mkdir -m 700 "$LONG"; WITH=(env XDG_RUNTIME_DIR="$LONG")' 'rmdir "$LONG"'

# --- keyring
row warn keyring 'locked' "a locked keyring" 'keyring_lock; client_end_agents' 'keyring_unlock'
row fail keyring 'none runs' "no keyring" 'keyring_stop' 'keyring_start open'
row fail keyring 'no session bus' "no session bus" 'client_end_agents; WITH=(env -u DBUS_SESSION_BUS_ADDRESS)' 'client_end_agents'
# A bus of another session of alice's, which lives and has no keyring: the agent stays with it.
other_session() {
	sed s/session-bus/other-bus/ "$T/bus.conf" >"$T/other-bus.conf"
	"${E[@]}" dbus-daemon --nofork --config-file="$T/other-bus.conf" \
		>"$T/other-bus.log" 2>&1 &
	OTHER_BUS=$!
	track "$OTHER_BUS"
	wait_for 5 test -S "$T/run/other-bus"
	"${E[@]}" env "DBUS_SESSION_BUS_ADDRESS=unix:path=$T/run/other-bus" devid export laptop >/dev/null
	"${E[@]}" env "DBUS_SESSION_BUS_ADDRESS=unix:path=$T/run/other-bus" devid doctor >/dev/null
}
row fail keyring 'this session.s is ready, and the agent reaches none' "an agent of another session" \
	'client_end_agents; other_session' 'client_end_agents; stop "$OTHER_BUS"'
begin=$(now_ms)
row fail keyring 'not answer|does not' "a keyring that hangs" 'keyring_pause' 'keyring_resume'
prompter_start silent
keyring_lock
client_end_agents
doctor
is "$(prompts)" 0 "nothing was asked of a person"
like "$(cat "$T/findings")" 'a try would ask' "… which is told"
keyring_unlock
prompter_stop
client_end_agents
healthy "all mended"

# --- the machine's, as alice sees it and as root does
client_import_system machine p256 >/dev/null
gpasswd -d alice devid >/dev/null
rm "$T/users/root"/*.p12
healthy "an identity of the machine, for others"
row fail system 'you may not use the machine.*\tas root: name the user in SystemUsers= .* group devid$' "the machine's identity alone, and not for this user" 'away' 'back'
usermod -aG devid alice
env_build
system_agents() { pgrep -u devid -x devid-agent; }
end_system() {
	local pid
	for pid in $(system_agents); do end_process "$pid"; done
}
start_system() {
	as root
	"${A[@]}" devid doctor >/dev/null
}
start_system
healthy "… now for this one too"
row warn system 'nothing listens' "no agent of the machine" 'end_system' 'start_system'
row fail system 'nothing listens' "… for one who needs it" 'away; end_system' 'back; start_system'
systemd() {
	end_system
	mkdir -p "$T/root/run/systemd/system"
	WITH=(env "DEVID_TEST_ROOT=$T/root")
}
row warn system 'socket unit is not enabled' "… and systemd runs" 'systemd' 'rm -r "$T/root"; start_system'
row fail system 'can be written by others' "a folder that others can write to" 'chmod 777 /run/devid' 'chmod 755 /run/devid'

# --- the account, as the machine's agent reads it
root_doctor() {
	as root
	local E=("${A[@]}")
	doctor
}
as alice
cp -a /etc/devid "$T/etc-devid"
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
chmod 600 /etc/devid/account.conf
root_doctor
like "$(troubles)" "fail.system.the machine's agent can't use the account: .*account.conf.*Permission denied" \
	"an account that root can read and the agent can't"
chmod 644 /etc/devid/account.conf
root_doctor
unlike "$(troubles)" "system.the machine's agent" "one that both can"
mv /etc/devid "$T/etc-devid.away"
root_doctor
GONE="warn.system.the account is gone, and the machine's agent goes on"
like "$(troubles)" "$GONE.*as root: kill $(system_agents)\$" "one that was taken away"
end_process "$(troubles | sed -n 's/.*as root: kill //p')"
root_doctor
unlike "$(troubles)" "$GONE" "which the hint puts an end to"
mv "$T/etc-devid.away" /etc/devid
echo rubbish >/etc/devid/account.conf
root_doctor
like "$(troubles)" 'fail.account.*account.conf:1' "one that is broken"
unlike "$out" 'group devid|there is no account' "which sends root to join no group, and is an account"
as alice
doctor
unlike "$out" 'group devid|there is no account' "nor alice"
rm -rf /etc/devid
cp -a "$T/etc-devid" /etc/devid
healthy "the account is mended"

# --- p11-kit's server, where the user has enabled it
sandboxes() {
	local wants=$T/root$HOME_ALICE/.config/systemd/user/default.target.wants
	mkdir -p "$T/root/run/systemd/system" "$wants"
	ln -sf "$SERVER_UNIT" "$wants/"
	WITH=(env "DEVID_TEST_ROOT=$T/root")
}
served() {
	local RUNTIME
	sandbox_server
	sandboxes
	healthy "the sandboxes' server, enabled and running"
	sandbox_server_stop -KILL
}
served
row warn agent 'sandboxed programs is enabled and does not listen' "… killed" sandboxes 'rm -r "$T/root"'
doctor_complete {versions,module,agent,keyring}.c
done_testing
