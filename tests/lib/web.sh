# SPDX-License-Identifier: LGPL-2.1-or-later
# Two web servers that demand a client certificate, each in its own way, for clients that have no test server's
# patience: stunnel refuses in the handshake, nginx takes every handshake and answers 400. After common.sh, in a
# network of the test's own and with certificates there:
#
#	web_servers			the ports are $STUNNEL and $NGINX, TLS 1.2 and 1.3 on both; $NGINX_OLD is
#					TLS 1.2 with PKCS #1 v1.5 alone for RSA
#
# What all of them answer to a client whose certificate they took: "welcome CN=…" (stunnel, which is no web
# server, has one behind it that can't know: "welcome").
#
#	web_seen COUNT			what $NGINX made of each request since the last call, one a line, when there are so
#					many: its answer's status, what it thought of the certificate (SUCCESS, NONE,
#					FAILED:why), whose it is
#	web_git				$NGINX and $STUNNEL serve the repositories in $T/web/repositories at /git/; who
#					shows $NGINX a certificate may push

STUNNEL=8443
NGINX=8444
NGINX_OLD=8445

web_servers() {
	mkdir -p "$T/web"
	cat >"$T/web/git.conf" <<-X
		location /git/ {
			fastcgi_pass unix:$T/web/git;
			fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
			fastcgi_param PATH_INFO \$uri;
			fastcgi_param GIT_PROJECT_ROOT $T/web/repositories;
			fastcgi_param GIT_HTTP_EXPORT_ALL "";
			fastcgi_param QUERY_STRING \$query_string;
			fastcgi_param REQUEST_METHOD \$request_method;
			fastcgi_param CONTENT_TYPE \$content_type;
			fastcgi_param CONTENT_LENGTH \$content_length;
			fastcgi_param HTTP_CONTENT_ENCODING \$http_content_encoding;
			fastcgi_param REMOTE_USER \$ssl_client_s_dn;
		}
	X
	cat >"$T/web/nginx.conf" <<-X
		daemon off;
		master_process off;
		pid $T/web/nginx.pid;
		error_log $T/web/nginx.log info;
		worker_processes 1;
		events { worker_connections 64; }
		http {
			access_log off;
			log_format who "\$status \$ssl_client_verify \$ssl_client_s_dn";
			client_body_temp_path $T/web/body;
			proxy_temp_path $T/web/proxy;
			fastcgi_temp_path $T/web/fastcgi;
			uwsgi_temp_path $T/web/uwsgi;
			scgi_temp_path $T/web/scgi;
			ssl_certificate $PKI/server.crt;
			ssl_certificate_key $PKI/server.key;
			ssl_client_certificate $PKI/issuing-chain.pem;
			ssl_verify_client on;
			ssl_verify_depth 3;
			server {
				listen 127.0.0.1:$NGINX ssl;
				ssl_protocols TLSv1.2 TLSv1.3;
				access_log $T/web/access.log who;
				include $T/web/git.conf;
				location / { return 200 "welcome \$ssl_client_s_dn, \$ssl_protocol\n"; }
			}
			server {
				listen 127.0.0.1:$NGINX_OLD ssl;
				ssl_protocols TLSv1.2;
				ssl_conf_command ClientSignatureAlgorithms RSA+SHA256:ECDSA+SHA256;
				location / { return 200 "welcome \$ssl_client_s_dn, \$ssl_protocol\n"; }
			}
			server {
				listen 127.0.0.1:8080;
				include $T/web/git.conf;
				location / { return 200 "welcome\n"; }
			}
		}
	X
	cat >"$T/web/stunnel.conf" <<-X
		foreground = yes
		pid =
		debug = 6
		output = $T/web/stunnel.log
		[web]
		accept = 127.0.0.1:$STUNNEL
		connect = 127.0.0.1:8080
		cert = $PKI/server.crt
		key = $PKI/server.key
		CAfile = $PKI/issuing-chain.pem
		verifyChain = yes
		requireCert = yes
	X
	nginx -p "$T/web" -c "$T/web/nginx.conf" >"$T/web/nginx.out" 2>&1 &
	track $!
	stunnel "$T/web/stunnel.conf" >"$T/web/stunnel.out" 2>&1 &
	track $!
	local port
	for port in $STUNNEL $NGINX $NGINX_OLD 8080; do
		wait_for 10 port_listens "$port" ||
			bail "no web server: $(tail -n 5 "$T/web"/{nginx,stunnel}.{out,log})"
	done
}

web_saw() {
	[ "$(wc -l <"$T/web/access.log")" -ge "$1" ]
}

# It writes of a request when the client has its answer already.
web_seen() {
	wait_for 5 web_saw "$1" >&2
	cat "$T/web/access.log"
	: >"$T/web/access.log"
}

web_git() {
	env -i PATH=/usr/sbin:/usr/bin:/bin "HOME=$T" fcgiwrap -s "unix:$T/web/git" >"$T/web/git.log" 2>&1 &
	track $!
	wait_for 10 test -S "$T/web/git" || bail "no git server: $(cat "$T/web/git.log")"
}
