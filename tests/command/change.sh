#!/bin/bash
# remove, rename, reset-cred and status with an agent: the user's token, keys in files.
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/records.sh"
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
kill "$pid"
wait_for 5 gone "$pid"
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
run "${E[@]}" "$DEVID_COMMAND" reset-cred --keys </dev/null
is "$rc" 2 "--keys without --yes where nobody can be asked"
like "$err" '2 identities: add --yes' "says what to add"
is "$(count identity)" 2 "and removes nothing"
run "${E[@]}" /usr/bin/python3 "$(dirname "$0")/terminal.py" 80 "$DEVID_COMMAND" reset-cred --keys <<<no
is "$(count identity)" 2 "the answer no removes nothing"
run "${E[@]}" /usr/bin/python3 "$(dirname "$0")/terminal.py" 80 "$DEVID_COMMAND" reset-cred --keys <<<yes
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
