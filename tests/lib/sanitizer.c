/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of the sanitizers, compiled into the agent and the command of a sanitizer build: agents
 * start with an environment of their own making, so ASAN_OPTIONS never reaches them. They write to
 * a file that tests/run.sh looks for; the agent is undumpable, so nothing can look for leaks in it.
 */
#define EXPORTED __attribute__((visibility("default"), used))

EXPORTED const char *__asan_default_options(void);
EXPORTED const char *__ubsan_default_options(void);
EXPORTED const char *__tsan_default_options(void);
EXPORTED const char *__lsan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0:abort_on_error=1:disable_coredump=1:log_path=" SANITIZER_LOG;
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:abort_on_error=1:log_path=" SANITIZER_LOG;
}

const char *__tsan_default_options(void)
{
	return "second_deadlock_stack=1:ignore_noninstrumented_modules=1:log_path=" SANITIZER_LOG;
}

const char *__lsan_default_options(void)
{
	return "log_path=" SANITIZER_LOG;
}
