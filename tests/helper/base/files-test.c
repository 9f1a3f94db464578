/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files written whole, and what is said of a folder that can't be one's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <glib/gstdio.h>
#include <internal/cleanup.h>
#include "base/files.h"

#define OTHER_USER 65534

static char *place;

static int begin(void **state)
{
	place = g_dir_make_tmp("files-test-XXXXXX", NULL);
	return !place;
}

static int end(void **state)
{
	const char *const command[] = { "rm", "-rf", place, NULL };

	g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
		     NULL, NULL);
	g_clear_pointer(&place, g_free);
	return 0;
}

static char *below(const char *name)
{
	return g_build_filename(place, name, NULL);
}

static mode_t mode_of(const char *name)
{
	g_autofree char *path = below(name);
	struct stat status;

	return lstat(path, &status) == 0 ? status.st_mode : 0;
}

static void holds(const char *name, const char *expected)
{
	g_autofree char *path = below(name), *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, expected);
}

static void leaves(guint count)
{
	g_autoptr(GDir) folder = g_dir_open(place, 0, NULL);
	guint found = 0;

	while (g_dir_read_name(folder))
		found++;
	assert_int_equal(found, count);
}

/* --- folders */

static void refused(const char *path, const char *expected)
{
	AUTO_CLOSE int fd = files_open_own(path, "choices", true);
	int number = errno;

	assert_true(fd < 0);
	assert_string_equal(g_strerror(number), expected);
}

static void a_folder_is_made(void **state)
{
	g_autofree char *path = below("made/devid");
	AUTO_CLOSE int none = files_open_own(path, "choices", false);
	AUTO_CLOSE int made = -1;
	AUTO_CLOSE int again = -1;

	assert_true(none < 0);
	assert_int_equal(mode_of("made"), 0);
	made = files_open_own(path, "choices", true);
	assert_true(made >= 0);
	assert_int_equal(mode_of("made/devid"), S_IFDIR | 0700);
	assert_int_equal(mode_of("made/devid/choices"), S_IFDIR | 0700);
	again = files_open_own(path, "choices", false);
	assert_true(again >= 0);
	assert_int_equal(fcntl(again, F_GETFD), FD_CLOEXEC);
}

static void writable_by_the_group(void **state)
{
	g_autofree char *inner = below("choices");

	assert_int_equal(g_chmod(place, 0770), 0);
	refused(place, "Operation not permitted");
	assert_int_equal(g_chmod(place, 0700), 0);
	assert_int_equal(g_mkdir(inner, 0700), 0);
	assert_int_equal(g_chmod(inner, 0770), 0);
	refused(place, "Operation not permitted");
}

static void a_file_in_its_place(void **state)
{
	g_autofree char *inner = below("choices"), *outer = below("choices/devid");

	assert_true(g_file_set_contents(inner, "", 0, NULL));
	refused(place, "Not a directory");
	refused(inner, "Not a directory");
	refused(outer, "Not a directory");
}

static void a_link_in_its_place(void **state)
{
	g_autofree char *inner = below("choices"), *link = below("link");

	assert_int_equal(symlink(place, link), 0);
	refused(link, "Not a directory");
	assert_int_equal(symlink("/", inner), 0);
	refused(place, "Not a directory");
}

/* Root may write everywhere: there another user tries. */
static void a_parent_that_is_not_writable(void **state)
{
	g_autofree char *outer = below("state");

	assert_int_equal(chown(place, OTHER_USER, OTHER_USER), 0);
	assert_int_equal(seteuid(OTHER_USER), 0);
	assert_int_equal(g_chmod(place, 0500), 0);
	refused(place, "Permission denied");
	refused(outer, "Permission denied");
	assert_int_equal(g_chmod(place, 0700), 0);
	assert_int_equal(seteuid(0), 0);
}

static void a_folder_of_another_user(void **state)
{
	assert_int_equal(chown(place, OTHER_USER, OTHER_USER), 0);
	refused(place, "Operation not permitted");
}

/* --- files */

static bool replace(const char *name, const char *text, mode_t mode, unsigned flags)
{
	AUTO_CLOSE int folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return files_replace(folder, name, mode, text, strlen(text), flags);
}

static void a_file_is_replaced(void **state)
{
	mode_t umask_before = umask(027);

	assert_true(replace("file", "one", 0644, 0));
	holds("file", "one");
	assert_int_equal(mode_of("file"), S_IFREG | 0644);
	assert_true(replace("file", "two", 0600, FILES_LOCKED));
	holds("file", "two");
	assert_int_equal(mode_of("file"), S_IFREG | 0600);
	assert_true(replace("file", "", 0666, FILES_UMASK));
	holds("file", "");
	assert_int_equal(mode_of("file"), S_IFREG | 0640);
	umask(umask_before);
	leaves(1);
}

