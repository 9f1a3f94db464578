#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What devid has for other packages: drop-ins beside their units as shipped, an addition to a profile of AppArmor,
# the user's unit of p11-kit's server.
. "$(dirname "$0")/../lib/common.sh"
data=$DEVID_SOURCE/data
mkdir -p "$T/units" "$T/user"
cp "$data/systemd/system/devid-agent.socket" "$T/units/"
printf '[Service]\nExecStart=/bin/true\n' >"$T/units/devid-agent.service"

# complaints UNIT: what systemd-analyze says of it, our drop-in beside it.
complaints() {
	run "${E[@]}" SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$T/units:" systemd-analyze verify --man=no "$T/units/$1"
	grep -F -e devid -e "${1%.service}" <<<"$out$err" | grep -v 'Failed to open .*manpage\|man devid'
}
for unit in openvpn-client@ strongswan wpa_supplicant NetworkManager; do
	cp "/lib/systemd/system/$unit.service" "$T/units/"
	mkdir "$T/units/$unit.service.d"
	name=${unit/@/@office}.service
	[ "$name" = "$unit.service" ] || ln -s "$unit.service" "$T/units/$name"
	before=$(complaints "$name")
	cp "$data/systemd/drop-ins/$unit.service.d/devid.conf" "$T/units/$unit.service.d/"
	is "$(complaints "$name")" "$before" "$unit.service with our drop-in: nothing more to complain about"
	run "${E[@]}" SYSTEMD_LOG_LEVEL=debug SYSTEMD_UNIT_PATH="$T/units:" systemd-analyze verify --man=no "$T/units/$name"
	like "$out$err" "devid-agent.socket" "$unit.service: systemd has read it: the agent's socket is looked up"
	echo 'Sandbox=yes' >>"$T/units/$unit.service.d/devid.conf"
	isnt "$(complaints "$name")" "$before" "$unit.service: an unknown setting would be noticed"
	sed -i '$d' "$T/units/$unit.service.d/devid.conf"
done
is "$(grep -hvc '^#' "$data"/systemd/drop-ins/{strongswan,wpa_supplicant,NetworkManager}.service.d/devid.conf | sort -u)" 3 \
	"the drop-ins loosen nothing: a section and two lines"
is "$(sed '/^#/d;/^$/d' "$data/systemd/drop-ins/openvpn-client@.service.d/devid.conf" | tail -n 2)" \
	"$(printf '[Service]\nReadOnlyPaths=-/var/lib/devid -/etc/devid')" "nor does OpenVPN's"

# --- p11-kit's server
module=$(pkg-config --variable=p11_module_path p11-kit-1)/devid-pkcs11.so
sed "s,@module@,$module," "$data/systemd/user/devid-p11-kit.service.in" >"$T/user/devid-p11-kit.service"
run "${E[@]}" SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$T/user:" systemd-analyze verify --user --man=no \
	"$T/user/devid-p11-kit.service"
is "$(grep -F devid <<<"$out$err" | grep -v 'Failed to open .*manpage\|man devid')" "" "devid-p11-kit.service: nothing to complain about"

# --- AppArmor: compiled, for this kernel may not have it
mkdir -p "$T/apparmor"
cp -r /etc/apparmor.d/. "$T/apparmor/"
mkdir -p "$T/apparmor/local"
parse() {
	run "${E[@]}" apparmor_parser --base "$T/apparmor" --skip-kernel-load --skip-cache --quiet \
		"$T/apparmor/usr.sbin.$program" --ofile "$T/profile.bin"
}
for program in charon-systemd swanctl; do
	: >"$T/apparmor/local/usr.sbin.$program"
	parse
	is "$rc" 0 "$program's profile as shipped compiles" || diag "$err"
	cp "$T/profile.bin" "$T/before.bin"
	cp "$data/apparmor/usr.sbin.$program" "$T/apparmor/local/"
	parse
	is "$rc" 0 "$program: and with our addition" || diag "$err"
	not_ok "$program: which changes it" cmp -s "$T/before.bin" "$T/profile.bin"
	echo '/run/devid/agent nonsense,' >>"$T/apparmor/local/usr.sbin.$program"
	parse
	isnt "$rc" 0 "$program: a faulty rule would be noticed"
done
done_testing
