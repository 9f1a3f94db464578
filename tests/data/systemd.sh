#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The system units under a real systemd, in a container made of this machine's files: users and folders
# are made from the fragments, the socket starts the agent in its sandbox, root imports, a user signs; and what
# a check of posture reads is the same in a unit's sandbox as outside of it.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/container.sh"
container_machine "$0" "$@"
# A home on a file system of its own, with a block device: the root has none.
mkdir -p "$root/home"
mkdir "$T/home"
mount --bind "$T/home" "$root/home"
at_exit "umount -l '$root/home'"
findmnt -rno SOURCE -T "$T/home" | sed -n 's|^/dev/\\([^[]*\\).*|\\1|p' >"$T/device"
cp "$T/device" "$root/srv/device"
cp "$PKI"/{rsa2048.p12,rsa2048.crt,issuing.crt,password} "$root/srv/pki/"
container_inside <<'X'
soon() {
	for _ in $(seq 500); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.02
	done
	"$@"
}
TOKEN='pkcs11:token=Device%20Identity%20%28system%29;object=laptop'
sign() { user "$1" p11tool --test-sign "$TOKEN;type=private"; }
cd /srv/pki
ok "the preset enables the socket" bash -c 'systemctl preset devid-agent.socket && systemctl is-enabled devid-agent.socket'
ok "systemd listens" systemctl is-active devid-agent.socket
ok "the agent is not started yet" not systemctl is-active devid-agent.service
ok "the folders are the agent's" bash -c '[ "$(stat -c %U:%a /run/devid /var/lib/devid /var/log/devid | tr "\n" " ")" = "devid:755 devid:755 devid:750 " ]'
useradd -m -G devid alice && useradd bob
ok "root adds a signing certificate" devid ca add --name example issuing.crt
ok "root imports" devid import-cert --system --label laptop --password-file password rsa2048.p12
ok "which started the service" systemctl is-active devid-agent.service

# --- posture: in the sandbox of each unit as outside of it

# What every kind of check finds, one a line. The account is the same for all of this.
cat >/etc/devid/account.conf <<'Y'
[Account]
OnUse=log
[Profile p]
AntiMalware=package:bash>=1
Firewall=any
DiskEncryption=root; home
OperatingSystem=debian
ClientVersion=0.1
Unit=devid-agent.socket; gone.service:inactive
[Office Here]
GatewayAddress=10.9.0.1
GatewayMAC=02:00:00:00:00:01
[Office There]
GatewayAddress=fd00::1
GatewayMAC=02:00:00:00:00:02
Y
cat >/srv/posture <<'Y'
devid posture --json 2>/dev/null | python3 -c 'import json, sys
for c in json.load(sys.stdin)["profiles"][0]["checks"]: print(c["name"], c["answer"], c["message"])'
Y
echo "devid policy test --certificate none --profile p=pass 2>&1 | grep origin" >/srv/office
kinds=$(devid posture --list --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["kinds"]))')
# in_sandbox UNIT-FILE NAME COMMAND… [LINE…]: as that unit would run it, with these lines in place of its own.
in_sandbox() {
	local unit=$1 target=$2
	sed '/^ExecStart=/d; /^Requires=/d; /^After=/d; /^Restart=/d' "$unit" >"$target"
	shift 2
	printf '%s\n' Type=oneshot "ExecStart=/bin/bash ${script:-/srv/posture}" "$@" >>"$target"
}
system_says() {
	in_sandbox /usr/lib/systemd/system/devid-agent.service /run/systemd/system/devid-posture.service \
		StandardOutput=truncate:/srv/posture.out StandardError=truncate:/srv/posture.err "$@"
	systemctl daemon-reload && systemctl start devid-posture.service
	cat /srv/posture.out /srv/posture.err
}
ok "there is a system bus" systemctl start dbus.service
home() { grep '^DiskEncryption' <<<"$said"; }
outside=$(user bob bash /srv/posture)
echo "$outside" | sed 's/^/# /'
ok "every kind of check was asked" [ "$(wc -l <<<"$outside")" -eq "$((kinds - 1))" ]
# The ruleset is root's, and the container's root is an overlay.
ok "all but two of them could tell" [ "$(grep -c ' unknown ' <<<"$outside")" -le 2 ]
[ ! -s /srv/device ] || ok "/home is told by its device" grep -q "^DiskEncryption.*/home: $(cat /srv/device) is" <<<"$outside"
said=$(system_says)
ok "the machine's unit finds what people find" diff <(echo "$outside") <(echo "$said")
said=$(system_says ProtectHome=yes)
ok "where a home is hidden it is not told of what lies above" grep -q '^DiskEncryption unknown.*/home: what is mounted there is hidden' <<<"$(home)"
said=$(system_says ProtectHome=tmpfs)
ok "nor with an empty one in its place" grep -q '^DiskEncryption unknown.*/home: what is mounted there is hidden' <<<"$(home)"
said=$(system_says ProtectHome=yes ProtectProc=invisible)
ok "nor where the first process is hidden too" grep -q '^DiskEncryption unknown.*/home: ' <<<"$(home)"

