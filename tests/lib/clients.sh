# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of foreign programs share: an installed machine on which alice has a real keyring with two
# identities that the account accepts ("rsa", "ec") and one that it doesn't ("stranger"), and the ways in which a
# key can't be used. Brings common.sh, machine.sh and keyring.sh along:
#
#	client_machine "$0" "$@"
#	run "${E[@]}" curl …			as alice; $TOKEN is her token's URI, $SO the module's path
#	client_cannot_use locked probe		for each of locked, dismissed, refused, gone: see there
#
# Certificates: CN=laptop-rsa2048 and CN=laptop-p256; the PKI's names are in tests/certs/make.sh.

for lib in common machine keyring; do
	. "$(dirname "${BASH_SOURCE[0]}")/$lib.sh"
done

TOKEN='pkcs11:token=Device%20Identity'
AGENT_PROGRAM=/usr/libexec/devid/devid-agent

client_machine() {
	private_machine "$@"
	SO=$(pkg-config --variable=p11_module_path p11-kit-1)/devid-pkcs11.so
	machine_user alice
	usermod -p '*' alice
	machine_session alice
	HOME_ALICE=$T/users/alice
	cp "$PKI"/{rsa2048,p256,stranger,stranger-p256}.p12 "$PKI/password" "$HOME_ALICE/"
	chown -R alice: "$HOME_ALICE"
	as root
	run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
	[ "$rc" -eq 0 ] || bail "no account: $err"
	# The person at the prompter is alice too.
	touch "$T/prompter.log" && chown alice: "$T/prompter.log"
	keyring_bus
	keyring_start open || bail "no keyring"
	client_import rsa rsa2048
	client_import ec p256
	client_import stranger stranger
}

client_import() {
	run "${E[@]}" devid import-cert --label "$1" --password-file password "$2.p12"
	[ "$rc" -eq 0 ] || bail "no identity $1: $err"
}

# client_import_system LABEL NAME: on the machine's token, for alice too from then on; $TOKEN is changed to that.
client_import_system() {
	usermod -aG devid alice
	as root
	cp "$PKI/$2.p12" "$T/users/root/"
	run "${A[@]}" devid import-cert --label "$1" --password-file "$PKI/password" "$2.p12"
	[ "$rc" -eq 0 ] || bail "no identity $1 on the machine's token: $err"
	TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
}

client_agents() {
	pgrep -u alice -x devid-agent
}

client_end_agents() {
	local pid
	for pid in $(client_agents); do
		end_process "$pid"
	done
}

# client_cannot_use HOW PROBE [LABEL]: calls `PROBE LABEL HOW` while a key can't be used, and puts things right
# again. PROBE runs the client with that identity and tests what it does and says; in good order it would succeed.
#	locked     the keyring is locked, with nobody to ask ("rsa")
#	dismissed  it is, and whoever is asked for its password says no ("rsa")
#	refused    OnUse=enforce, and the certificate is a stranger's ("stranger")
#	gone       no agent runs and none can be started ("rsa")
client_cannot_use() {
	local how=$1 probe=$2 label=${3:-}
	CLIENT_EVENTS=$(client_reasons | wc -l)
	case $how in
	locked)
		keyring_lock
		client_end_agents
		"$probe" "${label:-rsa}" locked
		keyring_unlock
		client_end_agents
		;;
	dismissed)
		keyring_lock
		client_end_agents
		prompter_start dismiss
		"$probe" "${label:-rsa}" dismissed
		prompter_stop
		keyring_unlock
		client_end_agents
		;;
	refused)
		printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
		client_end_agents
		"$probe" "${label:-stranger}" refused
		rm /etc/devid/account.conf
		client_end_agents
		;;
	gone)
		client_end_agents
		chmod 000 "$AGENT_PROGRAM"
		"$probe" "${label:-rsa}" gone
		chmod 755 "$AGENT_PROGRAM"
		;;
	esac
}

# For a probe: the last run ended with an error within the bounds that the module keeps.
client_failed_in_time() {
	isnt "$rc" 0 "$1: an error"
	[ "$ms" -lt 20000 ] && pass "$1: in good time" || fail "$1: in good time ($ms ms)"
}

# The reason words of the events in alice's log, oldest first: her own agent wrote it.
client_reasons() {
	"${E[@]}" devid events --json 2>/dev/null | sed -n 's/.*"reason" *: *"\([a-z-]*\)".*/\1/p'
}

client_last_reason() {
	client_reasons | tail -n 1
}

# client_connectivity N: the last N events of checks and connections: "Local Check=ok Connection=ok".
client_connectivity() {
	"${E[@]}" devid events --json 2>/dev/null | tr -d '\n' | grep -oE '"event_type" : "Connectivity"[^}]*' |
		sed -E 's/.*"event_sub_type" : "([^"]*)".*"reason" : "([^"]*)".*/\1=\2/' | tail -n "$1" | paste -sd' '
}

# client_event_tells HOW [REASON], for a probe: what the client doesn't tell is in the log. Where no agent runs
# there is none to write it.
client_event_tells() {
	local how=$1
	case $how in
	locked) is "$(client_last_reason)" store-locked "$how: the log has the reason" ;;
	dismissed) is "$(client_last_reason)" store-dismissed "$how: the log has the reason" ;;
	refused) is "$(client_last_reason)" "${2:-issuer-unknown}" "$how: the log has the reason" ;;
	gone) is "$(client_reasons | wc -l)" "$CLIENT_EVENTS" "$how: no agent, no event" ;;
	esac
}

# client_refusals HOW PROGRAM: how many events of alice's agent tell of a key that the program with that path could
# not use, locked or refused. (Where no agent is, nobody writes one.)
client_refusals() {
	local -A reasons=([locked]=store-locked [refused]=issuer-unknown)
	grep -Ec "\"action\":\"(Failed|Refused)\",\"reason\":\"${reasons[$1]}\".*\"program\":\"$2\"" \
		"$HOME_ALICE/.local/state/devid/refusals.jsonl"
}

# client_objects LABEL: what of that identity is on alice's token: "cert private public".
client_objects() {
	"${E[@]}" p11tool --provider="$SO" --list-all --only-urls "$TOKEN;object=$1" 2>/dev/null |
		sed -n 's/.*;type=//p' | sort | paste -sd' '
}
