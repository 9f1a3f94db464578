# SPDX-License-Identifier: LGPL-2.1-or-later
# People who are logged in, inside the machine: after guest.sh.
#
#	user_manager USER		a manager that lingers, with its bus
#	keyring_open USER		gnome-keyring with the password "pw", open; keyring_lock USER
#	keyring_is USER true|false	locked, as the keyring itself says
#
# Real logins, by PAM, of users whose password is "pw":
#
#	people_keyrings			logging in at the console opens one's keyring, as a display manager has it
#	seat_login USER N		types name and password at the console's terminal N
#	seat_leave USER N		types "exit" there, and waits until the last of that user's sessions is over
#	keyring_login USER N		logs in with a keyring that is open then
#	at_seat USER N COMMAND…		in the session there, with its environment; run_at_seat: as run does
#	seat_session USER N		its name, for loginctl
#	session_is USER N PROPERTY=…	as loginctl says
#	ssh_start USER…			lets them come from the network, with a key
#	by_ssh USER COMMAND…		in a session of sshd's; run_by_ssh: as run does
#	ssh_terminal USER COMMAND	the same with a terminal, at once: what comes is in $T/terminal; type_remote TEXT; ssh_end

user_manager() {
	loginctl enable-linger "$1"
	wait_for 60 test -S "/run/user/$(id -u "$1")/bus" || bail "no manager of $1"
	by "$1" timeout 60 systemctl --user is-system-running --wait >"$T/running" || diag "$1: $(cat "$T/running")"
}

# --replace: for the user's manager may have one, and a second one would have no name on the bus.
keyring_open() {
	printf pw | by "$1" timeout 30 gnome-keyring-daemon --replace --unlock --components=secrets >"$T/keyring.log" 2>&1
	wait_for 10 keyring_is "$1" false || bail "no open keyring: $(cat "$T/keyring.log")"
}
keyring_is() {
	by "$1" dbus-send --session --print-reply=literal --dest=org.freedesktop.secrets \
		/org/freedesktop/secrets/collection/login org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Locked | grep -q "boolean $2"
}
keyring_lock() {
	by "$1" dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
		org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >"$T/keyring.log"
	wait_for 10 keyring_is "$1" true || bail "the keyring doesn't lock"
}

# --- at the console ------------------------------------------------------------------------------

people_keyrings() {
	printf '%s optional pam_gnome_keyring.so%s\n' auth '' session ' auto_start' >>/etc/pam.d/login
}

# As if somebody had typed it (TIOCSTI).
type_at() { # N TEXT
	# shellcheck disable=SC2016
	perl -e 'open my $tty, "+<", "/dev/tty$ARGV[0]" or die "$!\n";
		for my $key (split //, "$ARGV[1]\n") { ioctl $tty, 0x5412, $key or die "$!\n" }' "$1" "$2" || bail "can't type"
}
# What the terminal asks, by what it shows.
asks_at() { # N PROMPT
	[ "$(grep -aoE '(login|Password): ' "/dev/vcs$1" | tail -n 1)" = "$2: " ]
}
seat_shell() { # USER N
	pgrep -o -u "$1" -t "tty$2" -x bash
}
seat_session() {
	sed -n 's/.*\/session-\(.*\)\.scope$/\1/p' "/proc/$(seat_shell "$1" "$2")/cgroup"
}
session_is() {
	[ "$(loginctl show-session -p "${3%%=*}" "$(seat_session "$1" "$2")")" = "$3" ]
}
seat_login() {
	systemctl start "getty@tty$2"
	wait_for 60 asks_at "$2" login || bail "no login at tty$2: $(tr '\0' ' ' <"/dev/vcs$2")"
	type_at "$2" "$1"
	wait_for 60 asks_at "$2" Password || bail "no question for $1's password: $(tr '\0' ' ' <"/dev/vcs$2")"
	type_at "$2" pw
	wait_for 60 seat_shell "$1" "$2" || bail "no session of $1's: $(tr '\0' ' ' <"/dev/vcs$2")"
	wait_for 60 test -S "/run/user/$(id -u "$1")/bus" || bail "no manager of $1's"
}
user_is_out() {
	[ ! -e "/run/user/$(id -u "$1")" ]
}
seat_leave() {
	type_at "$2" exit
	wait_for 60 user_is_out "$1" || bail "$1 does not get out"
}
# The very first login makes a keyring, which gnome-keyring itself has from the next one on.
keyring_login() {
	if [ ! -e "$(getent passwd "$1" | cut -d: -f6)/.local/share/keyrings/login.keyring" ]; then
		seat_login "$@"
		seat_leave "$@"
	fi
	seat_login "$@"
	wait_for 60 keyring_is "$1" false || bail "$1's login opens no keyring"
}

# as_seated USER N: "${A[@]}" runs a command so. A process is in the session whose control group it is in.
as_seated() {
	local shell environment
	shell=$(seat_shell "$1" "$2")
	mapfile -d '' -t environment <"/proc/$shell/environ"
	# shellcheck disable=SC2016
	A=(bash -c 'echo $$ >"$1" && shift && exec "$@"' seated "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$shell/cgroup")/cgroup.procs"
		runuser -u "$1" -- env -i -C "$(getent passwd "$1" | cut -d: -f6)" "${environment[@]}")
}
at_seat() {
	as_seated "$1" "$2"
	"${A[@]}" "${@:3}"
}
run_at_seat() {
	as_seated "$1" "$2"
	run "${A[@]}" "${@:3}"
}

# --- from the network ----------------------------------------------------------------------------

ssh_start() {
	local user home
	ssh-keygen -q -t ed25519 -N '' -f "$T/ssh-key"
	for user in "$@"; do
		home=$(getent passwd "$user" | cut -d: -f6)
		install -d -o "$user" -m 700 "$home/.ssh"
		install -o "$user" -m 600 "$T/ssh-key.pub" "$home/.ssh/authorized_keys"
	done
	systemctl start ssh
	wait_for 20 port_listens 22 || bail "no sshd"
}
as_remote() {
	A=(ssh -i "$T/ssh-key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes
		"$1@127.0.0.1")
}
by_ssh() {
	as_remote "$1"
	"${A[@]}" "$(printf '%q ' "${@:2}")"
}
run_by_ssh() {
	as_remote "$1"
	run "${A[@]}" "$(printf '%q ' "${@:2}")"
}
ssh_terminal() {
	as_remote "$1"
	rm -f "$T/typed"
	mkfifo "$T/typed"
	exec 8<>"$T/typed"
	"${A[@]}" -tt "$2" <"$T/typed" >"$T/terminal" 2>&1 8>&- &
	REMOTE=$!
	track "$REMOTE"
}
type_remote() {
	printf '%s\n' "$1" >&8
}
ssh_end() {
	exec 8>&-
	stop "$REMOTE"
}