static void a_new_file_replaces_nothing(void **state)
{
	assert_true(replace("file", "one", 0644, FILES_NEW | FILES_LOCKED));
	assert_false(replace("file", "two", 0644, FILES_NEW | FILES_LOCKED));
	assert_int_equal(errno, EEXIST);
	holds("file", "one");
	leaves(1);
}

/* What lies in the temporary file's place goes, and is never written through. */
static void what_a_crash_left_goes(void **state)
{
	g_autofree char *fresh = below(".file.new"), *victim = below("victim");

	assert_true(g_file_set_contents(victim, "kept", -1, NULL));
	assert_int_equal(symlink(victim, fresh), 0);
	assert_true(replace("file", "one", 0644, FILES_LOCKED));
	holds("victim", "kept");
	holds("file", "one");
	leaves(2);
}

static void a_link_is_replaced_not_followed(void **state)
{
	g_autofree char *link = below("file"), *victim = below("victim");

	assert_true(g_file_set_contents(victim, "kept", -1, NULL));
	assert_int_equal(symlink(victim, link), 0);
	assert_true(replace("file", "one", 0644, 0));
	holds("victim", "kept");
	assert_int_equal(mode_of("file"), S_IFREG | 0644);
}

static void no_half_of_a_file(void **state)
{
	g_autofree char *folder = below("folder");
	struct rlimit before;

	assert_true(replace("file", "one", 0644, 0));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4, before.rlim_max }), 0);
	assert_false(replace("file", "too long", 0644, 0));
	assert_int_equal(errno, EFBIG);
	assert_false(replace("file", "too long", 0644, FILES_LOCKED));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	holds("file", "one");
	assert_int_equal(g_mkdir(folder, 0700), 0);
	assert_false(replace("folder", "text", 0644, 0));
	assert_int_equal(errno, EISDIR);
	leaves(2);
}

static void a_file_is_believed(void **state)
{
	AUTO_CLOSE int folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autofree char *path = below("file"), *link = below("link"), *text = NULL;

	assert_null(files_read_own(folder, "file", 8));
	assert_true(replace("file", "12345678", 0644, 0));
	assert_null(files_read_own(folder, "file", 7));
	text = files_read_own(folder, "file", 8);
	assert_string_equal(text, "12345678");
	assert_int_equal(symlink(path, link), 0);
	assert_null(files_read_own(folder, "link", 8));
	assert_null(files_read_own(folder, ".", 8 * 1024 * 1024));
	assert_true(g_file_set_contents(path,
					"1234\0"
					"5678",
					9, NULL));
	assert_null(files_read_own(folder, "file", 9));
	assert_true(g_file_set_contents(path, "", 0, NULL));
	g_free(text);
	text = files_read_own(folder, "file", 9);
	assert_string_equal(text, "");
	assert_int_equal(g_chmod(path, 0620), 0);
	assert_null(files_read_own(folder, "file", 8));
}

static void a_lock_is_waited_for(void **state)
{
	AUTO_CLOSE int one = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int two = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autoptr(GCancellable) cancel = g_cancellable_new();

	assert_true(files_lock(one, 0, NULL));
	assert_false(files_lock(two, 20, NULL));
	assert_int_equal(errno, EWOULDBLOCK);
	g_cancellable_cancel(cancel);
	assert_false(files_lock(two, G_MAXUINT, cancel));
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(flock(one, LOCK_UN), 0);
	assert_true(files_lock(two, 0, NULL));
	assert_false(files_lock(-1, 1000, NULL));
	assert_int_equal(errno, EBADF);
}

/* Read to its end, which comes without anybody's doing; and what is too much is not waited for. */
static void a_pipe_is_filled(void **state)
{
	static const char much[1024 * 1024];
	AUTO_CLOSE int pipe = files_filled_pipe("cookie", 6), empty = files_filled_pipe("", 0);
	char bytes[16];

	assert_int_equal(read(pipe, bytes, sizeof(bytes)), 6);
	assert_memory_equal(bytes, "cookie", 6);
	assert_int_equal(read(pipe, bytes, sizeof(bytes)), 0);
	assert_int_equal(read(empty, bytes, sizeof(bytes)), 0);
	assert_int_equal(fcntl(pipe, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(pipe, F_GETFD), FD_CLOEXEC);
	assert_int_equal(files_filled_pipe(much, sizeof(much)), -1);
	assert_int_equal(errno, EAGAIN);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(a_folder_is_made),
		ROW(writable_by_the_group),
		ROW(a_file_in_its_place),
		ROW(a_link_in_its_place),
		ROW(a_parent_that_is_not_writable),
		ROW(a_folder_of_another_user),
		ROW(a_file_is_replaced),
		ROW(a_new_file_replaces_nothing),
		ROW(what_a_crash_left_goes),
		ROW(a_link_is_replaced_not_followed),
		ROW(no_half_of_a_file),
		ROW(a_file_is_believed),
		ROW(a_lock_is_waited_for),
		ROW(a_pipe_is_filled),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
