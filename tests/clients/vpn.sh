#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# openconnect without devid connect: in one piece, as root's daemon with a URI of the machine's token, RSA and EC, also
# where another tool called the key otherwise than the certificate; with what `devid profile openconnect --install` wrote, for root, and for a user who only signs in and has the key in a
# keyring. (What `devid profile` writes for the other clients has tests of its own.)
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
client_machine "$0" "$@"
PATH=$PATH:/usr/sbin:/sbin
cp "$PKI"/{rsa2048,p256,stranger}.p12 "$T/users/root/"
TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
CA=/etc/ssl/example-root.pem
install -m 644 "$PKI/root.crt" $CA
as root
for kind in rsa2048 p256 stranger; do
	run "${A[@]}" devid import-cert --label "$kind" --password-file "$PKI/password" "$kind.p12"
	is "$rc" 0 "$kind: imported"
done
gateway_network
gateway_start 'auth = "certificate"'
# client OPTION…: openconnect, as root.
client() {
	"${A[@]}" openconnect --non-inter "$@" >"$T/oc.log" 2>&1 </dev/null &
	client=$!
	track $client
}
start() {
	start_by "$TOKEN;object=$1"
}
start_by() {
	client --protocol=anyconnect --cafile "$PKI/root.crt" -c "$1" https://server.test:4443
}
# The last one that the gateway let in.
let_in() {
	grep -a 'user logged in' "$GATEWAY_LOG" | tail -n 1
}
logs() {
	diag "$(tail -n 20 "$T/oc.log" "$GATEWAY_LOG")"
}
for kind in rsa2048 p256; do
	start "$kind"
	ok "$kind: a tunnel that carries packets" wait_for 20 gateway_echoes || logs
	like "$(let_in)" "laptop-$kind" "$kind: the gateway knows who it is"
	stop $client
	ok "$kind: which ends with it" wait_for 10 no_tunnels
done
start stranger
ok "a stranger's CA: openconnect ends" wait_for 20 gone $client || logs
like "$(cat "$GATEWAY_LOG")" 'certificate verification failed' "refused by the gateway"
not_ok "and nothing is carried" gateway_echoes

# --- a key with a label of its own: by the URI that devid prints, and by the certificate's label, from which
# openconnect comes to the key by the certificate's id
run "${A[@]}" p11tool --batch --set-label tool-key "$TOKEN;object=p256;type=private"
is "$rc" 0 "another tool gives the key a label" || diag "$(last_run)"
run "${A[@]}" p11tool --test-sign "$TOKEN;object=p256;type=private"
isnt "$rc" 0 "by the name the key is not found"
run "${A[@]}" devid show --system p256 --json
uri=$("$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["uri"])' <<<"$out")
like "$uri" ';id=%' "its URI is by the id"
for by in "$uri" "$TOKEN;object=p256"; do
	start_by "$by"
	ok "${by##*;}: a tunnel that carries packets" wait_for 20 gateway_echoes || logs
	like "$(let_in)" "laptop-p256" "${by##*;}: the gateway knows who it is"
	stop $client
	ok "${by##*;}: which ends with it" wait_for 10 no_tunnels
done

# --- what devid profile wrote
# profile LABEL: of ${WHO[@]}; $written is the file, $then the command that it tells to run.
profile() {
	run "${WHO[@]}" devid profile openconnect "$1" --gateway server.test:4443 --ca-file $CA --install --yes
	is "$rc" 0 "$1: installed" || diag "$(last_run)"
	written=$(sed -n 's/: written$//p' <<<"$out")
	read -ra then < <(sed -n 's/^hint: //p' <<<"$err")
}
WHO=("${A[@]}")
for kind in rsa2048 p256; do
	profile "$kind"
	is "$written" "$T/users/root/.config/devid/clients/openconnect-server.test.conf" "$kind, by its file: in root's folder"
	is "$(stat -c %U:%a "$written")" root:600 "$kind, by its file: for root alone"
	is "${then[*]}" "openconnect --config ~${written#"$T/users/root"}" "$kind, by its file: what is told to run"
	client "${then[1]}" "$written"
	ok "$kind, by its file: a tunnel that carries packets" wait_for 20 gateway_echoes || logs
	like "$(let_in)" "laptop-$kind" "$kind, by its file: the gateway knows who it is"
	like "$(cat "$T/oc.log")" 'Configured as 10\.98\.0\.[0-9]+' "$kind, by its file: openconnect has its address" || logs
	stop $client
	ok "$kind, by its file: which ends with it" wait_for 10 no_tunnels
done
WHO=("${E[@]}")
sign_in() {
	run "${E[@]}" "${then[0]}" "${then[1]}" "$written" --non-inter --authenticate </dev/null
}
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	profile $label
	is "$(stat -c %U:%a "$written")" alice:600 "$label, a user's: for her alone"
	sign_in
	is "$rc" 0 "$label, a user's: signed in" || logs
	like "$(tail -n 1 "$HOME_ALICE/.local/state/devid/uses.jsonl")" \
		"\"action\":\"Allowed\".*\"label\":\"$label\".*\"program\":\"[^\"]*openconnect\"" "$label, a user's: her log has the use"
	"${A[@]}" openconnect --cookie-on-stdin --servercert "$(sed -n "s/^FINGERPRINT='\(.*\)'/\1/p" <<<"$out")" \
		https://server.test:4443 >"$T/oc.log" 2>&1 < <(sed -n "s/^COOKIE='\(.*\)'/\1/p" <<<"$out") &
	client=$!
	track $client
	ok "$label, a user's: with her cookie a tunnel that carries packets" wait_for 20 gateway_echoes || logs
	like "$(let_in)" "$name" "$label, a user's: the gateway knows who she is"
	stop $client
	ok "$label, a user's: which ends with it" wait_for 10 no_tunnels
done
before=$(grep -c 'certificate verification failed' "$GATEWAY_LOG")
profile stranger
sign_in
isnt "$rc" 0 "a stranger's CA, a user's: no sign-in"
unlike "$out" COOKIE "and no cookie"
is "$(grep -c 'certificate verification failed' "$GATEWAY_LOG")" $((before + 1)) "refused by the gateway"
install -m 644 "$PKI/stranger-root.crt" $CA
profile rsa
sign_in
isnt "$rc" 0 "a gateway of another CA: no sign-in"
like "$err" 'signer not found' "which openconnect refused" || logs
install -m 644 "$PKI/root.crt" $CA

# --- OnUse=enforce
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
before=$(grep -c 'certificate verification failed' "$GATEWAY_LOG")
start stranger
ok "OnUse=enforce: openconnect ends" wait_for 20 gone $client || logs
like "$(cat "$T/oc.log")" 'PKCS ?#11' "by the module, which lets it sign nothing" || logs
is "$(grep -c 'certificate verification failed' "$GATEWAY_LOG")" "$before" "before the gateway sees the certificate"
done_testing
