/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Former records: a replaced key stays for those that found it, for as long as it may, and never
 * longer; and a key that waits takes the place of what it renews.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "agent/identity/former.h"
#include "agent/identity/identity-change.h"
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-mark.h"
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity-write.h"
#include "agent/store/store.h"
#include "base/moment.h"
#include "identities.h"

#define DAY 86400

struct pair {
	struct made old, new;
	char *name; /* of the record */
};

static void pair_clear(struct pair *pair)
{
	made_clear(&pair->old);
	made_clear(&pair->new);
	g_free(pair->name);
}
#define AUTO_PAIR __attribute__((cleanup(pair_clear)))

static void make_pair(struct pair *pair)
{
	make_key(&pair->old);
	make_leaf(&pair->old, "old", 1, 0, false);
	make_key(&pair->new);
	make_leaf(&pair->new, "new", 2, 0, false);
	pair->name = import_kept(&pair->old, "laptop", 0);
}

static void replace(struct pair *pair)
{
	g_free(import_kept(&pair->new, "laptop", IMPORT_REPLACE));
}

/* The only former record's file. */
static char *former_path(void)
{
	g_autoptr(GDir) listing = g_dir_open(data_folder(), 0, NULL);
	const char *name;

	assert_non_null(listing);
	while ((name = g_dir_read_name(listing)))
		if (g_str_has_suffix(name, RECORD_FORMER_SUFFIX))
			return g_build_filename(data_folder(), name, NULL);
	fail_msg("no former record");
	return NULL;
}

/* Its text with the value of `field` put in place of what is there. */
static void edit_former(const char *field, const char *value)
{
	g_autofree char *path = former_path(), *text = NULL, *edited = NULL;
	g_autofree char *pattern = g_strdup_printf("^%s: .*$", field);
	g_autofree char *line = g_strdup_printf("%s: %s", field, value);
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	edited = g_regex_replace_literal(regex, text, -1, 0, line, 0, NULL);
	assert_string_not_equal(text, edited);
	assert_true(g_file_set_contents(path, edited, -1, NULL));
	assert_int_equal(g_chmod(path, 0600), 0);
}

static struct record_list formers(void)
{
	struct record_list list;

	assert_int_equal(record_load_former(data_folder(), &list, NULL, NULL), DEVID_OK);
	return list;
}

static bool has_half(const struct made *made)
{
	g_autoptr(GBytes) spki = made_spki(made);
	g_autofree char *hex = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, spki);
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;

	return test_store()->read(SCOPE_USER, hex, NULL, &pkcs8, NULL);
}

static void a_replaced_key_stays_for_a_week(void **state)
{
	AUTO_PAIR struct pair pair;
	struct record_list list;
	time_t now = time(NULL), end;

	make_pair(&pair);
	replace(&pair);
	assert_int_equal(assert_whole(), 1);
	list = formers();
	assert_int_equal(list.count, 1);
	assert_string_equal(list.records[0].name, pair.name);
	assert_string_equal(list.records[0].label, "laptop");
	end = former_end(&list.records[0]);
	assert_in_range(end, now + 7 * DAY - 1, time(NULL) + 7 * DAY);
	record_list_clear(&list);
	assert_true(has_half(&pair.old));
	assert_true(has_half(&pair.new));
}

static time_t certificate_end_of(const struct made *made)
{
	gnutls_datum_t der = { (void *)g_bytes_get_data(made->leaf, NULL),
			       (unsigned)g_bytes_get_size(made->leaf) };
	gnutls_x509_crt_t leaf;
	time_t end;

	assert_int_equal(gnutls_x509_crt_init(&leaf), 0);
	assert_int_equal(gnutls_x509_crt_import(leaf, &der, GNUTLS_X509_FMT_DER), 0);
	end = gnutls_x509_crt_get_expiration_time(leaf);
	gnutls_x509_crt_deinit(leaf);
	return end;
}

static void it_ends_with_its_certificate(void **state)
{
	AUTO_PAIR struct pair pair;
	struct record_list list;

	leaf_days = 2;
	make_pair(&pair);
	leaf_days = 30;
	replace(&pair);
	list = formers();
	assert_int_equal(list.count, 1);
	/* Its own last second is still inside (RFC 5280 4.1.2.5). */
	assert_int_equal(former_end(&list.records[0]), certificate_end_of(&pair.old) + 1);
	record_list_clear(&list);
}

