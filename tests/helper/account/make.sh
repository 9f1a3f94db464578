#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the certificates, revocation lists and hostile inputs that the tests of the chain check need.
#
#	make.sh FOLDER
set -eu
umask 022
. "$(dirname "$0")/../../certs/pki.sh"
mkdir -p "$1"
cd "$1"

O=/C=JP/ST=Tokyo/O=Example
BARE_CA=(basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign)
BARE_LEAF=(basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature)

key() {
	for name; do pki_key "$name" p256; done
}

# ca NAME ISSUER SUBJECT [EXTENSION…]: a CA with key identifiers and a key of its own, where it has none.
ca() {
	local name=$1 issuer=$2 subject=$3
	shift 3
	[ -e "$name.key" ] || key "$name"
	if [ "$name" = "$issuer" ]; then
		pki_issue "$name" "$issuer" "$subject" "${CA_EXTENSIONS[@]}" "$@"
	else
		pki_issue "$name" "$issuer" "$subject" "${CA_EXTENSIONS[@]}" authorityKeyIdentifier=keyid "$@"
	fi
}

# leaf NAME ISSUER [EXTENSION…]: a device certificate. All share one key.
leaf() {
	local name=$1 issuer=$2
	shift 2
	[ -e "$name.key" ] || cp leaf.key "$name.key"
	pki_issue "$name" "$issuer" "${SUBJECT:-$O/CN=$name}" "${LEAF_EXTENSIONS[@]}" "$@"
}

key leaf
ca root root "$O/CN=Root CA"
SERIAL=0B0000C0FFEE ca inter root "$O/CN=Device CA"
leaf device inter
leaf rooted root

# The same name as inter's: with another key identifier, and all of them without key identifiers.
key namesake
pki_issue namesake namesake "$O/CN=Device CA" "${CA_EXTENSIONS[@]}"
leaf by-namesake namesake
cp inter.key inter-bare.key
cp namesake.key namesake-bare.key
cp leaf.key device-bare.key
cp leaf.key by-namesake-bare.key
pki_issue inter-bare root "$O/CN=Device CA" "${BARE_CA[@]}"
pki_issue namesake-bare namesake-bare "$O/CN=Device CA" "${BARE_CA[@]}"
pki_issue device-bare inter-bare "$O/CN=device-bare" "${BARE_LEAF[@]}"
pki_issue by-namesake-bare namesake-bare "$O/CN=by-namesake-bare" "${BARE_LEAF[@]}"

# Dates: a leaf, a CA that ends when a leaf begins, an intermediate that has ended.
START=20240101000000Z END=20250101000000Z leaf dated inter
END=20240101000000Z ca ended ended "$O/CN=Ended CA"
START=20240101000000Z leaf ended-edge ended
START=20240101000001Z leaf ended-past ended
END=20240101000000Z ca ended-inter root "$O/CN=Ended intermediate"
START=20230101000000Z leaf by-ended-inter ended-inter
START=20480101000000Z ca future-inter root "$O/CN=Future intermediate"
leaf by-future-inter future-inter

# Who may issue: CA flag, key usage, path length.
key notca
pki_issue notca root "$O/CN=Not a CA" basicConstraints=critical,CA:FALSE keyUsage=critical,keyCertSign \
	subjectKeyIdentifier=hash authorityKeyIdentifier=keyid
leaf by-notca notca
cp notca.key nobasic.key
pki_issue nobasic root "$O/CN=No basic constraints" subjectKeyIdentifier=hash authorityKeyIdentifier=keyid
leaf by-nobasic nobasic
cp notca.key nousage.key
pki_issue nousage root "$O/CN=No keyCertSign" basicConstraints=critical,CA:TRUE keyUsage=critical,cRLSign \
	subjectKeyIdentifier=hash authorityKeyIdentifier=keyid
leaf by-nousage nousage
cp root.key root-pl0.key
pki_issue root-pl0 root-pl0 "$O/CN=Root CA" basicConstraints=critical,CA:TRUE,pathlen:0 \
	keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash
cp root.key root-pl1.key
pki_issue root-pl1 root-pl1 "$O/CN=Root CA" basicConstraints=critical,CA:TRUE,pathlen:1 \
	keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash
