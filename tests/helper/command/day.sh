#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A day's events: what a person and root do on an installed machine leaves exactly these lines in the logs,
# whole, step by step and no other. Only moments, versions and the machine's name are made the same first.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/machine.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tls.sh"
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
# [by=P] [token=T]: the line as it must be.
event() {
	local line key word by='' type='Device Certificate' user=$4
	line="\"event_sub_type\":\"$1\",\"action\":\"$2\",\"reason\":\"$3\""
	shift 4
	for key in type label checked cert issuer why rule by token; do
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
			token) by+=",\"token\":\"$word\"" ;;
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

FILES=(events refusals uses)
# fresh LOG: the lines since the last step.
declare -A SEEN=()
fresh() {
	local file
	for file in "${FILES[@]}"; do
		tail -n +$((${SEEN[$1/$file]:-0} + 1)) "$1/$file.jsonl" 2>/dev/null
	done
}
has_fresh() {
	[ "$(fresh "$1" | wc -l)" -ge "$2" ]
}
# step NAME LOG: the lines since the last step are those of standard input. Within a step their order is left
# open, for the agent writes one and the command the other.
step() {
	local wanted file
	wanted=$(sort)
	wait_for 10 has_fresh "$2" "$(grep -c . <<<"$wanted")"
	is "$(fresh "$2" | sed -E 's/"(os_version|device_name|client_version)":"[^"]+"/"\1":"*"/g
		s/^\{"time":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"/{"time":"*"/' | sort)" "$wanted" "$1"
	for file in "${FILES[@]}"; do
		SEEN[$2/$file]=$(cat "$2/$file.jsonl" 2>/dev/null | wc -l)
	done
}
USER_LOG=$home/.local/state/devid
SYSTEM_LOG=/var/log/devid

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
# An enforcing agent takes that for an account that is being replaced, for two seconds.
cp "$TESTS/lib/ask.py" "$home/"
account_is_read() {
	"${E[@]}" /usr/bin/python3 "$home/ask.py" "/run/user/$(id -u alice)/devid/agent" status | grep -q '"gone":false'
}
ok "the agent follows" wait_for 15 account_is_read
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
is "$(cat "$SYSTEM_LOG"/*.jsonl 2>/dev/null)" "" "and the machine's log has nothing of it"

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
	event Revocation Succeeded revoked root cert=p256:laptop-p256 issuer=issuing
	event "Key Use" Refused revoked alice "${machine[@]}" checked=no issuer=issuing \
		"why=the device certificate has been revoked" by=gnutls-cli
)
step "which alice's own log has too" "$USER_LOG" < <(
	event "Key Use" Refused revoked alice "${machine[@]}" "why=the certificate has been revoked" \
		by=/usr/bin/gnutls-cli token=system
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
is "$(fresh "$USER_LOG")" "" "nothing more came to alice's log"

# --- two at once across a rotation: what is alike is one line now, and all are counted
rm /etc/devid/account.conf
alice import-cert --label laptop --password-file password p256.p12
CHECKS=$USER_LOG/uses.jsonl
counted() {
	/usr/bin/python3 -c '
import json, sys
print(sum(event.get("count", 1) for event in map(json.loads, sys.stdin) if event["event_sub_type"] == "Local Check"))' <"$CHECKS"
}
grep -m 1 'Local Check' "$CHECKS" >"$T/line"
like "$(cat "$T/line")" '^\{.*\}$' "a line to fill the log with"
size=$(stat -c %s "$T/line")
yes "$(cat "$T/line")" | head -n $((1048576 / size - 20)) >"$CHECKS"
before=$(counted)
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
ok "the log was made smaller meanwhile" test "$(stat -c %s "$CHECKS")" -lt 524288
is "$(counted)" $((before + 80)) "no check is lost, and no line torn"
is "$(ls -A "$USER_LOG" | grep -v '^\(events\|refusals\|uses\)\.jsonl$')" "" "and nothing else is left there"
alice events --user
like "$out" ' times since 20' "devid events says how many"
done_testing