static void who_has_expired_leaves_none(void **state)
{
	AUTO_PAIR struct pair pair;

	leaf_days = 0;
	make_pair(&pair);
	leaf_days = 30;
	while (time(NULL) <= certificate_end_of(&pair.old))
		g_usleep(50000);
	replace(&pair);
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(assert_formers(), 0);
	assert_false(has_half(&pair.old));
}

static void it_ends_with_its_time(void **state)
{
	AUTO_PAIR struct pair pair;
	static const char *const over[] = { "2020-01-01T00:00:00Z", "soon", "2020-01-01",
					    "99999-01-01T00:00:00Z" };

	make_pair(&pair);
	for (size_t i = 0; i < G_N_ELEMENTS(over); i++) {
		replace(&pair);
		assert_int_equal(assert_formers(), 1);
		edit_former("Until", over[i]);
		assert_int_equal(assert_whole(), 1);
		assert_int_equal(assert_formers(), 0);
		assert_false(has_half(&pair.old));
		assert_true(has_half(&pair.new));
		identity_remove(SCOPE_USER, pair.name, 0, NULL, NULL, NULL);
		g_free(pair.name);
		pair.name = import_kept(&pair.old, "laptop", 0);
	}
}

static void the_same_key_has_no_former(void **state)
{
	AUTO_PAIR struct pair pair;

	make_pair(&pair);
	g_clear_pointer(&pair.old.leaf, g_bytes_unref);
	make_leaf(&pair.old, "later", 3, 0, false);
	g_free(import_kept(&pair.old, "laptop", IMPORT_REPLACE));
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(assert_formers(), 0);
}

/* Each replacement leaves one; each ends by itself. */
static void one_each_time(void **state)
{
	AUTO_PAIR struct pair pair;
	AUTO_MADE struct made third;

	make_pair(&pair);
	replace(&pair);
	make_key(&third);
	make_leaf(&third, "third", 3, 0, false);
	g_free(import_kept(&third, "laptop", IMPORT_REPLACE));
	assert_int_equal(assert_formers(), 2);
	/* Back to the first: it is no former one any more. */
	g_free(import_kept(&pair.old, "laptop", IMPORT_REPLACE));
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(assert_formers(), 2);
	assert_true(has_half(&pair.old));
	assert_true(has_half(&pair.new));
	assert_true(has_half(&third));
}

static void retire(const char *name, guint wanted)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	guint count = 0;

	assert_true(identity_retire(SCOPE_USER, name, NULL, &count, warnings, NULL));
	assert_int_equal(warnings->len, 0);
	assert_int_equal(count, wanted);
}

static void it_can_be_retired(void **state)
{
	AUTO_PAIR struct pair pair;

	make_pair(&pair);
	retire(pair.name, 0);
	replace(&pair);
	retire("0123456789abcdef", 0);
	assert_true(has_half(&pair.old));
	retire(pair.name, 1);
	assert_false(has_half(&pair.old));
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(assert_formers(), 0);
	retire(pair.name, 0);
}

static void it_goes_with_its_identity(void **state)
{
	AUTO_PAIR struct pair pair;
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

	make_pair(&pair);
	replace(&pair);
	assert_true(identity_remove(SCOPE_USER, pair.name, 0, NULL, warnings, NULL));
	assert_int_equal(warnings->len, 0);
	assert_int_equal(assert_whole(), 0);
	assert_int_equal(assert_formers(), 0);
	assert_false(has_half(&pair.old));
}

/* Its record went by another hand: what it was before has nobody to sign on for. */
static void an_orphan_goes(void **state)
{
	AUTO_PAIR struct pair pair;
	g_autofree char *file = NULL;

	make_pair(&pair);
	replace(&pair);
	file = g_strdup_printf("%s/%s%s", data_folder(), pair.name, RECORD_SUFFIX);
	assert_int_equal(g_remove(file), 0);
	retire("0123456789abcdef", 0);
	assert_int_equal(assert_formers(), 0);
	assert_false(has_half(&pair.old));
}

