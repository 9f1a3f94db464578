#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# wget (GnuTLS in Debian) against servers that refuse in the handshake and by an answer: what it fetches, and
# what it says and how it ends where a key can't be used; the machine's token too. It has no way to list a token.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/web.sh"
client_machine "$0" "$@"
cp "$PKI/expired.p12" "$HOME_ALICE/" && chown alice: "$HOME_ALICE/expired.p12"
client_import expired expired
declare -A names=([rsa]=laptop-rsa2048 [ec]=laptop-p256)
web_servers

# get PORT LABEL [OPTION…]; "none" for no certificate.
get() {
	local port=$1 label=$2 with=()
	shift 2
	[ "$label" = none ] || with=("--private-key=$TOKEN;object=$label;type=private"
		"--certificate=$TOKEN;object=$label;type=cert")
	run "${E[@]}" wget -O- --content-on-error --tries=1 --ca-certificate="$PKI/root.crt" "${with[@]}" "$@" "https://localhost:$port/"
}
logs_in() {
	local label=$1 name=$2 version
	for version in 1.3 1.2; do
		get $STUNNEL "$label" --ciphers="NORMAL:-VERS-ALL:+VERS-TLS$version"
		is "$rc/$out" "0/welcome" "$name: past stunnel, TLS $version"
		get $NGINX "$label" --ciphers="NORMAL:-VERS-ALL:+VERS-TLS$version"
		is "$rc/$out" "0/welcome CN=${names[$label]},O=Example,ST=Tokyo,C=JP, TLSv$version" \
			"$name: past nginx, TLS $version"
	done
}

for label in rsa ec; do
	logs_in $label $label
	get $NGINX_OLD $label
	like "$rc/$out" "^0/welcome CN=${names[$label]},.*TLSv1.2" "$label: with PKCS #1 v1.5 alone"
done

# --- none; a stranger's, which GnuTLS doesn't send, for its issuer is not among those that the server names; one
# that the server refuses, after a check that is only recorded
for label in none stranger expired; do
	get $STUNNEL $label
	is "$rc/$out" 4/ "$label, stunnel: an error"
	get $NGINX $label
	is "$rc" 8 "$label, nginx: an error"
	like "$err" 'ERROR 400: Bad Request' "$label, nginx: 400"
	like "$out" "$([ $label = expired ] && echo 'The SSL certificate error' || echo 'No required SSL certificate')" \
		"$label, nginx: why"
done
is "$(client_reasons | uniq | tail -n 2 | tr '\n' ' ')" "issuer-unknown expired " "the log had said it of both" ||
	diag "$(client_reasons)"
get $NGINX nobody
like "$rc/$out" '^8/.*No required SSL certificate was sent' "an object that isn't there: none is sent"

# --- a key that can't be used
declare -A says=([locked]='PKCS #11 error in device' [dismissed]='PKCS #11 error\.' [refused]='PKCS #11 error\.'
	[gone]='PKCS #11 error in device')
cannot_use() {
	local label=$1 how=$2 port
	for port in $STUNNEL $NGINX; do
		get "$port" "$label" --tries=3
		is "$rc/$out" 4/ "$how, $label, port $port: an error"
		client_failed_in_time "$how, $label, port $port"
		like "$err" "GnuTLS: ${says[$how]}" "$how, $label: ${says[$how]}"
		is "$(grep -c 'connected\.$' <<<"$err")" 1 "$how, $label: it is not tried again"
		client_event_tells "$how" expired
	done
}
client_cannot_use locked cannot_use
client_cannot_use locked cannot_use ec
client_cannot_use dismissed cannot_use
client_cannot_use dismissed cannot_use ec
client_cannot_use refused cannot_use expired
client_cannot_use gone cannot_use
client_cannot_use gone cannot_use ec
get $NGINX rsa
is "$rc/${out%%,*}" "0/welcome CN=laptop-rsa2048" "and in good order again it logs in"

# --- the machine's token, for a user of the group
client_import_system rsa rsa2048
client_import_system ec p256
for label in rsa ec; do
	logs_in $label "$label, the machine's"
done
done_testing
