#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs in a sandbox like Flatpak's, by p11-kit's own server as the user's unit starts it: what they see of the
# machine's tokens, sign, log in with; what they can't change, read or reach; the server gone, killed, back again.
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/tls.sh"
. "$(dirname "$0")/../lib/sandbox.sh"
client_machine "$0" "$@"
OURS=$TOKEN
client_import_system machine p256
SYSTEM=$TOKEN
TOKEN=$OURS
machine_user bob
REMOTE=/usr/libexec/p11-kit/p11-kit-remote
BY_CLIENT=(p11tool "--provider=$CLIENT")
labels() {
	sed -n 's/^\tLabel: //p' <<<"$out" | sort | paste -sd,
}

# --- the server, before any agent
client_end_agents
sandbox_server
sandbox_make
is "$(stat -c %a:%U "$SERVER_FOLDER")" 700:alice "the socket's folder is closed to others"
as bob
not_ok "a second user doesn't get at it" "${A[@]}" P11_KIT_SERVER_ADDRESS="unix:path=$SERVER_SOCKET" \
	sh -c "p11tool --provider=$CLIENT --list-tokens 2>&1 | grep -q Label:"
not_ok "nor sees it" "${A[@]}" test -e "$SERVER_SOCKET"

# --- what is listed: our token alone, of all that the machine has
"${E[@]}" mkdir -p .config/softhsm2 .softhsm
printf 'directories.tokendir = %s\n' "$HOME_ALICE/.softhsm" | "${E[@]}" tee .config/softhsm2/softhsm2.conf >"$T/conf"
run "${E[@]}" softhsm2-util --init-token --free --label other --pin 1234 --so-pin 1234
is "$rc" 0 "another token beside it" || diag "$(last_run)"
run "${E[@]}" p11tool --list-tokens
like "$(labels)" 'Device Identity,Device Identity \(system\),.*other' "outside of the sandbox all are listed"
run "${S[@]}" "${BY_CLIENT[@]}" --list-tokens
is "$(labels)" "Device Identity" "in it our token alone, by p11-kit's client"
run "${S[@]}" p11tool --list-tokens
is "$(labels)" "Device Identity" "and by p11-kit, configured as Flatpak does it"
run "${S[@]}" "${BY_CLIENT[@]}" --list-all --only-urls "$SYSTEM"
unlike "$out" 'object=' "the machine's token can't be asked for by its name either"
run "${S[@]}" "${BY_CLIENT[@]}" --list-all --only-urls "$TOKEN;object=rsa"
is "$(sed -n 's/.*;type=//p' <<<"$out" | sort | paste -sd' ')" "cert private public" "an identity's objects are there"
is "$(client_agents)" "" "none of this started an agent"
run "${S[@]}" "${BY_CLIENT[@]}" --list-mechanisms "$TOKEN"
is "$(sed -n 's/.*\] \(CKM_[A-Z0-9_]*\) .*/\1/p' <<<"$out" | sort | paste -sd' ')" \
	"CKM_ECDSA CKM_ECDSA_KEY_PAIR_GEN CKM_RSA_PKCS CKM_RSA_PKCS_KEY_PAIR_GEN CKM_RSA_PKCS_PSS CKM_SHA256_RSA_PKCS CKM_SHA384_RSA_PKCS CKM_SHA512_RSA_PKCS" \
	"the mechanisms that p11-kit's protocol passes on"

