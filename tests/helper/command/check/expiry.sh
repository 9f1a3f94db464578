#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ends that come near: list, status, check and ca list warn of them by ExpiryWarning=, and check --notify tells
# a person once a day.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/notification.sh"
. "$TESTS/certs/pki.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
EVENTS=$T/home/.local/state/devid/events.jsonl
STATE=$T/home/.local/state/devid/notified

in_days() { date -u -d "+$1 days +1 hour" +%Y%m%d%H%M%SZ; }
(
	cd "$T" || exit 1
	cp "$PKI"/issuing.{crt,key} .
	for row in near:10 far:50 last:0; do
		pki_key "${row%:*}" p256 && END=$(in_days "${row#*:}") \
			pki_issue "${row%:*}" issuing "/CN=${row%:*}" "${LEAF_EXTENSIONS[@]}" || exit 1
	done
	pki_key ca p256 && END=$(in_days 20) pki_issue ca ca "/CN=Ending CA" "${CA_EXTENSIONS[@]}"
) >"$T/pki.out" 2>&1 || bail "no certificates: $(cat "$T/pki.out")"

place() {
	make_record user "$1" file "$2.crt"
	make_key user "$2"
}
account() {
	make_account issuing
	[ -z "$1" ] || printf '[Account]\nExpiryWarning=%s\n' "$1" >"$T/config/account.conf"
}
events() {
	grep -c "\"event_sub_type\":\"Expiry\"" "$EVENTS"
}
yesterday() {
	local today=$(($(date +%s) / 86400))
	sed -i "s/^$today /$((today - 1)) /" "$STATE"
}

# --- warnings in what is printed
account ''
place near "$T/near"
place far "$T/far"
warned='warning: near: 10 days left'
devid list
like "$out" 'warning: 10 days left' "list warns of 10 days"
unlike "$out" 'warning: 50 days' "… and not of 50"
for words in status check; do
	devid $words
	is "$err" "$warned" "$words warns of 10 days, and not of 50"
done
is "$rc" 0 "… and the check is passed"
account 51
for words in status check; do
	devid $words
	like "$err" 'warning: far: 50 days left' "ExpiryWarning=51: $words warns of 50"
done
devid list
like "$out" 'warning: 50 days left' "… and list"
account 10
for words in status check; do
	devid $words
	is "$err" "" "ExpiryWarning=10: $words is silent"
done
devid list
unlike "$out" 'warning' "… and list"
account ''
cp "$T/ca.crt" "$T/config/signing/ending.pem"
for words in "ca list" status check; do
	devid $words
	like "$err" 'warning: signing certificate ending: 20 days left' "$words warns of a signing certificate"
	unlike "$err" 'signing certificate issuing' "… and of no other"
done
devid check --quiet
is "$out$err" "" "check --quiet is quiet"

# --- in the office, where no certificate is asked for
mkdir -p "$T/root/proc/net"
printf 'heading\neth0 00000000 0A0A0A0A 0003 0 0 0 00000000 0 0 0\n' >"$T/root/proc/net/route"
printf 'heading\n10.10.10.10 0x1 0x2 02:00:00:00:00:01 * eth0\n' >"$T/root/proc/net/arp"
printf '[Account]\n[Office Here]\nGatewayAddress=10.10.10.10\nGatewayMAC=02:00:00:00:00:01\n' >"$T/config/account.conf"
run "${E[@]}" DEVID_TEST_ROOT="$T/root" "$DEVID_COMMAND" status
like "$out" 'network +office Here' "this is the office"
like "$err" "$warned" "… and an end is warned of all the same"
run "${E[@]}" DEVID_TEST_ROOT="$T/root" "$DEVID_COMMAND" check near
like "$err" "$warned" "… by check, too"
rm "$T/config/account.conf"

# --- notifications
keyring_bus
notification_start
rm -f "$EVENTS"
devid check --quiet --notify
is "$rc $out$err" "0 " "check --quiet --notify: quiet"
is "$(notifications)" 2 "one notification for the identity, one for the signing certificate"
is "$(notification 1 summary)" "Device certificate expires soon" "the identity's"
like "$(notification 1 text)" "^near: 10 days left; it ends on $(date -u -d '+10 days +1 hour' +%F)"$'\n'"hint: .*--replace" \
	"… says when, and what to do"
