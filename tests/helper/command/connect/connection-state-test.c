/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What connections do is told by files in a folder of the user's own; where that can't be had, it
 * is said why, and in the same words as of the folder of choices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <glib/gstdio.h>
#include "command/connect/connection-state.h"
#include "identity/choice-store.h"
#include "identity/choice.h"

#define OTHER_USER 65534

static char *place;

static int begin(void **state)
{
	place = g_dir_make_tmp("connection-state-XXXXXX", NULL);
	return !place || !g_setenv("DEVID_RUNTIME_DIR", place, true) ||
	       !g_setenv("DEVID_STATE_DIR", place, true);
}

static int end(void **state)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", place);

	g_clear_pointer(&place, g_free);
	return g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL) ? 0 : 1;
}

static const struct connection_state sample = {
	.name = (char *)"office",
	.client = (char *)"openconnect",
	.gateway = (char *)"vpn.example",
	.state = (char *)"ended",
	.message = (char *)"it is over",
};

static bool write_state(GError **error)
{
	return connection_state_write(&sample, error);
}

static bool take_lock(GError **error)
{
	int fd = connection_state_lock("office", error);

	return fd >= 0 && close(fd) == 0;
}

static bool remember(GError **error)
{
	static const struct choice_gateway gateway = { "vpn.example", 443 };
	g_autofree char *key = g_strnfill(CHOICE_KEY_LENGTH, '0');

	return choice_remember(&gateway, key, 1, error);
}

static const struct {
	bool (*try)(GError **error);
	const char *folder;
} rows[] = {
	{ write_state, "connections" },
	{ take_lock, "connections" },
	{ remember, "choices" },
};

static void each_says(const char *expected)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *message = g_strdup_printf("%s: %s", rows[i].folder, expected);
		g_autoptr(GError) error = NULL;

		assert_false(rows[i].try(&error));
		assert_string_equal(error->message, message);
	}
}

static void written_and_read(void **state)
{
	g_autoptr(ConnectionState) found = NULL;
	g_autoptr(GPtrArray) all = NULL;

	assert_null(connection_state_read("office"));
	assert_true(write_state(NULL));
	assert_true(write_state(NULL));
	found = connection_state_read("office");
	assert_string_equal(found->message, "it is over");
	all = connection_state_list();
	assert_int_equal(all->len, 1);
	connection_state_remove("office");
	assert_null(connection_state_read("office"));
}

static void writable_by_the_group(void **state)
{
	assert_int_equal(g_chmod(place, 0770), 0);
	each_says("Operation not permitted");
	assert_int_equal(g_chmod(place, 0700), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_build_filename(place, rows[i].folder, NULL);

		g_mkdir(path, 0700);
		assert_int_equal(g_chmod(path, 0770), 0);
	}
	each_says("Operation not permitted");
}

static void a_file_in_its_place(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_build_filename(place, rows[i].folder, NULL);

		assert_true(g_file_set_contents(path, "", 0, NULL));
	}
	each_says("Not a directory");
}

/* Root may write everywhere: there another user tries. */
static void a_parent_that_is_not_writable(void **state)
{
	bool root = geteuid() == 0;

	if (root && (chown(place, OTHER_USER, OTHER_USER) != 0 || seteuid(OTHER_USER) != 0))
		skip();
	assert_int_equal(g_chmod(place, 0500), 0);
	each_says("Permission denied");
	assert_int_equal(g_chmod(place, 0700), 0);
	assert_true(!root || seteuid(0) == 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(written_and_read),
		ROW(writable_by_the_group),
		ROW(a_file_in_its_place),
		ROW(a_parent_that_is_not_writable),
	};

	return cmocka_run_group_tests_name("connection-state", tests, NULL, NULL);
}
