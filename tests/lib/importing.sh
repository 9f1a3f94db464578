# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of importing share. After tests/lib/common.sh.

# An account of the machine, be it there now or come while a test runs, would answer for the one of
# the test: an empty folder lies over it. Call it before anything else: no_account "$0" "$@"
no_account() {
	[ -z "${DEVID_TEST_COVERED:-}" ] || return 0
	if [ "$(id -u)" -ne 0 ] || ! unshare -m --propagation private true 2>/dev/null; then
		[ ! -e /etc/devid ] || skip_all "this machine has an account in /etc/devid"
		return 0
	fi
	TAP_FINISHED=yes
	rm -rf "$T"
	DEVID_TEST_COVERED=yes exec unshare -m --propagation private bash -c 'cover_account && exec bash "$@"' \
		covered "$@"
}
cover_account() {
	mount -t tmpfs -o mode=700 cover /mnt && mkdir /mnt/over /mnt/work || return
	mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/over,workdir=/mnt/work /etc || return
	rm -rf /etc/devid
	mkdir -m 755 /etc/devid
	umount -l /mnt
}
export -f cover_account

need_pki
DATA=${XDG_DATA_HOME:-$T/home/.local/share}/devid
cp "$PKI/password" "$T/password"
chmod 600 "$T/password"
PASSWORD=("--password-file" "$T/password")

# The command, on the user's token also where root runs the tests.
devid() {
	local name=$1
	shift
	case $name in
	import-cert) set -- --user --store file "$@" ;;
	remove | export | list | check) set -- --user "$@" ;;
	esac
	run "${E[@]}" "$DEVID_COMMAND" "$name" "$@"
}

# make FILE KIND [OPTIONS…]: p12make.py with the RSA identity of the test certificates.
make() {
	local file=$1 kind=$2
	shift 2
	"${E[@]}" /usr/bin/python3 "$TESTS/helper/keyfile/p12make.py" "$kind" "$file" --key "$PKI/rsa2048.key" \
		--cert "$PKI/rsa2048.crt" --ca "$PKI/issuing.crt" --ca "$PKI/root.crt" "$@"
}

# Signs with the identity LABEL through the module, as any client does, and verifies with openssl.
signs() {
	local label=$1 cert=$2 id
	local how=(-m SHA256-RSA-PKCS)
	# pkcs11-tool signs with the first key whatever --label says.
	id=$(json "$("${E[@]}" "$DEVID_COMMAND" list --user --json)" \
		"[i['id'] for i in d['identities'] if i['label'] == '$label'][0]") || return
	openssl x509 -in "$cert" -noout -pubkey >"$T/pub.pem" || return
	! grep -q id-ecPublicKey <(openssl x509 -in "$cert" -noout -text) ||
		how=(-m ECDSA-SHA256 --signature-format openssl)
	head -c 1000 /dev/urandom >"$T/data"
	rm -f "$T/signature"
	"${E[@]}" timeout 30 "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" \
		--id "$id" --sign "${how[@]}" --input-file "$T/data" --output-file "$T/signature" \
		>"$T/sign.log" 2>&1 || { cat "$T/sign.log"; return 1; }
	openssl dgst -sha256 -verify "$T/pub.pem" -signature "$T/signature" "$T/data"
}

# Nothing of an identity is on disk: neither record nor key, nor a mark that one may have been left somewhere.
nothing_there() {
	[ -z "$(find "$DATA" -name '*.identity' -o -name '*.key' -o -name '*.pending' 2>/dev/null)" ]
}

# Passed on JSON: json FILE EXPRESSION (Python, the document is d).
json() {
	/usr/bin/python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$2" <<<"$1"
}
