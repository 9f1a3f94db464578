#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid doctor: what can be wrong with identities, their keys and certificates, the clock, the account, the machine's
# agent, and what lies about, is found; each provoked and mended.
. "$(dirname "$0")/../../../lib/clients.sh"
. "$TESTS/certs/pki.sh"
. "$TESTS/lib/records.sh"
. "$(dirname "$0")/doctor-lib.sh"
doctor_machine "$0" "$@"
healthy "a healthy machine"
RECORDS_USER=$RECORDS
in_days() { date -u -d "$1 days" +%Y%m%d%H%M%SZ; }
(
	cd "$T" && cp "$PKI"/issuing.{crt,key} . &&
		pki_key near p256 && END=$(in_days +10) pki_issue near issuing "/CN=near" "${LEAF_EXTENSIONS[@]}" &&
		pki_key ends p256 && END=$(in_days +20) pki_issue ends ends "/CN=Ends" "${CA_EXTENSIONS[@]}" &&
		pki_key ended p256 && START=20200101000000Z END=20210101000000Z pki_issue ended ended "/CN=Ended" "${CA_EXTENSIONS[@]}" &&
		pki_key begins p256 && START=$(in_days +20) pki_issue begins begins "/CN=Begins" "${CA_EXTENSIONS[@]}"
) >"$T/pki.out" 2>&1 || bail "no certificates: $(cat "$T/pki.out")"

