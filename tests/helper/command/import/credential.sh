#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --tpm-auth credential: keys of the machine in a TPM that need a credential beside it, which systemd keeps sealed. Made,
# used, and what is said and lost where it is missing, damaged, another, or nobody hands it out. The TPM is swtpm; the
# credential is sealed by the real systemd-creds, and handed out by systemd-socket-activate in the place of the units
# (with them: tests/data/credential.sh).
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/machine.sh"
. "$TESTS/lib/tpm.sh"
private_machine "$0" "$@"
chmod 755 "$T" "$PKI"
chmod -R a+rX "$PKI"
SOCKET=/run/devid/credential
FILE=/etc/credstore.encrypted/devid-tpm-auth
DATA=/var/lib/devid
AGENT_PROGRAM=$(find /usr -path '*/devid/devid-agent' -type f | head -n 1)
MODULE=$(find /usr -name devid-pkcs11.so -type f | head -n 1)
rm -rf /etc/credstore.encrypted /var/lib/systemd/credential.secret

# --- what stands for systemd: one process a connection, which does what $T/plan says

cat >"$T/hand-out" <<-Y
	#!/bin/bash
	case \$(cat "$T/plan") in
	good) exec systemd-creds --name=devid-tpm-auth decrypt $FILE - 2>>"$T/creds.log" ;;
	another) printf 0123456789abcdef0123456789abcdef ;;
	nothing) ;;
	counted) echo >>"$T/counted" ;;
	short) printf 0123456789abcdef0123456789abcde ;;
	long) printf '0123456789abcdef0123456789abcdef\n' ;;
	letters) printf 0123456789ABCDEF0123456789ABCDEF ;;
	zeros) head -c 32 /dev/zero ;;
	flood) exec head -c 100000000 /dev/urandom ;;
	parts) printf 0123456789abcdef && sleep 0.2 && exec cat /dev/null ;;
	silence) exec sleep 1000 ;;
	esac
Y
chmod 755 "$T/hand-out"
service() { # [COMMAND…]: as whom
	rm -f "$SOCKET"
	"$@" systemd-socket-activate --accept --inetd -l "$SOCKET" "$T/hand-out" 2>"$T/service.log" &
	SERVICE=$!
	track "$SERVICE"
	wait_for 10 test -S "$SOCKET"
	chown devid: "$SOCKET"
	chmod 600 "$SOCKET"
}
service_off() {
	stop "$SERVICE"
	rm -f "$SOCKET"
}
hands_out() {
	echo "$1" >"$T/plan"
}
# Without the keys that it has open.
agent_anew() {
	stop "$AGENT"
	tpm_agent
}

root() {
	as root
	RUN_BOUND=${RUN_BOUND:-60} run "${A[@]}" devid "$@"
}
import() {
	root import-cert --store tpm --password-file "$PKI/password" "$@"
}
# signs CERTIFICATE [LABEL]: with its key on the machine's token, by a program that knows nothing of devid. LABEL: of an
# identity that has the CKA_ID of what it replaced.
signs() {
	local id mechanism=(ECDSA-SHA256 --signature-format openssl)
	! openssl x509 -in "$1" -noout -text | grep -q rsaEncryption || mechanism=(SHA256-RSA-PKCS)
	printf '%032d' 1 >"$T/data"
	openssl x509 -in "$1" -noout -pubkey >"$T/key.pem"
	id=$(openssl pkey -pubin -in "$T/key.pem" -outform DER | sha1sum | cut -d' ' -f1)
	[ -z "${2:-}" ] || id=$(member "$2" id)
	as root
	run "${A[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$MODULE" --token-label "Device Identity (system)" --sign \
		--mechanism "${mechanism[@]}" --input-file "$T/data" --output-file "$T/signature" --id "$id"
	[ "$rc" -eq 0 ] && openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
}
hash_of() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}
issue() { # REQUEST CERTIFICATE
	openssl x509 -req -in "$1" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 -copy_extensions copyall \
		-out "$2" 2>"$T/issue.err" || bail "$(cat "$T/issue.err")"
}
member() { # LABEL NAME
	root show "$1" --json
	/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$2" <<<"$out"
}
auth_of() { # LABEL
	member "$1" tpm_auth
}
halves() {
	find "$DATA" -name '*.tss2' -o -name '*.pending' | wc -l
}
last_reason() {
	sed -n 's/.*"reason":"\([^"]*\)".*/\1/p' /var/log/devid/refusals.jsonl | tail -n 1
}
# refused CAUSE NAME: p256's key, which needs it; the others go on.
refused() {
	if signs "$PKI/p256.crt" >"$T/out" 2>&1; then fail "$2: no signature"; else pass "$2: no signature"; fi
	is "$(last_reason)" "$1" "$2: the event says $1"
	ok "$2: a key in the TPM without it signs" signs "$PKI/p384.crt"
	ok "$2: so does one in a file" signs "$PKI/second.crt"
}
# doctor_says RESULT PATTERN NAME
doctor_says() {
	RUN_BOUND=90 root doctor --json
	is "$(/usr/bin/python3 -c '
import json, re, sys
rows = [f for f in json.load(sys.stdin)["findings"] if f["examination"] == "tpm"]
print(any(f["result"] == sys.argv[1] and re.search(sys.argv[2], f["message"] + " " + (f.get("hint") or "")) for f in rows) or rows)' "$1" "$2" <<<"$out")" True "$3"
}

