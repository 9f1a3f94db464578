#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The module as every program sees it that loads all registered modules: libc alone, what a program finds it by, nothing
# that runs at load or exit, and a small size.
. "$(dirname "$0")/../lib/common.sh"

needed=$(readelf -d "$DEVID_MODULE" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
	grep -vE '^(libc\.so|ld-linux|libc\.musl|libgcc_s)' | grep -vE '^lib(asan|ubsan|tsan|lsan)\.so')
if [ "$DEVID_SANITIZE" != none ]; then
	# What the sanitizers' runtimes bring with them.
	needed=$(grep -vE '^lib(m|dl|rt|pthread)\.so' <<<"$needed")
fi
is "$needed" "" "needs libc alone"

exported=$(nm -D --defined-only "$DEVID_MODULE" | awk '$2 ~ /[A-TV-Z]/ { print $3 }' | sort | tr '\n' ' ')
if [ "$DEVID_SANITIZE" != none ]; then
	exported=$(tr ' ' '\n' <<<"$exported" | grep -vE '^__(asan|odr_asan|tsan|ubsan|lsan)' | tr '\n' ' ')
fi
is "$(xargs <<<"$exported")" "C_GetFunctionList C_GetInterface C_GetInterfaceList" "exports what a program finds it by, and nothing else"

# The C runtime's own entry in each array, and with sanitizers theirs.
if [ "$DEVID_SANITIZE" = none ]; then
	for array in INIT FINI; do
		size=$(readelf -dW "$DEVID_MODULE" | awk -v a="(${array}_ARRAYSZ)" '$2 == a { print $3 }')
		is "${size:-8}" 8 "has no function of its own in ${array}_ARRAY"
	done
else
	skip "INIT_ARRAY, with sanitizers"
	skip "FINI_ARRAY, with sanitizers"
fi

undefined=$(nm -D --undefined-only "$DEVID_MODULE" | awk '{ print $NF }' | sed 's/@.*//')
for forbidden in pthread_create atexit __cxa_atexit pthread_atfork __register_atfork signal \
	system popen dlopen exit abort __assert_fail; do
	unlike " ${undefined//$'\n'/ } " " $forbidden " "never calls $forbidden"
done

flags=$(readelf -dW "$DEVID_MODULE" | grep -E 'FLAGS|TEXTREL|BIND_NOW')
like "$flags" "NOW" "is bound at load"
unlike "$flags" "TEXTREL" "has no relocations in its text"
done_testing