ca sub inter "$O/CN=Sub CA"
leaf by-sub sub
# A self-issued certificate (the root's name, a new key) does not count.
key rollover
pki_issue rollover root "$O/CN=Root CA" "${CA_EXTENSIONS[@]}" authorityKeyIdentifier=keyid
leaf by-rollover rollover

# CAs as devices: below a signing certificate, with the key of one, and one that may not even issue.
ca leaf-ca inter "$O/CN=A CA below"
cp inter.key inter-cross.key
pki_issue inter-cross root "$O/CN=Device CA" "${CA_EXTENSIONS[@]}" authorityKeyIdentifier=keyid
cp inter.key inter-key.key
leaf inter-key inter
cp leaf.key ca-flag.key
pki_issue ca-flag inter "$O/CN=ca-flag" basicConstraints=CA:TRUE keyUsage=critical,digitalSignature \
	subjectKeyIdentifier=hash authorityKeyIdentifier=keyid

# The same names as other tools write them: PrintableString, another case, blanks more.
for twin in printable case blanks; do
	cp inter.key "inter-$twin.key"
done
STRINGS=nombstr pki_issue inter-printable inter-printable "$O/CN=Device CA" "${CA_EXTENSIONS[@]}"
pki_issue inter-case inter-case '/C=JP/ST=tokyo/O=EXAMPLE/CN=device CA' "${CA_EXTENSIONS[@]}"
pki_issue inter-blanks inter-blanks '/C=JP/ST=Tokyo/O= Example/CN=Device   CA ' "${CA_EXTENSIONS[@]}"
leaf by-printable inter-printable
leaf by-case inter-case
leaf by-blanks inter-blanks

# Two CAs that certify each other.
key cross-a cross-b
pki_issue cross-a cross-a "$O/CN=Cross A" "${CA_EXTENSIONS[@]}"
pki_issue cross-b cross-b "$O/CN=Cross B" "${CA_EXTENSIONS[@]}"
cp cross-a.key cross-a-by-b.key
cp cross-b.key cross-b-by-a.key
pki_issue cross-a-by-b cross-b "$O/CN=Cross A" "${CA_EXTENSIONS[@]}" authorityKeyIdentifier=keyid
pki_issue cross-b-by-a cross-a "$O/CN=Cross B" "${CA_EXTENSIONS[@]}" authorityKeyIdentifier=keyid
leaf by-cross cross-a

# Name constraints.
ca nc-dns nc-dns "$O/CN=DNS CA" 'nameConstraints=critical,permitted;DNS:corp.example'
leaf nc-dns-in nc-dns subjectAltName=DNS:laptop.corp.example
leaf nc-dns-out nc-dns subjectAltName=DNS:laptop.evil.example
leaf nc-dns-none nc-dns
ca nc-dir nc-dir "$O/CN=Directory CA" 'nameConstraints=critical,permitted;dirName:base' \
	'[base]' C=JP ST=Tokyo O=Example
leaf nc-dir-in nc-dir
SUBJECT='/C=JP/ST=Tokyo/O=EXAMPLE/CN=case' leaf nc-dir-case nc-dir
SUBJECT=/C=JP/ST=Tokyo/O=Evil/CN=nc-dir-out leaf nc-dir-out nc-dir
SUBJECT=/C=JP/CN=short leaf nc-dir-short nc-dir
leaf nc-dir-san nc-dir 'subjectAltName=dirName:other' '[other]' C=JP O=Evil
ca nc-not nc-not "$O/CN=Excluding CA" 'nameConstraints=critical,excluded;dirName:base' \
	'[base]' C=JP ST=Tokyo O=Example OU=Lab
