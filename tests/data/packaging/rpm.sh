#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The packages for rpm, built by Debian's rpmbuild: rpmlint has nothing to say, they are split as Debian's, and what is in
# them is what Debian's have. Takes minutes: DEVID_BARE=yes meson test packages-rpm
# DEVID_PACKAGES_RPM=FOLDER takes packages that are built already.
. "$(dirname "$0")/../../lib/common.sh"
packaging=$DEVID_SOURCE/data/packaging
packages=${DEVID_PACKAGES_RPM:-$T/packages}
version=$(sed -n "s/^    version: '\(.*\)',\$/\1/p" "$DEVID_SOURCE/meson.build")
is "$(sed -n 's/^Version: *//p' "$packaging/devid.spec")" "$version" "the spec has meson.build's version"
like "$(head -n 1 "$packaging/debian/changelog")" "^devid \($version-" "so has Debian's changelog"
RUN_BOUND=100 run rpmlint -c "$packaging/rpmlint.toml" "$packaging/devid.spec"
like "$out" ' 0 errors, 0 warnings' "rpmlint has nothing to say of the spec"
[ "${DEVID_BARE:-}" = yes ] || done_testing
if [ -z "${DEVID_PACKAGES_RPM:-}" ]; then
	RUN_BOUND=1500 run bash "$DEVID_SOURCE/data/package.sh" rpm --check "$packages"
	is "$rc" 0 "the packages are built" || bail "$(tail -n 40 <<<"$err")"
	like "$out" '^built twice, the same' "and twice the same"
fi
RUN_BOUND=300 run rpmlint -c "$packaging/rpmlint.toml" "$packages"/*.rpm
like "$out" ' 0 errors, 0 warnings' "rpmlint has nothing to say of the packages" || diag "$out"
is "$(rpm -qp --qf '%{NAME} ' "$packages"/*.rpm)" \
	'devid devid-doc devid-pkcs11 devid-tpm libdevid libdevid-devel ' "six packages"
contents() {
	rpm -qlp "$packages/$1-$version"-*.rpm | grep -v '/\.build-id\|/licenses/' | sort
}
needs() {
	rpm -qRp "$packages/$1-$version"-*.rpm | grep -v '^rpmlib(\|^/bin/sh$' | sort -u
}
like "$(contents devid-pkcs11)" $'^[^\n]*/pkcs11/devid-pkcs11.so\n/usr/share/p11-kit/modules/devid.module$' \
	"devid-pkcs11: the module and its registration"
is "$(needs devid-pkcs11 | grep -vE '^(libc\.so\.6|ld-linux|rtld)')" "" "which needs libc alone"
like "$(needs devid-tpm)" 'libtss2-esys' "devid-tpm needs the TPM's libraries"
unlike "$(needs devid)$(needs libdevid)" 'tss2' "no other does"
done_testing
