# SPDX-License-Identifier: LGPL-2.1-or-later
# An OpenSSH server on loopback that takes a key and nothing else. After common.sh and machine.sh:
#
#	ssh_server		at 127.0.0.1, port $SSH_PORT, its own key in $T/known; a login as any user is taken with
#				a key of $T/authorized
#	ssh_public NAME		the public key of that certificate, as $T/NAME.pub
#	ssh_knows NAME		it takes that key alone, and its log $T/sshd.log begins anew
#	ssh_accepted NAME USER	it took that key (for wait_for: its log may be late)
#	ssh_offered		the keys it was offered and didn't take, each once

SSH_PORT=2222

ssh_server() {
	ssh-keygen -q -t ed25519 -N '' -f "$T/host"
	mkdir -p /run/sshd
	cat >"$T/sshd.conf" <<-X
		Port $SSH_PORT
		ListenAddress 127.0.0.1
		HostKey $T/host
		AuthorizedKeysFile $T/authorized
		PidFile none
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		LogLevel VERBOSE
	X
	/usr/sbin/sshd -D -e -f "$T/sshd.conf" >>"$T/sshd.log" 2>&1 &
	track $!
	wait_for 5 port_listens $SSH_PORT || bail "no sshd: $(cat "$T/sshd.log")"
	echo "[127.0.0.1]:$SSH_PORT $(cat "$T/host.pub")" >"$T/known"
}

ssh_public() {
	openssl x509 -in "$PKI/$1.crt" -noout -pubkey >"$T/$1.pem"
	ssh-keygen -i -m PKCS8 -f "$T/$1.pem" >"$T/$1.pub"
}

ssh_knows() {
	cp "$T/$1.pub" "$T/authorized"
	: >"$T/sshd.log"
}

ssh_fingerprint() {
	ssh-keygen -l -f "$T/$1.pub" | cut -d' ' -f2
}

ssh_accepted() {
	grep -q "Accepted publickey for $2 .* $(ssh_fingerprint "$1")" "$T/sshd.log"
}

ssh_offered() {
	sed -n 's/\r$//; s/^Failed publickey for .* //p' "$T/sshd.log" | sort -u
}
