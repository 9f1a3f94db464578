#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Firewall=: rulesets that are loaded into a network of the test's own by the real nft and iptables. What counts is
# what they do with what comes in; a unit that is active says nothing of it.
. "$(dirname "$0")/../../../lib/common.sh"
[ "$(id -u)" -eq 0 ] || skip_all "needs root"
private_network "$0" "$@"
private_etc "$0" "$@"
. "$(dirname "$0")/posture-lib.sh"

# ruleset TEXT: this one and no other.
ruleset() {
	printf 'flush ruleset\n%s\n' "$*" | nft -f - || bail "nft refuses a ruleset"
}
base() { # FAMILY POLICY RULES…
	local family=$1 policy=$2
	shift 2
	printf 'table %s f {\nchain in {\ntype filter hook input priority 0; policy %s;\n' "$family" "$policy"
	printf '%s\n' "$@"
	printf '}\n}\n'
}
cat /proc/net/if_inet6 >/dev/null || bail "needs IPv6"
ip link set lo up

# --- the unit is not the ruleset -----------------------------------------------------------------

systemd
units "nftables.service loaded active enabled"
ruleset 'table inet filter {
	chain input { type filter hook input priority filter; }
	chain forward { type filter hook forward priority filter; }
	chain output { type filter hook output priority filter; }
}'
finds "Firewall=any" fail "over IPv4 and is not accepted is let in .table inet filter, chain input" \
	"Debian's nftables.conf, which accepts all, with its unit active"
finds "Firewall=nftables" fail "over IPv6 and is not accepted is let in" "the same, by name"
ruleset
finds "Firewall=nftables" fail "no ruleset filters what comes in over IPv4; no ruleset .* IPv6" "no ruleset at all"
units "nftables.service loaded inactive disabled"
ruleset "$(base inet drop 'ct state established,related accept' 'iifname "lo" accept')"
finds "Firewall=any" pass "over IPv4 and is not accepted is kept out .table inet f, chain in.; .*IPv6.* kept out" \
	"a ruleset that drops, loaded by hand"
finds "Firewall=nftables" pass "kept out" "the same, by name"

# --- what keeps out ------------------------------------------------------------------------------

passes() { # NAME RULESET
	ruleset "$2"
	finds "Firewall=nftables" pass "kept out" "$1"
}
fails() { # NAME RULESET WORDS
	ruleset "$2"
	finds "Firewall=nftables" fail "${3:-let in}" "$1"
}
passes "a last rule that drops" "$(base inet accept 'tcp dport 22 accept' drop)"
passes "one that rejects" "$(base inet accept 'tcp dport 22 accept' 'counter log prefix "x" reject with icmpx admin-prohibited')"
passes "a chain for each protocol" "$(base ip drop)
$(base ip6 accept drop)"
passes "rules for each protocol in one chain" "$(base inet accept 'meta nfproto ipv4 drop' 'meta nfproto ipv6 reject')"
passes "a chain that all go to drops" 'table inet f {
	chain other { tcp dport 22 accept; goto last; }
	chain last { drop; }
	chain in { type filter hook input priority 0; policy accept; jump other; accept; }
}'
passes "one goes to accept and comes back, the policy drops" 'table inet f {
	chain other { return; accept; }
	chain in { type filter hook input priority 0; policy drop; jump other; }
}'
passes "one base chain of two drops" "$(base inet accept)
table inet g { chain in { type filter hook input priority 10; policy drop; }
}"

fails "a chain on output alone" 'table inet f { chain out { type filter hook output priority 0; policy drop; }
}' "no ruleset filters"
fails "a chain without a hook" 'table inet f { chain in { drop; }
}' "no ruleset filters"
fails "IPv6 is forgotten" "$(base ip drop)" "^no ruleset filters what comes in over IPv6$"
fails "IPv4 is forgotten" "$(base ip6 drop)" "^no ruleset filters what comes in over IPv4$"
fails "the last rule drops some alone" "$(base inet accept 'tcp dport 1-1000 drop')"
fails "or seldom" "$(base inet accept 'limit rate over 10/second drop')"
fails "all is accepted before what drops" "$(base inet drop 'counter accept')"
fails "or by a chain that all go to" 'table inet f {
	chain other { tcp dport 22 drop; accept; }
	chain in { type filter hook input priority 0; policy drop; jump other; drop; }
}'
fails "a chain that drops, and that none go to" 'table inet f {
	chain other { drop; }
	chain in { type filter hook input priority 0; policy accept; tcp dport 22 jump other; }
}'
fails "all of one protocol is accepted" "$(base inet drop 'meta nfproto ipv6 accept')" "IPv6 and is not accepted is let in"
fails "it goes back before it drops" "$(base inet accept return drop)"
fails "a table that sleeps" 'table inet f {
	flags dormant;
	chain in { type filter hook input priority 0; policy drop; }
}' "no ruleset filters"

# --- iptables ------------------------------------------------------------------------------------

