#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# remove, rename, reset-cred and status with an agent: the user's token, keys in files.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
[ -n "${DEVID_AGENT:-}" ] && [ -n "${DEVID_MODULE:-}" ] || skip_all "needs agent and module"
make_account issuing
count() {
	find "$RECORDS_USER" -name "*.$1" 2>/dev/null | wc -l
}
import() { # LABEL NAME
	devid import-cert --user --store file --label "$1" --password-file "$PKI/password" "$PKI/$2.p12"
	[ "$rc" = 0 ] || bail "no import: $(last_run)"
}
running() {
	devid status --json
	[ "$(json 'j["agent"]["running"]')" = True ]
}

# --- nothing there
devid reset-cred
is "$rc" 0 "reset-cred with nothing there"
like "$out" 'agent: not running' "says so"
like "$out" 'saved sign-in data: nothing found' "of each place"
devid reset-cred --keys --yes
is "$rc" 0 "also with --keys"
devid reset-cred --keys
is "$rc" 0 "which asks nothing where there is nothing to lose"
devid remove nothing
is "$rc" 1 "nothing to remove"
devid rename nothing other
is "$rc" 1 "nothing to rename"
not_ok "no agent was started for it" running

# --- remove asks on a terminal, and names what will stop working
answered() { # ANSWER WORDS…
	printf '%s\n' "$1" >"$T/answer"
	shift
	run "${E[@]}" bash -c '/usr/bin/python3 "$@" <"$0"' "$T/answer" "$TESTS/lib/terminal.py" 100 "$DEVID_COMMAND" "$@"
	out=${out//$'\r'/}
}
import asked p384
mkdir -p "$T/config/connections.d" "$T/home/.config/devid/clients"
printf '[Connection]\nGateway=a.test\nClient=openconnect\nIdentity=asked\n' >"$T/config/connections.d/mine.conf"
printf '[Connection]\nGateway=b.test\nClient=openconnect\nIdentity=other\n' >"$T/config/connections.d/others.conf"
devid profile openconnect asked --gateway a.test --install --yes
is "$rc" 0 "a program is told its URI"
for answer in no '' YES; do
	answered "$answer" remove asked
	is "$rc" 1 "remove, answered \"$answer\""
	like "$out" 'devid: remove: nothing was changed' "changes nothing"
done
like "$out" 'This removes asked from Device Identity' "it says what it will do"
like "$out" 'the connection mine: devid connect mine' "names the connection that uses it"
unlike "$out" 'connection others' "and no other"
like "$out" 'clients/openconnect-a\.test\.conf' "and the configuration"
devid show asked
is "$rc" 0 "it is still there"
answered yes remove asked
is "$rc" 0 "answered yes it is removed" || diag "$out"
devid show asked
is "$rc" 1 "and gone"
import asked p384
answered no rm --yes asked
is "$rc" 0 "with --yes nobody is asked"
unlike "$out" 'Type yes' "nothing"
import asked p384
devid remove asked
is "$rc" 0 "nor is a script"
is "$err" "" "which reads no list"
rm -r "$T/config/connections.d" "$T/home/.config/devid/clients" "$T/home/.local/state/devid/events.jsonl"

# --- rename
import first rsa2048
import second p256
is "$(count identity)/$(count key)" 2/2 "two identities"
ok "the agent runs" running
devid status
like "$out" 'running \(process [0-9]+, [0-9]+ keys? in memory\)' "status tells of the agent"
like "$out" 'first \(user, file\): check ok' "and of the identities"
devid rename first second
is "$rc" 1 "a label that is taken"
like "$err" 'another identity has this label' "is refused"
devid rename first first
is "$rc" 0 "the same label is no failure"
devid rename first first --json
is "$(json '[j["result"], j["changed"]]')" "['ok', False]" "and no change"
before=$(find "$RECORDS_USER" -name '*.identity' | sort)
devid rename first 'Büro 東京'
is "$rc" 0 "another label"
like "$out" 'object=B%C3%BCro%20%E6%9D%B1%E4%BA%AC' "the new URI is told"
like "$err" 'hint: clients' "and that clients need it"
is "$(find "$RECORDS_USER" -name '*.identity' | sort)" "$before" "the record keeps its name"
devid show first
is "$rc" 1 "the old label is gone"
devid check 'Büro 東京'
is "$rc" 0 "the new one is there"
devid rename 'pkcs11:token=Device%20Identity;object=B%C3%BCro%20%E6%9D%B1%E4%BA%AC' first --json
is "$(json '[j["changed"], j["old_label"], j["label"]]')" "[True, 'Büro 東京', 'first']" "back again, by its URI"
devid rename first "$(printf 'x%.0s' {1..255})"
is "$rc" 0 "a label of 255 bytes"
devid rename "$(printf 'x%.0s' {1..255})" first
is "$rc" 0 "and back"

# A key that another tool called otherwise keeps its label; one that was called as the identity goes along.
record=$(grep -l '^Label: first$' "$RECORDS_USER"/*.identity)
sed -i '/^Label:/a Key-Label: tool-key\nPublic-Key-Label: first' "$record"
devid list --json
id_uri=$(json '[i["uri"] for i in j["identities"] if i["label"] == "first"][0]')
like "$id_uri" ';id=%' "such an identity's URI is by the id"
devid rename first 'Büro 東京' --json
is "$(json '[j["changed"], j["uri"] == j["old_uri"], j["uri"]]')" "[True, True, '$id_uri']" "renamed: it stays"
devid show 'Büro 東京' --json
is "$(json '[j["key_label"], j["public_key_label"]]')" "['tool-key', 'Büro 東京']" "with the key's label, not the public key's"
devid rename 'pkcs11:token=Device%20Identity;object=B%C3%BCro%20%E6%9D%B1%E4%BA%AC' third
is "$rc" 0 "by the URI that isn't printed"
like "$out" "$id_uri" "the one that is is told"
unlike "$err" 'hint: clients' "no client needs another"
devid rename third tool-key
like "$out" 'object=tool-key$' "as the key is called: by the name"
like "$err" 'hint: clients' "that clients need"
is "$(grep -c '^Key-Label' "$record")" 0 "which the key has as its own"
sed -i '/^Public-Key-Label/d' "$record"
devid rename "$id_uri" first
is "$rc" 0 "by its id"
like "$out" 'object=first$' "and back"
devid show first --json
is "$(json '[j["key_label"], j["public_key_label"]]')" "['first', 'first']" "all of it"
sed -i '/^Label:/a Key-Label: second' "$record"
devid show second --json
like "$(json 'j["uri"]')" ';id=%' "the other's key is called as this one"
devid rename second tool-key --json
like "$(json 'j["old_uri"] + j["uri"]')" ';id=.*object=tool-key$' "renamed, its name finds its key alone"
devid rename tool-key second --json
like "$(json 'j["old_uri"] + j["uri"]')" 'object=tool-key.*;id=%' "and back, it doesn't"
sed -i '/^Key-Label/d' "$record"
import asked p384
devid profile openconnect asked --gateway a.test --install --yes
sed -i '/^Label:/a Key-Label: tool-key' "$(grep -l '^Label: asked$' "$RECORDS_USER"/*.identity)"
devid profile openconnect asked --gateway a.test
like "$out" 'certificate=pkcs11:token=Device%20Identity;id=%' "a profile has a URI that finds the key"
answered no remove asked
like "$out" 'clients/openconnect-a\.test\.conf' "what was configured with the other one uses it too"
devid remove asked
rm -r "$T/home/.config/devid/clients" "$T/home/.local/state/devid/events.jsonl"

# --- remove
devid remove firs
is "$rc" 1 "a label that there isn't"
like "$err" 'first' "names those that there are"
devid remove ''
is "$rc" 1 "an empty label"
devid remove first --json
is "$rc" 0 "one is removed"
is "$(json '[j["result"], j["changed"], j["label"]]')" "['ok', True, 'first']" "and told"
is "$(count identity)/$(count key)" 1/1 "record and key are gone"
devid remove first
is "$rc" 1 "a second time it isn't there"
import first rsa2048
devid events --json
is "$(json 'sum(e["event_sub_type"] == "Removal" for e in j["events"])')" 1 "one event of the one removal"
rm "$RECORDS_USER"/*.key
devid remove first
is "$rc" 0 "an identity without its key can be removed"
import third p384
devid remove --system third
is "$rc" 1 "--system: it isn't there"
devid remove --user third
is "$rc" 0 "--user: it is"

# --- the agent can't be had
env_set "DEVID_AGENT=$T/no-agent"
devid reset-cred --json
agent=$(json '[p["state"] for p in j["places"] if p["place"] == "agent"][0]')
like "$agent" '^forgot' "an agent that runs forgets"
pid=$(devid status --json; json 'j["agent"]["status"]["pid"]')
end_process "$pid"
devid remove second
is "$rc" 1 "no agent: nothing is removed"
like "$err" "could not be started: $T/no-agent" "and it is said why"
is "$(count identity)" 1 "the identity is there as before"
devid rename second other
is "$rc" 1 "and nothing is renamed"
devid reset-cred --keys --yes
is "$rc" 1 "nor reset"
like "$out" 'second .*could not be started' "the identity is out of reach"
is "$(count identity)" 1 "and there as before"
devid reset-cred
is "$rc" 0 "without --keys no agent is needed"
like "$out" '1 kept' "the identity is kept"
devid status
like "$out" 'not running' "status starts none"
printf '#!/bin/sh\nexit 3\n' >"$T/no-agent"
chmod +x "$T/no-agent"
devid remove second
is "$rc" 1 "an agent that ends at once"
ok "is not waited for ($ms ms)" test "$ms" -lt 8000
printf '#!/bin/sh\nsleep 30\n' >"$T/no-agent"
RUN_BOUND=20 devid remove second
is "$rc" 1 "an agent that never listens"
ok "is given up in time ($ms ms)" test "$ms" -lt 12000
E_SET=()
env_build

# --- reset-cred
rm -f "$RECORDS_USER"/*
make_record user 'Some CA' none "$PKI/root.crt"
make_record system 'Some CA' none "$PKI/root.crt"
devid rename 'Some CA' other
is "$rc" 1 "a CA's certificate that another program wrote is nothing to rename"
devid reset-cred --keys --yes --json
is "$rc $(json '[p["found"] for p in j["places"] if p["place"] == "identities"]')" "0 [0]" "nor an identity to reset"
ok "which leaves it" test -e "$RECORDS_USER/$(basename "$RECORD")"
devid remove other
is "$rc" 1 "removed by its label alone"
devid remove 'Some CA'
is "$rc" 2 "there is one on either token: which?"
run "${E[@]}" /usr/bin/python3 "$TESTS/lib/terminal.py" 80 "$DEVID_COMMAND" remove --user 'Some CA' <<<no
unlike "$out$err" 'private key' "no private key goes with it"
ok "asked and not said: it stays" test -e "$RECORDS_USER/$(basename "$RECORD")"
devid remove --user 'Some CA'
is "$rc/$(count identity)" 0/0 "removed"
rm "$RECORD"
import one rsa2048
import two p256
state=$T/home/.local/state/devid
mkdir -p "$state/sign-in" "$state/choices"
echo cookie >"$state/sign-in/vpn.example.com"
echo cookie >"$state/sign-in/other.example.com"
ln -s /etc/passwd "$state/choices/link"
stray=$(printf 'x' | sha256sum | cut -c 1-64)
echo stray >"$RECORDS_USER/$stray.key"
devid reset-cred --dry-run --json
is "$rc" 0 "a dry run"
is "$(json '[j["dry_run"], j["changed"]]')" "[True, False]" "changes nothing"
is "$(json '{p["place"]: p["found"] for p in j["places"] if p["found"]}')" \
	"{'saved sign-in data': 2, 'remembered choices': 1, 'identities': 2, 'agent': 2}" "and finds everything"
devid reset-cred --dry-run --keys
is "$rc" 0 "with --keys"
like "$out" 'identities: 2 would be removed' "it tells what would go"
like "$out" 'stray keys: 1 found' "and keys that nothing names"
like "$out" "$stray" "by their names"
like "$out" 'nothing was changed' "and that nothing was changed"
is "$(count identity)/$(count key)/$(ls "$state/sign-in" | wc -l)" 2/3/2 "all is as before"
devid reset-cred
is "$rc" 0 "reset-cred"
like "$out" 'saved sign-in data: 2 found, 2 removed' "removes sign-in data"
like "$out" 'vpn.example.com' "by name"
like "$out" 'remembered choices: 1 found, 1 removed' "and choices"
like "$out" 'identities: 2 kept \(--keys removes them\)' "and keeps the identities"
like "$out" 'agent: forgot [0-9]+ keys' "the agent forgets"
ok "a link's target is not touched" test -s /etc/passwd
is "$(ls "$state/sign-in" "$state/choices" | grep -c example)" 0 "nothing is left there"
ok "the events are" test -s "$state/events.jsonl"
is "$(count identity)/$(count key)" 2/3 "the identities too"
devid reset-cred
is "$rc" 0 "twice does no harm"
like "$out" 'saved sign-in data: nothing found' "and finds nothing"
devid reset-cred --strays --dry-run
like "$out" 'stray keys: 1 found' "--strays finds a key that nothing names"
is "$(count identity)/$(count key)" 2/3 "a dry run leaves it"
devid reset-cred --strays
is "$rc" 0 "--strays"
is "$(count identity)/$(count key)/$(find "$RECORDS_USER" -name "$stray.key" | wc -l)" 2/2/0 "removes it and keeps the identities with their keys"
echo stray >"$RECORDS_USER/$stray.key"
run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys </dev/null
is "$rc" 2 "--keys without --yes where nobody can be asked"
like "$err" '2 identities: add --yes' "says what to add"
is "$(count identity)" 2 "and removes nothing"
run "${E[@]}" /usr/bin/python3 "$TESTS/lib/terminal.py" 80 "$DEVID_COMMAND" reset-cred --keys <<<no
is "$(count identity)" 2 "the answer no removes nothing"
run "${E[@]}" /usr/bin/python3 "$TESTS/lib/terminal.py" 80 "$DEVID_COMMAND" reset-cred --keys <<<yes
is "$rc" 0 "the answer yes does"
is "$(count identity)/$(count key)" 0/0 "identities, keys, stray keys"
devid reset-cred --keys --yes --json
is "$rc" 0 "twice does no harm"
is "$(json 'j["changed"]')" False "and changes nothing"
devid reset-cred –keys –yes
is "$rc" 0 "with dashes out of a word processor"
devid –reset-cred
is "$rc" 0 "and as the compared client has it"
devid list
like "$out" 'no device identity here yet' "nothing is left"
devid events --json
is "$(json 'any(e["event_sub_type"] == "Reset" and e["action"] == "Succeeded" for e in j["events"])')" True "resets are events"
is "$(json 'any(e["event_sub_type"] == "Reset" and e["action"] == "Failed" for e in j["events"])')" True "those that failed too"

# --- what it must not touch
import keep p521
chmod 500 "$RECORDS_USER"
echo broken >"$T/broken"
cp "$T/broken" "$RECORDS_USER/0123456789abcdef.identity" 2>/dev/null
echo stray >"$RECORDS_USER/$stray.key"
devid reset-cred --keys --yes
like "$out" "can't be read" "a record that can't be read may name a key: stray ones are left"
ok "and are" test -e "$RECORDS_USER/$stray.key"
chmod 700 "$RECORDS_USER"
rm -rf "$state/sign-in"
ln -s /etc "$state/sign-in"
devid reset-cred
is "$rc" 0 "a link in the place of sign-in data"
ok "is not followed" test -s /etc/passwd
done_testing