static void an_undo_takes_it_back(void **state)
{
	AUTO_PAIR struct pair pair;
	struct identity_result result;
	struct identity_undo *undo;

	make_pair(&pair);
	assert_true(
		import_made(&pair.new, "laptop", IMPORT_REPLACE, true, NULL, &result, &undo, NULL));
	assert_int_equal(assert_formers(), 1);
	assert_true(identity_undo(undo, NULL, NULL));
	identity_result_clear(&result);
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(assert_formers(), 0);
	assert_true(has_half(&pair.old));
	assert_false(has_half(&pair.new));
}

/* What is planted in a former record's place is none. */
static void what_is_no_former_record(void **state)
{
	AUTO_PAIR struct pair pair;
	g_autofree char *path = NULL, *elsewhere = NULL, *link = NULL, *text = NULL;
	struct record_list list;

	make_pair(&pair);
	replace(&pair);
	path = former_path();
	assert_true(g_file_get_contents(path, &text, NULL, NULL));

	/* of another key than its name says */
	elsewhere =
		g_strdup_printf("%s/%s.%064d%s", data_folder(), pair.name, 0, RECORD_FORMER_SUFFIX);
	assert_true(g_file_set_contents(elsewhere, text, -1, NULL));
	assert_int_equal(g_chmod(elsewhere, 0600), 0);
	list = formers();
	assert_int_equal(list.count, 1);
	assert_int_equal(list.skipped, 1);
	record_list_clear(&list);
	assert_int_equal(g_remove(elsewhere), 0);

	/* a link */
	link = g_strdup_printf("%s/away", data_folder());
	assert_int_equal(g_rename(path, link), 0);
	assert_int_equal(symlink(link, path), 0);
	list = formers();
	assert_int_equal(list.count, 0);
	assert_int_equal(list.skipped, 1);
	record_list_clear(&list);
	assert_int_equal(g_remove(path), 0);
	assert_int_equal(g_rename(link, path), 0);

	/* others can write to it */
	assert_int_equal(g_chmod(path, 0622), 0);
	list = formers();
	assert_int_equal(list.count, 0);
	record_list_clear(&list);
	assert_int_equal(g_chmod(path, 0600), 0);

	/* without an end */
	edit_former("Until", "x");
	edit_former("Until", "2020-01-01T00:00:00Z\nUntil: 2020-01-01T00:00:00Z");
	list = formers();
	assert_int_equal(list.count, 0);
	assert_int_equal(list.skipped, 1);
	record_list_clear(&list);
	/* A name that is none of ours isn't looked at. */
	assert_int_equal(g_rename(path, link), 0);
	list = formers();
	assert_int_equal(list.count + list.skipped, 0);
	record_list_clear(&list);
	assert_int_equal(g_remove(link), 0);
	/* Its half was named by it alone, and nobody was told that it goes: it stays. */
	assert_true(has_half(&pair.old));
}

/* --- renewal by a key that waits */

static bool make_waiting(const char *renews, const char *label, GError **error)
{
	AUTO_RESULT struct identity_result result;
	struct identity_wish wish = {
		.label = label, .renews = renews, .store = test_store(), .type = KEY_EC, .bits = 256
	};

	return identity_generate(SCOPE_USER, &wish, NULL, &result, error);
}

/* The waiting key and a certificate for it. */
static void waiting_leaf(const char *label, struct made *made)
{
	struct record record;
	char hex[SPKI_HEX_SIZE];

	find_record(label, &record);
	hex_encode(record.spki_hash, 32, hex);
	made->pkcs8 = SECRET_INIT;
	assert_true(test_store()->read(SCOPE_USER, hex, NULL, &made->pkcs8, NULL));
	make_leaf(made, "renewed", 9, 0, false);
	record_clear(&record);
}

