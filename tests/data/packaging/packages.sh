#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian's packages: built by somebody who isn't root (twice with DEVID_BARE=yes, the same bytes); what is in each and what it needs; lintian;
# and in a bare Debian: installed, README's "Installing" and "A first session" typed as they stand, upgraded, purged.
# DEVID_PACKAGES=FOLDER takes packages that are built already.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/bare.sh"
bare_script "$0" "$@"
export LC_ALL=C
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups env "HOME=$T/nobody")
install -d -o 65534 "$T/nobody" "$T/tree" "$T/packages"

# --- built

if [ -n "${DEVID_PACKAGES:-}" ]; then
	cp -r "$DEVID_PACKAGES"/. "$T/packages/" && chown -R 65534 "$T/packages"
else
	(cd "$DEVID_SOURCE" && git ls-files -z | tar --null -T - -cf -) | tar -C "$T/tree" -xf - || bail "no sources"
	RUN_BOUND=1500 run "${nobody[@]}" bash "$T/tree/data/package.sh" deb ${DEVID_BARE:+--check} "$T/packages"
	is "$rc" 0 "they are built, by nobody in particular" || bail "$(tail -n 40 <<<"$err")"
	[ -z "${DEVID_BARE:-}" ] || like "$out" '^built twice, the same' "and twice the same"
	is "$(ls "$T/tree")" "$(cd "$DEVID_SOURCE" && git ls-files | sed 's,/.*,,' | grep -v '^\.' | sort -u)" "with nothing left in the tree"
	diag "built in $((ms / 1000)) s"
fi
cd "$T/packages" || exit
is "$(ls ./*.deb | sed 's,^\./,,; s/_.*//' | sort | tr '\n' ' ')" 'devid devid-doc devid-pkcs11 devid-tpm libdevid-dev libdevid0 ' "six packages"

# contents PACKAGE: its files, but for what each package has.
contents() {
	dpkg-deb --fsys-tarfile "$1"_*.deb | tar -tf - | sed -n 's,^\./\(.*[^/]\)$,\1,p' |
		grep -vE "^usr/share/(doc/$1/(copyright|changelog.Debian.gz)|lintian/overrides/$1)\$" | sort
}
needs() {
	dpkg-deb -f "$1"_*.deb "${2:-Depends}" | tr ',' '\n' | sed 's/^ *//; s/ .*//' | sort | tr '\n' ' '
}
version=$(sed -n "s/^    version: '\(.*\)',\$/\1/p" "$DEVID_SOURCE/meson.build")
library=usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH)
is "$(contents devid-pkcs11)" "$library/pkcs11/devid-pkcs11.so
usr/share/p11-kit/modules/devid.module" "devid-pkcs11: the module and its registration"
is "$(needs devid-pkcs11)" 'libc6 ' "which needs libc6 alone"
is "$(dpkg-deb -f devid-pkcs11_*.deb Multi-Arch)" same "and can be there for two architectures"
is "$(contents libdevid0)" "$library/libdevid.so.0
$library/libdevid.so.$version" "libdevid0: the library"
is "$(contents libdevid-dev)" "$(cd "$DEVID_SOURCE/include" && ls devid/*.h | sed 's,^,usr/include/,')
$library/libdevid.so
$library/pkgconfig/devid.pc" "libdevid-dev: each public header"
is "$(contents devid-tpm)" 'lib/systemd/system/devid-agent.service.d/devid-tpm.conf
lib/systemd/system/devid-credential.socket
lib/systemd/system/devid-credential@.service
usr/lib/sysusers.d/devid-tpm.conf
usr/libexec/devid/devid-tpm.so' "devid-tpm: the agent's part, and what it may touch"
like "$(needs devid-tpm)" 'libtss2-esys[^ ]* .*libtss2-tcti-device0 ' "which alone needs the TPM's libraries"
unlike "$(needs devid)$(needs libdevid0)" 'tss2' "no other does"
is "$(contents devid-doc | sed 's/\.gz$//')" \
	"$(cd "$DEVID_SOURCE/data" && ls doc/*.md runbook.md | sed 's,^\(.*/\)*,usr/share/doc/devid/,' | sort)" "devid-doc: each document"
contents devid >"$T/devid"
for page in "$DEVID_SOURCE"/data/man/*.[1-8] "$DEVID_SOURCE"/data/man/*.in; do
	page=$(basename "$page" .in)
	echo "usr/share/man/man${page##*.}/$page.gz"
done >"$T/wanted"
for half in lib/systemd/system usr/lib/systemd/user; do
	(cd "$DEVID_SOURCE/data/systemd/${half##*/}" && find . -type f ! -name 'devid-credential*' ! -path '*.d/*') |
		sed "s,^\.,$half,; s/\.in$//"
