#!/bin/bash
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/machine.sh"
. "$(dirname "$0")/../lib/keyring.sh"
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/gateway.sh"
. "$(dirname "$0")/../lib/network-manager.sh"
client_machine "$0" "$@"
gateway_network
gateway_start 'auth = "certificate"'
D=/etc/devid/connections.d
mkdir -p "$D"
printf '[Connection]\nGateway=server.test:4443\nClient=networkmanager\nCAFile=%s\n' "$PKI/root.crt" >"$D/work.conf"
system_bus_start
desktop_session alice
desktop_allows alice
polkit_start
network_manager_start
run "${E[@]}" devid connect work --identity rsa
is "$rc" 0 "connected"
diag "$out $err"
diag "$(tail -n 60 "$NM_LOG")"
diag "$(nmcli connection; "${E[@]}" nmcli connection; ps ax | grep openconnect; ip addr; ip route)"
ok "ping" gateway_echoes
run "${E[@]}" devid disconnect
diag "$out $err"
diag "$(nmcli connection; pgrep -a openconnect)"
diag "$(cat /users/alice/x $HOME_ALICE/.local/state/devid/connections/work.log)"
diag "$(tail -n 30 "$NM_LOG")"
done_testing
