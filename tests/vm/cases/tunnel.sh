# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect where systemd has booted and people have sessions that logind and polkit know: the bus starts devid-tunnel
# as its unit, in its sandbox. Whoever sits at the machine has a tunnel, with the keyring that the login opened; who comes
# from the network, or has left the seat to another, has none. The gateway is a real ocserv.
. /folder/tests/vm/guest.sh
. /folder/tests/vm/people.sh
. /folder/tests/lib/gateway.sh

no_state() {
	[ ! -e "/run/user/$(id -u "$1")/devid/connections/work.json" ]
}
refused() { # NAME
	is "$rc" 1 "$1: refused" || diag "$(last_run)"
	like "$err" 'polkit wants a password for org\.devid\.tunnel\.connect, and nobody asks for it here' "by polkit, in words"
	ok "no client is left" wait_for 10 no_tunnels
}
connected() { # NAME
	is "$rc" 0 "$1: connected" || diag "$(last_run)" "$(journalctl -b -t devid-tunnel -o cat --no-pager | tail -n 20)"
	like "$out" 'connected: address 10\.98\.0\.[0-9]+, gateway server\.test:4443 \(openconnect\), identity laptop' \
		"with address and gateway"
	ok "packets go through" gateway_echoes
}
disconnected() { # NAME
	is "$rc" 0 "$1: disconnected" || diag "$(last_run)"
	ok "no client is left" wait_for 10 no_tunnels
}
property() {
	systemctl show -p "$1" --value devid-tunnel.service
}
status_of() { # PID NAME
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

echo alice:pw | chpasswd
echo bob:pw | chpasswd
people_keyrings
ssh_start alice bob
gateway_network
gateway_start 'auth = "certificate"'
mkdir -p /etc/devid/connections.d
printf '%s\n' '[Connection]' Gateway=server.test:4443 Identity=laptop "CAFile=$GATEWAY_CA" >/etc/devid/connections.d/work.conf
is "$(property LoadState) $(property ActiveState)" "loaded inactive" "the unit is there, and nothing runs"

# --- whoever sits there
keyring_login alice 1
for property in Remote=no Seat=seat0 Service=login Active=yes; do
	ok "alice has logged in: $property" wait_for 20 session_is alice 1 $property
done
run_at_seat alice 1 devid import-cert --label laptop --password-file "$PKI/password" "$PKI/rsa2048.p12"
is "$rc" 0 "she imports" || diag "$(last_run)"
is "$(find /home/alice/.local/share/devid -name '*.key' | wc -l)" 0 "into the keyring"
run_at_seat alice 1 devid connect work
connected "alice, who sits there"
is "$(gateway_user)" laptop-rsa2048 "by her certificate"
is "$(property ActiveState)" active "the bus has started the unit"
client=$(gateway_tunnels)
is "$(ps -o user= -p "$client")" root "its client is root's"
is "$(status_of "$client" CapEff) $(status_of "$client" NoNewPrivs) $(status_of "$client" Seccomp)" "0000000000001000 1 2" \
	"with CAP_NET_ADMIN alone, no new privileges, and a filter of system calls"
like "$(cat "/proc/$client/cgroup")" 'system\.slice/devid-tunnel\.service' "in the unit"
like "$(journalctl -b -t devid-tunnel -o cat --no-pager)" "work: user $(id -u alice), server\.test:4443, process $client" \
	"the journal says what was made for whom"
run_at_seat alice 1 devid status
like "$out" 'work.*connected' "devid status says so" || diag "$(last_run)"
run_at_seat alice 1 devid disconnect work
disconnected alice
ok "no state either" wait_for 10 no_state alice
not_ok "nor a way through" gateway_echoes

# --- who doesn't
run_by_ssh bob devid import-cert --store file --label laptop --password-file "$PKI/password" "$PKI/p256.p12"
is "$rc" 0 "bob, who comes from the network, imports" || diag "$(last_run)"
run_by_ssh bob devid connect work
refused "bob, who comes from the network"
run_by_ssh alice devid connect work
refused "alice from the network, though she sits there as well"

# --- with an administrator's word
useradd -m -s /bin/bash -G sudo carol
echo carol:pw | chpasswd
asks() {
	grep -q 'Password: ' "$T/terminal"
}
# The program that asks in a terminal is given the process for which it asks.
# shellcheck disable=SC2016
ssh_terminal bob 'pkttyagent --process $$ & exec devid connect --foreground work'
ok "bob has somebody ask" wait_for 60 asks
like "$(<"$T/terminal")" 'Authentication is required to connect to the VPN work, gateway server\.test:4443' "who is told for what"
type_remote pw
ok "with carol's password he has a tunnel" wait_for 60 gateway_echoes || diag "$(<"$T/terminal")"
run_by_ssh bob devid disconnect work
disconnected "bob"
ssh_end

# --- who has left the seat to another
seat_login bob 2
ok "bob has logged in behind alice" wait_for 20 session_is bob 2 Active=no
run_at_seat bob 2 devid connect work
refused "bob, behind alice"
loginctl activate "$(seat_session bob 2)"
ok "he has the seat" wait_for 20 session_is bob 2 Active=yes
run_at_seat alice 1 devid connect work
refused "alice, who has left it to him"
run_at_seat bob 2 devid connect work
connected "bob, who has it"
loginctl activate "$(seat_session alice 1)"
ok "alice has it again" wait_for 20 session_is alice 1 Active=yes
ok "what bob has goes on" gateway_echoes
run_at_seat bob 2 devid disconnect work
disconnected bob
run_at_seat alice 1 devid connect work
connected alice
run_at_seat alice 1 devid disconnect work
disconnected alice
run_at_seat alice 1 devid connect work
connected "alice, once more"
# --- who has logged out
type_at 1 exit
has_no_shell() {
	[ -z "$(seat_shell alice 1)" ]
}
ok "alice logs out" wait_for 60 has_no_shell
ok "what she had root make goes on" gateway_echoes
run_by_ssh alice devid status
like "$out" 'work.*connected' "and is hers to see" || diag "$(last_run)"
run_by_ssh alice devid disconnect work
disconnected "and to end: alice"
ok "then nothing of hers is left" wait_for 60 user_is_out alice || diag "$(loginctl; ps -fu alice)"
nothing_denied
done_testing
