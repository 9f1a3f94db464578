# Two web servers that demand a client certificate, each in its own way, for clients that have no test server's
# patience: stunnel refuses in the handshake, nginx takes every handshake and answers 400. After common.sh, in a
# network of the test's own and with certificates there:
#
#	web_servers			the ports are $STUNNEL and $NGINX, TLS 1.2 and 1.3 on both; $NGINX_OLD is
#					TLS 1.2 with PKCS #1 v1.5 alone for RSA
#
# What all of them answer to a client whose certificate they took: "welcome CN=…" (stunnel, which is no web
# server, has one behind it that can't know: "welcome").

STUNNEL=8443
NGINX=8444
NGINX_OLD=8445

web_servers() {
	mkdir -p "$T/web"
	cat >"$T/web/nginx.conf" <<-X
		daemon off;
		master_process off;
		pid $T/web/nginx.pid;
		error_log $T/web/nginx.log info;
		worker_processes 1;
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
			ssl_client_certificate $PKI/issuing-chain.pem;
			ssl_verify_client on;
			ssl_verify_depth 3;
			server {
				listen 127.0.0.1:$NGINX ssl;
				ssl_protocols TLSv1.2 TLSv1.3;
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
