/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files read whole, within bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/input.h"

static char *folder;

static char *path_of(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static char *file_of(const char *name, gsize size)
{
	char *path = path_of(name);
	g_autofree char *content = g_strnfill(size, 'x');

	assert_true(g_file_set_contents(path, content, (gssize)size, NULL));
	return path;
}

static void refuse(const char *path, gsize most, enum devid_result result)
{
	g_autoptr(GError) error = NULL;

	assert_null(input_read(path, most, &error));
	assert_int_equal(devid_error_result(error), result);
	assert_non_null(strstr(error->message, path));
}

static void test_bounds(void **state)
{
	g_autofree char *path = file_of("sized", 1000);
	g_autoptr(GBytes) bytes = NULL;

	bytes = input_read(path, 1000, NULL);
	assert_non_null(bytes);
	assert_int_equal(g_bytes_get_size(bytes), 1000);
	refuse(path, 999, DEVID_TOO_LARGE);
	refuse(path, 0, DEVID_TOO_LARGE);
}

static void test_empty(void **state)
{
	g_autofree char *path = file_of("empty", 0);
	g_autoptr(GBytes) bytes = input_read(path, 10, NULL);

	assert_non_null(bytes);
	assert_int_equal(g_bytes_get_size(bytes), 0);
}

static void test_endless(void **state)
{
	refuse("/dev/zero", 100000, DEVID_TOO_LARGE);
}

static void test_not_files(void **state)
{
	g_autofree char *missing = path_of("missing"), *loop = path_of("loop");

	assert_int_equal(symlink("loop", loop), 0);
	refuse(missing, 10, DEVID_IO);
	refuse(loop, 10, DEVID_IO);
	refuse(folder, 10, DEVID_IO);
	refuse("", 10, DEVID_IO);
}

static void test_link(void **state)
{
	g_autofree char *target = file_of("target", 5), *link = path_of("link");
	g_autoptr(GBytes) bytes = NULL;

	assert_int_equal(symlink(target, link), 0);
	bytes = input_read(link, 10, NULL);
	assert_non_null(bytes);
	assert_int_equal(g_bytes_get_size(bytes), 5);
}

static void *write_fifo(void *path)
{
	int fd = open(path, O_WRONLY);

	for (int i = 0; i < 100; i++)
		if (write(fd, "0123456789", 10) != 10)
			break;
	close(fd);
	return NULL;
}

static void test_fifo(void **state)
{
	g_autofree char *path = path_of("fifo");
	g_autoptr(GBytes) bytes = NULL;
	GThread *writer;

	assert_int_equal(mkfifo(path, 0600), 0);
	writer = g_thread_new("writer", write_fifo, path);
	bytes = input_read(path, 2000, NULL);
	g_thread_join(writer);
	assert_non_null(bytes);
	assert_int_equal(g_bytes_get_size(bytes), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),	cmocka_unit_test(test_empty),
		cmocka_unit_test(test_endless), cmocka_unit_test(test_not_files),
		cmocka_unit_test(test_link),	cmocka_unit_test(test_fifo),

	};
	g_autofree char *pattern = g_strdup("/tmp/dvXXXXXX");
	static const char *const names[] = { "sized", "empty", "loop", "target", "link", "fifo" };
	int failed;

	folder = g_mkdtemp(pattern);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = path_of(names[i]);

		g_unlink(path);
	}
	g_rmdir(folder);
	return failed;
}