static void a_waiting_key_takes_its_place(void **state)
{
	AUTO_PAIR struct pair pair;
	AUTO_MADE struct made renewed;
	AUTO_RESULT struct identity_result result;
	struct identity_undo *undo;
	struct record before, after;

	make_pair(&pair);
	find_record("laptop", &before);
	assert_true(make_waiting(pair.name, "laptop (renewal)", NULL));
	assert_int_equal(assert_whole(), 2);
	waiting_leaf("laptop (renewal)", &renewed);

	/* taken back: both are as they were */
	assert_true(import_made(&renewed, NULL, 0, false, NULL, &result, &undo, NULL));
	assert_false(has_record("laptop (renewal)"));
	assert_true(identity_undo(undo, NULL, NULL));
	identity_result_clear(&result);
	assert_int_equal(assert_whole(), 2);
	assert_int_equal(assert_formers(), 0);
	find_record("laptop", &after);
	assert_memory_equal(before.spki_hash, after.spki_hash, 32);
	record_clear(&after);

	assert_true(import_made(&renewed, NULL, 0, false, NULL, &result, &undo, NULL));
	assert_true(identity_keep(undo, NULL, result.warnings, NULL));
	assert_string_equal(result.name, pair.name);
	assert_string_equal(result.label, "laptop");
	assert_int_equal(assert_whole(), 1);
	assert_int_equal(assert_formers(), 1);
	find_record("laptop", &after);
	assert_memory_not_equal(before.spki_hash, after.spki_hash, 32);
	assert_int_equal(before.id.length, after.id.length);
	assert_memory_equal(before.id.data, after.id.data, after.id.length);
	assert_true(after.local);
	assert_null(after.renews);
	record_clear(&before);
	record_clear(&after);
}

static void one_key_waits_for_an_identity(void **state)
{
	AUTO_PAIR struct pair pair;
	g_autoptr(GError) error = NULL;

	make_pair(&pair);
	assert_fails(make_waiting("0123456789abcdef", "x", &error), &error, DEVID_NOT_FOUND);
	assert_true(make_waiting(pair.name, "laptop (renewal)", NULL));
	assert_fails(make_waiting(pair.name, "another", &error), &error, DEVID_EXISTS);
	assert_fails(make_waiting(pair.name, "laptop", &error), &error, DEVID_EXISTS);
	assert_int_equal(assert_whole(), 2);
}

/* What it was to renew is gone: the key has its certificate as an identity of its own. */
static void what_it_renews_is_gone(void **state)
{
	AUTO_PAIR struct pair pair;
	AUTO_MADE struct made renewed;
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

	make_pair(&pair);
	assert_true(make_waiting(pair.name, "laptop (renewal)", NULL));
	waiting_leaf("laptop (renewal)", &renewed);
	assert_true(identity_remove(SCOPE_USER, pair.name, 0, NULL, warnings, NULL));
	g_free(import_kept(&renewed, NULL, 0));
	assert_int_equal(assert_whole(), 1);
	assert_true(has_record("laptop (renewal)"));
}

/* A writer that died after the record was in place: the next one clears the waiting one away. */
static void a_renewal_that_was_cut_short(void **state)
{
	AUTO_PAIR struct pair pair;
	AUTO_MADE struct made renewed;
	g_autofree char *path = NULL, *text = NULL;
	struct record waiting;

	make_pair(&pair);
	assert_true(make_waiting(pair.name, "laptop (renewal)", NULL));
	waiting_leaf("laptop (renewal)", &renewed);
	find_record("laptop (renewal)", &waiting);
	path = g_strdup_printf("%s/%s%s", data_folder(), waiting.name, RECORD_SUFFIX);
	record_clear(&waiting);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_free(import_kept(&renewed, NULL, 0));
	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_int_equal(g_chmod(path, 0600), 0);
	assert_true(has_record("laptop (renewal)"));
	assert_int_equal(assert_whole(), 1);
	assert_false(has_record("laptop (renewal)"));
	assert_true(has_half(&renewed));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_replaced_key_stays_for_a_week),
		TEST(it_ends_with_its_certificate),
		TEST(who_has_expired_leaves_none),
		TEST(it_ends_with_its_time),
		TEST(the_same_key_has_no_former),
		TEST(one_each_time),
		TEST(it_can_be_retired),
		TEST(it_goes_with_its_identity),
		TEST(an_orphan_goes),
		TEST(an_undo_takes_it_back),
		TEST(what_is_no_former_record),
		TEST(a_waiting_key_takes_its_place),
		TEST(one_key_waits_for_an_identity),
		TEST(what_it_renews_is_gone),
		TEST(a_renewal_that_was_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
