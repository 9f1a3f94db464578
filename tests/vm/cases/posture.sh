# SPDX-License-Identifier: LGPL-2.1-or-later
# Posture against what it is about: LUKS on the kernel's dm-crypt, nftables and ufw with their rules in the kernel, ClamAV's
# daemons, the units of a systemd that has booted, this Debian's os-release. What the command finds, the machine's agent
# finds in its sandbox, but for the ruleset, which is root's to read.
. /folder/tests/vm/guest.sh

profile() { # NAME LINE…
	printf '[Profile %s]\n' "$1"
	printf '%s\n' "${@:2}"
}
# posture USER NAME: what the profile's one check answers. Emulated, an answer may not come within its bound of 3 s.
posture() {
	local try
	for try in 1 2 3 4 5 6 7 8; do
		run_by "$1" devid posture --profile "$2" --json
		[[ $out == *'no answer within'* ]] || return 0
		diag "try $try: no answer"
	done
}
# finds NAME ANSWER WORDS WHEN: root.
finds() {
	posture root "$1"
	is "$(jq -r '.profiles[0].checks[0].answer' <<<"$out")" "$2" "$4: $1: $2"
	like "$(jq -r '.profiles[0].checks[0].message' <<<"$out")" "$3" "in words"
}
# The agent, where that profile alone lets in. It would keep its answer for a minute.
agent_asks() {
	systemctl stop devid-agent.service 2>/dev/null
	printf '[Rule only]\nProfiles=%s\nAction=allow\n' "$1" >/etc/devid/rules.d/1.conf
	signs alice "$PKI/p256.crt"
}
lets_in() { # NAME WHEN
	ok "$2: the agent finds the same of $1, and signs" wait_for 15 agent_asks "$1" ||
		diag "$(tail -n 3 /var/log/devid/refusals.jsonl)"
}
keeps_out() { # NAME WHEN
	not_ok "$2: the agent finds the same of $1, and doesn't" agent_asks "$1"
}
ruleset() {
	printf '#!/usr/sbin/nft -f\nflush ruleset\n%s\n' "$1" >/etc/nftables.conf
	systemctl restart nftables
}
encrypted() { # FILE NAME
	truncate -s 64M "$1"
	printf pw | cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$1" - &&
		printf pw | cryptsetup open "$1" "$2" --key-file - &&
		mke2fs -q "/dev/mapper/$2"
}

{
	printf '[Account]\nName=Example\nOnUse=enforce\n'
	profile system 'OperatingSystem=debian>=12'
	profile newer 'OperatingSystem=debian>=99; ubuntu>=22.04'
	profile root DiskEncryption=root
	profile home DiskEncryption=home
	profile firewall Firewall=any
	profile unknown Firewall=any IfUnknown=pass
	profile nftables Firewall=nftables
	profile ufw Firewall=ufw
	profile clamav 'AntiMalware=clamav>=1.0'
	profile units 'Unit=apparmor.service; ssh.service:inactive; devid-agent.socket:enabled'
} >/etc/devid/account.conf
mkdir -p /etc/devid/rules.d
run devid import-cert --system --label laptop --password-file "$PKI/password" "$PKI/p256.p12"
is "$rc" 0 "imported" || diag "$(last_run)"

# --- as it was installed
finds system pass 'debian.*12' "Debian"
lets_in system "Debian"
finds newer fail 'debian' "Debian"
keeps_out newer "Debian"
finds units pass 'apparmor\.service is active' "units"
lets_in units "units"
finds root fail '^/: ' "a disk without LUKS"
keeps_out root "a disk without LUKS"
finds home fail '/home: ' "a disk without LUKS"
finds firewall fail 'no ruleset filters' "no firewall"
finds clamav fail 'clamav-daemon\.service is inactive' "ClamAV doesn't run"

# --- a disk
ok "a device with LUKS" encrypted /var/tmp/luks home
cp -a /home /var/tmp/home
ok "is mounted as /home" mount /dev/mapper/home /home
cp -a /var/tmp/home/. /home/
finds home pass '/home: ' "LUKS"
lets_in home "LUKS"
finds root fail '^/: ' "LUKS under /home alone"
ok "which goes" umount /home
finds home fail '/home: ' "LUKS has gone"
keeps_out home "LUKS has gone"
cryptsetup close home

# --- a firewall
ruleset 'table inet f { chain input { type filter hook input priority 0; policy drop; iif lo accept; ct state established,related accept; } }'
is "$(systemctl is-active nftables)" active "nftables' unit"
finds firewall pass 'table inet f, chain input' "nftables"
finds nftables pass 'kept out' "nftables"
finds ufw fail 'ufw is not enabled' "nftables, and no ufw"
posture alice nftables
is "$(jq -r '.profiles[0].checks[0].answer' <<<"$out")" unknown "a user can't tell"
like "$out" 'for root alone to read' "in words"
not_ok "nor can the agent, which doesn't sign" agent_asks firewall
ok "unless the profile says that it shall" agent_asks unknown
nft flush ruleset
finds nftables fail 'no ruleset filters' "the ruleset was flushed, and the unit is active"
systemctl stop nftables
ok "ufw is enabled" ufw --force enable
finds ufw pass 'ufw is enabled; .*kept out' "ufw"
finds firewall pass 'kept out' "ufw"
ok "ufw is disabled" ufw disable
finds ufw fail 'ufw is not enabled' "ufw is disabled"

# --- a scanner
# A signature of its own in place of the 300 MB that come from elsewhere; the unit's condition looks for their names.
printf '44d88612fea8a8f36de82e1278abb02f:68:Example\n' >/var/lib/clamav/example.hdb
mkdir /var/lib/clamav/main.inc /var/lib/clamav/daily.inc
printf 'OnAccessIncludePath /srv\nOnAccessExcludeUname clamav\n' >>/etc/clamav/clamd.conf
systemctl start clamav-daemon
is "$(systemctl is-active clamav-daemon)" active "ClamAV's daemon runs" || diag "$(journalctl -b -u clamav-daemon -o cat --no-pager | tail -n 20)"
finds clamav fail 'clamav-clamonacc\.service is inactive' "without its scanner"
keeps_out clamav "without its scanner"
systemctl start clamav-clamonacc
is "$(systemctl is-active clamav-clamonacc)" active "and the scanner" || diag "$(journalctl -b -u clamav-clamonacc -o cat --no-pager | tail -n 20)"
finds clamav pass 'clamav-clamonacc\.service is active' "ClamAV"
lets_in clamav "ClamAV"
systemctl stop clamav-clamonacc clamav-daemon
nothing_denied
done_testing
