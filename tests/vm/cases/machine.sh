# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine on which devid was installed, from the first boot on: nothing has failed, doctor finds nothing that isn't there,
# what is told to the journal has its fields; a person's login; and all of that after a reboot.
. /folder/tests/vm/guest.sh
. /folder/tests/vm/people.sh

nothing_failed() { # WHEN
	is "$(systemctl is-system-running --wait)" running "$1: the machine runs, and nothing has failed" ||
		diag "$(systemctl --failed --no-legend)"
	is "$(by alice systemctl --user is-system-running --wait)" running "$1: so does alice's manager" ||
		diag "$(by alice systemctl --user --failed --no-legend)"
}
# The kernel is told what a time server's answer would have it told: adjtimex(2), ADJ_STATUS and ADJ_MAXERROR.
clock_is_kept() {
	# shellcheck disable=SC2016
	perl -e 'my $timex = pack("L!q4lx4x1024", 0x14, 0, 0, 0, 0, 0); exit(syscall(159, $timex) < 0)'
}
# doctor_finds USER TEXT NAME: its failures and warnings, a line each.
doctor_finds() {
	local found
	run_by "$1" devid doctor --json
	found=$(jq -r '.findings[] | select(.result == "fail" or .result == "warn") | .examination + ": " + .message' <<<"$out")
	out='' err=''
	is "$found" "$2" "$3"
}
doctor_is_content() { # WHEN
	local user
	for user in root alice; do
		doctor_finds $user '' "$1: doctor finds nothing wrong for $user"
	done
}
# What stands in files of events, and what the journal has of DEVID_ fields since the boot: the same, object by object.
events_of() { # FOLDER
	cat "$1"/*.jsonl | jq -cS 'map_values(tostring)' | sort
}
journal_of() { # MATCH…
	journalctl --sync
	journalctl -b -o json SYSLOG_IDENTIFIER=devid "$@" |
		jq -cS 'with_entries(select(.key | startswith("DEVID_")) | .key |= (ltrimstr("DEVID_") | ascii_downcase))' | sort
}
field() { # FIELD MATCH…
	journalctl -b -o json "${@:2}" | jq -r ".$1" | sort -u | paste -sd' '
}

case $VM_BOOT in
1)
	is "$(<"$T/running")" running "booted: nothing has failed"
	echo alice:pw | chpasswd
	people_keyrings
	# gnome-keyring lacks what the very first login has made.
	seat_login alice 1
	run_at_seat alice 1 devid import-cert --label laptop --password-file "$PKI/password" "$PKI/p256.p12"
	is "$rc" 5 "alice, at her first login: no keyring" || diag "$(last_run)"
	like "$err" 'hint: log out and in again: the keyring.s daemon then finds it' "with the way to it"
	seat_leave alice 1
	keyring_login alice 1
	nothing_failed "installed"
	run devid import-cert --system --label machine --password-file "$PKI/password" "$PKI/rsa2048.p12"
	is "$rc" 0 "root imports" || diag "$(last_run)"
	run_at_seat alice 1 devid import-cert --label laptop --password-file "$PKI/password" "$PKI/p256.p12"
	is "$rc" 0 "alice imports" || diag "$(last_run)"
	is "$(jq -r '.identities[] | .label + " " + .store' <<<"$(by alice devid list --json)" | sort | paste -sd' ')" \
		"laptop keyring machine file" "each where it belongs" || diag "$(by alice devid list --json)"
	doctor_finds root 'clock: it is not kept right yet: the service for it is on, and no time server has answered' \
		"without a network doctor misses a time server's answer, and nothing else"
	ok "one has answered" clock_is_kept
	doctor_is_content "with identities"

	# --- the journal
	mkdir -p /etc/devid/rules.d
	printf '[Rule none]\nUsers=alice\nAction=block\n' >/etc/devid/rules.d/1.conf
	not_ok "alice is refused" signs alice "$PKI/rsa2048.crt"
	rm /etc/devid/rules.d/1.conf
	is "$(journal_of _UID=0 _UID="$(id -u devid)")" "$(events_of /var/log/devid)" "the journal has the machine's events with all their fields"
	is "$(journal_of _UID="$(id -u alice)")" "$(events_of /home/alice/.local/state/devid)" "and alice's"
	match=(SYSLOG_IDENTIFIER=devid)
	is "$(field SYSLOG_FACILITY "${match[@]}") $(field PRIORITY "${match[@]}" DEVID_ACTION=Succeeded)" "10 6" \
		"as authpriv; what went well is information"
	# Her own log has it too.
	match+=('DEVID_EVENT_SUB_TYPE=Key Use' DEVID_REASON=rule-blocked _UID="$(id -u devid)")
	is "$(field _SYSTEMD_UNIT "${match[@]}") $(field _UID "${match[@]}") $(field PRIORITY "${match[@]}")" \
		"devid-agent.service $(id -u devid) 4" "the agent's refusal comes from its unit, as a warning" ||
		diag "$(journalctl -b --no-pager -u devid-agent | tail -n 20)"
	like "$(field DEVID_USER_NAME "${match[@]}") $(field DEVID_PROGRAM "${match[@]}") $(field DEVID_RULE_NAME "${match[@]}")" \
		'^alice (/usr/bin/)?pkcs11-tool none$' "and names user, program and rule"
	is "$(journalctl -b -o json _EXE=/usr/libexec/devid/devid-agent | jq -r 'select(.SYSLOG_IDENTIFIER == null) | .MESSAGE')" "" \
		"nothing of an agent's is without an identifier"
	nothing_failed "with identities"
	nothing_denied
	reboot_machine
	;;
2)
	keyring_login alice 1
	nothing_failed "rebooted"
	ok "a time server has answered" clock_is_kept
	ok "rebooted: root signs" signs root "$PKI/rsa2048.crt"
	ok "rebooted: alice signs with the machine's" signs alice "$PKI/rsa2048.crt"
	ok "rebooted: and with hers" signs alice "$PKI/p256.crt" USER
	doctor_is_content "rebooted"
	is "$(by alice systemctl --user is-active devid-expiry.timer)" active "her certificate's end is looked for"
	ok "and by hand" by alice systemctl --user start devid-expiry.service
	nothing_failed "looked"
	nothing_denied "rebooted"
	;;
esac
done_testing
