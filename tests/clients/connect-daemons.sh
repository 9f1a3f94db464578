#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect with the clients that are root's daemons and have the machine's identity: OpenVPN by its own
# configuration file, and as a unit of systemd; strongSwan by a child of swanctl.conf. The daemons run with their
# units' restrictions, and with what `devid profile` wrote.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
. "$(dirname "$0")/../lib/network-manager.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/openvpn.sh"
. "$(dirname "$0")/../lib/strongswan.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
PATH=$PATH:/usr/sbin:/sbin
gateway_network
cp "$PKI/stranger.p12" "$T/users/root/"
# As the socket's unit would have it: a daemon in its sandbox must not start one.
/usr/libexec/devid/devid-agent --system --idle-timeout 0 >"$T/agent.log" 2>&1 &
track $!
wait_for 5 test -S /run/devid/agent
client_import_system rsa2048 rsa2048
client_import_system p256 p256
client_import_system stranger stranger
# She is in the group since then.
machine_session alice
as root
CA=/etc/ssl/example-root.pem
install -m 644 "$PKI/root.crt" $CA
LOGS=$T/users/root/.local/state/devid/connections
D=/etc/devid/connections.d
mkdir -p "$D"
echoes() {
	ping -c 2 -i 0.2 -W 2 "$1"
}
no_client() {
	! pgrep -x openvpn -r S,R,D | grep -v "^$OPENVPN_SERVER\$"
}
profile() {
	run "${A[@]}" devid profile "$@" --gateway server.test --ca-file $CA --install --yes
	[ "$rc" -eq 0 ] || diag "$(last_run)"
}
# The name in the certificate of whom the server let in last.
server_user() {
	sed -n 's/.*\[\(.*\)\] Peer Connection Initiated with .*/\1/p' "$OPENVPN_LOG" | tail -n 1
}
# connection NAME LINE…
connection() {
	local name=$1
	shift
	printf '%s\n' '[Connection]' "$@" >"$D/$name.conf"
}
WHO=("${A[@]}")
NL=$'\n'

# --- OpenVPN, by its file
OPENVPN_SERVER_UNDER=(ip netns exec gateway)
server_start() {
	openvpn_server 'keepalive 1 3' "ca $PKI/issuing-chain.pem"
}
server_start
file=/etc/openvpn/client/server.test.conf
for kind in rsa2048 p256; do
	profile openvpn "$kind"
	cp $file "$T/$kind.conf"
	printf 'hand-window 8\nverb 3\n' >>"$T/$kind.conf"
	connection "ovpn-$kind" Gateway=server.test:1194 Client=openvpn "Identity=$kind" "Config=$T/$kind.conf"
	connect "ovpn-$kind"
	is "$rc" 0 "OpenVPN, $kind: connected" || diag "$(cat "$LOGS/ovpn-$kind.log")"
	like "$out" "connected: address 10\.97\.0\.[0-9]+, gateway server\.test:1194 \(openvpn\), identity $kind" "with its address"
	ok "and it carries packets" echoes 10.97.0.1
	is "$(server_user)" "laptop-$kind" "the server's log has the certificate's name"
	like "$(cat "$LOGS/ovpn-$kind.log")" "VERIFY OK: depth=0,[^$NL]*CN=server\.test.*Initialization Sequence Completed" \
		"the client's has the server's"
	[ "$kind" = p256 ] || {
		end
		is "$rc" 0 "disconnected"
		ok "no client is left" wait_for 5 no_client
	}
