#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A browser on the user's token: Chromium, without a head, finds the module in the user's NSS database and logs in
# with the certificate that a policy chooses, set up by what `devid profile chromium` prints; the page tells who came.
# What it shows when a key can't be used.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
client_machine "$0" "$@"

# printed LABEL PORT: what it says of that identity, and server; part NUMBER FIELD: of one of its files; policy: the
# second of them, in its place.
printed() {
	run "${E[@]}" devid profile chromium "$1" --gateway "localhost:$2" --json
	is "$rc" 0 "$1, port $2: there is a profile" || diag "$(last_run)"
	cp "$T/run.out" "$T/profile.json"
}
part() {
	"$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["files"][int(sys.argv[1])][sys.argv[2]] or "")' \
		"$@" <"$T/profile.json"
}
policy() {
	part 1 content >"$(part 1 path)"
}
printed rsa 1
is "$(part 0 path)" "" "what is to be run once"
run "${E[@]}" sh -e -c "$(part 0 content)"
is "$rc" 0 "can be run where no database is" || diag "$(last_run)"
like "$("${E[@]}" modutil -dbdir "sql:$HOME_ALICE/.pki/nssdb" -list devid)" "$SO" "and the module is in one"
# The servers' CA is a matter between them and the machine.
"${E[@]}" certutil -A -d sql:.pki/nssdb -n root -t CT,, -i "$PKI/root.crt" >"$T/nss.log" 2>&1 ||
	bail "no CA in the database: $(cat "$T/nss.log")"

# choose CN: instead of the dialog.
mkdir -p /etc/chromium/policies/managed
choose() {
	cat >/etc/chromium/policies/managed/devid.json <<-X
		{"AutoSelectCertificateForUrls": ["{\"pattern\":\"https://localhost\",\"filter\":{\"SUBJECT\":{\"CN\":\"$1\"}}}"]}
	X
}
# visit [MILLISECONDS]: a profile of its own each time, so that nothing is remembered.
visit() {
	rm -rf "$HOME_ALICE/profile"
	run "${E[@]}" chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr \
		--user-data-dir="$HOME_ALICE/profile" --timeout="${1:-40000}" --dump-dom "https://localhost:$PORT/"
}
for version in tls1_2 tls1_3; do
	tls_server $version
	for cn in laptop-rsa2048 laptop-p256; do
		choose $cn
		visit
		ok "Chromium, $version, $cn" tls_accepted $cn
	done
done

# --- a policy that is printed
cat "$PKI/issuing-chain.pem" "$PKI/stranger-chain.pem" >"$T/all.pem"
tls_server tls1_3 -CAfile "$T/all.pem"
is "$(part 1 path)" /etc/chromium/policies/managed/devid.json "the policy has the place of the one above"
# Of two identities of one CA a browser takes either.
printed rsa "$PORT"
policy
visit
ok "the printed policy: one of that CA's identities" tls_accepted 'laptop-(rsa2048|p256)'
printed stranger "$PORT"
policy
visit
ok "the printed policy: another CA's, that the server accepts and the account doesn't (OnUse=log)" tls_accepted stranger
run "${E[@]}" devid remove ec
printed rsa "$PORT"
policy
visit
ok "the printed policy: that CA's only identity" tls_accepted laptop-rsa2048
printed rsa 1
policy
# It asks, for as long as it may.
visit 6000
unlike "$out" 'Verify return code|Subject:' "the printed policy for another port: nothing is chosen" || diag "$(last_run)"
like "$err" 'Page load timed out' "the printed policy for another port: a person is asked"
client_import ec p256

# --- what can't be used
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
