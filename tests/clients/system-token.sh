#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine's identity, as installed: root imports, users of the group log in with gnutls-cli, others see
# the certificate alone, and nobody but the agent's user and root reads the key.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/tls.sh"
private_machine "$0" "$@"
machine_user alice devid
machine_user carol devid
machine_user bob
TOKEN='pkcs11:token=Device%20Identity%20%28system%29'
cp "$PKI"/*.p12 "$PKI/issuing.crt" "$PKI/password" "$T/users/root/"

root() {
	as root
	run "${A[@]}" "$@"
}
# json EXPRESSION: of the document in $out, j.
json() {
	/usr/bin/python3 -c 'import json, sys
j = json.loads(sys.argv[1])
print(eval(sys.argv[2]))' "$out" "$1"
}
agents() {
	ps -e -o user=,args= | grep '[d]evid-agent --system'
}

root devid ca add --name example issuing.crt
is "$rc" 0 "root adds the signing certificate"
root devid import-cert --label rsa --password-file password rsa2048.p12
is "$rc" 0 "root imports: to the system token, unless told otherwise"
root devid import-cert --system --store file --label ec --password-file password p256.p12
is "$rc" 0 "and with all words"

# --- what is on disk
is "$(stat -c %U:%a /var/lib/devid)" devid:755 "the folder is the agent's"
is "$(find /var/lib/devid -name '*.identity' -exec stat -c %U:%a {} + | sort | uniq -c | tr -s ' ')" " 2 devid:644" \
	"two records, for all to read"
is "$(find /var/lib/devid -name '*.key' -exec stat -c %U:%a {} + | sort | uniq -c | tr -s ' ')" " 2 devid:600" \
	"two keys, for the agent alone"
is "$(find /var/lib/devid -type f ! -name '*.identity' ! -name '*.key' ! -name generation ! -name .lock)" "" "and nothing else"
like "$(agents)" '^devid ' "the agent runs as devid"
is "$(agents | wc -l)" 1 "there is one"
key=$(find /var/lib/devid -name '*.key' | head -n 1)
for user in alice bob; do
	as $user
	not_ok "$user can't read a key file" "${A[@]}" head -c 1 "$key"
done
pid=$(pgrep -f 'devid-agent --system')
is "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$pid/status")" 0000000000000000 "the agent has no capability"
not_ok "its memory is not to be read by its own user's programs" \
	setpriv --reuid=devid --regid=devid --clear-groups head -c 1 "/proc/$pid/environ"

# --- logins
tls_server tls1_3
port13=$PORT
tls_server tls1_2
port12=$PORT
for user in alice carol root; do
	as $user
	for version in 13 12; do
		port=port$version
		PORT=${!port}
		for label in rsa ec; do
			tls_login "$TOKEN;object=$label"
			name=$([ $label = rsa ] && echo laptop-rsa2048 || echo laptop-p256)
			ok "$user logs in with $label, TLS 1.${version#1}" tls_accepted "$name" || diag "$out" "$err"
		done
	done
done
PORT=$port13
as bob
tls_login "$TOKEN;object=rsa"
not_ok "bob does not" tls_accepted laptop-rsa2048
run "${A[@]}" p11tool --list-all "$TOKEN"
like "$out" 'object=rsa;type=cert' "bob sees the certificate"
unlike "$out" 'type=private' "and no key"
run "${A[@]}" p11tool --list-privkeys "$TOKEN"
unlike "$out" 'type=private' "not when asked for keys either"
as alice
run "${A[@]}" p11tool --list-privkeys "$TOKEN"
like "$out" 'object=rsa;type=private' "alice sees the key"
run "${A[@]}" devid list --json
is "$rc" 0 "alice lists"
like "$out" '"label" *: *"rsa"' "the machine's identity among them"
run "${A[@]}" devid check rsa
is "$rc" 0 "and checks it"

# --- two users at once
as alice
tls_many() {
	local n
	for n in 1 2 3 4 5 6; do
		tls_login "$TOKEN;object=rsa"
		tls_accepted laptop-rsa2048 || return 1
	done
}
# Each with files of its own for what run() leaves.
(as alice && real=$T && T=$T/tmp/a && mkdir -p "$T" && tls_many; status=$?; T=$real; trap - EXIT; exit $status) &
one=$!
(as carol && real=$T && T=$T/tmp/c && mkdir -p "$T" && tls_many; status=$?; T=$real; trap - EXIT; exit $status) &
two=$!
ok "alice, six times, while" wait $one
ok "carol does" wait $two
is "$(agents | wc -l)" 1 "the one agent served both"

# --- what only root may do
as alice
cp "$PKI/p384.p12" "$T/users/alice/" && chown alice "$T/users/alice/p384.p12"
run "${A[@]}" devid import-cert --system --label mine --password-file "$PKI/password" p384.p12
isnt "$rc" 0 "alice imports nothing into the system token"
run "${A[@]}" devid remove rsa
isnt "$rc" 0 "removes nothing from it"
run "${A[@]}" devid rename rsa mine
isnt "$rc" 0 "and renames nothing"
is "$(find /var/lib/devid -name '*.identity' | wc -l)" 2 "there are two identities as before"

# --- who may not use it knows before anything starts
as bob
BOB=$T/users/bob/.local/state/devid
run "${A[@]}" devid check rsa
is "$rc" 1 "bob's check of the machine's identity fails"
is "$err" "devid: rsa: the account does not let this user use the machine's identity
hint: as root: name the user in SystemUsers= of account.conf or, where that is not set, add the user to the group devid" "… and says why"
run "${A[@]}" devid check --json rsa
is "$(json 'j["reason"], j["identities"][0]["check"]["result"]')" "('system-user', 'not-yours')" "… in JSON too"
like "$(tail -n 1 "$BOB/refusals.jsonl")" '"action":"Failed","reason":"system-user","label":"rsa"' "… and the cause is in his own log"
run "${A[@]}" devid list --json
is "$(json '[i["check"]["reason"] for i in j["identities"]]')" "['system-user', 'system-user']" "his list knows"
run "${A[@]}" devid list
like "$out" 'not yours' "… in words"
mkdir -p /etc/devid/connections.d
printf '[Connection]\nGateway=127.0.0.1:1\nClient=openconnect\n' >/etc/devid/connections.d/office.conf
: >"$BOB/refusals.jsonl"
run "${A[@]}" devid connect office --dry-run
like "$rc$err" "^1devid: (rsa|ec)?:? ?.*does not let this user use the machine's identity" "so does connect, before it starts anything"
like "$(tail -n 1 "$BOB/refusals.jsonl")" '"reason":"system-user"' "… with the cause in his log"
as carol
run "${A[@]}" devid check rsa
is "$rc" 0 "carol's check passes"
for user in bob carol; do
	as $user
	run "${A[@]}" devid status
	like "$out" 'running \(tells root alone' "$user: the machine's agent is well"
	unlike "$out" 'not well' "… which is nowhere denied"
	run "${A[@]}" devid status --json
	is "$(json 'j["system_agent"]["running"], j["system_agent"]["problem"]')" "(True, None)" "… in JSON too"
done
rm -r /etc/devid/connections.d
as bob
usermod -a -G devid bob
run "${A[@]}" devid check rsa
is "$rc" 0 "the hint followed, with no new login: bob's check passes"
gpasswd --delete bob devid >/dev/null

# --- the account decides, without a restart
printf '[Account]\nSystemUsers=bob\n' >/etc/devid/account.conf
as bob
tls_login "$TOKEN;object=rsa"
ok "SystemUsers=bob: now bob logs in" tls_accepted laptop-rsa2048
as alice
tls_login "$TOKEN;object=rsa"
not_ok "and alice does not" tls_accepted laptop-rsa2048
printf '[Account]\nSystemUsers=*\n' >/etc/devid/account.conf
tls_login "$TOKEN;object=rsa"
ok "SystemUsers=*: alice again" tls_accepted laptop-rsa2048
printf '[Account]\nSystemUser=*\n' >/etc/devid/account.conf
tls_login "$TOKEN;object=rsa"
not_ok "a broken account allows nobody" tls_accepted laptop-rsa2048
printf '[Account]\nOnUse=enforce\n' >/etc/devid/account.conf
tls_login "$TOKEN;object=rsa"
ok "OnUse=enforce: a good certificate signs" tls_accepted laptop-rsa2048
mv /etc/devid/signing/example.pem "$T/"
cp "$PKI/stranger-issuing.crt" /etc/devid/signing/other.pem
tls_login "$TOKEN;object=rsa"
not_ok "one that the account doesn't accept does not" tls_accepted laptop-rsa2048

# --- whose use is refused reads why in the own log, where an agent of the own listens; none is started for it
ALICE=$T/users/alice/.local/state/devid
told() { # [STATE]: how often a refusal by the machine's agent is in alice's log, or another's
	cat "${1:-$ALICE}/refusals.jsonl" 2>/dev/null | grep -c '"token":"system"'
}
own_agents() {
	pgrep -fu alice 'devid-agent --user' | wc -l
}
is "$(told)/$(own_agents)" 0/0 "no agent of alice's runs, and none was started to be told"
run "${A[@]}" devid import-cert --user --store file --label own --password-file "$PKI/password" p384.p12
is "$rc/$(own_agents)" 0/1 "alice's agent runs now, for another reason" || diag "$out" "$err"
tls_login "$TOKEN;object=rsa"
not_ok "another refused login" tls_accepted laptop-rsa2048
is "$(told)" 1 "is told in alice's own log"
line=$(grep '"token":"system"' "$ALICE/refusals.jsonl" | tail -n 1)
like "$line" '"event_sub_type":"Key Use","action":"Refused","reason":"issuer-[a-z]*","label":"rsa"' "with the reason and the identity"
like "$line" '"client_cert_name":"laptop-rsa2048"' "… its certificate"
like "$line" '"user_name":"alice".*"program":"[^"]*gnutls-cli"' "… the user and the program"
is "$(sed -n 's/.*"reason":"\([^"]*\)".*/\1/p' <<<"$line")" \
	"$(grep '"user_name":"alice"' /var/log/devid/refusals.jsonl | tail -n 1 | sed -n 's/.*"reason":"\([^"]*\)".*/\1/p')" \
	"the reason is that of the machine's log"
