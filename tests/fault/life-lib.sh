# What the tests of strange hosts share: an identity in the file store, and the agents of this test.

life_identity() {
	local name
	need_pki
	for name in "$@"; do
		run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store file --label "$name" \
			--password-file "$PKI/password" "$PKI/$name.p12"
		[ "$rc" -eq 0 ] || bail "no identity $name: $err"
	done
}

# Pids of the agents of this test, whatever started them.
life_agents() {
	local p
	for p in $(ours); do
		[ "$(readlink "/proc/$p/exe")" != "$(readlink -f "$DEVID_AGENT")" ] || echo "$p"
	done
}

life_end_agents() {
	local p
	for p in $(life_agents); do
		kill "$p"
		wait_for 10 gone "$p"
	done
}
