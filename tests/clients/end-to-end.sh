#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job, as installed: a .p12 goes into a user's GNOME Keyring, passes the check, and gnutls-cli,
# which knows nothing of devid, logs in with it: TLS 1.3 and 1.2, every kind of key.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/tls.sh"
private_machine "$0" "$@"
machine_user alice
machine_session alice
home=$T/users/alice
cp "$PKI"/*.p12 "$PKI/password" "$home/"
chown -R alice: "$home"
chmod 600 "$home"/*.p12 "$home/password"
TOKEN='pkcs11:token=Device%20Identity'
kinds=(rsa2048 rsa3072 rsa4096 p256 p384 p521)

devid() {
	run "${E[@]}" devid "$@"
	A=("${E[@]}")
}
identities() {
	find "$home/.local/share/devid" -name '*.identity' 2>/dev/null | wc -l
}

run "${E[@]}" true
devid check
is "$rc" 6 "no account: the check says so"
as root
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
is "$rc" 0 "root adds the signing certificate"
devid check
is "$rc" 3 "no identity: a certificate error"
like "$out$err" 'Certificate error\. \[C=JP, ST=Tokyo, O=Example, CN=Example Device CA\]' "with the line to search for"

devid import-cert --label rsa2048 --password-file password rsa2048.p12
is "$rc" 5 "no keyring: the import is refused"
is "$(identities)" 0 "and nothing is written"
# An agent that was started without a bus knows none but the one at the usual place.
stop_agent() {
	local pid
	for pid in $(pgrep -u alice -x devid-agent); do
		end_process "$pid" "${1:--TERM}"
	done
}
stop_agent
keyring_bus
keyring_start open

# --- import, list, check, log in
for kind in "${kinds[@]}"; do
	devid import-cert --label "$kind" --password-file password "$kind.p12"
	is "$rc" 0 "$kind: imported" || diag "$(last_run)"
	devid check "$kind"
	is "$rc" 0 "$kind: checked" || diag "$(last_run)"
done
is "$(identities)" ${#kinds[@]} "each has its record"
is "$(keyring_items | wc -l)" ${#kinds[@]} "and its item in the keyring"
not_ok "no file holds a key" grep -rlaE 'PRIVATE KEY' "$home/.local/share/devid"
devid list --json
is "$rc" 0 "they are listed"
is "$(grep -o '"label" *: *"[^"]*"' <<<"$out" | sort -u | wc -l)" ${#kinds[@]} "all of them"

tls_server tls1_3
port13=$PORT
tls_server tls1_2
port12=$PORT
for kind in "${kinds[@]}"; do
	for version in 13 12; do
		port=port$version
		PORT=${!port}
		tls_login "$TOKEN;object=$kind"
		ok "$kind logs in, TLS 1.${version#1}" tls_accepted "laptop-$kind" || diag "$out" "$err"
	done
done
tls_server tls1_2 -client_sigalgs RSA+SHA256:RSA+SHA512
tls_login "$TOKEN;object=rsa2048"
ok "and where the server wants PKCS #1 v1.5" tls_accepted laptop-rsa2048 || diag "$out" "$err"
PORT=$port13
devid check rsa2048 --server "localhost:$PORT"
is "$rc" 0 "devid's own look at the server" || diag "$(last_run)"

# --- a stranger
devid import-cert --label stranger --password-file password stranger.p12
is "$rc" 0 "a stranger's certificate can be imported"
like "$out$err" '[Ww]arning' "with a warning"
devid check stranger
is "$rc" 3 "it fails the check"
tls_login "$TOKEN;object=stranger"
not_ok "and the server does not take it" tls_accepted stranger

# --- the agent goes away, and many come at once
pid=$(pgrep -u alice -x devid-agent)
like "$pid" '^[0-9]+$' "alice has one agent"
stop_agent -KILL
tls_login "$TOKEN;object=p256"
ok "another is there for the next login" tls_accepted laptop-p256
stop_agent -KILL
pids=()
for n in 1 2 3 4 5 6 7 8; do
	(real=$T && T=$T/tmp/$n && mkdir -p "$T" && tls_login "$TOKEN;object=rsa2048" && tls_accepted laptop-rsa2048
		status=$?; T=$real; trap - EXIT; exit $status) &
	pids+=($!)
done
served=0
for pid in "${pids[@]}"; do
	wait "$pid" && served=$((served + 1))
done
is "$served" 8 "eight logins at once, none listening, all succeed"
is "$(pgrep -u alice -cx devid-agent)" 1 "and share one agent"

# --- the keyring locks
keyring_lock
tls_login "$TOKEN;object=rsa2048"
not_ok "the keyring is locked: no signature" tls_accepted laptop-rsa2048
devid list
is "$rc" 0 "the list is there all the same"
keyring_unlock
devid reset-cred --yes
tls_login "$TOKEN;object=rsa2048"
ok "unlocked: it signs again" tls_accepted laptop-rsa2048 || diag "$out" "$err"

# --- the end
devid remove p521
is "$rc" 0 "one is removed"
is "$(keyring_items | wc -l)" ${#kinds[@]} "its item too (the stranger's is left)"
devid reset-cred --keys --yes
is "$rc" 0 "all are given up"
is "$(keyring_items | wc -l)/$(identities)" 0/0 "nothing is left"
devid reset-cred --keys --yes
is "$rc" 0 "twice does no harm"
tls_login "$TOKEN;object=rsa2048"
not_ok "there is nothing to log in with" tls_accepted laptop-rsa2048
done_testing