done
stop "$OPENVPN_SERVER"
ok "a server that goes away is noticed" wait_for 25 is_in_state reconnecting || diag "$(cat "$LOGS/ovpn-p256.log")"
server_start
ok "and the connection made again" wait_for 30 is_in_state connected
ok "that carries packets" echoes 10.97.0.1
held() {
	"${A[@]}" devid status 2>/dev/null | sed -nE "s/^ *machine's *running \\(process [0-9]+, ([0-9]+) keys? in memory\\)$/\\1/p"
}
end
is "$rc" 0 "disconnected"
is "$(held)" 1 "the machine's agent holds the key"
connect ovpn-rsa2048 --reset-cred
is "$rc" 0 "--reset-cred with another one: connected" || diag "$(last_run)"
like "$out" "forgot no saved sign-in, the remembered choice, and the keys in memory" "what was forgotten is told"
is "$(held)" 1 "and is: the agent holds the other key alone"
end
is "$rc" 0 "disconnected"
connection bad Gateway=server.test:1194 Client=openvpn Identity=stranger "Config=$T/p256.conf"
# The ended tunnel's last packets and neighbours' questions come late.
no_packets_for_a_while() {
	before=$(gateway_packets)
	! wait_for 1 eval '[ "$(gateway_packets)" != "$before" ]'
}
wait_for 20 no_packets_for_a_while
connect bad
is "$rc" 3 "what the check refuses never starts it"
is "$(gateway_packets)" "$before" "and no packet leaves"
# The program can't be started, isn't there, or ends at once.
program=/usr/sbin/openvpn
mv $program "$T/openvpn"
install -m 644 "$T/openvpn" $program
connect ovpn-rsa2048
is "$rc" 1 "an OpenVPN that isn't executable: an error"
like "$err" 'openvpn: .*(Permission denied|No such file)' "in words"
rm $program
connect ovpn-rsa2048 --json
is "$rc" 1 "none at all: an error"
like "$out" '"reason" : "client-missing"' "with its word"
printf '#!/bin/sh\necho "Options error: it can not"\nexit 1\n' >$program
chmod 755 $program
connect ovpn-rsa2048
is "$rc" 1 "one that ends at once: an error"
like "$err" 'the VPN client failed \(openvpn: Options error: it can not\)' "with its last words"
cp "$T/openvpn" $program
connect ovpn-rsa2048
is "$rc" 0 "and when it can be started, all is well" || diag "$(last_run)"
end

# --- OpenVPN as a unit, which an employee starts: where polkit lets her
connection unit Gateway=server.test:1194 Client=openvpn Identity=p256 Config=server.test
connect unit
is "$rc" 1 "a unit where systemd does not run"
like "$err" 'systemd does not run here' "is told so"
as_unit openvpn-client@
cat >"$T/unit" <<-X
	#!/bin/bash
	exec $(printf '%q ' "${UNDER[@]}") env -i -C /etc/openvpn/client PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		"NOTIFY_SOCKET=\$NOTIFY_SOCKET" openvpn --suppress-timestamps --nobind --config \
		"\$(sed 's/.*@\(.*\)\.service/\1/' <<<"\$1").conf" >>$T/unit.log 2>&1
X
chmod 755 "$T/unit"
mkdir -p /run/systemd/system
system_bus_start
answer() {
	cat >/etc/polkit-1/rules.d/10-units.rules <<-X
		polkit.addRule(function(action, subject) {
			if (action.id == "org.freedesktop.systemd1.manage-units" && subject.user == "alice")
				return polkit.Result.$1;
		});
	X
	chmod 644 /etc/polkit-1/rules.d/10-units.rules
	[ -z "${POLKIT_PID:-}" ] || stop "$POLKIT_PID"
	polkit_start
	POLKIT_PID=${PIDS[-1]}
}
"$PYTHON" "$TESTS/lib/unit-manager.py" "$T/unit" >"$T/units.log" 2>&1 &
track $!
wait_for 10 system_bus_has org.freedesktop.systemd1 || bail "no manager of units: $(cat "$T/units.log")"
WHO=("${E[@]}")
for refusal in NO AUTH_ADMIN; do
	answer $refusal
	connect unit
	is "$rc" 1 "polkit says $refusal: an error" || diag "$(last_run)"
	like "$err" 'nothing here may make a tunnel for this user \(openvpn: .*(Access denied|Interactive authentication required)' \
		"in words, with systemctl's"
	like "$err" 'hint: .*polkit' "and a hint"
