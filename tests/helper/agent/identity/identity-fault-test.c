/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every write, failed or killed at each of its steps: what was there before is there, whole, or
 * what was to come is; never half of it, and what a dead writer left the next one takes away.
 *
 * Each try runs in a process of its own (this program with arguments), since some are killed. With
 * TEST_STORE=keyring the halves go to the real keyring (identity-keyring.sh).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <internal/test-hook.h>
#include <unistd.h>
#include "agent/identity/identity-change.h"
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-mark.h"
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity-write.h"
#include "agent/identity/identity.h"
#include "identities.h"

#define STEPS_MAX 200
#define REACHED	  10

static int countdown;
static int fault;

static int fail_at_step(const char *step, const char *name)
{
	if (--countdown != 0)
		return 0;
	if (fault == 0)
		kill(getpid(), SIGKILL);
	return fault;
}

static void begin_faults(int step, int errno_or_0)
{
	countdown = step;
	fault = errno_or_0;
	test_hook_fault = fail_at_step;
}

/* --- the writes, as the child does them */

struct scene {
	struct made old, new;
	char *name; /* the record of "laptop" */
};

static void end_import(bool done, struct identity_result *result, struct identity_undo *undo,
		       bool keep)
{
	if (done && keep)
		(void)identity_keep(undo, NULL, result->warnings, NULL);
	else if (done)
		(void)identity_undo(undo, NULL, NULL);
	identity_result_clear(result);
}

static void do_import(struct scene *scene, const char *label, guint32 flags, bool keep)
{
	struct identity_result result;
	struct identity_undo *undo;
	bool done = import_made(&scene->new, label, flags, true, NULL, &result, &undo, NULL);

	end_import(done, &result, undo, keep);
}

static void add(struct scene *scene)
{
	do_import(scene, "added", 0, true);
}

static void add_undone(struct scene *scene)
{
	do_import(scene, "added", 0, false);
}

static void replace(struct scene *scene)
{
	do_import(scene, "laptop", IMPORT_REPLACE, true);
}

static void replace_undone(struct scene *scene)
{
	do_import(scene, "laptop", IMPORT_REPLACE, false);
}

static void renew(struct scene *scene)
{
	g_clear_pointer(&scene->new.leaf, g_bytes_unref);
	made_clear(&scene->new);
	scene->new = scene->old;
	memset(&scene->old, 0, sizeof(scene->old));
	make_leaf(&scene->new, "laptop", 2, 0, false);
	do_import(scene, "laptop", IMPORT_REPLACE, true);
}

/* The key waits already; its certificate comes. */
static void take_place(struct scene *scene, bool keep)
{
	struct identity_result result;
	struct identity_undo *undo;
	bool done = import_made(&scene->new, NULL, 0, false, NULL, &result, &undo, NULL);

	end_import(done, &result, undo, keep);
}

static void take_its_place(struct scene *scene)
{
	take_place(scene, true);
}

static void take_its_place_undone(struct scene *scene)
{
	take_place(scene, false);
}

static void retire_it(struct scene *scene)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

	(void)identity_retire(SCOPE_USER, scene->name, NULL, NULL, warnings, NULL);
}

static void remove_it(struct scene *scene)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

	(void)identity_remove(SCOPE_USER, scene->name, 0, NULL, warnings, NULL);
}

static void rename_it(struct scene *scene)
{
	(void)identity_rename(SCOPE_USER, scene->name, 0, "laptop 2", NULL, NULL, NULL);
}

static void write_one(struct scene *scene, enum wire_object object)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	struct identity_result result = { 0 };

	wire_begin(&frame, WIRE_WRITE);
	wire_put_u32(&frame, TAG_OBJECT, object);
	wire_put_u32(&frame, TAG_KEY_TYPE, KEY_EC);
	if (object == OBJECT_CERTIFICATE)
		wire_put(&frame, TAG_CERTIFICATE, g_bytes_get_data(scene->new.leaf, NULL),
			 g_bytes_get_size(scene->new.leaf));
	else
		wire_put(&frame, TAG_PKCS8, scene->new.pkcs8.data, scene->new.pkcs8.length);
	assert_int_equal(wire_finish(&frame), DEVID_OK);
	(void)identity_write(g_str_equal(test_store()->name, "file") ? SCOPE_SYSTEM : SCOPE_USER,
			     &frame, test_account(), NULL, &result, NULL);
	identity_result_clear(&result);
}

static void write_pair(struct scene *scene)
{
	write_one(scene, OBJECT_PRIVATE_KEY);
	write_one(scene, OBJECT_CERTIFICATE);
}

static const struct {
	const char *name;
	void (*write)(struct scene *scene);
	size_t least, most; /* records afterwards; "other" is always one of them */
	bool keeps;	    /* "laptop" is still called so */
	bool waits;	    /* a key waits for it */
	bool replaced;	    /* it has a former key */
} writes[] = {
	{ "add", add, 2, 3, true },
	{ "add, undone", add_undone, 2, 3, true },
	{ "replace", replace, 2, 2, true },
	{ "replace, undone", replace_undone, 2, 2, true },
	{ "renew", renew, 2, 2, true },
	{ "remove", remove_it, 1, 2, false },
	{ "rename", rename_it, 2, 2, false },
	{ "write a pair", write_pair, 2, 3, true },
	{ "by a key that waits", take_its_place, 2, 3, true, true },
	{ "by a key that waits, undone", take_its_place_undone, 2, 3, true, true },
	{ "retire", retire_it, 2, 2, true, false, true },
	{ "remove both", remove_it, 1, 2, false, false, true },
};

