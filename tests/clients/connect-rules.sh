#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect before there is a tunnel: which connection is meant, the office, rules, any program as a client,
# and on which side it fails.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
gateway_network
tunnel_allows alice
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
OWN=$HOME_ALICE/.config/devid/connections.d
mkdir -p "$D"
run "${E[@]}" mkdir -p "$OWN"
NL=$'\n'
# machine NAME LINE…: a file of the machine's, which alone reaches root.
machine() {
	printf '%s\n' '[Connection]' "${@:2}" >"$D/$1.conf"
}
# own NAME LINE…: a file of alice's.
own() {
	local name=$1
	shift
	printf '%s\n' '[Connection]' "$@" >"$OWN/$name.conf"
	chown alice: "$OWN/$name.conf"
}

# --- which one
connect
is "$rc" 2 "no connection and no name: the words are off"
own one Gateway=server.test:4443
own two Gateway=server.test:4443
connect
is "$rc" 2 "two connections and no name"
like "$err" 'one, two' "are named"
own one Gateway=server.test:4443 Colour=red
connect one
is "$rc" 1 "a file with an unknown key"
like "$err" 'one\.conf: 3: unknown key Colour' "is refused with its line"
own one Gateway=server.test:4443
chmod 666 "$OWN/one.conf"
connect one
is "$rc" 1 "a file that others could have written is refused"
chmod 600 "$OWN/one.conf"
printf '[Connection]\nGateway=machine.test\n' >"$D/one.conf"
connect one --dry-run
like "$out" 'https://machine\.test' "the machine's file goes before the user's own"
rm "$D/one.conf"
connect one --dry-run
like "$out" 'https://server\.test:4443' "which is read where there is no other"
connect '../one'
is "$rc" 2 "a path is no name"
connect --supervise one
is "$rc" 2 "what is not for people is refused"
run "${E[@]}" devid start one --dry-run
is "$rc" 0 "start is connect"
run "${E[@]}" devid stop
is "$rc" 1 "and stop is disconnect"

# --- what a file says to openconnect
pin() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary |
		base64 | sed 's/^/pin-sha256:/'
}
PIN=$(pin "$PKI/server.crt")
words=('Arguments=--no-dtls; --useragent=Open AnyConnect, of Tokyo' "ServerPin=$PIN")
machine words Gateway=server.test:4443 Identity=rsa Protocol=gp "${words[@]}"
connect words --dry-run
like "$out" "openconnect --protocol=gp --authenticate [^$NL]*--servercert=${PIN//+/\\+} [^$NL]* --no-dtls '--useragent=Open AnyConnect, of Tokyo' https:" \
	"Protocol=, ServerPin= and Arguments= are in the sign-in"
like "$out" "devid-tunnel: [^$NL]*openconnect --protocol=gp --cookie-on-stdin [^$NL]*--servercert=${PIN//+/\\+} --no-dtls '--useragent=Open AnyConnect, of Tokyo' https:" \
	"and in the tunnel's"
machine words Gateway=server.test:4443 Identity=rsa Protocol=anyconnect "${words[@]}"
connect words -- --os=win
is "$rc" 0 "the right pin connects, without a CA" || diag "$(last_run)"
ok "and it carries packets" gateway_echoes
like "$(cat "$HOME_ALICE/.local/state/devid/connections/words.log")" \
	'with SSL connected and DTLS disabled' "as Arguments= want it"
like "$(grep -a 'User-agent' "$GATEWAY_LOG" | tail -n 1)" "'Open AnyConnect, of Tokyo'" "each is one word for the client"
unlike "$(tr '\0' ' ' <"/proc/$(gateway_tunnels)/cmdline")" '--os=win' "what stands after -- is the sign-in's alone"
end words
rm "$D/words.conf"
cookies=$(grep -c 'issue cookie' "$GATEWAY_LOG")
own words Gateway=server.test:4443 Identity=rsa "ServerPin=$(pin "$PKI/rsa2048.crt")" "CAFile=$PKI/root.crt"
connect words --json
is "$rc" 1 "another key than the pin's: an error, though the CA is the right one" || diag "$(last_run)"
like "$out" '"reason" : "gateway-untrusted"' "with its word"
is "$(client_connectivity 1)" "Connection=gateway-untrusted" "and its event"
is "$(grep -c 'issue cookie' "$GATEWAY_LOG")" "$cookies" "and nobody has signed in"

# --- any program
cat >"$T/client" <<-'X'
	#!/bin/sh
	printf '%s\n' "$@" >"$HOME/words"
	sed -n 's/^SigIgn:[[:space:]]*//p' /proc/$$/status >"$HOME/ignored"
	[ "$1" = stay ] || { echo "it can't" >&2; exit 7; }
	exec sleep 300
X
chmod 755 "$T/client"
own any Gateway=vpn.test:99 Client=exec "Command=$T/client stay {uri} {gateway} {host} {port} {user} '{uri}x' '\$(id)'" \
	User=alice Identity=rsa
