#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names in certificates, labels, files, programs and servers' words are anybody's: none steers the terminal that
# a command's words or its JSON end up on, turns the writing direction round or hides itself; JSON says them all
# the same, and what was printed with escapes is understood again.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/records.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"

# What hides and turns: zero width, marks, embeddings, isolates, separators, byte order mark, tags, fillers.
HIDDEN=$'\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\u061c\ufeff\u00ad\u3164\U000e0041'
# And what moves the cursor, which a record's label can't hold.
NAME=$'a\x1b[2Jb\xc2\x9b31mc\x7fd'"$HIDDEN"e
LABEL="lap${HIDDEN}top"

# C0 but line feeds, DEL, C1, and what is in $HIDDEN.
steers() {
	LC_ALL=C grep -aqP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xd8\x9c|\xef\xbb\xbf|\xe3\x85\xa4|\xf3\xa0[\x80\x81]|\xff' "$@"
}
printf '%s' "$NAME" >"$T/name"
ok "what is looked for is found" steers "$T/name"

# --- certificates, a container, an account, records, events, a connection
certificate() { # NAME CN ISSUER-OR-- EXTENSION
	openssl req -config <(printf '[req]\ndistinguished_name=dn\n[dn]\n') -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/$1.key" \
		-out "$T/$1.csr" -utf8 -subj "/O=$2/CN=$2" 2>"$T/openssl.err" || bail "$(cat "$T/openssl.err")"
	if [ "$3" = - ]; then
		set -- "$1" "$2" -key "$T/$1.key" "$4"
	else
		set -- "$1" "$2" "-CA $T/$3.crt -CAkey" "$T/$3.key" "$4"
	fi
	openssl x509 -req -in "$T/$1.csr" $3 "$4" -days 99 -extfile <(echo "$5") -out "$T/$1.crt" \
		2>"$T/openssl.err" || bail "$(cat "$T/openssl.err")"
}
certificate ca "$NAME" - 'basicConstraints=critical,CA:TRUE'
certificate other "$NAME" - 'basicConstraints=critical,CA:TRUE'
certificate leaf "$NAME" ca 'basicConstraints=CA:FALSE'
certificate refused "$NAME" other 'basicConstraints=CA:FALSE'
# (A friendly name is a BMPString: no tags in it.)
openssl pkcs12 -export -inkey "$T/leaf.key" -in "$T/leaf.crt" -name "${NAME/$'\U000e0041'/}" -passout pass:x -out "$T/evil.p12" \
	2>"$T/openssl.err" || bail "$(cat "$T/openssl.err")"
printf x >"$T/password"
chmod 600 "$T/password"
FILE=$T/$(printf '%s\xff' "$NAME")
cp "$T/evil.p12" "$FILE.p12"
cp "$T/leaf.crt" "$FILE.crt"
cp "$T/ca.crt" "$FILE.ca.crt"
cp "$T/password" "$FILE.password"
printf '%s\t%s\n' "$FILE.p12" "$FILE.crt" "$FILE.none" "$FILE.none" >"$FILE.table"
PKI=$T make_account ca
make_record user "$LABEL" file "$T/leaf.crt" "$T/ca.crt"
make_key user "$T/leaf"
make_record user "refused$HIDDEN" keyring "$T/refused.crt"
make_record system "machine$HIDDEN" file "$T/leaf.crt"
mkdir -p "$T/home/.local/state/devid" "$T/config/connections.d" "$T/home/.config/devid/connections.d" "$T/offices"
/usr/bin/python3 - "$NAME" >"$T/home/.local/state/devid/events.jsonl" <<'EOF'
import json, sys
name = sys.argv[1]
fields = ("event_sub_type", "action", "reason", "label", "client_cert_name", "client_cert_issuer", "failure_reason",
          "rule_name", "os_version", "user_name", "device_name", "program", "client_address")
for ensure in True, False:
    event = {"time": "2026-11-22T10:00:00Z", "event_type": "Connectivity"}
    event.update((field, name) for field in fields)
    print(json.dumps(event, ensure_ascii=ensure))
EOF
for folder in "$T/config" "$T/home/.config/devid"; do
	printf '[Connection]\nGateway=evil.test\nClient=openconnect\nIdentity=%s\n' "$LABEL" \
		>"$folder/connections.d/evil.conf"
