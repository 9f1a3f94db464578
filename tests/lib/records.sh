# SPDX-License-Identifier: LGPL-2.1-or-later
# Records of identities as the agent writes them (include/internal/record.h), for tests of commands that only
# read. Sourced after common.sh.
#
#	make_record user|system LABEL STORE LEAF.crt [CHAIN.crt…]
#	RECORDS_USER, RECORDS_SYSTEM: the folders

RECORDS_USER=$T/home/.local/share/devid
RECORDS_SYSTEM=$T/system

der_of() {
	openssl x509 -in "$1" -outform der
}

key_id_of() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform der |
		openssl asn1parse -inform der -strparse "$(openssl x509 -in "$1" -noout -pubkey |
			openssl pkey -pubin -outform der | openssl asn1parse -inform der |
			awk -F: '/BIT STRING/ { print $1; exit }')" -noout -out - 2>/dev/null |
		sha1sum | cut -c 1-40
}

check_value_of() {
	der_of "$1" | sha1sum | cut -c 1-6
}

make_record() {
	local folder=$RECORDS_USER label=$2 store=$3 leaf=$4 file spki crt
	[ "$1" = user ] || folder=$RECORDS_SYSTEM
	shift 4
	mkdir -p "$folder"
	[ "$folder" = "$RECORDS_SYSTEM" ] || chmod 700 "$folder"
	spki=$(openssl x509 -in "$leaf" -noout -pubkey | openssl pkey -pubin -outform der | base64 -w 0)
	file=$folder/$(printf '%s' "$label$leaf" | sha256sum | cut -c 1-16).identity
	{
		echo "Devid-Identity: 1"
		echo "Label: $label"
		echo "ID: $(key_id_of "$leaf")"
		echo "Store: $store"
		echo "SPKI-SHA256: $(base64 -d <<<"$spki" | sha256sum | cut -c 1-64)"
		echo "SPKI: $spki"
		echo "Imported: 2026-11-22T10:00:00Z"
		echo "Check-Value: $(check_value_of "$leaf")"
		for crt; do
			echo "Chain-ID: $(key_id_of "$crt")"
			echo "Chain-Label: $(basename "$crt" .crt)"
			echo "Chain-Check-Value: $(check_value_of "$crt")"
		done
		echo
		openssl x509 -in "$leaf"
		for crt; do
			openssl x509 -in "$crt"
		done
	} >"$file"
	chmod 600 "$file"
	RECORD=$file
}

# make_key user|system NAME: NAME.key as the private half of NAME.crt's record, in the store "file".
make_key() {
	local folder=$RECORDS_USER
	[ "$1" = user ] || folder=$RECORDS_SYSTEM
	(umask 077 && openssl pkcs8 -topk8 -nocrypt -in "$2.key" -out "$folder/$(openssl x509 -in "$2.crt" -noout -pubkey |
		openssl pkey -pubin -outform der | sha256sum | cut -c 1-64).key")
}

# The user's own account, with signing certificates by their names in $PKI.
make_account() {
	local name
	rm -rf "$T/config"
	mkdir -p "$T/config/signing"
	for name; do
		cp "$PKI/$name.crt" "$T/config/signing/$name.pem"
	done
}

# json EXPRESSION: a Python expression over `j`, the document in $out; printed.
json() {
	/usr/bin/python3 -c 'import json, sys
j = json.loads(sys.argv[1])
print(eval(sys.argv[2]))' "$out" "$1"
}

# No line of $1 is wider than 80 cells.
narrow() {
	local wide
	wide=$(/usr/bin/python3 -c 'import sys, unicodedata
for line in sys.argv[1].split("\n"):
    cells = sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
                for c in line)
    if cells > 80:
        print(cells, line)' "$1")
	is "$wide" "" "$2"
}

devid() {
	run "${E[@]}" "$DEVID_COMMAND" "$@"
}