done
answer YES
connection none Gateway=server.test:1194 Client=openvpn Identity=p256 Config=absent
connect none --json
is "$rc" 1 "a unit that isn't there: an error"
like "$out" '"reason" : "client-missing"' "with its word" || diag "$(last_run)"
connection broken Gateway=server.test:1194 Client=openvpn Identity=p256 Config=nosuch
connect broken
is "$rc" 1 "a unit that fails: an error"
like "$err" 'server\.test:1194: .*\(openvpn: .*' "in words, with systemctl's" || diag "$(last_run)"
for kind in rsa2048 p256; do
	profile openvpn "$kind"
	: >"$T/unit.log"
	connect unit --identity "$kind"
	is "$rc" 0 "a unit, $kind: connected" || diag "$(last_run)" "$(tail -n 20 "$T/unit.log" "$T/units.log")"
	ok "and it carries packets" echoes 10.97.0.1
	is "$(server_user)" "laptop-$kind" "the server's log has the certificate's name"
	like "$(cat "$T/unit.log")" '\[server\.test\] Peer Connection Initiated.*Initialization Sequence Completed' \
		"the unit's has the server's"
	is "$(ps -o user= -C openvpn | sort -u)" root "root's process does"
	end
	is "$rc" 0 "disconnected"
	ok "with its unit" wait_for 5 no_client
done
connect unit
kill "$(pgrep -x openvpn | grep -v "^$OPENVPN_SERVER\$")"
ok "a unit that ends is noticed" wait_for 20 grep -q 'the connection is gone' \
	"$HOME_ALICE/.local/state/devid/connections/unit.log"
ok "and started again" wait_for 20 is_in_state connected
ok "and carries packets" echoes 10.97.0.1
end
stop "$OPENVPN_SERVER"
# The unit is started, and no tunnel stands: that is no connection.
printf 'connect-retry-max 1\nhand-window 3\nremap-usr1 SIGTERM\n' >>$file
connect unit
is "$rc" 1 "a unit without a tunnel is not connected" || diag "$(last_run)"
like "$err" 'openvpn ended before it was connected' "which is said"
ok "no client is left" wait_for 5 no_client

# --- strongSwan
WHO=("${A[@]}")
swan_gateway server ip netns exec gateway
connection ike Gateway=server.test Client=strongswan Config=server-test
connect ike --identity p256
is "$rc" 1 "no daemon: an error"
like "$err" 'not installed, or not running' "in words"
for kind in rsa2048 p256; do
	how=$([ $kind = p256 ] && echo ECDSA || echo RSA)
	profile strongswan "$kind"
	swan_client
	connect ike --identity "$kind"
	is "$rc" 0 "strongSwan, $kind: connected" || diag "$(last_run)" "$SWAN_LOADED" "$(tail -n 20 "$SWAN_CLIENT_LOG")"
	like "$out" "connected: address 10\.95\.0\.[0-9]+, .*\(strongswan\), identity $kind" "with its address"
	ok "and it carries packets" echoes 10.96.0.1
	like "$(cat "$SWAN_GATEWAY_LOG")" "authentication of '.*CN=laptop-$kind' with $how.* successful" "the gateway saw the certificate"
	like "$(cat "$LOGS/ike.log")" "CN=laptop-$kind' \(myself\) with $how.* successful.*authentication of 'server\.test' with .* successful" \
		"the client's has both sides"
	[ "$kind" = p256 ] || {
		end
		is "$rc" 0 "disconnected"
		swan_client_stop
	}
done
swan_gateway_ctl --terminate --ike rw >"$T/terminate" 2>&1
ok "what the gateway ends is noticed" wait_for 20 grep -q 'the connection is gone' "$LOGS/ike.log"
ok "and made again" wait_for 20 is_in_state connected
ok "and carries packets" echoes 10.96.0.1
end
is "$rc" 0 "disconnected"
unlike "$(swanctl --list-sas 2>/dev/null)" INSTALLED "and the child is gone"
is "$(pgrep -x devid)" "" "no supervisor is left"
done_testing
