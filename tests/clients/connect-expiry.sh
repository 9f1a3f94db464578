#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect while the certificate's last second goes by: the connection is checked at that moment, the event and a
# notification tell, and it ends where the account enforces its checks.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
. "$(dirname "$0")/../lib/notification.sh"
client_machine "$0" "$@"
. "$TESTS/lib/connect.sh"
. "$TESTS/certs/pki.sh"
gateway_network
tunnel_allows alice
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
mkdir -p "$D"
for name in work other; do
	printf '[Connection]\nGateway=server.test:4443\nClient=openconnect\nCAFile=%s\n' "$GATEWAY_CA" >"$D/$name.conf"
done
touch "$T/notifications" && chown alice: "$T/notifications"
notification_start
# The events of checks and connections of LABEL, from the Nth on: "Local Check=ok Connection=ok".
events() {
	"${E[@]}" devid events --json 2>/dev/null | tr -d '\n' | grep -oE '"event_type" : "Connectivity"[^}]*' | grep -F "$1" |
		sed -E 's/.*"event_sub_type" : "([^"]*)".*"reason" : "([^"]*)".*/\1=\2/' | paste -sd' '
}
are_events() {
	[ "$(events "$1")" = "$2" ]
}
# brief LABEL SECONDS: an identity that ends so many seconds from now.
brief() {
	cd "$T/tmp" || bail "no folder"
	pki_key brief p256
	END=$(date -u -d "+$2 seconds" +%Y%m%d%H%M%SZ) pki_issue brief issuing "/CN=laptop-$1" "${LEAF_EXTENSIONS[@]}" ||
		bail "no certificate"
	pki_p12 brief "$HOME_ALICE/$1.p12" "$(cat "$PKI/password")"
	chown alice: "$HOME_ALICE/$1.p12"
	cd / || bail "no root"
}
cp "$PKI"/issuing.{crt,key} "$T/tmp/" || bail "no CA"

# --- the account only records; another one has been replaced in the meantime
brief logged 14
client_import logged logged
connect work --identity logged
is "$rc" 0 "a certificate that ends soon connects" || diag "$(last_run)"
is "$(events logged)" "Local Check=ok Connection=ok" "with a check and a connection"
brief renewed 14
client_import renewed renewed
connect other --identity renewed
is "$rc" 0 "another that ends soon" || diag "$(last_run)"
brief renewed 100000
run "${E[@]}" devid import-cert --label renewed --replace --password-file password renewed.p12
is "$rc" 0 "is replaced while it is connected" || diag "$(last_run)"
ok "when the first ends, the connection is checked" wait_for 40 are_events logged \
	"Local Check=ok Connection=ok Local Check=expired" || diag "$(events logged)"
ok "a notification tells" wait_for 10 are_notified 1
like "$(notification 1 summary)" "certificate is no longer accepted" "of the certificate"
like "$(notification 1 text)" 'logged: .*expired' "of which, and why"
like "$(notification 1 text)" 'hint: .*--replace' "and what to do"
is "$(state work)" connected "and the connection stays"
ok "and carries packets" gateway_echoes
ok "when the second ends, the new one is what is checked" wait_for 40 are_events renewed \
	"Local Check=ok Connection=ok Local Check=ok" || diag "$(events renewed)"
is "$(state other)" connected "and the connection stays"
is "$(notifications)" 1 "without a notification"
run "${E[@]}" devid disconnect --all
is "$rc" 0 "until they are ended"

# --- the account enforces
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
brief enforced 14
client_import enforced enforced
connect work --identity enforced
is "$rc" 0 "OnUse=enforce: a certificate that ends soon connects" || diag "$(last_run)"
ok "when it ends, so does the connection" wait_for 40 is_in_state work ended
is "$(events enforced)" "Local Check=ok Connection=ok Local Check=expired" "with one event"
ok "no client is left" wait_for 5 no_tunnels
ok "a notification tells" wait_for 10 are_notified 2
is "$(notification 2 summary)" Disconnected "of the end"
like "$(notification 2 text)" 'enforced: .*expired' "and why"
run "${E[@]}" devid status
like "$out" 'work: ended: enforced: .*expired.*; ask for a new one' "status too, with what to do"
is "$(notifications)" 2 "once"

# --- it ends between the check and the connection
brief late 8
client_import late late
printf '[Connection]\nGateway=vpn.test\nClient=exec\nCommand=/bin/sleep 300\nIdentity=late\n' >"$D/late.conf"
"${E[@]}" devid connect late >"$T/log" 2>&1 </dev/null &
connecting=$!
track $connecting
begun() {
	pgrep -u alice -x sleep
}
ok "a client is begun while the certificate is valid" wait_for 10 begun || diag "$(cat "$T/log")"
supervisor=$(pgrep -o -f 'devid connect --supervise late')
kill -STOP "$supervisor"
over=$(date -d "$(openssl x509 -in "$T/tmp/brief.crt" -noout -enddate | cut -d= -f2)" +%s)
is_over() {
	[ "$(date +%s)" -gt "$((over + 1))" ]
}
wait_for 20 is_over
kill -CONT "$supervisor"
ok "connected after its end, it is checked as well, and ended" wait_for 20 is_in_state late ended || diag "$(cat "$T/log")"
is "$(events late)" "Local Check=ok Connection=ok Local Check=expired" "with its events"
ok "nor is a supervisor" wait_for 5 no_supervisor
done_testing