leaf nc-not-in nc-not
SUBJECT=$O/OU=Lab/CN=nc-not-out leaf nc-not-out nc-not
ca nc-uri nc-uri "$O/CN=URI CA" 'nameConstraints=critical,permitted;URI:.corp.example'
leaf nc-uri-has nc-uri subjectAltName=URI:https://a.corp.example/
leaf nc-uri-out nc-uri subjectAltName=URI:https://a.corp.example@evil.example/
leaf nc-uri-no-host nc-uri subjectAltName=URI:urn:uuid:1
leaf nc-uri-none nc-uri
SUBJECT="$O/CN=laptop.corp.example" leaf nc-dns-cn nc-dns
SUBJECT="$O/CN=laptop.evil.example" leaf nc-dns-cn-out nc-dns
SUBJECT="$O/CN=laptop.evil.example" leaf nc-dns-cn-san nc-dns subjectAltName=DNS:a.corp.example
# A CA below a constrained one: its name is no host's.
ca nc-dns-sub nc-dns "$O/CN=sub.evil.example"
leaf nc-dns-sub-in nc-dns-sub subjectAltName=DNS:a.corp.example
leaf nc-dns-sub-out nc-dns-sub subjectAltName=DNS:a.evil.example
ca nc-nodns nc-nodns "$O/CN=DNS-excluding CA" 'nameConstraints=critical,excluded;DNS:evil.example'
leaf nc-nodns-in nc-nodns subjectAltName=DNS:a.corp.example
leaf nc-nodns-case nc-nodns subjectAltName=DNS:A.EVIL.Example
# "a.evil.example" with a NUL behind it, with a dot behind it, and "ä.evil.example" in UTF-8.
leaf nc-nodns-nul nc-nodns subjectAltName=DER:3011820f612e6576696c2e6578616d706c6500
leaf nc-nodns-dot nc-nodns subjectAltName=DER:3011820f612e6576696c2e6578616d706c652e
leaf nc-nodns-utf8 nc-nodns subjectAltName=DER:3011820fc3a42e6576696c2e6578616d706c65
ca nc-mail nc-mail "$O/CN=Mail CA" 'nameConstraints=critical,permitted;email:corp.example'
leaf nc-mail-in nc-mail subjectAltName=email:a@corp.example
leaf nc-mail-out nc-mail subjectAltName=email:a@evil.example
SUBJECT="$O/emailAddress=a@evil.example/CN=nc-mail-subject" leaf nc-mail-subject nc-mail
ca nc-ip nc-ip "$O/CN=IP CA" 'nameConstraints=critical,permitted;IP:192.0.2.0/255.255.255.0'
leaf nc-ip-in nc-ip subjectAltName=IP:192.0.2.7
leaf nc-ip-out nc-ip subjectAltName=IP:198.51.100.7
leaf nc-ip-six nc-ip subjectAltName=IP:2001:db8::7
ca nc-other nc-other "$O/CN=Other-name CA" \
	'nameConstraints=critical,permitted;otherName:1.3.6.1.4.1.311.20.2.3;UTF8:corp'
leaf nc-other-has nc-other 'subjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:corp'
leaf nc-other-none nc-other subjectAltName=DNS:a.corp.example
ca nc-above root "$O/CN=Constrained intermediate" 'nameConstraints=critical,permitted;dirName:base' \
	'[base]' C=JP ST=Tokyo O=Example
ca nc-below nc-above "$O/CN=Below it"
leaf nc-below-in nc-below
SUBJECT=/C=JP/O=Evil/CN=nc-below-out leaf nc-below-out nc-below

# What a certificate is made with.
# ECDSA with MD5 has no name: an RSA CA for that.
pki_key rsa-ca rsa:2048
ca rsa-ca rsa-ca "$O/CN=RSA CA"
DIGEST=md5 leaf md5 rsa-ca
leaf by-rsa rsa-ca
# RSASSA-PSS, as AD CS may sign; valid from now on.
printf '%s\n' "${BARE_LEAF[@]}" >pss.ext
openssl req -new -utf8 -key leaf.key -subj "$O/CN=by-pss" -out pss.csr
openssl x509 -req -in pss.csr -CA rsa-ca.crt -CAkey rsa-ca.key -set_serial 0x4f01 -days 7000 -sha256 \
	-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -extfile pss.ext -out by-pss.crt 2>/dev/null
# A CA whose key is bound to RSA-PSS with SHA-256 and a salt of 32 or more; a twin of the same name and number
# that is bound to nothing signs what the first may not.
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 \
	-pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32 -out pss-bound.key 2>/dev/null
