#!/bin/bash
# A browser on the user's token: Chromium, without a head, finds the module in the user's NSS database and logs in
# with the certificate that a policy chooses; the page tells who came. What it shows when a key can't be used.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/tls.sh"
. "$(dirname "$0")/../lib/clients.sh"
client_machine "$0" "$@"

# As the README tells a user to do it.
{
	"${E[@]}" mkdir -p .pki/nssdb &&
		"${E[@]}" certutil -N -d sql:.pki/nssdb --empty-password &&
		"${E[@]}" modutil -dbdir "sql:$HOME_ALICE/.pki/nssdb" -force -add devid -libfile "$SO" &&
		"${E[@]}" certutil -A -d sql:.pki/nssdb -n root -t CT,, -i "$PKI/root.crt"
} >"$T/nss.log" 2>&1 || bail "no database: $(cat "$T/nss.log")"

# choose CN: instead of the dialog.
mkdir -p /etc/chromium/policies/managed
choose() {
	cat >/etc/chromium/policies/managed/devid.json <<-X
		{"AutoSelectCertificateForUrls": ["{\"pattern\":\"https://localhost\",\"filter\":{\"SUBJECT\":{\"CN\":\"$1\"}}}"]}
	X
}
# visit: a profile of its own each time, so that nothing is remembered.
visit() {
	rm -rf "$HOME_ALICE/profile"
	run "${E[@]}" chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr \
		--user-data-dir="$HOME_ALICE/profile" --timeout=40000 --dump-dom "https://localhost:$PORT/"
}
for version in tls1_2 tls1_3; do
	tls_server $version
	for cn in laptop-rsa2048 laptop-p256; do
		choose $cn
		visit
		ok "Chromium, $version, $cn" tls_accepted $cn
	done
done

# --- what can't be used
cat "$PKI/issuing-chain.pem" "$PKI/stranger-chain.pem" >"$T/all.pem"
tls_server tls1_3 -CAfile "$T/all.pem"
choose stranger
visit
ok "Chromium, a certificate that the server accepts and the account doesn't (OnUse=log)" tls_accepted stranger
declare -A names=([rsa]=laptop-rsa2048 [stranger]=stranger)
declare -A codes=([locked]=SEC_ERROR_PKCS11_DEVICE_ERROR [refused]=SEC_ERROR_UNKNOWN_PKCS11_ERROR
	[gone]=SEC_ERROR_PKCS11_DEVICE_ERROR)
probe() {
	local label=$1 how=$2
	choose "${names[$label]}"
	visit
	# It ends with 0 whatever it shows.
	is "$out" "" "$how: no page"
	like "$err" 'Page load failed: net::ERR_SSL_CLIENT_AUTH_SIGNATURE_FAILED' "$how: what a person sees"
	like "$err" "PK11_SignWithMechanism failed: -[0-9]* \(${codes[$how]}\)" "$how: what its log says"
	[ "$ms" -lt 30000 ] && pass "$how: in good time" || fail "$how: in good time ($ms ms)"
	[ "$how" = gone ] ||
		is "$(client_refusals $how /usr/lib/chromium/chromium)" 1 "$how: one event"
}
for how in locked refused gone; do
	client_cannot_use $how probe
done
choose laptop-rsa2048
visit
ok "all is well again" tls_accepted laptop-rsa2048
done_testing