mkdir -p "$T/run"
chmod 755 "$T/run"
E=(env)
tpm_start first
chmod 666 "$TPM_SOCKET" "$TPM_SOCKET.ctrl"
tpm_agent

# --- words

for words in "--user --store tpm" "--system --store file" "--system --store keyring"; do
	root import-cert $words --tpm-auth credential --password-file "$PKI/password" "$PKI/p256.p12"
	is "$rc" 2 "$words --tpm-auth credential: usage"
done
import --tpm-auth keyring "$PKI/p256.p12"
is "$rc" 2 "keyring on the machine's token: usage"
like "$err" "credential or none" "which names what there is"
root move --store file --tpm-auth credential nobody
is "$rc" 2 "move into a file with it: usage"

# --- nothing that could make or hand it out

import --tpm-auth credential "$PKI/p256.p12"
is "$rc" 5 "nobody hands it out: the import ends with 5"
like "$err" "devid-credential.socket is not active.*hint: as root: systemctl start devid-credential.socket" "and says what to start"
ok "no credential is made" test ! -e "$FILE"
is "$(halves)" 0 "and no key is written"
hands_out good
service setpriv --reuid=devid --regid=devid --clear-groups
import --tpm-auth credential "$PKI/p256.p12"
is "$rc" 5 "handed out by somebody else than root: refused" || diag "$err"
like "$err" "Operation not permitted" "as that"
service_off
service
mv /usr/bin/systemd-creds "$T/systemd-creds"
import --tpm-auth credential "$PKI/p256.p12"
is "$rc" 1 "no systemd-creds: ends with 1"
like "$err" "systemd-creds is not here.*hint: .*--tpm-auth none" "and says so"
printf '#!/bin/sh\necho "no key for it here" >&2\nexit 1\n' >/usr/bin/systemd-creds
chmod 755 /usr/bin/systemd-creds
import --tpm-auth credential "$PKI/p256.p12"
is "$rc" 1 "systemd-creds fails: ends with 1"
like "$err" "systemd-creds failed: no key for it here" "in its own words"
mv "$T/systemd-creds" /usr/bin/systemd-creds
ok "no credential is made" test ! -e "$FILE"
mkdir -m 777 -p /etc/credstore.encrypted
chmod 777 /etc/credstore.encrypted
import --tpm-auth credential "$PKI/p256.p12"
is "$rc" 1 "a folder that all can write to: refused"
rmdir /etc/credstore.encrypted
mkdir "$T/elsewhere"
ln -s "$T/elsewhere" /etc/credstore.encrypted
import --tpm-auth credential "$PKI/p256.p12"
is "$rc" 1 "a link in its place: not followed"
is "$(ls "$T/elsewhere")" "" "nothing is written through it"
rm /etc/credstore.encrypted
hands_out nothing
import --tpm-auth credential "$PKI/p256.p12"
is "$rc" 5 "made, and systemd can't decrypt it: ends with 5"
ok "it is taken away again" test ! -e "$FILE"
is "$(halves)" 0 "and no key is written"
hands_out good
import --tpm-auth credential --dry-run "$PKI/p256.p12"
is "$rc" 0 "--dry-run" || diag "$err"
ok "makes none" test ! -e "$FILE"