"${E[@]}" devid status --watch >"$T/watch" 2>&1 &
watch=$!
track "$watch"
ok "status --watch says that nothing is connected" wait_for 5 grep -qx 'nothing is connected' "$T/watch"
connect any -- more 'words here'
is "$rc" 0 "a program that stays is connected" || diag "$(cat "$HOME_ALICE"/.local/state/devid/connections/any.log)"
is "$(paste -sd' ' "$HOME_ALICE/words")" \
	"stay $TOKEN;object=rsa vpn.test:99 vpn.test 99 alice {uri}x \$(id) more words here" "its words are filled in, without a shell"
is "$(cat "$HOME_ALICE/ignored")" 0000000000000000 "and it ignores no signal"
pid=$(pgrep -u alice -x sleep)
ok "status --watch tells when it is there" wait_for 5 grep -q '^any: connected since' "$T/watch" || diag "$(cat "$T/watch")"
connect any
like "$out" 'already connected' "once is enough"
end any
is "$rc" 0 "it is ended"
ok "with its program" wait_for 5 gone "$pid"
ok "and when it is gone" wait_for 5 grep -q '^any: disconnected' "$T/watch"
stop "$watch"
own fails Gateway=vpn.test Client=exec "Command=$T/client leave" Identity=rsa
connect fails
is "$rc" 1 "a program that ends at once is no connection"
like "$err" "the VPN client failed \(exec: it can't\)" "with its last words"
own lost Gateway=vpn.test Client=exec Command=/nonexistent/client Identity=rsa
connect lost --json
is "$rc" 1 "a program that isn't there"
like "$out" '"reason" : "client-missing"' "is told"
# The supervisor is killed: its program does not stay.
connect any
pid=$(pgrep -u alice -x sleep)
kill -KILL "$(pgrep -o -u alice -x devid)"
ok "a killed supervisor takes its program along" wait_for 5 gone "$pid"
run "${E[@]}" devid status
like "$out" 'any: ended: its supervisor has gone' "which status tells"

# --- a supervisor that ends before it has read what signing in brought
cat >"$T/openconnect" <<-X
	#!/bin/sh
	# It waits for us.
	kill -KILL "\$(pgrep -o -u alice -f 'connect --supervise early')"
	echo "CONNECT_URL='https://server.test:4443/'"
	echo "FINGERPRINT='pin-sha256:x'"
	head -c 40000 /dev/zero | tr '\\0' x | sed "s/.*/COOKIE='&'/"
X
chmod 755 "$T/openconnect"
own early Gateway=server.test:4443 Identity=rsa
# Whoever has many pipes gets small ones, and a small one doesn't hold it all.
cat >"$T/pipes.py" <<-'X'
	import os, sys, time
	pipes = [os.pipe() for i in range(1100)]
	print("ready", flush=True)
	time.sleep(300)
X
prlimit --nofile=4096:4096 "${E[@]}" "$PYTHON" "$T/pipes.py" >"$T/pipes" 2>&1 &
pipes=$!
track "$pipes"
wait_for 10 grep -q ready "$T/pipes" || diag "$(cat "$T/pipes")"
RUN_BOUND=20 run "${E[@]}" PATH="$T:/usr/bin:/bin" devid connect early </dev/null
is "$rc" 1 "a supervisor that ends early: an error, and no wait"
like "$err" 'the supervisor ended without a word; its log is ' "in words"
stop "$pipes"

# --- rules, and the state of the device
# fault SIDE NAME ARG…: what --diagnose says of `devid connect ARG…`.
fault() {
	local side=$1 name=$2
	shift 2
	connect "$@" --diagnose --json
	is "$(sed -n 's/^  "side" : "\(.*\)",$/\1/p' <<<"$out")" "$side" "$name"
}
machine work Gateway=server.test:4443 "CAFile=$GATEWAY_CA" Identity=rsa
mkdir -p /etc/devid/rules.d
rule() {
	printf '%s\n' "$@" >/etc/devid/rules.d/1.conf
}
# managed VERSION: a profile that asks for devid itself, so new.
managed() {
	printf '[Profile managed]\nClientVersion=%s\n' "$1" >/etc/devid/account.conf
}
# refuses REASON SIDE NAME
refuses() {
	local before after
	before=$(gateway_packets)
	connect work
	after=$(gateway_packets)
	is "$rc" 4 "$3: exit status 4" || diag "$(last_run)"
	is "$after" "$before" "$3: no packet leaves"
	is "$(client_connectivity 1)" "Local Check=$1" "$3: the event has the reason"
	ok "$3: no client is started" no_tunnels
	fault "$2" "$3: the fault is in the $2" work
}
rule '[Rule closed]' Action=block
refuses rule-blocked account "a rule that blocks"
managed 99
rule '[Rule managed]' Profiles=managed Action=allow
refuses no-rule device "a state that the device isn't in"
like "$out" 'rule managed: the device does not meet profile managed' "with the rule and the profile"
rule '[Rule managed]' Profiles=managed Action=allow '[Rule others]' Action=block
refuses rule-blocked device "the same before a rule that blocks"
rule '[Rule managed]' Profiles=managed Action=allow Users=bob
refuses no-rule account "a rule that would not let her in anyhow"
rule '[Rule managed]' Profiles=managed Action=block '[Rule others]' Action=block
refuses rule-blocked account "a state that would not let her in either"
managed 0.1
rule '[Rule managed]' Profiles=managed Action=allow
connect work
is "$rc" 0 "a state that the device is in: connected" || diag "$(last_run)"
ok "and it carries packets" gateway_echoes
end
rm -r /etc/devid/rules.d /etc/devid/account.conf

