# SPDX-License-Identifier: LGPL-2.1-or-later
# Tokens of other modules: p11-kit sees one module alone. After common.sh:
#
#	foreign_modules "$0" "$@"	a name space of mounts of its own; first of all
#	foreign_module PATH		that is the module
#	foreign_softhsm			the token "card" of SoftHSM2 (PIN 1234) in $T/tokens; $STORE, "${PIN[@]}"
#	objects				every object on the token $CARD: class, label, id
#	count				how many

SOFTHSM=/usr/lib/softhsm/libsofthsm2.so

foreign_modules() {
	local how=(unshare -m)
	[ -e "$SOFTHSM" ] || skip_all "SoftHSM isn't there"
	[ -z "${DEVID_TEST_MODULES:-}" ] || return 0
	# p11-kit's own folder of modules can't be named otherwise: ours lies over it.
	[ "$(id -u)" -eq 0 ] || how=(unshare -Urm)
	"${how[@]}" --propagation private true 2>/dev/null || skip_all "needs a name space of mounts"
	TAP_FINISHED=yes
	rm -rf "$T"
	DEVID_TEST_MODULES=yes exec "${how[@]}" --propagation private bash "$@"
}

foreign_module() {
	mkdir "$T/modules"
	echo "module: $1" >"$T/modules/other.module"
	mount --bind "$T/modules" /usr/share/p11-kit/modules || bail "can't mount"
	cover_account || bail "can't cover /etc/devid"
	[ ! -e /etc/pkcs11/modules ] || mount -t tmpfs none /etc/pkcs11/modules
	EVENTS=$T/system-log/events.jsonl
	printf '1234\n' >"$T/pin"
	printf '9999' >"$T/wrong-pin"
	chmod 600 "$T/pin" "$T/wrong-pin"
	PIN=(--pin-file "$T/pin")
}

foreign_softhsm() {
	mkdir "$T/tokens"
	cat >"$T/softhsm2.conf" <<-C
		directories.tokendir = $T/tokens
		objectstore.backend = file
		log.level = ERROR
		slots.removable = false
	C
	env_set "SOFTHSM2_CONF=$T/softhsm2.conf"
	"${E[@]}" softhsm2-util --init-token --free --label card --so-pin 5678 --pin 1234 >/dev/null || bail "no token"
	FOREIGN_MODULE=$SOFTHSM
	CARD=card STORE=pkcs11:token=card
}

objects() {
	"${E[@]}" pkcs11-tool --module "$FOREIGN_MODULE" --token-label "$CARD" --login --pin 1234 --list-objects 2>/dev/null |
		grep -E '^[A-Z].*Object|^  (label|ID):' | tr -s ' \n' ' ' | sed 's/\(Private\|Public\|Certificate\)/\n\1/g' |
		sort
}

count() {
	objects | grep -c Object
}
