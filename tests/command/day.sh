#!/bin/bash
# A day's events: what a person and root do on an installed machine leaves exactly these lines in the logs,
# whole, step by step and no other. Only moments, versions and the machine's name are made the same first.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/tls.sh"
private_machine "$0" "$@"
machine_user alice devid
machine_session alice
home=$T/users/alice
cp "$PKI"/{p256,p384,stranger-p256}.p12 "$PKI/password" "$home/"
cp "$PKI"/p256.p12 "$PKI/password" "$T/users/root/"
chown -R alice: "$home"
keyring_bus
keyring_start open
tls_server tls1_3
STRANGER='not issued by any signing certificate of the account (issuer: C=JP, O=Other, CN=Other CA)'
GNUTLS=/usr/bin/gnutls-cli

alice() { run "${E[@]}" devid "$@"; }
root() {
	as root
	run "${A[@]}" devid "$@"
}
login() { # TOKEN LABEL
	A=("${E[@]}")
	tls_login "pkcs11:token=$1;object=$2"
}
account() {
	printf '%s\n' "$@" >/etc/devid/account.conf
}
key_id() {
	openssl x509 -in "$PKI/$1.crt" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :' | tr A-F a-f
}
serial() {
	openssl x509 -in "$PKI/$1.crt" -noout -serial | sed 's/.*=0*//' | tr A-F a-f
}
issuer() {
	openssl x509 -in "$PKI/$1.crt" -noout -issuer -nameopt sep_comma_plus_space,utf8 | sed 's/^issuer=//'
}
ends() {
	date -u -d "$(openssl x509 -in "$PKI/$1.crt" -noout -enddate | cut -d= -f2)" +%FT%TZ
}

# event KIND ACTION REASON USER [type=T] [label=L] [checked=yes|no] [cert=FILE:NAME] [issuer=FILE] [why=W] [rule=R]
# [by=P]: the line as it must be.
event() {
	local line key word by='' type='Device Certificate' user=$4
	line="\"event_sub_type\":\"$1\",\"action\":\"$2\",\"reason\":\"$3\""
	shift 4
	for key in type label checked cert issuer why rule by; do
		for word in "$@"; do
			[ "${word%%=*}" = "$key" ] || continue
			word=${word#*=}
			case $key in
			type) type=$word ;;
			label) line+=",\"label\":\"$word\"" ;;
			checked) line+=",\"device_certificate\":\"${word/#yes/Validated}\"" ;;
			cert)
				line+=",\"client_cert_name\":\"${word#*:}\""
				line+=",\"client_cert_expires\":\"$(ends "${word%:*}")\""
				line+=",\"client_cert_serial\":\"$(serial "${word%:*}")\""
				line+=",\"client_cert_issuer\":\"$(issuer "${word%:*}")\""
				;;
			issuer) line+=",\"issuer_key_id\":\"$(key_id "$word")\"" ;;
			why) line+=",\"failure_reason\":\"$word\"" ;;
			rule) line+=",\"rule_name\":\"$word\"" ;;
			by) by=",\"program\":\"$word\"" ;;
			esac
		done
	done
	line=${line/\"no\"/\"Not Validated\"}
	line="{\"time\":\"*\",\"event_type\":\"$type\",$line"
	line+=",\"os_type\":\"Linux\",\"os_version\":\"*\",\"user_name\":\"$user\""
	echo "$line,\"device_name\":\"*\",\"client_version\":\"*\"$by}"
}
laptop=(label=laptop cert=p256:laptop-p256)
renewed=(label=laptop cert=p384:laptop-p384)
other=(label=other cert=stranger-p256:stranger-p256)
machine=(label=machine cert=p256:laptop-p256)
good=(checked=yes issuer=issuing)
bad=(checked=no issuer=stranger-issuing "why=$STRANGER")

