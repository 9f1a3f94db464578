# SPDX-License-Identifier: LGPL-2.1-or-later
# The real KeePassXC as Secret Service, on a private bus and a private display with a window manager, which its
# dialogs need. Sourced after common.sh and keyring.sh; everything is ended at exit. Password: "keepass".
#
#	. "$(dirname "$0")/../lib/keepassxc.sh"
#	keyring_bus; keepassxc_make; keepassxc_start [KEY=VALUE…]     # settings of [FdoSecrets]
#	keepassxc_stop; keepassxc_xml >FILE          # the database in clear: entries, their history, the bin

# keepassxc_make [HISTORY]: a database whose root group is exposed; HISTORY: entries kept (10; -1: all).
keepassxc_make() {
	local group=AAECAwQFBgcICQoLDA0ODw==
	cat >"$T/make.xml" <<-X
		<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
		<KeePassFile>
		 <Meta><Generator>KeePassXC</Generator><DatabaseName>test</DatabaseName>
		  <HistoryMaxItems>${1:-10}</HistoryMaxItems><HistoryMaxSize>6291456</HistoryMaxSize>
		  <RecycleBinEnabled>True</RecycleBinEnabled>
		  <CustomData><Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key>
		   <Value>{00010203-0405-0607-0809-0a0b0c0d0e0f}</Value></Item></CustomData>
		 </Meta>
		 <Root><Group><UUID>$group</UUID><Name>Root</Name></Group></Root>
		</KeePassFile>
	X
	rm -f "$T/home/passwords.kdbx"
	printf 'keepass\nkeepass\n' | "${E[@]}" keepassxc-cli import -q -p -t 100 "$T/make.xml" \
		"$T/home/passwords.kdbx" >"$T/keepassxc.make" 2>&1
}

# A display of its own; its number is one that is free.
keepassxc_display() {
	mkfifo "$T/display"
	"${E[@]}" Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp 3>"$T/display" >"$T/xvfb.log" 2>&1 &
	track $!
	read -r DISPLAY_NUMBER <"$T/display"
	env_set "DISPLAY=:$DISPLAY_NUMBER"
	"${E[@]}" openbox >"$T/openbox.log" 2>&1 &
	track $!
}

keepassxc_start() {
	local -A settings=([Enabled]=true [ShowNotification]=false [ConfirmAccessItem]=false
		[ConfirmDeleteItem]=false)
	local setting
	[ -n "${DISPLAY_NUMBER:-}" ] || keepassxc_display
	mkdir -p "$T/home/.config/keepassxc"
	for setting; do
		settings[${setting%%=*}]=${setting#*=}
	done
	{
		printf '[General]\nConfigVersion=2\nSingleInstance=false\nAutoSaveAfterEveryChange=true\n'
		printf 'UpdateCheckMessageShown=true\n[Security]\nNoConfirmMoveEntryToRecycleBin=false\n[GUI]\nCheckForUpdates=false\n[FdoSecrets]\n'
		for setting in "${!settings[@]}"; do
			printf '%s=%s\n' "$setting" "${settings[$setting]}"
		done
	} >"$T/home/.config/keepassxc/keepassxc.ini"
	printf keepass | "${E[@]}" keepassxc --pw-stdin "$T/home/passwords.kdbx" >>"$T/keepassxc.log" 2>&1 &
	KEEPASSXC_PID=$!
	track "$KEEPASSXC_PID"
	wait_for 60 bus_has_name org.freedesktop.secrets && wait_for 60 keepassxc_is_open && wait_for 60 keepassxc_writes
}

# What it is asked to write while it still opens its database it takes, and never answers, or doesn't save.
keepassxc_writes() {
	local probe=probe-$RANDOM$RANDOM
	printf '%s' "$probe" | "${E[@]}" timeout 3 secret-tool store --label=probe probe probe && wait_for 1 keepassxc_saved "$probe"
}

# For wait_for: the database on the disk has this text.
keepassxc_saved() {
	keepassxc_xml | tr -d '\n' | grep -qF "$1"
}

keepassxc_is_open() {
	"${E[@]}" timeout 5 dbus-send --session --print-reply=literal --dest=org.freedesktop.secrets \
		/org/freedesktop/secrets org.freedesktop.Secret.Service.ReadAlias string:default |
		grep -q collection
}

# By SIGTERM it asks, in a dialog; what is to be on the disk was waited for.
keepassxc_stop() {
	stop "$KEEPASSXC_PID" -KILL
	wait_for 5 bus_lacks_name org.freedesktop.secrets
}

keepassxc_xml() {
	echo keepass | "${E[@]}" keepassxc-cli export -q -f xml "$T/home/passwords.kdbx"
}
