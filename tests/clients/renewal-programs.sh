#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that run while their identity is renewed with another key: Go and Node on the user's token, by the blocks of
# clients.md as they stand there, and stunnel on the machine's. Each logs in anew, through the overlap, with what it found
# when it started; what it says when the former key is retired under it, and what makes it take the new one up.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/renewal.sh"
. "$(dirname "$0")/../lib/node.sh"
node_fetch
client_machine "$0" "$@"
node_unpack
client_import laptop rsa2048

# No session is taken up again: each login has a signature.
declare -A PORTS
for version in tls1_2 tls1_3; do
	tls_server $version -no_cache -no_ticket -num_tickets 0
	PORTS[$version]=$PORT
done

# --- the programs
# block LANGUAGE: of clients.md.
block() {
	awk -v head="### $1" '/^#/ { inside = $0 == head } inside && sub(/^    |^$/, "")' "$DEVID_SOURCE/data/doc/clients.md"
}
mkdir "$T/go"
block Go >"$T/go/identity.go"
cp "$TESTS/clients/login.go" "$T/go/"
env -i -C "$T/go" PATH=/usr/bin:/bin HOME="$T" TMPDIR="$T/tmp" GOCACHE="$T/go/cache" GOPATH=/usr/share/gocode GO111MODULE=off \
	go build -o "$HOME_ALICE/login" identity.go login.go >"$T/go.log" 2>&1 || bail "no Go: $(cat "$T/go.log")"
cp "$TESTS/clients/login.js" "$PKI"/{root.crt,rsa3072.p12} "$HOME_ALICE/"
for label in laptop ec; do
	block Node | sed "s/laptop/$label/" >"$HOME_ALICE/$label.js"
done
chown -R alice: "$HOME_ALICE"

devid_do() {
	run "${E[@]}" devid "$@"
	[ "$rc" -eq 0 ] || bail "devid $1: $err"
}
# start NAME COMMAND…: a program of alice's that stays.
declare -A LINES ANSWERS
start() {
	local name=$1
	mkfifo "$T/$name.in"
	"${E[@]}" "${@:2}" <"$T/$name.in" >"$T/$name.out" 2>"$T/$name.err" &
	track $!
	exec {LINES[$name]}>"$T/$name.in"
	ANSWERS[$name]=0
}
answered() {
	[ "$(wc -l <"$T/$1.out")" -ge "$2" ]
}
# ask NAME WORD…: a login of that program; how it ended is in $answer.
ask() {
	local number=$((++ANSWERS[$1]))
	echo "${@:2}" >&"${LINES[$1]}"
	wait_for 30 answered "$1" "$number" || bail "no answer of $1: $(cat "$T/$1.err")"
	answer=$(sed -n "${number}p" "$T/$1.out")
}
# logs_in NAME CN [WORD]: by both versions of TLS. TEXT follows.
logs_in() {
	ask "$1" "${PORTS[tls1_2]}" ${3:+"$3"}
	is "$answer" "in as laptop-$2" "$1, TLS 1.2: $4"
	ask "$1" "${PORTS[tls1_3]}"
	is "$answer" "in as laptop-$2" "$1, TLS 1.3: $4"
}
# told FILE ACTION REASON PROGRAM: whether alice's log has that of the identity.
told() {
	grep -q "\"action\":\"$2\",\"reason\":\"$3\",\"label\":\"laptop\".*\"program\":\"[^\"]*/$4\"" "$HOME_ALICE/.local/state/devid/$1.jsonl"
}

# --- Go and Node, on the user's token
for label in laptop ec; do
	devid_do export --output $label.pem $label
	start go-$label "$HOME_ALICE/login" "$SO" $label root.crt
	start node-$label node login.js root.crt $label.js
done
for name in go node; do
	logs_in $name-laptop rsa2048 '' "RSA"
	logs_in $name-ec p256 '' "EC"
done
ask node-laptop "${PORTS[tls1_3]}" bare
is "$answer" "in as laptop-rsa2048" "node: with bare options"

devid_do import-cert --replace --label laptop --password-file password --json rsa3072.p12
is "$(needs login) $(needs node)" "['start it again', 'start it again'] ['start it again', 'start it again']" "those that run are named"
for name in go node; do
	logs_in $name-laptop rsa2048 '' "after the renewal, too"
	program=${name/go/login}
	ok "$name: the log tells of the former key" wait_for 5 told uses Allowed former-key "$program"
done
ask node-laptop "${PORTS[tls1_3]}" bare
like "$answer" 'key values mismatch$' "node: bare options have the new key beside the former certificate"
logs_in node-laptop rsa2048 '' "its context goes on after that"

devid_do retire laptop
gone='CKR_KEY_HANDLE_INVALID$|:Key handle invalid:'
for name in go node; do
	for version in tls1_2 tls1_3; do
		ask $name-laptop "${PORTS[$version]}"
		like "$answer" "$gone" "$name, $version: the former key retired, what it says"
	done
	program=${name/go/login}
	ok "$name: devid's log says why" wait_for 5 told refusals Refused key-gone "$program"