ruleset
iptables-nft -A INPUT -i lo -j ACCEPT && iptables-nft -A INPUT -j LOG && iptables-nft -A INPUT -j REJECT || bail "no iptables"
finds "Firewall=any" fail "^no ruleset filters what comes in over IPv6" "iptables without ip6tables"
ip6tables-nft -P INPUT DROP || bail "no ip6tables"
finds "Firewall=any" pass "IPv4.* is kept out .table ip filter, chain INPUT" "iptables with its last rule, ip6tables by policy"
iptables-nft -I INPUT -m conntrack --ctstate NEW -j ACCEPT
finds "Firewall=any" pass "kept out" "with a match that nft doesn't know"
iptables-nft -I INPUT -j ACCEPT
finds "Firewall=any" fail "IPv4 and is not accepted is let in" "with a rule that accepts all"

# --- ufw and firewalld: they, and what they loaded ------------------------------------------------

good=$(base inet drop)
ruleset "$good"
finds "Firewall=ufw; firewalld" fail "ufw.service is not installed; firewalld" "another firewall than those named"
units "firewalld.service loaded active enabled" "ufw.service loaded active enabled"
finds "Firewall=firewalld" pass "firewalld.service is active; .*kept out" "firewalld"
finds "Firewall=ufw" fail "^ufw is not enabled" "ufw's unit without its file"
mkdir -p "$R/etc/ufw"
printf '# no\nENABLED=no\n' >"$R/etc/ufw/ufw.conf"
finds "Firewall=ufw" fail "^ufw is not enabled" "ufw switched off"
: >"$R/etc/ufw/ufw.conf"
finds "Firewall=ufw" fail "^ufw is not enabled" "an empty file of ufw's"
printf 'LOGLEVEL=low\nENABLED=yes\n' >"$R/etc/ufw/ufw.conf"
finds "Firewall=ufw" pass "ufw is enabled; .*kept out" "ufw"
ruleset
finds "Firewall=ufw" fail "^no ruleset filters" "ufw enabled, its rules flushed"
finds "Firewall=firewalld" fail "^no ruleset filters" "firewalld active, its rules flushed"
ruleset "$good"
units "ufw.service loaded inactive enabled"
finds "Firewall=ufw" fail "^ufw.service is inactive$" "ufw enabled and not active"
rm "$R/etc/ufw/ufw.conf"
mkdir "$R/etc/ufw/ufw.conf"
units "ufw.service loaded active enabled"
finds "Firewall=ufw" unknown "ufw.conf can't be read" "ufw with a file that is none"
finds "Firewall=any" pass "kept out" "which does not matter where any will do"

# --- who can't look can't tell --------------------------------------------------------------------

profile "Firewall=any"
run setpriv --bounding-set=-net_admin --inh-caps=-net_admin "${E[@]}" "$DEVID_COMMAND" posture --json
is "$(json 'j["profiles"][0]["checks"][0]["answer"]')" unknown "root without the capability"
like "$out" "nft can't tell" "and says so"
chmod -R go+rX "$T"
run setpriv --reuid=65534 --regid=65534 --clear-groups "${E[@]}" "$DEVID_COMMAND" posture --json
like "$out" "the ruleset is for root alone to read" "another user"

# nft NAME LINES WORDS: another one, in a name space of mounts that is the test's own.
nft_is() {
	printf '#!/bin/bash\n[ "$1" != -t ] || exec echo "table inet f {"\n%s\n' "$2" >"$T/nft"
	chmod 755 "$T/nft"
	mount --bind "$T/nft" /usr/sbin/nft || bail "can't mount"
	RUN_BOUND=30 finds "Firewall=any" unknown "$3" "nft $1"
	umount /usr/sbin/nft
}
units
nft_is "hangs" "exec sleep 60" "did not answer"
nft_is "fails" "exit 1" "nft can't tell"
nft_is "writes nothing" "exit 0" "can't be read"
nft_is "writes something else" 'echo "[1]"' "can't be read"
nft_is "doesn't end" "yes" "did not answer"
# rules JSON…: of a chain that drops by its policy.
rules() {
	local rule all='{"chain": {"family": "inet", "table": "f", "name": "in", "hook": "input", "type": "filter", "policy": "drop"}}'
	for rule; do all+=", {\"rule\": {\"family\": \"inet\", \"table\": \"f\", \"chain\": \"in\"$rule}}"; done
	printf "echo '{\"nftables\": [7, {\"rule\": {\"chain\": 3}}, %s]}'" "$all"
}
nft_is "writes a rule without statements" "$(rules "")" "can't be followed"
nft_is "writes statements that are none" "$(rules ', "expr": 7')" "can't be followed"
nft_is "has a program decide" "$(rules ', "expr": [{"queue": null}]')" "can't be followed"
nft_is "jumps in a circle" "$(rules ', "expr": [{"jump": {"target": "in"}}]')" "can't be followed"
done_testing
