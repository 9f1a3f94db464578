#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# GnuTLS's p11tool on the user's token: what it lists, signs, writes and deletes, also by way of p11-kit.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/keyring.sh"
need_pki
TOKEN='pkcs11:token=Device%20Identity'
kinds=(rsa2048 rsa3072 rsa4096 p256 p384 p521)

p11tool() {
	run "${E[@]}" p11tool --provider="$DEVID_MODULE" "$@"
}
devid() {
	run "${E[@]}" "$DEVID_COMMAND" "$@"
}
records() {
	find "$T/home/.local/share/devid" -name '*.identity' 2>/dev/null | wc -l
}
objects() {
	p11tool --list-all "$@"
	grep -c '^Object ' <<<"$out"
}

# --- nothing there, nobody to ask
p11tool --list-tokens
is "$rc" 0 "tokens are listed"
is "$(grep -c '^Token ' <<<"$out")" 2 "both, before anything was ever imported"
like "$out" 'token=Device%20Identity%20%28system%29' "the machine's too"
is "$(objects "$TOKEN")" 0 "an empty token has no objects"
not_ok "listing starts no agent" test -n "$(ours)"
is "$(ls -A "$T/home")" "" "and writes nothing into a home"
p11tool --write --label x --load-privkey "$PKI/p256.key" "$TOKEN"
isnt "$rc" 0 "no keyring: a key can't be written"
is "$(find "$T/home" -name '*.key' -o -name '*.identity' | wc -l)" 0 "and nothing is"

# --- identities in the file store
for kind in "${kinds[@]}"; do
	devid import-cert --user --store file --label "$kind" --password-file "$PKI/password" \
		"$PKI/$kind.p12"
	is "$rc" 0 "$kind: imported" || diag "$(last_run)"
