#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check --server: handshakes with servers of three kinds that take the certificate, refuse it, name other issuers,
# close, or never answer; by our own module, the key in a file.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
[ -n "${DEVID_AGENT:-}" ] && [ -n "${DEVID_MODULE:-}" ] || skip_all "needs agent and module"
here=$(dirname "$0")
make_account issuing
cat "$PKI/issuing.crt" "$PKI/root.crt" >"$T/ours.pem"
cat "$PKI/stranger-issuing.crt" "$PKI/stranger-root.crt" >"$T/other.pem"
for name in rsa2048 p256; do
	make_record user $name file "$PKI/$name.crt" "$PKI/issuing.crt"
	make_key user "$PKI/$name"
done

# Of a server whose standard input never ends: at its end it would too.
mkfifo "$T/held"
# s_server OPTION…: PORT of an openssl server, SERVER its pid.
s_server() {
	openssl s_server -accept 0 -cert "$PKI/server.crt" -key "$PKI/server.key" -quiet "$@" \
		>"$T/server.log" 2>&1 <>"$T/held" &
	SERVER=$!
	track $SERVER
	wait_for 10 listening_port $SERVER || bail "no server: $(cat "$T/server.log")"
	PORT=$(listening_port $SERVER)
}
own_server() {
	/usr/bin/python3 "$here/tls-server.py" "$@" >"$T/port" 2>"$T/server.log" &
	SERVER=$!
	track $SERVER
	wait_for 10 test -s "$T/port" || bail "no server: $(cat "$T/server.log")"
	PORT=$(cat "$T/port")
	rm "$T/port"
}
check() {
	RUN_BOUND=30 devid check "$@" --ca-file "$PKI/root.crt"
}
# outcome STATUS OUTCOME NAME: of the last --json
outcome() {
	is "$rc" "$1" "$3: ends with $1"
	is "$(json 'j["identities"][0]["server"]["outcome"]')" "$2" "$3: $2"
}
server() {
	json "j['identities'][0]['server']['$1']"
}

# --- a server that takes it
for version in 1_3 1_2; do
	s_server -tls$version -CAfile "$T/ours.pem" -Verify 3 -verify_return_error
	for name in rsa2048 p256; do
		check $name --server "localhost:$PORT" --json
		outcome 0 accepted "$name, TLS $version"
		is "$(server protocol)" "TLS${version/_/.}" "$name: the version is told"
		is "$(server asked)" True "$name: it asked"
		is "$(server ours_named)" True "$name: our issuer is among those it names"
		is "$(server issuers)" "['C=JP, ST=Tokyo, O=Example, CN=Example Device CA', 'C=JP, ST=Tokyo, O=Example, CN=Example Root CA']" \
			"$name: which are told"
		is "$(server trusted)" True "$name: its own certificate is trusted"
	done
	check rsa2048 --server "localhost:$PORT"
	is "$rc" 0 "as text"
	narrow "$out" "in 80 columns"
	for what in "TLS${version/_/.}" 'Example Device CA' 'ours is among them' trusted 'the key signed'; do
		like "$out" "$what" "the text tells: $what"
	done
	is "$err" "" "without complaints"
	check rsa2048 --server "127.0.0.1:$PORT" --json
	outcome 0 accepted "by its address"
	is "$(server trusted)" True "which its certificate bears"
	RUN_BOUND=30 devid check rsa2048 --server "localhost:$PORT" --json
	outcome 0 accepted "a server that the system doesn't trust is diagnosed all the same"
	is "$(server trusted)" False "and told"
	RUN_BOUND=30 devid check rsa2048 --server "localhost:$PORT"
	like "$err" 'warning: .*not trusted' "also as text"
	check rsa2048 --server "localhost:$PORT" --quiet
	is "$rc/$out$err" 0/ "--quiet says nothing"
	stop $SERVER
