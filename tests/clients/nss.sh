#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# NSS's own programs on the user's token: modutil and certutil list it, a request is signed, tstclnt logs in with
# TLS 1.2 and 1.3, certutil deletes; what is said when a key can't be used.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
client_machine "$0" "$@"

# --- the module is added
certutil() {
	run "${E[@]}" certutil "$1" -d sql:nss "${@:2}"
}
"${E[@]}" mkdir nss
certutil -N --empty-password
is "$rc" 0 "a database"
certutil -A -n root -t CT,, -i "$PKI/root.crt"
is "$rc" 0 "that trusts the servers' CA"
run "${E[@]}" modutil -dbdir sql:nss -force -add devid -libfile "$SO"
is "$rc" 0 "modutil -add"
run "${E[@]}" modutil -dbdir sql:nss -list devid
is "$rc" 0 "modutil -list"
is "$(sed -n 's/^ *Token Name: *\(.*[^ ]\) *$/\1/p' <<<"$out")" "Device Identity
Device Identity (system)" "it lists both tokens"
is "$(grep -c 'Login Type: Public (no login required)' <<<"$out")" 2 "neither wants a login"

# --- what is listed
certutil -L -h 'Device Identity'
is "$rc" 0 "certutil -L"
is "$(sed -n '/:/s/ *$//; s/^Device Identity:\(.*[^ ]\)  */\1|/p' <<<"$out" | sort)" "Example Device CA|,,
Example Root CA|CT,,
Other CA|,,
Other Root CA|,,
ec|u,u,u
rsa|u,u,u
stranger|u,u,u" "certificates with a key (u), and the chains"
certutil -K -h 'Device Identity'
is "$rc" 0 "certutil -K"
keys=$(sed -n 's/^< *[0-9]*> \([a-z]*\) *\([0-9a-f]*\) *\(.*\)/\1 \3 \2/p' <<<"$out" | sort)
is "$(sed 's/ [0-9a-f]*$//' <<<"$keys")" "ec ec
rsa rsa
rsa stranger" "the keys"
key_id() {
	sed -n "s/^[a-z]* $1 //p" <<<"$keys"
}
certutil -K -h 'Device Identity (system)'
is "$rc" 255 "no key on the machine's token"
like "$err$out" 'no keys found' "it says so"
certutil -L -n 'Device Identity:rsa' -a
ok "a certificate comes out as it is" cmp <(openssl x509 -outform DER <<<"$out") \
	<(openssl x509 -in "$PKI/rsa2048.crt" -outform DER)

# --- signed
# request LABEL [OPTION…]
request() {
	certutil -R -h 'Device Identity' -k "$(key_id "$1")" -s 'CN=renewed,C=JP' -a "${@:2}"
	printf '%s\n' "$out" | sed -n '/BEGIN/,$p' >"$T/request.pem"
}
good_request() {
	openssl req -in "$T/request.pem" -noout -verify &&
		cmp <(openssl req -in "$T/request.pem" -noout -pubkey) <(openssl x509 -in "$PKI/$1.crt" -noout -pubkey)
}
for how in 'rsa rsa2048' 'ec p256' 'rsa rsa2048 -Z SHA384' 'rsa rsa2048 -Z SHA512'; do
	read -r label name options <<<"$how"
	# shellcheck disable=SC2086
	request "$label" $options
	is "$rc" 0 "certutil -R, $how"
	ok "the request is of that key, and good" good_request "$name"
done

# --- a login
printf 'GET / HTTP/1.0\r\n\r\n' >"$HOME_ALICE/request"
# log_in NICKNAME VERSION
log_in() {
	PORT=${PORTS[$2]}
	run "${E[@]}" sh -c 'exec tstclnt "$@" <request' login -d sql:nss -h 127.0.0.1 -p "$PORT" -n "$1" -V "$2:"
	out=$(tr -d '\0' <"$T/run.out")
}
declare -A PORTS
for version in 1_2 1_3; do
	tls_server tls$version
	PORTS[tls${version/_/.}]=$PORT