# --- made, and used

import --tpm-auth credential --label p256 "$PKI/p256.p12"
is "$rc" 0 "imported" || diag "$err" "$(cat "$T/creds.log")"
is "$(stat -c '%U %a' /etc/credstore.encrypted "$FILE" | paste -sd' ')" "root 700 root 600" "the credential is root's alone"
unlike "$(cat "$FILE")" '^[0-9a-f]{32}' "and sealed"
ok "the key signs" signs "$PKI/p256.crt"
agent_anew
ok "and by another agent" signs "$PKI/p256.crt"
is "$(auth_of p256)" credential "show --json says what it needs"
root show p256
like "$out" "second lock +the machine's credential" "so does show"
like "$(cat "$DATA"/*.identity)" $'\nAuth: credential\n' "and the record"
half=$DATA/$(hash_of "$PKI/p256.crt").tss2
openssl asn1parse -in "$half" -inform PEM >"$T/asn1"
is "$(grep -c BOOLEAN "$T/asn1")" 0 "its file says that it has an authorisation"
secret=$(systemd-creds --name=devid-tpm-auth decrypt "$FILE" -)
like "$secret" '^[0-9a-f]{32}$' "which is text"
is "$(grep -rlaF "$secret" /etc /var/lib/devid /var/log/devid | wc -l)" 0 "and lies nowhere as it is"
# By tpm2-tools: tpm2-openssl asks for a password from its version 1.3.0 on.
agent_anew
stop "$AGENT"
/usr/bin/python3 - "$half" "$T/half.pub" "$T/half.priv" <<-'Y'
	import base64, sys
	der = base64.b64decode("".join(l for l in open(sys.argv[1]).read().split("\n") if l and not l.startswith("-")))
	# Two OCTET STRINGs after the INTEGER 40000001.
	at = der.index(b"\x02\x04\x40\x00\x00\x01") + 6
	for out in sys.argv[2:]:
	    assert der[at] == 4
	    length, start = (der[at + 1], at + 2) if der[at + 1] < 128 else (der[at + 2], at + 3)
	    open(out, "wb").write(der[start:start + length])
	    at = start + length
Y
"${TPM[@]}" tpm2_createprimary -Q -C o -G ecc256:null:aes128cfb -c "$T/primary" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
"${TPM[@]}" tpm2_readpublic -Q -c "$T/primary" -o "$T/tpm.pub"
"${TPM[@]}" tpm2_flushcontext -t
"${TPM[@]}" tpm2_load -Q -C "$T/primary" -u "$T/half.pub" -r "$T/half.priv" -c "$T/loaded"
copy_signs() { # [PASSWORD]
	"${TPM[@]}" tpm2_flushcontext -t
	rm -f "$T/signature"
	"${TPM[@]}" tpm2_sign -c "$T/loaded" ${1:+-p "$1"} -g sha256 -f plain -o "$T/signature" "$T/data" || return
	openssl x509 -in "$PKI/p256.crt" -noout -pubkey >"$T/key.pem"
	openssl dgst -sha256 -verify "$T/key.pem" -signature "$T/signature" "$T/data"
}
ok "another program signs with a copy, given what systemd-creds decrypts" copy_signs "$secret"
not_ok "file and TPM without it: no signature" copy_signs
not_ok "nor with another" copy_signs 0123456789abcdef0123456789abcdef
"${TPM[@]}" tpm2_flushcontext -t
tpm_agent
made=$(cksum "$FILE")
import --tpm-auth none --label p384 "$PKI/p384.p12"
is "$rc" 0 "one without it" || diag "$err"
is "$(auth_of p384)" None "which needs none"
root import-cert --store file --label second --password-file "$PKI/password" "$PKI/second.p12"
is "$rc" 0 "and one in a file" || diag "$err"
import --tpm-auth credential --label rsa "$PKI/rsa2048.p12"
is "$rc" 0 "another with it" || diag "$err"
is "$(cksum "$FILE")" "$made" "takes the credential that is there"
ok "and signs" signs "$PKI/rsa2048.crt"
import --tpm-auth credential --label p256 "$PKI/p256.p12"
like "$rc $out$err" "^0 .*already" "the same again: nothing to do"
import --tpm-auth credential --label p384 "$PKI/p384.p12"
like "$rc $err" "^0 .*does not need the credential.*devid remove" "one that is here without it stays so, which is said"
root move --store tpm --tpm-auth credential p384
like "$rc $err" "^1 .*goes on needing what it needs" "nor does moving it where it is give it one"
doctor_says pass "machine's credential.*can be had" "doctor asks for it"