is "$(notification 1 urgency)" 1 "… calmly"
is "$(notification 2 summary)" "Signing certificate expires soon" "the signing certificate's"
like "$(notification 2 text)" '^signing certificate ending: 20 days left; .*'$'\n''hint: .*devid ca add' "… too"
is "$(events)" 2 "each is an event"
like "$(grep -m 1 Expiry "$EVENTS")" '"action":"Warning","reason":"expires-soon","label":"near"' "… with reason and label"
like "$(grep Expiry "$EVENTS" | tail -n 1)" '"reason":"signing-expires-soon"' "… of the signing certificate too"
is "$(stat -c %a "$STATE")" 600 "what was told is noted privately"
unlike "$(cat "$STATE")" 'near|ending' "… without names"
for _ in 1 2 3; do
	devid check --quiet --notify
done
is "$(notifications) $(events)" "2 2" "nothing is told twice a day"
yesterday
devid check --quiet --notify
is "$(notifications) $(events)" "4 4" "the next day it is told again"
is "$(wc -l <"$STATE")" 4 "and the day before is forgotten"
printf 'nonsense\n\xff\xfe 1 2\n99999999999999999999 notified x\n' >"$STATE"
devid check --quiet --notify
is "$rc $(notifications) $(events)" "0 6 6" "a damaged note costs one notification"
rm -f "$STATE"
mkfifo "$STATE"
RUN_BOUND=20 devid check --quiet --notify
is "$rc $(notifications)" "0 8" "a FIFO in its place is not waited for"
rm -f "$STATE"
ln -s "$T/elsewhere" "$STATE"
devid check --quiet --notify
not_ok "a link in its place is not followed" test -e "$T/elsewhere"
rm -f "$STATE"

# --- what fails
place stranger "$PKI/stranger"
rm -rf "$T/config/signing/ending.pem"
devid check near --quiet --notify
before=$(notifications)
devid check --quiet --notify
is "$rc" 3 "one fails: the status tells"
is "$(notifications)" $((before + 1)) "… and a notification"
last=$(notifications)
is "$(notification "$last" summary) $(notification "$last" urgency)" "Device certificate refused 2" "… of another kind"
devid check stranger
is "$(notification "$last" text)" "$(sed 's/^devid: //' <<<"$err")" "… with the words of the command"
devid check --quiet --notify
is "$(notifications)" "$last" "… once"
rm -rf "$RECORDS_USER"
place last "$T/last"
devid check --quiet --notify
like "$(notification "$(notifications)" text)" '^last: 0 days left' "on the last day too"
rm -rf "$RECORDS_USER"
place '<i>x</i>' "$T/near"
devid check --quiet --notify
is "$(notification "$(notifications)" markup)" "[]" "a label made of markup is no markup"

# --- nobody to tell
rm -rf "$RECORDS_USER" "$STATE" "$EVENTS"
before=$(notifications)
devid check --quiet --notify
is "$rc $(notifications)" "3 $before" "no identity: no notification"
not_ok "… and no event" test -s "$EVENTS"
place near "$T/near"
notification_stop
devid check --quiet --notify
is "$rc $(events)" "0 1" "no daemon: an event all the same"
ok "… at once" test "$ms" -lt 5000
notification_start
devid check --quiet --notify
is "$(notifications) $(events)" "1 1" "when there is one it is told, without another event"
notification_stop
notification_start silent
yesterday
RUN_BOUND=30 devid check --quiet --notify
is "$rc" 0 "a daemon that never answers: it ends"
ok "… within the bound of 3 s" test "$ms" -lt 8000
kill -STOP "$BUS_PID"
yesterday
RUN_BOUND=30 devid check --quiet --notify
is "$rc" 0 "a bus that stands still: it ends"
ok "… within the bound of 3 s" test "$ms" -lt 8000
kill -CONT "$BUS_PID"
unset DBUS_SESSION_BUS_ADDRESS
env_build
yesterday
devid check --quiet --notify
is "$rc" 0 "no bus: it ends"
rm -rf "$RECORDS_USER"
account ''
echo 'Nonsense' >"$T/config/account.conf"
place near "$T/near"
devid check --quiet --notify
is "$rc" 1 "a broken account: failed"
done_testing