# --- the office: which network this is, for whom the unit shuts off from it too
ip link add devid0 type veth peer name devid1 && ip link set devid0 up && ip link set devid1 up &&
	ip addr add 10.9.0.2/24 dev devid0 && ip addr add fd00::2/64 dev devid0 nodad
route() { # GATEWAY MAC
	ip route flush default; ip -6 route flush default
	ip route add default via "$1" dev devid0 && ip neigh replace "$1" lladdr "$2" dev devid0 nud permanent
}
script=/srv/office
ok "a gateway" route 10.9.0.1 02:00:00:00:00:01
in_office=$(user bob bash /srv/office)
ok "which is the office's" grep -q 'origin *office$' <<<"$in_office"
ok "for the machine's unit too" diff <(echo "$in_office") <(system_says)
ok "another one" route 10.9.0.1 02:00:00:00:66:66
ok "which is not" grep -q 'origin *unknown$' <<<"$(user bob bash /srv/office)"
ok "nor for the machine's unit" diff <(user bob bash /srv/office) <(system_says)
route 10.9.0.1 02:00:00:00:00:01
script=
rm /run/systemd/system/devid-posture.service
mv /etc/devid/account.conf /srv/account.conf
systemctl daemon-reload
ok "with another account" systemctl start devid-agent.service
pid=$(systemctl show -p MainPID --value devid-agent.service)
# Its process is there before it is what the unit makes of it.
runs_as() { [ "$(ps -o user= -p "$pid")" = "$1" ] && [ "$(readlink "/proc/$pid/exe")" = /usr/libexec/devid/devid-agent ]; }
ok "it runs as devid" soon runs_as devid
ok "with a filter of system calls" grep -q '^Seccomp:.*2' "/proc/$pid/status"
ok "and no new privileges" grep -q '^NoNewPrivs:.*1' "/proc/$pid/status"
ok "the key is its own" bash -c '[ "$(stat -c %U:%a /var/lib/devid/*.key)" = devid:600 ]'
ok "alice, of the group, signs" sign alice
ok "bob does not" not sign bob
systemctl kill -s KILL devid-agent.service
ok "killed: the socket is still there" systemctl is-active devid-agent.socket
ok "and starts another for alice" sign alice
ok "which is another" [ "$(systemctl show -p MainPID --value devid-agent.service)" != "$pid" ]
ok "stopped" systemctl stop devid-agent.service
ok "the socket starts it again" sign alice

# --- a program signs on while the agent is restarted, which is all that an upgrade of the package does to it
cat >/srv/signing.py <<'Y'
import os
import sys
import time

import PyKCS11 as P

lib = P.PyKCS11Lib()
lib.load(sys.argv[1])
slot = next(slot for slot in lib.getSlotList() if "(system)" in lib.getTokenInfo(slot).label)
session = lib.openSession(slot)
key = session.findObjects([(P.CKA_CLASS, P.CKO_PRIVATE_KEY)])[0]
count, longest = 0, 0
while os.path.exists(sys.argv[2]):
    begin = time.monotonic()
    session.sign(key, b"x" * 32, P.Mechanism(P.CKM_SHA256_RSA_PKCS))
    longest = max(longest, time.monotonic() - begin)
    count += 1
    print(count, round(longest * 1000), flush=True)
Y
touch /srv/signing
user alice python3 /srv/signing.py "$(find /usr/lib -name devid-pkcs11.so)" /srv/signing >/srv/signed 2>&1 &
signing=$!
signed() { [ "$(tail -n 1 /srv/signed | cut -d' ' -f1)" -gt "$1" ]; }
ok "a program signs" soon signed 20
agents=
for _ in 1 2 3 4 5 6; do
	agents+="$(systemctl show -p MainPID --value devid-agent.service) "
	# What systemd counts to stop a service that fails again and again.
	systemctl reset-failed devid-agent.service
	systemctl try-restart devid-agent.service
	now=$(tail -n 1 /srv/signed | cut -d' ' -f1)
	soon signed $((now + 20)) || break
