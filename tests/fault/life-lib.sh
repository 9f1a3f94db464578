# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of strange hosts share: identities.

# life_identity [--store STORE] NAME…
life_identity() {
	local name store=file
	need_pki
	if [ "$1" = --store ]; then
		store=$2
		shift 2
	fi
	for name in "$@"; do
		run "${E[@]}" "$DEVID_COMMAND" import-cert --user --store "$store" --label "$name" \
			--password-file "$PKI/password" "$PKI/$name.p12"
		[ "$rc" -eq 0 ] || bail "no identity $name: $err"
	done
}
