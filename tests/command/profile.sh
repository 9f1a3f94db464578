#!/bin/bash
# devid profile: each client's configuration names the identity and nothing secret; --install tells first, keeps the
# old file, is idempotent, and refuses links and what others can write to. What the clients make of it is tested
# in tests/clients/profile-*.sh.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/clients.sh"
client_machine "$0" "$@"
client_import_system machine p256

profile() {
	run "${E[@]}" devid profile "$@"
}
profile
is "$rc" 0 "without words: a list"
profile --json
mapfile -t clients < <(sed -n 's/^ *"client" : "\(.*\)",$/\1/p' <<<"$out")
ok "with many clients" test ${#clients[@]} -gt 12
# What 802.1X takes for the network's server must be said.
ca() {
	case $1 in wpa_supplicant | networkmanager-wi*) echo "--ca-file=/etc/ssl/network.crt" ;; esac
}
cp "$PKI/root.crt" /etc/ssl/network.crt
for client in "${clients[@]}"; do
	[ -z "$(ca "$client")" ] || {
		profile "$client" rsa
		is "$rc" 2 "$client: not without the CA of the network's server"
		profile "$client" rsa --ca-file "$PKI/root.crt"
		is "$rc" 2 "$client: nor with one that a service can't see"
	}
	# shellcheck disable=SC2046
	profile "$client" rsa --json $(ca "$client")
	# Said, and no configuration: it has no PKCS#11.
	if [ "$client" = networkmanager-openvpn ]; then
		isnt "$rc" 0 "$client: has none"
		like "$err$out" 'PKCS#11' "$client: and why"
		continue
	fi
	is "$rc" 0 "$client: a configuration" || diag "$(last_run)"
	case $client in
	openvpn | strongswan | firefox | chromium) ;; # by an id of their own, or by the module alone
	openssh) like "$out" "PKCS11Provider $SO" "$client: names the module" ;;
	*) like "$out" 'token=Device%20Identity;object=rsa' "$client: names the identity" ;;
	esac
	unlike "$out" 'PRIVATE KEY' "$client: holds no key"
	ok "$client: is valid JSON" /usr/bin/python3 -c 'import json, sys; json.loads(sys.argv[1])' "$out"
done
for client in openvpn strongswan wpa_supplicant networkmanager-wired; do
	# shellcheck disable=SC2046
	profile "$client" rsa $(ca "$client")
	like "$out$err" "user's identity is out of its reach" "$client runs as root: a user's identity is warned of"
	# shellcheck disable=SC2046
	profile "$client" machine $(ca "$client")
	is "$rc" 0 "$client: the machine's"
	unlike "$out$err" 'out of its reach' "$client: with no warning"
done

# --- words that are off
profile nonsense
is "$rc" 2 "no such client"
like "$err" 'no such client' "is said"
profile wpa-supplicant
like "$err" 'did you mean devid profile wpa_supplicant' "a near one is named"
profile curl nobody
isnt "$rc" 0 "no such identity"
profile curl rsa more
is "$rc" 2 "a word too many"
profile curl rsa --gateway $'a\nb'
isnt "$rc" 0 "a gateway with a line feed"
profile curl rsa --gateway 'a"b'
isnt "$rc" 0 "a gateway with a quote"
for client in firefox chromium; do
	profile $client rsa
	like "$err" '^hint: .*Flatpak.*SANDBOXED PROGRAMS' "$client in a sandbox: where to read on"
	unlike "$out" 'Flatpak' "$client: not in what is printed"
done
profile openssl rsa
unlike "$err" 'hint' "openssl: no such word"
profile chromium rsa --install --yes
isnt "$rc" 0 "what can't be installed is told"

# --- put in its place
file=$HOME_ALICE/.config/devid/clients/curl-vpn.test.conf
install() {
	profile curl rsa --gateway vpn.test --install "$@"
}
install </dev/null
isnt "$rc" 0 "nobody says yes: nothing is done"
ok "no file is there" test ! -e "$file"
install --yes
is "$rc" 0 "installed" || diag "$(last_run)"
like "$out$err" 'curl-vpn\.test\.conf' "and the path told"
like "$(cat "$file")" 'object=rsa' "with the identity"
is "$(stat -c %U "$file")" alice "it is alice's"
before=$(stat -c '%i %Y' "$file")
install --yes
is "$rc/$(stat -c '%i %Y' "$file")" "0/$before" "the same again changes nothing"
echo '# mine' >"$file"
chown alice: "$file"
install --yes
is "$rc" 0 "over another file"
ok "which is kept" grep -rqx '# mine' "$(dirname "$file")"
# Of a file with many parts one is replaced: that server's.
for port in 8443 8444; do
	profile git rsa --gateway vpn.test:$port --install --yes
done
profile git stranger --gateway vpn.test:8444 --install --yes
is "$(sed -n 's/^\[http "\(.*\)"\]/\1/p; s/.*sslKey.*object=\([a-z]*\);.*/\1/p' "$HOME_ALICE/.gitconfig" | paste -sd' ')" \
	"https://vpn.test:8443/ rsa https://vpn.test:8444/ stranger" "git: two ports of a host have a part each"
rm "$file"
ln -s /etc/passwd "$file"
chown -h alice: "$file"
passwd=$(md5sum /etc/passwd)
install --yes
isnt "$rc" 0 "a link in its place is refused"
is "$(md5sum /etc/passwd)" "$passwd" "and not followed"
rm "$file"
chmod 777 "$(dirname "$file")"
install --yes
isnt "$rc" 0 "a folder that others can write to is refused"
ok "and nothing is written" test ! -e "$file"
done_testing
