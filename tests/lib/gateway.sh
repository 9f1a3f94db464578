# SPDX-License-Identifier: LGPL-2.1-or-later
# A VPN gateway for tests: a real ocserv in a network of its own, beside the machine's. After common.sh, machine.sh,
# keyring.sh, clients.sh and client_machine:
#
#	gateway_network			"server.test" is 10.99.0.1, and this machine 10.99.0.2 on e0
#	gateway_start [LINE…]		ocserv on port 4443 with these lines of configuration, in place of ours where we
#					have such a one; its log is $GATEWAY_LOG. With tunnel.sh, whose gateway is the
#					test's own network, after GATEWAY_INSIDE=()
#	gateway_stop
#	$GATEWAY_CA			the CA that vouches for it, where nobody but root can write
#	tunnel_allows alice		polkit lets her have root make a tunnel (polkit.sh, which this brings along)
#	gateway_packets			how many packets have left for it
#	gateway_user			the name in the certificate of whom it let in last, by its log
#
# What goes through the tunnel reaches 10.98.0.1.

. "$(dirname "${BASH_SOURCE[0]}")/polkit.sh"

GATEWAY_LOG=$T/ocserv.log
GATEWAY_CA=/etc/ssl/gateway-ca.pem
GATEWAY_PID=
GATEWAY_INSIDE=(ip netns exec gateway)

gateway_network() {
	ip netns add gateway
	at_exit "ip netns del gateway"
	ip link add e0 type veth peer name g0 netns gateway
	# Nothing but what programs send is to be counted.
	echo 1 >/proc/sys/net/ipv6/conf/e0/disable_ipv6
	ip -n gateway link set lo up
	ip -n gateway addr add 10.99.0.1/24 dev g0
	ip -n gateway link set g0 up
	ip addr add 10.99.0.2/24 dev e0
	ip link set e0 up
	echo '10.99.0.1 server.test' >>/etc/hosts
	[ ! -f "$PKI/root.crt" ] || install -m 644 "$PKI/root.crt" "$GATEWAY_CA"
}

gateway_listens() {
	"${GATEWAY_INSIDE[@]}" ss -ltn | grep -q ':4443 '
}

gateway_start() {
	mkdir -p "$T/oc"
	# As nobody it opens a socket there.
	chmod 755 "$T/oc"
	printf '%s\n' "$@" >"$T/ocserv.conf"
	grep -vE "^($(sed -n 's/^\([a-z-]*\) *=.*/\1/p' "$T/ocserv.conf" | paste -sd'|')) =" >>"$T/ocserv.conf" <<-X
		tcp-port = 4443
		udp-port = 4443
		run-as-user = nobody
		run-as-group = nogroup
		socket-file = $T/oc/socket
		use-occtl = false
		pid-file = $T/oc/pid
		server-cert = $PKI/server.crt
		server-key = $PKI/server.key
		ca-cert = $PKI/issuing-chain.pem
		cert-user-oid = 2.5.4.3
		isolate-workers = false
		max-clients = 8
		max-same-clients = 4
		device = ocs
		predictable-ips = true
		ipv4-network = 10.98.0.0
		ipv4-netmask = 255.255.255.0
		route = 10.98.0.0/255.255.255.0
		ping-leases = false
		cisco-client-compat = true
		use-utmp = false
		tls-priorities = "NORMAL:%SERVER_PRECEDENCE"
	X
	"${GATEWAY_INSIDE[@]}" ocserv -f -d 3 -c "$T/ocserv.conf" >>"$GATEWAY_LOG" 2>&1 &
	GATEWAY_PID=$!
	track "$GATEWAY_PID"
	wait_for 10 gateway_listens || diag "$(tail -n 20 "$GATEWAY_LOG")"
}

gateway_stop() {
	stop "$GATEWAY_PID"
}

gateway_packets() {
	awk '$1 == "e0:" { print $11 }' /proc/net/dev
}

gateway_user() {
	sed -n 's/.*main\[\(.*\)\]:.* user logged in$/\1/p' "$GATEWAY_LOG" | tail -n 1
}

gateway_echoes() {
	ping -c 2 -i 0.2 -W 2 10.98.0.1
}

# The openconnect processes that carry tunnels.
gateway_tunnels() {
	pgrep -x openconnect
}

no_tunnels() {
	! gateway_tunnels
}
