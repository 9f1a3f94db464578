#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid inspect: what it says of each kind of file, alone and of many, in words and as JSON; and that it
# stores nothing.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/importing.sh"
no_account "$0" "$@"

W=$T/files
mkdir "$W"
inspect() {
	run "${E[@]}" "$DEVID_COMMAND" inspect "$@" </dev/null
}
# of EXPRESSION: of the first file of the JSON that was printed.
of() {
	json "$out" "(lambda f: ($1))(d['files'][0])"
}
# `inspect` as root looks at the machine's account, which can't be another in a test.
as_user=()
[ "$(id -u)" -ne 0 ] || as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
chmod 755 "$T/config"
cp "$PKI"/{rsa2048,stranger,size-2045,size-2049,expired,japan}.p12 "$PKI/rsa2048.crt" "$PKI/issuing.crt" "$T/password" "$W"
chmod 644 "$W"/*
inspect_as_user() {
	run "${as_user[@]}" "${E[@]}" "$DEVID_COMMAND" inspect "$@" </dev/null
}

# --- one file
inspect --json "${PASSWORD[@]}" "$PKI/rsa2048.p12"
is "$rc" 0 "a good file ends with 0, also without an account"
is "$(of 'f["kind"], f["password"]')" "('PKCS#12', 'set')" "kind, and that a password is set"
is "$(of 'f["integrity"]["algorithm"], f["integrity"]["kdf"], f["integrity"]["iterations"]')" \
	"('SHA256', 'PKCS12', 2048)" "the integrity check"
is "$(of 'sorted({e["algorithm"] for e in f["encryption"]}), f["encryption"][0]["kdf_hash"]')" \
	"(['AES-256-CBC'], 'SHA256')" "the encryption"
is "$(of 'f["identities"][0]["subject"]')" "C=JP, ST=Tokyo, O=Example, CN=laptop-rsa2048" "the subject"
is "$(of 'f["identities"][0]["issuer"]')" "C=JP, ST=Tokyo, O=Example, CN=Example Device CA" "the issuer"
is "$(of 'f["identities"][0]["pem_size"], f["identities"][0]["limit"], f["identities"][0]["fits"]')" \
	"($(stat -c %s "$PKI/rsa2048.crt"), 2048, True)" "the size as PEM is the file's"
is "$(of 'f["identities"][0]["der_size"]')" "$(openssl x509 -in "$PKI/rsa2048.crt" -outform der | wc -c)" "and as DER"
is "$(of 'f["identities"][0]["not_after"], f["identities"][0]["has_key"]')" "('2049-12-31T23:59:59Z', True)" "the end"
is "$(of '[c["subject"] for c in f["identities"][0]["chain"]][-1]')" \
	"C=JP, ST=Tokyo, O=Example, CN=Example Root CA" "the chain"
is "$(of 'f["identities"][0]["check"]["result"]')" no-account "the check"
inspect "${PASSWORD[@]}" "$PKI/rsa2048.p12"
like "$out" 'rsa2048\.p12: PKCS#12' "in words: the file"
like "$out" 'CN=Example Device CA \(its certificate is the one to upload\)' "in words: which certificate to upload"
like "$out" '[0-9]+ bytes as PEM, [0-9]+ as DER \(limit 2048' "in words: both sizes and the limit"

# --- passwords
inspect --json "$PKI/rsa2048.p12"
is "$rc $(of 'f["password"], f["error"]["reason"]')" "1 ('set', 'password-missing')" "no password: what can be seen is shown"
is "$(of 'f["encryption"][0]["algorithm"], f["identities"]')" "('AES-256-CBC', [])" "the cipher can be seen"
printf wrong >"$T/wrong"
inspect --json --password-file "$T/wrong" "$PKI/rsa2048.p12"
is "$rc $(of 'f["password"], f["error"]["reason"]')" "1 ('set', 'wrong-password')" "a wrong one is told"
inspect --json "$PKI/rsa2048-empty.p12"
is "$rc $(of 'f["password"], len(f["identities"])')" "0 ('empty', 1)" "an empty one needs no asking"
like "$(of 'f["fails_on"]')" 'macOS and iOS \(empty password\)' "and is told with who refuses it"
inspect --json "${PASSWORD[@]}" "$PKI/rsa2048-empty.p12"
is "$rc $(of 'f["password"]')" "0 empty" "also where another was given"
make "$W/bare.p12" bare
inspect --json "$W/bare.p12"
is "$rc $(of 'f["password"], f["integrity"]')" "0 ('none', None)" "none at all"

# --- which systems open it
inspect --json "${PASSWORD[@]}" "$PKI/rsa2048-legacy.p12"
like "$(of 'f["fails_on"]')" 'OpenSSL 3 without its legacy provider \(RC2' "RC2 fails on OpenSSL 3"
like "$(of 'f["fails_on"]')" 'FIPS' "and on FIPS systems"
unlike "$(of 'f["fails_on"]')" 'macOS up to' "and opens on old macOS"
inspect --json "${PASSWORD[@]}" "$PKI/rsa2048.p12"
like "$(of 'f["fails_on"]')" 'macOS up to 14, iOS up to 17' "OpenSSL 3's defaults fail on old macOS, with its version"
run "${E[@]}" "$DEVID_COMMAND" inspect "${PASSWORD[@]}" "$PKI/rsa2048.p12"
lines=$(grep -o 'openssl pkcs12.*' <<<"$out" | sed 's/; rm .*//; s/FILE/$PKI\/rsa2048.p12/; s/TEMPORARY.pem/$T\/temporary.pem/; s/NEW.p12/$T\/new.p12/;
	s/-nodes/& -passin pass:devid-test/; s/-export/& -passout pass:devid-test/')
