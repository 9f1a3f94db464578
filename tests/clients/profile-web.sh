#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# curl, git and OpenSSL's programs with what `devid profile` prints and installs for them, a user's key in the
# keyring, against servers that demand a client certificate: a page, a clone, a push; what each says of a stranger's
# certificate, of a server of another CA, of an identity that is gone and of a key that can't be used, and what the
# server saw of it.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/web.sh"
client_machine "$0" "$@"
declare -A names=([rsa]=CN=laptop-rsa2048,O=Example,ST=Tokyo,C=JP [ec]=CN=laptop-p256,O=Example,ST=Tokyo,C=JP
	[stranger]=CN=stranger,O=Other,C=JP)
CA=$PKI/root.crt
web_servers
web_git
repository=$T/web/repositories/git/project
seed() {
	git -C "$T/seed" -c user.name=seed -c user.email=seed@example.com "$@"
}
{
	git init -q --bare -b main "$repository" && git init -q -b main "$T/seed" && echo one >"$T/seed/file" &&
		seed add file && seed commit -qm one && seed push -q "$repository" main
} >"$T/seed.log" 2>&1 || bail "no repository: $(cat "$T/seed.log")"

profile() {
	run "${E[@]}" devid profile "$@"
}
# install CLIENT LABEL PORT [CA]
install() {
	profile "$1" "$2" --gateway "localhost:$3" --ca-file "${4:-$CA}" --install --yes
	[ "$rc" -eq 0 ] || diag "$(last_run)"
}
# Another module of the machine may talk on stderr; a client's own word is the last.
last_word() {
	tail -n 1 <<<"$err"
}
curl_file=$HOME_ALICE/.config/devid/clients/curl-localhost.conf
fetch() {
	run "${E[@]}" curl -sS --config "$curl_file" "$@"
}
# clone PORT [OPTION…]: what is left of it, if anything, is $HOME_ALICE/clone.
clone() {
	local port=$1
	shift
	rm -rf "$HOME_ALICE/clone"
	run "${E[@]}" git "$@" clone -q "https://localhost:$port/git/project" clone
}
# seen COUNT TEXT NAME: that many requests, each answered and judged so.
seen() {
	local text
	text=$(web_seen "$1" | uniq -c | sed 's/^ *//')
	is "$text" "${2:+$1 $2}" "$3"
}
cloned() {
	is "$rc/$(cat "$HOME_ALICE/clone/file" 2>&1)" 0/one "$2: cloned"
	seen 3 "200 SUCCESS ${names[$1]}" "$2: as whom the server knows it"
}
fetched() {
	is "$rc/${out%%, TLS*}" "0/welcome ${names[$1]}" "$2: fetched"
	seen 1 "200 SUCCESS ${names[$1]}" "$2: as whom the server knows it"
}

# --- what is installed, and what is printed
for label in rsa ec; do
	install curl $label $NGINX
	fetch "https://localhost:$NGINX/"
	fetched $label "curl, $label, installed"
	fetch "https://localhost:$STUNNEL/"
	is "$rc/$out" 0/welcome "curl, $label: past a server that refuses in the handshake"
	profile curl $label --gateway localhost:$NGINX --ca-file "$CA"
	cp "$T/run.out" "$T/printed"
	run "${E[@]}" curl -sS --config "$T/printed" "https://localhost:$NGINX/"
	fetched $label "curl, $label, printed"
	profile git $label --gateway localhost:$NGINX --ca-file "$CA"
	cp "$T/run.out" "$T/printed"
	clone $NGINX -c "include.path=$T/printed"
	cloned $label "git, $label, printed"
done
printf '[user]\n\tname = Alice\n\temail = alice@example.com # hers' >"$HOME_ALICE/.gitconfig"
chown alice: "$HOME_ALICE/.gitconfig"
for label in rsa ec; do
	install git $label $NGINX
	clone $NGINX
	cloned $label "git, $label, installed"
	run "${E[@]}" git config user.email
	is "$out" alice@example.com "git, $label: what else was there, a line without an end, is read"
