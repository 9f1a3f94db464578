/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many writers at once: nothing is lost, nobody overwrites anybody. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent/identity/identity-desk.h"
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity-writer.h"
#include "agent/identity/identity.h"
#include "base/error.h"
#include "identities.h"

#define WRITERS 20

static char *program;

static GPid start(const char *what, const char *label)
{
	char *arguments[] = { program, (char *)what, (char *)label, NULL };
	GPid pid;

	assert_true(g_spawn_async(NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
				  &pid, NULL));
	return pid;
}

static int end(GPid pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int child(const char *what, const char *label)
{
	struct made one;

	make_key(&one);
	make_leaf(&one, label, 1, 0, false);
	if (g_str_equal(what, "import"))
		g_free(import_kept(&one, label, 0));
	else if (g_str_equal(what, "replace"))
		g_free(import_kept(&one, label, IMPORT_REPLACE));
	return 0;
}

static void processes_import(void **state)
{
	GPid pids[WRITERS];

	for (int i = 0; i < WRITERS; i++) {
		g_autofree char *label = g_strdup_printf("writer %d", i);

		pids[i] = start("import", label);
	}
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(end(pids[i]), 0);
	assert_int_equal(assert_whole(), WRITERS);
	assert_int_equal(generation(), WRITERS);
}

static void processes_replace_the_same(void **state)
{
	GPid pids[WRITERS];

	assert_int_equal(end(start("import", "laptop")), 0);
	for (int i = 0; i < WRITERS / 4; i++)
		pids[i] = start("replace", "laptop");
	for (int i = 0; i < WRITERS / 4; i++)
		assert_int_equal(end(pids[i]), 0);
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(generation(), 1 + WRITERS / 4);
}

static gpointer import_in_thread(gpointer data)
{
	struct identity_result result;
	struct identity_undo *undo;
	g_autoptr(GError) error = NULL;
	bool done = import_made(data, "laptop", 0, true, NULL, &result, &undo, &error);
	bool changed = done && result.changed;

	if (done) {
		identity_keep(undo, NULL, result.warnings, NULL);
		identity_result_clear(&result);
	} else if (devid_error_result(error) != DEVID_TIMEOUT) {
		return GINT_TO_POINTER(-1);
	}
	return GINT_TO_POINTER(changed ? 1 : 0);
}

static void threads_import_the_same(void **state)
{
	GThread *threads[WRITERS];
	struct made one;
	int changed = 0;

	make_key(&one);
	make_leaf(&one, "laptop", 1, 0, false);
	test_account();
	for (int i = 0; i < WRITERS; i++)
		threads[i] = g_thread_new("writer", import_in_thread, &one);
	for (int i = 0; i < WRITERS; i++) {
		int one_changed = GPOINTER_TO_INT(g_thread_join(threads[i]));

		assert_in_range(one_changed, 0, 1);
		changed += one_changed;
	}
	assert_int_equal(changed, 1);
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(generation(), 1);
	made_clear(&one);
}

/* A writer that hangs with the lock costs others no more than their bound, which is of time: they
 * would else wait the longer, the slower the machine is. */
static void a_lock_that_is_kept(void **state)
{
	AUTO_WRITER struct desk desk = DESK_INIT;
	struct identity_result result;
	struct identity_undo *undo;
	g_autoptr(GError) error = NULL;
	struct made one;
	gint64 begin;

	make_key(&one);
	make_leaf(&one, "laptop", 1, 0, false);
	assert_true(writer_open(SCOPE_USER, true, NULL, &desk, NULL));
	begin = g_get_monotonic_time();
	assert_false(import_made(&one, "laptop", 0, true, NULL, &result, &undo, &error));
	assert_int_equal(devid_error_result(error), DEVID_TIMEOUT);
	assert_in_range(g_get_monotonic_time() - begin, 1, 30 * G_TIME_SPAN_SECOND);
	writer_close(&desk);
	assert_int_equal(assert_whole(), 0);
	made_clear(&one);
}

int main(int count, char **arguments)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(processes_import),
		TEST(processes_replace_the_same),
		TEST(threads_import_the_same),
		TEST(a_lock_that_is_kept),
	};

	program = arguments[0];
	if (count == 3)
		return child(arguments[1], arguments[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