ca pss-bound pss-bound "$O/CN=Bound CA"
openssl pkey -in pss-bound.key -outform DER -out pss-bound.der
openssl asn1parse -inform DER -in pss-bound.der -noout -out pss-twin.der \
	-strparse "$(openssl asn1parse -inform DER -in pss-bound.der | sed -n 's/^ *\([0-9]*\):.*OCTET STRING.*/\1/p' | head -n1)"
openssl rsa -inform DER -in pss-twin.der -out pss-twin.key 2>/dev/null
pki_issue pss-twin pss-twin "$O/CN=Bound CA" "${CA_EXTENSIONS[@]}"
leaf pss-good pss-bound
leaf pss-plain pss-twin
SIGOPT='rsa_padding_mode:pss rsa_pss_saltlen:20' leaf pss-short pss-twin
SIGOPT='rsa_padding_mode:pss rsa_pss_saltlen:40' leaf pss-long pss-twin
DIGEST=sha384 SIGOPT='rsa_padding_mode:pss rsa_pss_saltlen:48' leaf pss-hash pss-twin
# A signature of another key, made as the bound one allows, and as it doesn't.
pki_key pss-stranger rsa:2048
pki_issue pss-stranger pss-stranger "$O/CN=Bound CA" basicConstraints=critical,CA:TRUE
cp leaf.key pss-forged.key
cp leaf.key pss-forged-plain.key
pki_issue pss-forged-plain pss-stranger "$O/CN=forged" "${BARE_LEAF[@]}" authorityKeyIdentifier=none
SIGOPT='rsa_padding_mode:pss rsa_pss_saltlen:32' pki_issue pss-forged pss-stranger "$O/CN=forged" "${BARE_LEAF[@]}" authorityKeyIdentifier=none
DIGEST=sha1 leaf sha1 inter
DIGEST=sha1 ca sha1-inter root "$O/CN=SHA-1 intermediate"
leaf by-sha1-inter sha1-inter
DIGEST=sha1 ca sha1-root sha1-root "$O/CN=SHA-1 root"
leaf by-sha1-root sha1-root
pki_key rsa1024 rsa:1024
leaf rsa1024 inter
pki_key weak-ca rsa:1024
pki_issue weak-ca weak-ca "$O/CN=Weak CA" "${CA_EXTENSIONS[@]}"
leaf critical inter 1.3.6.1.4.1.32473.9=critical,DER:0500

# Policies: named, and "any" forbidden: accepted; demanded or mapped: not followed.
leaf policies inter certificatePolicies=critical,1.3.6.1.4.1.32473.3
ca inhibit root "$O/CN=No any" inhibitAnyPolicy=critical,0
leaf by-inhibit inhibit
ca demand root "$O/CN=Demanding" policyConstraints=critical,requireExplicitPolicy:0
leaf by-demand demand
ca mapping root "$O/CN=Mapping" certificatePolicies=1.3.6.1.4.1.32473.3 \
	policyMappings=critical,1.3.6.1.4.1.32473.3:1.3.6.1.4.1.32473.4
leaf by-mapping mapping
# A signing certificate that begins later.
START=20240701000000Z ca later later "$O/CN=Later CA"
leaf by-later later

# Keys that an account with SigningKeyTypes=rsa does not take.
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss-ca.key 2>/dev/null
ca pss-ca pss-ca "$O/CN=PSS CA"
openssl genpkey -algorithm ed25519 -out ed-ca.key
ca ed-ca ed-ca "$O/CN=Ed25519 CA"
DIGEST=default leaf by-ed ed-ca
leaf by-pss-ca pss-ca

# What an account may ask for.
cp leaf.key device-noeku.key
pki_issue device-noeku inter "$O/CN=device-noeku" "${BARE_LEAF[@]}" authorityKeyIdentifier=keyid
leaf ext-utf8 inter 1.3.6.1.4.1.32473.7=ASN1:UTF8String:alpha
leaf ext-octets inter 1.3.6.1.4.1.32473.7=ASN1:OCTETSTRING:alpha
leaf ext-beta inter 1.3.6.1.4.1.32473.7=ASN1:UTF8String:beta
leaf ext-nul inter 1.3.6.1.4.1.32473.7=DER:0c07616c7068610062
leaf ext-bool inter 1.3.6.1.4.1.32473.7=ASN1:BOOLEAN:TRUE

