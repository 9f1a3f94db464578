#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A TLS client that knows nothing of devid: gnutls-cli with the module as its provider, TLS 1.2 and 1.3,
# every kind of key, and what it says when the key can't be used.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/tls.sh"
private_etc "$0" "$@"
need_pki
TOKEN='pkcs11:token=Device%20Identity'
kinds=(rsa2048 rsa3072 rsa4096 p256 p384 p521)
A=("${E[@]}")

devid() {
	run "${E[@]}" "$DEVID_COMMAND" "$@"
}
login() {
	tls_login "$TOKEN;object=$1" --provider="$DEVID_MODULE"
}

devid ca add --user --name example "$PKI/issuing.crt"
is "$rc" 0 "the signing certificate" || diag "$(last_run)"
for kind in "${kinds[@]}" stranger; do
	devid import-cert --user --store file --label "$kind" --password-file "$PKI/password" \
		"$PKI/$kind.p12"
	is "$rc" 0 "$kind: imported" || diag "$(last_run)"
done
tls_server tls1_3
port13=$PORT
tls_server tls1_2
port12=$PORT
for version in 13 12; do
	port=port$version
	PORT=${!port}
	for kind in "${kinds[@]}"; do
		login "$kind"
		ok "$kind logs in, TLS 1.${version#1}" tls_accepted "laptop-$kind" || diag "$out" "$err"
	done
	login stranger
	not_ok "a stranger does not, TLS 1.${version#1}" tls_accepted stranger
done
tls_server tls1_2 -client_sigalgs RSA+SHA256:RSA+SHA512
login rsa2048
ok "PKCS #1 v1.5" tls_accepted laptop-rsa2048 || diag "$out" "$err"
login p256
not_ok "not with a key of another kind" tls_accepted laptop-p256

# --- a failed check, enforced: the client hears no more than an error, and its log has the reason
PORT=$port13
printf '[Account]\nOnUse=enforce\n' >"$T/config/account.conf"
login rsa2048
ok "enforced: one that passes the check logs in" tls_accepted laptop-rsa2048 || diag "$out" "$err"
login stranger
isnt "$rc" 0 "one that doesn't makes no signature"
devid events --json
like "$out" '"reason" *: *"[a-z-]+"' "the refusal is an event"
# --- no agent to be had
end_ours
env_set DEVID_AGENT=/nonexistent
A=("${E[@]}")
login rsa2048
isnt "$rc" 0 "no agent: no login"
[ "$ms" -lt 10000 ] && pass "said in good time" || fail "said in good time ($ms ms)"
done_testing
