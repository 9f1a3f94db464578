#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# How long a person waits for a tunnel: from `devid connect` to the first packet through it, beside the same two halves
# of openconnect by hand with the key in a file. measure.sh tells how to read it.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
client_machine "$0" "$@"
. "$TESTS/bench/measure.sh"

# Each sends its first packet and ends its tunnel. COMMAND… is what alice runs.
reach() {
	"$DEVID_BENCH/first-packet" 10.98.0.1 "${E[@]}" "$@" 2>"$T/log" || {
		cat "$T/log" >&2
		return 1
	}
}
connect() {
	reach devid connect work --identity "$LABEL" && "${E[@]}" devid disconnect work >"$T/log" &&
		wait_for 5 no_tunnels
}
listening() {
	[ -n "$(client_agents)" ] || connect || return
	connect
}
started() {
	client_end_agents
	connect
}
by_hand() {
	reach sh "$HOME_ALICE/by-hand" "$@" && kill "$(gateway_tunnels)" && wait_for 5 no_tunnels
}
with_file() {
	by_hand -c "$HOME_ALICE/$NAME.crt" -k "$HOME_ALICE/$NAME.key"
}
with_token() {
	by_hand -c "$TOKEN;object=$LABEL"
}

prepare() {
	gateway_network
	tunnel_allows alice
	# What she types by hand needs root by another way.
	echo 'alice ALL=(root) NOPASSWD: /usr/sbin/openconnect' >/etc/sudoers.d/by-hand
	chmod 440 /etc/sudoers.d/by-hand
	# Sessions come and go faster than people do.
	gateway_start 'auth = "certificate"' 'rate-limit-ms = 0' 'max-ban-score = 0'
	mkdir -p /etc/devid/connections.d
	printf '[Connection]\nGateway=server.test:4443\nClient=openconnect\nCAFile=%s\n' "$GATEWAY_CA" \
		>/etc/devid/connections.d/work.conf
	cp "$PKI"/{rsa2048,p256}.{crt,key} "$HOME_ALICE/"
	cat >"$HOME_ALICE/by-hand" <<-X
		eval "\$(openconnect --protocol=anyconnect --authenticate --non-inter --cafile=$PKI/root.crt "\$@" \
			https://server.test:4443)"
		echo "\$COOKIE" | sudo -n -- /usr/sbin/openconnect --protocol=anyconnect --cookie-on-stdin --non-inter \
			--reconnect-timeout=0 --servercert="\$FINGERPRINT" --resolve="\$RESOLVE" "\$CONNECT_URL"
	X
	chown alice: "$HOME_ALICE"/*
}

# p11-kit loads each module that is registered, whoever's key is used; what others cost is told apart.
OTHERS=$T/others
without_others() {
	mkdir "$OTHERS"
	for module in "$P11KIT_MODULES"/*; do
		case ${module##*/} in
		devid.module | p11-kit-trust.module | gnome-keyring.module) ;;
		*) mv "$module" "$OTHERS/" ;;
		esac
	done
}
with_others() {
	mv "$OTHERS"/* "$P11KIT_MODULES/"
}

prepare
take_core
P11KIT_MODULES=$(pkg-config --variable=p11_module_configs p11-kit-1)
without_others
while read -r LABEL NAME; do
	figure "$NAME: connect, agent listening / by hand, file" most 1.1 listening with_file
	figure "$NAME: connect, agent to be started / by hand, file" most 1.5 started with_file
	figure "$NAME: connect, agent listening / by hand, token" most 1.1 listening with_token
done <<-X
	rsa rsa2048
	ec p256
X
with_others
LABEL=rsa NAME=rsa2048
figure "$(find "$P11KIT_MODULES" -name '*.module' | wc -l) modules: connect, listening / by hand, file" most 1.3 listening with_file
figure "the same: by hand, token / by hand, file" most 1.3 with_token with_file
figures_end