# place LABEL STORE CRT: a record of alice's; placed with its key: whole LABEL NAME (of $PKI, or a path).
place() {
	make_record user "$1" "$2" "$3"
	chown alice: "$RECORD"
}
whole() {
	place "$1" file "$2.crt"
	make_key user "$2"
	chown alice: "$RECORDS"/*.key
}
unplace() {
	rm -f "$RECORD" "$RECORDS"/*.key
}

# --- identity: beside the one that is used these are warnings; where it is the only one, failures
# The lines of the record's key become those of another's.
forge_key() {
	local mine=$RECORD
	make_record user other file "$1"
	grep '^SPKI' "$RECORD" >"$T/spki"
	rm "$RECORD"
	RECORD=$mine
	sed -i -e '/^SPKI/d' -e "/^Store:/r $T/spki" "$RECORD"
}
# Its signature's algorithm is given twice: here not the same.
damaged() {
	der_of "$PKI/p256.crt" | /usr/bin/python3 -c 'import sys
der, oid = sys.stdin.buffer.read(), bytes.fromhex("06092a864886f70d01010b")
at = der.rindex(oid)
sys.stdout.buffer.write(der[:at] + oid[:-1] + bytes([12]) + der[at + len(oid):])' | openssl x509 -inform der >"$T/damaged.crt"
}
row fail identity 'no device identity' "no identity" 'away' 'back'
row fail rule 'no device certificate' "… and none for the rules" 'away' 'back'
row warn identity 'half: half an identity: a certificate without a key' "a certificate without a key" \
	'place half none "$PKI/p256.crt"' 'unplace'
row fail identity 'half: half an identity: a certificate without a key' "… as the only one" \
	'away; place half none "$PKI/p256.crt"' 'back'
place authority none "$PKI/root.crt"
healthy "a CA's certificate that another program wrote"
rm "$RECORD"
row warn identity 'lone: half an identity: a key without a certificate' "a key without a certificate" \
	'whole lone "$PKI/p256"; lone_key' 'unplace'
row warn identity "odd: its certificate can't be read" "a certificate that can't be read" \
	'damaged; place odd keyring "$T/damaged.crt"' 'unplace'
row warn identity "odd: its key is not that of its certificate" "a key of another certificate" \
	'whole odd "$PKI/p256"; forge_key "$PKI/p384.crt"' 'unplace'
row warn identity 'mine: its private key.s file is gone' "a key's file that is gone" 'place mine file "$PKI/p256.crt"' 'unplace'
row warn identity 'can be read by others .mode 0644' "a key's file for all" 'whole mine "$PKI/p256"; chmod 644 "$RECORDS"/*.key' 'unplace'
link_key() {
	mv "$RECORDS"/*.key "$T/linked" && ln -s "$T/linked" "$RECORDS/$(openssl x509 -in "$PKI/p256.crt" -noout -pubkey |
		openssl pkey -pubin -outform der | sha256sum | cut -c 1-64).key"
}
row warn identity 'is no file' "a link in the place of a key's file" 'whole mine "$PKI/p256"; link_key' 'unplace'
row warn identity 'mine: its TPM makes RSA-PSS with a salt' "a key that RSA-PSS is not offered for" \
	'whole mine "$PKI/p256"; sed -i "s/^Imported:/PSS: no\n&/" "$RECORD"' 'unplace'
row warn identity '0000000000000000.identity:1: not read' "a record that can't be read" \
	'echo nothing >"$RECORDS/0000000000000000.identity"; chown alice: "$RECORDS"/*.identity' 'rm "$RECORDS/0000000000000000.identity"'
FORMER=0000000000000000.$(printf '%064d' 0).former
row warn identity "$FORMER: not read as what an identity was" "nor one of what was replaced" \
	'echo nothing >"$RECORDS/$FORMER"; chown alice: "$RECORDS/$FORMER"' 'rm "$RECORDS/$FORMER"'
row fail identity 'data|identity' "a folder of identities that is a file" \
	'away; mv "$RECORDS" "$T/records"; touch "$RECORDS"; chown alice: "$RECORDS"' 'rm "$RECORDS"; mv "$T/records" "$RECORDS"; back'

# --- key
row warn key 'mine: it does not sign' "a key's file with another key" \
	'whole mine "$PKI/p256"; key=$(ls "$RECORDS"/*.key); openssl pkcs8 -topk8 -nocrypt -in "$PKI/p384.key" -out "$key"; chown alice: "$key"' 'unplace'
row fail key "laptop: module .*can't be loaded" "no module" 'mv $SO "$T/"' 'mv "$T/devid-pkcs11.so" $SO'

# --- size, chain, dates
row warn size 'large: over the limit: ' "a certificate that is too large" 'whole large "$PKI/size-2049"' 'unplace'
accept() {
	sed -i 's/^Imported:/Size-Accepted: yes\n&/' "$RECORD"
}
row warn size 'taken with --accept-size' "… and was taken all the same" 'whole large "$PKI/size-2049"; accept' 'unplace'
row warn chain 'stranger: not issued by any' "another CA's certificate" 'whole stranger "$PKI/stranger"' 'unplace'
row fail chain 'stranger: not issued by any' "… as the only one" 'away; whole stranger "$PKI/stranger"' 'back'
row fail rule 'not issued by any' "… which the rules need" 'away; whole stranger "$PKI/stranger"' 'back'
account() {
	printf '%s\n' "$@" >/etc/devid/account.conf
	client_end_agents
}
no_account_file() {
	rm -rf /etc/devid/account.conf /etc/devid/rules.d
	client_end_agents
}
row fail chain 'its user can.t copy' "a key in the wrong store" 'account "[Certificate]" RequireProtection=root' 'no_account_file'
row warn dates 'old: expired' "an expired certificate" 'whole old "$PKI/expired"' 'unplace'
row fail dates 'old: expired' "… as the only one" 'away; whole old "$PKI/expired"' 'back'
row warn dates 'new: not valid before' "a certificate of the future" 'whole new "$PKI/future"' 'unplace'
row warn dates 'near: (9|10) days left' "a certificate that ends soon" 'whole near "$T/near"' 'unplace'

# --- clock
cp "$DEVID_EARLY_CLOCK" "$T/early-clock.so"
row fail clock 'before devid .* was released' "a clock that was set back" \
	'WITH=(env ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 "LD_PRELOAD=$T/early-clock.so")' ''
row fail clock 'a device certificate begins' "a clock that is before a certificate" 'whole new "$PKI/future"' 'unplace'
later() {
	mkdir -p "$T/root/etc" && touch -d '+3 days' "$T/root/etc/passwd"
	WITH=(env "DEVID_TEST_ROOT=$T/root")
}
row fail clock '/etc/passwd was written on' "a clock that is before a file" 'later' 'rm -r "$T/root"'
timedate() {
	"${E[@]}" "$PYTHON" "$TESTS/helper/command/doctor/timedate-mock.py" "$1" >"$T/timedate.log" 2>&1 &
	TIMEDATE_PID=$!
	track $TIMEDATE_PID
	wait_for 10 bus_has_name org.freedesktop.timedate1
	WITH=(env "DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS")
}
row warn clock 'not kept right by a time server\tas root: timedatectl set-ntp true' "a clock that nothing keeps right" \
	'timedate no' 'stop $TIMEDATE_PID'
row warn clock 'no service for it is installed\tinstall what keeps it right: systemd-timesyncd' \
	"a clock that nothing can keep right" 'timedate lacks' 'stop $TIMEDATE_PID'
row warn clock 'is on, and no time server has answered\tsee which server it asks' "a clock whose service has no answer yet" \
	'timedate waits' 'stop $TIMEDATE_PID'
for mode in yes:pass silent:skip; do
	timedate ${mode%:*}
	doctor
	like "$rc$(troubles)/$(grep -c "^${mode#*:} .*kept right" "$T/findings")" '^0/1$' "timedated says ${mode%:*}: ${mode#*:}"
	stop $TIMEDATE_PID
done
WITH=()

# --- account, signing certificates
row warn account 'there is none' "no account" 'mv /etc/devid "$T/"' 'rm -rf /etc/devid; mv "$T/devid" /etc/'
row fail account 'account.conf:2: ' "a broken account" 'account "[Account]" Nonsense=yes' 'no_account_file'
row fail account 'signing.*4096|larger' "a signing certificate over the limit" \
	'{ cat /etc/devid/signing/example.pem; head -c 4000 /dev/zero | tr "\0" "\n"; } >/etc/devid/signing/large.pem' 'rm /etc/devid/signing/large.pem'
row fail signing 'the account has none' "no signing certificate" 'account "[Account]" Name=x; mv /etc/devid/signing "$T/"' \
	'mv "$T/signing" /etc/devid/; no_account_file'
for ca in ends:'(19|20) days left' ended:expired begins:'not valid before'; do
	row warn signing "${ca#*:}" "a signing certificate: ${ca#*:}" 'cp "$T/${ca%%:*}.crt" "/etc/devid/signing/${ca%%:*}.pem"' \
		'rm /etc/devid/signing/${ca%%:*}.*'
done

# --- office, rule
row warn office "can't be told" "an office that can't be told" \
	'account "[Office home]" Probe=https://office.invalid/ ProbeCertificate=sha256:$(printf "ab%.0s" {1..32})' 'no_account_file'
rules() {
	mkdir -p /etc/devid/rules.d
	printf '%s\n' "$@" >/etc/devid/rules.d/10.conf
}
row fail rule 'rule no-penguins.*blocks.*first: ' "a rule that blocks" \
	'rules "[Rule first]" Users=bob Action=allow "[Rule no-penguins]" Platforms=Linux Action=block' 'no_account_file'
row fail rule 'no rule.*lets|no rule' "rules of which none matches" 'rules "[Rule first]" Users=bob Action=allow' 'no_account_file'
row fail rule 'blocks Linux' "a system that is blocked" 'account "[DeviceAuthentication]" Linux=block' 'no_account_file'
row fail rule 'slow|state|lets' "a profile that is not met" \
	'account "[Profile slow]" OperatingSystem=nothing; rules "[Rule slow]" Profiles=slow Action=allow' 'no_account_file'
row warn rule 'to the internet alone, by rule first' "a rule for the internet alone" \
	'rules "[Rule first]" Action=allow-internet' 'no_account_file'

# --- denials: a kernel without AppArmor and SELinux has none of its own
denials() {
	mkdir -p "$T/root/dev" "$T/root/var/log/audit"
	for ((i = 0; i < $1; i++)); do
		echo "6,$i,0,-;audit: type=1400 apparmor=\"DENIED\" operation=\"connect\" profile=\"charon\" name=\"/run/devid/agent\" n=$i"
	done >"$T/root/dev/kmsg"
	echo 'type=AVC msg=audit(1:2): avc:  denied  { read } for comm="cat" name="shadow"' >"$T/root/var/log/audit/audit.log"
	WITH=(env "DEVID_TEST_ROOT=$T/root")
}
row warn denials 'denied: .*apparmor="DENIED".*n=0' "a denial" 'denials 1' 'rm -r "$T/root"'
row warn denials '… and 2 more' "five of them" 'denials 5' 'rm -r "$T/root"'
denials 0
echo 'type=AVC msg=audit(1:2): avc:  denied  { connectto } for path="/run/devid/agent"' >>"$T/root/var/log/audit/audit.log"
row warn denials 'denied: type=AVC .*connectto' "one of SELinux" ':' 'rm -r "$T/root"'
# Of a program that devid configures, without our name in it; and of one that it doesn't.
denied() { # PROFILE COMM FILE
	denials 0
	echo "type=AVC msg=audit(1:2): apparmor=\"DENIED\" operation=\"open\" profile=\"$1\" name=\"$3\" pid=1 comm=\"$2\" denied_mask=\"r\"" \
		>>"$T/root/var/log/audit/audit.log"
}
row warn denials 'denied: .*name="/etc/ssl/X.pem"' "a file that swanctl may not read" \
	'denied /usr/sbin/swanctl swanctl /etc/ssl/X.pem' 'rm -r "$T/root"'
row warn denials 'denied: .*name="/etc/x"' "a program whose name the kernel cuts" \
	'denied nm-helpers nm-openconnect- /etc/x' 'rm -r "$T/root"'
for program in /usr/lib/firefox/firefox /usr/sbin/swanctl-not; do
	denied "$program" "${program##*/}" /etc/x
	healthy "a denial of $program, which isn't in the table"
	rm -r "$T/root"
	WITH=()
