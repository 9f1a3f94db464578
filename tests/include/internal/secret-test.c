/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secret memory: its flags, its growth, its end, and what happens where nothing can be locked. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "unit.h"
#include <internal/secret.h>

static bool mlock_fails, mmap_fails;
static unsigned said;

/* Both names of mmap(), and both of syslog(): which one is called depends on how we are built. */
int __real_mlock(const void *address, size_t length);
int __wrap_mlock(const void *address, size_t length);
void *__real_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset);
void __wrap_syslog(int priority, const char *format, ...);
void __wrap___syslog_chk(int priority, int flag, const char *format, ...);

int __wrap_mlock(const void *address, size_t length)
{
	return mlock_fails ? -1 : __real_mlock(address, length);
}

void *__wrap_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return mmap_fails ? MAP_FAILED
			  : __real_mmap(address, length, protection, flags, fd, offset);
}

void *__wrap_mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return __wrap_mmap(address, length, protection, flags, fd, offset);
}

void __wrap_syslog(int priority, const char *format, ...)
{
	said++;
}

void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
	said++;
}

static int setup(void **state)
{
	mlock_fails = mmap_fails = false;
	return 0;
}

/* The VmFlags of the mapping that begins at `address`. */
static bool has_flag(const void *address, const char *flag)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512], start[32];
	bool here = false, found = false;

	assert_non_null(maps);
	snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)address);
	while (fgets(line, sizeof(line), maps)) {
		if (strncmp(line, start, strlen(start)) == 0)
			here = true;
		if (here && strncmp(line, "VmFlags:", 8) == 0) {
			found = strstr(line, flag) != NULL;
			break;
		}
	}
	fclose(maps);
	return found;
}

static void is_locked_and_undumped(void **state)
{
	AUTO_SECRET struct secret secret = SECRET_INIT;

	assert_result(secret_allocate(&secret, 10000), DEVID_OK);
	assert_int_equal(secret.length, 0);
	assert_true(secret.size >= 10000);
	assert_true(has_flag(secret.data, " dd"));
	assert_true(has_flag(secret.data, " wf"));
#ifndef __SANITIZE_ADDRESS__ /* which makes mlock() do nothing */
	assert_true(has_flag(secret.data, " lo"));
#endif
}

static void grows_with_zeros(void **state)
{
	AUTO_SECRET struct secret secret = SECRET_INIT;

	assert_result(secret_append(&secret, "secret", 6), DEVID_OK);
	assert_result(secret_resize(&secret, 100000), DEVID_OK);
	assert_memory_equal(secret.data, "secret", 6);
	for (size_t i = 6; i < secret.size; i++)
		assert_int_equal(secret.data[i], 0);
	assert_result(secret_append(&secret, NULL, 0), DEVID_OK);
	assert_int_equal(secret.length, 100000);
}

static void what_is_cut_off_is_wiped(void **state)
{
	AUTO_SECRET struct secret secret = SECRET_INIT;
	const uint8_t *data;

	assert_result(secret_append(&secret, "secret", 6), DEVID_OK);
	data = secret.data;
	assert_result(secret_resize(&secret, 2), DEVID_OK);
	assert_memory_equal(data, "se\0\0\0\0", 6);
	assert_result(secret_resize(&secret, 6), DEVID_OK);
	assert_memory_equal(data, "se\0\0\0\0", 6);
	assert_result(secret_allocate(&secret, 6), DEVID_OK);
	assert_ptr_equal(secret.data, data);
	assert_int_equal(secret.length, 0);
	assert_memory_equal(data, "\0\0", 2);
}

static void clears_twice(void **state)
{
	struct secret secret = SECRET_INIT;

	secret_clear(&secret);
	assert_result(secret_append(&secret, "x", 1), DEVID_OK);
	secret_clear(&secret);
	assert_null(secret.data);
	secret_clear(&secret);
}

static void refuses_absurd_sizes(void **state)
{
	AUTO_SECRET struct secret secret = SECRET_INIT;

	assert_result(secret_append(&secret, "x", 1), DEVID_OK);
	assert_result(secret_resize(&secret, SIZE_MAX), DEVID_NO_MEMORY);
	assert_result(secret_resize(&secret, SIZE_MAX / 8), DEVID_NO_MEMORY);
	assert_result(secret_append(&secret, "x", SIZE_MAX), DEVID_NO_MEMORY);
	assert_int_equal(secret.length, 1);
	assert_int_equal(secret.data[0], 'x');
	assert_result(secret_allocate(&secret, SIZE_MAX), DEVID_NO_MEMORY);
}

static void a_failed_growth_keeps_the_content(void **state)
{
	AUTO_SECRET struct secret secret = SECRET_INIT;

	assert_result(secret_append(&secret, "x", 1), DEVID_OK);
	mmap_fails = true;
	assert_result(secret_resize(&secret, 100000), DEVID_NO_MEMORY);
	assert_int_equal(secret.length, 1);
	assert_int_equal(secret.data[0], 'x');
	assert_result(secret_resize(&secret, secret.size), DEVID_OK);
}

static void goes_on_unlocked_and_says_so_once(void **state)
{
	said = 0;
	mlock_fails = true;
	for (int i = 0; i < 3; i++) {
		AUTO_SECRET struct secret secret = SECRET_INIT;

		assert_result(secret_append(&secret, "x", 1), DEVID_OK);
		assert_true(has_flag(secret.data, " dd"));
	}
	assert_int_equal(said, 1);
}

/* The same with the kernel's own refusal, which root alone is spared. */
static int without_lockable_memory(void *data)
{
	struct secret secret = SECRET_INIT;
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
		return 1;
	if (secret_append(&secret, "secret", 6) != DEVID_OK)
		return 2;
	if (has_flag(secret.data, " lo"))
		return 3;
	secret_clear(&secret);
	return 0;
}

static void works_without_lockable_memory(void **state)
{
	assert_int_equal(in_child(without_lockable_memory, NULL), 0);
}

static int look_for_secret(void *data)
{
	const struct secret *secret = data;

	return secret->data[0] != 0 || secret->data[5] != 0;
}

static void a_forked_child_sees_zeros(void **state)
{
	AUTO_SECRET struct secret secret = SECRET_INIT;

	assert_result(secret_append(&secret, "secret", 6), DEVID_OK);
	assert_int_equal(in_child(look_for_secret, &secret), 0);
	assert_memory_equal(secret.data, "secret", 6);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_locked_and_undumped),
		TEST(grows_with_zeros),
		TEST(what_is_cut_off_is_wiped),
		TEST(clears_twice),
		TEST(refuses_absurd_sizes),
		TEST(a_failed_growth_keeps_the_content),
		TEST(goes_on_unlocked_and_says_so_once),
		TEST(works_without_lockable_memory),
		TEST(a_forked_child_sees_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