done
# --- a server that doesn't ask, one that names nobody, one that names others
for version in 1_3 1_2; do
	s_server -tls$version
	check rsa2048 --server "localhost:$PORT" --json
	outcome 0 not-asked "TLS $version: no certificate asked for"
	is "$(server asked)" False "and said so"
	stop $SERVER
	s_server -tls$version -Verify 3
	check rsa2048 --server "localhost:$PORT" --json
	outcome 0 accepted "TLS $version: no issuers named"
	is "$(server issuers)" "[]" "none is told"
	check rsa2048 --server "localhost:$PORT"
	like "$out" 'names no issuers' "in words"
	stop $SERVER
	s_server -tls$version -Verify 3 -CAfile "$T/other.pem"
	check rsa2048 --server "localhost:$PORT" --json
	outcome 0 accepted "TLS $version: a server that names others and takes ours"
	is "$(server ours_named)" False "ours is not among them"
	check rsa2048 --server "localhost:$PORT"
	like "$out" 'ours is NOT among them' "in words"
	like "$out" 'CN=Other CA' "with those it names"
	stop $SERVER
done

# --- a server that refuses ours
for version in 1_3 1_2; do
	s_server -tls$version -Verify 3 -CAfile "$T/other.pem" -verify_return_error
	check rsa2048 --server "localhost:$PORT" --json
	outcome 3 refused "TLS $version: refused"
	is "$(server alert)" UNKNOWN_CA "with its alert"
	is "$(server ours_named)" False "ours is not among those it names"
	is "$(json '[j["result"], j["reason"]]')" "['error', 'server-refused']" "and a reason"
	check rsa2048 --server "localhost:$PORT"
	is "$rc" 3 "TLS $version: as text"
	like "$err" 'devid: localhost:[0-9]*: the server refused the certificate \(alert UNKNOWN_CA\)' "in words"
	like "$err" 'hint: it wants a certificate of one of the issuers above' "with what to do"
	if [ $version = 1_3 ]; then
		like "$err" 'no more than a broken connection' "and what others see of it in TLS 1.3"
	else
		unlike "$err" 'TLS 1\.3' "nothing of TLS 1.3 in TLS 1.2"
	fi
	check rsa2048 --server "localhost:$PORT" --quiet
	is "$rc/$out$err" 3/ "--quiet says nothing"
	stop $SERVER
done

# --- servers that misbehave
own_server say "$PKI"
check rsa2048 --server "localhost:$PORT" --json
outcome 0 accepted "a server that talks"
ok "is believed at once ($ms ms)" test "$ms" -lt 900
stop $SERVER
for version in '' 1.2; do
	own_server after "$PKI" $version
	check rsa2048 --server "localhost:$PORT" --json
	outcome 3 closed "closed after the handshake ${version:-1.3}"
	check rsa2048 --server "localhost:$PORT"
	like "$err" 'closed the connection once it had the certificate' "in words"
	stop $SERVER
done
for mode in close half http; do
	own_server $mode
	check rsa2048 --server "localhost:$PORT" --json
	outcome 1 handshake-failed "$mode"
	is "$(server asked)" False "$mode: nothing was asked for"
	is "$(json 'j["reason"]')" server-handshake "$mode: the reason"
	stop $SERVER
done
own_server silent
check rsa2048 --server "localhost:$PORT" --json
outcome 1 silent "a server that never answers"
ok "given up after 10 s ($ms ms)" test "$ms" -ge 9000 -a "$ms" -lt 14000
stop $SERVER
check rsa2048 --server "localhost:$PORT" --json
outcome 1 unreachable "a server that is gone"
check rsa2048 --server "no-such-host.invalid:443" --json
outcome 1 unreachable "a name that there isn't"
s_server -tls1_3 -CAfile "$T/ours.pem" -Verify 3
kill -STOP $SERVER
check rsa2048 --server "localhost:$PORT" --json
outcome 1 silent "a server that is stopped"
ok "given up in time ($ms ms)" test "$ms" -lt 14000
kill -CONT $SERVER
stop $SERVER

# --- gnutls-serv, which looks at the certificate after the handshake
gnutls-serv --port 0 --x509certfile "$PKI/server.crt" --x509keyfile "$PKI/server.key" \
	--x509cafile "$T/ours.pem" --require-client-cert --verify-client-cert --echo >"$T/server.log" 2>&1 &
