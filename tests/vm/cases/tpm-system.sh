# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine's identity in a TPM, by the kernel's own driver: imported by root, used by people who may not open the TPM,
# by the agent of the shipped units in its sandbox; after a reboot; and after the TPM was cleared.
. /folder/tests/vm/guest.sh

# tls USER LABEL: a handshake of TLS 1.3 with that identity, by a program that finds it by its URI.
tls() {
	by "$1" gnutls-cli --priority NORMAL:-VERS-ALL:+VERS-TLS1.3 --x509cafile "$PKI/root.crt" --verify-hostname server.test \
		--port 4433 "--x509keyfile=pkcs11:token=Device%20Identity%20(system);object=$2;type=private" \
		"--x509certfile=pkcs11:token=Device%20Identity%20(system);object=$2;type=cert" --no-ca-verification 127.0.0.1 </dev/null
}
tls_server() {
	openssl s_server -accept 127.0.0.1:4433 -cert "$PKI/server.crt" -key "$PKI/server.key" -CAfile "$PKI/issuing-chain.pem" \
		-verify_return_error -Verify 3 -tls1_3 -www >"$T/server.log" 2>&1 &
	track $!
	wait_for 10 port_listens 4433
}
maps_tss() {
	grep -q 'libtss2\|devid-tpm' "/proc/$(agent_process)/maps"
}
maps_no_tss() {
	! maps_tss
}
# in_sandbox COMMAND…: under the rules for devices of the agent's unit.
in_sandbox() {
	bash -c 'echo $$ >/sys/fs/cgroup/system.slice/devid-agent.service/cgroup.procs && exec "$@"' sandbox "$@"
}
status_of() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$(agent_process)/status"
}
property() {
	systemctl show -p "$1" --value devid-agent.service
}
all_sign() { # WHEN
	local who name
	for who in root alice; do
		for name in rsa2048 p256; do
			ok "$1: $who signs with $name" signs $who "$PKI/$name.crt"
		done
	done
}

case $VM_BOOT in
1)
	ok "the kernel has a TPM, by a resource manager" test -c /dev/tpmrm0
	is "$(stat -c %G:%a /dev/tpmrm0)" tss:660 "which is the group's"
	is "$(aa-enabled)" Yes "AppArmor is on"
	like "$(id devid)" 'tss' "the machine's agent is in that group"
	unlike "$(id alice)" 'tss' "alice isn't"
	like "$(id alice)" 'devid' "but in the group devid"
	is "$(systemctl is-active devid-agent.socket devid-agent.service | paste -sd' ')" "active inactive" "the socket waits, and no agent runs"

	run devid import-cert --system --label file --password-file "$PKI/password" --store file "$PKI/second.p12"
	is "$rc" 0 "a key in a file: imported" || diag "$err"
	is "$(systemctl is-active devid-agent.service)" active "by the agent that the socket started"
	ok "it signs" signs alice "$PKI/second.crt"
	ok "for which no TSS is mapped" maps_no_tss
	for name in rsa2048 p256; do
		run devid import-cert --system --store tpm --label $name --password-file "$PKI/password" "$PKI/$name.p12"
		is "$rc" 0 "$name: imported into the TPM" || diag "$out" "$err" "$(journalctl -b -u devid-agent --no-pager -o cat | tail -n 20)"
	done
	ok "for which it is" maps_tss
	all_sign "imported"
	if out=$(signs bob "$PKI/p256.crt" 2>&1); then fail "bob is refused"; else pass "bob is refused"; fi
	tls_server
	for name in rsa2048 p256; do
		ok "TLS 1.3 with $name" tls alice $name
	done
	systemctl stop devid-agent.service
	ok "an agent that starts anew signs with a key in a file" signs alice "$PKI/second.crt"
	ok "and maps no TSS for it" maps_no_tss
	ok "one in the TPM" signs alice "$PKI/p256.crt"
	ok "brings it" maps_tss
	run devid list
	is "$rc" 0 "devid list"
	run devid doctor
	like "$out" 'pass +[^'$'\n'']*firmware' "doctor knows the TPM"
	unlike "$out" '(^|'$'\n'')fail' "and finds nothing wrong" || diag "$out"

	# --- the sandbox
	is "$(status_of CapEff) $(status_of CapPrm) $(status_of CapBnd)" "0000000000000000 0000000000000000 0000000000000000" \
		"the agent has no capability"
	is "$(status_of NoNewPrivs) $(status_of Seccomp)" "1 2" "no new privileges, and a filter of system calls"
	is "$(ps -o user= -p "$(agent_process)")" devid "its user is devid"
	is "$(property DevicePolicy) $(property ProtectSystem) $(property PrivateNetwork) $(property MemoryDenyWriteExecute)" \
		"closed strict yes yes" "the unit's properties hold beside the TPM's drop-in"
	is "$(property DeviceAllow | grep -v "^char-rtc r$")" "/dev/tpmrm0 rw" "one device is allowed"
	ok "which can be opened there" in_sandbox tpm2_getrandom -T device:/dev/tpmrm0 --hex 4
	not_ok "the TPM without its manager can't" in_sandbox tpm2_getrandom -T device:/dev/tpm0 --hex 4
	not_ok "nor can a disk" in_sandbox head -c 1 /dev/vda
	ok "which root can outside of it" head -c 1 /dev/vda
	nothing_denied
	# The filter answers with an error, which nobody sees; here it kills.
	mkdir -p /run/systemd/system/devid-agent.service.d
	printf '[Service]\nSystemCallErrorNumber=kill\n' >/run/systemd/system/devid-agent.service.d/kill.conf
	systemctl daemon-reload
	systemctl restart devid-agent.service
	all_sign "where each refused system call kills"
	run devid import-cert --system --store tpm --label p384 --password-file "$PKI/password" "$PKI/p384.p12"
	is "$rc" 0 "and another key goes in" || diag "$err"
	run devid remove --system --yes p384
	is "$rc" 0 "and out" || diag "$err"
	nothing_denied "there"
	[ ! -e /folder/short ] || done_testing
	reboot_machine
	;;
2)
	ok "rebooted: the socket waits" systemctl is-active devid-agent.socket
	is "$(systemctl is-active devid-agent.service)" inactive "and no agent runs"
	all_sign "rebooted"
	nothing_denied "after the reboot"
	ok "the TPM is cleared" tpm2_clear -c l
	reboot_machine
	;;
3)
	if signs alice "$PKI/p256.crt" >"$T/out" 2>&1; then fail "cleared: no signature"; else pass "cleared: no signature"; fi
	run devid doctor
	like "$out" 'p256 \(system\): it does not sign: TPM: the key can.t be loaded' "doctor says so"
	like "$out" 'hint: import the identity again: devid import-cert --store tpm FILE --replace' "and what to do"
	ok "cleared: the key in a file signs" signs alice "$PKI/second.crt"
	is "$(sed -n 's/.*"reason":"\(tpm-[a-z-]*\)".*/\1/p' /var/log/devid/*.jsonl | sort -u)" tpm-other "the event's word"
	run devid import-cert --system --store tpm --replace --label p256 --password-file "$PKI/password" "$PKI/p256.p12"
	is "$rc" 0 "imported again" || diag "$(last_run)"
	ok "it signs" signs alice "$PKI/p256.crt"
	nothing_denied "after the clearing"
	;;
esac
done_testing