done

# --- programs that go on with a key that is gone, until they have found what is there now
LOG=$HOME_ALICE/.local/state/devid
uses() { # FILE ACTION REASON [LAST]
	printf '{"time":"%s","event_sub_type":"Key Use","action":"%s","reason":"%s","label":"laptop","program":"/usr/sbin/charon"%s}\n' \
		"$(date -u +%FT%T.%3NZ)" "$2" "$3" "${4:+,\"count\":2,\"last\":\"$4\"}" >>"$LOG/$1.jsonl"
	chown alice: "$LOG/$1.jsonl"
}
row warn stale '/usr/sbin/charon goes on with a key of laptop that is gone' "a key that was replaced" \
	'uses refusals Refused key-gone' 'uses uses Allowed ok'
row warn stale '/usr/sbin/charon goes on with a key of laptop that is gone' "… after uses that are counted later" \
	'uses refusals Refused key-gone; uses uses Allowed ok "$(date -u -d "1 minute ago" +%FT%TZ)"' 'uses uses Allowed ok'

# --- leftovers
row warn leftovers '2 keys that no identity names\tdevid reset-cred --strays ' "keys' files that nothing names" \
	'for c in a b; do touch "$RECORDS/$(printf "$c%.0s" {1..64}).key"; done' 'run "${E[@]}" devid reset-cred --strays'
