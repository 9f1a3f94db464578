#!/bin/bash
# Names in certificates are their makers': none steers the terminal that a command's words or its JSON end
# up on, and JSON says them all the same.
. "$(dirname "$0")/../lib/common.sh"
NAME=$'a\x1b[2Jb\xc2\x9b31mc\x7fd\xe2\x80\xaee'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/key.pem" -out "$T/evil.pem" \
	-days 99 -utf8 -subj "/CN=$NAME" 2>"$T/openssl.err" || bail "$(cat "$T/openssl.err")"

openssl pkcs12 -export -inkey "$T/key.pem" -in "$T/evil.pem" -name "$NAME" -passout pass:x -out "$T/evil.p12" \
	2>"$T/openssl.err" || bail "$(cat "$T/openssl.err")"
printf x >"$T/password"
chmod 600 "$T/password"

# ESC, DEL, C1 controls, a bidirectional override.
steers() {
	LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' "$1"
}
for words in "inspect" "inspect --json"; do
	run "${E[@]}" "$DEVID_COMMAND" $words --password-file "$T/password" "$T/evil.p12"
	is "$rc" 0 "devid $words"
	not_ok "nothing on standard output steers a terminal" steers "$T/run.out"
	not_ok "nor on standard error" steers "$T/run.err"
done
printf '%s' "$out" >"$T/evil.json"
run /usr/bin/python3 -c 'import json, sys
print("\u009b31mc\x7fd\u202ee" in json.dumps(json.load(open(sys.argv[1])), ensure_ascii=False))' \
	"$T/evil.json"
is "$out" True "the JSON can be read, and says the name"
done_testing
