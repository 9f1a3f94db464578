# SPDX-License-Identifier: LGPL-2.1-or-later
# devid connect for tests, as alice, or as whom "${WHO[@]}" runs it. After clients.sh and client_machine:
#
#	connect ARG…; end ARG…		run it, and devid disconnect
#	state [NAME]			of that connection, or the first: "connected"
#	is_in_state [NAME] STATE	for wait_for
#	no_supervisor			for wait_for: nothing keeps a connection of alice's

WHO=("${E[@]}")

connect() {
	run "${WHO[@]}" devid connect "$@" </dev/null
}
end() {
	run "${WHO[@]}" devid disconnect "$@"
}
state() {
	"${WHO[@]}" devid status --json | sed -n '/"connections"/,$p' | tr -d '\n' |
		grep -o "\"name\" : \"${1:+$1\"}[^}]*" | head -n 1 | sed -n 's/.*"state" : "\([a-z]*\)".*/\1/p'
}
is_in_state() {
	[ "$(state "${2:+$1}")" = "${2:-$1}" ]
}
no_supervisor() {
	! pgrep -u alice -x devid
}