SERVER=$!
track $SERVER
if wait_for 5 listening_port $SERVER >/dev/null; then
	PORT=$(listening_port $SERVER)
	for priority in '' p256; do
		check ${priority:-rsa2048} --server "localhost:$PORT" --json
		outcome 0 accepted "gnutls-serv, ${priority:-rsa2048}"
	done
	stop $SERVER
else
	skip "gnutls-serv does not take a port of the system's"
fi

# --- words
for words in '' ':' 'host:' 'localhost:0' 'localhost:70000' 'localhost:port' 'https://localhost/' 'localhost:1:2:3' '[::1'; do
	devid check rsa2048 --server "$words"
	is "$rc" 2 "--server '$words' is no HOST:PORT"
done
own_server close
devid check rsa2048 --server "localhost:$PORT" --ca-file "$T/missing"
is "$rc" 1 "a CA file that isn't there"
devid check rsa2048 --server "localhost:$PORT" --ca-file "$PKI/root.key"
is "$rc" 1 "one without a certificate"
stop $SERVER
devid check nobody --server localhost:1
is "$rc" 1 "an identity that isn't there"

# --- which one is taken where none is named, and what is remembered
chosen() {
	devid list --json
	json '[i["label"] for i in j["identities"] if i["chosen"]]'
}
taken() { # SERVER
	check --server "$1" --json
	json '[i["label"] for i in j["identities"]]'
}
gateways=$T/home/.local/state/devid/choices/gateways.conf
devid reset-cred
s_server -tls1_3 -CAfile "$T/ours.pem" -Verify 3 -verify_return_error
is "$(chosen)" "['p256']" "two that are equal: the first"
is "$(taken "localhost:$PORT")" "['p256']" "which is taken without a label"
is "$(grep -c '^Key=' "$gateways")/$(stat -c %a "$gateways")" 1/600 "and remembered"
check rsa2048 --server "localhost:$PORT"
is "$rc" 0 "another by its label"
is "$(taken "LOCALHOST:$PORT")" "['rsa2048']" "is the one that this server took last"
is "$(chosen)" "['rsa2048']" "which the list marks"
is "$(taken "127.0.0.1:$PORT")" "['p256']" "another server's choice is its own"
check rsa2048 --server localhost:1
isnt "$rc" 0 "a server that can't be reached"
is "$(grep -c localhost.1] "$gateways")" 0 "is not remembered"
make_account stranger-issuing
is "$(taken "localhost:$PORT")" "['rsa2048']" "none is accepted: the one used last"
make_account issuing
chmod 500 "$(dirname "$gateways")"
if [ "$(id -u)" != 0 ]; then
	check p256 --server "localhost:$PORT"
	is "$rc" 0 "what can't be remembered is no failure"
fi
chmod 700 "$(dirname "$gateways")"
devid reset-cred
like "$out" 'remembered choices: 1 found, 1 removed' "reset-cred forgets the choices"
like "$out" 'gateways.conf' "which is told"
is "$(taken "localhost:$PORT")" "['p256']" "and the first is taken again"
ln -sf "$T/elsewhere" "$gateways"
check rsa2048 --server "localhost:$PORT"
ok "a link in the store's place is replaced, not followed" test -f "$gateways" -a ! -e "$T/elsewhere"
stop $SERVER