done
# Each with a name of its own kind of wrong: what it is called and what it says are in the message.
printf '[Connection]\nGateway=%s\n%s=%s\n' "$NAME" "$NAME" "$NAME" >"$T/home/.config/devid/connections.d/$NAME.conf"

# --- every command
env_set "DEVID_SELECT_NOTHING=$NAME"
driven=" "
drive() {
	local words
	driven+="$1 "
	devid "$@"
	printf -v words '%q ' "$@"
	ok "devid ${words:0:60}ends by itself ($rc)" test "$rc" -le 6
	not_ok "… and nothing on standard output steers a terminal" steers "$T/run.out"
	not_ok "… nor on standard error" steers "$T/run.err"
}
drive inspect --password-file "$T/password" "$T/evil.p12"
is "$rc" 0 "inspect opens it"
for json in '' --json; do
	drive inspect $json --password-file "$T/password" "$T/evil.p12"
	drive inspect $json --password-file "$T/password" "$FILE.p12" "$FILE.crt" "$FILE.none" "$FILE.ca.crt"
	drive inspect $json --password-file "$FILE.password" "$FILE.p12"
	drive import-cert $json --dry-run --password-file "$FILE.password" "$FILE.p12"
	drive import-cert $json --dry-run --password-file "$FILE.none" "$FILE.p12"
	drive wrap $json --for "$FILE.crt" --out "$FILE.wrapped" --password-file "$FILE.password" "$FILE.p12"
	drive wrap $json --for "$FILE.none" --out "$FILE.wrapped" --password-file "$FILE.password" "$FILE.p12"
	drive wrap $json --table "$FILE.table" --out "$T" --password-file "$FILE.password"
	drive request $json --label "new$HIDDEN" --subject "CN=x$HIDDEN" --store file --san "dns:$HIDDEN"
	drive move $json --store file "$LABEL"
	drive renew $json "$LABEL"
	drive renew $json "$NAME"
	drive retire $json "$LABEL"
	drive retire $json "$NAME"
	drive import-cert $json --label "x$HIDDEN" --store file --password-file "$T/password" "$FILE.p12"
	drive rename $json "x$HIDDEN" "$LABEL"
	is "$rc" 0 "what was imported again got the other label, and has its own back"
	drive import-cert $json "$FILE.none"
	drive list $json
	like "$out" 'lap\\(x[0-9A-F]{2}|u[0-9a-f]{4})' "a label is shown with its escapes"
	drive list $json "pkcs11:token=$HIDDEN"
	drive list $json --all-users
	drive list $json --user --system
	drive show $json "$LABEL"
	is "$rc" 0 "the identity is shown"
	drive show $json "refused$HIDDEN"
	drive show $json "$NAME"
	drive check $json "$LABEL"
	drive check $json "refused$HIDDEN"
	drive check $json --all
	drive check $json --server "localhost:$NAME"
	drive verify $json "$FILE.crt"
	drive verify $json "$T/refused.crt"
	drive verify $json "$FILE.none"
	drive ca $json list
	drive ca list $json
	drive ca show $json ca
	drive ca show $json "$NAME"
	drive ca add $json --name other "$T/other.crt"
	drive ca add $json --name "$NAME" "$FILE.ca.crt"
	drive ca add $json "$FILE.none"
	drive ca remove $json --yes other
	drive ca remove $json --yes "$NAME"
	drive account revoke $json "$FILE.crt"
	drive account revoke $json "$FILE.none"
	drive policy show $json
	drive policy test $json --user "$NAME" "$LABEL"
	drive policy lint $json
	drive posture $json
	drive posture $json --profile "$NAME"
	drive connect $json --dry-run evil
	drive connect $json --dry-run "$NAME"
	drive connect $json --diagnose evil
	drive disconnect $json "$NAME"
	drive profile $json
	drive profile $json openvpn "$LABEL"
	drive profile $json "$NAME" "$LABEL"
	drive profile $json openconnect "$LABEL" --host "$NAME"
	drive profile $json strongswan "$LABEL" --ca-file "$FILE.ca.crt"
	drive profile $json curl "$LABEL" --for "$NAME"
	drive proxy $json --listen "$NAME" --to localhost
	drive proxy $json --listen "unix:/$NAME/x" --to localhost --identity "$LABEL" --ca-file "$FILE.ca.crt"
	drive proxy $json --listen 127.0.0.1:0 --to "$NAME" --ca-file "$FILE.ca.crt"
	drive proxy $json --listen 127.0.0.1:0 --to localhost --identity "$NAME" --ca-file "$FILE.ca.crt"
	drive proxy $json --listen 127.0.0.1:0 --to localhost --ca-file "$FILE.none"
	drive status $json
	drive doctor $json
	drive events $json
	like "$out" 'a\\(x1B|u001b)' "events are shown with their escapes" || :
	drive rename $json "$NAME" "new$HIDDEN"
	drive reset-cred $json --dry-run --keys
	drive version $json
