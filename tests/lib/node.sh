# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian's Node, which uses the system's OpenSSL. On a machine that has another one, Debian's packages are fetched once a
# build, and lie over that in the test's own machine. After common.sh:
#
#	node_fetch		before private_machine, where there is a network
#	node_unpack		after it

NODE_PACKAGES=(nodejs libnode108 node-cjs-module-lexer node-acorn node-undici node-busboy node-xtend)
NODE_FOLDER=$DEVID_BUILD/debian-node

node_is_debians() {
	ldd /usr/bin/node 2>/dev/null | grep -q libnode
}

node_fetch() {
	[ -z "${DEVID_TEST_MACHINE:-}" ] && ! node_is_debians && [ ! -e "$NODE_FOLDER" ] || return 0
	mkdir "$NODE_FOLDER.$$"
	(node_download) >"$T/fetch.log" 2>&1 || bail "no Node: $(cat "$T/fetch.log")"
	# Another test may have been quicker.
	mv -T "$NODE_FOLDER.$$" "$NODE_FOLDER" 2>/dev/null || rm -r "$NODE_FOLDER.$$"
}
# By version: without one apt would take the other vendor's, which is newer.
node_download() {
	local name wanted=()
	[ -n "$(apt-cache madison libnode108)" ] || apt-get update || return
	for name in "${NODE_PACKAGES[@]}"; do
		wanted+=("$name=$(apt-cache madison "$name" | awk -F' *[|] *' '$3 ~ /debian/ { print $2; exit }')")
	done
	cd "$NODE_FOLDER.$$" && apt-get download "${wanted[@]}"
}

node_unpack() {
	local file
	node_is_debians || for file in "$NODE_FOLDER"/*.deb; do
		dpkg-deb --fsys-tarfile "$file" | tar -xC /usr --strip-components=2 ./usr >"$T/unpack.log" 2>&1 ||
			bail "no Node: $(cat "$T/unpack.log")"
	done
}