done
for version in tls1.2 tls1.3; do
	for identity in 'rsa laptop-rsa2048' 'ec laptop-p256'; do
		log_in "Device Identity:${identity% *}" $version
		ok "tstclnt, $version, ${identity% *}" tls_accepted "${identity#* }"
	done
	log_in none $version
	isnt "$rc" 0 "tstclnt, $version, without a certificate: no way in"
	like "$err" 'Failed to load a suitable client certificate' "it says so"
	log_in "Device Identity:stranger" $version
	isnt "$rc" 0 "tstclnt, $version, with one that the server doesn't accept"
	like "$err" 'SSL_ERROR_UNKNOWN_CA_ALERT' "it says so"
done

# --- what can't be used
declare -A says=(
	[locked]='SEC_ERROR_PKCS11_DEVICE_ERROR: A PKCS #11 module returned CKR_DEVICE_ERROR, indicating that a problem has occurred with the token or slot.'
	[refused]='SEC_ERROR_UNKNOWN_PKCS11_ERROR: Unknown PKCS #11 error.'
)
says[gone]=${says[locked]}
probe() {
	local label=$1 how=$2 version
	for version in tls1.2 tls1.3; do
		log_in "Device Identity:$label" $version
		client_failed_in_time "$how, $version"
		# It blames the server's certificate; the reason is its own key's.
		is "$rc $out $err" "254  tstclnt: authentication of server cert failed: ${says[$how]}" \
			"$how, $version: what tstclnt says"
	done
	request "$label"
	client_failed_in_time "$how, a request"
	is "$rc $out $err" "255  certutil: signing of data failed: ${says[$how]}" "$how, a request: what certutil says"
	certutil -L -h 'Device Identity'
	like "$out" "Device Identity:$label  *u,u,u" "$how: it is listed all the same"
	[ "$how" != gone ] || {
		certutil -D -n "Device Identity:$label"
		is "$rc" 255 "$how: a certificate isn't deleted"
		# NSS forgets the error when it deletes both.
		certutil -F -n "Device Identity:$label"
		is "$(client_objects "$label")" "cert private public" "$how: nor is the identity"
	}
	[ "$how" = gone ] || is "$(client_refusals $how /usr/bin/tstclnt)" 1 "$how: one event"
}
for how in locked refused gone; do
	client_cannot_use $how probe
done
log_in 'Device Identity:rsa' tls1.3
ok "all is well again" tls_accepted laptop-rsa2048

# --- deleted
for wrong in '-D -n|Device Identity:Other CA' '-D -n|Device Identity:none' '-F -n|Device Identity:none' \
	'-F -k|00112233'; do
	# shellcheck disable=SC2086
	certutil ${wrong%|*} "${wrong#*|}"
	is "$rc" 255 "not deleted: $wrong"
done
is "$(client_objects 'Other%20CA')" "cert" "a chain's certificate stays as long as its identity"
certutil -D -n 'Device Identity:rsa'
is "$rc" 0 "certutil -D deletes a certificate"
is "$(client_objects rsa)" "private public" "the key stays"
certutil -F -h 'Device Identity' -k "$(key_id rsa)"
is "$rc" 0 "certutil -F -k deletes a key"
is "$(client_objects rsa)" "" "nothing is left"
certutil -F -n 'Device Identity:ec'
is "$rc" 0 "certutil -F -n deletes both"
is "$(client_objects ec)" "" "nothing is left"
is "$(keyring_items)" "Device key stranger (devid): deleting it disconnects this computer" "nor in the keyring"
is "$(client_objects stranger)" "cert private public" "the third identity is as it was"
certutil -L -h 'Device Identity'
unlike "$out" 'Example Device CA' "a chain's certificate goes with its last identity"
done_testing
