#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A TPM that users may not open: the machine's agent lends it to the agents of those whom the account names, for keys of
# their own, and refuses what else anybody might ask of it. The TPM is swtpm, the keyring the real one.
. "$(dirname "$0")/../lib/common.sh"
. "$TESTS/lib/machine.sh"
. "$TESTS/lib/keyring.sh"
. "$TESTS/lib/tpm.sh"
private_machine "$0" "$@"
machine_user alice devid
machine_user bob
chmod 755 "$T" "$PKI"
chmod -R a+rX "$PKI"
cp "$TESTS/lib/ask.py" "$T/ask.py"
chmod 755 "$T/ask.py"
SOCKET=/run/devid/agent
AGENT_PROGRAM=$(find /usr -path '*/devid/devid-agent' -type f | head -n 1)
MODULE=$(find /usr -name devid-pkcs11.so -type f | head -n 1)

# A device that is there, and root's.
mkdir -p "$T/m/dev" "$T/m/dev-work"
mount -t overlay overlay -o "lowerdir=/dev,upperdir=$T/m/dev,workdir=$T/m/dev-work" /dev || bail "no /dev of its own"
install -m 600 /dev/null /dev/tpmrm0

# tpm NAME: swtpm for the machine's agent, which is of another user.
tpm() {
	mkdir -p "$T/run"
	chmod 755 "$T/run"
	E=(env)
	tpm_start "$1"
	chmod 666 "$TPM_SOCKET" "$TPM_SOCKET.ctrl"
}
agent_off() {
	stop "$AGENT"
}

# user NAME WORDS…: devid as that user.
user() {
	as "$1"
	shift
	run "${A[@]}" devid "$@"
}
import() {
	local name=$1
	shift
	user "$name" import-cert --store tpm --password-file "$PKI/password" "$@"
}
id_of() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | sha1sum | cut -d' ' -f1
}
# signs USER CERTIFICATE: with its key, by a program that knows nothing of devid.
signs() {
	local mechanism=(ECDSA-SHA256 --signature-format openssl) token='Device Identity'
	openssl x509 -in "$2" -noout -text | grep -q rsaEncryption && mechanism=(SHA256-RSA-PKCS)
	[ "$1" != root ] || token='Device Identity (system)'
	printf '%032d' 1 >"$T/data"
	chmod 644 "$T/data"
	as "$1"
	run "${A[@]}" ${BUS:+"DBUS_SESSION_BUS_ADDRESS=$BUS"} pkcs11-tool --module "$MODULE" --token-label "$token" --sign \
		--mechanism "${mechanism[@]}" --id "$(id_of "$2")" --input-file "$T/data" --output-file "/run/user/$(id -u "$1")/signature"
	openssl x509 -in "$2" -noout -pubkey >"$T/key.pem"
	[ "$rc" -eq 0 ] &&
		openssl dgst -sha256 -verify "$T/key.pem" -signature "/run/user/$(id -u "$1")/signature" "$T/data"
}
nothing_left() {
	is "$(find "$T/users/$1" -name '*.tss2' -o -name '*.pending' -o -name '*.identity' | wc -l)" 0 "$2: nothing is left"
}

# --- nobody lends it ---------------------------------------------------------------------------------

import alice --tpm-auth none "$PKI/p256.p12"
is "$rc" 5 "no agent of the machine: the import ends with 5"
like "$err" "does not run.*as root: .*systemctl enable --now devid-agent.socket" "and says whom to ask"
nothing_left alice "no agent of the machine"
user alice status --json
like "$out" '"why" : "TPM: /dev/tpmrm0 may not be opened by this user"' "and the store isn't there"
tpm first
tpm_agent
is "$(cat "$T/ready")" 1 "the machine's agent runs, as $(stat -c %U /run/devid)"
import bob --tpm-auth none "$PKI/p256.p12"
isnt "$rc" 0 "a user whom the account does not name: refused"
like "$err" "does not lend it to this user" "and said so"
like "$err" "TPMUsers=.*group devid" "and what to ask of root"
nothing_left bob "a user whom the account does not name"
user bob status --tpm-public
isnt "$rc" 0 "nor is he told of the storage key"
RUN_BOUND=60 user bob doctor --json
like "$out$err" "lends to those whom TPMUsers= names" "doctor says to whom it is lent"

# --- lent --------------------------------------------------------------------------------------------

user alice status --tpm-public
is "$rc" 0 "the storage key" || diag "$err"
printf '%s\n' "$out" >"$T/first.pub"
for name in p256 rsa2048 p384; do
	import alice --tpm-auth none "$PKI/$name.p12"
	is "$rc" 0 "$name: imported" || diag "$err"
	ok "$name: signs" signs alice "$PKI/$name.crt"
