#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect's way to root, where NetworkManager doesn't run: devid-tunnel, which the real system bus starts, and for
# which the real polkitd answers.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
gateway_network
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
OWN=$HOME_ALICE/.config/devid/connections.d
mkdir -p "$D"
run "${E[@]}" mkdir -p "$OWN"
machine() {
	printf '%s\n' '[Connection]' Gateway=server.test:4443 Identity=rsa "CAFile=$GATEWAY_CA" "${@:2}" >"$D/$1.conf"
}
machine work
LOG=$HOME_ALICE/.local/state/devid/connections/work.log
# needs_root PATTERN NAME: it failed for that, in words.
needs_root() {
	is "$rc" 1 "$2: an error"
	like "$err" "nothing here may make a tunnel for this user$1" "$2: in words"
	like "$err" 'hint: ask the administrator for the connection in /etc/devid/connections\.d' "$2: with the way out"
	ok "$2: no client is left" wait_for 5 no_tunnels
}
capabilities() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$(gateway_tunnels)/status"
}
NET_ADMIN=$(printf '%016x' $((1 << 12)))

# --- who may
connect work
needs_root ' \(devid-tunnel: system bus: ' "no system bus"
system_bus_start
# The bus would start it.
mv /usr/lib/polkit-1/polkitd "$T/polkitd"
connect work
needs_root " \(devid-tunnel: polkit can't be asked: " "no polkit"
mv "$T/polkitd" /usr/lib/polkit-1/polkitd
polkit_start
connect work
needs_root ' \(devid-tunnel: polkit wants a password for org\.devid\.tunnel\.connect, and nobody asks for it here\)' \
	"nobody sits at the machine, and no rule lets her"
is "$(pkaction --verbose --action-id org.devid.tunnel.connect | sed -n 's/^ *implicit //p' | tr -s ' ' | paste -sd,)" \
	'any: auth_admin,inactive: auth_admin,active: yes' "who sits there would be let"
connect work --json
like "$out" '"reason" : "root-needed"' "--json has its word"
is "$("${E[@]}" devid events --json | sed -n 's/.*"reason" : "\(root-needed\)".*/\1/p' | tail -n 1)" root-needed "with an event"
tunnel_answer NO
connect work
needs_root ' \(devid-tunnel: polkit does not allow org\.devid\.tunnel\.connect\)' "polkit says no"
tunnel_answer YES
connect work --dry-run
like "$out" "devid-tunnel: /usr/sbin/openconnect --protocol=anyconnect --cookie-on-stdin --non-inter --reconnect-timeout=0 --cafile=$GATEWAY_CA https://server\.test:4443" \
	"--dry-run prints what root would run"
connect work
is "$rc" 0 "polkit says yes: connected" || diag "$(last_run)" "$(cat "$LOG")"
like "$out" 'connected: address 10\.98\.0\.[0-9]+, gateway server\.test:4443 \(openconnect\), identity rsa' "with its address"
ok "and it carries packets" gateway_echoes
like "$(cat "$LOG")" 'Configured as 10\.98\.' "the log has the client's lines"

# --- what root runs
is "$(ps -o user= -C openconnect)" root "root's process makes it"
is "$(tr '\0' ' ' <"/proc/$(gateway_tunnels)/cmdline")" \
	"/usr/sbin/openconnect --protocol=anyconnect --cookie-on-stdin --non-inter --reconnect-timeout=0 --cafile=$GATEWAY_CA --resolve=server.test:10.99.0.1 https://server.test:4443 " \
	"with the file's words, and the address that both found"
is "$(tr '\0' '\n' <"/proc/$(gateway_tunnels)/environ" | sort | paste -sd' ')" \
	'HOME=/ LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin' "in an environment of its own"
for set in CapEff CapPrm CapBnd; do
	is "$(capabilities $set)" "$NET_ADMIN" "with CAP_NET_ADMIN and no other: $set"
done
is "$(capabilities NoNewPrivs)" 1 "and no way to more"
is "$(capabilities CapAmb)" 0000000000000000 "none is handed on"
end
is "$rc" 0 "and is ended, though it is root's"
ok "no client is left" wait_for 5 no_tunnels
ok "devid-tunnel is, for the next" tunnel_helper
start=$(tunnel_helper)
connect work
is "$rc" 0 "the next one: connected"
is "$(tunnel_helper)" "$start" "by the same"

