# Debian's packages, for tests/run.sh and data/demo.sh:
#
#	packages_missing PACKAGE…		prints those that are not installed
#	packages_install LOG PACKAGE…		installs them; what apt says goes to LOG. None starts a service of this machine

packages_missing() {
	local package
	for package; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || printf '%s\n' "$package"
	done
}

packages_install() {
	local log=$1 guard=/usr/sbin/policy-rc.d status=0
	shift
	if [ -e "$guard" ]; then
		guard=
	else
		printf '#!/bin/sh\nexit 101\n' >"$guard"
		chmod 755 "$guard"
	fi
	{ apt-get update -q && apt-get install -y -q --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null || status=1
	rm -f ${guard:+"$guard"}
	return $status
}
