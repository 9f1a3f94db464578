#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Flatpak itself, with a runtime and an application made here of this machine's programs: the commands of devid-profile(1) give
# the application the user's token, and nothing does without them.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
. "$(dirname "$0")/../lib/sandbox.sh"
client_machine "$0" "$@"
APP=org.example.Client
PROGRAMS=(sh env ls rm p11tool gnutls-cli tstclnt)

# --- a runtime and an application, installed for alice
# It asks the system bus about parental controls, and the session's for its helper, which serves the host's CAs.
E_FLATPAK=("DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS")
flatpak() {
	run "${E[@]}" "${E_FLATPAK[@]}" flatpak "$@"
}
"${E[@]}" "${E_FLATPAK[@]}" /usr/libexec/flatpak-session-helper >"$T/helper.log" 2>&1 &
track $!
wait_for 10 bus_has_name org.freedesktop.Flatpak || bail "no helper: $(cat "$T/helper.log")"
files=$HOME_ALICE/runtime/files
"${E[@]}" mkdir -p runtime/files/{bin,lib64,share/p11-kit/modules,etc} runtime/files/lib/x86_64-linux-gnu/pkcs11 app/files app/export
cp "${PROGRAMS[@]/#//usr/bin/}" "$files/bin/"
cp -L "${CLIENT%/*}"/p11-kit-{client,trust}.so "$files/lib/x86_64-linux-gnu/pkcs11/"
cp -L "${CLIENT%/*/*}"/lib{softokn3,freebl3,freeblpriv3,nssckbi,nssdbm3}.so "$files/lib/x86_64-linux-gnu/"
ldd "$files"/bin/* "$files"/lib/*/*.so "$files"/lib/*/pkcs11/* | grep -o ' /[^ ]*/x86_64-linux-gnu/[^ ]*' | sort -u |
	xargs cp -Lt "$files/lib/x86_64-linux-gnu/"
cp -L /lib64/ld-linux-x86-64.so.2 "$files/lib64/"
printf 'module: p11-kit-trust.so\ntrust-policy: yes\n' >"$files/share/p11-kit/modules/p11-kit-trust.module"
cp "$PKI/root.crt" "$HOME_ALICE/app/files/"
printf '%s\n' '[Runtime]' name=org.example.Platform >"$HOME_ALICE/runtime/metadata"
printf '%s\n' '[Application]' name=$APP command=sh '[Context]' 'shared=network;' >"$HOME_ALICE/app/metadata"
for file in runtime app; do
	sed -i '2a runtime=org.example.Platform/x86_64/stable\nsdk=org.example.Platform/x86_64/stable' "$HOME_ALICE/$file/metadata"
done
chown -R alice: "$HOME_ALICE"/{runtime,app}
flatpak build-export --runtime --files=files repository runtime stable
[ "$rc" -eq 0 ] || bail "no runtime: $err"
flatpak build-export repository app stable
[ "$rc" -eq 0 ] || bail "no application: $err"
flatpak remote-add --user --no-gpg-verify here repository
flatpak install --user --noninteractive -y here $APP
is "$rc" 0 "an application is installed" || diag "$(last_run)"

sandbox_server
ADDRESS=P11_KIT_SERVER_ADDRESS=unix:path=$SERVER_SOCKET
# As the page says it: in_app PROGRAM…
in_app() {
	flatpak run --command=env $APP "$ADDRESS" "$@"
}
tokens() {
	sed -n 's/^\tLabel: //p' <<<"$out" | sort | paste -sd,
}
LIST=(p11tool "--provider=$CLIENT" --list-tokens)

# --- before anything is granted
in_app sh -c 'ls -A $XDG_RUNTIME_DIR'
is "$rc" 0 "it runs" || diag "$(last_run)"
unlike "$out" devid "no folder of devid is in its runtime folder"
in_app "${LIST[@]}"
is "$(tokens)" "" "nothing granted: no token"
in_app p11tool --provider="$CLIENT" --test-sign "$TOKEN;object=rsa;type=private"
isnt "$rc" 0 "no signature"

