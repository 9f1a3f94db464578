#!/bin/bash
# NetworkManager on a wire with what `devid profile networkmanager-wired --install` wrote, under the restrictions of its
# unit and with the wpa_supplicant that it asks over the system bus, the key on the machine's token: EAP-TLS against
# hostapd's own server, then packets.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tunnel.sh"
. "$(dirname "$0")/../lib/restricted.sh"
. "$(dirname "$0")/../lib/eap.sh"
. "$(dirname "$0")/../lib/network-manager.sh"
. "$(dirname "$0")/../certs/pki.sh"
tunnel_machine "$0" "$@"
machine_user alice devid
F=/etc/NetworkManager/system-connections
file=$F/devid-wired-e0.nmconnection
NAME='devid e0'

# --- the client, as its units run it
ip -n client addr flush dev e0
system_bus_start
as_unit wpa_supplicant
"${INSIDE[@]}" "${UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	wpa_supplicant -u -O "DIR=/run/wpa_supplicant GROUP=netdev" >>"$T/wpa.log" 2>&1 </dev/null &
supplicant=$!
track $supplicant
wait_for 10 system_bus_has fi.w1.wpa_supplicant1 || bail "no wpa_supplicant: $(cat "$T/wpa.log")"
as_unit NetworkManager
not_ok "NetworkManager's unit can't write to /usr" "${UNDER[@]}" touch /usr/new
not_ok "nor to a home" "${UNDER[@]}" touch "$T/users/root/new"
is "$("${UNDER[@]}" sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)" 00000000200534e2 "nor has more capabilities than it says"
NM_INSIDE=("${INSIDE[@]}")
NM_UNDER=("${UNDER[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin)
network_manager_run
# bounded SECONDS: how long NetworkManager waits for wpa_supplicant.
bounded() {
	printf '[connection]\n802-1x.auth-timeout=%s\n' "$1" >/etc/NetworkManager/conf.d/bound.conf
	nmcli general reload conf
}
is_in_state() {
	[ "$(nmcli -g GENERAL.STATE device show e0)" = "$1" ]
}
wait_for 20 is_in_state '30 (disconnected)' || bail "NetworkManager doesn't take the interface: $(tail -n 20 "$NM_LOG")"
eap_addresses

up() {
	: >"$T/wpa.log"
	nmcli connection reload
	run nmcli --wait 60 connection up "$NAME"
}
down() {
	nmcli connection down "$NAME" >"$T/nmcli.log" 2>&1
	wait_for 10 is_in_state '30 (disconnected)'
}
address() {
	ip -n client -4 -o addr show dev e0 | awk '{ print $4 }'
}
logs() {
	diag "$(last_run)"
	diag "$(tail -n 15 "$T/wpa.log" "$T/hostapd.log" "$NM_LOG")"
}
# What the machine's log says last of a key that wpa_supplicant asked for: LABEL ACTION REASON. And of how many.
uses() {
	sed -nE '/"program":"wpa_supplicant"/s/.*"event_sub_type":"Key Use","action":"([^"]*)","reason":"([^"]*)","label":"([^"]*)".*/\3 \1 \2/p' \
		/var/log/devid/events.jsonl
}
last_use() {
	uses | tail -n 1
}

# p11-kit-proxy is a link to p11-kit itself; wpa_supplicant isn't linked to that.
proxy=$(basename "$(readlink -f "$(pkg-config --variable=proxy_module p11-kit-1)")")
mapped() {
	echo " $(awk '{ print $6 }' /proc/$supplicant/maps | sed -n 's,^/.*/,,p' | sort -u | paste -sd' ') "
}
unlike "$(mapped)" " $proxy " "wpa_supplicant has not loaded p11-kit-proxy yet"

# --- let in
for label in rsa ec; do
	name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
	eap_server
	profile networkmanager-wired $label --gateway e0 --ca-file $CA
	told=$out
	is "$rc" 0 "$label: installed"
	is "$(stat -c %U:%G:%a $file)" root:root:600 "$label: for root alone"
	like "$err" "nmcli connection reload; nmcli connection up 'devid e0'" "$label: it is told what to do then"
	up
	is "$rc" 0 "$label: connected" || logs
	is "$(nmcli -g GENERAL.STATE,GENERAL.CONNECTION device show e0 | paste -sd' ')" "100 (connected) $NAME" "$label: NetworkManager says so"
	is "$(nmcli -g 802-1x.eap,802-1x.identity connection show "$NAME" | paste -sd' ')" "tls $name" "$label: by 802.1X"
	ok "$label: the authenticator opens the port" wait_for 5 grep -q ': authorizing port' "$T/hostapd.log" || logs
	like "$(cat "$T/hostapd.log")" "depth=0 .*/CN=$name" "$label: for that certificate"
	is "$(eap_identities)" "$name" "$label: its name is the identity"
	like "$(address)" '^10\.99\.0\.1[0-9][0-9]/24$' "$label: an address came over the wire"
	ok "$label: and packets cross it" echoes 10.99.0.1
	is "$(last_use)" "$label Allowed ok" "$label: the machine's log says that wpa_supplicant used the key"
	like "$(mapped)" " devid-pkcs11\.so .* $proxy .* wpa_supplicant " "$label: through p11-kit-proxy"
	down
	is "$(address)" "" "$label: ended, the address is gone"
	not_ok "$label: and nothing crosses the wire" echoes 10.99.0.1
done

# --- what is installed over it
is "$(grep -c 'object=ec' $file)" 2 "the file is the last one's"
kept=$(sed -n 's/^  what was there: //p' <<<"$told")
like "$kept" "^$F/\\.devid-wired-e0\\.nmconnection\\.devid-backup" "the one before was kept, and that is told"
is "$(grep -c 'object=rsa' "$kept")" 2 "as it was"
is "$(stat -c %U:%a "$kept")" root:600 "for root alone too"
is "$(nmcli -g NAME connection | grep -c "$NAME")" 1 "NetworkManager doesn't read it"
before=$(stat -c '%i %Y' $file)
profile networkmanager-wired ec --gateway e0 --ca-file $CA
is "$rc/$(stat -c '%i %Y' $file)" "0/$before" "the same again changes nothing"
like "$out" "$file: unchanged" "and that is told"
profile networkmanager-wired ec --gateway e0 --ca-file $CA --user 'EXAMPLE\host/042$'
eap_server
up
is "$rc" 0 "with another identity: connected" || logs
is "$(eap_identities)" 'EXAMPLE\host/042$' "with each of its characters"
down

# --- nothing is written
as alice
before=$(ls -la --time-style=full-iso $F)
not_ok "a user can't read it" "${A[@]}" cat $file
unwritten() { # NAME STATUS REGEX
	is "$rc" "$2" "$1: refused" || diag "$(last_run)"
	like "$err" "$3" "$1: in words"
	is "$(ls -la --time-style=full-iso $F)" "$before" "$1: nothing is written"
}
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --ca-file $CA --install --yes
unwritten "a user who isn't root" 1 'as root, or print it and put it there'
as root
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --install --yes
unwritten "no CA file" 2 'without --ca-file any server could pass'
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --ca-file /etc/ssl/none.pem --install --yes
unwritten "a CA file that isn't there" 2 'none\.pem: no such file'
install -m 644 "$PKI/root.crt" /tmp/root.pem
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --ca-file /tmp/root.pem --install --yes
unwritten "one where services don't see it" 2 'hidden from networkmanager-wired'
rm /tmp/root.pem
install -m 644 "$PKI/p256.key" /etc/ssl/key.pem
run "${A[@]}" devid profile networkmanager-wired rsa --gateway e0 --ca-file /etc/ssl/key.pem --install --yes
unwritten "one without a certificate" 1 'key\.pem: '
run "${A[@]}" devid profile networkmanager-wired nobody --gateway e0 --ca-file $CA --install --yes
unwritten "no such identity" 1 'nobody'

# --- refused
# refused NAME LOG REGEX: NetworkManager has no connection, for that cause. $authenticator has lines for hostapd. Where
# NetworkManager was out of patience before there was a cause: again, with more of it.
authenticator=()
refused() {
	local bound
	for bound in 3 8 25; do
		bounded $bound
		eap_server "${authenticator[@]}"
		up
		grep -qE "$3" "$2" && break
	done
	is "$rc" 4 "$1: no connection" || logs
	like "$err" 'Connection activation failed' "$1: NetworkManager says so"
	ok "$1: for that reason" grep -E "$3" "$2" || logs
	not_ok "$1: the port stays closed" grep ': authorizing port' "$T/hostapd.log"
	is "$(address)" "" "$1: no address"
	wait_for 10 is_in_state '30 (disconnected)'
}
signed() {
	grep -q 'read certificate verify' "$T/hostapd.log"
}
tunnel_import stranger stranger
profile networkmanager-wired stranger --gateway e0 --ca-file $CA
refused "a stranger" "$T/hostapd.log" 'depth=0 .*unable to get local issuer|unable to get local issuer certificate'
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
refused "a stranger, OnUse=enforce" "$T/wpa.log" CTRL-EVENT-EAP-FAILURE
not_ok "its key isn't used" signed
is "$(last_use)" "stranger Refused issuer-unknown" "and the log says that it was refused"
profile networkmanager-wired ec --gateway e0 --ca-file $CA
cp /etc/devid/account.conf "$T/"
run "${A[@]}" devid account revoke "$PKI/p256.crt"
refused "revoked, OnUse=enforce" "$T/wpa.log" CTRL-EVENT-EAP-FAILURE
not_ok "its key isn't used" signed
is "$(last_use)" "ec Refused revoked" "and the log says why"
cp "$T/account.conf" /etc/devid/

cp "$PKI/second.p12" "$T/users/root/"
tunnel_import second second
profile networkmanager-wired second --gateway e0 --ca-file $CA
cat "$PKI/issuing-chain.pem" "$PKI/crl.pem" >"$T/cas-and-crl.pem"
authenticator=("ca_cert=$T/cas-and-crl.pem" check_crl=1)
refused "revoked by its CA" "$T/hostapd.log" 'certificate revoked'

profile networkmanager-wired rsa --gateway e0 --ca-file $CA
(cd "$T" && cp "$PKI"/namesake-issuing.{key,crt} . && pki_key other p256 &&
	pki_issue other namesake-issuing /C=JP/ST=Tokyo/O=Example/CN=server.test "${SERVER_EXTENSIONS[@]}" &&
	cat other.crt "$PKI/namesake-chain.pem" >other.pem) >"$T/pki.log" 2>&1 || bail "no server: $(cat "$T/pki.log")"
authenticator=("server_cert=$T/other.pem" "private_key=$T/other.key")
before=$(uses | wc -l)
refused "an authenticator of another CA with the same names" "$T/wpa.log" 'TLS-CERT-ERROR|certificate verify failed'
is "$(uses | wc -l)" "$before" "it gets no signature"
authenticator=()
install -m 644 "$PKI/namesake-root.crt" /etc/ssl/other.pem
profile networkmanager-wired rsa --gateway e0 --ca-file /etc/ssl/other.pem
refused "another CA's file with the same names" "$T/wpa.log" 'TLS-CERT-ERROR|certificate verify failed'
is "$(uses | wc -l)" "$before" "the authenticator gets no signature"
profile networkmanager-wired rsa --gateway e0 --ca-file $CA
mv $CA "$T/"
refused "the CA file is gone" "$T/wpa.log" 'Failed to load root certificates'
is "$(uses | wc -l)" "$before" "there is no signature without it"
mv "$T/${CA##*/}" $CA

stop $TUNNEL_AGENT
chmod 000 /usr/libexec/devid/devid-agent
refused "no agent" "$T/wpa.log" CTRL-EVENT-EAP-FAILURE
chmod 755 /usr/libexec/devid/devid-agent
tunnel_agent
bounded 25
eap_server
up
is "$rc" 0 "the agent is back: connected" || logs
down
run "${A[@]}" devid remove --system rsa
is "$rc" 0 "the identity is removed"
refused "without it" "$T/wpa.log" CTRL-EVENT-EAP-FAILURE
done_testing
