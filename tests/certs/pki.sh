# SPDX-License-Identifier: LGPL-2.1-or-later
# Makers of keys, certificates and PKCS#12 files for tests, with openssl. Sourced; works in the current
# folder. A NAME stands for NAME.key (PKCS#8 PEM) and NAME.crt (PEM, nothing before BEGIN).
#
#	pki_key NAME KIND                    KIND: rsa:2048, p256, p384, p521, ed25519
#	pki_issue NAME ISSUER SUBJECT EXTENSIONS…
#	                                     ISSUER = NAME: self-signed; NAME.key must be there
#	  with START=, END= (YYYYMMDDHHMMSSZ), DIGEST=, SERIAL= (hex), STRINGS= (string_mask of the
#	  subject), SIGOPT= (words for -sigopt) in front, as for env
#	pki_issue_sized NAME ISSUER SUBJECT PEM-BYTES EXTENSIONS…
#	                                     with a filler extension that makes NAME.crt that long
#	pki_p12 NAME FILE PASSWORD OPTIONS…  leaf, key, and whatever OPTIONS (-certfile …) add

# Extension lines that most certificates carry.
CA_EXTENSIONS=(basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign
	subjectKeyIdentifier=hash)
LEAF_EXTENSIONS=(basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature
	extendedKeyUsage=clientAuth subjectKeyIdentifier=hash authorityKeyIdentifier=keyid)
SERVER_EXTENSIONS=(basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature,keyEncipherment
	extendedKeyUsage=serverAuth subjectKeyIdentifier=hash authorityKeyIdentifier=keyid
	subjectAltName=DNS:localhost,DNS:server.test,IP:127.0.0.1)

pki_key() {
	local kind
	case $2 in
	rsa:*) kind=(RSA -pkeyopt "rsa_keygen_bits:${2#rsa:}") ;;
	p*) kind=(EC -pkeyopt "ec_paramgen_curve:P-${2#p}" -pkeyopt ec_param_enc:named_curve) ;;
	ed25519) kind=(ED25519) ;;
	*)
		echo "unknown kind of key: $2" >&2
		return 1
		;;
	esac
	(umask 077 && openssl genpkey -quiet -algorithm "${kind[@]}" -out "$1.key" 2>/dev/null) ||
		(umask 077 && openssl genpkey -algorithm "${kind[@]}" -out "$1.key" 2>/dev/null)
}

pki_issue() {
	local name=$1 issuer=$2 subject=$3 work result=0 signer option
	shift 3
	work=$(mktemp -d ./.issue.XXXXXX)
	: >"$work/index"
	echo "${SERIAL:-4$(openssl rand -hex 15)0}" >"$work/serial"
	cat >"$work/conf" <<-CONF
		[ca]
		default_ca = one
		[one]
		database = $work/index
		serial = $work/serial
		new_certs_dir = $work
		default_md = ${DIGEST:-sha256}
		policy = any
		unique_subject = no
		x509_extensions = extensions
		string_mask = utf8only
		[any]
		commonName = optional
		[req]
		distinguished_name = dn
		string_mask = ${STRINGS:-utf8only}
		utf8 = yes
		prompt = no
		[dn]
		[extensions]
		$(printf '%s\n' "$@")
	CONF
	signer=(-cert "$issuer.crt" -keyfile "$issuer.key")
	[ "$name" != "$issuer" ] || signer=(-selfsign -keyfile "$name.key")
	for option in ${SIGOPT:-}; do
		signer+=(-sigopt "$option")
	done
	{
		openssl req -new -utf8 -config "$work/conf" -key "$name.key" -subj "$subject" \
			-nameopt utf8 -out "$work/csr" &&
			openssl ca -batch -notext -utf8 -preserveDN -config "$work/conf" "${signer[@]}" \
				-startdate "${START:-20200101000000Z}" -enddate "${END:-20491231235959Z}" \
				-in "$work/csr" -out "$work/crt"
	} >"$work/log" 2>&1 && openssl x509 -in "$work/crt" -out "$name.crt" || result=$?
	[ "$result" -eq 0 ] || cat "$work/log" >&2
	rm -rf "$work"
	return "$result"
}

pki_pem_size() {
	stat -c %s "$1.crt"
}

pki_issue_sized() {
	local name=$1 issuer=$2 subject=$3 size=$4 fill tries has
	shift 4
	local SERIAL=4a00112233445566778899aabbccddee
	SERIAL=$SERIAL pki_issue "$name" "$issuer" "$subject" "$@" || return
	has=$(pki_pem_size "$name")
	fill=$(((size - has) * 3 / 4 - 24))
	for tries in 1 2 3 4 5 6 7 8 9 10 11 12; do
		[ "$fill" -gt 0 ] || break
		SERIAL=$SERIAL pki_issue "$name" "$issuer" "$subject" "$@" \
			"1.3.6.1.4.1.32473.1=DER:$(printf "%0$((2 * fill))d" 0)" || return
		has=$(pki_pem_size "$name")
		[ "$has" -ne "$size" ] || return 0
		fill=$((fill + (size - has) * 3 / 4 + (has < size ? 1 : -1)))
	done
	echo "$name.crt can't be made $size bytes long (last: $has)" >&2
	return 1
}

pki_p12() {
	local name=$1 file=$2 password=$3
	shift 3
	(umask 077 && openssl pkcs12 -export -inkey "$name.key" -in "$name.crt" -name "$name" \
		-passout "pass:$password" "$@" -out "$file")
}
