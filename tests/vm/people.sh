# SPDX-License-Identifier: LGPL-2.1-or-later
# People who are logged in, inside the machine: after guest.sh.
#
#	user_manager USER		a manager that lingers, with its bus
#	keyring_open USER		gnome-keyring with the password "pw", open; keyring_lock USER

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
