#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The AppArmor profiles: they compile, with what Debian's apparmor brings; and all that our programs open, write and run
# in tests of the whole is allowed by them, and nothing that must not be. No kernel with AppArmor is needed: what was done
# is read from strace, what is allowed from what the parser makes of the profiles.
. "$(dirname "$0")/../lib/common.sh"
for need in apparmor_parser strace; do
	command -v $need >/dev/null || bail "$need is not installed"
done
[ "$(id -u)" -eq 0 ] || skip_all "needs root"
profiles=(devid devid-agent devid-agent-system devid-tunnel)
B=$T/apparmor.d

# --- they are installed where the parser and packages look for them, and compile
meson install -C "$DEVID_BUILD" --no-rebuild --quiet --destdir "$T/destdir" >"$T/install.log" 2>&1 ||
	bail "can't install: $(cat "$T/install.log")"
cp -r /etc/apparmor.d "$B"
rm -rf "$B"/devid* "$B"/{abstractions,tunables}/devid* "$B"/local/devid*
cp -r "$T/destdir/etc/apparmor.d/." "$B"
compile() {
	run "${E[@]}" apparmor_parser --base "$B" --skip-kernel-load --skip-cache --quiet "$@"
}
for profile in "${profiles[@]}"; do
	compile "$B/$profile"
	is "$rc" 0 "$profile compiles"
	echo '/etc/x nonsense,' >"$B/local/$profile"
	compile "$B/$profile"
	isnt "$rc" 0 "$profile reads what the machine adds in local/"
	rm "$B/local/$profile"
done
unlike "$(cat "$T/destdir/etc/apparmor.d"/{,*/}devid* 2>/dev/null)" '@(libexec|bin)dir@' "no place is left open"
unit=$(find "$T/destdir" -path '*/system/devid-agent.service')
is "$(sed -n 's/^AppArmorProfile=-//p' "$unit")" devid-agent-system "the machine's unit takes its profile, where it is loaded"

# --- what must not be
# refused PROFILE [LETTERS PATH]…: all of these.
asked() {
	run "${E[@]}" python3 -B "$TESTS/data/apparmor.py" "$B" "$B/$1" asked "${@:2}"
}
refused() {
	asked "$@"
	is "$(wc -l <<<"$out")" $((($# - 1) / 2)) "$1 is refused: ${*:2}"
}
for profile in devid-agent devid-agent-system; do
	refused $profile x /usr/bin/sh x /usr/bin/rpm x /usr/sbin/nft x /home/alice/program x /tmp/program x /usr/libexec/devid/devid-agent \
		m /home/alice/.local/share/devid/x.so
	refused $profile r /home/alice/ r /home/alice/.ssh/id_rsa r /home/alice/laptop.p12 r /home/alice/.local/share/keyrings/login.keyring \
		w /home/alice/.bashrc w /home/alice/.config/devid/account.conf r /root/.bashrc
	refused $profile r /etc/shadow w /etc/devid/account.conf w /etc/devid/signing/x.pem r /etc/ssl/private/x.pem r /dev/mem \
		rw /dev/tpm0 r /var/lib/NetworkManager/secret_key w /usr/lib/x86_64-linux-gnu/pkcs11/devid-pkcs11.so
done
refused devid-agent-system r /home/alice/.local/share/devid/generation rw /run/user/1000/bus rw /tmp/dbus-abc w /run/user/1000/devid/agent
refused devid-tunnel x /home/alice/openconnect x /tmp/script x /usr/bin/python3 x /usr/bin/perl r /home/alice/ca.pem r /root/.bashrc \
	r /etc/shadow r /etc/ssl/private/x.pem w /etc/devid/connections.d/work.conf w /etc/passwd rw /dev/mem rw /dev/tpmrm0 \
	r /var/lib/devid/x.key w /usr/share/vpnc-scripts/vpnc-script
refused devid x /home/alice/program x /tmp/program w /home/alice/.bashrc w /home/alice/.config/autostart/x.desktop \
	w /home/alice/.ssh/authorized_keys r /home/alice/.local/share/keyrings/login.keyring r /etc/shadow w /etc/passwd \
	w /etc/sudoers.d/x w /usr/bin/devid m /home/alice/x.so

# --- what is done in tests of the whole
calls=execve,execveat,open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,linkat
calls+=,symlink,symlinkat,connect,bind,chmod,fchmodat,fchmod,fchown,chown,lchown,fchownat,flock,fcntl,mmap,truncate,mknodat
calls+=,utimensat,fork,vfork,clone,clone3
# traced TEST [OPTION…]: runs it below strace.
traced() {
	local trace
	trace=$T/$(basename "$1").trace
	strace -f -y --pidns-translation -qq -s 0 "${@:2}" -o "$trace" -e "trace=$calls" bash "$TESTS/$1.sh" >"$trace.tap" 2>&1 ||
		bail "$1 does not pass below strace: $(grep -A5 '^not ok\|^Bail' "$trace.tap")"
}
# allowed PROFILE traced|inherited PROGRAM TRACE…: whatever that program did there, which was something.
allowed() {
	local traces=("${@:4}")
	run "${E[@]}" python3 -B "$TESTS/data/apparmor.py" "$B" "$B/$1" "$2" "$3" "${traces[@]/#/$T/}"
	is "$rc$out" 0 "$1: it is allowed what $3 did in ${*:4}"
	ok "$1: which was something" test "${err%% *}" -gt 20
}
agent=/usr/libexec/devid/devid-agent
# Quicker, but without new privileges: the bus starts nothing as root then.
traced clients/end-to-end --seccomp-bpf
traced helper/agent/system-agent --seccomp-bpf
traced clients/connect-silent
allowed devid-agent traced $agent {end-to-end,system-agent,connect-silent}.trace
allowed devid-agent-system traced $agent system-agent.trace
allowed devid-tunnel inherited /usr/libexec/devid/devid-tunnel connect-silent.trace
allowed devid traced /usr/bin/devid {end-to-end,system-agent,connect-silent}.trace
# What is not allowed would be seen.
sed -i '/^ *\/etc\/devid\//d' "$B/abstractions/devid-agent"
run "${E[@]}" python3 -B "$TESTS/data/apparmor.py" "$B" "$B/devid-agent" traced $agent "$T/end-to-end.trace"
like "$out" 'r /etc/devid/' "a rule that is missing would be seen"
done_testing
