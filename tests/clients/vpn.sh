#!/bin/bash
# openconnect in one piece, as root's daemon with a URI of the machine's token and nothing else of devid: RSA and EC.
# (In two pieces it is devid connect's; what `devid profile` writes for the other clients has tests of its own.)
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/gateway.sh"
private_machine "$0" "$@"
PATH=$PATH:/usr/sbin:/sbin
cp "$PKI"/{rsa2048,p256,stranger}.p12 "$T/users/root/"
TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
as root
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
for kind in rsa2048 p256 stranger; do
	run "${A[@]}" devid import-cert --label "$kind" --password-file "$PKI/password" "$kind.p12"
	is "$rc" 0 "$kind: imported"
done
gateway_network
gateway_start 'auth = "certificate"'
start() {
	"${A[@]}" openconnect --protocol=anyconnect --cafile "$PKI/root.crt" --non-inter \
		-c "$TOKEN;object=$1" https://server.test:4443 >"$T/oc.log" 2>&1 </dev/null &
	client=$!
	track $client
}
logs() {
	diag "$(tail -n 20 "$T/oc.log" "$GATEWAY_LOG")"
}
for kind in rsa2048 p256; do
	start "$kind"
	ok "$kind: a tunnel that carries packets" wait_for 20 gateway_echoes || logs
	like "$(cat "$GATEWAY_LOG")" "laptop-$kind" "$kind: the gateway knows who it is"
	stop $client
	ok "$kind: which ends with it" wait_for 10 no_tunnels
done
start stranger
ok "a stranger's CA: openconnect ends" wait_for 20 gone $client || logs
like "$(cat "$GATEWAY_LOG")" 'certificate verification failed' "refused by the gateway"
not_ok "and nothing is carried" gateway_echoes
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
before=$(grep -c 'certificate verification failed' "$GATEWAY_LOG")
start stranger
ok "OnUse=enforce: openconnect ends" wait_for 20 gone $client || logs
like "$(cat "$T/oc.log")" 'PKCS ?#11' "by the module, which lets it sign nothing" || logs
is "$(grep -c 'certificate verification failed' "$GATEWAY_LOG")" "$before" "before the gateway sees the certificate"
done_testing
