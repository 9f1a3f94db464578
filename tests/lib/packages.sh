# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian's packages, for tests/run.sh and data/demo.sh:
#
#	packages_missing PACKAGE…		prints those that are not installed
#	packages_install LOG PACKAGE…		installs them; what apt says goes to LOG. None starts or enables a service

packages_missing() {
	dpkg-query -W -f '${Package} ${Status}\n' "$@" 2>/dev/null | sed -n 's/^\(\S*\) .* installed$/\1/p' |
		grep -Fvx -f - <(printf '%s\n' "$@")
}

# Links by which systemd starts units: "/etc/systemd/system/multi-user.target.wants/x.service".
packages_enabled() {
	find /etc/systemd/system /etc/systemd/user -mindepth 2 -type l 2>/dev/null | sort
}

packages_install() {
	local log=$1 guard=/usr/sbin/policy-rc.d status=0 before link
	shift
	before=$(packages_enabled)
	if [ -e "$guard" ]; then
		guard=
	else
		printf '#!/bin/sh\nexit 101\n' >"$guard"
		chmod 755 "$guard"
	fi
	{ apt-get update -q && apt-get install -y -q --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null || status=1
	rm -f ${guard:+"$guard"}
	packages_enabled | grep -Fvx -f <(printf '%s\n' "$before") | while read -r link; do
		case $link in
		/etc/systemd/user/*) systemctl --global disable "${link##*/}" ;;
		*) systemctl disable "${link##*/}" ;;
		esac
	done >>"$log" 2>&1
	return $status
}
