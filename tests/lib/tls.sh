# SPDX-License-Identifier: LGPL-2.1-or-later
# A TLS server that demands a client certificate, and a client that knows nothing of devid. After
# common.sh (and machine.sh), with certificates there:
#
# gnutls-cli sends the leaf alone, so the server knows the intermediate, as a gateway does whose
# administrator uploaded the signing certificate.
#
#	tls_server tls1_3 [OPTION…]		sets PORT; more than one may run
#	tls_login 'pkcs11:token=…;object=…'	gnutls-cli by "${A[@]}"; sets rc, out as run does
#	tls_accepted laptop				whether the last one was, as that CN

tls_server() {
	local version=$1 log
	shift
	log=$T/server-$version.log
	openssl s_server -accept 127.0.0.1:0 -cert "$PKI/server.crt" -key "$PKI/server.key" \
		-CAfile "$PKI/issuing-chain.pem" "-$version" -Verify 3 -verify_return_error -www "$@" \
		>"$log" 2>&1 </dev/null &
	SERVER=$!
	track "$SERVER"
	wait_for 10 listening_port "$SERVER" || bail "no TLS server: $(cat "$log")"
	PORT=$(listening_port "$SERVER")
}

# tls_login URI [OPTION…]
tls_login() {
	local uri=$1
	shift
	printf 'GET / HTTP/1.0\r\n\r\n' >"$T/request"
	run "${A[@]}" bash -c 'exec <"$1" && shift && exec "$@"' login "$T/request" \
		gnutls-cli --x509cafile "$PKI/root.crt" --verify-hostname=localhost -p "$PORT" \
		--x509certfile "$uri;type=cert" --x509keyfile "$uri;type=private" "$@" 127.0.0.1
	out=$(tr -d '\0' <"$T/run.out")
}

tls_accepted() {
	[ "$rc" -eq 0 ] && [[ $out =~ Verify\ return\ code:\ 0\ \(ok\) ]] &&
		[[ $out =~ Subject:[^$'\n']*CN\ ?=\ ?$1($'\n'|$'\r') ]]
}
