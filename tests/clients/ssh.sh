#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OpenSSH on the user's token: what ssh-keygen lists, a login to a real sshd with -I and through ssh-agent, a
# signed file; who is asked for a PIN; what is said when a key can't be used.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/sshd.sh"
client_machine "$0" "$@"

# Whoever asks for something, asks this one: it writes the question down and answers with an empty line.
cat >"$T/askpass" <<X
#!/bin/sh
echo "\$*" >>"$T/asked"
echo
X
chmod 755 "$T/askpass"
touch "$T/asked"
chown alice: "$T/asked"
asking=("SSH_ASKPASS=$T/askpass" SSH_ASKPASS_REQUIRE=force)
questions() {
	cat "$T/asked"
	: >"$T/asked"
}

# --- what is listed
for name in rsa2048 p256 stranger; do
	ssh_public $name
done
run "${E[@]}" "${asking[@]}" ssh-keygen -D "$SO"
is "$rc" 0 "ssh-keygen -D"
is "$(sed -n 's/ rsa$//p' <<<"$out")" "$(cat "$T/rsa2048.pub")" "lists the RSA key"
is "$(sed -n 's/ ec$//p' <<<"$out")" "$(cat "$T/p256.pub")" "and the EC key"
is "$(wc -l <<<"$out")" 7 "with the other identity and the four keys of the chains, each once"
is "$err" "" "and nothing else"