MARK=$RECORDS/$(printf 'c%.0s' {1..64}).keyring.pending
mark() {
	"${E[@]}" touch "$MARK"
}
strays() { # HOW RC: the hint, followed once
	run "${E[@]}" "${WITH[@]}" devid reset-cred --strays
	is "$rc" "$2" "reset-cred --strays, $1: $2"
}
row warn leftovers '1 key of removed identities .*\tdevid reset-cred --strays ' "a key that could not be removed" 'mark' 'strays "the keyring there" 0'
row warn leftovers '1 key of removed identities' "a key in a keyring that is gone for good" \
	'client_end_agents; WITH=(env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR="$HOME_ALICE/none"); "${E[@]}" mkdir -p -m 700 "$HOME_ALICE/none"; mark' \
	'strays "no keyring" 5; like "$out" "c{64}.*may remain there" "which is told"; strays "once more" 0; client_end_agents; rm -rf "$HOME_ALICE/none"'
row warn leftovers '1 key of removed identities .*\tremove the record .*: devid reset-cred --strays$' "a key that an unreadable record may name" \
	'mark; echo x >"$RECORDS/0123456789abcdef.identity"; chown alice: "$RECORDS"/0*.identity' \
	'strays "a record unreadable" 1; like "$err" "remove it, and run this again" "as it says"; rm "$RECORDS/0123456789abcdef.identity"; strays "without it" 0'