# --- what --json says, and --foreground
connect work --json
is "$rc" 0 "--json: connected"
is "$("$PYTHON" -c '
import json, sys
print(" ".join(str(value) for key, value in sorted(json.load(sys.stdin).items()) if key != "address"))' <<<"$out")" \
	"openconnect server.test:4443 rsa work ok ok connected" "with client, gateway, identity and name"
address=$(sed -n 's/.*"address" : "\(.*\)".*/\1/p' <<<"$out")
like "$(ip -o addr show)" " inet ${address:-none}/" "and an address that this machine has"
end
ok "no client is left" wait_for 5 no_tunnels
connected() {
	"${E[@]}" devid status | grep -q 'work: connected'
}
in_foreground() {
	# A job of a script ignores what Ctrl-C sends.
	env --default-signal=INT "${E[@]}" devid connect work --foreground >"$T/front.out" 2>"$T/front.err" </dev/null &
	front=$!
	track "$front"
	ok "--foreground: connected" wait_for 10 connected || diag "$(cat "$T/front.err")"
}
# has_ended NAME
has_ended() {
	ok "$1: it ends" wait_for 5 gone "$front"
	wait "$front"
	is $? 0 "$1: with 0"
	ok "$1: no client is left" wait_for 5 no_tunnels
	ok "$1: nor a state" test ! -e "/run/user/$(id -u alice)/devid/connections/work.json"
}
in_foreground
ok "and it carries packets" gateway_echoes
is "$(pgrep -u alice -x devid)" "$front" "by itself: no other one stays"
like "$(cat "$T/front.err")" "Using client certificate 'laptop-rsa2048'.*Configured as 10\.98\..*work: connected, address 10\.98\." \
	"the client's lines are on standard error"
is "$(cat "$T/front.out")" "" "and none on standard output"
connect work
like "$out" 'already connected' "another one finds it there"
end
is "$rc" 0 "disconnect ends it too"
has_ended disconnect
in_foreground
kill -INT "$front"
has_ended "Ctrl-C"
in_foreground
gateway_stop
ok "a gateway that goes away" wait_for 20 grep -q 'work: .*; it is checked and made again in 1 s' "$T/front.err"
kill -INT "$front"
has_ended "Ctrl-C while it waits"
gateway_start 'auth = "certificate"'
before=$(gateway_packets)
connect work --foreground --identity stranger
is "$rc" 3 "what the check refuses doesn't start there either"
is "$(gateway_packets)" "$before" "and no packet leaves"

# --- on which side
fault none "all is well: nobody's fault" work
fault certificate "a stranger's certificate: the certificate's" work --identity stranger
fault gateway "a gateway that nobody vouches for: the gateway's" one --identity rsa
gateway_stop
fault network "no gateway: the network's" work
mv "$PKI/issuing-chain.pem" "$T/chain.pem"
cp "$PKI/stranger-root.crt" "$PKI/issuing-chain.pem"
gateway_start 'auth = "certificate"'
fault gateway "a gateway that doesn't know our CA: the gateway's" work
connect work
is "$rc" 3 "which refuses"
like "$err" 'the gateway refused the certificate' "with words for it"
gateway_stop
mv "$T/chain.pem" "$PKI/issuing-chain.pem"
mv /etc/devid/signing "$T/signing"
fault account "no account: the account's" work
connect work
is "$rc" 6 "and connect ends as check does without one"
mv "$T/signing" /etc/devid/signing
like "$(connect work --diagnose; echo "$out")" 'diagnosis +the fault is in the network' "in one sentence"

# --- the office
ip route add default via 10.99.0.1
mac=$(ip -n gateway -o link show g0 | sed 's/.*ether \([0-9a-f:]*\).*/\1/')
ping -c 1 -W 2 10.99.0.1 >/dev/null
printf '[Office hq]\nGatewayAddress=10.99.0.1\nGatewayMAC=%s\n' "$mac" >/etc/devid/account.conf
connect work
is "$rc" 0 "in the office there is nothing to do"
like "$out" 'this is the office hq: no tunnel is needed' "which is said"
ok "and no client is run" no_tunnels
connect work --json
like "$out" '"state" : "office"' "--json has it"
gateway_start 'auth = "certificate"'
machine work Gateway=server.test:4443 "CAFile=$GATEWAY_CA" Identity=rsa Office=ignore
connect work
is "$rc" 0 "Office=ignore makes a tunnel"
ok "that carries packets" gateway_echoes
end
ok "no client is left" wait_for 5 no_tunnels
done_testing
