# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases share, inside the machine that vm.sh boots: the tests' own shell functions (TAP), devid installed as
# README says from what `meson install` gave, and people. Each case reads it first, at every boot; $STAY is a folder that
# stays from boot to boot.
#
#	by USER COMMAND…		with what a login would give; run_by: as run does
#	signs USER CERTIFICATE [USER]	with its key on the machine's token, or on the user's: by pkcs11-tool, and openssl
#					says whether it is a signature
#	agent_process			the machine's agent's
#	reboot_machine			and the case goes on there, VM_BOOT one higher
#	nothing_denied			by AppArmor or a filter of system calls, since the machine booted
. /folder/tests/lib/common.sh
STAY=/folder/keep
PKI=/folder/pki
MODULE=/usr/lib/x86_64-linux-gnu/pkcs11/devid-pkcs11.so
PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd /root || bail "no home"
[ ! -e "$STAY/tap" ] || . "$STAY/tap"

# Emulated, a single try may take seconds: it is the clock that counts, and that generously.
wait_for() {
	local last=$((SECONDS + $1 * 4))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$last" ]; then
			echo "# no success in time: $*"
			return 1
		fi
		sleep 0.1
	done
}

reboot_machine() {
	printf 'TAP_COUNT=%s TAP_FAILED=%s\n' "$TAP_COUNT" "$TAP_FAILED" >"$STAY/tap"
	TAP_FINISHED=yes
	exit 100
}

# as USER: "${A[@]}" runs a command so.
as() {
	local uid home
	uid=$(id -u "$1")
	home=$(getent passwd "$1" | cut -d: -f6)
	A=(runuser -u "$1" -- env -i -C "$home" PATH=/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 "HOME=$home" "USER=$1"
		"XDG_RUNTIME_DIR=/run/user/$uid" "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus")
}
by() {
	as "$1"
	"${A[@]}" "${@:2}"
}
run_by() {
	as "$1"
	run "${A[@]}" "${@:2}"
}

signs() {
	local token='Device Identity' mechanism=(--mechanism ECDSA-SHA256 --signature-format openssl)
	[ "${3:-}" = USER ] || token+=' (system)'
	! openssl x509 -in "$2" -noout -text | grep -q rsaEncryption || mechanism=(--mechanism SHA256-RSA-PKCS)
	rm -f "$T/signature"
	printf '%032d' 1 >"$T/data"
	chmod 644 "$T/data"
	openssl x509 -in "$2" -noout -pubkey >"$T/key.pem"
	by "$1" pkcs11-tool --module "$MODULE" --token-label "$token" --sign "${mechanism[@]}" --input-file "$T/data" \
		--id "$(openssl pkey -pubin -in "$T/key.pem" -outform DER | sha1sum | cut -d' ' -f1)" \
		>"$T/signature" 2>"$T/sign.err"
	openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data" || {
		cat "$T/sign.err"
		return 1
	}
}

agent_process() {
	systemctl show -p MainPID --value devid-agent.service
}

# What was refused is in the kernel's log; so is each program that such a filter ended.
nothing_denied() {
	local lines
	lines=$(journalctl -b --no-pager -o cat | grep -E 'apparmor="DENIED"|audit: type=1326|status=31/SYS' || :)
	is "$lines" "" "nothing was denied by AppArmor or a filter of system calls${1:+: $1}"
}

install_devid() {
	cp -a /folder/dest/usr/. /usr/
	[ ! -d /folder/dest/lib ] || cp -a /folder/dest/lib/. /usr/lib/
	cp -a /folder/dest/etc/. /etc/
	systemctl reload apparmor
	ldconfig
	# README, "Installing".
	systemd-sysusers 2>/dev/null && systemd-tmpfiles --create &&
		systemctl -q enable --now devid-agent.socket &&
		systemctl -q --global enable devid-agent.socket &&
		systemctl -q --global enable devid-expiry.timer || bail "can't install"
	useradd -m -s /bin/bash -G devid alice
	useradd -m -s /bin/bash bob
	devid ca add --name example "$PKI/issuing.crt" >"$T/ca.log" 2>&1 || bail "no account: $(cat "$T/ca.log")"
	printf '[Account]\nName=Example\nOnUse=enforce\n' >/etc/devid/account.conf
}

if [ "$VM_BOOT" = 1 ]; then
	mkdir -p "$STAY"
	chmod -R a+rX /folder/pki /folder/tests
	timeout 120 systemctl is-system-running --wait >"$T/running" || diag "$(cat "$T/running" && systemctl --failed --no-legend)"
	install_devid
fi
