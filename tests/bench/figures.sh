#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Module, agent and command beside what stands in their place elsewhere; measure.sh tells how to read it.
# An account of the machine itself would come before that of the benchmark.
if [ -e /etc/devid ] && [ -z "${DEVID_BENCH_PRIVATE:-}" ]; then
	DEVID_BENCH_PRIVATE=yes exec unshare -m --propagation private \
		bash -c 'mount -t tmpfs devid /etc/devid && exec bash "$@"' private "$0" "$@"
fi
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/measure.sh"
SAMPLE=$DEVID_BENCH/sample
SOFTHSM=/usr/lib/softhsm/libsofthsm2.so
P11KIT_CLIENT=$(pkg-config --variable=libdir p11-kit-1)/pkcs11/p11-kit-client.so
GNOME=$(pkg-config --variable=p11_module_path p11-kit-1)/gnome-keyring-pkcs11.so

# --- what is measured: a keyring, a token of SoftHSM2, the same keys in both, 200 certificates ---------

soft_token() {
	local folder=$T/$1
	mkdir -p "$folder/tokens"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
		"$folder/tokens" >"$folder/softhsm2.conf"
	"${E[@]}" SOFTHSM2_CONF="$folder/softhsm2.conf" softhsm2-util --init-token --free --label "$1" \
		--pin 1234 --so-pin 1234 >/dev/null
}

soft_import() {
	openssl pkcs8 -topk8 -nocrypt -in "$PKI/$1.key" -out "$T/$1.pk8"
	"${KEYS[@]}" softhsm2-util --import "$T/$1.pk8" --token keys --label "laptop-$1" --id "$2" \
		--pin 1234 >/dev/null
}

prepare() {
	need_pki
	keyring_bus
	keyring_start open || end "no keyring"
	soft_token keys && soft_token many || end "no SoftHSM2"
	KEYS=("${E[@]}" SOFTHSM2_CONF="$T/keys/softhsm2.conf")
	MANY=("${E[@]}" SOFTHSM2_CONF="$T/many/softhsm2.conf" DEVID_DATA_DIR="$T/records")
	soft_import rsa2048 01 && soft_import p256 02 || end "SoftHSM2 took no key"
	printf secret | "${E[@]}" secret-tool store --label=bench devid bench || end "no secret"
	mkdir -m 700 "$T/records"
	"${MANY[@]}" "$DEVID_BENCH/bench-fill" "$T/records" "$SOFTHSM" many 1234 || end "no certificates"
	"${KEYS[@]}" p11-kit server --foreground --name "$T/p11-kit.socket" --provider "$SOFTHSM" \
		'pkcs11:token=keys' >"$T/p11-kit.log" 2>&1 &
	track $!
	wait_for 5 test -S "$T/p11-kit.socket" || end "no p11-kit server"
}

# Two identities in the keyring, once, for the figures that need them.
IDENTITIES=
need_identities() {
	[ -z "$IDENTITIES" ] || return 0
	mkdir -p "$T/config/signing" && cp "$PKI/issuing.crt" "$T/config/signing/issuing.pem"
	for name in rsa2048 p256; do
		"${E[@]}" "$DEVID_COMMAND" import-cert "$PKI/$name.p12" --label "laptop-$name" \
			--user --store keyring --password-file "$PKI/password" >/dev/null 2>"$T/err" ||
			end "no import: $(cat "$T/err")"
	done
	IDENTITIES=yes
}

agent() {
	"${E[@]}" "$DEVID_BENCH/bench-agent" "$1" || end "agent: $1"
}

# --- the sides of each figure ------------------------------------------------------------------

TOKEN='Device Identity'
ours_load() { "${E[@]}" "$SAMPLE" load "$DEVID_MODULE"; }
gnome_load() { "${E[@]}" "$SAMPLE" load "$GNOME"; }
ours_memory() { "${E[@]}" "$SAMPLE" memory "$DEVID_MODULE"; }
half_mebibyte() { echo 512; }
ours_list() { "${MANY[@]}" "$SAMPLE" list "$DEVID_MODULE" "$TOKEN"; }
soft_list() { "${MANY[@]}" "$SAMPLE" list "$SOFTHSM" many; }
ours_find() { "${MANY[@]}" "$SAMPLE" find "$DEVID_MODULE" "$TOKEN" 'certificate 123'; }
soft_find() { "${MANY[@]}" "$SAMPLE" find "$SOFTHSM" many 'certificate 123'; }