static const struct {
	const char *name;
	int fault;
} faults[] = {
	{ "killed", 0 },
	{ "no space", ENOSPC },
	{ "I/O error", EIO },
	{ "read-only", EROFS },
};

/* A key waits for "laptop", and its certificate is the new one. */
static void make_waiting(struct scene *scene)
{
	struct identity_wish wish = { .label = "waiting",
				      .renews = scene->name,
				      .store = test_store(),
				      .type = KEY_EC,
				      .bits = 256 };
	struct identity_result result;
	struct record_list list;
	char hex[SPKI_HEX_SIZE] = "";

	assert_true(identity_generate(SCOPE_USER, &wish, NULL, &result, NULL));
	identity_result_clear(&result);
	assert_int_equal(record_load_folder(g_getenv("DEVID_DATA_DIR"), &list, NULL, NULL),
			 DEVID_OK);
	for (size_t i = 0; i < list.count; i++)
		if (list.records[i].renews)
			hex_encode(list.records[i].spki_hash, 32, hex);
	record_list_clear(&list);
	made_clear(&scene->new);
	scene->new = (struct made){ SECRET_INIT, NULL };
	assert_true(test_store()->read(SCOPE_USER, hex, NULL, &scene->new.pkcs8, NULL));
	make_leaf(&scene->new, "renewed", 2, 0, false);
}

static int child(int write, int fault_errno, int step)
{
	struct scene scene = { 0 };
	struct made other;

	make_key(&other);
	make_leaf(&other, "other", 1, 0, false);
	g_free(import_kept(&other, "other", 0));
	made_clear(&other);
	make_key(&scene.old);
	make_leaf(&scene.old, "laptop", 1, 0, false);
	make_key(&scene.new);
	make_leaf(&scene.new, "new", 1, 0, false);
	scene.name = import_kept(&scene.old, "laptop", 0);
	if (writes[write].waits)
		make_waiting(&scene);
	if (writes[write].replaced)
		g_free(import_kept(&scene.new, "laptop", IMPORT_REPLACE));
	begin_faults(step, fault_errno);
	writes[write].write(&scene);
	return countdown > 0 ? 0 : REACHED;
}

/* --- the parent */

static char *program;

/* False where the step was not reached: the write has no more of them. */
static bool try(size_t write, size_t which, int step)
{
	g_autofree char *write_text = g_strdup_printf("%zu", write);
	g_autofree char *fault_text = g_strdup_printf("%d", faults[which].fault);
	g_autofree char *step_text = g_strdup_printf("%d", step);
	char *arguments[] = { program, write_text, fault_text, step_text, NULL };
	g_autoptr(GError) error = NULL;
	int status;

	if (!g_spawn_sync(NULL, arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status,
			  &error))
		fail_msg("%s", error->message);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && faults[which].fault == 0)
		return true;
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == REACHED))
		return WEXITSTATUS(status) == REACHED;
	fail_msg("%s, %s at step %d: status %d", writes[write].name, faults[which].name, step,
		 status);
	return false;
}

/* Leaves no half in a keyring that is not ours alone. */
static void remove_all(void)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct record_list list;

	assert_int_equal(record_load_folder(data_folder(), &list, NULL, NULL), DEVID_OK);
	for (size_t i = 0; i < list.count; i++)
		assert_true(
			identity_remove(SCOPE_USER, list.records[i].name, 0, NULL, warnings, NULL));
	assert_int_equal(warnings->len, 0);
	record_list_clear(&list);
}

static void write_fails(size_t write)
{
	/* Beside a keyring all failures are alike. */
	size_t count_of_faults =
		g_str_equal(test_store()->name, "keyring") ? 2 : G_N_ELEMENTS(faults);

	for (size_t which = 0; which < count_of_faults; which++) {
		bool reached = true;
		int step;

		for (step = 1; reached && step < STEPS_MAX; step++) {
			size_t count;

			folder_setup(NULL);
			g_setenv("DEVID_SYSTEM_DIR", data_folder(), true);
			reached = try(write, which, step);
			count = assert_whole();
			if (count < writes[write].least || count > writes[write].most)
				fail_msg("%s, %s at step %d: %zu identities", writes[write].name,
					 faults[which].name, step, count);
			assert_true(has_record("other"));
			if (writes[write].keeps)
				assert_true(has_record("laptop"));
			if (g_str_equal(test_store()->name, "keyring"))
				remove_all();
			folder_teardown(NULL);
		}
		assert_in_range(step, 5, STEPS_MAX - 1);
	}
}

static void each_write_fails(void **state)
{
	write_fails((size_t)(uintptr_t)*state);
}

int main(int count, char **arguments)
{
	struct CMUnitTest tests[G_N_ELEMENTS(writes)];

	program = arguments[0];
	if (count == 4)
		return child(atoi(arguments[1]), atoi(arguments[2]), atoi(arguments[3]));
	for (size_t i = 0; i < G_N_ELEMENTS(writes); i++)
		tests[i] = (struct CMUnitTest){ writes[i].name, each_write_fails, NULL, NULL,
						(void *)(uintptr_t)i };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
