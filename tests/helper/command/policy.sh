#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid policy, and what devid check says where the account has settings, offices or rules.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/certs/pki.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
STATE=$T/home/.local/state/devid
ME=$(id -un)

# account CONF RULES
account() {
	make_account issuing
	printf '%b' "$1" >"$T/config/account.conf"
	mkdir "$T/config/rules.d"
	[ -z "${2:-}" ] || printf '%b' "$2" >"$T/config/rules.d/10.conf"
}
# Of what was allowed since the logs were emptied and of what wasn't, the last event of a type as JSON in $out.
last_event() {
	out=$(grep -hs "\"event_type\":\"$1\"" "$STATE"/{uses,refusals}.jsonl | tail -n 1)
}

# --- no account, and a broken one
for action in show test lint; do
	devid policy $action
	is "$rc" 6 "policy $action without an account ends with 6"
	devid policy $action --json
	is "$rc $(json 'j["reason"]')" "6 no-account" "… and says so in JSON"
done
account '[Account]\nNmae=x\n'
for action in show test lint; do
	devid policy $action
	is "$rc" 1 "policy $action: a broken account is an error"
	like "$err" 'account.conf:2: unknown key Nmae' "… told with file and line"
	unlike "$out" allowed "… and nothing is allowed"
done
account '' '[Rule x]\nAction=allow\nProfiles=none\n'
devid policy test --certificate valid
is "$rc" 1 "a rule with a profile that is not there: an error"
like "$err" 'rules.d/10.conf:1: \[Rule x\] names profile none' "… with file and line"

# --- words that are off
account '[Profile P]\nDeviceCertificate=yes\n' '[Rule x]\nAction=allow\n'
for words in '--os BeOS' '--origin home' '--certificate good' '--profile P' '--profile P=maybe' '--profile Q=pass' \
	'--certificate none --identity x' 'more' '--groups x'; do
	devid policy test $words
	is "$rc:$out" "2:" "policy test $words: the words are off"
	like "$err" 'hint: devid (help policy test|policy show)' "with where the right ones are"
done
devid policy show more
is "$rc" 2 "so are policy show more"
devid policy lint more
is "$rc" 2 "and policy lint more"
devid policy test --identity nobody
isnt "$rc" 0 "an identity that is not there is an error"

# --- show
account '[DeviceAuthentication]\nmacOS=block\n[User alice]\nOverride=yes\nLinux=allow\n[User bob]\nLinux=block\n
[Group team]\nMembers=alice; @staff\n[Office hq]\nGatewayAddress=192.0.2.1\nGatewayMAC=00:11:22:33:44:55\n
[Profile P]\nDeviceCertificate=yes\nIfUnknown=pass\n' \
	'[Rule pilot]\nDescription=the pilots\nUsers=@team; carol\nPlatforms=Linux; iOS\nOrigin=remote\nProfiles=P\nAction=allow
[Rule off]\nEnabled=no\nAction=allow-internet\n'
devid policy show
is "$rc" 0 "policy show"
for line in 'everybody +require +block +require +require +require' 'alice +allow$' 'bob \(off\) +block$' \
	'team +alice; @staff' 'hq +gateway 192.0.2.1' '^in an office no device certificate is asked for; rules and posture count$' 'P +DeviceCertificate=yes \(unknown: pass\)' \
	'1 +pilot +@team; carol +iOS; Linux +remote +P +allow$' '  the pilots' '2 +off \(off\) +\* +any +any +- +allow-internet' \
	'\(unwritten\) +\* +any +any +- +block$'; do
	ok "it has a line: $line" grep -qE "$line" <<<"$out"
done
narrow "$out" "no line is too wide"
devid policy show --json
is "$(json '[r["name"] for r in j["rules"]], j["otherwise"], j["settings"]["macOS"], j["rules"][0]["users"]')" \
	"(['pilot', 'off'], 'block', 'block', ['@team', 'carol'])" "the same in JSON"
is "$(json '[(u["name"], u["override"], u["settings"]) for u in j["users"]], j["profiles"], j["offices"][0]["gateway_mac"]')" \
	"([('alice', True, {'Linux': 'allow'}), ('bob', False, {'Linux': 'block'})], [{'name': 'P', 'if_unknown': 'pass', 'checks': {'DeviceCertificate': 'yes'}}], '00:11:22:33:44:55')" \
	"… users, profiles and offices too"

for text in data/man/devid-account.5 data/account.conf; do
	like "$(tr -s '#\n ' ' ' <"$DEVID_SOURCE/$text" | sed 's/ \.[A-Z]* / /g')" \
		'o (device )?certificate is asked for.{1,60}Rules.{1,60}Origin=office.{1,60}posture' "$text says what counts in an office"
done

# --- test: the trace
devid policy test --user dave --os iOS --origin remote --certificate valid --profile P=fail
is "$rc" 4 "what no rule lets in ends with 4"
like "$out" 'pilot: Users= does not name dave, nor a group of theirs' "it is told why a rule did not match"
like "$out" 'off: Enabled=no' "… and that one is off"
like "$out" '\(last, unwritten\): matches: block' "… and which rule blocks"
like "$err" 'devid: policy: no rule of the account lets this device in' "the refusal has its words"
devid policy test --user dave --os iOS --group team --origin remote --certificate valid
is "$rc" 0 "a group that is given counts, and what is unknown as the profile says"
devid policy test --user dave --os iOS --group staff --origin remote --certificate valid
is "$rc" 0 "so does a group of the account with such a member"
devid policy test --user dave --os iOS --group team --origin office --certificate valid
is "$rc" 4 "a rule for remote connections is not for the office"
devid policy test --user dave --os iOS --group team
is "$rc" 3 "without a certificate it is a certificate error"
devid policy test --user dave --os macOS --group team --certificate valid
is "$rc" 4 "a system that is blocked"
like "$err" 'the account blocks macOS' "… with its words"
devid policy test --user carol --os Linux --profile P=fail --json
is "$(json 'j["allowed"], j["reason"], j["origin"], [s["why"] for s in j["rules"]]')" \
	"(False, 'no-certificate', 'unknown', ['the device does not meet profile P', 'Enabled=no', None])" "test --json"