for again in 1 2 3; do
	tls_login "$TOKEN;object=rsa"
	not_ok "refused again" tls_accepted laptop-rsa2048
done
is "$(told)" 1 "told once, as the machine's log has it"
run "${A[@]}" devid events --user
like "$out" "the machine's identity, refused by the machine's agent" "devid events says whose it was"
tls_login "$TOKEN;object=ec"
is "$(told)" 2 "another key is another matter"
as root
tls_login "$TOKEN;object=rsa"
not_ok "root is refused as well" tls_accepted laptop-rsa2048
is "$(told "$T/users/root/.local/state/devid")" 0 "and reads it in the machine's log"
as alice
run "${A[@]}" devid check rsa
is "$rc" 3 "and the check says so"
run "${A[@]}" devid remove own
rm /etc/devid/signing/other.pem
printf "[Account]\nOnUse=log\n" >/etc/devid/account.conf
mv "$T/example.pem" /etc/devid/signing/
tls_login "$TOKEN;object=ec"
ok "the account as it was: so is the login" tls_accepted laptop-p256

# --- events, and the end
root devid events --json
like "$out" '"user_name" *: *"alice"' "events name the user"
is "$(find /var/log/devid -type f -perm /002 | wc -l)" 0 "whose log others can't write"
root devid remove rsa
is "$rc" 0 "root removes an identity"
is "$(find /var/lib/devid -name '*.key' | wc -l)" 1 "its key is gone"
root devid remove ec
is "$(find /var/lib/devid -name '*.key' -o -name '*.identity' | wc -l)" 0 "likewise the other"
done_testing