done
install git rsa $STUNNEL
clone $STUNNEL
is "$rc/$(cat "$HOME_ALICE/clone/file")" 0/one "git, a server that refuses in the handshake: cloned"
clone $NGINX
cloned ec "git, the other port of that host has the identity it had"
run "${E[@]}" git -C clone commit -qam two --allow-empty
run "${E[@]}" git -C clone push -q
is "$rc" 0 "git: pushed" || diag "$(last_run)"
seen 2 "200 SUCCESS ${names[ec]}" "git: by whom"
is "$(git -C "$repository" log -1 --format='%s %ae' main)" "two alice@example.com" "git: and it is there"
# A host that no part is for gets no certificate.
run "${E[@]}" GIT_SSL_CAINFO="$CA" git clone -q "https://127.0.0.1:$NGINX/git/project" other
is "$rc" 128 "git, the same server by another name: refused"
like "$err" 'returned error: 400' "with its answer"
seen 1 "400 NONE -" "for no certificate was shown"

# --- refused by the server, or the server by them
install curl stranger $NGINX
fetch "https://localhost:$NGINX/"
like "$rc/$out" '^0/.*400 The SSL certificate error' "curl, a stranger, nginx: 400 in words, and curl ends with 0"
seen 1 "400 FAILED:unable to verify the first certificate ${names[stranger]}" "it was shown, and known for what it is"
fetch -f "https://localhost:$NGINX/"
is "$rc" 22 "curl -f: an error"
web_seen 1 >/dev/null
before=$(grep -c 'Rejected by CERT' "$T/web/stunnel.log")
fetch "https://localhost:$STUNNEL/"
like "$rc" '^5[56]$' "curl, a stranger, stunnel: an error"
rejected() {
	[ "$(grep -c 'Rejected by CERT' "$T/web/stunnel.log")" -eq $((before + $1)) ]
}
ok "stunnel refused its certificate" wait_for 5 rejected 1
for port in $NGINX $STUNNEL; do
	install git stranger $port
	clone $port
	is "$rc" 128 "git, a stranger, port $port: an error"
	not_ok "and nothing is left" test -e "$HOME_ALICE/clone"
done
seen 1 "400 FAILED:unable to verify the first certificate ${names[stranger]}" "git, a stranger: it was shown"
ok "stunnel refused it too" wait_for 5 rejected 2
# Of many uses in a minute the first of each kind is told at once, and the rest together at its end.
said_of() {
	"${E[@]}" devid events --json | /usr/bin/python3 -c '
import json, os, sys
print(*sorted({os.path.basename(e["program"]) for e in json.load(sys.stdin)["events"]
               if e.get("reason") == "issuer-unknown" and "program" in e}))'
}
like "$(said_of)" 'curl.*git-remote-http' "and the log had said it of each"

install curl rsa $NGINX "$PKI/stranger-root.crt"
fetch "https://localhost:$NGINX/"
is "$rc" 60 "curl, a server of another CA: refused"
like "$err" 'unable to get local issuer certificate' "with the cause"
install git rsa $NGINX "$PKI/stranger-root.crt"
clone $NGINX
is "$rc" 128 "git, a server of another CA: refused"
like "$err" "certificate verification failed. CAfile: $PKI/stranger-root.crt" "with the cause"
profile curl rsa --gateway localhost:$NGINX
cp "$T/run.out" "$T/printed"
run "${E[@]}" curl -sS --config "$T/printed" "https://localhost:$NGINX/"
is "$rc" 60 "curl, no CA named, and the system knows none of the server"
seen 0 "" "none of them was let get so far as to ask for a page"
cat "$CA" >>/etc/ssl/certs/ca-certificates.crt
run "${E[@]}" curl -sS --config "$T/printed" "https://localhost:$NGINX/"
fetched rsa "curl, when the system knows it"

# --- a key that can't be used
install curl rsa $NGINX
install git rsa $NGINX
declare -A says=([locked]='PKCS #11 error in device' [dismissed]='PKCS #11 error.' [refused]='PKCS #11 error.'
	[gone]='PKCS #11 error in device')
cannot_use() {
	local label=$1 how=$2
	install curl $label $NGINX
	fetch "https://localhost:$NGINX/"
	is "$rc/$out" 35/ "curl, $how: an error in the handshake"
	client_failed_in_time "curl, $how"
	client_event_tells $how
	install git $label $NGINX
	clone $NGINX
	is "$rc" 128 "git, $how: an error"
	is "$(last_word)" "fatal: unable to access 'https://localhost:$NGINX/git/project/': gnutls_handshake() failed: ${says[$how]}" \
		"git, $how: what it says"
	client_failed_in_time "git, $how"
	not_ok "git, $how: nothing is left" test -e "$HOME_ALICE/clone"
	client_event_tells $how
	seen 0 "" "$how: the server saw neither"
}
for how in locked dismissed refused gone; do
	client_cannot_use $how cannot_use
