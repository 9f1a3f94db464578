#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/run.sh itself, on small projects: each way in which a test can fail is noticed and counted.
. "$(dirname "$0")/common.sh"
plan 22
# It builds: on a busy machine a minute is soon over.
RUN_BOUND=600

# A project with the tests that the lines of $1 name, each made of a shell command.
project() {
	rm -rf "$T/project"
	mkdir -p "$T/project"
	echo 'int main(void) { return 0; }' >"$T/project/main.c"
	cp "$DEVID_SOURCE/.clang-format" "$T/project/"
	printf 'int main(void)\n{\n\treturn 0;\n}\n' >"$T/project/main.c"
	{
		echo "project('fixture', 'c', default_options: ['warning_level=3'])"
		echo "executable('fixture', 'main.c')"
		echo "option('test-hooks', type: 'boolean', value: false)" >"$T/project/meson_options.txt"
		local name how command
		while IFS='|' read -r name how command; do
			[ -n "$name" ] || continue
			printf '#!/bin/bash\n%b\n' "$command" >"$T/project/$name.sh"
			echo "test('$name', find_program('bash'), args: files('$name.sh')$how)"
		done <<<"$1"
	} >"$T/project/meson.build"
}

# Runs it in the plain tree alone; leaves rc and the last line.
runner() {
	[ $# -gt 0 ] || set -- plain
	run bash "$TESTS/run.sh" --source "$T/project" --build "$T/project/build" "${@/#/--tree=}"
	last=$(tail -n 1 "$T/run.out")
}
TAP=", protocol: 'tap'"

project "tap|$TAP|echo 1..2; echo ok 1 - one; echo 'ok 2 - two # SKIP not here'
plain||exit 0"
runner
is "$last" "3 passed, 0 failed, 1 skipped" "subtests are counted (and the formatting)"
is "$rc" 0 "success ends with 0"
runner asan
is "$last" "3 passed, 0 failed, 1 skipped" "likewise with sanitizers"
runner shipped
is "$last" "3 passed, 0 failed, 1 skipped" "and as it is shipped"
runner plain asan
is "$last" "5 passed, 0 failed, 2 skipped" "two trees are counted together"
like "$out" 'plain: 2 passed, 0 failed, 1 skipped.*asan: 2 passed, 0 failed, 1 skipped' "each tells its own, in order"
runner plain nowhere asan
is "$last" "5 passed, 1 failed, 2 skipped" "one that there isn't is a failure beside them"

project "tap|$TAP|echo 1..2; echo ok 1 - one; echo not ok 2 - a deliberate failure; exit 1"
runner
is "$last" "2 passed, 1 failed, 0 skipped" "a failed subtest is counted"
is "$rc" 1 "and ends with 1"
like "$out" 'not ok 2 - a deliberate failure' "its log is printed"

project "crash|$TAP|echo 1..1; echo ok 1 - one; kill -SEGV \$\$"
runner
is "$last" "2 passed, 1 failed, 0 skipped" "a crash is a failure"
project "early|$TAP|echo 1..3; echo ok 1 - one"
runner
is "$last" "2 passed, 1 failed, 0 skipped" "a plan that is not met is one"
project "silent|$TAP|exit 0"
runner
isnt "$rc" 0 "a TAP test that says nothing is no success"
project "slow|$TAP, timeout: 1|echo 1..1; exec sleep 60"
runner
is "$last" "1 passed, 1 failed, 0 skipped" "a test without end is one"
project "skip|$TAP|echo '1..0 # SKIP nothing here'"
runner
is "$last" "1 passed, 0 failed, 1 skipped" "a skipped test is one skipped"
project ""
runner
isnt "$rc" 0 "no test at all is a failure"
like "$last" '^[0-9]+ passed, 1 failed, 0 skipped$' "and counted"

project "plain||exit 0"
echo 'int unused(void) { return 0 }' >>"$T/project/main.c"
runner
like "$last" '^0 passed, [12] failed, 0 skipped$' "a build that fails is a failure"
isnt "$rc" 0 "and the status says so"
project "plain||exit 0"
printf 'int main(int argc, char **argv)\n{\n\treturn 0;\n}\n' >"$T/project/main.c"
runner
like "$out" 'FAILED: plain: build' "a warning is an error"
project "plain||exit 0"
echo 'broken(' >>"$T/project/meson.build"
runner
like "$out" 'FAILED: plain: meson setup' "so is a build file that can't be read"
project "plain||exit 0"
printf 'int main(void) { return 0;\n}\n' >"$T/project/main.c"
runner
like "$out" 'FAILED: not formatted: \./?main.c|FAILED: not formatted: main.c' "and a file that is not formatted"
done_testing
