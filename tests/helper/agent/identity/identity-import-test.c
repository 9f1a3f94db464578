/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Imports: new, again, restored, replaced, kept and undone, refused. */
#include <string.h>
#include <unistd.h>
#include "agent/identity/identity-change.h"
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity.h"
#include "base/error.h"
#include "identities.h"

static void assert_refused(const struct made *made, const char *label, guint32 flags, bool with_key,
			   enum devid_result why)
{
	guint64 before = generation();
	struct identity_result result;
	struct identity_undo *undo;
	g_autoptr(GError) error = NULL;

	assert_false(import_made(made, label, flags, with_key, NULL, &result, &undo, &error));
	assert_non_null(error);
	if (devid_error_result(error) != why)
		fail_msg("%s: %s", label, error->message);
	assert_null(undo);
	assert_int_equal(generation(), before);
}

static void a_new_one_is_there(void **state)
{
	AUTO_MADE struct made one, authority;
	AUTO_RESULT struct identity_result result;
	struct identity_undo *undo;
	struct record record;
	GBytes *chain[] = { NULL, NULL, NULL };

	make_key(&one);
	make_leaf(&one, "laptop-042", 1, 0, false);
	make_key(&authority);
	make_leaf(&authority, "Issuing", 1, 0, true);
	chain[0] = authority.leaf;
	chain[1] = one.leaf; /* the leaf once more is not part of the chain */
	assert_true(import_made(&one, "laptop-042", 0, true, chain, &result, &undo, NULL));
	assert_true(result.changed);
	assert_non_null(undo);
	assert_int_equal(g_bytes_get_size(result.id), 20);
	assert_true(identity_keep(undo, NULL, result.warnings, NULL));
	assert_int_equal(generation(), 1);
	find_record("laptop-042", &record);
	assert_string_equal(record.name, result.name);
	assert_string_equal(record.store, test_store()->name);
	assert_int_equal(record.chain_count, 1);
	assert_string_equal(record.chain[0].label, "Issuing");
	assert_int_equal(record.leaf.length, g_bytes_get_size(one.leaf));
	record_clear(&record);
	assert_int_equal(assert_whole(), 1);
}

static void undone_nothing_is_there(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result;
	struct identity_undo *undo;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	assert_true(import_made(&one, "one", 0, true, NULL, &result, &undo, NULL));
	assert_true(has_record("one"));
	assert_true(identity_undo(undo, NULL, NULL));
	assert_int_equal(assert_whole(), 0);
	assert_int_equal(generation(), 2);
}

static void the_same_again_changes_nothing(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result;
	g_autofree char *name = NULL;
	struct identity_undo *undo;
	guint64 before;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	name = import_kept(&one, "one", 0);
	before = generation();
	assert_true(import_made(&one, "another label", 0, true, NULL, &result, &undo, NULL));
	assert_false(result.changed);
	assert_null(undo);
	assert_string_equal(result.name, name);
	assert_string_equal(result.label, "one");
	identity_result_clear(&result);
	assert_true(import_made(&one, "one", IMPORT_REPLACE, true, NULL, &result, &undo, NULL));
	assert_false(result.changed);
	identity_result_clear(&result);
	assert_true(import_made(&one, "one", 0, false, NULL, &result, &undo, NULL));
	assert_false(result.changed);
	assert_int_equal(generation(), before);
	assert_int_equal(assert_whole(), 1);
}

static void remove_half(const struct made *made)
{
	g_autoptr(GBytes) spki = made_spki(made);
	g_autofree char *hex = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, spki);

	assert_true(test_store()->remove(SCOPE_USER, hex, NULL, NULL));
}

