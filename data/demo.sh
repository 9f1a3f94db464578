#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shows the main jobs of devid on this machine and changes nothing of it but the packages that apt adds:
# the programs are built in build-demo/ and then laid over /usr in name spaces of mounts, processes and
# networks that end with this script. Run it as root on Debian 12:
#
#	bash data/demo.sh
#
# It ends with 0 only if every step did what it says.
set -u
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")/.." && pwd)
build=${DEVID_DEMO_BUILD:-$here/build-demo}

# Lines are laid out for 80 columns.
say() {
	printf '%s\n' "$*" | fold -s -w 80
}
step() {
	printf '\n\033[1m%s\033[0m\n' "$(printf '== %s' "$*" | fold -s -w 80)" | { [ -t 1 ] && cat || sed 's/\x1b\[[0-9]*m//g'; }
}
give_up() {
	say "demo: $*" >&2
	exit 1
}

# What ninja counts, as it goes: on a terminal in one line, else a line a quarter.
progress() {
	local line done all told=0
	while read -r line; do
		[[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
		done=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]}
		if [ -t 1 ]; then
			printf '\r  step %s of %s ' "$done" "$all"
		elif [ $((done * 4 / all)) -gt "$told" ]; then
			told=$((done * 4 / all))
			say "  step $done of $all"
		fi
	done
	[ ! -t 1 ] || printf '\n'
}

# --- outside: packages and the build -------------------------------------------------------------

