#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The systemd units, users and folders, as systemd's own tools judge them (none needs a running systemd).
. "$(dirname "$0")/../lib/common.sh"
data=$DEVID_SOURCE/data
plan 39

# Unit files as installed, but with a program that is there.
mkdir -p "$T/system" "$T/user" "$T/libexec" "$T/root/etc"
printf '#!/bin/sh\n' >"$T/libexec/devid-agent"
chmod 755 "$T/libexec/devid-agent"
for half in system user; do
	cp "$data/systemd/$half/devid-agent.socket" "$T/$half/"
	sed "s,@libexecdir@,$T/libexec," "$data/systemd/$half/devid-agent.service.in" \
		>"$T/$half/devid-agent.service"
done

for name in tunnel admin; do
	cp "$T/libexec/devid-agent" "$T/libexec/devid-$name"
	sed "s,@libexecdir@,$T/libexec," "$data/systemd/system/devid-$name.service.in" >"$T/system/devid-$name.service"
done
cp "$data/systemd/system/devid-credential.socket" "$data/systemd/system/devid-credential@.service" "$T/system/"
cp -r "$data/systemd/system/devid-agent.service.d" "$T/system/"
cp "$data/systemd/user/devid-expiry.timer" "$T/user/"
printf '#!/bin/sh\n' >"$T/libexec/devid"
chmod 755 "$T/libexec/devid"
sed "s,@bindir@,$T/libexec," "$data/systemd/user/devid-expiry.service.in" >"$T/user/devid-expiry.service"

# systemd-analyze warns about other units of the machine too: only ours count.
complaints() {
	grep -F devid <<<"$out$err" | grep -v 'Failed to open .*manpage\|man devid'
}

for half in system user; do
	for unit in devid-agent.socket devid-agent.service; do
		run "${E[@]}" SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$T/$half:" \
			systemd-analyze verify --"$half" --man=no "$T/$half/$unit"
		is "$(complaints)" "" "$half/$unit: nothing to complain about"
	done
done
for name in tunnel admin; do
	run "${E[@]}" SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$T/system:" \
		systemd-analyze verify --system --man=no "$T/system/devid-$name.service"
	is "$(complaints)" "" "system/devid-$name.service: nothing to complain about"
done
for unit in devid-credential.socket devid-credential@.service; do
	run "${E[@]}" SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$T/system:" \
		systemd-analyze verify --system --man=no "$T/system/${unit/@/@x}"
	is "$(complaints)" "" "system/$unit: nothing to complain about"
done
run "${E[@]}" systemd-analyze security --offline=true --no-pager "$T/system/devid-credential@.service"
exposure=$(sed -n 's/.*Overall exposure level for [^:]*: *\([0-9.]*\).*/\1/p' <<<"$out")
diag "exposure of what hands out the credential: ${exposure:-unknown}"
ok "what hands out the credential is exposed 1.0 of 10 at most" awk -v e="${exposure:-10}" 'BEGIN { exit !(e <= 1.0) }'
name=$(sed -n 's/^#define CREDENTIAL_NAME[^"]*"\(.*\)"/\1/p' "$DEVID_SOURCE/helper/command/import/credential.h")
is "$(sed -n 's/^LoadCredentialEncrypted=//p' "$T/system/devid-credential@.service")" "$name" \
	"which it loads under the name that root's command gives it, by no path: a missing one is no failure"
unlike "$(cat "$T/system/devid-agent.service" "$T/system/devid-agent.service.d/devid-tpm.conf")" 'LoadCredential' \
	"the agent starts whether there is one or not"
for unit in devid-expiry.timer devid-expiry.service; do
	run "${E[@]}" SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$T/user:" \
		systemd-analyze verify --user --man=no "$T/user/$unit"
	is "$(complaints)" "" "user/$unit: nothing to complain about"
done
sed "s,@bindir@,$T/libexec," "$data/systemd/user/devid-proxy@.service.in" >"$T/user/devid-proxy@.service"
run "${E[@]}" SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$T/user:" \
	systemd-analyze verify --user --man=no "$T/user/devid-proxy@vpn.service"
is "$(complaints)" "" "user/devid-proxy@.service: nothing to complain about"
expiry=$data/systemd/user/devid-expiry
is "$(sed -n 's/^ExecStart=//p' "$expiry.service.in")" "@bindir@/devid check --quiet --notify" "what the timer runs"
like "$(cat "$expiry.timer")" $'\nOnCalendar=daily\n.*\nPersistent=true\nRandomizedDelaySec=' \
	"every day, made up for, and not on all machines at once"