static void a_missing_key_is_restored(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result;
	struct identity_undo *undo;
	g_autoptr(GError) error = NULL;
	g_autofree char *name = NULL;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	name = import_kept(&one, "one", 0);
	remove_half(&one);
	assert_false(import_made(&one, "one", 0, false, NULL, &result, &undo, &error));
	assert_int_equal(devid_error_result(error), DEVID_KEY_MISSING);
	assert_true(import_made(&one, "one", 0, true, NULL, &result, &undo, NULL));
	assert_true(result.changed);
	assert_true(identity_keep(undo, NULL, result.warnings, NULL));
	assert_int_equal(assert_whole(), 1);
	/* Undone, it is missing again, and nothing else. */
	identity_result_clear(&result);
	remove_half(&one);
	assert_true(import_made(&one, "one", 0, true, NULL, &result, &undo, NULL));
	assert_true(identity_undo(undo, NULL, NULL));
	identity_result_clear(&result);
	assert_true(import_made(&one, "one", 0, true, NULL, &result, &undo, NULL));
	assert_true(result.changed);
	assert_true(identity_keep(undo, NULL, result.warnings, NULL));
	assert_int_equal(assert_whole(), 1);
}

static void what_is_taken_is_refused(void **state)
{
	AUTO_MADE struct made one, two;
	g_autofree char *name = NULL;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	name = import_kept(&one, "one", 0);
	make_key(&two);
	make_leaf(&two, "two", 1, 0, false);
	assert_refused(&two, "one", 0, true, DEVID_EXISTS);
	assert_refused(&two, "two", 0, false, DEVID_KEY_MISSING);
	assert_refused(&two, "one", IMPORT_REPLACE, false, DEVID_KEY_MISSING);
	make_leaf(&one, "one", 2, 0, false); /* renewed with the same key */
	assert_refused(&one, "one", 0, true, DEVID_EXISTS);
	assert_refused(&one, "new label", 0, true, DEVID_EXISTS);
	assert_int_equal(assert_whole(), 1);
}

static void what_is_wrong_is_refused(void **state)
{
	AUTO_MADE struct made one, other;
	char control[] = "tab\there";
	char *long_label = g_strnfill(300, 'x');

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	make_key(&other);
	assert_refused(&one, control, 0, true, DEVID_USAGE);
	assert_refused(&one, "", 0, true, DEVID_USAGE);
	assert_refused(&one, long_label, 0, true, DEVID_USAGE);
	other.leaf = g_bytes_ref(one.leaf);
	assert_refused(&other, "mixed", 0, true, DEVID_MISMATCH);
	g_clear_pointer(&other.leaf, g_bytes_unref);
	other.leaf = g_bytes_new_static("not a certificate", 17);
	assert_refused(&other, "rubbish", 0, true, DEVID_BAD_DATA);
	make_leaf(&other, "large", 1, 1400, false);
	assert_in_range(g_bytes_get_size(other.leaf), 1530, 2048);
	assert_refused(&other, "large", 0, true, DEVID_TOO_LARGE);
	make_leaf(&other, "larger", 1, 2000, false);
	assert_refused(&other, "larger", IMPORT_ACCEPT_SIZE, true, DEVID_TOO_LARGE);
	assert_int_equal(assert_whole(), 0);
	g_free(long_label);
}

static void an_accepted_size_is_remembered(void **state)
{
	AUTO_MADE struct made one;
	g_autofree char *name = NULL;
	struct record record;

	make_key(&one);
	make_leaf(&one, "large", 1, 1400, false);
	name = import_kept(&one, "large", IMPORT_ACCEPT_SIZE);
	find_record("large", &record);
	assert_true(record.size_accepted);
	record_clear(&record);
	make_leaf(&one, "small", 2, 0, false);
	g_free(name);
	name = import_kept(&one, "large", IMPORT_ACCEPT_SIZE | IMPORT_REPLACE);
	find_record("large", &record);
	assert_false(record.size_accepted);
	record_clear(&record);
}

