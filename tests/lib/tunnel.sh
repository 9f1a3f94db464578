# SPDX-License-Identifier: LGPL-2.1-or-later
# A gateway and a client in networks of their own, for the tests of profiles: the test's own network is the gateway's
# (10.99.0.1, server.test), beside it is the name space "client" (10.99.0.2). After machine.sh:
#
#	tunnel_machine "$0" "$@"	with the account, the machine's agent, and two identities of the machine, "rsa"
#					and "ec"; their CAs' file is $CAS, the server's CA is $CA
#	"${INSIDE[@]}" PROGRAM…		in the client's network, as root
#	$TUNNEL_AGENT			the pid of the machine's agent; tunnel_agent starts another one

tunnel_machine() {
	private_machine "$@"
	PATH=$PATH:/usr/sbin:/sbin
	CA=/etc/ssl/example-root.pem
	CAS=/etc/devid-gateway/device-cas.pem
	install -m 644 "$PKI/root.crt" $CA
	mkdir -p /etc/devid-gateway
	# The stranger's too: what keeps it out is the account.
	cat "$PKI/issuing-chain.pem" "$PKI"/stranger-{issuing,root}.crt >$CAS
	echo '10.99.0.1 server.test' >>/etc/hosts
	cp "$PKI"/{rsa2048,p256,stranger}.p12 "$T/users/root/"
	ip netns add client
	ip link add e0 type veth peer name e0 netns client
	ip addr add 10.99.0.1/24 dev e0
	ip link set e0 up
	ip -n client link set lo up
	ip -n client addr add 10.99.0.2/24 dev e0
	ip -n client link set e0 up
	as root
	INSIDE=(ip netns exec client)
	run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
	[ "$rc" -eq 0 ] || bail "no account: $err"
	tunnel_agent
	tunnel_import rsa rsa2048
	tunnel_import ec p256
}

# As the socket's unit would have it: a daemon in its sandbox must not start one.
tunnel_agent() {
	/usr/libexec/devid/devid-agent --system --idle-timeout 0 >"$T/agent.log" 2>&1 &
	TUNNEL_AGENT=$!
	track $TUNNEL_AGENT
	wait_for 5 test -S /run/devid/agent
}

tunnel_import() {
	run "${A[@]}" devid import-cert --label "$1" --password-file "$PKI/password" "$2.p12"
	[ "$rc" -eq 0 ] || bail "no identity $1: $err"
}

# profile CLIENT LABEL OPTION…: installs it, for server.test or what --gateway says.
profile() {
	run "${A[@]}" devid profile "$@" --install --yes
	[ "$rc" -eq 0 ] || diag "$(last_run)"
}

echoes() {
	"${INSIDE[@]}" ping -c 2 -i 0.2 -W 2 "$1"
}
