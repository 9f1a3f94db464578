#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same rule at other doors, as data/gateway has it: nginx, which asks devid of each request, or reads a list of
# revoked ones like stunnel; a gateway's own program with libdevid.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
private_machine "$0" "$@"
PATH=$PATH:/usr/sbin:/sbin
EXAMPLES=/usr/share/doc/devid/gateway
as root
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
is "$rc" 0 "the gateway's account"
# What TLS alone decides by trusts the stranger's CA too.
mkdir -p /etc/devid-gateway "$T/web"
cat "$PKI/issuing-chain.pem" "$PKI/stranger-issuing.crt" "$PKI/stranger-root.crt" >/etc/devid-gateway/device-cas.pem

# --- nginx
useradd -r -M fcgi >"$T/useradd.log" 2>&1 || bail "no user: $(cat "$T/useradd.log")"
# The socket is open to nginx, as fcgiwrap's own unit has it.
fcgi_start() {
	rm -f /run/fcgiwrap.socket
	setpriv --reuid=fcgi --regid=fcgi --clear-groups env -i PATH=/usr/sbin:/usr/bin:/bin fcgiwrap -f -s unix:/run/fcgiwrap.socket \
		>"$T/fcgi.log" 2>&1 &
	FCGI=$!
	track $FCGI
	wait_for 5 test -S /run/fcgiwrap.socket || bail "no fcgiwrap: $(cat "$T/fcgi.log")"
	chmod 666 /run/fcgiwrap.socket
}
chmod 1777 /run
fcgi_start
{
	cat <<-X
		daemon off;
		master_process off;
		pid $T/web/nginx.pid;
		error_log $T/web/nginx.log info;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $T/web/body;
			proxy_temp_path $T/web/proxy;
			fastcgi_temp_path $T/web/fastcgi;
			uwsgi_temp_path $T/web/uwsgi;
			scgi_temp_path $T/web/scgi;
			ssl_certificate $PKI/server.crt;
			ssl_certificate_key $PKI/server.key;
			root $T/web/root;
			server {
				listen 127.0.0.1:8443 ssl;
				include $EXAMPLES/nginx.conf;
			}
			server {
				listen 127.0.0.1:8444 ssl;
				include $T/web/list.conf;
			}
		}
	X
} >"$T/web/nginx.conf"
sed 's,^#ssl_crl,ssl_crl,; /^auth_request/,$d' "$EXAMPLES/nginx.conf" >"$T/web/list.conf"
mkdir "$T/web/root"
echo welcome >"$T/web/root/index.html"
crl() { # KEY CA [REVOKED…]
	"${A[@]}" "$EXAMPLES/make-crl" "$@" || bail "no revocation list"
}
# lists KEY-OF-THE-ISSUING-CA [REVOKED…]: of every CA on the way.
lists() {
	local key=$1
	shift
	{
		crl "$key" "$PKI/issuing.crt" "$@"
		crl "$PKI/root.key" "$PKI/root.crt"
	} >/etc/devid-gateway/crls.pem
}
lists "$PKI/issuing.key" "$PKI/p256.crt"
nginx_start() {
	nginx -p "$T/web" -c "$T/web/nginx.conf" >"$T/web/nginx.out" 2>&1 &
	NGINX=$!
	track $NGINX
	wait_for 10 port_listens 8443 || bail "no nginx: $(cat "$T/web"/nginx.{out,log})"
}
nginx_start
# ask PORT CERTIFICATE [OPTION…]: the status of the answer is in $out.
ask() {
	local port=$1 name=$2
	shift 2
	run curl -sS --cacert "$PKI/root.crt" --resolve "server.test:$port:127.0.0.1" --cert "$T/$name.pem" \
		--key "$PKI/$name.key" -o "$T/body" -w '%{http_code}' "$@" "https://server.test:$port/"
}
for name in rsa2048 p256 stranger expired; do
	cp "$PKI/$name.crt" "$T/$name.pem"
	[ ! -e "$PKI/$name-issuing.crt" ] || cat "$PKI/$name-issuing.crt" >>"$T/$name.pem"
done
# denied NAME REGEX: the last one was, with that in nginx's log.
denied() {
	is "$rc/$out" 0/403 "nginx: $1: 403"
	like "$(tail -n 40 "$T/web/nginx.log")" "$2" "$1: with the reason in its log"
	unlike "$(cat "$T/body")" welcome "$1: and no page"
	: >"$T/web/nginx.log"
}
for name in rsa2048 p256; do
	ask 8443 $name
	is "$rc/$out/$(cat "$T/body")" 0/200/welcome "nginx: $name comes in" || diag "$(cat "$T/web/nginx.log")"