done
is "$(find "$T/users/alice" -name '*.tss2' | wc -l)" 3 "the keys' files are in her own folder"
is "$(find /var/lib/devid -name '*.tss2' | wc -l)" 0 "and not in the machine's"
is "$("${TPM[@]}" tpm2_getcap handles-transient | wc -l)" 1 "nothing stays in the TPM but its storage key"
user alice status --json
unlike "$out" "may not be opened" "the store is there"
RUN_BOUND=60 user alice doctor
like "$out$err" "the machine's agent lends it to this user" "doctor says whose it is"
import alice --tpm-auth none "$PKI/rsa4096.p12"
isnt "$rc" 0 "what the TPM does not take: refused"
like "$err" "TPM: it does not take the key" "in the same words"
for kind in p256 rsa2048; do
	user alice request --store tpm --tpm-auth none --label "born-$kind" --subject "CN=born-$kind" --key $kind -o born-$kind.csr
	is "$rc" 0 "$kind: made in it" || diag "$err"
	openssl x509 -req -in "$T/users/alice/born-$kind.csr" -CA "$PKI/issuing.crt" -CAkey "$PKI/issuing.key" -days 100 \
		-copy_extensions copyall -out "$T/born-$kind.crt" 2>"$T/born.err"
	chmod 644 "$T/born-$kind.crt"
	user alice import-cert "$T/born-$kind.crt"
	ok "$kind: signs" signs alice "$T/born-$kind.crt"
done
user alice request --store tpm --tpm-auth none --label again --subject CN=again --key rsa2048 -o again.csr
isnt "$rc" 0 "another RSA key in the same minute: refused"
like "$err" "one RSA key a minute" "and said so"
user alice wrap --for "$T/first.pub" --out wrapped.pem --password-file "$PKI/password" "$PKI/comma.p12"
is "$rc" 0 "a key wrapped elsewhere" || diag "$err"
user alice import-cert --store tpm --tpm-auth none --label wrapped wrapped.pem
is "$rc" 0 "is imported" || diag "$err"
ok "and signs" signs alice "$PKI/comma.crt"
agent_off
ok "the machine's agent is gone: no signature" eval '! signs alice "$PKI/p256.crt"'
user alice events --json
like "$out" '"tpm-denied"' "the event says so"
tpm_agent
ok "it is back: she signs" wait_for 40 signs alice "$PKI/p256.crt"

kill -STOP "$TPM_PID"
not_ok "the TPM is silent: no signature" signs alice "$PKI/p384.crt"
RUN_BOUND=60 import alice --tpm-auth none "$PKI/future.p12"
is "$rc" 5 "nor an import, and both end" || diag "$err"
like "$err" "did not answer in time" "in these words"
kill -CONT "$TPM_PID"
is "$(find "$T/users/alice" -name '*.pending' | wc -l)" 0 "nothing is left of it"
ok "it answers again: she signs" wait_for 40 signs alice "$PKI/p384.crt"
kill -STOP "$AGENT"
not_ok "the machine's agent is silent: no signature" signs alice "$PKI/rsa2048.crt"
kill -CONT "$AGENT"
ok "it answers again: she signs" wait_for 40 signs alice "$PKI/rsa2048.crt"

# --- two locks ---------------------------------------------------------------------------------------

machine_session alice
mkdir -p "$T/run"
keyring_bus
keyring_start open
BUS=$DBUS_SESSION_BUS_ADDRESS
as alice
pkill_alice() {
	# Her agent has no bus yet: another one has.
	for pid in $(pgrep -u alice -x devid-agent); do end_process "$pid" -TERM; done
}
pkill_alice
pins=$T/users/alice/.local/share/devid/tpm-storage-keys
is "$(cat "$pins")" "0x40000001 $(sed -n "s/^Storage key: //p" "$T/users/alice/wrapped.pem")" "the storage key is pinned in her own folder"
ok "and not in the machine's" test ! -e /var/lib/devid/tpm-storage-keys
cp -p "$pins" "$T/pins"
sed -i "s/^\(0x40000001 000b\)......../\100000000/" "$pins"
chown alice: "$pins"
not_ok "another name was pinned: no signature" signs alice "$PKI/p256.crt"
user alice events --json
like "$out" '"tpm-other".*another one than before' "and the event says so"
cp -p "$T/pins" "$pins"
pkill_alice
ok "as it was: she signs" signs alice "$PKI/p256.crt"
pkill_alice
as alice
run "${A[@]}" "DBUS_SESSION_BUS_ADDRESS=$BUS" devid import-cert --store tpm --label two --password-file "$PKI/password" "$PKI/japan.p12"
is "$rc" 0 "with a keyring: imported" || diag "$err"
ok "and signs" signs alice "$PKI/japan.crt"
stolen=$T/users/alice/.local/share/devid/$(openssl x509 -in "$PKI/japan.crt" -noout -pubkey | openssl pkey -pubin -outform DER |
	sha256sum | cut -d' ' -f1).tss2