# --- its end
kill -KILL "$(pgrep -u alice -x devid)"
ok "a killed supervisor takes root's client along" wait_for 15 no_tunnels
connect work
is "$rc" 0 "connected again" || diag "$(last_run)"
stop "$(tunnel_helper)"
ok "devid-tunnel ends what it made" wait_for 15 no_tunnels
ok "which is noticed, and made again" wait_for 30 is_in_state connected || diag "$(cat "$LOG")"
ok "and carries packets" gateway_echoes
kill -KILL "$(tunnel_helper)"
twice() {
	[ "$(grep -c 'checked and made again' "$LOG")" -ge 2 ]
}
ok "killed, too" wait_for 15 twice || diag "$(cat "$LOG")"
ok "it is back" wait_for 30 is_in_state connected || diag "$(cat "$LOG")"
is "$(gateway_tunnels | wc -l)" 1 "with one client"
end
is "$rc" 0 "disconnected"
ok "no client is left" wait_for 5 no_tunnels
# In the foreground.
env --default-signal=INT "${E[@]}" devid connect --foreground work >"$T/log" 2>&1 </dev/null &
connecting=$!
track $connecting
ok "in the foreground: connected" wait_for 20 grep -q 'work: connected, address' "$T/log" || diag "$(cat "$T/log")"
kill -INT $connecting
ok "interrupted, it ends" wait_for 15 gone $connecting
ok "and leaves no client" wait_for 5 no_tunnels
# A helper that can't be started, and one that hangs.
tunnel_helper_end
mv /usr/libexec/devid/devid-tunnel "$T/devid-tunnel"
connect work
needs_root ' \(devid-tunnel: ' "no devid-tunnel"
mv "$T/devid-tunnel" /usr/libexec/devid/devid-tunnel
connect work
is "$rc" 0 "and when it is back, all is well" || diag "$(last_run)"
end
# openconnect is not there for root.
mv /usr/sbin/openconnect "$T/openconnect"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$T/openconnect" >"$HOME_ALICE/openconnect"
chmod 755 "$HOME_ALICE/openconnect"
run "${E[@]}" "PATH=$HOME_ALICE:/usr/bin:/bin" devid connect work </dev/null
is "$rc" 1 "an openconnect that is hers alone: an error"
like "$err" 'the VPN client is not installed, or not running \(devid-tunnel: ' "and not root's"
mv "$T/openconnect" /usr/sbin/openconnect

# --- polkit's own prompt, on a terminal: an agent for our supervisor, which is there while the gateway is silent.
supervised() {
	pgrep -f 'devid connect --supervise'
}
registered() {
	grep -q 'Registered Authentication Agent' "$T/polkitd.log"
}
# asked PASSWORD: connects, while somebody at the prompt types that.
asked() {
	kill -STOP "$GATEWAY_PID"
	"${E[@]}" devid connect work >"$T/connect" 2>&1 </dev/null &
	connecting=$!
	track $connecting
	wait_for 20 supervised || bail "no supervisor"
	"${E[@]}" python3 "$TESTS/lib/pty-run.py" type "$1" -- pkttyagent --process "$(pgrep -o -f 'devid connect --supervise')" \
		>"$T/prompt" 2>&1 &
	prompt=$!
	track $prompt
	ok "$1: a prompt is there" wait_for 10 registered || diag "$(cat "$T/prompt")"
	kill -CONT "$GATEWAY_PID"
	wait $connecting
	rc=$?
	end_process "$(pgrep -u alice -x pkttyagent)"
	wait $prompt
	out=$(cat "$T/connect")
}
echo alice:secret | chpasswd
for password in secret wrong; do
	tunnel_answer AUTH_SELF
	asked $password
	like "$(cat "$T/prompt")" "AUTHENTICATING FOR org.devid.tunnel.connect" "$password: she is asked"
	like "$(cat "$T/prompt")" "connect to the VPN work, gateway server\.test:4443" "$password: for what"
	if [ $password = secret ]; then
		is "$rc" 0 "the right password: connected" || diag "$out" "$(cat "$T/prompt")"
		ok "and it carries packets" gateway_echoes
		end
		ok "no client is left" wait_for 5 no_tunnels
	else
		is "$rc" 1 "a wrong one: an error" || diag "$(cat "$T/prompt")"
		like "$out" "nothing here may make a tunnel for this user" "in words"
	fi
done

# --- devid-tunnel leaves while she signs in: the link to it that was kept is no link any more
tunnel_answer YES
linked() {
	busctl list --unique --no-legend | awk -v pid="$(pgrep -o -f 'devid connect --supervise')" \
		'$2 == pid { found = 1 } END { exit !found }'
}
kill -STOP "$GATEWAY_PID"
"${E[@]}" devid connect work >"$T/connect" 2>&1 </dev/null &
connecting=$!
track $connecting
ok "while the gateway is silent the supervisor has its link" wait_for 20 linked
tunnel_helper_end
kill -CONT "$GATEWAY_PID"
wait $connecting
is $? 0 "devid-tunnel has left meanwhile: connected" || diag "$(cat "$T/connect")"
ok "by another" tunnel_helper
end