if [ -z "${DEVID_DEMO_INSIDE:-}" ]; then
	[ "$(id -u)" -eq 0 ] || give_up "must run as root (it makes name spaces and users of its own)"
	unshare -mnp --fork --mount-proc --propagation private true 2>/dev/null ||
		give_up "this machine allows no name spaces (in a container: give it CAP_SYS_ADMIN)"
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	packages=(build-essential meson ninja-build pkg-config python3 libp11-kit-dev libgnutls28-dev
		libglib2.0-dev libjson-glib-dev libssl-dev p11-kit gnutls-bin openssl
		gnome-keyring dbus dbus-daemon libsecret-tools libglib2.0-bin systemd iproute2 procps passwd
		openconnect ocserv polkitd iputils-ping)
	. "$here/tests/lib/packages.sh"
	mapfile -t missing < <(packages_missing "${packages[@]}")
	if [ ${#missing[@]} -gt 0 ]; then
		step "Packages: apt-get install ${missing[*]}"
		say "  what they bring is not started, nor enabled; it takes a minute or two"
		packages_install /tmp/devid-demo-apt.$$ "${missing[@]}" ||
			{ tail -n 20 /tmp/devid-demo-apt.$$ && give_up "apt-get failed"; }
		rm -f /tmp/devid-demo-apt.$$
	fi
	step "Build (in $build)"
	say "  all that is written here is compiled: a minute, the first time"
	log=$(mktemp)
	set -o pipefail
	{
		if [ -f "$build/build.ninja" ]; then
			meson setup --reconfigure "$build" "$here" --prefix=/usr -Dtests=false
		else
			meson setup "$build" "$here" --prefix=/usr -Dtests=false
		fi && ninja -C "$build"
	} 2>&1 </dev/null | tee "$log" | progress || { tail -n 30 "$log" && give_up "the build failed"; }
	set +o pipefail
	rm -f "$log"
fi
export DEVID_DEMO_INSIDE=yes DEVID_BUILD=$build DEVID_SOURCE=$here
. "$here/tests/lib/common.sh"
. "$here/tests/lib/machine.sh"
. "$here/tests/lib/gateway.sh"
need_pki() { :; }
TAP_FINISHED=yes
bail() { give_up "$*"; }
trap 'status=$?; [ "$status" -eq 0 ] || say "demo: FAILED"; (exit "$status"); finish' EXIT
begin=$(now_ms)
private_machine "$0" "$@" 

# --- how a step is shown and judged --------------------------------------------------------------

# shows USER COMMAND-LINE: prints it as the user would type it, runs it, prints what it says.
shows() {
	local prompt="$1\$" typed
	[ "$1" != root ] || prompt='root#'
	as "$1" ${bus[$1]:+"DBUS_SESSION_BUS_ADDRESS=${bus[$1]}"}
	typed="$prompt ${2//$'\n'/$'\n'  }"
	[ -z "$(awk 'length > 80' <<<"$typed")" ] || give_up "too long for a line: $typed"
	printf '\n%s\n' "$typed"
	rc=0
	timeout 30 "${A[@]}" bash -c "$2" >"$T/shown" 2>&1 </dev/null || rc=$?
	out=$(cat "$T/shown")
	[ -z "$out" ] || printf '%s\n' "${out//$T\//}" | fold -s -w 76 | sed 's/^/    /'
	[ "$rc" -eq 0 ] || say "    [exit $rc]"
}
# must WHAT COMMAND…: the demo ends here if that isn't so.
must() {
	local what=$1
	shift
	"$@" >/dev/null 2>&1 || {
		tail -n 20 "$T/server.log" "$T/keyring.log" 2>/dev/null
		give_up "FAILED: $what"
	}
	say "  -> $what"
}
said() {
	[[ $out =~ $1 ]]
}
ended() {
	[ "$rc" -eq "$1" ]
}
not() {
	! "$@"
}
declare -A bus=()

# --- the cast ------------------------------------------------------------------------------------

step "A small PKI: a root, an intermediate that issues device certificates, and a stranger's CA"
bash "$here/data/session.sh" "$T/ca" >"$T/pki.log" 2>&1 || give_up "no certificates: $(cat "$T/pki.log")"
cd "$T/ca" || exit 1
for user in alice:devid bob:; do
	machine_user "${user%:*}" "${user#*:}"
done
for user in alice bob root; do
	home=$T/users/$user
	cp issuing.crt password "$home/"
	cp laptop-rsa.p12 laptop-ec.p12 stranger.p12 machine.p12 "$home/"
	chown -R "$user:" "$home"
	chmod 600 "$home/password" "$home"/*.p12
done
# What an administrator does with update-ca-certificates, for the server's certificate.
mkdir -p /etc/ssl/certs
cat "$T/ca/root.crt" >>/etc/ssl/certs/ca-certificates.crt
say "  alice, in the group devid, has laptop-rsa.p12 and laptop-ec.p12; bob is in no group;"
say "  all programs trust servers of that root"

step "A TLS 1.3 server that demands a client certificate of that PKI"
as root
"${A[@]}" bash "$here/data/session.sh" "$T/ca" serve >"$T/server.log" 2>&1 </dev/null &
track $!
wait_for 5 port_listens 4433 || give_up "no server: $(cat "$T/server.log")"
say "  openssl s_server -tls1_3 -Verify 3 -verify_return_error, on localhost:4433"

step "alice's session: a bus and gnome-keyring, unlocked as at a login"
as alice
mkfifo "$T/bus.address"
sed 's/^[[:space:]]*//' >"$T/bus.conf" <<-'X'
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
	 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
	<policy context="default"><allow send_destination="*" eavesdrop="true"/>
	<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
X
"${A[@]}" dbus-daemon --nofork --config-file="$T/bus.conf" --print-address=1 2>"$T/bus.log" >"$T/bus.address" &
track $!
read -r "bus[alice]" <"$T/bus.address"
as alice "DBUS_SESSION_BUS_ADDRESS=${bus[alice]}"
"${A[@]}" gnome-keyring-daemon --foreground --unlock --components=secrets < <(printf 'login password') \
	>"$T/keyring.log" 2>&1 &
track $!
wait_for 5 "${A[@]}" bash -c 'gdbus call --session --dest org.freedesktop.DBus --object-path / \
	--method org.freedesktop.DBus.NameHasOwner org.freedesktop.secrets | grep true' ||
	give_up "no keyring: $(cat "$T/keyring.log")"
items() {
	"${A[@]}" secret-tool search --all xdg:schema org.devid.DeviceKey 2>/dev/null | grep -c '^label'
}
say "  ready"

# --- the first job: a user's device certificate ---------------------------------------------------

step "The administrator says which CA issues device certificates"
shows root 'devid ca add --name example-device-ca issuing.crt'
must "it is a signing certificate of the account now" test -s /etc/devid/signing/example-device-ca.pem
shows root 'devid ca list'
must "and listed" said 'Example Device CA'

step "alice imports her .p12: the key goes to her keyring"
shows alice 'devid inspect --password-file password laptop-rsa.p12'
must "the file is what she expects" ended 0
shows alice 'devid import-cert --label laptop --password-file password laptop-rsa.p12'
must "it is imported" ended 0
as alice "DBUS_SESSION_BUS_ADDRESS=${bus[alice]}"
must "her keyring holds one key" test "$(items)" -eq 1
must "no file of hers does" not grep -rqaE 'PRIVATE KEY' "$T/users/alice/.local/share/devid"
shows alice 'devid import-cert --label laptop-ec \
  --password-file password laptop-ec.p12'
must "so is one with a P-256 key" ended 0

step "What she has"
shows alice 'devid list'
must "both are listed" said 'laptop-ec'
shows alice 'devid show laptop'
must "with the chain up to the root" said 'Example Root CA'
shows alice 'devid check laptop'
must "and pass the check against the account" ended 0

step "Mutual TLS 1.3: gnutls-cli knows nothing of devid, only the PKCS#11 URI"
for label in laptop laptop-ec; do
	shows alice "printf 'GET / HTTP/1.0\r\n\r\n' |
gnutls-cli -p 4433 \\
--x509certfile \\
'pkcs11:token=Device%20Identity;object=$label;type=cert' \\
--x509keyfile \\
'pkcs11:token=Device%20Identity;object=$label;type=private' \\
localhost 2>&1 |
grep -aE 'Description|Verify return|Subject: |^\*\*\*|rror:|^Cannot'"
	must "the handshake is TLS 1.3" said 'TLS1\.3'
	must "the server verified $label" said 'Verify return code: 0 \(ok\)'
done
shows alice 'devid check laptop --server localhost:4433'
must "devid's own look at the server agrees" ended 0

step "A VPN gateway in a network of its own: a real ocserv that lets in whom that PKI certified"
PKI=$T/ca
cp "$T/ca/chain.pem" "$T/ca/issuing-chain.pem"
gateway_network
tunnel_allows alice
gateway_start 'auth = "certificate"'
must "it listens" gateway_listens
mkdir -p /etc/devid/connections.d
printf '[Connection]\nGateway=server.test:4443\nClient=openconnect\n' >/etc/devid/connections.d/work.conf
shows root 'cat /etc/devid/connections.d/work.conf'
say "  polkit lets alice have that one made as root, and devid-tunnel makes no other"

step "One command, once: alice is connected"
shows alice 'devid connect work --identity laptop'
must "she has an address" said 'connected: address 10\.98\.'
must "the gateway let in whom her certificate names" wait_for 5 grep -q 'main\[laptop-rsa\].* user logged in' "$GATEWAY_LOG"
shows alice 'ping -c 1 10.98.0.1'
must "packets cross the tunnel" ended 0
shows alice 'devid status'
must "status tells of it" said 'work: connected'
shows alice 'devid disconnect work'
must "and it is ended" wait_for 5 no_tunnels

step "What a stranger's certificate gets"
shows alice 'devid import-cert --label stranger --password-file password stranger.p12'
must "it can be imported: the account may follow; with a warning" said '[Ww]arning|not issued'
before=$(gateway_packets)
shows alice 'devid connect work --identity stranger'
must "the check fails" ended 3
must "and nothing has left for the gateway" test "$(gateway_packets)" = "$before"
must "with the line that administrators search for" said \
	'Certificate error\. \[C=JP, ST=Tokyo, O=Example, CN=Example Device CA\]'
shows alice "printf 'GET / HTTP/1.0\r\n\r\n' |
gnutls-cli -p 4433 \\
--x509certfile \\
'pkcs11:token=Device%20Identity;object=stranger;type=cert' \\
--x509keyfile \\
'pkcs11:token=Device%20Identity;object=stranger;type=private' \\
localhost 2>&1 |
grep -aE 'Description|Verify return|Subject: |^\*\*\*|rror:|^Cannot'"
must "and the server ends the connection" not said 'Verify return code: 0'
shows alice "devid events | tail -n 4"
must "events tell what happened" said 'stranger'

step "The machine's own identity: imported by root, used by whom the account names"
shows root 'devid import-cert --system --label machine \
  --password-file password machine.p12'
must "it is imported" ended 0
key=$(find /var/lib/devid -name '*.key')
must "its key is a file of the agent's user alone" test "$(stat -c %U:%a "$key")" = devid:600
shows alice 'head -c 1 /var/lib/devid/*.key'
must "which alice can't read" not ended 0
for user in alice bob; do
	shows $user "printf 'GET / HTTP/1.0\r\n\r\n' |
gnutls-cli -p 4433 \\
--x509certfile \\
'pkcs11:token=Device%20Identity%20%28system%29;object=machine;type=cert' \\
--x509keyfile \\
'pkcs11:token=Device%20Identity%20%28system%29;object=machine;type=private' \\
localhost 2>&1 |
grep -aE 'Description|Verify return|Subject: |^\*\*\*|rror:|^Cannot'"
	if [ $user = alice ]; then
		must "alice, of the group devid, logs in with it" said 'Verify return code: 0 \(ok\)'
	else
		must "bob is not in the group: no key for him" not said 'Verify return code: 0'
	fi
done
shows bob 'devid list'
must "bob still sees the certificate" said 'machine'

step "alice gives her identities up"
shows alice 'devid reset-cred --keys --dry-run'
must "first told what would go" ended 0
shows alice 'devid reset-cred --keys --yes'
must "then gone" ended 0
as alice "DBUS_SESSION_BUS_ADDRESS=${bus[alice]}"
must "her keyring is empty" test "$(items)" -eq 0
shows alice 'devid list'
must "the machine's identity is not hers to remove" said 'machine'
must "her own are not listed" not said 'laptop'
shows alice 'devid check laptop'
must "and nothing is left to check" not ended 0

step "The end"
for ((i = ${#PIDS[@]} - 1; i >= 0; i--)); do
	stop "${PIDS[i]}"
done
PIDS=()
for pid in $(pgrep -x devid-agent); do
	end_process "$pid"
done
no_agent() {
	[ -z "$(ps -e -o comm=,stat= | grep -E 'devid|gnome-keyring|dbus-daemon|openssl|ocserv|openconnect' | grep -v Z)" ]
}
wait_for 5 no_agent
must "no process is left" no_agent
say
say "demo: every step did what it says ($((($(now_ms) - begin) / 1000)) s)"