# --- test: this machine
account '[Profile P]\nDeviceCertificate=yes\n' '[Rule here]\nProfiles=P\nOrigin=remote\nAction=allow-internet\n'
devid policy test
is "$rc" 3 "no identity: the certificate is missing"
make_record user laptop file "$PKI/p256.crt"
make_key user "$PKI/p256"
devid policy test
is "$rc" 0 "the identity that would be used, and the profiles of this machine, are found out"
like "$out" "$ME on Linux: .*allowed, to the internet alone" "… for the one who asks, on Linux"
like "$out" 'here: matches: allow-internet' "… with the rule"
devid policy test --identity laptop --os Windows --profile P=pass --json
is "$rc:$(json 'j["certificate"]')" "0:valid" "an identity can be named for another system"
devid policy test --user dave --json
is "$rc:$(json 'j["certificate"], j["reason"]')" "3:('none', 'no-certificate')" "of anybody else nothing is known"

# --- lint
devid policy lint
is "$rc:$out" "0:nothing to warn of." "nothing to warn of"
account '[Profile P]\nDeviceCertificate=yes\n' '[Rule l]\nPlatforms=Linux\nProfiles=P\nAction=allow\n'
devid policy lint
is "$rc" 1 "a warning ends with 1"
like "$out" '^systems-blocked: no rule lets Windows, macOS, iOS, Android in' "the rule that blocks all else is told"
like "$out" '  hint: ' "… with a hint"
devid policy lint --json
is "$rc:$(json '[w["word"] for w in j["warnings"]]')" "1:['systems-blocked']" "and in JSON"

# --- check: the rules decide as well
rm -f "$STATE"/*.jsonl
devid check
is "$rc" 0 "check: the certificate and the rule are good"
like "$out" 'allowed by rule l' "… which is told"
last_event Connectivity
is "$(json 'j["event_sub_type"], j["action"], j["rule_name"], j["label"]')" "('Local Check', 'Allowed', 'l', 'laptop')" \
	"… and an event"
account '' "[Rule not you]\nUsers=$ME\nAction=block\n[Rule rest]\nAction=allow\n"
devid check
is "$rc" 4 "check: blocked by a rule"
like "$err" 'laptop: rule not you of the account blocks \(.*/rules.d/10.conf:1\)' "… which is named, with its place"
last_event Connectivity
is "$(json 'j["action"], j["reason"], j["rule_name"]')" "('Blocked', 'rule-blocked', 'not you')" "… an event has it"
last_event "Device Certificate"
is "$(json 'j["action"]')" Succeeded "… and the certificate was good"
devid check --json
is "$rc:$(json 'j["reason"], j["identities"][0]["policy"]["rule"], j["identities"][0]["check"]["result"]')" \
	"4:('rule-blocked', 'not you', 'ok')" "… and JSON"
devid check --quiet
is "$rc:$out$err" "4:" "quietly"
account '[DeviceAuthentication]\nLinux=block\n'
devid check
is "$rc" 4 "check: the system is blocked"
account '[Profile P]\nFirewall=any\n' '[Rule p]\nProfiles=P\nAction=allow\n'
env_set "DEVID_TEST_ROOT=$T/root"
mkdir -p "$T/root/proc/net"
devid check
is "$rc" 4 "check: a profile that is not met, and nothing after it"
like "$err" 'no rule of the account lets this device in' "… in words"

# --- check: a certificate that is not asked for
account '[DeviceAuthentication]\nLinux=allow\n'
rm "$T/config/signing"/*
devid check
is "$rc" 0 "check: let in without a certificate"
like "$out" 'laptop: ok: no certificate is asked for' "… which is told"
like "$err" 'warning: laptop: the account has no signing certificate' "… and what is wrong with it"
rm -rf "$RECORDS_USER"
devid check
is "$rc" 0 "also where there is none"
devid check --json
is "$rc:$(json 'j["result"], j["policy"]["setting"], j["identities"]')" "0:('ok', 'allow', [])" "… and in JSON"
account '[Office hq]\nGatewayAddress=192.0.2.1\nGatewayMAC=00:11:22:33:44:55\n'
devid check
is "$rc" 3 "check: required, and this is not the office"
printf 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\neth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n' \
	>"$T/root/proc/net/route"
printf 'IP address       HW type     Flags       HW address            Mask     Device\n192.0.2.1        0x1         0x2         00:11:22:33:44:55     *        eth0\n' \
	>"$T/root/proc/net/arp"
devid check
is "$rc" 0 "check: in the office it is not asked for"
like "$out" 'this is the office' "… which is told"
sed -i 's/:55/:56/' "$T/root/proc/net/arp"
devid check
is "$rc" 3 "another gateway's MAC is not the office"

# --- without any of it nothing changes
make_account issuing
make_record user laptop file "$PKI/p256.crt"
make_key user "$PKI/p256"
rm -f "$STATE"/*.jsonl
devid check
is "$rc" 0 "check without a policy"
is "$(cat "$STATE"/*.jsonl | grep -c Connectivity)" 0 "… writes no event of one"
devid check --json
unlike "$out" '"policy"' "… and says nothing of one"
done_testing
