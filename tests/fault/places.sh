#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hosts in strange places, on a machine with devid installed: without a home or a runtime folder, with those of
# others, on a read-only disk, in a chroot without /proc, as the first process, and with the rights of another
# user (a setuid program).
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
private_machine "$0" "$@"
SO=$(pkg-config --variable=p11_module_path p11-kit-1)/devid-pkcs11.so
HOST=$T/host
KEY_HANDLE_INVALID=60
DEVICE_ERROR=30
machine_user alice
machine_user bob
cp "$DEVID_FAULT_HOST" "$HOST"
mkdir -p "$T/home"
for user in alice bob root; do
	home=$(getent passwd $user | cut -d: -f6)
	cp "$PKI/rsa2048.p12" "$PKI/password" "$home/"
	chown "$user:" "$home"/{rsa2048.p12,password}
done
ALICE=$T/users/alice
RUN=/run/user/$(id -u alice)

agents() {
	pgrep -f '^devid-agent --user'
}
end_agents() {
	local pid
	for pid in $(agents); do
		end_process "$pid"
	done
}
import() {
	as "$1"
	run "${A[@]}" devid import-cert --user --store file --label rsa --password-file password rsa2048.p12
	[ "$rc" -eq 0 ] || bail "no identity: $err"
	end_agents
}
# lives NAME COMMAND…: a host that finds the key, signs and leaves nothing behind, with an agent that it starts.
lives() {
	local name=$1
	shift
	end_agents
	run "$@" "$HOST" exec-other
	is "$rc" 0 "$name: it signs"
	is "$(agents | wc -l)" 1 "$name: with one agent"
}
# hears NAME WORDS COMMAND…: what a host is answered that begins, signs and ends.
hears() {
	local name=$1 wanted=$2
	shift 2
	end_agents
	run "$@" "$HOST" talk <<<$'begin\nsign\nfinalize'
	is "$rc $(awk '{ printf "%s ", $1 }' <<<"$out")" "0 $wanted " "$name: it has an answer"
	[ "$ms" -lt 15000 ] && pass "$name: within the bound" || fail "$name: within the bound ($ms ms)"
}

import alice
as alice DEVID_MODULE="$SO"
A_ALICE=("${A[@]}")

# --- homes and runtime folders
lives "in good order" "${A_ALICE[@]}"
lives "without HOME" "${A_ALICE[@]}" env -u HOME
lives "a HOME that isn't there" "${A_ALICE[@]}" HOME=/nonexistent
lives "another user's HOME" "${A_ALICE[@]}" HOME="$T/users/bob"
lives "a HOME that is no path" "${A_ALICE[@]}" HOME=home
lives "without a runtime folder" "${A_ALICE[@]}" env -u XDG_RUNTIME_DIR
lives "another user's runtime folder" "${A_ALICE[@]}" XDG_RUNTIME_DIR=/run/user/0
is "$(find /run/user/0 "/run/user/$(id -u bob)" -mindepth 1)" "" "nothing is made in it"
lives "a runtime folder that isn't there" "${A_ALICE[@]}" XDG_RUNTIME_DIR=/run/user/4242
lives "neither home nor runtime folder" "${A_ALICE[@]}" env -u HOME -u XDG_RUNTIME_DIR
end_agents
mount --bind "$ALICE" "$ALICE" && mount -o remount,bind,ro "$ALICE" || bail "no read-only home"
lives "a read-only home" "${A_ALICE[@]}"
hears "a read-only home and no runtime folder" "0 $DEVICE_ERROR 0" "${A_ALICE[@]}" env -u XDG_RUNTIME_DIR
umount "$ALICE"
useradd -M -d /nonexistent -s /bin/sh homeless >/dev/null 2>&1
hears "a user without a home" "0 $KEY_HANDLE_INVALID 0" \
	setpriv --reuid=homeless --regid=homeless --clear-groups env -i DEVID_MODULE="$SO"
hears "a user of no name" "0 $KEY_HANDLE_INVALID 0" \
	setpriv --reuid=54321 --regid=54321 --clear-groups env -i DEVID_MODULE="$SO"

# --- a chroot
JAIL=$T/jail
mkdir -p "$JAIL"/{usr,etc,dev,"$ALICE","$T"}
mount --bind /usr "$JAIL/usr" && mount --bind "$ALICE" "$JAIL$ALICE" || bail "no chroot"
for name in lib lib64 bin; do
	[ ! -L "/$name" ] || ln -s "usr/$name" "$JAIL/$name"
done
cp /etc/passwd /etc/group /etc/ld.so.cache "$JAIL/etc/"
cp "$HOST" "$JAIL$HOST"
mknod -m 666 "$JAIL/dev/null" c 1 3
jailed=(chroot "--userspec=$(id -u alice):$(id -g alice)" "$JAIL" env -i DEVID_MODULE="$SO" HOME="$ALICE")
lives "a chroot without /proc" "${jailed[@]}"
rm "$JAIL/dev/null"
lives "and without /dev" "${jailed[@]}"
rm "$JAIL/etc/passwd"
lives "and without users" "${jailed[@]}"
hears "and without a home" "0 $KEY_HANDLE_INVALID 0" "${jailed[@]}" env -u HOME
end_agents
umount "$JAIL/usr" "$JAIL$ALICE"

# --- the first process of a name space
hears "the first process" "0 0 0" unshare --pid --fork --kill-child "${A_ALICE[@]}"

# --- a setuid program: run by bob, with alice's rights
printf '#!/bin/sh\nid >>"%s"\n' "$T/planted.log" >"$T/planted"
touch "$T/planted.log"
chmod 755 "$T/planted"
chmod 666 "$T/planted.log"
as bob DEVID_MODULE="$SO"
A_BOB=("${A[@]}" DEVID_AGENT="$T/planted" DEVID_DATA_DIR="$T/users/bob" DEVID_RUNTIME_DIR="$T/users/bob"
	XDG_DATA_HOME="$T/users/bob" DEVID_MARK=bob LD_PRELOAD=/nonexistent.so GIO_EXTRA_MODULES="$T/users/bob")
setuid_to() {
	cp "$DEVID_FAULT_HOST" "$HOST"
	chown "$1:" "$HOST"
	chmod 4755 "$HOST"
}
status_of() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr -s '\t ' ' '
}
import root
for user in alice root; do
	setuid_to $user
	lives "setuid $user" "${A_BOB[@]}"
	pid=$(agents)
	uid=$(id -u $user)
	is "$(status_of "$pid" Uid)" "$uid $uid $uid $uid" "setuid $user: the agent is that user's alone"
	is "$(tr '\0' '\n' <"/proc/$pid/environ" | grep -cE 'bob|^DEVID_|^LD_|^GIO_|planted')" 0 \
		"setuid $user: nothing of the caller's environment reaches it"
	not_ok "setuid $user: the caller can't end it" setpriv --reuid=bob --regid=bob --clear-groups \
		sh -c "kill $pid"
done
is "$(cat "$T/planted.log")" "" "what the caller named as the agent was not run"
end_agents
done_testing
