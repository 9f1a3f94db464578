#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Firefox, without a head, with the policy that `devid profile firefox` prints, where it says: the module is loaded at
# the first start, and the server sees the user's certificate; what it sees when the key can't be used or there is no
# policy. (The dialog that would ask for the certificate is answered by a setting of Firefox's own.)
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/web.sh"
client_machine "$0" "$@"
declare -A names=([rsa]=CN=laptop-rsa2048,O=Example,ST=Tokyo,C=JP [ec]=CN=laptop-p256,O=Example,ST=Tokyo,C=JP)
web_servers
{
	"${E[@]}" mkdir base && "${E[@]}" certutil -N -d sql:base --empty-password &&
		"${E[@]}" certutil -A -d sql:base -n root -t CT,, -i "$PKI/root.crt"
} >"$T/nss.log" 2>&1 || bail "no database: $(cat "$T/nss.log")"
cat >"$HOME_ALICE/base/user.js" <<-X
	user_pref("security.default_personal_cert", "Select Automatically");
	user_pref("datareporting.policy.dataSubmissionEnabled", false);
X
chown alice: "$HOME_ALICE/base/user.js"

firefox=("${E[@]}" firefox-esr --headless --no-remote --profile "$HOME_ALICE/profile"
	--screenshot "$HOME_ALICE/shot.png" "https://localhost:$NGINX/")
# A profile of its own for each start, so that nothing is remembered.
fresh() {
	rm -rf "$HOME_ALICE/profile" "$HOME_ALICE/shot.png"
	"${E[@]}" cp -r base profile
}
visit() {
	fresh
	run "${firefox[@]}"
	ok "$1: Firefox has shown something" test -s "$HOME_ALICE/shot.png" || diag "$(last_run)"
}
# It asks for an icon too, or doesn't.
seen() {
	is "$(web_seen "${3:-1}" | sort -u)" "$1" "$2"
}
only() {
	local label
	for label in rsa ec stranger; do
		run "${E[@]}" devid remove $label
	done
	client_import "$1" "$2"
}

# --- without it
visit "no policy"
seen "400 NONE -" "no policy: the server saw no certificate"

# --- what is printed is the file
run "${E[@]}" devid profile firefox rsa --json
policy=$(sed -n 's/^ *"path" : "\(.*\)",$/\1/p' <<<"$out")
is "$policy" /etc/firefox/policies/policies.json "its place"
run "${E[@]}" devid profile firefox rsa
mkdir -p "$(dirname "$policy")"
cp "$T/run.out" "$policy"
for name in rsa2048 p256; do
	label=$([ $name = p256 ] && echo ec || echo rsa)
	only $label $name
	visit $label
	seen "200 SUCCESS ${names[$label]}" "$label: as whom the server knows it"
	ok "$label: the module is in the profile" grep -qx "library=$SO" "$HOME_ALICE/profile/pkcs11.txt"
done

# --- what can't be used
only rsa rsa2048
told() {
	[ "$(client_reasons | wc -l)" -gt "$CLIENT_EVENTS" ]
}
# It shows why, and never says that it has: a picture is not taken of such a page.
cannot_use() {
	local how=$2 pid
	fresh
	"${firefox[@]}" >"$T/firefox.log" 2>&1 &
	pid=$!
	track $pid
	ok "$how: an event" wait_for 30 told
	client_event_tells "$how"
	stop $pid
	seen "" "$how: the server was asked for nothing" 0
	not_ok "$how: and has shown nothing" test -e "$HOME_ALICE/shot.png"
}
client_cannot_use locked cannot_use
# Of a CA that the server names, or Firefox would not choose it; and the account doesn't know it any more.
as root
run "${A[@]}" devid ca add --name other "$PKI/stranger-issuing.crt"
run "${A[@]}" devid ca remove example
client_cannot_use refused cannot_use rsa
run "${A[@]}" devid ca add --name example "$PKI/issuing.crt"
only stranger stranger
visit "a stranger"
seen "400 NONE -" "a stranger: of no CA that the server names, it is not shown"
only rsa rsa2048
sed -i "s,$SO,/nonexistent.so," "$policy"
visit "a policy with another module"
seen "400 NONE -" "no certificate"
done_testing
