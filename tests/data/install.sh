#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What `meson install` puts down, and that p11-kit and the loader find it there.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
private_machine "$0" "$@"

library=$(dirname "$(pkg-config --variable=p11_module_path p11-kit-1)")
paths=(
	usr/bin/devid
	usr/libexec/devid/devid-agent
	usr/libexec/devid/devid-tpm.so
	usr/libexec/devid/devid-tunnel
	usr/share/dbus-1/system.d/org.devid.Tunnel.conf
	usr/share/dbus-1/system-services/org.devid.Tunnel.service
	usr/share/polkit-1/actions/org.devid.tunnel.policy
	usr/lib/systemd/system/devid-tunnel.service
	usr/libexec/devid/devid-admin
	usr/share/dbus-1/system.d/org.devid.Admin.conf
	usr/share/dbus-1/system-services/org.devid.Admin.service
	usr/share/polkit-1/actions/org.devid.admin.policy
	usr/lib/systemd/system/devid-admin.service
	"${library#/}/pkcs11/devid-pkcs11.so"
	"${library#/}/libdevid.so"
	"${library#/}/pkgconfig/devid.pc"
	usr/include/devid/devid.h
	usr/include/devid/account.h
	usr/include/devid/check.h
	usr/include/devid/event.h
	usr/include/devid/limits.h
	usr/include/devid/office.h
	usr/include/devid/policy.h
	usr/include/devid/posture.h
	usr/include/devid/reason.h
	usr/include/devid/result.h
	usr/share/p11-kit/modules/devid.module
	usr/lib/systemd/system/devid-agent.socket
	usr/lib/systemd/system/devid-agent.service
	usr/lib/systemd/system/devid-agent.service.d/devid-tpm.conf
	usr/lib/systemd/system/devid-credential.socket
	usr/lib/systemd/system/devid-credential@.service
	usr/lib/systemd/user/devid-agent.socket
	usr/lib/systemd/user/devid-agent.service
	usr/lib/systemd/user/devid-expiry.timer
	usr/lib/systemd/user/devid-expiry.service
	usr/lib/systemd/user/devid-p11-kit.service
	usr/lib/systemd/system-preset/90-devid.preset
	usr/lib/systemd/user-preset/90-devid.preset
	usr/lib/sysusers.d/devid.conf
	usr/lib/sysusers.d/devid-tpm.conf
	usr/lib/tmpfiles.d/devid.conf
)
for page in "$DEVID_SOURCE"/data/man/*.[1-8] devid-troubleshooting.7; do
	paths+=("usr/share/man/man${page##*.}/$(basename "$page")")
done
plan $((${#paths[@]} + 22))

for path in "${paths[@]}"; do
	ok "/$path" test -s "/$path"
done
# The overlay's upper folder holds what we put down, and nothing else but bytecode and locks.
extra=$(cd "$T/m/usr" && find . -type f | sed 's,^\./,usr/,' | grep -vE '/(devid|libdevid|90-devid|org\.devid)[^/]*$|/include/devid/')
is "$(grep -vE 'completions|/doc/devid/|/zsh/[a-z-]*/_devid$' <<<"$extra")" "" "nothing else is installed"
zsh_folder=$(cd "$T/m" && find usr -name _devid -printf '/%h\n')
like " $(zsh -fc 'print $fpath') " " $zsh_folder " "the completion lies where this system's zsh looks"
is "$(find "$T/m/usr" -type f -perm /022 | wc -l)" 0 "nothing that others can write"
is "$(find "$T/m/usr" -type f -perm /6000 | wc -l)" 0 "nothing with a set-uid bit"

as root
# As clients.md and the page say.
line=$(sed -n 's/^    \(cp -r [^&]*[^ &]\) && systemctl daemon-reload$/\1/p' "$DEVID_SOURCE/data/doc/clients.md")
run "${A[@]}" bash -c "$line"
is "$rc" 0 "drop-ins are put in place by one line" || diag "$line: $err"
is "$(cd /etc/systemd/system && find . -name devid.conf | sort)" \
	"$(cd "$DEVID_SOURCE/data/systemd/drop-ins" && find . -name devid.conf | sort)" "each of them"
run "${A[@]}" p11-kit list-modules
is "$rc" 0 "p11-kit lists modules"
like "$out" '(^|'$'\n'')(module: )?devid' "ours is one"
like "$out" 'token: Device Identity' "with the user's token"
like "$out" 'Device Identity \(system\)' "and the machine's"
like "$out" 'p11-kit-trust|softhsm' "beside the others"
machine_user alice
as alice
run "${A[@]}" p11tool --list-token-urls
like "$out" 'token=Device%20Identity%20%28system%29' "a user's GnuTLS sees both"
ok "listing started no agent" bash -c '! ps -e -o comm= | grep -q devid-agent'
ok "and made nothing" test ! -e "$T/users/alice/.local/share/devid"
run "${A[@]}" devid version
is "$rc" 0 "devid runs"
like "$out" 'devid' "and says who it is"
run "${A[@]}" ldd "/$library/libdevid.so"
unlike "$out" 'not found|/build' "libdevid needs nothing of the build folder"
unlike "$(readelf -d /usr/bin/devid /usr/libexec/devid/*)" 'R(UN)?PATH' "programs neither"
ok "devid.pc is valid" "${A[@]}" pkg-config --exists --print-errors devid
cat >"$T/third.c" <<'C'
#include <devid/devid.h>
int main(void)
{
	struct devid_account *account = NULL;

	if (devid_account_load("/nonexistent", false, &account) != DEVID_OK)
		return 2;
	int state = devid_account_state(account);
	devid_account_free(account);
	return state == DEVID_ACCOUNT_NONE && devid_pem_size(1000) > 1300 ? 0 : 1;
}
C
as root
ok "a third program builds with pkg-config and runs" "${A[@]}" bash -c \
	"gcc -Wall -Wextra -Werror -o '$T/third' '$T/third.c' \$(pkg-config --cflags --libs devid) && '$T/third'"

# Pages agree with what the programs say of themselves.
for name in $("${A[@]}" /usr/libexec/devid/devid-agent --help | grep -oE -- '--[a-z-]+' | sort -u); do
	grep -qF -- "${name//-/\\-}" "$DEVID_SOURCE/data/man/devid-agent.8" || diag "no word of $name"
done >"$T/words"
is "$(cat "$T/words")" "" "devid-agent(8) has every option"
for page in "$DEVID_SOURCE"/data/man/*.[1-8]; do
	LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings=all -l "$page" 2>&1 >/dev/null
done >"$T/words"
is "$(grep -v 'cannot adjust line\|can.t break line' "$T/words")" "" "man has no complaint about the pages"
done_testing
