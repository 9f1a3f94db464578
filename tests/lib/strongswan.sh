# SPDX-License-Identifier: LGPL-2.1-or-later
# Two charons for tests: a gateway with a configuration of its own, and a client as Debian's unit runs it. This kernel
# need not have ESP: both do it themselves. After common.sh, machine.sh and restricted.sh, as root:
#
#	swan_gateway NAME [COMMAND…]	a gateway that says it is server.test ($SWAN_GATEWAY_ID), with $PKI/NAME.crt, run by COMMAND (as
#					"ip netns exec …"); behind it is 10.96.0.1, addresses are of 10.95.0.0/24
#	swan_gateway_stop
#	swan_gateway_ctl ARG…		swanctl of the gateway
#	swan_client [COMMAND…]		with Debian's configuration and what is in /etc/swanctl/conf.d, under the
#					restrictions of its unit; swanctl, whose profile Debian enforces, sees what
#					that allows ($SWANCTL_LOCAL: and this); what it loaded is in $SWAN_LOADED
#	swan_client_stop
#	swan_confine [SED]		from then on the client sees what Debian's AppArmor profile allows with our snippet for
#					it, of which this edits the lines (confined.py)
#
# Logs: $SWAN_GATEWAY_LOG, $SWAN_CLIENT_LOG.

SWAN_PLAIN=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin)
SWAN_GATEWAY=$T/swan
SWAN_GATEWAY_LOG=$SWAN_GATEWAY/charon.log
SWAN_CLIENT_LOG=/run/charon.log
SWAN_GATEWAY_PID=
SWAN_CLIENT_PID=
SWAN_CONFINED=()

swan_gateway() {
	local certificate=$1
	shift
	rm -rf "$SWAN_GATEWAY"
	mkdir -p "$SWAN_GATEWAY/s"/{x509,x509ca,private}
	cp "$PKI/issuing.crt" "$PKI/root.crt" "$SWAN_GATEWAY/s/x509ca/"
	cp "$PKI/$certificate.crt" "$SWAN_GATEWAY/s/x509/gateway.crt"
	cp "$PKI/$certificate.key" "$SWAN_GATEWAY/s/private/"
	cat >"$SWAN_GATEWAY/strongswan.conf" <<-CONF
		charon-systemd {
			load = random nonce aes sha1 sha2 hmac kdf openssl x509 revocation constraints pubkey pkcs1 pkcs8 pem kernel-libipsec kernel-netlink socket-default vici updown
			install_routes = yes
			filelog { f { path = $SWAN_GATEWAY_LOG
				flush_line = yes } }
			plugins {
				vici { socket = unix://$SWAN_GATEWAY/vici }
				kernel-libipsec { allow_peer_ts = yes }
			}
		}
		swanctl { load = pem pkcs1 x509 pubkey openssl random }
	CONF
	cat >"$SWAN_GATEWAY/s/swanctl.conf" <<-CONF
		connections { rw {
			version = 2
			local_addrs = 10.99.0.1
			pools = p1
			local { auth = pubkey
				certs = gateway.crt
				id = ${SWAN_GATEWAY_ID:-server.test} }
			remote { auth = pubkey
				cacerts = issuing.crt }
			children { net { local_ts = 10.96.0.1/32 } }
		} }
		pools { p1 { addrs = 10.95.0.0/24 } }
	CONF
	"$@" ip addr replace 10.96.0.1/32 dev lo
	"$@" "${SWAN_PLAIN[@]}" STRONGSWAN_CONF="$SWAN_GATEWAY/strongswan.conf" charon-systemd \
		>"$SWAN_GATEWAY/out" 2>&1 &
	SWAN_GATEWAY_PID=$!
	track "$SWAN_GATEWAY_PID"
	wait_for 10 test -S "$SWAN_GATEWAY/vici" || bail "no gateway: $(cat "$SWAN_GATEWAY/out")"
	swan_gateway_ctl --load-all >"$SWAN_GATEWAY/load" 2>&1 || bail "$(cat "$SWAN_GATEWAY/load")"
}

swan_gateway_stop() {
	stop "$SWAN_GATEWAY_PID"
}

swan_gateway_ctl() {
	"${SWAN_PLAIN[@]}" STRONGSWAN_CONF="$SWAN_GATEWAY/strongswan.conf" SWANCTL_DIR="$SWAN_GATEWAY/s" \
		swanctl "$@" --uri "unix://$SWAN_GATEWAY/vici"
}

swan_client() {
	cat >/etc/strongswan.d/test.conf <<-CONF
		charon {
			filelog { f { path = $SWAN_CLIENT_LOG
				flush_line = yes
				cfg = 2 } }
			plugins { kernel-libipsec { load = yes
				allow_peer_ts = yes } }
		}
	CONF
	as_unit strongswan
	rm -f /run/charon.vici "$SWAN_CLIENT_LOG"
	"$@" "${UNDER[@]}" "${SWAN_PLAIN[@]}" "${SWAN_CONFINED[@]}" charon-systemd >"$T/swan-client.out" 2>&1 </dev/null &
	SWAN_CLIENT_PID=$!
	track "$SWAN_CLIENT_PID"
	wait_for 10 test -S /run/charon.vici || bail "no charon: $(cat "$T/swan-client.out")"
	swan_root swanctl "$T/swanctl" "${SWANCTL_LOCAL:-/dev/null}"
	run "$@" "${SWAN_PLAIN[@]}" chroot "$T/swanctl" swanctl --load-all --noprompt
	SWAN_LOADED=$out
}

# swan_root PROGRAM ROOT ADDITION: a root with what its profile lets it see.
swan_root() {
	local base=$T/apparmor-$1
	if [ -e "$2" ]; then
		umount -R -l "$2" || bail "the last root stays"
	else
		at_exit "umount -R -l '$2'"
	fi
	rm -rf "$base"
	mkdir -p "$base" "$2"
	cp -r /etc/apparmor.d/. "$base/"
	mkdir -p "$base/local"
	cat "$3" >"$base/local/usr.sbin.$1"
	mount -t tmpfs -o mode=755 confined "$2" || bail "can't mount"
	/usr/bin/python3 "$TESTS/lib/confined.py" "$base/usr.sbin.$1" "$base" "$2" >"$T/confined.log" 2>&1 ||
		bail "no root for $1: $(cat "$T/confined.log")"
}

swan_client_stop() {
	stop "$SWAN_CLIENT_PID"
}

swan_confine() {
	sed "${1:-}" "$DEVID_SOURCE/data/apparmor/usr.sbin.charon-systemd" >"$T/charon.local"
	swan_root charon-systemd "$T/confined" "$T/charon.local"
	SWAN_CONFINED=(chroot "$T/confined")
}
