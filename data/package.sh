#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes packages of this tree, as root or anybody else; what is not in the tree's index (git) is left out:
#
#	bash data/package.sh deb [--check] [FOLDER]	Debian's, of data/packaging/debian/
#	bash data/package.sh rpm [--check] [FOLDER]	.rpm, of data/packaging/devid.spec
#
# into FOLDER, or build-packages/: there lie the packages to install; its built/ has them too, with the source package, the
# symbols for a debugger and what the build said of itself. One tree gives the same packages, byte for byte; --check builds twice, in folders
# of other names, and compares. DEB_BUILD_OPTIONS=nocheck leaves out what is tested at the build.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
usage() {
	echo "usage: bash data/package.sh deb|rpm [--check] [FOLDER]" >&2
	exit 2
}
give_up() {
	printf 'package.sh: %s\n' "$1" >&2
	[ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
	exit 1
}
kind=${1:-}
[ $# -eq 0 ] || shift
check=
[ "${1:-}" != --check ] || { check=yes && shift; }
[ $# -le 1 ] || usage
case $kind in deb | rpm) ;; *) usage ;; esac
mkdir -p "${1:-$here/build-packages}"
folder=$(cd "${1:-$here/build-packages}" && pwd)

umask 022
export LC_ALL=C.UTF-8
version=$(sed -n "s/^    version: '\(.*\)',\$/\1/p" "$here/meson.build")
[ -n "$version" ] || give_up "meson.build has no version"
# The clock of everything that is made: the changelog's.
stamp=$(sed -n 's/^ -- .*>  //p' "$here/data/packaging/debian/changelog" | head -n 1)
SOURCE_DATE_EPOCH=$(date -d "$stamp" +%s)
export SOURCE_DATE_EPOCH

# The tree's files, one a line; without git, or in somebody else's clone, all but what a build has made.
tree_files() {
	git -C "$here" ls-files 2>/dev/null ||
		(cd "$here" && find . \( -path './build*' -o -path ./.git -o -path ./.cache -o -name __pycache__ \) -prune -o \
			\( -type f -o -type l \) -printf '%P\n')
}

# tree_tar PREFIX: the same bytes wherever and by whomever.
tree_tar() {
	tree_files | sort | tar -C "$here" -cf - --no-recursion --verbatim-files-from -T - --transform "s,^,$1/,S" \
		--owner=root:0 --group=root:0 --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" --format=gnu
}

# built LOG COMMAND…: in an environment of its own; what it says is shown where it fails.
built() {
	local log=$1
	shift
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="${HOME:-/}" LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" \
		DEB_BUILD_OPTIONS="parallel=$(nproc) ${DEB_BUILD_OPTIONS:-}" "$@" >"$log" 2>&1 </dev/null || {
		tail -n 40 "$log" >&2
		give_up "the build failed" "$log has all of it"
	}
}

# deb_build PLACE: all of it lies there then.
deb_build() {
	tree_tar "devid-$version" | gzip -9n >"$1/devid_$version.orig.tar.gz"
	tar -C "$1" -xf "$1/devid_$version.orig.tar.gz"
	cp -r "$1/devid-$version/data/packaging/debian" "$1/devid-$version/"
	(cd "$1/devid-$version" && dpkg-checkbuilddeps) ||
		give_up "packages are missing that the build needs" "apt-get build-dep $here/data/packaging"
	(cd "$1/devid-$version" && built "$1/build.log" dpkg-buildpackage -us -uc)
	rm -r "$1/devid-$version"
}

deb_place() {
	find "$1" -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' -exec ln -t "$folder" {} +
}

rpm_build() {
	local part macros=()
	mkdir -p "$1/SOURCES"
	tree_tar "devid-$version" | gzip -9n >"$1/SOURCES/devid-$version.tar.gz"
	# What systemd-rpm-macros and the like say in Fedora; its rpm also strips and compresses, by scripts that in Debian
	# meet a shell they are not written for.
	while read -r part; do
		macros+=(--define "$part")
	done <<-MACROS
		_libdir /usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH)
		_unitdir /usr/lib/systemd/system
		_userunitdir /usr/lib/systemd/user
		_presetdir /usr/lib/systemd/system-preset
		_userpresetdir /usr/lib/systemd/user-preset
		_sysusersdir /usr/lib/sysusers.d
		_tmpfilesdir /usr/lib/tmpfiles.d
		bash_completions_dir /usr/share/bash-completion/completions
		fish_completions_dir /usr/share/fish/vendor_completions.d
		zsh_completions_dir /usr/share/zsh/site-functions
		__brp_compress /bin/bash /usr/lib/rpm/brp-compress /usr
		__brp_strip find %{buildroot}%{_bindir} %{buildroot}%{_libexecdir} %{buildroot}%{_libdir} -type f ! -name "*.pc" -exec strip --strip-unneeded {} +
	MACROS
	# Debian knows no packages of rpm's kind that could be there.
	built "$1/build.log" rpmbuild -ba --nodeps --define "_topdir $1" --define "_tmppath $1" --define "_buildhost localhost" \
		"${macros[@]}" "$here/data/packaging/devid.spec"
	mv "$1"/RPMS/*/*.rpm "$1"/SRPMS/*.rpm "$1/"
	for part in BUILD BUILDROOT RPMS SRPMS SOURCES SPECS; do
		rm -rf "${1:?}/$part"
	done
}

rpm_place() {
	find "$1" -maxdepth 1 -name '*.rpm' ! -name '*-debug*' ! -name '*.src.rpm' -exec ln -t "$folder" {} +
}

# sums FOLDER: of what must be equal.
sums() {
	(cd "$1" && find . -maxdepth 1 \( -name '*.deb' -o -name '*.rpm' -o -name '*.dsc' -o -name '*.tar.*' \) -exec sha256sum {} + | sort -k 2)
}

case $kind in
deb) needed=(dpkg-dev:dpkg-buildpackage debhelper:dh) ;;
rpm) needed=(rpm:rpmbuild binutils:strip meson:meson) ;;
esac
for each in "${needed[@]}"; do
	command -v "${each#*:}" >/dev/null || give_up "no ${each#*:}" "apt-get install ${each%:*}"
done
rm -rf "$folder/built" "$folder/built-again"
rm -f "$folder"/*."$kind"
mkdir "$folder/built"
"${kind}_build" "$folder/built"
if [ -n "$check" ]; then
	mkdir "$folder/built-again"
	"${kind}_build" "$folder/built-again"
	diff <(sums "$folder/built") <(sums "$folder/built-again") >&2 ||
		give_up "built twice, the packages differ" "diffoscope says how: they are in $folder/built and built-again"
	rm -r "$folder/built-again"
fi
"${kind}_place" "$folder/built"
[ -z "$check" ] || echo "built twice, the same"
ls -1 "$folder"/*."$kind"