ours_rsa() { need_identities && "${E[@]}" "$SAMPLE" sign "$DEVID_MODULE" "$TOKEN" laptop-rsa2048 rsa 1; }
ours_ec() { need_identities && "${E[@]}" "$SAMPLE" sign "$DEVID_MODULE" "$TOKEN" laptop-p256 ec 1; }
soft_ec() { "${KEYS[@]}" "$SAMPLE" sign "$SOFTHSM" keys laptop-p256 ec 1 1234; }
remote() { "${KEYS[@]}" P11_KIT_SERVER_ADDRESS="unix:path=$T/p11-kit.socket" "$SAMPLE" sign "$P11KIT_CLIENT" keys "$@" 1 1234; }
remote_ec() { remote laptop-p256 ec; }
openssl_speed() { "${E[@]}" openssl speed -elapsed -seconds 1 "$1" 2>/dev/null | tail -n 1 | awk '{ print $(NF - 1) }'; }
openssl_rsa() { openssl_speed rsa2048; }
openssl_ec() { openssl_speed ecdsap256; }

first() { need_identities && "${E[@]}" "$SAMPLE" first "$DEVID_MODULE" "$TOKEN" laptop-rsa2048 rsa "$1"; }
first_started() { agent leave && first 1; }
first_listening() { agent start && agent forget && first 1; }
first_in_use() { first 1; }
five_listening() { agent start && agent forget && first 5; }
five_soft() { "${KEYS[@]}" "$SAMPLE" first "$SOFTHSM" keys laptop-rsa2048 rsa 5 1234; }
lookup() { "${E[@]}" "$SAMPLE" time secret-tool lookup devid bench; }

ours_check() { need_identities && "${E[@]}" "$SAMPLE" time "$DEVID_COMMAND" check laptop-rsa2048; }
certtool_verify() {
	"${E[@]}" "$SAMPLE" time certtool --verify --load-ca-certificate "$PKI/issuing.crt" \
		--infile "$PKI/rsa2048.crt" 2>/dev/null
}

# Another identity each time: the same one again would not be written.
IMPORTS=5
made() { cat "$T/import.number" 2>/dev/null || echo 0; }
prepare_imports() {
	local i
	for ((i = 0; i <= IMPORTS; i++)); do
		openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/import$i.pk8" -out "$T/import$i.crt" \
			-subj "/CN=import $i" -addext basicConstraints=CA:FALSE -days 10 2>/dev/null
		openssl pkcs12 -export -in "$T/import$i.crt" -inkey "$T/import$i.pk8" -passout pass:x \
			-out "$T/import$i.p12" -name "import $i"
	done
	printf x >"$T/import.password"
	chmod 600 "$T"/import*
	agent start
}
ours_import() {
	local i
	i=$(made)
	"${E[@]}" "$SAMPLE" time "$DEVID_COMMAND" import-cert "$T/import$i.p12" --user --store keyring \
		--label "import $i" --password-file "$T/import.password" 2>"$T/err" || {
		cat "$T/err" >&2
		return 1
	}
}
soft_and_secret() {
	local i a b
	i=$(made)
	a=$("${KEYS[@]}" "$SAMPLE" time softhsm2-util --import "$T/import$i.pk8" --token keys \
		--label "import $i" --id "0$((i + 3))" --pin 1234) || return 1
	b=$(printf secret | "${E[@]}" "$SAMPLE" time secret-tool store --label="import $i" import "$i") ||
		return 1
	echo $((i + 1)) >"$T/import.number"
	awk -v a="$a" -v b="$b" 'BEGIN { print a + b }'
}

prepare
take_core
if [ -e "$GNOME" ]; then
	figure 'load: dlopen and C_Initialize / gnome-keyring' most 2 ours_load gnome_load 51
else
	echo "load: dlopen and C_Initialize: gnome-keyring-pkcs11 is not installed"
fi
figure 'memory after a listing, KiB / 512' most 1 ours_memory half_mebibyte
figure 'list 200 certificates / SoftHSM2' most 0.5 ours_list soft_list
figure 'find one of 200 by label / SoftHSM2' most 0.01 ours_find soft_find
agent start
# SoftHSM2 and p11-kit's server wait for the same libcrypto as long as we do: it is what RSA is measured by.
figure 'RSA-2048 signatures a second / openssl speed' least 0.93 ours_rsa openssl_rsa 5
figure 'P-256 signatures a second / SoftHSM2' least 1.6 ours_ec soft_ec 5
figure 'P-256 signatures a second / openssl speed' least 0.6 ours_ec openssl_ec 5
figure 'P-256 signatures a second / p11-kit server' least 2 ours_ec remote_ec 5
figure 'first signature, agent to be started / secret-tool' most 1.2 first_started lookup
figure 'first signature, listening / secret-tool' most 0.4 first_listening lookup
figure 'first signature, key in use / secret-tool' most 0.15 first_in_use lookup
figure 'five signatures, listening / SoftHSM2' most 0.5 five_listening five_soft
figure 'devid check / certtool --verify' most 3 ours_check certtool_verify
if [[ 'devid import-cert' =~ ${FIGURES:-.} ]]; then
	prepare_imports
	figure 'devid import-cert / softhsm2-util and secret-tool' most 1.3 ours_import soft_and_secret "$IMPORTS"
fi
agent leave
figures_end
