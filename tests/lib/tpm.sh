# SPDX-License-Identifier: LGPL-2.1-or-later
# TPMs made of software (swtpm), each with a state of its own and without a resource manager: three slots for keys,
# three for sessions. Sourced after common.sh; ended at exit.
#
#	. "$(dirname "$0")/../lib/tpm.sh"
#	tpm_start first             # "${E[@]}" and "${TPM[@]}" use it from then on
#	"${TPM[@]}" tpm2_getcap handles-transient
#	tpm_stop; tpm_kill

# tpm_start NAME: the TPM of that name, new or as it was.
tpm_start() {
	TPM_SOCKET=$T/run/tpm-$1
	mkdir -p "$T/tpm-$1"
	rm -f "$TPM_SOCKET" "$TPM_SOCKET.ctrl"
	swtpm socket --tpm2 --tpmstate "dir=$T/tpm-$1" --server "type=unixio,path=$TPM_SOCKET" \
		--ctrl "type=unixio,path=$TPM_SOCKET.ctrl" --flags not-need-init,startup-clear >"$T/tpm-$1.log" 2>&1 &
	TPM_PID=$!
	track "$TPM_PID"
	TPM=(env "TPM2TOOLS_TCTI=swtpm:path=$TPM_SOCKET" "TPM2OPENSSL_TCTI=swtpm:path=$TPM_SOCKET")
	env_set "DEVID_TEST_TCTI=swtpm:path=$TPM_SOCKET"
	wait_for 10 "${TPM[@]}" tpm2_getrandom --hex 4 || bail "no swtpm"
}

tpm_stop() {
	stop "$TPM_PID"
}

tpm_kill() {
	end_process "$TPM_PID" -KILL
}

# tpm_agent: the machine's agent with that TPM, started by root; $AGENT_PROGRAM is its program. AGENT is its pid. After
# machine.sh.
tpm_agent() {
	as root "DEVID_TEST_TCTI=swtpm:path=$TPM_SOCKET"
	rm -f "$T/ready"
	"${A[@]}" "$AGENT_PROGRAM" --system --ready-fd 5 5>"$T/ready" 2>"$T/agent.err" &
	AGENT=$!
	track "$AGENT"
	wait_for 10 test -s "$T/ready"
}

# tpm_proxy: tests/lib/tpm-proxy.py before the TPM that runs, for "${E[@]}" alone; its commands are in $T/tpm-commands.
# tpm_plan WORDS…: what it does from then on.
tpm_proxy() {
	/usr/bin/python3 "$TESTS/lib/tpm-proxy.py" "$TPM_SOCKET.proxy" "$TPM_SOCKET" "$T/tpm-plan" >"$T/tpm-commands" 2>"$T/tpm-proxy.err" &
	track $!
	wait_for 10 test -S "$TPM_SOCKET.proxy.ctrl"
	wait_for 10 test -S "$TPM_SOCKET.proxy"
	env_set "DEVID_TEST_TCTI=swtpm:path=$TPM_SOCKET.proxy"
}

tpm_plan() {
	echo "$*" >"$T/tpm-plan.new"
	mv "$T/tpm-plan.new" "$T/tpm-plan"
}

# tpm_zero_keys: $T/zero-scalar.pem, zero-x.pem and zero-y.pem, keys on P-256 with self-signed certificates, where that
# number begins with a zero byte, as of one key in 256.
tpm_zero_keys() {
	"$PYTHON" - "$T" <<-'Y'
		import datetime, sys
		from cryptography import x509
		from cryptography.hazmat.primitives import hashes, serialization
		from cryptography.hazmat.primitives.asymmetric import ec
		from cryptography.x509.oid import NameOID
		wanted = {"x": lambda n: n.x >> 248 == 0, "y": lambda n: n.y >> 248 == 0, "scalar": lambda n: True}
		scalar = 1 << 240
		while wanted:
		    scalar += 1
		    key = ec.derive_private_key(scalar, ec.SECP256R1())
		    for name in [n for n, fits in wanted.items() if fits(key.public_key().public_numbers())]:
		        del wanted[name]
		        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "zero-" + name)])
		        begin = datetime.datetime(2020, 1, 1)
		        certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
		            .public_key(key.public_key()).serial_number(scalar % 1000000).not_valid_before(begin)
		            .not_valid_after(datetime.datetime(2049, 1, 1)).sign(key, hashes.SHA256()))
		        with open(f"{sys.argv[1]}/zero-{name}.pem", "wb") as out:
		            out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
		                serialization.NoEncryption()) + certificate.public_bytes(serialization.Encoding.PEM))
		        break
	Y
}