# Born, moved, wrapped.
root request --store tpm --tpm-auth credential --label born --subject CN=born --key p256 -o "$T/born.csr"
is "$rc" 0 "a key that is made there" || diag "$err"
ok "its request verifies" openssl req -in "$T/born.csr" -noout -verify
issue "$T/born.csr" "$T/born.crt"
root import-cert "$T/born.crt"
is "$rc $(auth_of born)" "0 credential" "its certificate comes, and it needs the credential still"
ok "it signs" signs "$T/born.crt"
root import-cert --store file --label moved --password-file "$PKI/password" "$PKI/japan.p12"
root move --store tpm --tpm-auth credential moved
is "$rc" 0 "a key that was in a file: moved" || diag "$err"
is "$(auth_of moved)" credential "needs it"
ok "and signs" signs "$PKI/japan.crt"
root wrap --for "$T/tpm.pub" --out "$T/wrapped.pem" --password-file "$PKI/password" "$PKI/future.p12"
is "$rc" 0 "wrapped for this TPM" || diag "$err"
root import-cert --tpm-auth credential --store tpm --label wrapped "$T/wrapped.pem"
is "$rc $(auth_of wrapped)" "0 credential" "what was wrapped for this TPM" || diag "$err"
agent_anew
ok "signs with it" signs "$PKI/future.crt"

# It isn't given up by itself.
root renew born -o "$T/renewed.csr"
is "$rc" 0 "renewed" || diag "$err"
is "$(auth_of 'born (renewal)')" credential "the new key needs it, too"
issue "$T/renewed.csr" "$T/renewed.crt"
root import-cert "$T/renewed.crt"
is "$rc $(auth_of born)" "0 credential" "also where it has taken the former key's place" || diag "$err"
ok "it signs" signs "$T/renewed.crt" born
root renew --tpm-auth none born -o "$T/bare.csr"
is "$rc $(auth_of 'born (renewal)')" "0 None" "without it where that is asked for" || diag "$err"
root renew born -o "$T/again.csr"
is "$rc $(auth_of 'born (renewal)')" "0 None" "the key that waits is taken as it is" || diag "$err"
root request --store tpm --tpm-auth credential --label 'born (renewal)' --subject CN=x -o "$T/none.csr"
like "$rc $err" "^1 .*does not need the credential" "but not as one that needs it"
root remove --yes 'born (renewal)'
import --replace --label rsa "$PKI/namesake.p12"
is "$rc $(auth_of rsa)" "0 credential" "another identity in the place of one with it has it" || diag "$err"
ok "and signs" signs "$PKI/namesake.crt" rsa
rm -f "$DATA/$(hash_of "$PKI/namesake.crt").tss2"
import --label rsa --tpm-auth none "$PKI/namesake.p12"
is "$rc" 0 "a key's file that is gone is written again" || diag "$err"
openssl asn1parse -in "$DATA/$(hash_of "$PKI/namesake.crt").tss2" -inform PEM >"$T/asn1"
is "$(grep -c BOOLEAN "$T/asn1")" 0 "as the record says"

# --- not as it was

service_off
agent_anew
refused tpm-credential-service "nobody hands it out"
doctor_says fail "devid-credential.socket is not active.*systemctl start devid-credential.socket" "nobody hands it out: doctor says what to start"
service
# Tries at once start no service each.
hands_out counted
: >"$T/counted"
agent_anew
for i in 1 2 3 4 5 6 7 8; do
	signs "$PKI/p256.crt" >"$T/out" 2>&1