run "${E[@]}" systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$expiry.timer")"
is "$rc" 0 "a day that systemd knows"
echo 'Sandbox=yes' >>"$T/user/devid-agent.service"
run "${E[@]}" SYSTEMD_UNIT_PATH="$T/user:" systemd-analyze verify --user --man=no "$T/user/devid-agent.service"
isnt "$(complaints)" "" "an unknown setting would be noticed"

run "${E[@]}" systemd-analyze security --offline=true --no-pager "$T/system/devid-agent.service"
exposure=$(sed -n 's/.*Overall exposure level for [^:]*: *\([0-9.]*\).*/\1/p' <<<"$out")
diag "exposure of the system service: ${exposure:-unknown}"
ok "the system service is exposed 1.0 of 10 at most (0.7 when written)" awk -v e="${exposure:-10}" 'BEGIN { exit !(e <= 1.0) }'
run "${E[@]}" systemd-analyze security --offline=true --no-pager "$T/system/devid-tunnel.service"
exposure=$(sed -n 's/.*Overall exposure level for [^:]*: *\([0-9.]*\).*/\1/p' <<<"$out")
diag "exposure of what makes tunnels: ${exposure:-unknown}"
ok "what makes tunnels is exposed 4.0 of 10 at most" awk -v e="${exposure:-10}" 'BEGIN { exit !(e <= 4.0) }'
is "$(sed -n 's/^CapabilityBoundingSet=//p' "$T/system/devid-tunnel.service")" CAP_NET_ADMIN "and has one capability"
for name in Tunnel Admin; do
	is "$(sed -n 's/^BusName=//p' "$T/system/devid-${name,}.service")" \
		"$(sed -n 's/^Name=//p' "$data/org.devid.$name.service.in")" "$name: the unit and the bus's file have one name"
done
run "${E[@]}" systemd-analyze security --offline=true --no-pager "$T/system/devid-admin.service"
exposure=$(sed -n 's/.*Overall exposure level for [^:]*: *\([0-9.]*\).*/\1/p' <<<"$out")
diag "exposure of what runs devid as root: ${exposure:-unknown}"
ok "what runs devid as root is exposed 2.5 of 10 at most" awk -v e="${exposure:-10}" 'BEGIN { exit !(e <= 2.5) }'
like "$(cat "$T/system/devid-agent.service")" $'\nUser=devid\n' "it runs as a user of its own"
unlike "$(grep -v '^#' "$T/system/devid-agent.service")" 'PrivateUsers|RuntimeDirectory' \
	"and keeps the ids of who asks, and its socket"
for half in system user; do
	is "$(sed -n 's/^ExecStart=//p' "$data/systemd/$half/devid-agent.service.in")" \
		"@libexecdir@/devid-agent --$half" "$half: starts the agent of its half"
done

run "${E[@]}" systemd-sysusers --root="$T/root" "$data/sysusers.conf"
is "$rc" 0 "systemd-sysusers reads the fragment"
like "$(cat "$T/root/etc/passwd")" 'devid:x:[0-9]+:[0-9]+:[^:]*:/var/lib/devid:/usr/sbin/nologin' \
	"and makes the user"
like "$(cat "$T/root/etc/group")" 'devid:x:[0-9]+:' "and the group"
run "${E[@]}" systemd-tmpfiles --root="$T/root" --create "$data/tmpfiles.conf"
is "$rc" 0 "systemd-tmpfiles reads the fragment"
uid=$(sed -n 's/^devid:x:\([0-9]*\):.*/\1/p' "$T/root/etc/passwd")
for row in "run/devid 755 $uid" "var/lib/devid 755 $uid" "var/log/devid 750 $uid" "etc/devid 755 0" \
	"etc/devid/signing 755 0"; do
	set -- $row
	is "$(stat -c '%a %u' "$T/root/$1")" "$2 $3" "/$1 is as it must be"
done

is "$(grep -v '^#' "$data/systemd/90-devid.preset")" \
	$'enable devid-agent.socket\nenable devid-expiry.timer\ndisable devid-p11-kit.service' \
	"sockets and the timer are on by default, what is for sandboxes is not"
is "$(cat "$T/root/etc/passwd" | wc -l)" 1 "no other user is made"
done_testing
