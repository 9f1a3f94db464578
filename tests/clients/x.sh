. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/tls.sh"
. "$(dirname "$0")/../lib/clients.sh"
client_machine "$0" "$@"
cp "$PKI"/{stranger-p256,rsa3072}.p12 "$HOME_ALICE/"; chown -R alice: "$HOME_ALICE"
client_import stranger-ec stranger-p256
A=("${E[@]}")
tls_server tls1_3; P13=$PORT
tls_server tls1_2; P12=$PORT
PROXY=$(pkg-config --variable=proxy_module p11-kit-1)
show() { echo "## $*"; run "$@"; echo "rc $rc ms $ms"; tr -d '\0' <"$T/run.out" | tail -15; echo "-- err"; grep -v -E 'tcti|^ERROR: Could not init|util/io' "$T/run.err"|tail -25; }
echo hello >"$T/msg"; chmod 644 $T/msg
all() {
l=$1; echo "##################### $1 $2"
u="$TOKEN;object=$l"
show "${E[@]}" p11tool --test-sign "$u;type=private"
show "${E[@]}" p11tool --provider=$SO --test-sign "$u;type=private"
show "${E[@]}" p11tool --list-all "$u"
PORT=$P13; tls_login "$u"; echo "gnutls-cli $rc"; tail -5 <<<"$out"; echo "-- err"; grep -v -E 'tcti|^ERROR: Could not init|util/io' <<<$err
PORT=$P12; tls_login "$u"; echo "gnutls-cli 1.2 $rc"; tail -5 <<<"$out"; echo "-- err"; grep -v -E 'tcti|^ERROR: Could not init|util/io' <<<$err
PORT=$P13; tls_login "$u" --provider=$PROXY; echo "gnutls-cli proxy $rc"; tail -5 <<<"$out"; echo "-- err"; grep -v -E 'tcti|^ERROR: Could not init|util/io' <<<$err
show "${E[@]}" curl -sS --cacert "$PKI/root.crt" --key "$u;type=private" --cert "$u;type=cert" "https://localhost:$PORT/"
show "${E[@]}" curl -sS --cacert "$PKI/root.crt" --key "$u;type=private" --cert "$u;type=cert" "https://localhost:$P12/"
show "${E[@]}" wget -qO- --ca-certificate="$PKI/root.crt" --private-key="$u;type=private" --certificate="$u;type=cert" "https://localhost:$PORT/"
k=rsa2048; [ $l = ec ] && k=p256; [ $l = stranger ] && k=stranger; [ $l = stranger-ec ] && k=stranger-p256
show "${E[@]}" bash -c "printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -quiet -connect localhost:$PORT -CAfile '$PKI/root.crt' -engine pkcs11 -keyform engine -key '$u;type=private' -cert '$PKI/$k.crt'"
show "${E[@]}" openssl cms -sign -engine pkcs11 -keyform engine -inkey "$u;type=private" -signer $PKI/$k.crt -in $T/msg -outform pem
show "${E[@]}" openssl req -new -engine pkcs11 -keyform engine -key "$u;type=private" -subj /CN=x
show "${E[@]}" openssl dgst -sha256 -engine pkcs11 -keyform engine -sign "$u;type=private" $T/msg
show "${E[@]}" openssl storeutl -engine pkcs11 "$u;type=cert"
show "${E[@]}" openssl x509 -engine pkcs11 -in "$u;type=cert" -noout -subject
show "${E[@]}" openssl x509 -engine pkcs11 -inform engine -in "$u;type=cert" -noout -subject
show "${E[@]}" pkcs11-tool --module $SO --token-label "Device Identity" -O
show "${E[@]}" pkcs11-tool --module $SO --token-label "Device Identity" --test --login --pin 1
id=$("${E[@]}" pkcs11-tool --module $SO --token-label "Device Identity" -O --type cert 2>/dev/null | awk -v l=$l '$1 == "label:" { label = $2 } $1 == "ID:" && label == l { print $2 }')
m=SHA256-RSA-PKCS; [[ $l == *ec ]] && m=ECDSA-SHA256
show "${E[@]}" pkcs11-tool --module $SO --token-label "Device Identity" --sign --id $id -m $m -i $T/msg -o /dev/null
}
all rsa good; all ec good
show "${E[@]}" pkcs11-tool --module $SO --token-label "Device Identity" -M
client_cannot_use locked all
client_cannot_use refused all
client_cannot_use gone all
done_testing