# --- a server
ssh_server
# log_in KEY [OPTION…]: where the server knows that key alone.
log_in() {
	ssh_knows "$1"
	shift
	run "${E[@]}" "${asking[@]}" SSH_AUTH_SOCK="$HOME_ALICE/agent" ssh -F none -p $SSH_PORT \
		-o "UserKnownHostsFile=$T/known" -o IdentityFile=none "$@" alice@127.0.0.1 'echo in as $(id -un)' \
		</dev/null
	# A message of ssh ends like a terminal's line.
	err=${err//$'\r'/}
}
# in_with KEY NAME: the server took that key.
in_with() {
	is "$out" "in as alice" "$2"
	ok "$2: with that key" wait_for 5 ssh_accepted "$1" alice
	is "$err" "" "$2: without a word"
}
denied="alice@127.0.0.1: Permission denied (publickey)."
no_agent=(-o IdentityAgent=none)
for how in 'rsa2048 rsa-sha2-256' 'rsa2048 rsa-sha2-512' 'p256 ecdsa-sha2-nistp256'; do
	log_in "${how% *}" "${no_agent[@]}" -o "PubkeyAcceptedAlgorithms=${how#* }" -I "$SO"
	in_with "${how% *}" "ssh -I, ${how#* }"
done
log_in stranger "${no_agent[@]}" -I "$SO"
in_with stranger "ssh -I, a key whose certificate the account doesn't accept (OnUse=log)"
log_in rsa2048 "${no_agent[@]}" -o IdentitiesOnly=yes -i "$T/rsa2048.pub" -I "$SO"
in_with rsa2048 "ssh -I, one key chosen by its public half"
log_in rsa2048 "${no_agent[@]}"
is "$rc" 255 "without the module: no way in"
is "$(questions)" "" "nobody was asked for a PIN"

# --- ssh-agent
"${E[@]}" ssh-agent -D -a "$HOME_ALICE/agent" >"$T/ssh-agent.log" 2>&1 &
track $!
wait_for 5 test -S "$HOME_ALICE/agent"
with_agent() {
	run "${E[@]}" "${asking[@]}" SSH_AUTH_SOCK="$HOME_ALICE/agent" "$@"
	err=${err//$'\r'/}
}
with_agent ssh-add -s "$SO"
is "$rc" 0 "ssh-add -s"
is "$err" "Card added: $SO" "says that it is added"
is "$(questions)" "Enter passphrase for PKCS#11: " "having asked once, as it does for any token: nothing will do"
with_agent ssh-add -l
for key in 'rsa2048 rsa (RSA)' 'p256 ec (ECDSA)' 'stranger stranger (RSA)'; do
	is "$(grep -cF "$(ssh_fingerprint "${key%% *}") ${key#* }" <<<"$out")" 1 "ssh-add -l: ${key#* }"
done
for key in rsa2048 p256; do
	log_in $key
	in_with $key "ssh-agent, $key"
	with_agent ssh-add -T "$T/$key.pub"
	is "$rc" 0 "ssh-add -T, $key"
done

# --- a signed file
sign() {
	rm -f "$HOME_ALICE/message.sig"
	with_agent ssh-keygen -Y sign -f "$T/$1.pub" -n file message
}
verify() {
	echo "alice $(cat "$T/$1.pub")" >"$T/signers"
	ssh-keygen -Y verify -f "$T/signers" -I alice -n file -s "$HOME_ALICE/message.sig" <"$2"
}
not_verified() {
	[[ $(verify "$@" 2>&1) =~ incorrect\ signature ]]
}
echo "a message" >"$HOME_ALICE/message"
echo "another" >"$T/another"
for key in rsa2048 p256; do
	sign $key
	is "$rc" 0 "ssh-keygen -Y sign, $key"
	ok "it is good" verify $key "$HOME_ALICE/message"
	ok "and not for another message" not_verified $key "$T/another"
done
is "$(questions)" "" "nobody was asked for a PIN"

# --- what can't be used
declare -A codes=([locked]=48 [refused]=512 [gone]=48)
probe() {
	local key=rsa2048 label=$1 how=$2 file
	[ "$label" = rsa ] || key=stranger
	file=$T/$key.pub
	log_in $key "${no_agent[@]}" -o IdentitiesOnly=yes -i "$file" -I "$SO"
	client_failed_in_time "ssh -I, $how"
	is "$err" "C_Sign failed: ${codes[$how]}
sign_and_send_pubkey: signing failed for RSA \"$label\": error in libcrypto
Load key \"$file\": error in libcrypto
$denied" "ssh -I, $how: what it says"
	log_in $key -o IdentitiesOnly=yes -i "$file"
	client_failed_in_time "ssh-agent, $how"
	is "$err" "sign_and_send_pubkey: signing failed for RSA \"$file\" from agent: agent refused operation
$denied" "ssh-agent, $how: what ssh says"
	with_agent ssh-add -T "$file"
	is "$rc $err" "1 Agent signature failed for $file: agent refused operation" "ssh-add -T, $how"
	sign $key
	is "$rc $(tail -n 1 <<<"$err")" "255 Signing message failed: agent refused operation" "ssh-keygen -Y sign, $how"
	not_ok "ssh-keygen -Y sign, $how: no signature" test -e "$HOME_ALICE/message.sig"
	is "$(questions)" "" "$how: nobody was asked for a PIN"
	[ "$how" = gone ] || for program in /usr/bin/ssh /usr/lib/openssh/ssh-pkcs11-helper; do
		is "$(client_refusals $how $program)" 1 "$how: one event of $program"
	done
}
for how in locked refused gone; do
	client_cannot_use $how probe
done
log_in rsa2048
in_with rsa2048 "the same ssh-agent, when all is well again"

# --- the end
with_agent ssh-add -e "$SO"
is "$rc $err" "0 Card removed: $SO" "ssh-add -e"
with_agent ssh-add -l
is "$rc $out" "1 The agent has no identities." "and it has no keys"
log_in rsa2048
is "$rc" 255 "nor a way in"

# --- an empty token: ssh wants to log in before it believes that there is nothing
for label in rsa ec stranger; do
	run "${E[@]}" devid remove $label
done
log_in rsa2048 "${no_agent[@]}" -I "$SO"
is "$rc $err" "255 $denied" "empty: ssh -I goes on without a key"
is "$(questions)" "Enter PIN for 'Device Identity': 
Enter PIN for 'Device Identity (system)': " "having asked for PINs that it doesn't need"
log_in rsa2048 "${no_agent[@]}" -o BatchMode=yes -I "$SO"
is "$rc $err" "255 $denied" "in batch mode without asking"
is "$(questions)" "" "anything"
run setsid -w "${E[@]}" ssh-keygen -D "$SO" </dev/null
err=${err//$'\r'/}
is "$rc $err" "255 login failed
login failed
cannot read public key from pkcs11" "ssh-keygen -D with nobody to ask"
with_agent ssh-add -s "$SO"
is "$rc $err" "1 Could not add card \"$SO\": agent refused operation" "ssh-add -s"
done_testing
