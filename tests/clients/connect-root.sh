#!/bin/bash
# devid connect's way to root, where NetworkManager doesn't run: the real sudo with the rule of sudoers.example, and the
# real pkexec, for which the real polkitd answers.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
. "$(dirname "$0")/../lib/network-manager.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
gateway_network
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
mkdir -p "$D"
printf '[Connection]\nGateway=server.test:4443\nIdentity=rsa\nCAFile=%s\n' "$PKI/root.crt" >"$D/work.conf"
# answer RESULT: what polkit says to alice who wants to run openconnect as root.
answer() {
	cat >/etc/polkit-1/rules.d/10-pkexec.rules <<-RULE
		polkit.addRule(function(action, subject) {
			if (action.id == "org.freedesktop.policykit.exec" && subject.user == "alice" &&
			    action.lookup("program") == "/usr/sbin/openconnect")
				return polkit.Result.$1;
		});
	RULE
	chmod 644 /etc/polkit-1/rules.d/10-pkexec.rules
	[ -z "${POLKIT_PID:-}" ] || stop "$POLKIT_PID"
	polkit_start
	POLKIT_PID=${PIDS[-1]}
}
# needs_root PATTERN NAME: it failed for that, in words.
needs_root() {
	is "$rc" 1 "$2: an error"
	like "$err" "nothing here may make a tunnel for this user$1" "$2: in words"
	like "$err" 'hint: run NetworkManager, or allow it by sudo or polkit' "$2: with the way out"
	ok "$2: no client is left" wait_for 5 no_tunnels
}
runs_as_root() {
	is "$(ps -o user= -C openconnect | sort -u)" root "$1: root's process makes it"
}

# --- pkexec
mv /usr/bin/sudo "$T/sudo"
connect work --dry-run
like "$out" 'pkexec --disable-internal-agent /usr/sbin/openconnect .*--cookie-on-stdin' "without sudo it is pkexec"
connect work
needs_root ' \(openconnect: ' "pkexec without a system bus"
system_bus_start
answer YES
connect work
is "$rc" 0 "polkit says yes: connected" || diag "$(last_run)" "$(cat "$HOME_ALICE/.local/state/devid/connections/work.log")"
ok "and it carries packets" gateway_echoes
runs_as_root pkexec
end
is "$rc" 0 "and is ended, though it is root's"
ok "no client is left" wait_for 5 no_tunnels
connect work
kill -KILL "$(pgrep -u alice -x devid)"
ok "a killed supervisor takes root's client along" wait_for 15 no_tunnels
answer NO
connect work
needs_root ' \(openconnect: .*Not authorized' "polkit says no"
connect work --json
like "$out" '"reason" : "root-needed"' "--json has its word"
answer AUTH_ADMIN
connect work
needs_root ' \(openconnect: .*No authentication agent found' "polkit wants a password, and nobody asks for it"
is "$("${E[@]}" devid events --json | sed -n 's/.*"reason" : "\(root-needed\)".*/\1/p' | tail -n 1)" root-needed "with an event"

# polkit's own prompt, on a terminal: an agent for our supervisor, which is there while the gateway is silent.
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
	"${E[@]}" python3 "$TESTS/command/pty-run.py" type "$1" -- pkttyagent --process "$(pgrep -o -f 'devid connect --supervise')" \
		>"$T/prompt" 2>&1 &
	prompt=$!
	track $prompt
	ok "$1: a prompt is there" wait_for 10 registered || diag "$(cat "$T/prompt")"
	kill -CONT "$GATEWAY_PID"
	wait $connecting
	rc=$?
	kill "$(pgrep -u alice -x pkttyagent)"
	wait $prompt
	out=$(cat "$T/connect")
}
echo alice:secret | chpasswd
for password in secret wrong; do
	answer AUTH_SELF
	asked $password
	like "$(cat "$T/prompt")" "AUTHENTICATING FOR org.freedesktop.policykit.exec" "$password: she is asked"
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

