#!/bin/bash
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
run "${A[@]}" devid check rsa
is "$rc" 3 "and the check says so"
rm /etc/devid/signing/other.pem /etc/devid/account.conf
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
