#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# curl (OpenSSL's engine, by p11-kit-proxy) against servers that refuse in the handshake and by an answer: what
# it fetches, and what it says and how it ends where there is no certificate, a stranger's, or a key that can't
# be used; the machine's token too. It has no way to list a token.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/web.sh"
client_machine "$0" "$@"
client_import stranger-ec stranger-p256
declare -A names=([rsa]=laptop-rsa2048 [ec]=laptop-p256)
web_servers

# get PORT LABEL [OPTION…]; "none" for no certificate.
get() {
	local port=$1 label=$2 with=()
	shift 2
	[ "$label" = none ] || with=(--key "$TOKEN;object=$label;type=private" --cert "$TOKEN;object=$label;type=cert")
	run "${E[@]}" curl -sS --cacert "$PKI/root.crt" "${with[@]}" "$@" "https://localhost:$port/"
}
# Logs in at each server with that identity.
logs_in() {
	local label=$1 name=$2 version
	for version in 1.3 1.2; do
		get $STUNNEL "$label" --tlsv$version --tls-max $version
		is "$rc/$out" "0/welcome" "$name: past stunnel, TLS $version"
		get $NGINX "$label" --tlsv$version --tls-max $version
		is "$rc/$out" "0/welcome CN=${names[$label]},O=Example,ST=Tokyo,C=JP, TLSv$version" \
			"$name: past nginx, TLS $version"
	done
}

# refused_late NAME WORDS: in TLS 1.3 the client is done before the server looks, so curl reads the server's alert
# (56) or finds the connection closed when it writes (55), whichever comes first.
refused_late() {
	case $rc in
	55) pass "$1: an error at the first byte, written" ;;
	56) like "$err" "$2" "$1: an error at the first byte, read: $2" ;;
	*) is "$rc" 56 "$1: an error at the first byte" ;;
	esac
}

for label in rsa ec; do
	logs_in $label $label
	get $NGINX_OLD $label
	like "$rc/$out" "^0/welcome CN=${names[$label]},.*TLSv1.2" "$label: with PKCS #1 v1.5 alone"
	run "${E[@]}" "PKCS11_MODULE_PATH=$SO" curl -sS --cacert "$PKI/root.crt" \
		--key "$TOKEN;object=$label;type=private" --cert "$TOKEN;object=$label;type=cert" "https://localhost:$STUNNEL/"
	is "$rc/$out" "0/welcome" "$label: our module named, without p11-kit"
done

# --- no certificate: the handshake fails, or the answer says it and curl is content
get $STUNNEL none --tlsv1.3
refused_late "no certificate, stunnel, TLS 1.3" 'tlsv13 alert certificate required'
get $STUNNEL none --tls-max 1.2
is "$rc" 35 "no certificate, stunnel, TLS 1.2: an error in the handshake"
like "$err" 'alert handshake failure' "that doesn't"
get $NGINX none
like "$rc/$out" '^0/.*400 No required SSL certificate was sent' "no certificate, nginx: 400, and curl ends with 0"
get $NGINX none -f
is "$rc" 22 "but with -f"
get $STUNNEL nobody
is "$rc" 58 "an object that isn't there: no attempt"

# --- a stranger's: the check is only recorded, and the servers refuse
for label in stranger stranger-ec; do
	get $STUNNEL $label --tlsv1.3
	refused_late "$label, stunnel, TLS 1.3" 'alert unknown ca'
	is "$(client_last_reason)" issuer-unknown "and the log had said it"
	get $STUNNEL $label --tls-max 1.2
	is "$rc" 35 "$label, stunnel, TLS 1.2: an error in the handshake"
	like "$err" 'alert unknown ca' "that says why"
	get $NGINX $label
	like "$rc/$out" '^0/.*400 The SSL certificate error' "$label, nginx: 400, and curl ends with 0"
done
refused_by_stunnel() {
	[ "$(grep -c 'Rejected by CERT' "$T/web/stunnel.log")" -eq "$1" ]
}
ok "stunnel refused four by their certificates" wait_for 5 refused_by_stunnel 4 ||
	diag "$(grep -i cert "$T/web/stunnel.log" | tail -n 20)"

# --- a key that can't be used: the same in front of both servers. With an RSA key curl has the error of libp11's
# second attempt, a raw RSA that the token doesn't do; what was the matter is in the log.
declare -A says=([locked]='Device error' [dismissed]='Function canceled' [refused]='reason\(512\)' [gone]='Device error')
cannot_use() {
	local label=$1 how=$2 word port version
	word=$([[ $label == *ec ]] && echo "${says[$how]}" || echo 'Mechanism invalid')
	for port in $STUNNEL $NGINX; do
		for version in 1.3 1.2; do
			get "$port" "$label" --tlsv$version --tls-max $version
			is "$rc/$out" 35/ "$how, $label, port $port, TLS $version: an error in the handshake"
			like "$err" "PKCS#11 module::$word" "$how, $label: $word"
		done
		client_failed_in_time "$how, $label, port $port"
		client_event_tells "$how"
	done
}
for how in locked dismissed refused gone; do
	client_cannot_use $how cannot_use
	client_cannot_use $how cannot_use "$([ $how = refused ] && echo stranger-ec || echo ec)"
done
get $NGINX rsa
is "$rc/${out%%,*}" "0/welcome CN=laptop-rsa2048" "and in good order again it logs in"
# Whoever opens the keyring when asked is asked once, whatever number of clients come.
keyring_lock
client_end_agents
prompter_start answer keyring
for label in rsa ec rsa; do
	get $NGINX $label
	is "$rc/${out%%,*}" "0/welcome CN=${names[$label]}" "$label: a locked keyring is opened, and it logs in"
done
is "$(prompts)" 1 "after one question"
prompter_stop

# --- the machine's token, for a user of the group
client_import_system rsa rsa2048
client_import_system ec p256
for label in rsa ec; do
	logs_in $label "$label, the machine's"
done
done_testing