# step NAME FILE: the lines since the last step are those of standard input. Within a step their order is left
# open, for the agent writes one and the command the other.
declare -A SEEN=()
step() {
	local seen=${SEEN[$2]:-0} wanted count
	wanted=$(sort)
	count=$(grep -c . <<<"$wanted")
	wait_for 10 has_lines "$2" $((seen + count))
	is "$(tail -n +$((seen + 1)) "$2" 2>/dev/null | sed -E 's/"(os_version|device_name|client_version)":"[^"]+"/"\1":"*"/g
		s/^\{"time":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"/{"time":"*"/' | sort)" "$wanted" "$1"
	SEEN[$2]=$((seen + count))
}
has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}
USER_LOG=$home/.local/state/devid/events.jsonl
SYSTEM_LOG=/var/log/devid/events.jsonl

# --- alice's own identity
root ca add --name example "$PKI/issuing.crt"
alice list
alice import-cert --label laptop --password-file password p256.p12 --dry-run
not_ok "a list, a dry run: no event" test -e "$USER_LOG"
alice check
step "a check without an identity" "$USER_LOG" < <(
	event "Local Check" Failed no-certificate alice checked=no "why=there is no device certificate"
)
alice import-cert --label laptop --password-file password p256.p12
step "an import, and the signature that tries it" "$USER_LOG" < <(
	event "Key Use" Allowed ok alice "${laptop[@]}" "${good[@]}" by=devid
	event Import Succeeded ok alice "${laptop[@]}" by=devid
)
alice import-cert --label laptop --password-file missing p384.p12
step "one that fails" "$USER_LOG" < <(
	event Import Failed io alice label=laptop "why=p384.p12: missing: No such file or directory" by=devid
)
alice check
is "$rc" 0 "a good check"
step "a good check" "$USER_LOG" < <(event "Local Check" Succeeded ok alice "${laptop[@]}" "${good[@]}")
alice import-cert --label other --password-file password stranger-p256.p12
step "the import of one that the account does not accept" "$USER_LOG" < <(
	event "Key Use" Allowed issuer-unknown alice "${other[@]}" "${bad[@]}" by=devid
	event Import Succeeded ok alice "${other[@]}" by=devid
)
alice check other
is "$rc" 3 "a bad check"
step "a bad check" "$USER_LOG" < <(event "Local Check" Failed issuer-unknown alice "${other[@]}" "${bad[@]}")
login Device%20Identity laptop
step "a login" "$USER_LOG" < <(
	event "Key Use" Allowed ok alice "${laptop[@]}" "${good[@]}" by=$GNUTLS
)
account '[Account]' OnUse=enforce
for _ in 1 2 3; do
	login Device%20Identity other
done
step "three logins with a key that the gate refuses" "$USER_LOG" < <(
	event "Key Use" Refused issuer-unknown alice "${other[@]}" "${bad[@]}" by=$GNUTLS
)
account '[Account]' OnUse=enforce '[Certificate]' RequireProtection=root
login Device%20Identity laptop
step "one with a key that the account has better protected" "$USER_LOG" < <(
	event "Key Use" Refused protection alice "${laptop[@]}" "${good[@]}" \
		"why=laptop: its key can be copied by its user, and the account asks for keys that only root can copy" \
		by=$GNUTLS
)
account '[Account]' OnUse=enforce
mkdir /etc/devid/rules.d
printf '[Rule nobody]\nUsers=alice\nAction=block\n' >/etc/devid/rules.d/10.conf
alice check laptop
is "$rc" 4 "a check that a rule blocks"
blocked=(rule=nobody "why=rule nobody of the account blocks (/etc/devid/rules.d/10.conf:1)")
step "a good certificate, and a rule that blocks" "$USER_LOG" < <(
	event "Local Check" Succeeded ok alice "${laptop[@]}" "${good[@]}"
	event "Local Check" Blocked rule-blocked alice type=Connectivity "${laptop[@]}" "${blocked[@]}"
)
login Device%20Identity laptop
step "and the login that it blocks" "$USER_LOG" < <(
	event "Key Use" Refused rule-blocked alice "${laptop[@]}" "${good[@]}" "${blocked[@]}" by=$GNUTLS
)
rm -r /etc/devid/rules.d
rm /etc/devid/account.conf
alice import-cert --label laptop --replace --password-file password p384.p12
step "a renewal" "$USER_LOG" < <(
	event "Key Use" Allowed ok alice "${renewed[@]}" "${good[@]}" by=devid
	event Import Succeeded ok alice "${renewed[@]}" by=devid
)
alice remove other
step "a removal" "$USER_LOG" < <(
	event Removal Succeeded ok alice "${other[@]}" by=/usr/bin/devid
)
alice reset-cred --dry-run
alice reset-cred
step "a reset" "$USER_LOG" < <(event Reset Succeeded ok alice)
alice reset-cred --keys --yes
step "a reset of the keys too" "$USER_LOG" < <(
	event Removal Succeeded ok alice "${renewed[@]}" by=/usr/bin/devid
	event Reset Succeeded ok alice
)
not_ok "and the machine's log has nothing of it" test -s "$SYSTEM_LOG"

# --- the machine's
root import-cert --system --label machine --password-file password p256.p12
step "root imports for the machine" "$SYSTEM_LOG" < <(
	event "Key Use" Allowed ok root "${machine[@]}" "${good[@]}" by=devid
	event Import Succeeded ok root "${machine[@]}" by=devid
)
root check
step "root checks" "$SYSTEM_LOG" < <(event "Local Check" Succeeded ok root "${machine[@]}" "${good[@]}")
login Device%20Identity%20%28system%29 machine
step "alice, of the group devid, logs in with it" "$SYSTEM_LOG" < <(
	event "Key Use" Allowed ok alice "${machine[@]}" "${good[@]}" by=gnutls-cli
)
root account revoke "$PKI/p256.crt"
account '[Account]' OnUse=enforce '[Revocation]' SerialsFile=revoked
login Device%20Identity%20%28system%29 machine
step "once it is revoked, the gate refuses" "$SYSTEM_LOG" < <(
	event "Key Use" Refused revoked alice "${machine[@]}" checked=no issuer=issuing \
		"why=the device certificate has been revoked" by=gnutls-cli
)
root check
is "$rc" 3 "root's check fails"
step "root's check fails" "$SYSTEM_LOG" < <(
	event "Local Check" Failed revoked root "${machine[@]}" checked=no issuer=issuing \
		"why=the device certificate has been revoked"
)
root reset-cred --keys --yes
step "a reset with keys" "$SYSTEM_LOG" < <(
	event Removal Succeeded ok root "${machine[@]}" by=devid
	event Reset Succeeded ok root
)
is "$(wc -l <"$USER_LOG")" "${SEEN[$USER_LOG]}" "nothing more came to alice's log"

# --- two at once across a rotation
rm /etc/devid/account.conf
alice import-cert --label laptop --password-file password p256.p12
like "$(head -n 1 "$USER_LOG")" '^\{.*\}$' "a line to fill the log with"
head -n 1 "$USER_LOG" >"$T/line"
size=$(stat -c %s "$T/line")
rm "$USER_LOG"
yes "$(cat "$T/line")" | head -n $((1048576 / size - 20)) >"$USER_LOG"
chown alice: "$USER_LOG"
chmod 600 "$USER_LOG"
before=$(wc -l <"$USER_LOG")
pids=()
for _ in 1 2; do
	"${E[@]}" sh -c 'for i in $(seq 40); do devid check --quiet || exit; done' &
	pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
	wait "$pid" || failed=$((failed + 1))
done
is "$failed" 0 "two that check forty times"
isnt "$(find "${USER_LOG%/*}" -name 'events.jsonl?*' | wc -l)" 0 "the log was rotated meanwhile"
is "$(find "${USER_LOG%/*}" -name 'events.jsonl*' -exec cat {} + | wc -l)" $((before + 80)) "no line is lost"
is "$(find "${USER_LOG%/*}" -name 'events.jsonl*' -exec cat {} + | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    json.loads(line)["event_sub_type"]' 2>&1)" "" "and none is torn"
done_testing
