#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid profile: each client's configuration names the identity and nothing secret; --install tells first, keeps the
# old file, is idempotent, and refuses links and what others can write to. What the clients make of it is tested
# in tests/clients/profile-*.sh.
. "$(dirname "$0")/../../../lib/clients.sh"
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
profile wpa_suplicant
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
cp "$PKI/rsa2048.key" /etc/ssl/key.pem
openssl x509 -in "$PKI/root.crt" -outform DER -out /etc/ssl/root.der
sed 's/^MII/AAA/' "$PKI/root.crt" >/etc/ssl/damaged.pem
: >/etc/ssl/empty.pem
chmod 644 /etc/ssl/key.pem
for file in key.pem root.der damaged.pem empty.pem; do
	for client in networkmanager-wired openconnect; do
		profile $client machine --ca-file /etc/ssl/$file
		is "$rc" 1 "$client: a CA file with no certificate in PEM ($file)"
		like "$err" "^devid: --ca-file /etc/ssl/$file: " "is named ($client, $file)"
		is "$out" "" "and nothing is printed ($client, $file)"
	done
done
for word in "" --install; do
	profile networkmanager-openvpn machine --gateway vpn.test --yes $word
	is "$rc" 1 "nor what isn't there at all ($word)"
	like "$err" 'hint: .*devid profile openvpn --gateway vpn\.test --install' "whose way round is told ($word)"
done

# --- OpenSSL's engine or provider
for client in openconnect openvpn git openssh firefox; do
	profile $client rsa --for engine
	is "$rc/$out" 2/ "$client takes no --for"
done
profile curl rsa --for tpm
is "$rc/$out" 2/ "no such way"
like "$err" 'hint: --for engine or --for provider$' "and which there are"
profile --for engine
is "$rc" 2 "--for of no client"
for client in networkmanager-wired networkmanager-wifi; do
	profile $client machine "$(ca $client)" --for provider
	is "$rc/$out" 1/ "$client: not by a provider"
	like "$err" 'hands PKCS#11 URIs to the engine alone' "and why"
done
engines=$(pkg-config --variable=enginesdir libcrypto) modules=$(pkg-config --variable=modulesdir libcrypto)
profile openssl rsa
like "$out" "engines = devid_engines" "the engine is here: it is for that"
unlike "$out" 'provider' "and for nothing else"
mv "$engines/pkcs11.so" "$T/engine.so"
for client in openssl curl networkmanager-wired; do
	# shellcheck disable=SC2046
	profile $client machine $(ca $client)
	is "$rc/$out" 1/ "$client: neither is here"
	like "$err" "OpenSSL's pkcs11 engine is not installed(, nor is pkcs11-provider|; the client takes no other)" "said"
	like "$err" 'hint: .*libengine-pkcs11-openssl.*--for engine' "with both ways out"
done
profile curl rsa --for engine
is "$rc" 0 "which is one: named, it is written"
# Stands for the provider's own file, which Debian 12 does not have: one of OpenSSL's that can be loaded from there.
cp "$modules/legacy.so" "$modules/pkcs11.so"
profile openssl rsa
is "$rc" 0 "the provider alone is here"
unlike "$out" 'engine' "then it is for that"
cp "$T/run.out" "$T/provider.cnf"
ok "openssl.cnf's reader takes it" env OPENSSL_CONF="$T/provider.cnf" openssl list -providers
like "$(OPENSSL_CONF=$T/provider.cnf openssl list -providers)" '  pkcs11
 .*
 .*
    status: active' "and loads from where it says"
profile curl rsa --gateway vpn.test
is "$(grep -v '^#' <<<"$out")" 'cert = "pkcs11:token=Device%20Identity;object=rsa;type=cert"
key = "pkcs11:token=Device%20Identity;object=rsa;type=private"
cert-type = "PROV"
key-type = "PROV"' "curl: the types of a provider"
like "$out" 'OPENSSL_CONF=FILE curl --config THIS-FILE https://vpn\.test/ \(needs curl 8\.12' "and of what curl"
profile curl rsa --gateway vpn.test --install --yes
is "$rc" 1 "what was never tried is not installed"
like "$err" "hint: without --install it is printed" "which is said"
profile wpa_supplicant machine --gateway eth1 --ca-file /etc/ssl/network.crt --json
is "$rc" 0 "wpa_supplicant by the provider"
mkdir "$T/wpa"
/usr/bin/python3 -c 'import json, os, sys
for file in json.load(sys.stdin)["files"]:
	open(os.path.join(sys.argv[1], os.path.basename(file["path"])), "w").write(file["content"])' "$T/wpa" <<<"$out"
