# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs in a sandbox, as Flatpak makes one, and the server by which they reach the user's token. After common.sh,
# machine.sh and clients.sh, with client_machine called:
#
#	sandbox_server			as the unit's line starts it; its pid is $SERVER_PID
#	sandbox_server_stop [SIGNAL]	its exit status is $SERVER_STATUS
#	sandbox_make			sets S: run "${S[@]}" PROGRAM… with the server's folder in it, and N: without
#	$CLIENT				p11-kit's module in the sandbox
#
# In the sandbox: this machine's /usr, read-only and without a trace of devid or of other modules' registration; an
# /etc, /tmp, home, runtime folder and process table of its own; the network, as an application has that asks for it.

SERVER_UNIT=/usr/lib/systemd/user/devid-p11-kit.service
CLIENT=$(pkg-config --variable=p11_module_path p11-kit-1)/p11-kit-client.so

unit_line() {
	sed -n "s/^$1=//p" "$SERVER_UNIT"
}

# What systemd does for the unit and a shell can: its folder, umask, no new privileges. The rest of its restrictions
# is in force in tests/data/systemd.sh.
sandbox_server() {
	local line words
	RUNTIME=/run/user/$(id -u alice)
	SERVER_FOLDER=$RUNTIME/$(unit_line RuntimeDirectory)
	line=$(unit_line ExecStart)
	line=${line//%t/$RUNTIME}
	read -ra words <<<"${line//%%/%}"
	SERVER_SOCKET=$SERVER_FOLDER/pkcs11
	"${E[@]}" mkdir -p -m "$(unit_line RuntimeDirectoryMode)" "$SERVER_FOLDER"
	"${E[@]}" "${PRELOAD[@]}" setpriv --no-new-privs sh -c 'umask "$0" && exec "$@"' "$(unit_line UMask)" "${words[@]}" \
		>>"$T/p11-kit.log" 2>&1 &
	SERVER_PID=$!
	track "$SERVER_PID"
	# It listens, and not what a killed one left.
	wait_for 10 server_listens || bail "no p11-kit server: $(cat "$T/p11-kit.log")"
}

server_listens() {
	grep -q " $SERVER_SOCKET\$" /proc/net/unix && kill -0 "$SERVER_PID"
}

# With its connections, as systemd ends what is in a unit.
sandbox_server_stop() {
	local pid
	SERVER_STATUS=0
	stop "$SERVER_PID" "${1:--TERM}" || SERVER_STATUS=$?
	for pid in $(pgrep -u alice -f '^p11-kit-remote'); do
		end_process "$pid" "${1:--TERM}"
	done
}

sandbox_make() {
	local folder
	mkdir -p "$T/runtime/modules" "$T/runtime/etc"
	printf 'module: p11-kit-trust.so\ntrust-policy: yes\n' >"$T/runtime/modules/p11-kit-trust.module"
	# As Flatpak writes them.
	printf 'user-config: none\n' >"$T/runtime/etc/pkcs11.conf"
	printf 'module: p11-kit-client.so\n' >"$T/runtime/etc/p11-kit-trust.module"
	N=("${E[@]}" bwrap --unshare-all --share-net --die-with-parent --clearenv
		--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib
		--symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp --tmpfs /run
		--perms 0700 --dir "$RUNTIME" --perms 0700 --dir /var/app --dir /etc
		--ro-bind "$T/runtime/modules" /usr/share/p11-kit/modules
		--ro-bind "$T/runtime/etc/pkcs11.conf" /etc/pkcs11/pkcs11.conf
		--ro-bind "$T/runtime/etc/p11-kit-trust.module" /etc/pkcs11/modules/p11-kit-trust.module
		--ro-bind /dev/null "$SO" --tmpfs /usr/libexec/devid --ro-bind /dev/null /usr/bin/devid
		--ro-bind "$PKI/root.crt" /app/root.crt --ro-bind "$TESTS/lib/pkcs11-shell.py" /app/pkcs11-shell.py
		--setenv PATH /usr/bin --setenv LANG C.UTF-8 --setenv HOME /var/app --setenv XDG_RUNTIME_DIR "$RUNTIME"
		--setenv P11_KIT_SERVER_ADDRESS "unix:path=$SERVER_SOCKET" --chdir /var/app)
	for folder in passwd group ld.so.cache ssl alternatives; do
		N+=(--ro-bind "/etc/$folder" "/etc/$folder")
	done
	S=("${N[@]}" --ro-bind "$SERVER_FOLDER" "$SERVER_FOLDER" --)
	N+=(--)
}

# A program in the sandbox that keeps the token open, one call a line: see pkcs11-shell.py. The answer is $answer.
sandbox_open() {
	coproc SHELL { exec "${S[@]}" python3 /app/pkcs11-shell.py "$CLIENT"; }
	SHELL_IN=${SHELL[1]} SHELL_OUT=${SHELL[0]} SHELL_CHILD=$SHELL_PID
}

ask() {
	answer=
	echo "$*" >&"$SHELL_IN"
	read -r -t 40 answer <&"$SHELL_OUT" || answer="no answer"
}

sandbox_close() {
	eval "exec $SHELL_IN>&-"
	wait "$SHELL_CHILD"
}