# --- with the override
flatpak override --user --filesystem=xdg-run/devid-p11-kit:ro $APP
is "$rc" 0 "flatpak override" || diag "$(last_run)"
in_app "${LIST[@]}"
is "$(tokens)" "Device Identity" "our token alone is there"
for label in rsa ec; do
	in_app p11tool --provider="$CLIENT" --test-sign "$TOKEN;object=$label;type=private"
	is "$rc" 0 "$label signs" || diag "$(last_run)"
done
tls_server tls1_3
for identity in 'rsa laptop-rsa2048' 'ec laptop-p256' 'stranger stranger'; do
	uri="$TOKEN;object=${identity% *}"
	in_app sh -c 'printf "GET / HTTP/1.0\r\n\r\n" | exec "$@"' login gnutls-cli --x509cafile /app/root.crt \
		--verify-hostname=localhost -p "$PORT" --provider="$CLIENT" --x509certfile "$uri;type=cert" \
		--x509keyfile "$uri;type=private" 127.0.0.1
	out=$(tr -d '\0' <"$T/run.out")
	if [ "${identity% *}" = stranger ]; then
		not_ok "a stranger's is refused by the server" tls_accepted stranger
	else
		ok "a login, ${identity% *}" tls_accepted "${identity#* }" || diag "$(last_run)"
	fi
done
# NSS: the module is added outside, to the database that the application keeps.
database=.var/app/$APP/data/pki
"${E[@]}" mkdir -p "$database"
run "${E[@]}" certutil -N -d "sql:$database" --empty-password
run "${E[@]}" certutil -A -d "sql:$database" -n root -t CT,, -i "$PKI/root.crt"
run "${E[@]}" "$ADDRESS" modutil -force -dbdir "sql:$database" -add devid -libfile "$CLIENT"
is "$rc" 0 "the module is added to an application's NSS, from outside" || diag "$(last_run)"
for identity in 'rsa laptop-rsa2048' 'ec laptop-p256'; do
	in_app sh -c 'cd "$XDG_DATA_HOME/pki" && printf "GET / HTTP/1.0\r\n\r\n" >request && exec tstclnt "$@" <request' login \
		-d sql:. -h 127.0.0.1 -p "$PORT" -n "Device Identity:${identity% *}" -V tls1.3:
	out=$(tr -d '\0' <"$T/run.out")
	ok "a login by NSS, ${identity% *}" tls_accepted "${identity#* }" || diag "$(last_run)"
done
in_app p11tool --provider="$CLIENT" --batch --delete "$TOKEN;object=rsa"
isnt "$rc" 0 "it deletes nothing"
in_app rm "$SERVER_SOCKET"
isnt "$rc" 0 "nor takes the socket away"
ok "both are there" test -S "$SERVER_SOCKET"
is "$(client_objects rsa)" "cert private public" "the identity whole"
in_app ls "$RUNTIME/devid"
isnt "$rc" 0 "the agent's socket is not in it"

# --- what the page warns of
flatpak override --user "--env=$ADDRESS" --env=OTHER=kept $APP
flatpak run --command=sh $APP -c 'echo "${OTHER-} ${P11_KIT_SERVER_ADDRESS-}"'
is "$out" "kept " "Flatpak drops this variable from an override: it must be set by env, inside"
flatpak run --command=p11tool $APP --list-tokens
is "$(tokens)" "System Trust" "without it a program that uses p11-kit sees the CAs of the host"
in_app p11tool --list-tokens
is "$(tokens)" "Device Identity" "with it our token, and no CAs"

# --- gone again
flatpak override --user --reset $APP
in_app "${LIST[@]}"
is "$(tokens)" "" "override --reset: no token"
sandbox_server_stop
flatpak override --user --filesystem=xdg-run/devid-p11-kit:ro $APP
in_app "${LIST[@]}"
is "$(tokens)" "" "the server stopped: none"
in_app p11tool --provider="$CLIENT" --test-sign "$TOKEN;object=rsa;type=private"
isnt "$rc" 0 "and no signature"
done_testing