static void replacing_keeps_label_and_id(void **state)
{
	AUTO_MADE struct made old, new;
	AUTO_RESULT struct identity_result result;
	struct identity_undo *undo;
	struct record before, after;
	g_autofree char *name = NULL;

	make_key(&old);
	make_leaf(&old, "old", 1, 0, false);
	name = import_kept(&old, "laptop", 0);
	find_record("laptop", &before);
	make_key(&new);
	make_leaf(&new, "new", 2, 0, false);
	assert_true(import_made(&new, "laptop", IMPORT_REPLACE, true, NULL, &result, &undo, NULL));
	assert_true(identity_undo(undo, NULL, NULL));
	find_record("laptop", &after);
	assert_memory_equal(before.spki_hash, after.spki_hash, 32);
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(assert_formers(), 0);
	record_clear(&after);
	identity_result_clear(&result);

	assert_true(import_made(&new, "laptop", IMPORT_REPLACE, true, NULL, &result, &undo, NULL));
	assert_string_equal(result.name, name);
	assert_true(identity_keep(undo, NULL, result.warnings, NULL));
	find_record("laptop", &after);
	assert_memory_not_equal(before.spki_hash, after.spki_hash, 32);
	assert_int_equal(before.id.length, after.id.length);
	assert_memory_equal(before.id.data, after.id.data, after.id.length);
	assert_int_equal(assert_whole(), 1);
	/* What it was before signs on for those that had found it. */
	assert_int_equal(assert_formers(), 1);
	record_clear(&before);
	record_clear(&after);

	/* The old one comes back as an identity of its own, though its usual id is taken. */
	g_free(name);
	name = import_kept(&old, "old", 0);
	assert_int_equal(assert_whole(), 2);
	assert_int_equal(assert_formers(), 0);
	assert_refused(&old, "laptop", IMPORT_REPLACE, true, DEVID_EXISTS);
}

static void a_renewal_with_the_same_key_needs_no_key(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result;
	struct identity_undo *undo;
	g_autofree char *name = NULL;
	struct record record;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	name = import_kept(&one, "laptop", 0);
	make_leaf(&one, "one", 2, 0, false);
	assert_true(import_made(&one, "laptop", IMPORT_REPLACE, false, NULL, &result, &undo, NULL));
	assert_true(identity_keep(undo, NULL, result.warnings, NULL));
	find_record("laptop", &record);
	assert_memory_equal(record.leaf.data, g_bytes_get_data(one.leaf, NULL), record.leaf.length);
	record_clear(&record);
	identity_result_clear(&result);
	/* Under another label it is the same identity, and keeps its name. */
	make_leaf(&one, "one", 3, 0, false);
	assert_true(import_made(&one, "renewed", IMPORT_REPLACE, true, NULL, &result, &undo, NULL));
	assert_string_equal(result.label, "laptop");
	assert_true(identity_undo(undo, NULL, NULL));
	assert_int_equal(assert_whole(), 1);
}

static void an_undo_leaves_later_changes_alone(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result;
	struct identity_undo *undo;
	g_autoptr(GError) error = NULL;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	assert_true(import_made(&one, "one", 0, true, NULL, &result, &undo, NULL));
	assert_true(identity_rename(SCOPE_USER, result.name, 0, "renamed", NULL, NULL, NULL));
	assert_false(identity_undo(undo, NULL, &error));
	assert_int_equal(devid_error_result(error), DEVID_EXISTS);
	assert_true(has_record("renamed"));
	assert_int_equal(assert_whole(), 1);
}

static void other_intermediates_are_taken_over(void **state)
{
	AUTO_MADE struct made one, authority;
	AUTO_RESULT struct identity_result result;
	struct identity_undo *undo;
	GBytes *chain[] = { NULL, NULL };
	g_autofree char *name = NULL;
	struct record record;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	name = import_kept(&one, "one", 0);
	make_key(&authority);
	make_leaf(&authority, "Issuing", 1, 0, true);
	chain[0] = authority.leaf;
	assert_true(import_made(&one, "one", 0, true, chain, &result, &undo, NULL));
	assert_true(result.changed);
	assert_true(identity_keep(undo, NULL, result.warnings, NULL));
	find_record("one", &record);
	assert_int_equal(record.chain_count, 1);
	record_clear(&record);
	assert_int_equal(assert_whole(), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_new_one_is_there),
		TEST(undone_nothing_is_there),
		TEST(the_same_again_changes_nothing),
		TEST(a_missing_key_is_restored),
		TEST(what_is_taken_is_refused),
		TEST(what_is_wrong_is_refused),
		TEST(an_accepted_size_is_remembered),
		TEST(replacing_keeps_label_and_id),
		TEST(a_renewal_with_the_same_key_needs_no_key),
		TEST(an_undo_leaves_later_changes_alone),
		TEST(other_intermediates_are_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