# --- sudo
mv "$T/sudo" /usr/bin/sudo
connect work
needs_root ' \(openconnect: .*No authentication agent found' "sudo without a rule leaves it to pkexec"
mv /usr/bin/pkexec "$T/pkexec"
connect work
needs_root ' \(openconnect: sudo: a password is required' "without pkexec, sudo's own refusal"
gateway_sudo
connect work
is "$rc" 0 "with the rule of sudoers.example: connected" || diag "$(last_run)"
ok "and it carries packets" gateway_echoes
runs_as_root sudo
end
ok "no client is left" wait_for 5 no_tunnels
mv "$T/pkexec" /usr/bin/pkexec
answer YES
connect work --dry-run
like "$out" 'sudo -n -- /usr/sbin/openconnect' "where both would let her, sudo goes before"
connect work -- --no-dtls
is "$rc" 0 "an argument that the rule doesn't have: pkexec, whose answer is asked" || diag "$(last_run)"
end
ok "no client is left" wait_for 5 no_tunnels
# sudo lists what it wants a password for, too, once any rule of the user's needs none.
mv /etc/sudoers.d/devid "$T/rule"
printf 'alice ALL=(ALL) ALL\nalice ALL=(root) NOPASSWD: /bin/true\n' >/etc/sudoers.d/devid
chmod 440 /etc/sudoers.d/devid
ok "sudo lists words that it would refuse" "${E[@]}" sudo -n -l -- /usr/sbin/openconnect --version
not_ok "and refuses them" "${E[@]}" sudo -n -- /usr/sbin/openconnect --version
connect work
is "$rc" 0 "then it is pkexec's turn" || diag "$(last_run)"
ok "and it carries packets" gateway_echoes
end
ok "no client is left" wait_for 5 no_tunnels
answer NO
connect work
needs_root ' \(openconnect: .*Not authorized' "both refuse"
mv "$T/rule" /etc/sudoers.d/devid
# Asked to end while sudo thinks: no tunnel that nothing ends any more. That stands in for a slow directory of rules.
answer YES
mv /usr/bin/sudo "$T/sudo"
printf '#!/bin/sh\nexec sleep 300\n' >/usr/bin/sudo
chmod 755 /usr/bin/sudo
env --default-signal=INT "${E[@]}" devid connect --foreground work >"$T/log" 2>&1 </dev/null &
connecting=$!
track $connecting
thinks() {
	pgrep -u alice -x sleep
}
ok "sudo is asked, and thinks" wait_for 20 thinks
kill -INT $connecting
ok "interrupted then, devid ends" wait_for 15 gone $connecting || diag "$(cat "$T/log")"
ok "and leaves no client" wait_for 5 no_tunnels
mv "$T/sudo" /usr/bin/sudo
answer NO
connect work -- --script=/bin/true
isnt "$rc" 0 "an argument that would be run as root: refused by both"
like "$err" 'nothing here may make a tunnel for this user' "in words"
# The rule by itself: nothing but its words.
rule=(sudo -n -l -- /usr/sbin/openconnect --protocol=anyconnect --cookie-on-stdin --non-inter --reconnect-timeout=0
	--servercert=pin-sha256:x)
ok "the rule allows its own words" "${E[@]}" "${rule[@]}" https://server.test:4443/
for more in --script=/tmp/x -s/tmp/x --config=/tmp/x --csd-wrapper=/tmp/x; do
	not_ok "but not $more" "${E[@]}" "${rule[@]}" "$more" https://server.test:4443/
done
not_ok "nor two words in one" "${E[@]}" "${rule[@]}" "https://server.test:4443/ --script=/tmp/x"
mv /usr/bin/sudo "$T/sudo"
mv /usr/bin/pkexec "$T/pkexec"
connect work
needs_root '' "neither of the two"
ok "no supervisor is left" wait_for 5 no_supervisor
done_testing