done
ask 8443 stranger
denied "a stranger whose CA nginx trusts" 'CN=stranger: not issued by any'
run curl -sS --cacert "$PKI/root.crt" --resolve server.test:8443:127.0.0.1 -o "$T/body" -w '%{http_code}' https://server.test:8443/
is "$out" 400 "nginx: nobody's certificate: its own 400"
ask 8443 rsa2048 -H "Client-Certificate: x" -H "X-Client-Cert: x" -H "Status: 204"
is "$out" 200 "nginx: what the client's headers say is not asked"
run "${A[@]}" devid account revoke "$PKI/rsa2048.crt"
ask 8443 rsa2048
denied "a revoked one" 'laptop-rsa2048: .*revoked'
ask 8443 p256
is "$out" 200 "nginx: the other one still"
# In one connection, revoked between two requests.
cat >"$T/twice.py" <<'X'
import http.client, socket, ssl, subprocess, sys
ca, certificate, key, *command = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(certificate, key)
connection = http.client.HTTPSConnection("server.test", 8443, context=context)
connection.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", 8443)), server_hostname="server.test")
first = connection.sock
for turn in range(2):
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    print(answer.status, connection.sock is first)
    if turn == 0:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
X
run "${A[@]}" python3 "$T/twice.py" "$PKI/root.crt" "$T/p256.pem" "$PKI/p256.key" devid account revoke "$PKI/p256.crt"
is "$(paste -sd, <<<"$out")" "200 True,403 True" "nginx: in an open connection, from the next request on" || diag "$(last_run)"
sed -i '/laptop-p256/d' /etc/devid/revoked
ask 8443 p256
is "$out" 200 "nginx: taken back, it comes in again"
echo nonsense >>/etc/devid/account.conf
ask 8443 p256
denied "a broken account" 'account.conf:[0-9]'
sed -i '$d' /etc/devid/account.conf
chmod 600 /etc/devid/account.conf
ask 8443 p256
denied "an account that the gateway can't read" 'Permission denied'
chmod 644 /etc/devid/account.conf
mv /etc/devid "$T/away"
ask 8443 p256
denied "no account" 'no account'
mv "$T/away" /etc/devid
chmod 700 /usr/bin/devid
ask 8443 p256
denied "no devid" 'Permission denied'
chmod 755 /usr/bin/devid
stop $FCGI
ask 8443 p256
is "$out" 500 "nginx: nobody to ask: 500"
unlike "$(cat "$T/body")" welcome "and no page"
fcgi_start
ask 8443 p256
is "$out" 200 "nginx: somebody again"

# The list of revoked ones alone.
ask 8444 rsa2048
is "$out" 200 "nginx with a list: whom it doesn't name"
ask 8444 p256
is "$out" 400 "nginx with a list: the revoked one"
like "$(cat "$T/web/nginx.log")" 'certificate revoked' "with the reason in its log"
ask 8444 stranger
is "$out" 400 "nginx with a list: whose CA has none"
certtool --generate-privkey --key-type rsa --bits 2048 --outfile "$T/own.key" >"$T/own.log" 2>&1
stop $NGINX
lists "$T/own.key" "$PKI/p256.crt"
nginx_start
ask 8444 rsa2048
is "$out" 400 "nginx with a list that another key has signed: nobody"
stop $NGINX

# --- stunnel
lists "$PKI/issuing.key" "$PKI/p256.crt"
cat >"$T/stunnel.conf" <<X
foreground = yes
pid =
debug = 5
output = $T/stunnel.log
[web]
accept = 127.0.0.1:8445
connect = 127.0.0.1:8446
cert = $PKI/server.crt
key = $PKI/server.key
verifyChain = yes
CAfile = $PKI/issuing-chain.pem
CRLfile = /etc/devid-gateway/crls.pem
X
stunnel "$T/stunnel.conf" >"$T/stunnel.out" 2>&1 &
track $!
python3 -m http.server --bind 127.0.0.1 --directory "$T/web/root" 8446 >"$T/http.log" 2>&1 &
track $!
wait_for 10 port_listens 8445
wait_for 10 port_listens 8446
ask 8445 rsa2048
is "$out" 200 "stunnel: whom the list doesn't name" || diag "$(tail "$T/stunnel.log")"
ask 8445 p256
isnt "$out" 200 "stunnel: the revoked one"
like "$(cat "$T/stunnel.log")" 'certificate revoked' "with the reason in its log"
ask 8445 stranger
isnt "$out" 200 "stunnel: a stranger"

# --- a gateway's own program
rm -f /etc/devid/account.conf
ok "the example is built against what is installed" "${A[@]}" bash -c \
	"gcc -std=c11 -Wall -Wextra -Werror -o '$T/example' '$EXAMPLES/verify-example.c' \$(pkg-config --cflags --libs devid)"
for way in rsa2048:0:ok stranger:1:issuer-unknown expired:1:expired; do
	IFS=: read -r name status word <<<"$way"
	run "${A[@]}" "$T/example" /etc/devid "$PKI/$name.crt"
	is "$rc/$out" "$status/$word" "its word on $name"
done
run "${A[@]}" "$T/example" /nonexistent "$PKI/rsa2048.crt"
is "$rc/$out" 1/no-account "without an account nobody is let in"
for file in /nonexistent /dev/null "$PKI/rsa2048.key" /usr; do
	run "${A[@]}" "$T/example" /etc/devid $file
	isnt "$rc" 0 "$file is no certificate: nobody"
	is "$out" "" "and no word"
done
run "${A[@]}" "$T/example" /etc/devid
is "$rc/$out" 2/ "without a file"
echo nonsense >/etc/devid/account.conf
run "${A[@]}" "$T/example" /etc/devid "$PKI/rsa2048.crt"
is "$rc/$out" 1/account-broken "a broken account"
done_testing