is "$(ls "$T/wpa" | paste -sd' ')" \
	"devid-eth1-openssl.cnf devid-eth1.crt devid-eth1.key devid.conf wpa_supplicant-wired-eth1.conf" "in five files"
unlike "$(cat "$T/wpa/wpa_supplicant-wired-eth1.conf")" 'engine|pkcs11' "none of an engine"
is "$(sed -n 's/^\t\(client_cert\|private_key\)=//p' "$T/wpa/wpa_supplicant-wired-eth1.conf" | paste -sd' ')" \
	'"/etc/wpa_supplicant/devid-eth1.crt" "/etc/wpa_supplicant/devid-eth1.key"' "of files"
run "${E[@]}" devid export machine
is "$(cat "$T/wpa/devid-eth1.crt")" "$out" "the certificates"
run "${E[@]}" devid export --key-reference machine
is "$(cat "$T/wpa/devid-eth1.key")" "$out" "and the reference to the key"
ok "whose openssl.cnf is read too" env OPENSSL_CONF="$T/wpa/devid-eth1-openssl.cnf" openssl list -providers
is "$(grep -v '^#' "$T/wpa/devid.conf")" "[Service]
Environment=OPENSSL_CONF=/etc/wpa_supplicant/devid-eth1-openssl.cnf" "by the unit"
rm "$modules/pkcs11.so"
mv "$T/engine.so" "$engines/pkcs11.so"

# --- put in its place
file=$HOME_ALICE/.config/devid/clients/curl-vpn.test.conf
install() {
	profile curl rsa --gateway vpn.test --install "$@"
}
install </dev/null
isnt "$rc" 0 "nobody says yes: nothing is done"
ok "no file is there" test ! -e "$file"
# A person at a terminal is told first, and asked.
typed() { # ANSWER CLIENT
	run "${E[@]}" "$PYTHON" "$TESTS/lib/terminal.py" 200 devid profile "$2" rsa --gateway vpn.test --install <<<"$1"
}
key="pkcs11:token=Device%20Identity;object=rsa"
for answer in no "" y YES "yes, but" $'\x04'; do
	typed "$answer" curl
	is "$rc" 1 "typed '${answer//[^a-zA-Z, ]/^D}': nothing is done"
	like "$out" "for $key:"$'\n'"  $file \(mode 0600\)"$'\n'"Type yes to go on: .*nothing was changed" \
		"the path was told before the question"
	ok "no file is there" test ! -e "$file"
done
typed yes curl
is "$rc" 0 "typed yes: installed" || diag "$(last_run)"
like "$out" "  $file \(mode 0600\)"$'\n'"Type yes to go on: .*$file: written" "the path was told before the question"
like "$(cat "$file")" 'object=rsa' "and the identity is in the file"
rm "$file"
ssh=$HOME_ALICE/.ssh
paths="  $ssh/devid-vpn\.test\.pub \(mode 0600\)"$'\n'"  a part of $ssh/config"$'\n'"Type yes to go on: "
typed no openssh
like "$rc/$out" "^1/.*$paths.*nothing was changed" "of two files both are told, and which is a part of one"
ok "neither is there" test ! -e "$ssh"
typed yes openssh
like "$rc/$out" "^0/.*$paths.*devid-vpn\.test\.pub: written.*config: written" "then both are written"
ok "and are there" test -s "$ssh/devid-vpn.test.pub" -a -s "$ssh/config"
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

# --- in the machine's folders
file=/etc/wpa_supplicant/wpa_supplicant-wired-eth0.conf
mkdir -p "${file%/*}"
for there in "" 600 644; do
	[ -z "$there" ] || { echo '# there' >"$file" && chmod "$there" "$file"; }
	profile wpa_supplicant machine --gateway eth0 --ca-file /etc/ssl/network.crt --install --yes
	isnt "$rc" 0 "a user is refused there (mode ${there:-none})"
	like "$err" 'hint: as root, or print it and put it there' "and told who can (mode ${there:-none})"
	is "$(cat "$file" 2>/dev/null)" "${there:+# there}" "and nothing is written (mode ${there:-none})"
done
done_testing
