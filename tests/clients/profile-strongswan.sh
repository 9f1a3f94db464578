#!/bin/bash
# strongSwan's charon-systemd with what `devid profile strongswan --install` wrote, in Debian's own configuration and
# under the restrictions of its unit, the key on the machine's token: IKEv2 to another charon, RSA and P-256.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/restricted.sh"
tunnel_machine "$0" "$@"
plain=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin)

# --- the gateway, with a configuration of its own
mkdir -p "$T/server/s"/{x509,x509ca,private}
cp "$PKI/issuing.crt" "$PKI/root.crt" "$T/server/s/x509ca/"
cp "$PKI/server.crt" "$T/server/s/x509/"
cp "$PKI/server.key" "$T/server/s/private/"
cat >"$T/server/strongswan.conf" <<-X
	charon-systemd {
		load = random nonce aes sha1 sha2 hmac kdf openssl x509 revocation constraints pubkey pkcs1 pkcs8 pem kernel-libipsec kernel-netlink socket-default vici updown
		install_routes = yes
		filelog { f { path = $T/server/charon.log
			flush_line = yes } }
		plugins {
			vici { socket = unix://$T/server/vici }
			kernel-libipsec { allow_peer_ts = yes }
		}
	}
	swanctl { load = pem pkcs1 x509 pubkey openssl random }
X
cat >"$T/server/s/swanctl.conf" <<-'X'
	connections { rw {
		version = 2
		local_addrs = 10.99.0.1
		pools = p1
		local { auth = pubkey
			certs = server.crt
			id = server.test }
		remote { auth = pubkey
			cacerts = issuing.crt }
		children { net { local_ts = 10.96.0.1/32 } }
	} }
	pools { p1 { addrs = 10.95.0.0/24 } }
X
ip addr add 10.96.0.1/32 dev lo
server=("${plain[@]}" STRONGSWAN_CONF="$T/server/strongswan.conf" SWANCTL_DIR="$T/server/s")
"${server[@]}" charon-systemd >"$T/server/out" 2>&1 &
track $!
wait_for 10 test -S "$T/server/vici" || bail "no gateway: $(cat "$T/server/out")"
"${server[@]}" swanctl --load-all --uri "unix://$T/server/vici" >"$T/server/load" 2>&1 || bail "$(cat "$T/server/load")"

# --- the client: Debian's files and ours; this kernel has no ESP, so charon does it itself
cat >/etc/strongswan.d/test.conf <<-X
	charon {
		filelog { f { path = /run/charon.log
			flush_line = yes
			cfg = 2 } }
		plugins { kernel-libipsec { load = yes
			allow_peer_ts = yes } }
	}
X
as_unit strongswan
start() {
	rm -f /run/charon.vici /run/charon.log
	"${INSIDE[@]}" "${UNDER[@]}" "${plain[@]}" charon-systemd >"$T/client.log" 2>&1 </dev/null &
	client=$!
	track $client
	wait_for 10 test -S /run/charon.vici
	run "${INSIDE[@]}" "${plain[@]}" swanctl --load-all --noprompt
	loaded=$out
}
initiate() {
	run "${INSIDE[@]}" "${plain[@]}" swanctl --initiate --child server-test --timeout 15
}
logs() {
	diag "$loaded" "$err" "$(tail -n 30 /run/charon.log)" "$(tail -n 15 "$T/server/charon.log")"
}
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	how=$([ $label = rsa ] && echo RSA || echo ECDSA)
	profile strongswan $label --gateway server.test --ca-file $CA
	is "$rc" 0 "$label: installed"
	is "$(stat -c %U:%a /etc/swanctl/conf.d/devid-server.test.conf)" root:600 "$label: for root alone"
	start
	like "$loaded" 'loaded (RSA|ECDSA|key|secret).*token|loaded key token' "$label: the key is loaded from the token" || logs
	initiate
	is "$rc" 0 "$label: a tunnel" || logs
	ok "$label: that carries packets" echoes 10.96.0.1
	like "$(cat "$T/server/charon.log")" "authentication of '.*CN=$name' with $how.* successful" "$label: the gateway's log has the name"
	stop $client
done
run "${A[@]}" devid events --system --json
like "$out" '"program" *: *"charon-systemd"' "the machine's log has the program"
is "$(ls -A /etc/swanctl/conf.d | grep -c backup)" 1 "the first connection's file was kept when the second replaced it"

# --- refused
tunnel_import stranger stranger
profile strongswan stranger --gateway server.test --ca-file $CA
start
initiate
isnt "$rc" 0 "a stranger: no tunnel"
like "$out$err" 'AUTHENTICATION_FAILED' "the gateway refused"
like "$(cat "$T/server/charon.log")" "no issuer certificate found for .*CN=stranger" "for its issuer"
stop $client
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
start
initiate
isnt "$rc" 0 "a stranger, OnUse=enforce: no tunnel"
like "$(cat /run/charon.log)" 'FUNCTION_REJECTED' "the machine's agent refused"
stop $client
profile strongswan rsa --gateway server.test --ca-file "$CA"
install -m 644 "$PKI/stranger-root.crt" /etc/ssl/other.pem
profile strongswan rsa --gateway server.test --ca-file /etc/ssl/other.pem
start
initiate
isnt "$rc" 0 "a gateway of another CA: no tunnel"
like "$(cat /run/charon.log)" "no issuer certificate found|no trusted|constraint" "the client refused it"
stop $client
done_testing
