#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid posture: each kind of check against a system made for it, once passing, once failing, once unknown: files
# below DEVID_TEST_ROOT, and a systemd on a private bus (tests/lib/systemd-mock.py).
. "$(dirname "$0")/../../../lib/common.sh"
private_network "$0" "$@"
private_etc "$0" "$@"
. "$(dirname "$0")/posture-lib.sh"

# --- units ---------------------------------------------------------------------------------------

systemd
units "a.service loaded active enabled" "b.service loaded failed disabled" "m.service masked inactive masked" \
	"r.service loaded activating enabled"
finds "Unit=a.service" pass "a.service is active" "an active unit"
finds "Unit=a.service:enabled" pass "a.service is enabled" "an enabled one"
finds "Unit=b.service:inactive; gone.socket:inactive" pass "gone.socket is not installed" "inactive ones"
finds "Unit=b.service:disabled, m.service:disabled, gone.timer:disabled" pass "is disabled" "disabled ones"
finds "Unit=m.service:masked" pass "masked" "a masked one"
finds "Unit=b.service" fail "b.service is failed" "a unit that failed"
finds "Unit=r.service" fail "activating" "one that is starting"
finds "Unit=gone.service" fail "gone.service is not installed" "one that isn't there"
finds "Unit=a.service:inactive" fail "a.service is active" "one that should not be"
finds "Unit=a.service:masked" fail "enabled" "one that should be masked"
finds "Unit=a.service; b.service" fail "^b.service is failed$" "one of two"

# --- malware -------------------------------------------------------------------------------------

mkdir -p "$R/var/lib/dpkg"
package() { # VERSION
	printf 'Package: clamav-daemon\nStatus: install ok installed\nVersion: %s\n\n' "$1" >"$R/var/lib/dpkg/status"
}
package 1:1.0.7+dfsg-1~deb12u1
units "clamav-daemon.service loaded active enabled" "clamav-clamonacc.service loaded active enabled"
finds "AntiMalware=clamav>=1.0" pass "clamav-clamonacc.service is active; package clamav-daemon is at 1:1.0.7" ClamAV
finds "AntiMalware=clamav>=1.1" fail "below 1.1" "ClamAV that is too old"
units "clamav-daemon.service loaded active enabled" "clamav-clamonacc.service loaded inactive disabled"
finds "AntiMalware=clamav" fail "^clamav-clamonacc.service is inactive$" "ClamAV without its real-time scanner"
finds "AntiMalware=unit:clamav-daemon.service package:clamav-daemon>=1.0" pass "is active; package" "unit and package"
finds "AntiMalware=unit:clamav-daemon.service; package:other" fail "package other is not installed" "a package that isn't there"
printf 'Package: x\0\n' >"$R/var/lib/dpkg/status"
finds "AntiMalware=unit:clamav-daemon.service package:clamav-daemon" unknown "damaged" "a database with a NUL"
truncate -s 1G "$R/var/lib/dpkg/status"
finds "AntiMalware=package:clamav-daemon" unknown "File too large" "a database of a gigabyte"
rm "$R/var/lib/dpkg/status"
finds "AntiMalware=package:clamav-daemon" unknown "neither dpkg's database nor rpm" "no database"

# --- disk, system, client ------------------------------------------------------------------------

mkdir -p "$R/etc" "$R/proc/self" "$R/sys/dev/block" "$R/sys/devices/sda/dm"
echo 8:0 >"$R/sys/devices/sda/dev"
ln -s ../../devices/sda "$R/sys/dev/block/8:0"
echo "22 1 8:0 / / rw - ext4 /dev/sda rw" >"$R/proc/self/mountinfo"
finds "DiskEncryption=root; home" fail "/: sda is not encrypted" "a plain disk"
echo CRYPT-LUKS2-01-c >"$R/sys/devices/sda/dm/uuid"
echo c >"$R/sys/devices/sda/dm/name"
finds "DiskEncryption=root; home" pass "/: c is encrypted; /home: c is encrypted" "LUKS"
echo "22 1 0:50 / / rw - overlay overlay rw" >"$R/proc/self/mountinfo"
finds "DiskEncryption=root" unknown "overlay" "an overlay"

# The machine's own mounts, by a process whose root something else was mounted over: the table has that, the process
# is beneath it.
profile "DiskEncryption=root"
run unshare --mount --pid --fork --mount-proc bash -c 'mount --bind "$0" / && exec "$@"' "$T/tmp" \
	"${E[@]}" env -u DEVID_TEST_ROOT "$DEVID_COMMAND" posture --json
is "$(json 'j["profiles"][0]["checks"][0]["answer"]')" unknown "a root that was mounted over" || diag "$(last_run)"
like "$(json 'j["profiles"][0]["checks"][0]["message"]')" '^/: what is mounted there is hidden from this process$' \
	"… is not judged by what lies over it"