row warn leftovers 'the keyring has 1 device key that no' "a key in the keyring that nothing names" \
	'printf x | "${E[@]}" secret-tool store --label=x xdg:schema org.devid.DeviceKey devid-key "$(printf "ab%.0s" {1..32})"' \
	'"${E[@]}" secret-tool clear devid-key "$(printf "ab%.0s" {1..32})"'
row warn leftovers 'ring: the keyring has no key for it' "an identity without its key in the keyring" \
	'place ring keyring "$PKI/p256.crt"' 'unplace'

# --- event logs
row fail log "/var/log/devid is not the user devid's" "the machine's log is root's" 'chown root /var/log/devid' 'chown devid /var/log/devid'
row fail log 'there is no user devid, whose' "no user devid" 'cp /etc/passwd "$T/passwd"; sed -i /^devid:/d /etc/passwd' \
	'cp "$T/passwd" /etc/passwd'
OWN_LOG=$HOME_ALICE/.local/state/devid/events.jsonl
row warn log "events.jsonl can't be written" "a log of alice's that is root's" \
	'"${E[@]}" mkdir -p "${OWN_LOG%/*}"; touch "$OWN_LOG"; chown root: "$OWN_LOG"; chmod 600 "$OWN_LOG"' 'rm "$OWN_LOG"'

# --- copies
lay() {
	"${E[@]}" mkdir -p "$HOME_ALICE/$(dirname "$1")"
	cp "$2" "$HOME_ALICE/$1"
	chown alice: "$HOME_ALICE/$1"
	chmod "${3:-600}" "$HOME_ALICE/$1"
}
unlay() {
	rm "$HOME_ALICE/$1"
}
P12=$T/p12/p256.p12
row warn copies '/laptop.p12: an identity.s file$|/laptop.p12: an identity.s file\t' "a .p12 in the home folder" 'lay laptop.p12 "$P12"' 'unlay laptop.p12'
row warn copies 'x.pfx: an identity.s file, and others can read it' "… that others can read" 'lay x.pfx "$P12" 644' 'unlay x.pfx'
for place in Downloads/a.P12 Downloads/mail/a.p12 Desktop/a.p12 Documents/it/a.pfx .cert/nm-openvpn/a.p12 \
	.local/share/networkmanagement/certificates/a/a.p12 .config/other-client/a.p12; do
	row warn copies "$place: an identity" "one in ${place%/*}" 'lay $place "$P12"' 'unlay $place'
done
row warn copies '/tmp/.*/a.p12: an' "one in /tmp" \
	'D=$("${E[@]}" mktemp -d); "${E[@]}" sh -c "cat >$D/a.p12" <"$P12"' 'rm -r "$D"'
row warn copies 'k.pem: a private key' "a key as PEM" 'lay k.pem "$PKI/p256.key"' 'unlay k.pem'
row warn copies 'k.KEY: a private key' "… by another name" 'lay k.KEY "$PKI/p256.key"' 'unlay k.KEY'
lay k.pem "$PKI/p256.crt"
lay k.key "$T/pki.out"
ln -s "$P12" "$HOME_ALICE/link.p12"
mkfifo "$HOME_ALICE/fifo.pem" && chown alice: "$HOME_ALICE/fifo.pem"
healthy "certificates, other files, links and pipes are none"
rm "$HOME_ALICE"/{k.pem,k.key,link.p12,fifo.pem}
row warn copies '… and 2 more' "a dozen of them" 'for i in {1..12}; do lay many/$i.p12 "$P12"; mv "$HOME_ALICE/many/$i.p12" "$HOME_ALICE/"; done' \
	'rm "$HOME_ALICE"/*.p12'

# --- what root alone sees
as root
E=("${A[@]}")
mkdir -p /etc/NetworkManager/system-connections
printf '[802-1x]\nprivate-key=/etc/ssl/laptop.p12\n' >/etc/NetworkManager/system-connections/wire
doctor
like "$(troubles)" 'warn.copies./etc/NetworkManager/system-connections/wire: a connection' "root sees NetworkManager's"
printf '[802-1x]\nprivate-key=pkcs11:token=x\n' >/etc/NetworkManager/system-connections/wire
doctor
unlike "$(troubles)" 'NetworkManager' "… and lets URIs be"
doctor_complete {identity,certificate,clock,account,policy,denials,stale,leftovers,log,copies}.c
done_testing