done >>"$T/wanted"
printf '%s\n' lib/systemd/system-preset/90-devid.preset usr/bin/devid usr/lib/systemd/user-preset/90-devid.preset \
	usr/lib/sysusers.d/devid.conf usr/lib/tmpfiles.d/devid.conf usr/libexec/devid/devid-{admin,agent,tunnel} \
	usr/share/bash-completion/completions/devid usr/share/fish/vendor_completions.d/devid.fish \
	usr/share/zsh/vendor-completions/_devid usr/share/dbus-1/system-services/org.devid.{Admin,Tunnel}.service \
	usr/share/dbus-1/system.d/org.devid.{Admin,Tunnel}.conf usr/share/polkit-1/actions/org.devid.{admin,tunnel}.policy \
	etc/apparmor.d/{devid,devid-agent,devid-agent-system,devid-tunnel,abstractions/devid-agent,tunables/devid} >>"$T/wanted"
is "$(grep -v ^usr/share/doc/ "$T/devid")" "$(sort "$T/wanted")" "devid: programs, units, users, bus, polkit, AppArmor, completions and pages"
like "$(dpkg-deb -c devid_*.deb)" '-rwxr-xr-x [^ ]* +[0-9]+ [^ ]* [^ ]* \./usr/share/doc/devid/gateway/make-crl' \
	"what a gateway runs can be run where it lies"
unlike "$(dpkg-deb -c devid_*.deb)" '/account\.conf\.gz' "and the sample account is as its page calls it"
RUN_BOUND=300 run "${nobody[@]}" lintian --display-info --pedantic --fail-on error,warning,info,pedantic built/*.changes
is "$rc" 0 "lintian has nothing to say" || diag "$out"

# --- installed

bare_root
cp ./*.deb "$ROOT/root/devid/" && mkdir "$ROOT/root/devid/build-packages" && cp ./*.deb "$ROOT/root/devid/build-packages/"
mkdir "$ROOT/root/next"
# The same packages as those of a later version.
for each in devid devid-pkcs11; do
	dpkg-deb -R "$each"_*.deb "$T/next"
	sed -i -E 's/^(Version: .*)$/\1+next/; s/\(= ([^)]*)\)/(= \1+next)/g' "$T/next/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$T/next" "$ROOT/root/next/$each.deb" >/dev/null || bail "can't pack $each"
	rm -r "$T/next"
done
# What is there, but what every installation of anything changes.
files() {
	(cd "$ROOT" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./root -o -path ./var/cache -o -path ./var/log -o \
		-path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/lib/systemd -o -path ./tmp \) -prune -o -print) |
		grep -vE '^\./etc/((passwd|group|shadow|gshadow)-?|ld\.so\.cache|\.pwd\.lock|mailcap)$|^\./var/lib/systemd$' | sort
}
inst() {
	RUN_BOUND=600 run "${inside[@]}" -c "$*"
}
sizes() {
	sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' | while IFS='=' read -r name version; do
		compgen -G "$ROOT/root/devid/${name}_${version}_*.deb" >/dev/null && dpkg-deb -f "$ROOT/root/devid/${name}_${version}"_*.deb Installed-Size ||
			"${inside[@]}" -c "apt-cache show $name=$version" | sed -n 's/^Installed-Size: //p' | head -n 1
	done | awk '{ sum += $1 } END { printf "%d %.1f\n", NR, sum * 1024 / 1e6 }'
}
ours='./devid_*.deb ./devid-pkcs11_*.deb'
inst "apt-get install -s --no-install-recommends $ours"
read -r number size < <(sizes <<<"$out")
inst 'apt-get install -s --no-install-recommends systemd-sysv'
sed -n 's/^Inst \([^ ]*\) .*/\1/p' <<<"$out" >"$T/systemd"
inst "apt-get install -s --no-install-recommends systemd-sysv $ours"
read -r number_there size_there < <(awk 'NR == FNR { there[$1]; next } $1 == "Inst" && !($2 in there)' "$T/systemd" - <<<"$out" | sizes)
diag "over a bare root: $number packages, $size MB; where systemd is the first process: $number_there packages, $size_there MB"
ok "devid brings 8 packages at most to a bare root" test "$number" -le 8
ok "and less than 12 MB to one with systemd" awk -v s="$size_there" 'BEGIN { exit !(s > 1 && s < 12) }'

files >"$T/before"
inst "apt-get install --no-install-recommends $ours"
is "$rc" 0 "installed in a bare root, without systemd" || diag "$out"
is "$(stat -c '%U:%a' "$ROOT"/{etc/devid,etc/devid/signing} | tr '\n' ' ')" 'root:755 root:755 ' "the account's folders are root's"
inst "stat -c '%U:%a' /var/lib/devid /var/log/devid"
is "$out" $'devid:755\ndevid:750' "keys and events are the agent's user's"
state() {
	systemctl --root="$ROOT" "$@" 2>&1
}
is "$(state is-enabled devid-agent.socket devid-agent.service devid-tunnel.service)" $'enabled\nstatic\nstatic' \
	"the machine's socket is enabled"
