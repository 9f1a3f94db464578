#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid proxy: programs that have no PKCS#11 (Python, Node) reach a server that demands the certificate; whom it lets
# in, what it checks first, how ends of both sides are handed on, and what a thousand at once cost.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/node.sh"
node_fetch
client_machine "$0" "$@"
node_unpack
machine_user bob
install -m 644 "$TESTS/clients/proxy-client.py" "$T/client.py"
RUN=/run/user/$(id -u alice)

# --- servers
declare -A PORTS SERVERS
# server NAME [VERSION [PORT [CA]]]: sets PORTS[NAME], SERVERS[NAME].
server() {
	local name=$1
	rm -f "$T/$name.port"
	LATE=$T/late python3 "$TESTS/clients/proxy-server.py" "$PKI" "${2:-TLSv1_3}" "${3:-0}" "${4:-issuing-chain.pem}" >"$T/$name.port" 2>>"$T/$name.log" &
	SERVERS[$name]=$!
	track $!
	wait_for 10 test -s "$T/$name.port" || bail "no server: $(cat "$T/$name.log")"
	PORTS[$name]=$(cat "$T/$name.port")
}
server v12 TLSv1_2
server v13

# --- the proxy
# proxy NAME WHERE TO [OPTION…]: sets WHERE and PROXY.
proxy() {
	rm -f "$T/$1.out"
	"${E[@]}" devid proxy --listen "$2" --to "$3" --ca-file "$GATEWAY_ROOT" "${@:4}" >"$T/$1.out" 2>"$T/$1.err" &
	PROXY=$!
	track $PROXY
	wait_for 10 test -s "$T/$1.out" || bail "no proxy: $(cat "$T/$1.err")"
	WHERE=$(sed -n 's/.*listening on //p' "$T/$1.out")
	ERR=$T/$1.err
}
# off WORD…: it ends at once.
off() {
	run timeout 20 "${E[@]}" devid proxy "$@"
}
client() {
	run "${E[@]}" timeout 60 python3 "$T/client.py" "$WHERE" "$@"
}
GATEWAY_ROOT=/etc/ssl/proxy-ca.pem
install -m 644 "$PKI/root.crt" $GATEWAY_ROOT
events() {
	cat "$HOME_ALICE"/.local/state/devid/{uses,refusals,events}.jsonl 2>/dev/null | grep -c "\"program\":\"devid proxy\""
}

# --- words that are off
off --to localhost
is "$rc" 2 "without --listen"
off --listen 127.0.0.1:0
is "$rc" 2 "without --to"
for where in 0.0.0.0:0 '[::]:0' 192.0.2.1:8080 10.0.0.1:1; do
	off --listen "$where" --to localhost --ca-file $GATEWAY_ROOT
	is "$rc" 2 "$where: others reach that"
	like "$err" 'no address of the loopback' "$where: which is said"
done
for where in localhost:0 127.0.0.1 127.0.0.1: 127.0.0.1:99999 unix: unix:relative 8080 "unix:/$(printf 'x%.0s' {1..120})"; do
	off --listen "$where" --to localhost --ca-file $GATEWAY_ROOT
	is "$rc" 2 "$where: no place to listen"
	like "$err" 'hint: as in 127\.0\.0\.1:8080' "$where: how it is written"
done
off --listen 127.0.0.1:0 --to 'a b' --ca-file $GATEWAY_ROOT
is "$rc" 2 "no server"
off --listen 127.0.0.1:0 --to localhost --identity nobody --ca-file $GATEWAY_ROOT
is "$rc" 1 "no such identity"
off --listen 127.0.0.1:0 --to localhost --ca-file /nonexistent
is "$rc" 1 "no CA file"
off --listen unix:/tmp/x.socket --to localhost --ca-file $GATEWAY_ROOT
isnt "$rc" 0 "a folder that others write to"
like "$err" 'its folder: .*hint: .*XDG_RUNTIME_DIR|its folder: ' "is refused, with another"
"${E[@]}" touch "$RUN/file"
off --listen "unix:$RUN/file" --to localhost --ca-file $GATEWAY_ROOT
is "$rc" 1 "a file that is no socket"
ok "stays" test -f "$RUN/file"

# --- through: both versions, both kinds of key, both kinds of socket
for version in v12 v13; do
	for label in rsa ec; do
		proxy $version-$label 127.0.0.1:0 "localhost:${PORTS[$version]}" --identity $label
		client ask who
		is "$out" "$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
end" "$version, $label: a Python program, as whom"
		stop $PROXY
	done
