#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ssh with what `devid profile openssh` prints and installs, without an option more, a user's key in the keyring: a
# login and a clone; that one key alone is offered; what it says of a server that knows another key or isn't the
# one, of an identity that is gone or renewed, and of a key that can't be used.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/sshd.sh"
client_machine "$0" "$@"
declare -A keys=([rsa]=rsa2048 [ec]=p256 [stranger]=stranger)
for name in rsa2048 p256 stranger second; do
	ssh_public $name
done
ssh_server
cp "$T/known" /etc/ssh/ssh_known_hosts
config=$HOME_ALICE/.ssh/config
public=$HOME_ALICE/.ssh/devid-127.0.0.1.pub

profile() {
	run "${E[@]}" devid profile openssh "$1" --gateway 127.0.0.1:$SSH_PORT --user alice "${@:2}"
}
install() {
	profile "$1" --install --yes
	[ "$rc" -eq 0 ] || diag "$(last_run)"
}
# log_in KEY [OPTION…]: where the server knows that key alone.
log_in() {
	ssh_knows "$1"
	shift
	run "${E[@]}" ssh -o BatchMode=yes "$@" 127.0.0.1 'echo in as $(id -un)' </dev/null
	err=${err//$'\r'/}
}
in_with() {
	is "$out/$err" "in as alice/" "$2: logged in"
	ok "$2: with that key" wait_for 5 ssh_accepted "$1" alice
	is "$(ssh_offered)" "" "$2: the first that was offered"
}
denied="alice@127.0.0.1: Permission denied (publickey)."
# offered KEY… NAME: the server was offered those and no other, and took none.
offered() {
	is "$(ssh_offered)" "$(for key in "${@:1:$#-1}"; do ssh_fingerprint "$key"; done | sort -u)" "${!#}"
	unlike "$(cat "$T/sshd.log")" 'Accepted publickey' "and nobody is in"
}

# It knew the key that it was offered, and nobody could sign with it.
would_take() {
	ok "$2" grep -q "^Accepted key .*$(ssh_fingerprint "$1")" "$T/sshd.log"
	unlike "$(cat "$T/sshd.log")" 'Accepted publickey' "and nobody is in"
}

# --- what is printed, each file below the line that names it
for label in rsa ec; do
	profile $label
	is "$rc" 0 "$label: printed"
	mkdir -m 700 "$HOME_ALICE/.ssh"
	while IFS= read -r line; do
		[[ $line == "# --- "* ]] && file=${line#\# --- } || printf '%s\n' "$line" >>"$file"
	done <"$T/run.out"
	chown -R alice: "$HOME_ALICE/.ssh"
	log_in ${keys[$label]}
	in_with ${keys[$label]} "$label, printed"
	rm -r "$HOME_ALICE/.ssh"
done

# --- what is installed, where another's settings are for every host
mkdir -m 700 "$HOME_ALICE/.ssh"
printf 'SendEnv MINE\nHost *\n\tUser nobody\n\tPort 22\n\tPKCS11Provider none\n\tIdentitiesOnly no' >"$config"
chown -R alice: "$HOME_ALICE/.ssh"
cp "$config" "$T/mine"
for label in rsa ec; do
	install $label
	is "$(stat -c %U:%a "$HOME_ALICE/.ssh" "$config" "$public" | paste -sd' ')" "alice:700 alice:644 alice:600" "$label: modes"
	is "$(cut -d' ' -f1,2 "$public")" "$(cat "$T/${keys[$label]}.pub")" "$label: the line for authorized_keys"
	log_in ${keys[$label]}
	in_with ${keys[$label]} "$label, installed"
done
is "$(tail -n 6 "$config")" "$(cat "$T/mine")" "what was there is there still"
ok "and beside it" cmp "$HOME_ALICE/.ssh/.config.devid-backup" "$T/mine"
is "$(grep -c '^Host 127' "$config")" 1 "there is one part of that host"
settings() {
	"${E[@]}" ssh -T -G "$1" | grep -E '^(user|port|pkcs11provider|identitiesonly|sendenv MINE)\>' | paste -sd' '
}
is "$(settings other.test)" "user nobody port 22 identitiesonly no sendenv MINE" "another host is as it was"
is "$(settings 127.0.0.1)" "user alice port $SSH_PORT identitiesonly yes pkcs11provider $SO sendenv MINE" \
	"this host has what it had besides"
run "${E[@]}" devid profile openssh rsa --gateway '[2001:db8::1]:99' --user 'EXAMPLE\\$a:é' --install --yes
is "$(settings 2001:db8::1)" "user EXAMPLE\\\\\$a:é port 99 identitiesonly yes pkcs11provider $SO sendenv MINE" \
	"an address and a user of odd characters"
log_in p256
in_with p256 "beside a part for another host"

# git by ssh takes the same file.
{
	"${E[@]}" git init -q -b main project && echo one >"$HOME_ALICE/project/file" &&
		"${E[@]}" git -C project add file &&
		"${E[@]}" git -C project -c user.name=a -c user.email=a@example.com commit -qm one
} >"$T/git.log" 2>&1 || bail "no repository: $(cat "$T/git.log")"
ssh_knows p256
run "${E[@]}" git clone -q 127.0.0.1:project copy
is "$rc/$(cat "$HOME_ALICE/copy/file")" 0/one "git by ssh: cloned"
ok "with that key" wait_for 5 ssh_accepted p256 alice

# --- an ssh-agent with keys of its own
"${E[@]}" ssh-keygen -q -t ed25519 -N '' -f "$HOME_ALICE/other"
"${E[@]}" ssh-agent -D -a "$HOME_ALICE/agent" >"$T/ssh-agent.log" 2>&1 &
track $!
wait_for 5 test -S "$HOME_ALICE/agent"
agent=(-o "IdentityAgent=$HOME_ALICE/agent")
with_agent() {
	run "${E[@]}" SSH_AUTH_SOCK="$HOME_ALICE/agent" "$@" </dev/null
}
with_agent ssh-add other
log_in p256 "${agent[@]}"
in_with p256 "an agent with another key"
log_in rsa2048 "${agent[@]}"
is "$rc/$err" "255/$denied" "a server that knows another identity's key: denied"
offered p256 "it was offered the profile's key alone, whatever else the agent and the token have"
cat >"$T/askpass" <<-X
	#!/bin/sh
	echo
X
chmod 755 "$T/askpass"
with_agent SSH_ASKPASS="$T/askpass" SSH_ASKPASS_REQUIRE=force ssh-add -s "$SO"
is "$rc" 0 "the module in the agent" || diag "$(last_run)"
log_in p256 "${agent[@]}" -o PKCS11Provider=none
in_with p256 "by the agent"

# --- refused
install stranger
before=$(client_reasons | wc -l)
log_in p256
is "$rc/$err" "255/$denied" "a stranger's key, which the server doesn't know: denied"
offered stranger "it was offered that"
is "$(client_reasons | wc -l)" "$before" "and nothing was signed"
log_in stranger
in_with stranger "a server that knows the stranger's (OnUse=log)"
is "$(client_last_reason)" issuer-unknown "is let in, and the log tells"
echo "[127.0.0.1]:$SSH_PORT $(ssh-keygen -y -f "$HOME_ALICE/other")" >/etc/ssh/ssh_known_hosts
log_in stranger
is "$rc" 255 "a server that isn't the one: refused"
like "$err" 'Host key verification failed' "and that is said"
offered "it was offered nothing"
cp "$T/known" /etc/ssh/ssh_known_hosts

# --- a key that can't be used
declare -A codes=([locked]=48 [dismissed]=80 [refused]=512 [gone]=48)
cannot_use() {
	local label=$1 how=$2
	install $label
	log_in ${keys[$label]}
	is "$rc" 255 "$how: not logged in"
	like "$err" "^C_Sign failed: ${codes[$how]}
sign_and_send_pubkey: signing failed for RSA \"$label\": error in libcrypto" "$how: what ssh says first"
	is "$(tail -n 1 <<<"$err")" "$denied" "$how: and last"
	client_failed_in_time $how
	client_event_tells $how
	would_take ${keys[$label]} "$how: the server would have taken the key"
}
for how in locked dismissed refused gone; do
	client_cannot_use $how cannot_use
done
install rsa
log_in rsa2048
in_with rsa2048 "in good order again"

# --- renewed, renamed, removed
cp "$PKI/second.p12" "$HOME_ALICE/" && chown alice: "$HOME_ALICE/second.p12"
by_agent() {
	log_in rsa2048 "${agent[@]}" -o PKCS11Provider=none
}
by_agent
in_with rsa2048 "by the agent that has the module"
run "${E[@]}" devid import-cert --replace --label rsa --password-file password second.p12
is "$rc" 0 "another key under that label" || diag "$(last_run)"
# ssh's helper searches by CKA_ID for each signature, and finds the new key under the old one's.
by_agent
is "$rc/$(tail -n 1 <<<"$err")" "255/$denied" "the agent has the old public half and finds the new private one: denied"
with_agent ssh-add -e "$SO"
with_agent SSH_ASKPASS="$T/askpass" SSH_ASKPASS_REQUIRE=force ssh-add -s "$SO"
is "$rc" 0 "the module out of the agent and in again" || diag "$(last_run)"
log_in second "${agent[@]}" -o PKCS11Provider=none -o IdentitiesOnly=no
is "$rc" 0 "and with the new key it is in"
ok "the server took that" wait_for 5 ssh_accepted second alice
log_in second
is "$rc/$(tail -n 1 <<<"$err")" "255/$denied" "the file names the old key: denied"
offered rsa2048 "it was offered that"
install rsa
log_in second
in_with second "installed again"
odd="it's \"50%\" of \$HOME;#1 \\ 鍵 [x]"
run "${E[@]}" devid rename rsa "$odd"
log_in second
in_with second "renamed: the key is the same"
profile rsa --install --yes
is "$rc" 1 "the old label: nothing is installed"
like "$err" 'rsa: no identity has this label' "and why"
before=$(cat "$config")
install "$odd"
log_in second
in_with second "an odd label"
like "$(cat "$config")" "identity it's \"50%\" of" "which the comment names"
install "$odd"
like "$out" 'config: unchanged' "the same again changes nothing"
isnt "$(cat "$config")" "$before" "as it did before"
run "${E[@]}" devid remove "$odd"
log_in second
is "$rc/$(tail -n 1 <<<"$err")" "255/$denied" "removed: denied"
would_take second "it was offered the public half, which is left in its file"
run "${E[@]}" chmod 000 "$public"
log_in second
is "$rc/$(tail -n 1 <<<"$err")" "255/$denied" "without that file: denied"
unlike "$(cat "$T/sshd.log")" "$(ssh_fingerprint second)" "and not offered"
done_testing
