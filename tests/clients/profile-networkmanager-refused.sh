#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# NetworkManager on a wire with what `devid profile networkmanager-wired --install` wrote, and no connection: refused by
# the authenticator, by the client, by the account, or for want of a key; profile-networkmanager.sh has the rest.
. "$(dirname "$0")/../lib/wired.sh"
. "$(dirname "$0")/../certs/pki.sh"
tunnel_machine "$0" "$@"
wired_start

# refused NAME LOG REGEX: NetworkManager has no connection, for that cause. $authenticator has lines for hostapd. Where
# NetworkManager was out of patience before there was a cause: again, with more of it.
authenticator=()
refused() {
	local bound
	for bound in 3 8 25; do
		bounded $bound
		eap_server "${authenticator[@]}"
		up
		grep -qE "$3" "$2" && break
	done
	is "$rc" 4 "$1: no connection" || logs
	like "$err" 'Connection activation failed' "$1: NetworkManager says so"
	ok "$1: for that reason" grep -E "$3" "$2" || logs
	not_ok "$1: the port stays closed" grep ': authorizing port' "$T/hostapd.log"
	is "$(address)" "" "$1: no address"
	wait_for 10 is_in_state '30 (disconnected)'
}
signed() {
	grep -q 'read certificate verify' "$T/hostapd.log"
}
tunnel_import stranger stranger
profile networkmanager-wired stranger --gateway e0 --ca-file $CA
refused "a stranger" "$T/hostapd.log" 'depth=0 .*unable to get local issuer|unable to get local issuer certificate'
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
refused "a stranger, OnUse=enforce" "$T/wpa.log" CTRL-EVENT-EAP-FAILURE
not_ok "its key isn't used" signed
is "$(last_use)" "stranger Refused issuer-unknown" "and the log says that it was refused"
profile networkmanager-wired ec --gateway e0 --ca-file $CA
cp /etc/devid/account.conf "$T/"
run "${A[@]}" devid account revoke "$PKI/p256.crt"
refused "revoked, OnUse=enforce" "$T/wpa.log" CTRL-EVENT-EAP-FAILURE
not_ok "its key isn't used" signed
is "$(last_use)" "ec Refused revoked" "and the log says why"
cp "$T/account.conf" /etc/devid/

cp "$PKI/second.p12" "$T/users/root/"
tunnel_import second second
profile networkmanager-wired second --gateway e0 --ca-file $CA
cat "$PKI/issuing-chain.pem" "$PKI/crl.pem" >"$T/cas-and-crl.pem"
authenticator=("ca_cert=$T/cas-and-crl.pem" check_crl=1)
refused "revoked by its CA" "$T/hostapd.log" 'certificate revoked'

profile networkmanager-wired rsa --gateway e0 --ca-file $CA
(cd "$T" && cp "$PKI"/namesake-issuing.{key,crt} . && pki_key other p256 &&
	pki_issue other namesake-issuing /C=JP/ST=Tokyo/O=Example/CN=server.test "${SERVER_EXTENSIONS[@]}" &&
	cat other.crt "$PKI/namesake-chain.pem" >other.pem) >"$T/pki.log" 2>&1 || bail "no server: $(cat "$T/pki.log")"
authenticator=("server_cert=$T/other.pem" "private_key=$T/other.key")
before=$(uses | wc -l)
refused "an authenticator of another CA with the same names" "$T/wpa.log" 'TLS-CERT-ERROR|certificate verify failed'
is "$(uses | wc -l)" "$before" "it gets no signature"
authenticator=()
install -m 644 "$PKI/namesake-root.crt" /etc/ssl/other.pem
profile networkmanager-wired rsa --gateway e0 --ca-file /etc/ssl/other.pem
refused "another CA's file with the same names" "$T/wpa.log" 'TLS-CERT-ERROR|certificate verify failed'
is "$(uses | wc -l)" "$before" "the authenticator gets no signature"
profile networkmanager-wired rsa --gateway e0 --ca-file $CA
mv $CA "$T/"
refused "the CA file is gone" "$T/wpa.log" 'Failed to load root certificates'
is "$(uses | wc -l)" "$before" "there is no signature without it"
mv "$T/${CA##*/}" $CA

stop $TUNNEL_AGENT
chmod 000 /usr/libexec/devid/devid-agent
refused "no agent" "$T/wpa.log" CTRL-EVENT-EAP-FAILURE
chmod 755 /usr/libexec/devid/devid-agent
tunnel_agent
bounded 25
eap_server
up
is "$rc" 0 "the agent is back: connected" || logs
down
run "${A[@]}" devid remove --system rsa
is "$rc" 0 "the identity is removed"
refused "without it" "$T/wpa.log" CTRL-EVENT-EAP-FAILURE
done_testing