done
like "$(cat "$T/v13-ec.out")" "^localhost:${PORTS[v13]}: listening on 127\\.0\\.0\\.1:[0-9]+$" "it says where it listens"
proxy six '[::1]:0' "localhost:${PORTS[v13]}" --identity ec
client ask who
is "$out" $'laptop-p256\nend' "by IPv6"
stop $PROXY
proxy unix "unix:$RUN/vpn.socket" "localhost:${PORTS[v13]}" --identity ec
is "$(stat -c %a "$RUN/vpn.socket")" 600 "a socket for its owner alone"
client ask who
is "$out" $'laptop-p256\nend' "through it"
off --listen "unix:$RUN/vpn.socket" --to localhost --ca-file $GATEWAY_ROOT
is "$rc" 1 "a second one there"
like "$err" 'something listens there' "is told why"
kill -KILL $PROXY
wait $PROXY 2>/dev/null
ok "killed, it leaves its socket" test -S "$RUN/vpn.socket"
proxy unix "unix:$RUN/vpn.socket" "localhost:${PORTS[v13]}" --identity ec
client ask who
is "$out" $'laptop-p256\nend' "which the next one replaces"
kill -TERM $PROXY
wait $PROXY
is $? 0 "asked to end, it ends well"
not_ok "and takes its socket along" test -e "$RUN/vpn.socket"

proxy json 127.0.0.1:0 "localhost:${PORTS[v13]}" --identity ec --json
is "$(python3 -c 'import json, sys; j = json.load(sys.stdin); print(j["result"], j["to"])' <"$T/json.out")" "ok localhost:${PORTS[v13]}" "--json"
stop $PROXY

# --- a Node program, over HTTP
tls_www() {
	openssl s_server -accept 127.0.0.1:0 -cert "$PKI/server.crt" -key "$PKI/server.key" -CAfile "$PKI/issuing-chain.pem" \
		-Verify 3 -verify_return_error -www >"$T/www.log" 2>&1 </dev/null &
	track $!
	wait_for 10 listening_port $! || bail "no server: $(cat "$T/www.log")"
	PORTS[www]=$(listening_port $!)
}
tls_www
proxy www 127.0.0.1:0 "localhost:${PORTS[www]}" --identity rsa
cat >"$HOME_ALICE/get.js" <<-X
	require('http').get('http://$WHERE/', answer => {
		let page = '';
		answer.on('data', part => page += part).on('end', () => console.log(page.match(/CN ?= ?laptop-[a-z0-9]+/)[0]));
	});
X
run "${E[@]}" node "$HOME_ALICE/get.js"
like "$out" '^CN ?= ?laptop-rsa2048$' "Node: the server saw the certificate" || diag "$err"
stop $PROXY

# --- whose program it is
proxy others 127.0.0.1:0 "localhost:${PORTS[v13]}" --identity ec
before=$(events)
as bob
run "${A[@]}" timeout 20 python3 "$T/client.py" "$WHERE" ask who
like "$out" '^(end|reset)$' "another user's program gets nothing"
like "$(cat "$ERR")" "refused a client: it is another user's \\($(id -u bob)\\)" "and is named"
as root
run timeout 20 python3 "$T/client.py" "$WHERE" ask who
like "$out" '^(end|reset)$' "nor does root's"
is "$(events)" "$before" "for them nothing is checked"
client ask who
is "$out" $'laptop-p256\nend' "its own user's does"
is $(($(events) - before)) 1 "with one event"

