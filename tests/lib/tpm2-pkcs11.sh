# SPDX-License-Identifier: LGPL-2.1-or-later
# A token of tpm2-pkcs11 in the TPM that tpm.sh started. After that:
#
#	tpm2_pkcs11 LABEL		the token, with the PIN 1234; sets FOREIGN_MODULE
#
# Its command runs tpm2-tools, which leave what they loaded in the TPM where no resource manager takes it out again.

FOREIGN_MODULE=$(pkg-config --variable=p11_module_path p11-kit-1)/libtpm2_pkcs11.so

tpm2_pkcs11() {
	local tool tools=$T/tpm2-tools
	mkdir -p "$tools" "$T/tpm2-store"
	for tool in /usr/bin/tpm2_*; do
		[ "${tool##*/}" != tpm2_ptool ] || continue
		printf '#!/bin/sh\n/usr/bin/tpm2_flushcontext --transient-object\nexec %s "$@"\n' "$tool" >"$tools/${tool##*/}"
		chmod 755 "$tools/${tool##*/}"
	done
	env_set "TPM2_PKCS11_STORE=$T/tpm2-store" "TPM2_PKCS11_TCTI=swtpm:path=$TPM_SOCKET" TSS2_LOG=all+NONE
	{ "${E[@]}" "${TPM[@]}" PATH="$tools:$PATH" tpm2_ptool init &&
		"${E[@]}" "${TPM[@]}" PATH="$tools:$PATH" tpm2_ptool addtoken --pid 1 --label "$1" --userpin 1234 --sopin 5678 &&
		"${TPM[@]}" tpm2_flushcontext --transient-object; } >"$T/ptool.log" 2>&1 || bail "no token: $(cat "$T/ptool.log")"
}