done
ok "with one agent after the other" [ "$(tr ' ' '\n' <<<"$agents" | grep -c '[1-9]')" -eq 6 ]
ok "each another" [ -z "$(tr ' ' '\n' <<<"$agents" | sed '/^$/d' | sort | uniq -d)" ]
rm /srv/signing
ok "and no signature of it fails" wait $signing
echo "# signatures, and the longest in milliseconds: $(tail -n 1 /srv/signed)"
ok "nor takes longer than the bound" [ "$(tail -n 1 /srv/signed | cut -d' ' -f2)" -lt 5000 ]
ok "events are written" grep -q '"user_name" *: *"alice"' /var/log/devid/uses.jsonl
ok "keys are in locked memory" not bash -c \
	'journalctl --no-pager -u devid-agent.service | grep -i "memory for keys"'
ok "the journal has no refused system call" not bash -c \
	'journalctl --no-pager -u devid-agent.service | grep -iE "seccomp|SIGSYS|denied|not permitted"'

# --- the user's unit of p11-kit's server, under a manager of alice's own
uid=$(id -u alice)
module=$(find /usr/lib -name devid-pkcs11.so)
socket=/run/user/$uid/devid-p11-kit/pkcs11
alice() { user alice HOME=/home/alice "XDG_RUNTIME_DIR=/run/user/$uid" "$@"; }
unit() { alice systemctl --user "$1" devid-p11-kit.service "${@:2}"; }
remote_sign() {
	alice "P11_KIT_SERVER_ADDRESS=unix:path=$socket" p11tool --provider="$(dirname "$module")/p11-kit-client.so" \
		--test-sign 'pkcs11:token=Device%20Identity;object=mine;type=private'
}
server() { unit show -p MainPID --value; }
another() { [ "$(server)" != 0 ] && [ "$(server)" != "$pid" ] && [ -S "$socket" ]; }
# user@.service would want logind.
install -d -o alice -m 700 "/run/user/$uid"
ok "alice has a manager" systemd-run --quiet --unit=alice --uid=alice -p Type=notify -p Delegate=yes -E HOME=/home/alice \
	-E "XDG_RUNTIME_DIR=/run/user/$uid" /lib/systemd/systemd --user
cp /srv/account.conf /etc/devid/
units=/run/user/$uid/systemd/user
user alice mkdir -p "$units"
in_sandbox /usr/lib/systemd/user/devid-agent.service "$units/devid-posture.service" \
	StandardOutput=truncate:/home/alice/posture.out StandardError=truncate:/home/alice/posture.err
alice systemctl --user daemon-reload
alice systemctl --user start devid-posture.service
ok "the user's unit finds what people find" diff <(echo "$outside") <(cat /home/alice/posture.out /home/alice/posture.err)
script=/srv/office
user_says() {
	in_sandbox /usr/lib/systemd/user/devid-agent.service "$units/devid-posture.service" \
		StandardOutput=truncate:/home/alice/posture.out StandardError=truncate:/home/alice/posture.err
	alice systemctl --user daemon-reload && alice systemctl --user start devid-posture.service
	cat /home/alice/posture.out /home/alice/posture.err
}
ok "… and the office" diff <(echo "$in_office") <(user_says)
ok "a gateway of IPv6" route fd00::1 02:00:00:00:00:02
in_office=$(user bob bash /srv/office)
ok "which is another office's" grep -q 'origin *office$' <<<"$in_office"
ok "for the user's unit too" diff <(echo "$in_office") <(user_says)
rm /etc/devid/account.conf
ok "the server is not enabled unasked" not unit is-enabled
install -o alice rsa2048.p12 password /home/alice
cd /home/alice
ok "alice imports" alice devid import-cert --user --store file --label mine --password-file password rsa2048.p12
ok "alice enables the server" unit enable --now
ok "it listens" soon test -S "$socket"
ok "in a folder that is closed" [ "$(stat -c %U:%a "$(dirname "$socket")")" = alice:700 ]
ok "a client of it signs" remote_sign
pid=$(server)
ok "it runs with a filter of system calls" grep -q '^Seccomp:.*2' "/proc/$pid/status"
ok "and no new privileges" grep -q '^NoNewPrivs:.*1' "/proc/$pid/status"
ok "the agent is a service of its own" alice systemctl --user is-active devid-agent.service
unit kill -s KILL
ok "killed: another is started" soon another
ok "and a client signs" remote_sign
ok "stopped" unit stop
ok "which is no failure" not unit is-failed
ok "its socket goes" not test -e "$socket"
ok "its folder stays, for the sandboxes that have it" test -d "$(dirname "$socket")"
ok "nobody signs by it" not remote_sign
ok "started again" unit start
ok "a client signs" soon remote_sign
ok "no system call of it was refused" not bash -c \
	'journalctl --no-pager _UID='"$uid"' | grep -iE "seccomp|SIGSYS|denied|not permitted"'
echo "1..$n"
X
container_run