is "$(state --global is-enabled devid-agent.socket devid-expiry.timer)" $'enabled\nenabled' "the users' socket and timer too"
is "$(state --global is-enabled devid-p11-kit.service)" disabled "what is for sandboxes is not"
inst 'apt-get install --no-install-recommends openssl gnutls-bin procps && bash data/session.sh /root/session && cd /root/session &&
	devid ca add --name example issuing.crt && devid import-cert --system --label machine --password-file password machine.p12'
is "$rc" 0 "an identity of the machine's is imported" || diag "$out$err"
sign="p11tool --test-sign 'pkcs11:token=Device%20Identity%20%28system%29;object=machine;type=private'"
inst "$sign"
is "$rc" 0 "GnuTLS finds the module and signs"

# --- upgraded: what an administrator has changed stays

state disable devid-agent.socket >/dev/null
state --global disable devid-expiry.timer >/dev/null
cp -a "$ROOT/var/lib/devid" "$T/keys"
inst 'apt-get install --no-install-recommends /root/next/*.deb'
is "$rc" 0 "upgraded" || diag "$out$err"
inst "dpkg-query -W -f '\${Version}\n' devid devid-pkcs11 | sort -u"
like "$out" '^[^ ]*\+next$' "both packages"
is "$(state is-enabled devid-agent.socket)" disabled "a socket that was disabled still is"
is "$(state --global is-enabled devid-expiry.timer)" disabled "and a timer"
is "$(state --global is-enabled devid-agent.socket)" enabled "the others are enabled"
ok "keys and records are as they were" diff -r "$T/keys" "$ROOT/var/lib/devid"
inst "$sign"
is "$rc" 0 "and sign" || diag "$out$err"

# --- removed and purged

is $$ 1 "what is ended by its name is of this test's own processes"
inst 'pkill -x devid-agent; apt-get remove devid devid-pkcs11'
is "$rc" 0 "removed"
ok "keys stay" test -e "$ROOT/var/lib/devid/generation"
inst 'apt-get purge devid devid-pkcs11'
is "$rc" 0 "purged"
like "$out$err" 'devid: kept: .*rm -r /var/lib/devid /etc/devid' "what stays is named"
ok "keys and records stay" diff -r "$T/keys" "$ROOT/var/lib/devid"
ok "so does the account" test -s "$ROOT/etc/devid/signing/example.pem"
ok "logs do not" test ! -e "$ROOT/var/log/devid"
[[ $out$err =~ \;\ (rm\ -r\ [a-z/\ ]+)\ removes ]] && inst "${BASH_REMATCH[1]}"
inst "apt-get purge --autoremove openssl gnutls-bin procps && rm -r /root/session"
is "$(files | diff "$T/before" - | grep '^[<>]')" "" "nothing else is left in the file system"

# --- README

sed -n '/^## Installing$/,/^## /s/^    \(cd build-packages.*\)/\1/p' "$DEVID_SOURCE/README.md" >"$ROOT/root/typed"
like "$(cat "$ROOT/root/typed")" '^cd build-packages && apt install \./devid\*\.deb' "README says how to install"
inst '. /root/typed'
is "$rc" 0 "typed as it stands in the same root, it works" || diag "$(tail -n 20 <<<"$out$err")"
inst 'dpkg-query -W -f "\${binary:Package} " "devid*"; id -nG devid; test -x /lib/systemd/systemd'
is "$out" $'devid devid-doc devid-pkcs11:amd64 devid-tpm devid tss' "with the TPM's part, the documents, and systemd"
is "$(state is-enabled devid-agent.socket)" enabled "after a purge the socket is enabled again"
is "$(state --global is-enabled devid-expiry.timer)" enabled "and the timer"
inst 'apt-get install --no-install-recommends gnome-keyring dbus-daemon dbus-bin gnutls-bin openssl python3 procps iproute2'
is "$rc" 0 "with a keyring and GnuTLS's programs" || diag "$(tail -n 20 <<<"$out$err")"
RUN_BOUND=200 run unshare -np --fork --kill-child --mount-proc="$ROOT/proc" chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	HOME=/root LANG=C.UTF-8 DEVID_SOURCE=/root/devid DEVID_TEST_MACHINE=installed bash /root/devid/tests/data/session.sh
is "$rc" 0 "README's first session, typed as it stands" || diag "$out$err"
like "$out" $'(^|\n)ok [0-9]+ - devid import-cert' "which imports"
is "$(grep -c '^not ok' <<<"$out")" 0 "each line of it" || diag "$out"
inst 'apt-get purge devid devid-pkcs11 devid-tpm devid-doc'
is "$rc" 0 "purged" || diag "$(tail -n 20 <<<"$out$err")"
done_testing
