#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# strongSwan's charon-systemd with what `devid profile strongswan --install` wrote, in Debian's own configuration and
# under the restrictions of its unit, the key on the machine's token: IKEv2 to another charon, RSA and P-256.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/strongswan.sh"
tunnel_machine "$0" "$@"
swan_gateway server
start() {
	swan_client "${INSIDE[@]}"
}
initiate() {
	run "${INSIDE[@]}" "${SWAN_PLAIN[@]}" swanctl --initiate --child server-test --timeout 15
}
logs() {
	diag "$SWAN_LOADED" "$err" "$(tail -n 30 "$SWAN_CLIENT_LOG")" "$(tail -n 15 "$SWAN_GATEWAY_LOG")"
}
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	how=$([ $label = rsa ] && echo RSA || echo ECDSA)
	profile strongswan $label --gateway server.test --ca-file $CA
	is "$rc" 0 "$label: installed"
	is "$(stat -c %U:%a /etc/swanctl/conf.d/devid-server.test.conf)" root:600 "$label: for root alone"
	start
	is "$rc" 0 "$label: swanctl loads all, with what Debian's profile lets it read" || logs
	like "$SWAN_LOADED" 'loaded (RSA|ECDSA|key|secret).*token|loaded key token' "$label: the key is loaded from the token" || logs
	initiate
	is "$rc" 0 "$label: a tunnel" || logs
	ok "$label: that carries packets" echoes 10.96.0.1
	like "$(cat "$SWAN_GATEWAY_LOG")" "authentication of '.*CN=$name' with $how.* successful" "$label: the gateway's log has the name"
	swan_client_stop
done
is "$(stat -c %U:%a /etc/swanctl/devid/server-test.pem)" root:644 "the gateway's CA lies where swanctl may read it"
# --- a connection that names a file of its own: Debian's profile refuses, our addition to it lets it through
mkdir -p /etc/ssl && cp "$CA" /etc/ssl/own-ca.pem
sed 's,^\(\s*cacerts = \).*,\1/etc/ssl/own-ca.pem,; s/server-test/own/' /etc/swanctl/conf.d/devid-server.test.conf \
	>/etc/swanctl/conf.d/own.conf
start
isnt "$rc" 0 "a CA's file in /etc/ssl: swanctl fails, and with it strongswan.service"
like "$out$err" 'own-ca\.pem.*(failed|No such file)|loading .*own-ca' "for that file" || logs
swan_client_stop
SWANCTL_LOCAL=$DEVID_SOURCE/data/apparmor/usr.sbin.swanctl
start
is "$rc" 0 "with our addition to its profile it loads" || logs
swan_client_stop
unset SWANCTL_LOCAL
rm /etc/swanctl/conf.d/own.conf
run "${A[@]}" devid events --system --json
like "$out" '"program" *: *"charon-systemd"' "the machine's log has the program"
is "$(ls -A /etc/swanctl/conf.d | grep -c backup)" 1 "the first connection's file was kept when the second replaced it"

# --- with what Debian's AppArmor profile and our addition to it allow, and no other file
swan_confine
ok "a file that no line allows is there" test -x /usr/libexec/devid/devid-agent -a -e "$T/users/root/p256.p12"
not_ok "and hidden from charon" test -e "$T/confined/usr/libexec" -o -e "$T/confined$T/users"
start
like "$SWAN_LOADED" 'loaded key token' "confined: the key is loaded from the token" || logs
initiate
is "$rc" 0 "confined: a tunnel" || logs
ok "confined: that carries packets" echoes 10.96.0.1
swan_client_stop
# without LINE REGEX: what charon says then.
without() {
	swan_confine "\\,^$1 ,d"
	start
	initiate
	isnt "$rc" 0 "confined without the line of ${1//\\/}: no tunnel"
	like "$(cat "$SWAN_CLIENT_LOG")" "$2" "confined without the line of ${1//\\/}: for that reason"
	swan_client_stop
}
without '/var/lib/devid/\*\.identity' 'no PKCS#11 module found having a keyid'
without /run/devid/agent 'C_Sign\(\).*DEVICE_ERROR'
SWAN_CONFINED=()

# --- refused
tunnel_import stranger stranger
profile strongswan stranger --gateway server.test --ca-file $CA
start
initiate
isnt "$rc" 0 "a stranger: no tunnel"
like "$out$err" 'AUTHENTICATION_FAILED' "the gateway refused"
like "$(cat "$SWAN_GATEWAY_LOG")" "no issuer certificate found for .*CN=stranger" "for its issuer"
swan_client_stop
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
start
initiate
isnt "$rc" 0 "a stranger, OnUse=enforce: no tunnel"
like "$(cat "$SWAN_CLIENT_LOG")" 'FUNCTION_REJECTED' "the machine's agent refused"
swan_client_stop
profile strongswan rsa --gateway server.test --ca-file "$CA"
install -m 644 "$PKI/stranger-root.crt" /etc/ssl/other.pem
profile strongswan rsa --gateway server.test --ca-file /etc/ssl/other.pem
start
initiate
isnt "$rc" 0 "a gateway of another CA: no tunnel"
like "$(cat "$SWAN_CLIENT_LOG")" "no issuer certificate found|no trusted|constraint" "the client refused it"
swan_client_stop
swan_gateway_stop

# --- a gateway of the same CA that is another one, and says it is ours
. "$TESTS/certs/pki.sh"
cd "$PKI" || bail "no folder"
pki_key impostor p256
pki_issue impostor root /CN=other.test "${SERVER_EXTENSIONS[@]/%,DNS:server.test*/,DNS:other.test}"
cd / || bail "no root"
unlike "$(openssl x509 -in "$PKI/impostor.crt" -noout -text)" 'server\.test' "a certificate without the gateway's name"
swan_gateway impostor
profile strongswan rsa --gateway server.test --ca-file $CA
start
initiate
isnt "$rc" 0 "a gateway with it: no tunnel" || logs
like "$(cat "$SWAN_CLIENT_LOG")" "no trusted .* key found for 'server\.test'|constraint check failed" "the client refused it" || logs
not_ok "no packets" echoes 10.96.0.1
swan_client_stop
swan_gateway_stop
SWAN_GATEWAY_ID=other.test swan_gateway impostor
start
initiate
isnt "$rc" 0 "one that says which it is: no tunnel either" || logs
swan_client_stop
swan_gateway_stop
swan_gateway server
start
initiate
is "$rc" 0 "the right one is let in again" || logs
swan_client_stop
done_testing