finds "OperatingSystem=debian" unknown "os-release can't be read" "no os-release"
printf 'ID=debian\nVERSION_ID="12"\n' >"$R/etc/os-release"
finds "OperatingSystem=ubuntu>=22.04; debian>=12" pass "this is debian 12" "the system"
finds "OperatingSystem=debian>=13" fail "this is debian 12" "one that is too old"
finds "ClientVersion=0.1" pass "this is devid" "the client"
finds "ClientVersion=99" fail "this is devid" "a client that is too old"

# --- the certificate -----------------------------------------------------------------------------

finds "DeviceCertificate=yes" fail "there is no device certificate" "no identity"
make_record user good file "$PKI/p256.crt"
make_key user "$PKI/p256"
finds "DeviceCertificate=yes" pass "accepts the device certificate" "an identity that is accepted"
profile "DeviceCertificate=yes"
cp "$PKI/stranger-issuing.crt" "$T/config/signing/issuing.pem"
devid posture
is "$rc" 4 "one that isn't: 4"
like "$out" "not issued by" "and why"
profile "DeviceCertificate=yes"
devid posture nobody
is "$rc" 1 "a label that isn't there: 1"
devid posture good
is "$rc" 0 "the label of one that is: 0"

# --- systemd that misbehaves ---------------------------------------------------------------------

package 1.0
for mode in never halts; do
	systemd "$mode"
	profile "Unit=a.service" "Firewall=any" "AntiMalware=clamav" "ClientVersion=0.1"
	RUN_BOUND=30 devid posture --json
	is "$rc" 4 "$mode: it came back"
	is "$(json 'sorted({c["answer"] for c in j["profiles"][0]["checks"][:3]})')" "['unknown']" "$mode: unknown"
	is "$(json '{c["message"] for c in j["profiles"][0]["checks"][:3]} <= {"no answer within 3 s"}')" True "$mode: and says so"
	is "$(json 'j["profiles"][0]["checks"][3]["answer"]')" pass "$mode: the others are not held up"
	ok "$mode: in the time of one" test "$ms" -lt 10000
done
systemd errors
finds "Unit=a.service" unknown 'systemd can.t be asked: .*it is broken\\x1B\[2J' "an error with an escape"
systemd denied
finds "Unit=a.service" unknown "not to you" "a refusal"
systemd wrong-types
finds "Unit=a.service" unknown "is no text" "states of another type"
stop "$SYSTEMD_PID"
wait_for 5 bus_lacks_name org.freedesktop.systemd1 || fail "systemd has gone"
finds "Unit=a.service" unknown "systemd does not run here" "no systemd on the bus"
keyring_bus_stop
finds "Unit=a.service; b.service" unknown "without a system bus" "no bus"
profile "IfUnknown=pass" "Unit=a.service"
devid posture
is "$rc" 0 "IfUnknown=pass: what is unknown passes"
like "$out" "what is unknown counts as pass" "and the table says that it did"
profile "IfUnknown=pass" "Unit=a.service" "ClientVersion=99"
devid posture
is "$rc" 4 "and what fails fails"

# --- profiles ------------------------------------------------------------------------------------

make_account issuing
printf '[Profile good]\nClientVersion=0.1\n[Profile bad]\nClientVersion=99\n[Profile worse]\nClientVersion=100\n' \
	>"$T/config/account.conf"
devid posture
is "$rc" 4 "several profiles: 4 where one is not met"
like "$out" "good: pass.*bad: fail" "all are shown"
like "$err" "does not meet bad, worse" "those that are not met are named"
narrow "$out" "within 80 columns"
devid posture --profile good
is "$rc $err" "0 " "the one that is asked for alone counts"
unlike "$out" bad "and is shown alone"
devid posture --profile bad --json
is "$rc $(json 'len(j["profiles"])') $(json 'j["message"]')" "4 1 posture: this computer does not meet bad" "so in JSON"
devid posture --profile ugly
is "$rc" 1 "one that isn't there: 1"
like "$err" "ugly: the account has no such profile" "and is named"
devid posture --profile ugly --json
is "$(json 'j["reason"]')" not-found "in JSON too"
make_account issuing
devid posture
is "$rc" 0 "no profile: 0"
like "$out$err" "no device profile.*--list" "with a hint"
rm -rf "$T/config"
devid posture
is "$rc" 6 "no account: 6"
profile "Firewall=iptables"
devid posture
is "$rc" 1 "a broken account: 1"
like "$err" "account.conf:2: Firewall has .iptables., which is none of" "with file and line"
devid posture --list
is "$rc" 0 "--list needs no account that is sound"
kinds="DeviceCertificate AntiMalware Firewall DiskEncryption OperatingSystem ClientVersion Unit"
is "$(grep -oE '^[A-Z][A-Za-z]+' <<<"$out" | grep -v CHECK | tr '\n' ' ')" "$kinds " "it has the kinds"
devid posture --list --json
is "$(json '" ".join(k["name"] for k in j["kinds"])')" "$kinds" "in JSON too"
for kind in $kinds; do
	like "$(cat "$DEVID_SOURCE/data/man/devid-account.5")" "$kind=" "the manual has $kind="
done
devid posture --list --profile p
is "$rc" 2 "--list with a profile: 2"
devid posture a b
is "$rc" 2 "two labels: 2"
done_testing