done
ok "eight tries one after the other: fewer services" [ "$(wc -l <"$T/counted")" -lt 8 ]
root doctor
before=$(wc -l <"$T/counted")
root doctor
ok "doctor asks each time" [ "$(wc -l <"$T/counted")" -gt "$before" ]
for plan in nothing short long letters zeros flood parts; do
	hands_out $plan
	agent_anew
	refused tpm-credential "$plan"
done
hands_out another
agent_anew
refused tpm-auth "another credential"
hands_out silence
agent_anew
begin=$(now_ms)
refused store-timeout "no end of it"
ok "within its bound" [ $(($(now_ms) - begin)) -lt 60000 ]
hands_out good
agent_anew
ok "handed out again: it signs" signs "$PKI/p256.crt"
agent_anew
cp "$FILE" "$T/sealed"
for fault in damaged cut renamed; do
	case $fault in
	damaged) tr 'A-Z' 'B-ZA' <"$T/sealed" >"$FILE" ;;
	cut) head -c 60 "$T/sealed" >"$FILE" ;;
	renamed) printf %s "$secret" | systemd-creds encrypt --name=another - "$FILE" ;;
	esac
	before=$(cksum "$FILE")
	agent_anew
	refused tpm-credential "$fault"
	doctor_says fail "$FILE: systemd can't decrypt it.*remove the file" "$fault: doctor says so"
	import --tpm-auth credential --label comma "$PKI/comma.p12"
	is "$rc" 5 "$fault: no key is imported with it"
	like "$err" "$FILE: .*hint: .*remove the file" "$fault: and why"
	is "$(cksum "$FILE")" "$before" "$fault: it is not replaced by itself"
	ok "$fault: no key is written" test ! -e "$DATA/$(hash_of "$PKI/comma.crt").tss2"
done
cp "$T/sealed" "$FILE"
agent_anew
ok "brought back: it signs" signs "$PKI/p256.crt"
mv /var/lib/systemd/credential.secret "$T/host-key"
agent_anew
refused tpm-credential "what it was sealed with is gone"
doctor_says fail "bring back what it was sealed with" "what it was sealed with is gone: doctor says so"
mv "$T/host-key" /var/lib/systemd/credential.secret
rm "$FILE"
agent_anew
refused tpm-credential "no file"
doctor_says fail "need $FILE, and it is not there.*--tpm-auth credential FILE --replace" "no file: doctor says so"
root show p256
is "$rc" 0 "no file: the identity is listed"

# As doctor says.
import --tpm-auth credential --replace --label p256 "$PKI/p256.p12"
is "$rc" 0 "imported again: with a new one" || diag "$err"
like "$out" "p256: imported" "and not left as it was"
like "$err" "moved: its key needed the credential that was here before" "those that it doesn't help are named"
unlike "$err" "p256: its key needed" "it itself is not"
ok "it signs" signs "$PKI/p256.crt"
agent_anew
if signs "$PKI/japan.crt" >"$T/out" 2>&1; then fail "those do not sign"; else pass "those do not sign"; fi
is "$(last_reason)" tpm-auth "for theirs is another"
import --replace --label moved "$PKI/japan.p12"
is "$rc" 0 "until they are imported again" || diag "$err"
ok "then they do" signs "$PKI/japan.crt"

# --- gone

root reset-cred
like "$out" "credential for keys in the TPM: kept \(--keys removes it\)" "reset-cred tells of it"
root reset-cred --keys --yes --dry-run
like "$out" "would be removed with the keys that need it" "--keys --dry-run, too"
ok "it is still there" test -e "$FILE"
echo "no record" >"$DATA/0123456789abcdef.identity"
chown devid: "$DATA/0123456789abcdef.identity"
root reset-cred --keys --yes
like "$out" "kept: a key may need it" "with a record that can't be read it stays"
ok "indeed" test -e "$FILE"
rm "$DATA/0123456789abcdef.identity"
root reset-cred --keys --yes
ok "with none it goes" test ! -e "$FILE"
is "$(halves)" 0 "and so did the keys"
root reset-cred --keys --yes
like "$rc $out" "^0 .*credential for keys in the TPM: none" "and again: none"
done_testing