done
drive export "$LABEL"
drive export "$NAME"
drive export --key-reference "$LABEL"
drive export --output "$T/none$NAME/x" "$LABEL"
drive doctor --report "$T/report"
not_ok "nor in the report for the help desk" steers "$T/report"
drive doctor --report "$FILE.report"
drive help "$NAME"
drive "$NAME"
drive list "--$NAME"
drive remove "$NAME"
for command in $("${E[@]}" "$DEVID_COMMAND" help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
	like "$driven" " $command " "devid $command was among them"
done

# --- questions on a terminal
run "${E[@]}" timeout -k 5 60 /usr/bin/python3 "$TESTS/lib/pty-run.py" type x -- "$DEVID_COMMAND" inspect "$FILE.p12"
like "$out" 'evil|\\x1B' "a question names the file"
not_ok "and doesn't steer the terminal that it is asked on" steers <(tr -d '\r' <"$T/run.out")

# --- what keeps it so: whoever writes to a stream does it by print.h
# (cli/report.c: JSON; output.c and profile.c: what a file is to hold; doctor/support.c: to its own process.)
writers='command/cli/output.c command/cli/report.c command/profile.c command/doctor/support.c'
is "$(cd "$DEVID_SOURCE/helper" &&
	grep -rlE '(^|[^a-z_])(v?f?printf|dprintf|f?puts|f?putc|putchar|fwrite|g_print|g_printerr)\(' --include='*.c' \
		command identity keyfile connection | grep -vxE "command/cli/print.c|${writers// /|}")" "" "no command prints past it"
is "$(cd "$DEVID_SOURCE/helper" && grep -cE '(^|[^a-z_])(v?f?printf|f?puts)\(' $writers | cut -d: -f2 | tr '\n' ' ')" \
	"1 1 1 1 " "nor those that write something else"

# --- a broken account names its file and what is in it
printf '[Account]\nName=%s\n%s=x\n' "$NAME" "$NAME" >"$T/config/account.conf"
for words in check status doctor "policy show" "ca list" "list"; do
	drive $words
done
rm "$T/config/account.conf"

# --- JSON says what is there
devid inspect --json --password-file "$T/password" "$T/evil.p12"
printf '%s' "$out" >"$T/evil.json"
run /usr/bin/python3 -c 'import json, sys
print("\u009b31mc\x7fd\u200b\u200c" in json.dumps(json.load(open(sys.argv[1])), ensure_ascii=False))' \
	"$T/evil.json"
is "$out" True "the JSON can be read, and says the name"

# --- what was printed is understood again
printed=$("${E[@]}" "$DEVID_COMMAND" show "$LABEL" | head -n 1)
like "$printed" '^lap\\xE2\\x80\\x8B' "the label as it is printed"
devid show "$printed"
is "$rc" 0 "is a name for it"
is "$(head -n 1 <<<"$out")" "$printed" "and for nothing else"
devid list --json
as_json=$(grep -o '"label" : "lap[^"]*"' <<<"$out" | head -n 1 | cut -d '"' -f 4)
like "$as_json" '^lap\\u200b' "the label as JSON prints it"
devid show "$as_json"
is "$(head -n 1 <<<"$out")" "$printed" "is understood as well"
devid show 'lap\u202etop'
is "$rc" 1 "another one isn't"
make_record user "$printed" keyring "$T/refused.crt"
devid show --json "$printed"
like "$out" '"label" : "lap\\\\xE2' "who has the escapes as a label is meant first"
devid rename "$printed" y
is "$rc" 2 "but nothing is changed by a name that two are printed with"
like "$err" 'two labels are printed so' "which is said"
done_testing