openssl asn1parse -in "$stolen" -inform PEM >"$T/asn1"
is "$(grep -c BOOLEAN "$T/asn1")" 0 "its file says that it has an authorisation"
user alice wrap --for "$T/first.pub" --out locked.pem --password-file "$PKI/password" "$PKI/namesake.p12"
as alice
run "${A[@]}" "DBUS_SESSION_BUS_ADDRESS=$BUS" devid import-cert --label locked locked.pem
is "$rc" 0 "what was wrapped elsewhere gets its second lock" || diag "$err"
ok "and signs" signs alice "$PKI/namesake.crt"

# --- what anybody may ask ----------------------------------------------------------------------------

mkdir -p /etc/devid
printf '[Account]\nTPMUsers=bob\n' >/etc/devid/account.conf
cat >"$T/hostile.py" <<'Y'
import os, struct, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ask import connect, field, frame, reply
TPM, OPERATION, TPM_KEY, AUTH, KEY_TYPE, KEY_BITS = 13, 49, 50, 51, 31, 46
SCHEME, DIGEST, DATA, SIGNATURE, RESULT, REASON, MESSAGE = 13, 14, 18, 20, 1, 3, 2
path, what = sys.argv[1], sys.argv[2:]

def ask(*fields):
    client = connect(path)
    client.sendall(frame(TPM, *fields))
    answer = reply(client)
    client.close()
    return answer

def told(answer):
    if answer is None:
        return "end"
    result = struct.unpack("<I", answer[RESULT])[0]
    return f"{result} {answer.get(REASON, b'').decode()} {answer.get(MESSAGE, b'').decode()}"

sign = [field(SCHEME, 3), field(DIGEST, 3), field(DATA, bytes(32))]
if what[0] == "storage":
    print(told(ask(field(OPERATION, 1))))
elif what[0] == "sign":
    key = open(what[1], "rb").read()
    print(told(ask(field(OPERATION, 5), field(TPM_KEY, key), *sign)))
elif what[0] == "odd":
    key = open(what[1], "rb").read()
    requests = {
        "no operation": [],
        "operation 0": [field(OPERATION, 0)],
        "operation 99": [field(OPERATION, 99)],
        "no key": [field(OPERATION, 5), *sign],
        "no key to import": [field(OPERATION, 2)],
        "an empty key": [field(OPERATION, 4), field(TPM_KEY, b"")],
        "no PEM": [field(OPERATION, 4), field(TPM_KEY, b"\0" * 40000)],
        "a key that isn't wrapped, to import": [field(OPERATION, 2), field(TPM_KEY, key)],
        "a long authorisation": [field(OPERATION, 4), field(TPM_KEY, key), field(AUTH, bytes(33))],
        "no hash": [field(OPERATION, 5), field(TPM_KEY, key), field(SCHEME, 3), field(DIGEST, 3)],
        "scheme 0": [field(OPERATION, 5), field(TPM_KEY, key), field(SCHEME, 0), *sign[1:]],
        "scheme 4": [field(OPERATION, 5), field(TPM_KEY, key), field(SCHEME, 4), *sign[1:]],
        "scheme 4000000000": [field(OPERATION, 5), field(TPM_KEY, key), field(SCHEME, 4000000000), *sign[1:]],
        "RSA by a curve's key": [field(OPERATION, 5), field(TPM_KEY, key), field(SCHEME, 1), *sign[1:]],
        "digest 0": [field(OPERATION, 5), field(TPM_KEY, key), sign[0], field(DIGEST, 0), sign[2]],
        "digest 77": [field(OPERATION, 5), field(TPM_KEY, key), sign[0], field(DIGEST, 77), sign[2]],
        "a short hash": [field(OPERATION, 5), field(TPM_KEY, key), *sign[:2], field(DATA, bytes(31))],
        "a long hash": [field(OPERATION, 5), field(TPM_KEY, key), *sign[:2], field(DATA, bytes(50000))],
        "no type": [field(OPERATION, 3), field(KEY_BITS, 256)],
        "type 9": [field(OPERATION, 3), field(KEY_TYPE, 9), field(KEY_BITS, 256)],
        "no curve": [field(OPERATION, 3), field(KEY_TYPE, 2), field(KEY_BITS, 7)],
        "RSA of 0 bits": [field(OPERATION, 3), field(KEY_TYPE, 1), field(KEY_BITS, 0)],
        "RSA of 65536 bits": [field(OPERATION, 3), field(KEY_TYPE, 1), field(KEY_BITS, 65536)],
    }
    for name, fields in requests.items():
        print(name + ": " + told(ask(*fields)))