# --- an identity that the account refuses is shown to the server all the same
s_server -tls1_3 -CAfile "$T/ours.pem" -Verify 3 -verify_return_error
make_account stranger-issuing
check rsa2048 --server "localhost:$PORT" --json
outcome 3 accepted "the check fails, the server accepts"
is "$(json 'j["reason"]')" issuer-unknown "the check's reason comes first"
check rsa2048 --server "localhost:$PORT"
is "$(head -n 1 <<<"$err")" 'Certificate error. [C=JP, O=Other, CN=Other CA]' "the line to search for comes first"
printf '[Account]\nOnUse=enforce\n' >"$T/config/account.conf"
check rsa2048 --server "localhost:$PORT" --json
is "$rc" 3 "with OnUse=enforce"
is "$(server outcome)" key-failed "the gate refuses, and that is not the server's doing"
make_account issuing
rm "$RECORDS_USER"/*.key
devid reset-cred
check rsa2048 --server "localhost:$PORT" --json
is "$rc" 1 "a key that went missing"
is "$(server outcome)" key-failed "is the key's trouble"
unlike "$out" '"outcome" : "accepted"' "is not accepted"
stop $SERVER

# --- a token that isn't ours
softhsm=/usr/lib/softhsm/libsofthsm2.so
if [ -e "$softhsm" ] && command -v softhsm2-util pkcs11-tool >/dev/null; then
	mkdir "$T/tokens" "$T/modules"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$T/tokens" >"$T/softhsm.conf"
	echo "module: $softhsm" >"$T/modules/softhsm2.module"
	mount --bind "$T/modules" /usr/share/p11-kit/modules 2>/dev/null && at_exit "umount -l /usr/share/p11-kit/modules"
	env_set "SOFTHSM2_CONF=$T/softhsm.conf"
	export SOFTHSM2_CONF=$T/softhsm.conf
	softhsm2-util --init-token --free --label foreign --so-pin 1234 --pin 1234 >/dev/null
	openssl pkcs8 -topk8 -nocrypt -in "$PKI/p256.key" -out "$T/p8"
	softhsm2-util --import "$T/p8" --token foreign --label card --id 01 --pin 1234 >/dev/null
	openssl x509 -in "$PKI/p256.crt" -outform der -out "$T/card.der"
	openssl x509 -in "$PKI/issuing.crt" -outform der -out "$T/card-ca.der"
	for file in "card.der --id 01 --label card" "card-ca.der --id 02 --label ca"; do
		pkcs11-tool --module $softhsm --token-label foreign --login --pin 1234 --type cert \
			--write-object "$T"/$file >/dev/null 2>&1
	done
	printf 1234 >"$T/pin"
	devid list 'pkcs11:token=foreign' --json
	is "$rc" 0 "a foreign token is listed by its URI"
	is "$(json '[(i["label"], i["token"], i["scope"], i["copied_by"], i["check"]["result"]) for i in j["identities"]]')" \
		"[('card', 'foreign', 'foreign', 'unknown', 'ok')]" "with its one identity"
	devid list 'pkcs11:token=foreign'
	like "$out" 'pkcs11:token=foreign;object=card' "and its URI"
	narrow "$out" "in 80 columns"
	devid show 'pkcs11:token=foreign;object=card'
	is "$rc" 0 "it is shown"
	like "$out" 'signing certificate issuing' "with its chain"
	devid check 'pkcs11:token=foreign'
	is "$rc" 0 "and checked"
	devid export 'pkcs11:token=foreign;object=card' --leaf
	is "$out" "$(cat "$PKI/p256.crt")" "and exported"
	devid remove 'pkcs11:token=foreign;object=card'
	is "$rc" 1 "and not removed by us"
	s_server -tls1_3 -CAfile "$T/ours.pem" -Verify 3 -verify_return_error
	check "pkcs11:token=foreign;object=card?pin-source=file:$T/pin" --server "localhost:$PORT" --json
	outcome 0 accepted "a handshake with its key, the PIN by pin-source"
	printf 9999 >"$T/wrong"
	check "pkcs11:token=foreign;object=card?pin-source=file:$T/wrong" --server "localhost:$PORT" --json
	is "$rc" 1 "a wrong PIN"
	unlike "$out$err" 9999 "which is not printed"
	check 'pkcs11:token=foreign;object=card' --server "localhost:$PORT"
	is "$rc" 1 "no PIN where nobody can be asked"
	stop $SERVER
	for uri in 'pkcs11:token=nowhere?pin-value=97531' 'pkcs11:token=foreign;object=nothing?pin-value=97531'; do
		devid show "$uri"
		isnt "$rc" 0 "nothing behind ${uri%%\?*}"
		unlike "$out$err" 97531 "and the PIN is not printed"
	done
	devid show 'pkcs11:token=nowhere'
	is "$rc" 1 "a token that isn't there"
	devid list 'pkcs11:token=nowhere'
	isnt "$rc" 0 "is not listed"
	devid list 'pkcs11:=;;%zz'
	isnt "$rc" 0 "nor is what is no URI"
else
	skip "needs SoftHSM and OpenSC"
fi
done_testing
