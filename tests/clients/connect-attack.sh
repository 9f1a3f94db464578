#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid-tunnel against its callers: what a user, or another one, can say to it, with a real openconnect and a real ocserv.
# Whatever is said, root runs nothing but openconnect, at the gateway of root's file, with one cookie. The last part says
# the same to openconnect itself, for this is what is guarded against.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
CALL=$DEVID_TUNNEL_CALL
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
install -m 755 "$CALL" "$T/tunnel-call"
machine_user bob
gateway_network
gateway_start 'auth = "certificate"'
tunnel_allows alice bob
D=/etc/devid/connections.d
mkdir -p "$D"
machine() {
	printf '%s\n' '[Connection]' Gateway=server.test:4443 "CAFile=$GATEWAY_CA" "${@:2}" >"$D/$1.conf"
}
machine work
# What root starts is written down: openconnect by its words, and anything of hers at all.
mv /usr/sbin/openconnect /usr/sbin/openconnect.real
cat >/usr/sbin/openconnect <<-X
	#!/bin/sh
	[ "\$(id -u)" != 0 ] || { echo "\$*" >>$T/started; }
	exec /usr/sbin/openconnect.real "\$@"
X
chmod 755 /usr/sbin/openconnect
no_clients() {
	! pgrep -f openconnect.real
}
as bob
BOB=("${A[@]}")
NL=$'\n'
# say NAME GATEWAY ADDRESS: to Start, with descriptor 3 as it is here; its answer is in $out.
say_as() {
	local -n who=$1
	: >"$T/started"
	RUN_BOUND=40 run "${who[@]}" "$T/tunnel-call" Start "${@:2}" </dev/null
}
# refused ERROR NAME: what was said last came to nothing.
refused() {
	like "$out" "^org\.devid\.Tunnel\.Error\.$1: " "$2: refused" || diag "$(last_run)"
	is "$(cat "$T/started")" "" "$2: root starts nothing"
}
cookie() {
	COOKIE=$("${E[@]}" openconnect --protocol=anyconnect --authenticate --non-inter "--cafile=$GATEWAY_CA" \
		-c "$TOKEN;object=rsa" https://server.test:4443 2>"$T/sign-in" | sed -n "s/^COOKIE='\(.*\)'$/\1/p")
	[ -n "$COOKIE" ] || bail "no cookie: $(cat "$T/sign-in")"
}
cookie

# --- the name
for name in ../work work/../work /etc/devid/connections.d/work .work -work '' work.conf/ "work$NL" $'wo\trk' "$(printf 'a%.0s' {1..65})" absent; do
	say_as E "$name" server.test:4443 '' 3< <(echo "$COOKIE")
	refused NotFound "the name $(printf %q "$name")"
done
run "${E[@]}" mkdir -p "$HOME_ALICE/.config/devid/connections.d"
sed 's/server.test/evil.test/' "$D/work.conf" >"$HOME_ALICE/.config/devid/connections.d/mine.conf"
chown alice: "$HOME_ALICE/.config/devid/connections.d/mine.conf"
say_as E mine evil.test:4443 '' 3< <(echo "$COOKIE")
refused NotFound "a file of her own"

# --- the gateway and its address
for gateway in evil.test:4443 server.test:443 server.test '' https://server.test:4443 'server.test:4443/x' '--script=/bin/true' \
	'server.test:4443 --script=/bin/true' "server.test:4443${NL}" '[::1]:4443' 10.99.0.1:4443; do
	say_as E work "$gateway" '' 3< <(echo "$COOKIE")
	refused OtherGateway "the gateway $(printf %q "$gateway")"
done

# --- root's file
mv "$D/work.conf" "$T/work.conf"
cp "$T/work.conf" "$HOME_ALICE/work.conf"
chown alice: "$HOME_ALICE/work.conf"
broken() {
	say_as E work server.test:4443 '' 3< <(echo "$COOKIE")
	refused Broken "$1"
}
ln -s "$HOME_ALICE/work.conf" "$D/work.conf"
broken "a link to a file of hers"
ln -sf "$T/work.conf" "$D/work.conf"
broken "a link to root's own"
rm "$D/work.conf"
cp -p "$HOME_ALICE/work.conf" "$D/work.conf"
broken "a file that is hers"
rm "$D/work.conf"
machine work
chmod 666 "$D/work.conf"
broken "a file that others can write"
chmod 664 "$D/work.conf"
broken "or a group"
chmod 644 "$D/work.conf"
chmod 777 "$D"
broken "a folder that others can write"
chmod 755 "$D"
chown alice: /etc/devid
broken "a folder above it that is hers"
chown root: /etc/devid
mkfifo "$D/pipe.conf"
say_as E pipe server.test:4443 '' 3< <(echo "$COOKIE")
refused Broken "a pipe in its place"
install -m 644 "$GATEWAY_CA" "$HOME_ALICE/ca.pem"
chown alice: "$HOME_ALICE/ca.pem"
machine hers; sed -i "s,^CAFile=.*,CAFile=$HOME_ALICE/ca.pem," "$D/hers.conf"
say_as E hers server.test:4443 '' 3< <(echo "$COOKIE")
refused Broken "CAFile= of hers"
install -m 644 "$GATEWAY_CA" /tmp/devid-attack-ca.$$.pem
at_exit "rm -f /tmp/devid-attack-ca.$$.pem"
sed -i "s,^CAFile=.*,CAFile=/tmp/devid-attack-ca.$$.pem," "$D/hers.conf"
say_as E hers server.test:4443 '' 3< <(echo "$COOKIE")
refused Broken "root's own where anybody can rename folders: /tmp"
for client in openvpn strongswan exec networkmanager; do
	printf '[Connection]\nGateway=server.test:4443\nClient=%s\nConfig=/etc/x\nCommand=/bin/true\n' $client >"$D/$client.conf"
	say_as E $client server.test:4443 '' 3< <(echo "$COOKIE")
	refused Broken "Client=$client"
done

# --- the cookie
odd() {
	refused BadCookie "$1"
}
say_as E work server.test:4443 '' 3< <(echo)
odd "an empty cookie"
say_as E work server.test:4443 '' 3< <(:)
odd "none at all"
say_as E work server.test:4443 '' 3< <(printf '%s\n%s\n' "$COOKIE" --script=/bin/true)
odd "two lines"
say_as E work server.test:4443 '' 3< <(printf '\n%s\n' "$COOKIE")
odd "an empty line before it"
say_as E work server.test:4443 '' 3< <(printf ' \n')
odd "a blank"
say_as E work server.test:4443 '' 3< <(printf '%s\0x\n' "$COOKIE")
odd "with a NUL"
say_as E work server.test:4443 '' 3< <(printf '%s\r\n' "$COOKIE")
odd "with a carriage return"
say_as E work server.test:4443 '' 3< <(printf '\303\244\n')
odd "with other bytes than ASCII"
say_as E work server.test:4443 '' 3< <(head -c 20000 /dev/zero | tr '\0' x)
odd "a huge one"
printf '%s\n' "$COOKIE" >"$T/cookie"
chmod 644 "$T/cookie"
say_as E work server.test:4443 '' 3<"$T/cookie"
odd "a file in the pipe's place"
say_as E work server.test:4443 '' 3</dev/zero
odd "a device"
say_as E work server.test:4443 '' 3<"$HOME_ALICE"
odd "a folder"
say_as E work server.test:4443 '' 3<>/dev/tcp/10.99.0.1/4443
odd "a socket"
mkfifo "$T/silent"
exec 9<>"$T/silent"
say_as E work server.test:4443 '' 3<"$T/silent"
odd "a pipe that stays silent"
exec 9>&-
# What is one for us is none for the gateway: the gateway says so, and nothing signs in by itself.
signed_in=$(grep -c 'issue cookie' "$GATEWAY_LOG")
for text in --script=/bin/true 'webvpn=' '$(id)' '-'; do
	sleep_end=$T/hold
	mkfifo "$sleep_end"
	"${E[@]}" "$T/tunnel-call" Start work server.test:4443 '' 3< <(printf '%s\n' "$text") <"$sleep_end" >"$T/said" 2>&1 &
	caller=$!
	track "$caller"
	exec 8>"$sleep_end"
	ok "the cookie '$text': openconnect ends, for the gateway refuses it" wait_for 20 grep -q '^Ended' "$T/said" || diag "$(cat "$T/said")"
	exec 8>&-
	wait "$caller"
	rm "$sleep_end"
done
is "$(grep -c 'issue cookie' "$GATEWAY_LOG")" "$signed_in" "and it did not sign in by itself"
is "$(sort -u "$T/started")" "--protocol=anyconnect --cookie-on-stdin --non-inter --reconnect-timeout=0 --cafile=$GATEWAY_CA https://server.test:4443" \
	"root started openconnect at its own file's gateway, and nothing else"

# --- a tunnel, and another user
: >"$T/started"
mkfifo "$T/hold"
"${E[@]}" "$T/tunnel-call" Start work server.test:4443 6.6.6.6 3< <(printf '%s\n' "$COOKIE") <"$T/hold" >"$T/said" 2>&1 &
caller=$!
track "$caller"
exec 8>"$T/hold"
ok "a cookie is one: connected" wait_for 20 grep -q "^Connected" "$T/said" || diag "$(cat "$T/said")" "$(cat "$T/started")"
unlike "$(cat "$T/started")" 6.6.6.6 "an address that root doesn't find for the gateway is passed over"
run "${BOB[@]}" "$T/tunnel-call" Stop </dev/null
like "$out" '^org\.devid\.Tunnel\.Error\.NotFound: this link has no tunnel' "another user can't end it"
run "${E[@]}" "$T/tunnel-call" Stop </dev/null
like "$out" 'Error\.NotFound' "nor another program of hers"
ok "it carries packets" gateway_echoes
# bob listens while she is told of the end.
"${BOB[@]}" dbus-monitor --system "interface='org.devid.Tunnel'" >"$T/heard" 2>&1 8>&- &
monitor=$!
track "$monitor"
wait_for 10 grep -q . "$T/heard"
exec 8>&-
wait "$caller"
ok "it ends with its caller" wait_for 15 no_clients
stop "$monitor"
unlike "$(cat "$T/heard")" 'member=(Line|Connected|Ended)' "and another user hears nothing of it"
rm "$T/hold"
run "${BOB[@]}" dbus-send --system --print-reply --dest=org.devid.Tunnel /org/devid/Tunnel org.freedesktop.DBus.Properties.GetAll \
	string:org.devid.Tunnel
isnt "$rc" 0 "the bus lets nobody call what is not offered"
run "${BOB[@]}" "$PYTHON" -c 'import dbus; b = dbus.SystemBus(); print(b.request_name("org.devid.Tunnel"))'
isnt "$rc" 0 "and nobody but root take its name"
run "${BOB[@]}" /usr/libexec/devid/devid-tunnel
is "$rc" 1 "it does nothing for who isn't root"

# --- too much of it
mkfifo "$T/hold"
callers=()
for i in {1..10}; do
	"${BOB[@]}" "$T/tunnel-call" Start work server.test:4443 '' 3<>"$T/silent" <"$T/hold" >"$T/many.$i" 2>&1 &
	callers+=($!)
	track $!
done
exec 8>"$T/hold"
all_said() {
	[ "$(cat "$T"/many.* | wc -l)" -eq 10 ]
}
ok "ten at once are all answered" wait_for 40 all_said
like "$(cat "$T"/many.*)" 'Error\.Busy: this user has too many tunnels' "of which one user has eight at most"
exec 8>&-
wait "${callers[@]}"
ok "no client is left" no_clients

# --- why: openconnect as root by whatever lets a user run it with these words (as the old way did)
echo | "${E[@]}" timeout 20 openconnect --protocol=anyconnect --cookie-on-stdin --non-inter "--cafile=$GATEWAY_CA" \
	-c "$TOKEN;object=rsa" https://server.test:4443 >"$T/empty" 2>&1
ok "openconnect itself takes an empty cookie for none, and signs in" grep -q 'Got CONNECT response\|Using client certificate' "$T/empty" ||
	diag "$(cat "$T/empty")"
done_testing
