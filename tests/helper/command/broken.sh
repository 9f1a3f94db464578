#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A broken account, in every way that a file can be wrong: each command that asks it names the file (and the line,
# where there is one), ends with an error, and lets nothing pass; the agent refuses the key.
. "$(dirname "$0")/../../lib/common.sh"
private_etc "$0" "$@"
need_pki

devid() {
	run "${E[@]}" "$DEVID_COMMAND" "$@"
}
sound() {
	rm -rf "$T/config"
	mkdir -p "$T/config/signing" "$T/config/rules.d"
	cp "$PKI/issuing.crt" "$T/config/signing/issuing.pem"
	printf '[Account]\nOnUse=enforce\n[Revocation]\nSerialsFile=revoked\n' >"$T/config/account.conf"
	printf '# lost\n0a:0b\n' >"$T/config/revoked"
	printf '[Rule all]\nAction=allow\n' >"$T/config/rules.d/10.conf"
}
signs() {
	run "${E[@]}" "${PRELOAD[@]}" pkcs11-tool --module "$DEVID_MODULE" --token-label 'Device Identity' --sign \
		-m SHA256-RSA-PKCS --label laptop -i "$T/message" -o "$T/signature"
}

sound
echo message >"$T/message"
devid import-cert --user --store file --label laptop --password-file "$PKI/password" "$PKI/rsa2048.p12"
is "$rc" 0 "imported" || diag "$(last_run)"
devid check
is "$rc" 0 "a sound account: checked"
devid policy test --certificate valid
is "$rc" 0 "a sound account: allowed"
signs
is "$rc" 0 "a sound account: signed" || diag "$(last_run)"

# Each way begins with a sound account. NAME|PROBLEM (an expression)|COMMAND…, in the account's folder.
while IFS='|' read -r name problem spoil; do
	sound
	(cd "$T/config" && eval "$spoil") || bail "can't spoil: $name"
	for command in check 'check laptop' list status 'policy test --certificate valid' 'policy lint' posture 'ca list' \
		"verify $PKI/rsa2048.crt"; do
		[[ $command != verify* ]] || command="verify --config $T/config ${command#verify }"
		# shellcheck disable=SC2086
		devid $command
		like "$out$err" "$(printf '%s' "$problem" | sed 's/ /[[:space:]]+/g')" "$name: ${command%%/*}: says where"
		case $command in
		list | status) unlike "$out" 'ok$|check ok' "$name: $command: nothing passes" ;;
		*) is "$rc" 1 "$name: ${command%%/*}: ends with 1" || diag "$(last_run)" ;;
		esac
	done
	rm -f "$T/signature"
	signs
	isnt "$rc" 0 "$name: the key is refused"
	not_ok "$name: nothing is signed" test -s "$T/signature"
done <<'WAYS'
an unknown key|account.conf:2: unknown key OnUsed|sed -i s/OnUse/OnUsed/ account.conf
a doubled key|account.conf:3: OnUse is given twice|sed -i '2a OnUse=off' account.conf
a value that is none|account.conf:2: OnUse is none of|sed -i s/enforce/maybe/ account.conf
a key without a value|account.conf:2: OnUse has no value|sed -i s/enforce// account.conf
a key before any section|account.conf:1: OnUse stands before|sed -i 1d account.conf
Latin-1|account.conf:5: the line is not in UTF-8|printf 'Name=\351\n' >>account.conf
CR LF|account.conf:1: the line ends with CR LF|sed -i 's/$/\r/' account.conf
a NUL|account.conf:5: the line holds a NUL byte|printf 'x\0y\n' >>account.conf
too much|account.conf: it is larger than 65536 bytes|head -c 70000 /dev/zero | tr '\0' '#' >>account.conf
another owner|account.conf: it does not belong to|chown 65534 account.conf
writable by all|account.conf: others can write to it|chmod a+w account.conf
a FIFO|account.conf: it is not a regular file|rm account.conf; mkfifo account.conf
a link|account.conf: it is a link|mv account.conf real; ln -s real account.conf
a link to nothing|account.conf: it is a link|rm account.conf; ln -s /nonexistent account.conf
a rule without an action|rules.d/10.conf:1:.*Action=|sed -i 2d rules.d/10.conf
a rule with a profile that isn't there|rules.d/10.conf:.*Managed|echo Profiles=Managed >>rules.d/10.conf
a rule twice|rules.d/20.conf:1:.*all|cp rules.d/10.conf rules.d/20.conf
rules writable by all|rules.d/10.conf: others can write to it|chmod a+w rules.d/10.conf
rules that are a link|rules.d/10.conf: it is a link|mv rules.d/10.conf real; ln -s ../real rules.d/10.conf
rules in CR LF|rules.d/10.conf:1: the line ends with CR LF|sed -i 's/$/\r/' rules.d/10.conf
a signing certificate cut short|signing/issuing.pem: there is no certificate|head -n 5 signing/issuing.pem >x; mv x signing/issuing.pem
a sixth signing certificate|signing: 6 signing certificates, over the limit of 5|for i in 1 2 3 4 5; do cp signing/issuing.pem signing/$i.pem; done
a list of serials that is none|account.conf:4: SerialsFile.*line 3|echo laptop >>revoked
a list of serials with a NUL|account.conf:4: SerialsFile.*line 3: it holds a NUL byte|printf '0c\0d\n' >>revoked
a list of serials that is a FIFO|account.conf:4: SerialsFile.*not a regular file|rm revoked; mkfifo revoked
a list of serials that isn't there|account.conf:4: SerialsFile.*No such file|rm revoked
WAYS
sound
end_ours
signs
is "$rc" 0 "a sound account again: signed" || diag "$(last_run)"
done_testing