is "$(wc -l <<<"$lines")" 2 "and the lines that make a file for it"
ok "which do what they say" eval "$lines"
inspect --json "${PASSWORD[@]}" "$T/new.p12"
unlike "$(of 'f["fails_on"]')" 'macOS up to|Java|Windows before' "it opens there"
inspect --json "${PASSWORD[@]}" "$PKI/rsa2048.p12"
unlike "$(of 'f["fails_on"]')" 'OpenSSL 3|FIPS' "and open elsewhere"
inspect --json "${PASSWORD[@]}" "$PKI/rsa2048-nomac.p12"
like "$(of 'f["fails_on"]')" 'Windows.*no integrity check' "no MAC fails on Windows"

# --- what can't be opened
for row in 'unknown-kdf algorithm-unsupported' 'mac-count iterations' 'spoiled-mac damaged' 'no-content damaged'; do
	make "$W/x.p12" "${row% *}" --count 20000000
	inspect --json "${PASSWORD[@]}" "$W/x.p12"
	is "$rc $(of 'f["error"]["reason"]')" "1 ${row#* }" "${row% *} is told"
done
is "$(make "$W/x.p12" unknown-kdf; inspect --json "${PASSWORD[@]}" "$W/x.p12"; of '[e["unreadable_oid"] for e in f["encryption"] if "unreadable_oid" in e]')" \
	"['1.3.6.1.4.1.11591.4.11']" "with the number of the algorithm"
inspect --json "${PASSWORD[@]}" "$W/nothing" "$W"
is "$rc $(json "$out" '[f["error"]["reason"] for f in d["files"]]')" "1 ['io', 'io']" "files that aren't there, and folders"