elif what[0] == "changed":
    # Each byte of the public area and some of the private one: none may do anything but be refused.
    import base64
    text = open(what[1]).read().split("\n")
    der = base64.b64decode("".join(line for line in text if line and not line.startswith("-")))
    area = der.index(b"\x02\x04\x40\x00\x00\x01") + 8
    counts = {}
    for at in list(range(area, area + 40)) + [len(der) - 1, len(der) - 40]:
        for bit in (1, 4, 64):
            odd = der[:at] + bytes([der[at] ^ bit]) + der[at + 1:]
            pem = "-----BEGIN TSS2 PRIVATE KEY-----\n" + base64.encodebytes(odd).decode() + "-----END TSS2 PRIVATE KEY-----\n"
            answer = told(ask(field(OPERATION, 5), field(TPM_KEY, pem.encode()), *sign))
            counts.setdefault(answer.split(" ")[0], []).append((at - area, bit))
    print(" ".join(sorted(counts)))
    print("signed:", counts.get("0"), file=sys.stderr)
Y
chmod 644 "$T/hostile.py"
hostile() {
	local name=$1
	shift
	as "$name"
	run "${A[@]}" /usr/bin/python3 "$T/hostile.py" "$@"
}
hostile bob "$SOCKET" storage
like "$out" "^0 " "TPMUsers=bob: it is lent to him"
hostile alice "$SOCKET" storage
like "$out" "^18 tpm-not-lent " "and no longer to her, though she is of the group"
not_ok "and her keys sign no more" signs alice "$PKI/p384.crt"
cp "$stolen" "$T/stolen.tss2"
cp "$(find "$T/users/alice" -name "$(openssl x509 -in "$PKI/p256.crt" -noout -pubkey | openssl pkey -pubin -outform DER |
	sha256sum | cut -d' ' -f1).tss2")" "$T/open.tss2"
chmod 644 "$T"/*.tss2
hostile bob "$SOCKET" sign "$T/stolen.tss2"
like "$out" "tpm-auth" "a stolen file of a key with two locks: no signature"
hostile bob "$SOCKET" sign "$T/open.tss2"
like "$out" "^0 " "one with none is worth what its file's mode let out"
hostile bob "$SOCKET" odd "$T/open.tss2"
is "$(wc -l <<<"$out")" 23 "all odd requests are answered" || diag "$err"
is "$(grep -E ': (0 |end|1 .*no cause)' <<<"$out")" "" "and each is refused"
hostile bob "$SOCKET" changed "$T/open.tss2"
is "$out" "21 6 8" "files that were changed: damaged, not for signing alone, or none of this TPM" || diag "$err"
user bob status
hostile bob "/run/user/$(id -u bob)/devid/agent" storage
import bob --tpm-auth none "$PKI/p256.p12"
is "$rc" 0 "his own agent borrows it" || diag "$err"
ok "and signs" signs bob "$PKI/p256.crt"
hostile bob "/run/user/$(id -u bob)/devid/agent" storage
like "$out" "^8 .*machine's agent alone" "and lends nothing itself"
kill -0 "$AGENT"
is $? 0 "the machine's agent is still the same"
for i in 1 2 3 4 5 6 7 8; do
	hostile bob "$SOCKET" sign "$T/open.tss2" &
done
wait $(jobs -p | grep -vxE "$AGENT|$TPM_PID|${BUS_PID:-0}|${KEYRING_PID:-0}") 2>/dev/null
hostile bob "$SOCKET" sign "$T/open.tss2"
like "$out" "^0 " "many at once, and it signs"

# --- the machine's own -------------------------------------------------------------------------------

as root
run "${A[@]}" devid wrap --for "$T/first.pub" --out "$T/machine.pem" --password-file "$PKI/password" "$PKI/p521.p12"
run "${A[@]}" devid import-cert --system "$T/machine.pem"
is "$rc" 0 "what was wrapped goes to the machine's token, too" || diag "$err"
ok "and signs" signs root "$PKI/p521.crt"
is "$(find /var/lib/devid -name '*.tss2' -exec stat -c %U:%a {} +)" devid:600 "its file is the agent's alone"
openssl asn1parse -in "$(find /var/lib/devid -name '*.tss2')" -inform PEM >"$T/asn1"
is "$(grep -c BOOLEAN "$T/asn1")" 1 "and the key has no authorisation"
done_testing