# --- what never reaches root
printf '[Connection]\nGateway=server.test:4443\nIdentity=rsa\nCAFile=%s\n' "$GATEWAY_CA" >"$OWN/mine.conf"
chown alice: "$OWN/mine.conf"
connect mine
needs_root " \(only the machine's connections reach root\)" "a connection of her own"
connect mine --dry-run
like "$out" "only the machine's connections reach root" "--dry-run says so, too"
connect server.test:4443 -- "--cafile=$GATEWAY_CA"
needs_root " \(only the machine's connections reach root\)" "a gateway that is in no file"
printf 'client\nscript-security 2\nup %s\n' "$HOME_ALICE/up" >"$HOME_ALICE/client.ovpn"
printf '#!/bin/sh\nid -u >%s\n' "$T/users/alice/ran" >"$HOME_ALICE/up"
chmod 755 "$HOME_ALICE/up"
printf '[Connection]\nGateway=server.test\nClient=openvpn\nConfig=%s\n' "$HOME_ALICE/client.ovpn" >"$D/ovpn.conf"
printf '[DeviceAuthentication]\nLinux=allow\n' >/etc/devid/account.conf
connect ovpn
is "$rc" 1 "OpenVPN with a file: an error"
like "$err" 'nothing here may make a tunnel for this user \(a configuration of its own is never run as root' "in words"
like "$err" 'hint: .*unit openvpn-client@NAME' "with the way out"
ok "and nothing ran" test ! -e "$T/users/alice/ran"
rm /etc/devid/account.conf
machine work Arguments=--no-dtls
connect work -- --script=/bin/true
is "$rc" 0 "words behind --: connected" || diag "$(last_run)"
unlike "$(tr '\0' ' ' <"/proc/$(gateway_tunnels)/cmdline")" 'script' "but not root's"
end

# --- another gateway than the file's, as behind a balance
gateway_stop
echo '10.99.0.1 other.test' >>/etc/hosts
cat >"$HOME_ALICE/openconnect" <<-'X'
	#!/bin/sh
	# A sign-in that was led elsewhere.
	/usr/sbin/openconnect "$@" | sed "s,^CONNECT_URL=.*,CONNECT_URL='https://other.test:4443/',; s,^RESOLVE=.*,RESOLVE='other.test:10.99.0.1',"
X
chmod 755 "$HOME_ALICE/openconnect"
gateway_start 'auth = "certificate"'
moved() {
	run "${E[@]}" "PATH=$HOME_ALICE:/usr/bin:/bin" devid connect work --json </dev/null
}
moved
is "$rc" 1 "a session that is another gateway's: an error"
like "$out" '"reason" : "gateway-moved"' "with its word" || diag "$(last_run)"
like "$out" 'TunnelGateways=' "and the key that allows it"
PIN=$(openssl x509 -in "$PKI/server.crt" -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64)
printf '[Connection]\nGateway=server.test:4443\nIdentity=rsa\nServerPin=pin-sha256:%s\nTunnelGateways=third.test, other.test:4443\n' "$PIN" \
	>"$D/work.conf"
moved
is "$rc" 0 "which allows it" || diag "$(last_run)"
like "$(tr '\0' ' ' <"/proc/$(gateway_tunnels)/cmdline")" "--servercert=pin-sha256:${PIN//+/\\+} --resolve=other.test:10.99.0.1 https://other\.test:4443 " \
	"with the file's pin"
ok "and it carries packets" gateway_echoes
end

# --- root's own
as root
cp -r "$HOME_ALICE/"{rsa2048.p12,password} "$T/users/root/"
run "${A[@]}" devid import-cert --system --label machine --password-file password rsa2048.p12
tunnel_helper_end
machine work Identity=machine
run "${A[@]}" devid connect work </dev/null
is "$rc" 1 "a key twice in a file is refused"
printf '[Connection]\nGateway=server.test:4443\nCAFile=%s\n' "$GATEWAY_CA" >"$D/work.conf"
run "${A[@]}" devid connect work --identity machine </dev/null
is "$rc" 0 "root makes it without devid-tunnel" || diag "$(last_run)"
not_ok "which is not started" tunnel_helper
run "${A[@]}" devid disconnect work
is "$rc" 0 "and ends it"
ok "no client is left" wait_for 5 no_tunnels
ok "no supervisor either" wait_for 5 no_supervisor
done_testing