done
is "$(objects "$TOKEN")" $((3 * ${#kinds[@]} + 2)) "three objects each, and the two of the chain once"
p11tool --list-all --only-urls "$TOKEN;type=cert"
is "$(grep -c 'type=cert' <<<"$out")" $((${#kinds[@]} + 2)) "certificates by themselves"
p11tool --list-mechanisms "$TOKEN"
is "$(grep -c CKM_ <<<"$out")" 14 "fourteen mechanisms"
p11tool --list-keys "$TOKEN"
unlike "$out" 'CKA_EXTRACTABLE|CKA_ALWAYS_AUTH' "no key is extractable, none asks each time"
for kind in "${kinds[@]}"; do
	p11tool --test-sign "$TOKEN;object=$kind;type=private"
	is "$rc" 0 "$kind signs" || diag "$(last_run)"
	p11tool --export "$TOKEN;object=$kind;type=cert"
	is "$out" "$(cat "$PKI/$kind.crt")" "$kind: the certificate comes out as it went in"
done
# GnuTLS takes the issuers for a chain only from what a token calls trusted (CKA_TRUSTED): none is here.
p11tool --export-chain "$TOKEN;object=p256;type=cert"
is "$(grep -c BEGIN <<<"$out")" 1 "no CA of the token counts as trusted"
run "${E[@]}" GNUTLS_PIN=1234 p11tool --provider="$DEVID_MODULE" --login \
	--test-sign "$TOKEN;object=p256;type=private"
is "$rc" 0 "--login with whatever PIN does no harm"
p11tool --export "$TOKEN;object=p256;type=private"
isnt "$rc" 0 "a private key is not exported"
p11tool --export-pubkey "$TOKEN;object=p256;type=private"
is "$out" "$(openssl pkey -in "$PKI/p256.key" -pubout)" "its public key is"
p11tool --generate-random 16 "$TOKEN" --outfile "$T/random"
is "$rc" 0 "random numbers"
for refused in '--initialize --label x' '--set-pin 1234' '--generate-privkey rsa --bits 2048 --label x'; do
	# shellcheck disable=SC2086
	p11tool --batch $refused "$TOKEN" </dev/null
	isnt "$rc" 0 "refused: ${refused%% *}"
done
is "$(objects "$TOKEN")" $((3 * ${#kinds[@]} + 2)) "nothing of that changed anything"

# --- by way of p11-kit: a process apart, and the registered module
mkdir -p "$T/home/.config/pkcs11/modules"
if [ "$(id -u)" -ne 0 ] || unshare -m true 2>/dev/null; then
	mkdir "$T/modules"
	echo "remote: |$(command -v p11-kit) remote $DEVID_MODULE" >"$T/modules/devid.module"
	isolated=(unshare -m --propagation private bash -c
		'mount --bind "$0" /usr/share/p11-kit/modules; exec "$@"' "$T/modules")
	[ "$(id -u)" -eq 0 ] || isolated[1]=-Urm
	run "${E[@]}" "${isolated[@]}" p11tool --list-all "$TOKEN"
	is "$(grep -c '^Object ' <<<"$out")" $((3 * ${#kinds[@]} + 2)) "p11-kit remote: listed"
	run "${E[@]}" "${isolated[@]}" p11tool --test-sign "$TOKEN;object=rsa2048;type=private"
	is "$rc" 0 "p11-kit remote: signed" || diag "$(last_run)"
	printf 'module: %s\ncritical: no\n' "$DEVID_MODULE" >"$T/modules/devid.module"
	run "${E[@]}" "${isolated[@]}" p11-kit list-modules
	like "$out" 'Device Identity' "p11-kit lists a registered module"
	run "${E[@]}" "${isolated[@]}" p11tool --test-sign "$TOKEN;object=p256;type=private"
	is "$rc" 0 "and GnuTLS signs with it" || diag "$(last_run)"
	# GnuTLS refuses the proxy; OpenSC is asked in its place.
	run "${E[@]}" "${isolated[@]}" pkcs11-tool --token-label 'Device Identity' \
		--module "$(pkg-config --variable=proxy_module p11-kit-1)" -O --type privkey
	is "$(grep -c 'Private Key Object' <<<"$out")" ${#kinds[@]} "p11-kit-proxy: listed" ||
		diag "$(last_run)"
else
	skip "p11-kit: no mount name space"
fi

# --- the agent goes away
end_ours
p11tool --test-sign "$TOKEN;object=rsa2048;type=private"
is "$rc" 0 "another agent is started when it is needed"
end_ours
E_SET=("DEVID_AGENT=/nonexistent")
env_build
p11tool --test-sign "$TOKEN;object=rsa2048;type=private"
isnt "$rc" 0 "none to be had: an error"
[ "$ms" -lt 7000 ] && pass "within its bound" || fail "within its bound ($ms ms)"
is "$(objects "$TOKEN")" $((3 * ${#kinds[@]} + 2)) "and the list is there"
E_SET=()
env_build
for kind in "${kinds[@]}"; do
	devid remove "$kind"
done
is "$(records)" 0 "all removed by the command"

# --- other tools write: certificate and key, in either order
end_ours
keyring_bus
keyring_start open
write() {
	p11tool --write "$@" "$TOKEN"
	is "$rc" 0 "written: ${*//$PKI\//}" || diag "$(last_run)"
}
write --label one --load-certificate "$PKI/rsa2048.crt"
is "$(objects "$TOKEN")" 1 "a lone certificate is one object"
write --label one --load-privkey "$PKI/rsa2048.key"
write --label two --load-privkey "$PKI/p256.key"
is "$(objects "$TOKEN;object=two")" 2 "a lone key is two"
p11tool --test-sign "$TOKEN;object=two;type=private"
is "$rc" 0 "and signs" || diag "$(last_run)"
write --label two --load-certificate "$PKI/p256.crt"
for label in one two; do
	is "$(objects "$TOKEN;object=$label")" 3 "$label: paired"
	p11tool --list-all "$TOKEN;object=$label"
	is "$(grep 'ID:' <<<"$out" | sort -u | wc -l)" 1 "under one id"
	p11tool --test-sign "$TOKEN;object=$label;type=private"
	is "$rc" 0 "$label signs"
done
is "$(keyring_items | wc -l)" 2 "both keys are in the keyring"
is "$(find "$T/home" -name '*.key' | wc -l)" 0 "none is in a file"
# --- what is refused is refused whole
before=$(cd "$T/home/.local/share/devid" && md5sum -- *)
refuse() {
	p11tool --write "$@" "$TOKEN"
	isnt "$rc" 0 "refused: ${*//$PKI\//}"
}
refuse --label big --load-certificate "$PKI/size-2049.crt"
refuse --label one --load-privkey "$PKI/rsa3072.key"
refuse --label small --load-privkey "$PKI/rsa1024.key"
refuse --label curve --load-privkey "$PKI/ed25519.key"
is "$(cd "$T/home/.local/share/devid" && md5sum -- *)" "$before" "nothing changed"
is "$(keyring_items | wc -l)" 2 "nor in the keyring"
# --- and takes them away again
p11tool --batch --delete "$TOKEN;object=one"
is "$rc" 0 "deleted" || diag "$(last_run)"
is "$(objects "$TOKEN;object=one")" 0 "it is gone"
is "$(keyring_items | wc -l)" 1 "its key too"
p11tool --batch --delete "$TOKEN;object=two;type=private"
is "$(objects "$TOKEN;object=two")" 1 "the private key alone: the certificate stays"
is "$(keyring_items | wc -l)" 0 "and no key"
p11tool --batch --delete "$TOKEN;object=two"
is "$(records)" 0 "nothing is left"
done_testing
