#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What README's first session types needs: a small PKI whose intermediate issues device certificates, .p12 files with
# their password, and a server that asks for a certificate.
#
#	bash data/session.sh FOLDER		makes the folder and the files
#	bash data/session.sh FOLDER serve	is the server, on localhost:4433, until it is ended
set -u
folder=${1:-}
[ $# -ge 1 ] && [ $# -le 2 ] && [ "${2:-serve}" = serve ] || {
	echo "session.sh: bash data/session.sh FOLDER [serve]" >&2
	exit 2
}
. "$(dirname "$0")/../tests/certs/pki.sh"

if [ $# -eq 2 ]; then
	cd "$folder" || exit 1
	exec openssl s_server -accept 127.0.0.1:4433 -cert server.crt -key server.key -CAfile chain.pem -tls1_3 -Verify 3 \
		-verify_return_error -www
fi

mkdir "$folder" && cd "$folder" || exit 1
for key in root:p256 issuing:rsa:2048 laptop-rsa:rsa:2048 laptop-ec:p256 machine:p256 server:p256 other:p256 stranger:p256; do
	pki_key "${key%%:*}" "${key#*:}" &
done
wait
O='/C=JP/ST=Tokyo/O=Example'
(umask 077 && echo 'Tokyo 2026' >password)
pki_issue root root "$O/CN=Example Root CA" "${CA_EXTENSIONS[@]}" &&
	pki_issue issuing root "$O/CN=Example Device CA" "${CA_EXTENSIONS[@]}" &&
	pki_issue server root "$O/CN=server.test" "${SERVER_EXTENSIONS[@]}" &&
	pki_issue other other "/C=JP/O=Other/CN=Other CA" "${CA_EXTENSIONS[@]}" &&
	pki_issue stranger other "/C=JP/O=Other/CN=stranger" "${LEAF_EXTENSIONS[@]}" &&
	cat issuing.crt root.crt >chain.pem &&
	pki_p12 stranger stranger.p12 'Tokyo 2026' -certfile other.crt || exit 1
for name in laptop-rsa laptop-ec machine; do
	pki_issue $name issuing "$O/CN=$name" "${LEAF_EXTENSIONS[@]}" &&
		pki_p12 $name $name.p12 'Tokyo 2026' -certfile chain.pem || exit 1
done
