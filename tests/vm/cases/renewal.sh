# SPDX-License-Identifier: LGPL-2.1-or-later
# AfterRenewal= with real units: what can be reloaded is, what can't is restarted, and devid show tells of a program by its
# unit. Each unit is a server of TLS that has the machine's identity by its URI.
. /folder/tests/vm/guest.sh

unit() { # NAME PORT [LINE…]
	cat >"/etc/systemd/system/$1.service" <<-UNIT
		[Service]
		User=alice
		ExecStart=/usr/bin/gnutls-serv --quiet --port $2 "--x509keyfile=pkcs11:token=Device%%20Identity%%20(system);object=laptop;type=private" "--x509certfile=pkcs11:token=Device%%20Identity%%20(system);object=laptop;type=cert"
		${3:-}
	UNIT
}
process() {
	systemctl show -p MainPID --value "$1"
}
replace() {
	run devid import-cert --system --replace --label laptop --password-file "$PKI/password" "$PKI/$1.p12"
}
subject() { # PORT
	openssl s_client -connect "127.0.0.1:$1" </dev/null 2>/dev/null | openssl x509 -noout -subject
}
serves() {
	subject "$1" | grep -q "$2"
}

run devid import-cert --system --label laptop --password-file "$PKI/password" "$PKI/rsa2048.p12"
is "$rc" 0 "imported" || diag "$(last_run)"
unit reloads 4001 "ExecReload=/bin/sh -c 'echo reloaded >>/run/reloaded'"
unit restarts 4002
unit stays 4003
systemctl daemon-reload
systemctl start reloads restarts stays
for port in 4001 4002 4003; do
	ok "a server on $port has the identity" wait_for 20 serves $port laptop-rsa2048
done
printf '[Account]\nName=Example\nAfterRenewal=reloads.service restarts.service unknown.service\n' >/etc/devid/account.conf
install -m 666 /dev/null /run/reloaded
reloads=$(process reloads) restarts=$(process restarts) stays=$(process stays)
replace p256
is "$rc" 0 "replaced by another key" || diag "$(last_run)"
is "$(cat /run/reloaded)" reloaded "what can be reloaded was"
is "$(process reloads)" "$reloads" "and goes on"
isnt "$(process restarts)" "$restarts" "what can't was restarted"
is "$(process stays)" "$stays" "what the account doesn't name was left alone"
like "$err" 'warning: .*unknown\.service' "an unknown unit is a warning"
ok "restarted, it serves the new one" wait_for 20 serves 4002 laptop-p256
ok "what goes on serves the former one" serves 4003 laptop-rsa2048
run devid show --system laptop
like "$err" 'gnutls-serv.*stays\.service' "devid show names the program with its unit"
like "$err" 'gnutls-serv.*reloads\.service' "and the one that was reloaded, but goes on with what it has"
unlike "$err" 'restarts\.service' "and not the one that was restarted"
systemctl restart stays reloads
run devid show --system laptop
unlike "$err" '(stays|reloads)\.service' "restarted, they are not told of"
run devid import-cert --system --replace --label laptop --password-file "$PKI/password" "$PKI/p256.p12" --json
is "$(jq -r .changed <<<"$out")" false "the same again changes nothing" || diag "$(last_run)"
is "$(cat /run/reloaded)" reloaded "and asks nobody to reload"
nothing_denied
systemctl stop reloads restarts stays
done_testing