done
logs_in go-laptop rsa3072 anew "an identity that is looked for anew is the new one"
ask node-laptop "${PORTS[tls1_3]}" anew
like "$answer" 'key values mismatch$' "node: a context anew with the file of before"
devid_do export --output laptop.pem laptop
logs_in node-laptop rsa3072 anew "with the new certificate's it is the new one"

# --- a key that can't be used
devid_do export --output stranger.pem stranger
block Node | sed "s/laptop/stranger/" >"$HOME_ALICE/stranger.js"
declare -A go_says=([locked]=CKR_DEVICE_ERROR [refused]=CKR_FUNCTION_REJECTED [gone]=CKR_DEVICE_ERROR)
probe() {
	local label=$1 how=$2 name version
	start go-$how "$HOME_ALICE/login" "$SO" "$label" root.crt
	start node-$how node login.js root.crt "$label.js"
	for version in tls1_2 tls1_3; do
		ask go-$how "${PORTS[$version]}"
		like "$answer" "${go_says[$how]}\$" "go, $how, $version: what it says"
		ask node-$how "${PORTS[$version]}"
		like "$answer" ":Mechanism invalid:" "node, $how, $version: what it says, RSA"
	done
	[ $how = refused ] || {
		ask node-ec "${PORTS[tls1_3]}"
		like "$answer" ":Device error:" "node, $how: what it says, EC"
	}
}
client_cannot_use locked probe laptop
client_cannot_use refused probe
client_cannot_use gone probe laptop

# --- stunnel, on the machine's token
ends_earlier first 2040
ends_earlier third 2041
client_import_system machine first
client_import_system machine-ec p256
# service NAME ACCEPT VERSION LABEL
service() {
	cat <<-X
		[$1]
		client = yes
		accept = 127.0.0.1:$2
		connect = 127.0.0.1:${PORTS[$3]}
		CAfile = $PKI/root.crt
		verifyChain = yes
		checkHost = localhost
		engineId = pkcs11
		cert = $TOKEN;object=$4;type=cert
		key = $TOKEN;object=$4;type=private
	X
}
{
	printf '%s\n' 'foreground = yes' 'pid =' 'engine = pkcs11'
	service old 8500 tls1_2 machine
	service new 8501 tls1_3 machine
	service old-ec 8502 tls1_2 machine-ec
	service new-ec 8503 tls1_3 machine-ec
} >/etc/stunnel/devid.conf
as_unit stunnel@
stunnel_start() {
	: >"$T/stunnel.log"
	"${UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin stunnel4 /etc/stunnel/devid.conf >>"$T/stunnel.log" 2>&1 </dev/null &
	stunnel=$!
	track $stunnel
	wait_for 20 port_listens 8503 || bail "no stunnel: $(cat "$T/stunnel.log")"
}
# reload REGEX: what it then says.
reload() {
	: >"$T/stunnel.log"
	kill -HUP $stunnel
	wait_for 10 grep -q "$1" "$T/stunnel.log"
}
# through PORT…: whom the server saw.
through() {
	local port
	for port; do
		curl -s --max-time 20 "http://127.0.0.1:$port/" | tr -d '\0' | sed -n 's/.*Subject:.*CN *= *laptop-\([a-z0-9]*\).*/\1/p'
	done | paste -sd' '
}
stunnel_start
is "$(through 8500 8501 8502 8503)" "first first p256 p256" "stunnel, TLS 1.2 and 1.3, RSA and EC" || diag "$(tail -n 20 "$T/stunnel.log")"
replace rsa3072 machine
is "$(needs stunnel4)" "['restart it']" "stunnel: root is told that it runs, and what it needs"
is "$(through 8500 8501)" "first first" "stunnel: after the renewal, too" || diag "$(tail -n 20 "$T/stunnel.log")"
like "$(cat /var/log/devid/uses.jsonl)" '"action":"Allowed","reason":"former-key","label":"machine".*"program":"[^"]*stunnel4"' "stunnel: the log tells of it"
retire machine
is "$(through 8500 8501 8502)" "p256" "stunnel: the former key retired, it fails"
like "$(cat "$T/stunnel.log")" 'SSL_connect: .*:Key handle invalid' "stunnel: what it says"
ok "stunnel: devid's log says why" wait_for 5 tells '[^"]*stunnel4' machine
ok "stunnel: told to read its configuration anew" reload 'Configuration successful'
is "$(through 8500 8501)" "rsa3072 rsa3072" "stunnel: it has the new one"

# Of all certificates with that label that it has seen, libp11 takes the one that ends last.
replace third machine
ok "stunnel: where the new certificate doesn't end later, that fails" reload 'key values mismatch'
ok "stunnel: it says so" wait_for 5 grep -q 'Failed to reload the configuration file' "$T/stunnel.log"
is "$(through 8500 8501)" "rsa3072 rsa3072" "stunnel: and goes on with the former one"
stop $stunnel
stunnel_start
is "$(through 8500 8501)" "third third" "stunnel: started again it has the new one"
done_testing
