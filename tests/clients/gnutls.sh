#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# GnuTLS's programs on an installed machine, by way of p11-kit: our module registered alone, beside every other
# PKCS#11 module of the machine, and in a process of its own (`remote:`); what they say when the key can't be
# used. p11tool.sh and gnutls-cli.sh have the rest, with the module as their provider.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
client_machine "$0" "$@"
A=("${E[@]}")
MODULES=/usr/share/p11-kit/modules
PROXY=$(pkg-config --variable=proxy_module p11-kit-1)
mkdir "$T/registered"
cp -a "$MODULES/." "$T/registered/"
tls_server tls1_3
port13=$PORT
tls_server tls1_2
port12=$PORT

p11tool() {
	run "${E[@]}" p11tool "$@"
}
tokens() {
	p11tool --list-token-urls
	grep -c "token=$1" <<<"$out"
}
# Nothing is registered; what a caller then writes to $MODULES is: this /usr is the test's own.
unregister() {
	rm -f "$MODULES"/*
}

# used WAY: listed, signed and logged in with by what is registered now.
used() {
	local way=$1 label version port
	is "$(tokens 'Device%20Identity$')" 1 "$way: the token is there, once"
	p11tool --list-all "$TOKEN"
	is "$rc/$(grep -c '^Object ' <<<"$out")" 0/13 "$way: three identities and the four CAs are listed"
	for label in rsa ec; do
		p11tool --list-all "$TOKEN;object=$label"
		is "$(sed -n 's/.*;type=//p' <<<"$out" | sort | tr '\n' ' ')" "cert private public " "$way: $label is listed"
		p11tool --test-sign "$TOKEN;object=$label;type=private"
		is "$rc" 0 "$way: $label signs"
		for version in 13 12; do
			port=port$version
			PORT=${!port}
			tls_login "$TOKEN;object=$label"
			ok "$way: $label logs in, TLS 1.${version#1}" tls_accepted \
				"laptop-$([ $label = rsa ] && echo rsa2048 || echo p256)" || diag "$out" "$err"
		done
	done
	tls_login "$TOKEN;object=stranger"
	not_ok "$way: a stranger does not" tls_accepted stranger
}

# --- alone
unregister
cp "$T/registered/devid.module" "$MODULES/"
used alone

# --- beside every other one of the machine, also of those that their packages leave unregistered; and a
# token of another module with our labels on it
cp -a "$T/registered/." "$MODULES/"
others=0
for so in "$(dirname "$SO")"/*.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[ "$so" != "$SO" ] || continue
	others=$((others + 1))
	printf 'module: %s\ncritical: no\n' "$so" >"$MODULES/other-$others.module"
done
for name in gnome-keyring-pkcs11 libtpm2_pkcs11 opensc-pkcs11 onepin-opensc-pkcs11 p11-kit-client p11-kit-trust \
	pkcs11-spy libsofthsm2; do
	ok "$name is one of them" grep -q "/$name.so" "$MODULES"/other-*.module
done
printf 'module: %s\ncritical: no\n' "$SO" >"$MODULES/devid-again.module"
"${E[@]}" mkdir -p .config/softhsm2 .softhsm
echo "directories.tokendir = $HOME_ALICE/.softhsm" >"$HOME_ALICE/.config/softhsm2/softhsm2.conf"
openssl pkey -in "$PKI/p384.key" -out "$HOME_ALICE/p384.key" && chown alice: "$HOME_ALICE/p384.key"
run "${E[@]}" softhsm2-util --init-token --free --label 'Device Identity 2' --pin 1234 --so-pin 1234
is "$rc" 0 "a token of another module"
for label in rsa ec; do
	run "${E[@]}" softhsm2-util --import p384.key --token 'Device Identity 2' --pin 1234 --label $label \
		--id "$([ $label = rsa ] && echo 01 || echo 02)"
	is "$rc" 0 "and a key of our label $label on it"
done
is "$(tokens 'Device%20Identity%202$')" 1 "it is listed"
used "beside $others others"
p11tool --list-all-certs 'pkcs11:'
is "$rc" 0 "what all of them have is listed"
like "$out" 'Label: ec' "our certificates too"

# --- in a process of its own
unregister
echo "remote: |p11-kit remote $SO" >"$MODULES/devid.module"
used remote
like "$(run "${E[@]}" p11-kit list-modules && echo "$out")" 'Device Identity' "p11-kit itself lists it"

# --- the proxy: GnuTLS loads p11-kit by itself and takes no proxy as its provider
PORT=$port13
tls_login "$TOKEN;object=rsa" --provider="$PROXY"
is "$rc" 1 "p11-kit-proxy: not taken by gnutls-cli"
like "$err" 'pkcs11_add_provider: PKCS #11 initialization error' "and that is said"
for label in rsa ec; do
	run "${E[@]}" pkcs11-tool --module "$PROXY" --token-label 'Device Identity' -O --type privkey
	like "$out" "label: *$label" "p11-kit-proxy: others list $label"
done

# --- what they say when the key can't be used: the public half is listed all the same
declare -A says=([locked]='PKCS #11 error in device' [dismissed]='PKCS #11 error\.' [refused]='PKCS #11 error\.'
	[gone]='PKCS #11 error in device')
cannot_use() {
	local label=$1 how=$2 version port
	p11tool --list-all "$TOKEN;object=$label"
	is "$rc/$(grep -c '^Object ' <<<"$out")" 0/3 "$way, $how: listed"
	p11tool --test-sign "$TOKEN;object=$label;type=private"
	client_failed_in_time "$way, $how, p11tool"
	like "$err" "Cannot sign data: ${says[$how]}" "$way, $how, p11tool: ${says[$how]}"
	client_event_tells "$how"
	for version in 13 12; do
		port=port$version
		PORT=${!port}
		tls_login "$TOKEN;object=$label"
		is "$rc" 1 "$way, $how, gnutls-cli, TLS 1.${version#1}: an error"
		like "$err" "Fatal error: ${says[$how]}" "$way, $how, gnutls-cli: ${says[$how]}"
		not_ok "$way, $how, gnutls-cli: no login" tls_accepted '[a-z0-9-]+'
	done
	client_event_tells "$how"
}
client_import stranger-ec stranger-p256
for way in remote alone; do
	[ $way = remote ] || { unregister && cp "$T/registered/devid.module" "$MODULES/"; }
	for how in locked dismissed refused gone; do
		client_cannot_use $how cannot_use
		client_cannot_use $how cannot_use "$([ $how = refused ] && echo stranger-ec || echo ec)"
	done
	PORT=$port13
	tls_login "$TOKEN;object=rsa"
	ok "$way: and in good order again it logs in" tls_accepted laptop-rsa2048 || diag "$out" "$err"
done
done_testing