# Names.
key comma
pki_issue comma comma '/C=JP/O=Comma, Plus\+ & Sons; "Ltd"/CN= edge #/OU=a+UID=b' "${CA_EXTENSIONS[@]}"
key japan
pki_issue japan japan '/C=JP/ST=東京都/O=例示株式会社/CN=デバイス認証局' "${CA_EXTENSIONS[@]}"
leaf by-comma comma
leaf by-japan japan

printf '# lost\n01:02 03\n\n0a:11:22:33:44:55 # a laptop\n' >serials
: >empty
# Revocation: SERIAL 0a11…, lists by the issuer, by its namesake, and one with a scope.
SERIAL=0A1122334455 leaf revoked inter
SERIAL=0A1122334455 leaf revoked-other namesake
: >index
crl() {
	local out=$1 issuer=$2
	shift 2
	cat >crl.conf <<-CONF
		[ca]
		default_ca = one
		[one]
		database = index
		crlnumber = crlnumber
		default_md = sha256
		crl_extensions = extensions
		[extensions]
		$(printf '%s\n' "$@")
	CONF
	echo 01 >crlnumber
	openssl ca -gencrl -config crl.conf -cert "$issuer.crt" -keyfile "$issuer.key" \
		-crl_lastupdate 20240601000000Z -crl_nextupdate 20240701000000Z -out "$out" 2>/dev/null
}
crl crl-empty.pem inter authorityKeyIdentifier=keyid
crl crl-root.pem root authorityKeyIdentifier=keyid
printf 'R\t491231235959Z\t240501000000Z\t0A1122334455\tunknown\t/CN=revoked\n' >index
crl crl-inter.pem inter authorityKeyIdentifier=keyid
sed 's/0A1122334455/0B0000C0FFEE/' index >index-root
mv index index-inter
mv index-root index
crl crl-root-inter.pem root authorityKeyIdentifier=keyid
mv index-inter index
crl crl-printable.pem inter-printable authorityKeyIdentifier=keyid
crl crl-bound.pem pss-bound authorityKeyIdentifier=keyid
crl crl-twin.pem pss-twin authorityKeyIdentifier=keyid
crl crl-namesake.pem namesake authorityKeyIdentifier=keyid
openssl crl -in crl-inter.pem -outform DER -out crl-inter.der
crl crl-scoped.pem inter issuingDistributionPoint=critical,@point '[point]' onlyuser=TRUE
cat crl-root.pem crl-inter.pem >crl-both.pem
# A CA whose key usage does not let it sign lists.
key nolist
pki_issue nolist nolist "$O/CN=No lists" basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign \
	subjectKeyIdentifier=hash
leaf by-nolist nolist
crl crl-nolist.pem nolist authorityKeyIdentifier=keyid
# A list as long as those of a large organisation.
awk 'BEGIN { for (i = 0; i < 50000; i++) printf "R\t491231235959Z\t240501000000Z\t0B%030X\tunknown\t/CN=%d\n", i, i }' >index
echo 'R	491231235959Z	240501000000Z	0A1122334455	unknown	/CN=revoked' >>index
crl crl-long.pem inter authorityKeyIdentifier=keyid

# Files of signing certificates at the limit: with text before them, and DER whose PEM is over.
{
	head -c $((4096 - $(stat -c %s inter.crt))) /dev/zero | tr '\0' '#'
	cat inter.crt
} >size-4096.pem
{
	head -c $((4097 - $(stat -c %s inter.crt))) /dev/zero | tr '\0' '#'
	cat inter.crt
} >size-4097.pem
key big-ca
pki_issue_sized big-ca root "$O/CN=Big CA" 4101 "${CA_EXTENSIONS[@]}"
openssl x509 -in big-ca.crt -outform DER -out big-ca.der
openssl x509 -in inter.crt -outform DER -out inter.der
cat inter.crt leaf.key >with-key.pem
cat inter.crt root.crt >two.pem
: >made
