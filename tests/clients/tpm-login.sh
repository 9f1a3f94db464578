#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Logins with keys in a TPM, by clients that know nothing of either: gnutls-cli, and OpenSSL's engine under openssl and
# curl, TLS 1.2 and 1.3, with keys that came from a file and with keys that were made in it; and many at once.
. "$(dirname "$0")/../lib/common.sh"
. "$TESTS/lib/tls.sh"
. "$TESTS/lib/tpm.sh"
private_etc "$0" "$@"
need_pki
TOKEN='pkcs11:token=Device%20Identity'
tpm_start first
A=("${E[@]}")

devid() {
	run "${E[@]}" "$DEVID_COMMAND" "$@"
}

# By the engine of libp11, the module named: no p11-kit here knows it.
ENGINE=(env "PKCS11_MODULE_PATH=$DEVID_MODULE")

devid ca add --user --name example "$PKI/issuing.crt"
is "$rc" 0 "the signing certificate" || diag "$(last_run)"
kinds=(rsa2048 rsa3072 p256 p384 p521)
for kind in "${kinds[@]}" stranger; do
	devid import-cert --user --store tpm --tpm-auth none --label "$kind" --password-file "$PKI/password" "$PKI/$kind.p12"
	is "$rc" 0 "$kind: imported" || diag "$(last_run)"
done
for kind in rsa2048 p256; do
	devid request --user --store tpm --tpm-auth none --label "born-$kind" --subject "CN=born-$kind" --key "$kind" -o "$T/born.csr"
	openssl x509 -req -in "$T/born.csr" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 -copy_extensions copyall \
		-out "$T/born.crt" 2>"$T/born.err"
	devid import-cert --user "$T/born.crt"
	is "$rc" 0 "$kind: born in it" || diag "$(last_run)"
done
tls_server tls1_3
port13=$PORT
tls_server tls1_2
port12=$PORT
for version in 13 12; do
	port=port$version
	PORT=${!port}
	for kind in "${kinds[@]}"; do
		tls_login "$TOKEN;object=$kind" --provider="$DEVID_MODULE"
		ok "gnutls-cli, $kind, TLS 1.${version#1}" tls_accepted "laptop-$kind" || diag "$out" "$err"
	done
	for kind in rsa2048 p256; do
		tls_login "$TOKEN;object=born-$kind" --provider="$DEVID_MODULE"
		ok "gnutls-cli, born there, $kind, TLS 1.${version#1}" tls_accepted "born-$kind" || diag "$out" "$err"
		run "${E[@]}" "${ENGINE[@]}" curl -sS --max-time 20 --cacert "$PKI/root.crt" --resolve "localhost:$PORT:127.0.0.1" \
			--key "$TOKEN;object=$kind;type=private" --cert "$TOKEN;object=$kind;type=cert" "https://localhost:$PORT/"
		ok "curl, $kind, TLS 1.${version#1}" tls_accepted "laptop-$kind" || diag "$out" "$err"
	done
	tls_login "$TOKEN;object=stranger" --provider="$DEVID_MODULE"
	not_ok "a stranger, TLS 1.${version#1}" tls_accepted stranger
done
# PKCS #1 v1.5, where a server wants no PSS.
tls_server tls1_2 -client_sigalgs RSA+SHA256
tls_login "$TOKEN;object=rsa2048" --provider="$DEVID_MODULE"
ok "PKCS #1 v1.5" tls_accepted laptop-rsa2048 || diag "$out" "$err"

# Many at once, on a TPM with three slots and no resource manager.
printf '%032d' 1 >"$T/data"
for i in $(seq 1 10); do
	kind=${kinds[$((i % 4))]}
	mechanism=ECDSA-SHA256
	[[ $kind != rsa* ]] || mechanism=SHA256-RSA-PKCS
	"${E[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label "Device Identity" --sign --mechanism $mechanism --id \
		"$(openssl x509 -in "$PKI/$kind.crt" -noout -pubkey | openssl pkey -pubin -outform DER | sha1sum | cut -d' ' -f1)" \
		--input-file "$T/data" --output-file "$T/many.$i" >"$T/many.$i.out" 2>&1 &
	many[i]=$!
done
failed=0
for i in $(seq 1 10); do wait "${many[i]}" || failed=$((failed + 1)); done
is "$failed" 0 "ten programs at once, four keys: each signs" || diag "$(cat "$T"/many.*.out | head -n 20)"
done_testing
