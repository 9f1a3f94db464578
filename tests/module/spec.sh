#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# spec.sh file|keyring|system|system-user|softhsm|mechanisms: the specification call by call (spec/*.c), the same
# programs over the user's token with keys in files, over the same with a keyring, over the machine's as root and
# as a user for whom its agent signs, and over SoftHSM2; and each mechanism of ours with each kind of key.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/machine.sh"
leg=$1
case $leg in
system*) private_machine "$0" "$@" ;;
esac
known='' differs=''
subjects=(general session search attribute sign write generate)
need_pki

import() {
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store "$1" --label "$2" \
		--password-file "$PKI/password" "$PKI/$2.p12"
	[ "$rc" -eq 0 ] || bail "no identity $2: $(last_run)"
}

# user_token STORE LABEL…: the user's token, with those.
user_token() {
	local store=$1 label
	shift
	for label; do
		import "$store" "$label"
	done
	env_set "SPEC_MODULE=$DEVID_MODULE" "SPEC_TOKEN=Device Identity"
}

# system_token USER LABEL…: the machine's token with those, as this user sees it.
system_token() {
	local user=$1 label module
	shift
	module=$(find /usr/lib -name devid-pkcs11.so -path '*pkcs11*' | head -n 1)
	as root
	"${A[@]}" "$(find /usr -path '*/devid/devid-agent' -type f | head -n 1)" --system --idle-timeout 0 \
		2>"$T/agent.err" &
	track $!
	wait_for 20 test -S /run/devid/agent || bail "no agent: $(cat "$T/agent.err")"
	for label; do
		run "${A[@]}" devid import-cert --system --label "$label" --password-file "$PKI/password" \
			"$PKI/$label.p12"
		[ "$rc" -eq 0 ] || bail "no identity $label: $(last_run)"
	done
	as "$user" "SPEC_MODULE=$module" "SPEC_TOKEN=Device Identity (system)" "DEVID_TEST_PKI=$PKI" \
		CMOCKA_MESSAGE_OUTPUT=TAP SPEC_RSA=rsa2048 SPEC_EC=p256 SPEC_KEYS=no \
		${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} "${SPEC_SET[@]}"
	E=("${A[@]}")
}

# A token of SoftHSM2 with the same keys, and their certificates beside them.
softhsm_token() {
	local label tool=(pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label spec --login
		--pin 1234)
	mkdir "$T/tokens"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
		"$T/tokens" >"$T/softhsm.conf"
	env_set "SOFTHSM2_CONF=$T/softhsm.conf"
	"${E[@]}" softhsm2-util --init-token --free --label spec --so-pin 12345678 --pin 1234 \
		>"$T/softhsm.log" 2>&1 || bail "no token: $(cat "$T/softhsm.log")"
	for label; do
		openssl pkcs8 -topk8 -nocrypt -in "$PKI/$label.key" -out "$T/p8"
		openssl x509 -in "$PKI/$label.crt" -outform DER -out "$T/der"
		{ "${E[@]}" softhsm2-util --import "$T/p8" --token spec --label "$label" \
			--id "$(printf %s "$label" | od -An -tx1 | tr -d ' \n')" --pin 1234 &&
			"${E[@]}" "${tool[@]}" --write-object "$T/der" --type cert --label "$label" \
				--id "$(printf %s "$label" | od -An -tx1 | tr -d ' \n')"; } \
			>"$T/softhsm.log" 2>&1 || bail "no key $label: $(cat "$T/softhsm.log")"
	done
	env_set SPEC_MODULE=/usr/lib/softhsm/libsofthsm2.so SPEC_TOKEN=spec SPEC_PIN=1234 \
		ASAN_OPTIONS=detect_leaks=0 # it leaves some behind
}

# subject NAME: runs a program and tells its tests as ours.
subject() {
	local planned told line name
	run "${E[@]}" "$DEVID_SPEC/spec-$1"
	planned=$(sed -n 's/^1\.\.//p' <<<"$out")
	told=$(grep -cE '^(not )?ok ' <<<"$out")
	while read -r line; do
		name=${line#*- }
		case $line in
		ok\ *) pass "$1: $name" ;;
		*) fail "$1: $name" ;;
		esac
	done < <(grep -E '^(not )?ok ' <<<"$out")
	diag "$(grep -E '^# (differs:|[0-9]+ checks)' <<<"$out" | cut -c3-)"
	known=$(sed -n 's/^# \(known\|differs\): \([^:]*\): .*/\2/p' <<<"$out" | sort -u)
	differs+=$(sed -n 's/^# differs: \([^:]*\): .*/\n\1/p' <<<"$out")$'\n'
	is "$rc $told" "0 ${planned:-none}" "$1: all of it, and no failure" || diag "$out"$'\n'"$err"
}

env_set DEVID_TEST_PKI="$PKI" CMOCKA_MESSAGE_OUTPUT=TAP SPEC_RSA=rsa2048 SPEC_EC=p256
case $leg in
file)
	user_token file rsa2048 p256
	env_set SPEC_KEYS=no # none but a keyring takes them from other tools
	;;
keyring)
	keyring_bus
	keyring_start open
	user_token keyring rsa2048 p256
	;;
system)
	SPEC_SET=(SPEC_KEYS=yes) # root has its agent store them
	system_token root rsa2048 p256
	;;
system-user)
	machine_user alice devid
	SPEC_SET=(SPEC_WRITE=no)
	system_token alice rsa2048 p256
	;;
softhsm) softhsm_token rsa2048 p256 ;;
mechanisms)
	user_token file rsa2048 rsa3072 rsa4096 p256 p384 p521
	subjects=(mechanisms)
	;;
esac
for name in "${subjects[@]}"; do
	subject "$name"
done
is "$(sed '/^$/d' <<<"$differs" | sort -u)" "$known" "differences.c has no row that nothing meets"
done_testing