done
fetch "https://localhost:$NGINX/"
fetched rsa "curl, in good order again"
clone $NGINX
is "$rc/$(cat "$HOME_ALICE/clone/file")" 0/one "git, in good order again"
seen 3 "200 SUCCESS ${names[rsa]}" "as whom"

# --- a renewed certificate, another label, none
cp "$PKI/second.p12" "$HOME_ALICE/" && chown alice: "$HOME_ALICE/second.p12"
run "${E[@]}" devid import-cert --replace --label rsa --password-file password second.p12
is "$rc" 0 "another key and certificate under that label" || diag "$(last_run)"
names[rsa]=CN=laptop-second,O=Example,ST=Tokyo,C=JP
fetch "https://localhost:$NGINX/"
fetched rsa "curl, the same file"
clone $NGINX
is "$rc" 0 "git, the same part"
seen 3 "200 SUCCESS ${names[rsa]}" "shows the new certificate"

# What ends a word, a string, a comment or a line in somebody's format.
odd="it's \"50%\" of \$HOME;#1 \\ 鍵 [x]"
run "${E[@]}" devid rename rsa "$odd"
is "$rc" 0 "renamed" || diag "$(last_run)"
profile curl rsa --gateway localhost:$NGINX --install --yes
is "$rc" 1 "the old label: nothing is installed"
like "$err" 'rsa: no identity has this label' "and why"
fetch "https://localhost:$NGINX/"
is "$rc" 58 "curl, a file of the old label: no certificate"
clone $NGINX
is "$rc" 128 "git, a part of the old label: an error"
like "$(last_word)" 'error reading X.509 key or certificate file' "before it connects"
seen 0 "" "the server saw neither"
names[$odd]=${names[rsa]}
install curl "$odd" $NGINX
fetch "https://localhost:$NGINX/"
fetched "$odd" "curl, an odd label"
install git "$odd" $NGINX
clone $NGINX
is "$rc" 0 "git, an odd label"
seen 3 "200 SUCCESS ${names[$odd]}" "as whom"

# --- programs of OpenSSL, by their engine and our module alone: p11-kit knows of no module
mkdir "$T/none"
mount --bind "$T/none" /usr/share/p11-kit/modules
for label in "$odd" ec; do
	uri="$TOKEN;object=$(sed 's/.*;object=//' <<<"$("${E[@]}" devid show --json "$label" | sed -n 's/.*"uri" *: *"\([^"]*\)".*/\1/p')")"
	profile openssl "$label"
	is "$rc" 0 "openssl, $label: printed"
	cp "$T/run.out" "$T/openssl.cnf"
	run "${E[@]}" OPENSSL_CONF="$T/openssl.cnf" curl -sS --cacert "$CA" --cert "$uri;type=cert" \
		--key "$uri;type=private" "https://localhost:$NGINX/"
	fetched "$label" "a program of OpenSSL, $label"
	"${E[@]}" devid export "$label" >"$T/chain.pem"
	printf 'GET / HTTP/1.0\r\n\r\n' >"$T/request"
	# The command as the file has it.
	like "$(sed -n '/-key/s/.*-key \(.*\) -cert.*/\1/p' "$T/openssl.cnf")" "^'$uri;type=private'$" "the command that stands there"
	run "${E[@]}" OPENSSL_CONF="$T/openssl.cnf" bash -c 'exec <"$1" && shift && exec openssl "$@"' ask "$T/request" \
		s_client -quiet -connect "localhost:$NGINX" -CAfile "$CA" -verify_return_error \
		-engine pkcs11 -keyform engine -key "$uri;type=private" -cert "$T/chain.pem"
	like "$out" "welcome ${names[$label]}" "openssl s_client, $label"
	seen 1 "200 SUCCESS ${names[$label]}" "as whom"
done
sed -i 's,^MODULE_PATH.*,MODULE_PATH = /nonexistent.so,' "$T/openssl.cnf"
run "${E[@]}" OPENSSL_CONF="$T/openssl.cnf" curl -sS --cacert "$CA" --cert "$uri;type=cert" \
	--key "$uri;type=private" "https://localhost:$NGINX/"
is "$rc" 58 "without the module that the file names: no certificate"
umount /usr/share/p11-kit/modules

# --- the machine's identity, for a user of the group
client_import_system machine rsa2048
names[machine]=CN=laptop-rsa2048,O=Example,ST=Tokyo,C=JP
install curl machine $NGINX
fetch "https://localhost:$NGINX/"
fetched machine "curl, the machine's identity"
done_testing
