#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --tpm-auth credential under a real systemd, in a container made of this machine's files: the units as they are
# installed hand the machine's credential out, to root and the machine's agent alone; and where systemd can't decrypt it,
# the agent starts all the same, for its other keys. The TPM is swtpm, the credential sealed with the host's key.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/container.sh"
container_machine "$0" "$@"
rm -rf "$root/etc/credstore.encrypted" "$root/var/lib/systemd/credential.secret"
mkdir -p "$root/etc/systemd/system/devid-agent.service.d" "$root/srv/tpm"
cp "$PKI"/{p256,second,p384}.{p12,crt} "$PKI/password" "$root/srv/pki/"
# A socket in the place of the device.
cat >"$root/etc/systemd/system/devid-agent.service.d/test.conf" <<'X'
[Service]
Environment=DEVID_TEST_TCTI=swtpm:path=/srv/tpm/socket
X
container_inside <<'X'
sign() { p11tool --test-sign "pkcs11:token=Device%20Identity%20%28system%29;object=$1;type=private"; }
import() { devid import-cert --system --password-file password "$@"; }
says() { # PATTERN COMMAND…: whatever its lines are
	local said
	said=$("${@:2}" 2>&1 | tr -s ' \n' ' ')
	echo "$said"
	[[ ${said% } =~ $1 ]]
}
soon() {
	for _ in $(seq 250); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.02
	done
	"$@"
}
no_units() { not says . systemctl list-units --all --no-legend 'devid-credential@*'; }
# As anybody who can connect would.
fetch() {
	"$@" timeout 20 python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/devid/credential")
text = s.recv(100)
assert len(text) == 32 and s.recv(1) == b"", text'
}
cd /srv/pki
FILE=/etc/credstore.encrypted/devid-tpm-auth
systemd-run --quiet --unit=swtpm swtpm socket --tpm2 --tpmstate dir=/srv/tpm --server type=unixio,path=/srv/tpm/socket \
	--ctrl type=unixio,path=/srv/tpm/socket.ctrl --flags not-need-init,startup-clear
soon test -S /srv/tpm/socket.ctrl
soon test -S /srv/tpm/socket
chmod 666 /srv/tpm/socket /srv/tpm/socket.ctrl
ok "the agent's socket alone listens" says '^active inactive$' bash -c 'systemctl is-active devid-agent.socket devid-credential.socket | paste -sd" "'
ok "a key in a file: imported" import --store file --label second second.p12
ok "one in the TPM, without a credential: imported" import --store tpm --label p384 p384.p12
ok "no credential was made for these" not test -e $FILE
ok "the agent has brought the credential's socket" systemctl is-active devid-credential.socket
ok "which is the agent's alone" says '^devid:devid:600$' stat -c %U:%G:%a /run/devid/credential
ok "one that needs the credential: imported" import --store tpm --tpm-auth credential --label p256 p256.p12
ok "for which it was made, for root alone" says '^root:600$' stat -c %U:%a $FILE
ok "and sealed" not grep -qE '^[0-9a-f]{32}' $FILE
ok "it signs" sign p256
systemctl stop devid-agent.service
ok "and by an agent that starts anew" sign p256
ok "doctor finds nothing amiss" says "machine's credential, which keys of it need, can be had" devid doctor
ok "each was handed out by a unit of its own, which is gone" soon no_units
ok "root gets it" fetch env
ok "so does the agent's user" fetch user devid
useradd -m -G devid alice
ok "nobody else does" not fetch user alice
ok "nor do they read where it is sealed" not user alice cat $FILE
ok "it is in nobody's environment or arguments, and in no log" not bash -c \
	'grep -rlaF "$(systemd-creds --name=devid-tpm-auth decrypt '$FILE' -)" /var/log /var/lib/devid /etc /proc/[0-9]*/environ'
for _ in $(seq 80); do
	fetch env >/dev/null 2>&1 &
done
wait
ok "after 80 at once it is handed out still" fetch env

# --- not as it was
last_reason() { sed -n 's/.*"reason":"\([^"]*\)".*/\1/p' /var/log/devid/refusals.jsonl | tail -n 1; }
lost() { # NAME CAUSE PATTERN
	systemctl stop devid-agent.service
	ok "$1: no signature" not sign p256
	ok "$1: the agent runs" systemctl is-active devid-agent.service
	ok "$1: a key in a file signs" sign second
	ok "$1: so does one in the TPM without it" sign p384
	ok "$1: the event says why" says "^$2\$" last_reason
	ok "$1: doctor says what to do" says "$3" devid doctor
	ok "$1: no unit stays" soon no_units
}
mv /var/lib/systemd/credential.secret /srv/secret
lost "what it was sealed with is gone" tpm-credential "$FILE: systemd can't decrypt it"
mv /srv/secret /var/lib/systemd/credential.secret
systemctl stop devid-agent.service
ok "brought back: it signs" sign p256
mv $FILE /srv/sealed
lost "no credential" tpm-credential "need $FILE, and it is not there"
mv /srv/sealed $FILE
systemctl stop devid-credential.socket
systemctl mask --runtime --quiet devid-credential.socket
lost "its socket is masked" tpm-credential-service "systemctl start devid-credential.socket"
systemctl unmask --runtime --quiet devid-credential.socket
ok "as doctor says" systemctl start devid-credential.socket
systemctl stop devid-agent.service
ok "it signs" sign p256
ok "no system call was refused" not bash -c \
	'journalctl --no-pager -u devid-agent.service -u "devid-credential@*" | grep -iE "seccomp|SIGSYS"'
ok "reset-cred --keys takes all" devid reset-cred --keys --yes
ok "and the credential" not test -e $FILE
echo "1..$n"
X
container_run
