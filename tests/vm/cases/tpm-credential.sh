# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine's identity in a TPM, with a credential that systemd seals with the host's key and, where it finds the TPM fit
# for that, with the same TPM; by the kernel's own driver and the shipped units: imported, used, after a change of what PCR 7
# measures, after a reboot, without the host's key, and after the TPM was cleared.
. /folder/tests/vm/guest.sh
FILE=/etc/credstore.encrypted/devid-tpm-auth

# As the first 16 bytes say: systemd's CRED_AES256_GCM_BY_HOST, and ..._BY_HOST_AND_TPM2_HMAC.
sealed_by() {
	case $(base64 -d $FILE | head -c 16 | od -An -tx1 | tr -d ' \n') in
	5a1c6a86df9d4096b1d5a65e0862f19a) echo host ;;
	93a894094874449090caf2fc93cab553) echo host+tpm2 ;;
	*) echo otherwise ;;
	esac
}
credential_units() {
	systemctl list-units --all --no-legend 'devid-credential@*' | wc -l
}
no_units() {
	[ "$(credential_units)" = 0 ]
}
all_sign() { # WHEN
	local who
	for who in root alice; do
		ok "$1: $who signs" signs $who "$PKI/p256.crt"
	done
	ok "$1: with a key in a file, too" signs alice "$PKI/second.crt"
}
lost() { # WHEN CAUSE PATTERN
	systemctl stop devid-agent.service
	if signs alice "$PKI/p256.crt" >"$T/out" 2>&1; then fail "$1: no signature"; else pass "$1: no signature"; fi
	is "$(sed -n 's/.*"reason":"\([^"]*\)".*/\1/p' /var/log/devid/refusals.jsonl | tail -n 1)" "$2" "$1: the event's word"
	ok "$1: a key in a file signs" signs alice "$PKI/second.crt"
	run devid doctor
	like "$(tr -s ' \n' ' ' <<<"$out")" "$3" "$1: doctor says so"
}

case $VM_BOOT in
1)
	run devid import-cert --system --label second --password-file "$PKI/password" --store file "$PKI/second.p12"
	is "$rc" 0 "a key in a file: imported" || diag "$(last_run)"
	ok "no credential is made for it" test ! -e $FILE
	is "$(systemctl is-active devid-credential.socket)" active "the agent's unit has brought the credential's socket"
	run devid import-cert --system --store tpm --tpm-auth credential --label p256 --password-file "$PKI/password" "$PKI/p256.p12"
	is "$rc" 0 "one in the TPM that needs the credential: imported" ||
		diag "$(last_run)" "$(journalctl -b -u 'devid-credential*' -u devid-agent --no-pager -o cat | tail -n 20)"
	is "$(stat -c %U:%a $FILE)" root:600 "the credential is root's"
	like "$(sealed_by)" '^(host|host\+tpm2)$' "and sealed"
	[ "$(sealed_by)" = host+tpm2 ] ||
		diag "without the TPM: $(systemd-creds encrypt --with-key=tpm2 --tpm2-pcrs= --name=x - /dev/null 2>&1 <<<x)"
	all_sign "imported"
	ok "each was handed out by a unit that is gone" wait_for 20 no_units
	systemctl stop devid-agent.service
	ok "an update of Secure Boot's certificates" tpm2_pcrextend 7:sha256=5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f
	all_sign "PCR 7 is another"
	nothing_denied
	reboot_machine
	;;
2)
	all_sign "rebooted"
	mv /var/lib/systemd/credential.secret "$STAY/secret"
	lost "without the host's key" tpm-credential "$FILE: systemd can't decrypt it"
	mv "$STAY/secret" /var/lib/systemd/credential.secret
	systemctl stop devid-agent.service
	all_sign "with it again"
	nothing_denied "after the reboot"
	ok "the TPM is cleared" tpm2_clear -c l
	reboot_machine
	;;
3)
	if [ "$(sealed_by)" = host+tpm2 ]; then
		lost "cleared" tpm-credential "$FILE: systemd can't decrypt it"
		rm $FILE
	else
		lost "cleared" tpm-other 'import the identity again'
	fi
	run devid import-cert --system --store tpm --tpm-auth credential --replace --label p256 --password-file "$PKI/password" "$PKI/p256.p12"
	is "$rc" 0 "as doctor says: imported again" || diag "$(last_run)"
	all_sign "imported again"
	ok "no unit stays" wait_for 20 no_units
	nothing_denied "after the clearing"
	;;
esac
done_testing