# --- other files
inspect --json "$PKI/rsa2048.crt"
is "$rc $(of 'f["kind"], f["identities"][0]["has_key"], f["identities"][0]["ca"]')" "0 ('PEM', False, False)" "a certificate"
inspect --json "$PKI/issuing.crt"
is "$rc $(of 'f["identities"][0]["ca"], f["identities"][0]["limit"]')" "0 (True, 4096)" "a CA's, against its own limit"
openssl x509 -in "$PKI/rsa2048.crt" -outform der -out "$W/c.der"
inspect --json "$W/c.der"
is "$rc $(of 'f["kind"], f["identities"][0]["pem_size"]')" "0 ('DER', $(stat -c %s "$PKI/rsa2048.crt"))" "DER, with its size as PEM"
run "${E[@]}" "$DEVID_COMMAND" inspect --json "${PASSWORD[@]}" - <"$PKI/p256.p12"
is "$rc $(of 'f["identities"][0]["key_type"]')" "0 EC P-256" "standard input"
make "$W/two.p12" two --other-key "$PKI/p256.key" --other-cert "$PKI/p256.crt"
inspect --json "${PASSWORD[@]}" "$W/two.p12"
is "$rc $(of '[i["name"] for i in f["identities"]]')" "0 ['first', 'second']" "several identities with their names"
make "$W/evil.p12" named --name $'\x1b[2Jevil\u202e'
inspect "${PASSWORD[@]}" "$W/evil.p12"
unlike "$out" $'\x1b\[2J' "a name can't steer the terminal"
like "$out" '\\x1B|\\x1b' "and is shown escaped"
inspect --json "$W/rsa2048.p12" "${PASSWORD[@]}"
is "$(of 'f["readable_by_others"]')" True "that others can read it is told"

# --- against an account
mkdir "$T/config/signing"
cp "$PKI/issuing.crt" "$T/config/signing/ours.pem"
chmod -R go+rX "$T/config"
if [ "$(id -u)" -eq 0 ]; then
	chown -R 65534 "$T/config"
fi
inspect_as_user --json --password-file "$W/password" "$W/rsa2048.p12"
is "$rc $(of 'f["identities"][0]["check"]["result"]')" "0 ok" "its own certificate passes"
inspect_as_user --json --password-file "$W/password" "$W/stranger.p12"
is "$rc $(of 'f["identities"][0]["check"]["reason"]')" "3 issuer-unknown" "a stranger's ends with 3"
inspect_as_user --json --password-file "$W/password" "$W/expired.p12"
is "$rc $(of 'f["identities"][0]["check"]["reason"]')" "3 expired" "an expired one too"
inspect_as_user --json --password-file "$W/password" "$W/size-2045.p12"
is "$rc $(of 'f["identities"][0]["fits"]')" "0 True" "2045 bytes fit"
inspect_as_user --json --password-file "$W/password" "$W/size-2049.p12"
is "$rc $(of 'f["identities"][0]["fits"], f["identities"][0]["acceptable"]')" "1 (False, True)" "2049 don't, but could be accepted"
inspect_as_user --password-file "$W/password" "$W/japan.p12"
like "$out" 'O=株式会社例' "names in Japanese are readable"

# --- three hundred at once
mkdir "$W/many"
for i in $(seq 300); do
	ln "$W/rsa2048.p12" "$W/many/$i.p12" 2>/dev/null || cp "$W/rsa2048.p12" "$W/many/$i.p12"
done
inspect_as_user --json --password-file "$W/password" "$W"/many/*.p12
is "$rc $(json "$out" 'len(d["files"]), sum(len(f["identities"]) for f in d["files"])')" "0 (300, 300)" "300 files with one password"
[ "$ms" -lt 30000 ] && pass "in $ms ms" || fail "in $ms ms"
inspect_as_user --json --password-file "$W/password" "$W/rsa2048.p12" "$W/stranger.p12"
is "$rc" 3 "one that fails the check among others: 3"
inspect_as_user --json --password-file "$W/password" "$W/rsa2048.p12" "$W/stranger.p12" "$W/size-2049.p12"
is "$rc" 1 "one that is too large among them: 1"
inspect
is "$rc" 2 "no file: the words are off"
[ -z "$(find "$T/home" -type f)" ] && pass "nothing is stored" || { fail "nothing is stored"; diag "$(find "$T/home" -type f)"; }
done_testing