# --- the check, before each
cp -a /etc/devid "$T/devid-before"
run devid account revoke "$PKI/p256.crt" --yes
[ "$rc" -eq 0 ] || run devid account revoke "$PKI/p256.crt"
is "$rc" 0 "the certificate is revoked" || diag "$err"
before=$(events)
logins=$(wc -l <"$T/v13.log")
client ask who
like "$out" '^(end|reset)$' "revoked: no connection"
like "$(tail -n 1 "$ERR")" 'no connection: .*revoked' "with the check's words"
is $(($(events) - before)) 1 "one event"
is "$(wc -l <"$T/v13.log")" "$logins" "and the server heard of nothing"
rm -rf /etc/devid/* && cp -a "$T/devid-before/." /etc/devid/
client ask who
is "$out" $'laptop-p256\nend' "taken back, it goes on"

# --- ends, one direction at a time
client count 3000000
is "$out" $'3000000\nend' "the client's end is handed on, and the answer comes after it"
rm -f "$T/late"
client first
is "$out" end "the server's end is handed on"
ok "and what the client sends after it" wait_for 5 test -s "$T/late"
is "$(cat "$T/late")" "after the end" "arrives"
client ask nothing
is "$out" end "a server that answers nothing"

# --- slow readers: neither side is read faster than the other takes it
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
mkfifo "$T/slow"
small=$(rss $PROXY)
"${E[@]}" python3 "$T/client.py" "$WHERE" slow 200000000 <"$T/slow" >"$T/slow.out" 2>&1 &
track $!
slow=$!
exec 7>"$T/slow"
ok "a client that asks for 200 MB and reads none" wait_for 10 grep -q asked "$T/slow.out"
client ask who
is "$out" $'laptop-p256\nend' "stops nobody else"
ok "and is not kept in memory" test $(($(rss $PROXY) - small)) -lt 8192
ticks() { awk '{ print $14 + $15 }' "/proc/$PROXY/stat"; }
exec 7>&-
wait $slow
is "$(tail -n 1 "$T/slow.out")" "200000000 end" "it gets all of it"
# A server that ends without TLS's own end, as many do, has sent all the same what it has.
"${E[@]}" python3 "$T/client.py" "$WHERE" slow 1000000 drop <"$T/slow" >"$T/slow.out" 2>&1 &
track $!
slow=$!
exec 7>"$T/slow"
dropped() { [ -z "$(ss -Htn state established "( dport = :${PORTS[v13]} )")" ]; }
ok "a server that sends 1 MB and drops the connection" wait_for 10 grep -q asked "$T/slow.out"
ok "which is known here" wait_for 10 dropped
exec 7>&-
wait $slow
is "$(tail -n 1 "$T/slow.out")" "1000000 reset" "the client gets all, and no orderly end"

# --- sudden ends
"${E[@]}" python3 "$T/client.py" "$WHERE" stay >"$T/stay.out" 2>&1 &
track $!
ok "a client that stays" wait_for 10 grep -q in "$T/stay.out"
threads() { ls "/proc/$PROXY/task" | wc -l; }
fewer() { [ "$(threads)" -lt "$1" ]; }
with=$(threads)
kill -KILL "$(pgrep -u alice -f 'client.py.* stay')"
ok "killed: its connection goes" wait_for 10 fewer "$with"
alive() { ss -Htno state established "( sport = :$1 or dport = :$1 )" | grep -c keepalive; }
"${E[@]}" python3 "$T/client.py" "$WHERE" stay >"$T/stay.out" 2>&1 &
stay=$!
track $stay
ok "another one that stays" wait_for 10 grep -q in "$T/stay.out"
is "$(alive "${WHERE##*:}") $(alive "${PORTS[v13]}")" "1 1" "both its sides would be missed"
kill -TERM $PROXY
wait $PROXY
is $? 0 "the proxy is asked to end meanwhile"
wait $stay
is "$(tail -n 1 "$T/stay.out")" reset "for the client that is no orderly end"
proxy left "unix:$RUN/left.socket" "localhost:${PORTS[v13]}" --identity ec
rm -f "$T/late"
client leave stay
ok "a client goes away from a server that stays" wait_for 10 test -s "$T/late"
ok "its connection goes, too" wait_for 10 dropped
stop $PROXY
server other TLSv1_3
proxy dies 127.0.0.1:0 "localhost:${PORTS[other]}" --identity ec
"${E[@]}" python3 "$T/client.py" "$WHERE" stay >"$T/stay.out" 2>&1 &
stay=$!
track $stay
ok "another one" wait_for 10 grep -q in "$T/stay.out"
kill -KILL "${SERVERS[other]}"
wait $stay
is "$(tail -n 1 "$T/stay.out")" reset "the server is killed: no orderly end"
client ask who
like "$out" '^(end|reset)$' "with no server: no connection"
like "$(tail -n 1 "$ERR")" "no connection: .*(refused|reach)" "in words"
server other TLSv1_3 "${PORTS[other]}"
client ask who
is "$out" $'laptop-p256\nend' "it is back: so is the way"
stop $PROXY

# --- a server that is not the one, and one that doesn't want us
proxy name 127.0.0.1:0 "127.0.0.2:${PORTS[v13]}" --identity ec
run "${E[@]}" timeout 20 python3 "$T/client.py" "$WHERE" ask who
like "$out" '^(end|reset)$' "a server by another name"
stop $PROXY
off --listen 127.0.0.1:0 --to "localhost:${PORTS[v13]}" --ca-file "$PKI/rsa2048.key"
is "$rc" 1 "a CA file without a certificate"
install -m 644 "$PKI/stranger.crt" /etc/ssl/stranger.pem
GATEWAY_ROOT=/etc/ssl/stranger.pem
proxy distrust 127.0.0.1:0 "localhost:${PORTS[v13]}" --identity ec
client ask who
like "$out" '^(end|reset)$' "a server that those CAs don't vouch for"
like "$(tail -n 1 "$ERR")" "no connection: the server's own certificate: " "is told as that"
stop $PROXY
GATEWAY_ROOT=/etc/ssl/proxy-ca.pem
proxy stranger 127.0.0.1:0 "localhost:${PORTS[v13]}" --identity stranger
client ask who
like "$out" '^(end|reset)$' "a certificate that the account refuses"
like "$(tail -n 1 "$ERR")" 'no connection: stranger: not issued by any signing certificate' "is told as that"
stop $PROXY
# In TLS 1.3 the server refuses after the handshake.
for version in TLSv1_2 TLSv1_3; do
	server refuses $version 0 stranger.crt
	proxy refused 127.0.0.1:0 "localhost:${PORTS[refuses]}" --identity ec
	client ask who
	like "$out" '^(end|reset)$' "$version: a certificate that the server refuses"
	like "$(tail -n 1 "$ERR")" 'no connection: .*the server' "$version: is told as that"
	stop $PROXY
	stop "${SERVERS[refuses]}"
done

# --- a key that can't be used
proxy locked 127.0.0.1:0 "localhost:${PORTS[v13]}" --identity rsa
probe() {
	client ask who
	like "$out" '^(end|reset)$' "$2: no connection"
	like "$(tail -n 1 "$ERR")" 'no connection: ' "$2: is told"
}
for how in locked gone; do
	client_cannot_use $how probe
done
client ask who
is "$out" $'laptop-rsa2048\nend' "all is well again"
stop $PROXY

# --- a card's key: each connection logs in by itself, while others come and go
"${E[@]}" mkdir -p .config/softhsm2 .softhsm
echo "directories.tokendir = $HOME_ALICE/.softhsm" >"$HOME_ALICE/.config/softhsm2/softhsm2.conf"
openssl pkey -in "$PKI/p256.key" -outform der -out "$HOME_ALICE/card.key"
openssl x509 -in "$PKI/p256.crt" -outform der -out "$HOME_ALICE/card.der"
printf 1234 >"$HOME_ALICE/pin"
chmod 600 "$HOME_ALICE/pin"
chown alice "$HOME_ALICE"/{card.key,card.der,pin}
run "${E[@]}" softhsm2-util --init-token --free --label card --pin 1234 --so-pin 1234
[ "$rc" -eq 0 ] || bail "no card: $err"
card_write() {
	run "${E[@]}" pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label card --login --pin 1234 --id 01 \
		--label card --write-object "$@"
	[ "$rc" -eq 0 ] || bail "not written to the card: $err"
}
# Its PIN is asked for at each signature.
card_write card.key --type privkey --always-auth
card_write card.der --type cert
proxy card "unix:$RUN/card.socket" "localhost:${PORTS[v13]}" --identity "pkcs11:token=card;object=card?pin-source=file:$HOME_ALICE/pin"
for i in 1 2 3; do
	"${E[@]}" timeout 60 python3 "$T/client.py" "$WHERE" again 60 >"$T/again$i.out" 2>&1 &
	track $!
	again[i]=$!
done
wait "${again[@]}"
is "$(cat "$T"/again?.out)" $'60\n60\n60' "a card: 180 connections, three at once" || diag "$(tail -n 3 "$ERR")"
stop $PROXY

# --- a thousand at once
proxy thousand "unix:$RUN/many.socket" "localhost:${PORTS[v13]}" --identity ec
small=$(rss $PROXY)
mkfifo "$T/many"
"${E[@]}" bash -c 'ulimit -n 4096; exec python3 "$@"' many "$T/client.py" "$WHERE" many 1000 <"$T/many" >"$T/clients.out" 2>&1 &
track $!
many=$!
exec 7>"$T/many"
ok "1,000 connections at once" wait_for 55 grep -q . "$T/clients.out"
is "$(head -n 1 "$T/clients.out")" 1000 "all stand"
large=$(rss $PROXY)
diag "memory: $small KiB, with 1,000 connections $large KiB"
ok "in less than 160 KiB each" test $((large - small)) -lt 160000
exec 7>&-
wait $many
is "$(sed -n 2p "$T/clients.out")" 1000 "and each goes on"
ok "then all are gone" wait_for 20 fewer 8
done_testing