# --- signatures, verified outside
printf 'signed in a sandbox' >"$T/data"
openssl dgst -sha256 -binary "$T/data" >"$T/digest"
# signs LABEL NAME MECHANISM INPUT [OPTION…]: by pkcs11-tool, which takes keys by their id; verified with OPTION…
signs() {
	local label=$1 name=$2 mechanism=$3 input=$4 id
	shift 4
	id=$("${S[@]}" "${BY_CLIENT[@]}" --list-certs "$TOKEN;object=$label" | sed -n 's/^\tID: //p' | tr -d :)
	# shellcheck disable=SC2086
	run "${S[@]:0:${#S[@]}-1}" --ro-bind "$T/$input" /app/in -- \
		sh -c 'pkcs11-tool "$@" -i /app/in -o /tmp/signature >&2 && base64 /tmp/signature' \
		sign --module "$CLIENT" --token-label 'Device Identity' --sign --id "$id" -m $mechanism
	base64 -d "$T/run.out" >"$T/signature" || diag "$(last_run)"
	openssl x509 -in "$PKI/$name.crt" -noout -pubkey >"$T/public"
	ok "$label signs, ${mechanism%% *}" openssl pkeyutl -verify -pubin -inkey "$T/public" -in "$T/digest" \
		-sigfile "$T/signature" -pkeyopt digest:sha256 "$@"
}
signs rsa rsa2048 SHA256-RSA-PKCS data
signs rsa rsa2048 'RSA-PKCS-PSS --hash-algorithm SHA256 --mgf MGF1-SHA256 --salt-len 32' digest -pkeyopt rsa_padding_mode:pss
signs ec p256 'ECDSA --signature-format openssl' digest
is "$(client_agents | wc -l)" 1 "a signature has started the agent"
is "$("${E[@]}" devid events --json 2>/dev/null | grep -o '"program" *: *"[^"]*remote"' | sort -u)" \
	'"program" : "'$REMOTE'"' "events name the server's own program, whatever the sandbox runs"

# --- logins
declare -A PORTS CN=([rsa]=laptop-rsa2048 [ec]=laptop-p256)
for version in 1_2 1_3; do
	tls_server tls$version
	PORTS[$version]=$PORT
done
# log_in LABEL VERSION: tls_login's client in the sandbox
log_in() {
	PORT=${PORTS[$2]}
	run "${S[@]}" sh -c 'printf "GET / HTTP/1.0\r\n\r\n" | exec "$@"' login gnutls-cli --x509cafile /app/root.crt \
		--verify-hostname=localhost -p "$PORT" --provider="$CLIENT" --x509certfile "$TOKEN;object=$1;type=cert" \
		--x509keyfile "$TOKEN;object=$1;type=private" 127.0.0.1
	out=$(tr -d '\0' <"$T/run.out")
}
for version in 1_2 1_3; do
	for label in rsa ec; do
		log_in $label $version
		ok "gnutls-cli, TLS $version, $label" tls_accepted ${CN[$label]} || diag "$(last_run)"
	done
	log_in stranger $version
	not_ok "gnutls-cli, TLS $version: the server refuses a stranger's" tls_accepted stranger
done
# OpenSSL, by its engine; NSS as a browser has it.
engine="openssl_conf=i\n[i]\nengines=e\n[e]\npkcs11=p\n[p]\nengine_id=pkcs11\nMODULE_PATH=$CLIENT\n"
for label in rsa ec; do
	run "${S[@]}" sh -c "printf '$engine' >conf
		p11tool --provider=$CLIENT --export '$TOKEN;object=$label;type=cert' >cert.pem
		printf 'GET / HTTP/1.0\r\n\r\n' | OPENSSL_CONF=conf openssl s_client -connect 127.0.0.1:${PORTS[1_3]} \
			-CAfile /app/root.crt -verify_return_error -ign_eof -quiet -engine pkcs11 -keyform engine \
			-key '$TOKEN;object=$label;type=private' -cert cert.pem"
	ok "openssl's engine, $label" tls_accepted ${CN[$label]} || diag "$(last_run)"
	run "${S[@]}" sh -c "mkdir -p db; certutil -N -d sql:db --empty-password
		certutil -A -d sql:db -n root -t CT,, -i /app/root.crt
		modutil -force -dbdir sql:db -add devid -libfile $CLIENT >&2
		printf 'GET / HTTP/1.0\r\n\r\n' >request
		exec tstclnt -d sql:db -h 127.0.0.1 -p ${PORTS[1_3]} -n 'Device Identity:$label' -V tls1.3: <request"
	out=$(tr -d '\0' <"$T/run.out")
	ok "NSS, $label" tls_accepted ${CN[$label]} || diag "$(last_run)"
done

# --- what the sandbox doesn't have
not_ok "it doesn't see the agent's socket" "${S[@]}" test -e "$RUNTIME/devid"
not_ok "nor the session bus" "${S[@]}" sh -c "test -e $T/run/session-bus || env | grep -q DBUS"
not_ok "nor the user's files" "${S[@]}" test -e "$HOME_ALICE"
is "$("${S[@]}" sh -c 'set -- /proc/[0-9]*; echo $#')" 2 "nor another process than bwrap and its own"
not_ok "it can't take the socket away" "${S[@]}" rm "$SERVER_SOCKET"
not_ok "nor put one of its own there" "${S[@]}" mv /tmp "$SERVER_FOLDER/pkcs11"
ok "it is there" test -S "$SERVER_SOCKET"
run "${N[@]}" "${BY_CLIENT[@]}" --list-tokens
is "$rc $(labels)" "0 " "a sandbox without the folder sees no token"
run "${N[@]}" "${BY_CLIENT[@]}" --test-sign "$TOKEN;object=rsa;type=private"
isnt "$rc" 0 "nor signs"

# --- what it can't do
before=$(cat "$HOME_ALICE"/.local/share/devid/*.identity | sha256sum)
refuses() {
	ask "${@:3}"
	is "$answer" "$1" "$2"
}
sandbox_open
refuses 'ok Device Identity' "a program that keeps the token open: one" tokens
refuses CKR_TOKEN_WRITE_PROTECTED "no session to write in" open rw
refuses ok "one to read in" open
for kind in cert private public; do
	refuses CKR_SESSION_READ_ONLY "$kind: not deleted" destroy $kind rsa
	refuses CKR_SESSION_READ_ONLY "$kind: not renamed" rename $kind rsa
done
refuses CKR_SESSION_READ_ONLY "no certificate is planted" copy rsa
refuses CKR_SESSION_READ_ONLY "no key is made" generate
refuses CKR_FUNCTION_NOT_SUPPORTED "none is wrapped" wrap rsa
refuses 'ok none' "rsa: no part of the private key is told" secrets rsa
refuses 'ok none' "ec: nor of this one" secrets ec
refuses CKR_MECHANISM_INVALID "PSS with the hash isn't passed on" sign rsa CKM_SHA256_RSA_PKCS_PSS
refuses CKR_MECHANISM_INVALID "nor ECDSA with it" sign ec CKM_ECDSA_SHA256
refuses 'ok 256' "PSS is" sign rsa CKM_RSA_PKCS_PSS
refuses 'ok 64' "and ECDSA" sign ec CKM_ECDSA
run "${S[@]}" "${BY_CLIENT[@]}" --batch --delete "$TOKEN;object=rsa"
isnt "$rc" 0 "p11tool --delete: an error"
run "${S[@]}" "${BY_CLIENT[@]}" --write --label planted --load-certificate /app/root.crt "$TOKEN"
isnt "$rc" 0 "p11tool --write: an error"
run "${S[@]}" pkcs11-tool --module "$CLIENT" --token-label 'Device Identity' --delete-object --type privkey --label rsa
isnt "$rc" 0 "pkcs11-tool --delete-object: an error"
like "$err" CKR_TOKEN_WRITE_PROTECTED "it says why"
run "${S[@]}" "${BY_CLIENT[@]}" --export "$TOKEN;object=rsa;type=private"
isnt "$rc" 0 "p11tool --export of a private key: an error"
is "$(cat "$HOME_ALICE"/.local/share/devid/*.identity | sha256sum)" "$before" "after which the identities are as they were"

# --- two at once
parallel() {
	local n
	for n in $(seq 10); do
		"${S[@]}" "${BY_CLIENT[@]}" --test-sign "$TOKEN;object=$1;type=private" >>"$T/parallel-$1" 2>&1 || return
	done
}
parallel ec &
second=$!
parallel rsa
is "$?" 0 "two sandboxes at once: one signs" || diag "$(tail -n 5 "$T/parallel-rsa")"
wait $second
is "$?" 0 "the other too" || diag "$(tail -n 5 "$T/parallel-ec")"

# --- the server killed, with a program that has the token open
sandbox_server_stop -KILL
ok "killed: its socket is left behind" test -S "$SERVER_SOCKET"
ask sign ec CKM_ECDSA
like "$answer" '^CKR_DEVICE_(ERROR|REMOVED)$' "the program is told"
run "${S[@]}" "${BY_CLIENT[@]}" --list-tokens
is "$rc $(labels)" "0 " "another sees no token"
log_in rsa 1_3
isnt "$rc" 0 "and has no login"
sandbox_server
ok "started again, over the socket that was left" test -S "$SERVER_SOCKET"
ask sign ec CKM_ECDSA
like "$answer" '^CKR_DEVICE_(ERROR|REMOVED)$' "the program must begin anew"
refuses ok "which it can, in the same sandbox" again
refuses 'ok 64' "and signs" sign ec CKM_ECDSA
sandbox_close

# --- what can't be used
declare -A says=([locked]='PKCS #11 error in device' [gone]='PKCS #11 error in device'
	[dismissed]='PKCS #11 error.' [refused]='PKCS #11 error.')
probe() {
	local label=$1 how=$2
	log_in "$label" 1_3
	client_failed_in_time "$how: a login"
	is "$err" "*** Fatal error: ${says[$how]}" "$how: what gnutls-cli says, as without the server"
	client_event_tells "$how"
	case $how in
	locked | refused) is "$(client_refusals "$how" "$REMOTE")" 1 "$how: once, and of the server's program" ;;
	esac
	run "${S[@]}" "${BY_CLIENT[@]}" --test-sign "$TOKEN;object=$label;type=private"
	client_failed_in_time "$how: a signature"
	run "${S[@]}" "${BY_CLIENT[@]}" --list-all --only-urls "$TOKEN;object=$label"
	like "$out" 'type=private' "$how: listed all the same"
}
for how in locked dismissed refused gone; do
	client_cannot_use $how probe
done
run "${S[@]}" "${BY_CLIENT[@]}" --test-sign "$TOKEN;object=rsa;type=private"
is "$rc" 0 "in good order again: it signs" || diag "$(last_run)"

# --- a snap: a server with its socket in the snap's folder, by the unit that devid-profile(1) makes of ours
# snap UNIT PID: ours, which runs on
snap() {
	local SERVER_UNIT SERVER_PID SERVER_SOCKET SERVER_FOLDER page edit label snap
	page=$(sed 's/\\-/-/g' "$DEVID_SOURCE/data/man/devid-profile.1")
	edit=$(sed -n "s/^ *sed '\\(s,.*\\)' .*/\\1/p" <<<"$page")
	SERVER_UNIT=$T/devid-p11-kit-browser.service
	sed "${edit//NAME/browser}" "$1" >"$SERVER_UNIT"
	is "$(diff "$1" "$SERVER_UNIT" | grep -c '^>')" 2 "two lines differ"
	run "${E[@]}" systemd-analyze verify --user --man=no "$SERVER_UNIT"
	is "$rc $(grep -F devid-p11-kit-browser <<<"$out$err")" "0 " "systemd has nothing to say against it"
	sandbox_server
	snap=("${N[@]:0:${#N[@]}-1}" --bind "$RUNTIME/snap.browser" "$RUNTIME/snap.browser" --)
	not_ok "a snap does not see the other socket" "${snap[@]}" test -e "$RUNTIME/devid-p11-kit"
	run "${snap[@]}" "${BY_CLIENT[@]}" --list-tokens
	is "$(labels)" "" "and no token by its address"
	for label in rsa ec; do
		run "${snap[@]}" env "P11_KIT_SERVER_ADDRESS=unix:path=$RUNTIME/snap.browser/devid-p11-kit/pkcs11" \
			"${BY_CLIENT[@]}" --test-sign "$TOKEN;object=$label;type=private"
		is "$rc" 0 "with that of its own it signs, $label" || diag "$(last_run)"
	done
	ok "both servers run" kill -0 "$2" "$SERVER_PID"
	sandbox_server_stop
}
snap "$SERVER_UNIT" "$SERVER_PID"

# --- stopped; nothing to show
sandbox_server_stop
is "$SERVER_STATUS" "$(unit_line SuccessExitStatus)" "stopped: the status that the unit takes for success"
not_ok "its socket goes with it" test -e "$SERVER_SOCKET"
run "${S[@]}" "${BY_CLIENT[@]}" --test-sign "$TOKEN;object=rsa;type=private"
isnt "$rc" 0 "not running: no signature"
sandbox_server
for label in rsa ec stranger; do
	run "${E[@]}" devid remove "$label"
done
run "${S[@]}" "${BY_CLIENT[@]}" --list-tokens
is "$(labels)" "Device Identity" "without an identity the token is there"
run "${S[@]}" "${BY_CLIENT[@]}" --list-all --only-urls "$TOKEN"
unlike "$out" 'object=' "and empty"
run "${S[@]}" "${BY_CLIENT[@]}" --test-sign "$TOKEN;object=rsa;type=private"
isnt "$rc" 0 "and signs nothing"
sandbox_server_stop
done_testing
