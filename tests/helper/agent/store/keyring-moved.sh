#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Items that others move, remove or replace while the agent remembers where they lay: what is read is the
# key that was asked for, or nothing.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"

need_pki
keyring_bus
keyring_start open
for kind in p256 p384; do
	run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store keyring --password-file "$PKI/password" "$PKI/$kind.p12"
	is "$rc" 0 "$kind: imported"
done

spki() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey | openssl pkey -pubin -outform DER
}

# With a key that the agent has just read: it forgets what it has opened, not where that lay.
sign() {
	"${E[@]}" "$DEVID_COMMAND" reset-cred >/dev/null || return 1
	printf '%032d' 1 >"$T/data"
	rm -f "$T/signature"
	"${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign \
		--mechanism ECDSA --signature-format openssl --id "$(spki "$1" | sha1sum | cut -d' ' -f1)" \
		--input-file "$T/data" --output-file "$T/signature" || return 1
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey >"$T/key.pem"
	openssl pkeyutl -verify -pubin -inkey "$T/key.pem" -in "$T/data" -sigfile "$T/signature"
}

secret() {
	"${E[@]}" secret-tool "$1" "${@:3}" xdg:schema org.devid.DeviceKey devid-key "$(spki "$2" | sha256sum | cut -d' ' -f1)"
}

for kind in p256 p384; do
	ok "$kind signs" sign "$kind"
	ok "$kind signs again" sign "$kind"
done

# --- removed behind our back
half=$(secret lookup p256)
isnt "$half" "" "p256's half is in the keyring"
secret clear p256
not_ok "removed by another program: no signature" sign p256
ok "the other key signs" sign p384

# --- put back, after something else took its place
printf 'not a key' | "${E[@]}" secret-tool store --label=stranger program other
printf '%s' "$half" | secret store p256 --label=p256
ok "put back elsewhere: it signs" sign p256

# --- the two change places
other=$(secret lookup p384)
secret clear p256
secret clear p384
printf '%s' "$other" | secret store p384 --label=p384
printf '%s' "$half" | secret store p256 --label=p256
ok "changed places: p384 signs with its own" sign p384
ok "and p256 with its own" sign p256

# --- locked and unlocked
keyring_lock
not_ok "locked: no signature" sign p256
keyring_unlock
ok "unlocked: it signs" sign p256
done_testing
