/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The labels of an identity's objects: whose a label is that comes with a key or a certificate,
 * what sets one, what renames the identity, and what keeps them. On the machine's token, where the
 * store is a file.
 */
#include <string.h>
#include <internal/path.h>
#include "agent/identity/identity-change.h"
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity.h"
#include "identities.h"

static char *wrote(bool done, struct identity_result *result)
{
	char *name = g_strdup(result->name);

	assert_true(done);
	identity_result_clear(result);
	return name;
}

/* What the objects show, of the identity of that name; the key's or the public key's NULL: no line
 * says it, for it is the name, or the key's.
 */
static void assert_labels(const char *name, const char *key, const char *public_key)
{
	struct record record;

	find_record(name, &record);
	if (g_strcmp0(record.key_label, key) != 0 ||
	    g_strcmp0(record.public_key_label, public_key) != 0)
		fail_msg("%s: key %s, public key %s", name, record.key_label,
			 record.public_key_label);
	record_clear(&record);
}

/* A key called serv-key, then its certificate called serv-cert. Returns the record's name. */
static char *make_served(struct made *made)
{
	AUTO_RESULT struct identity_result result = { 0 };
	g_autofree char *key = NULL;
	char *name;

	make_key(made);
	make_leaf(made, "served", 1, 0, false);
	key = wrote(write_key(made, "serv-key", "1", &result, NULL), &result);
	name = wrote(write_certificate(made, "serv-cert", "2", &result, NULL), &result);
	assert_string_equal(name, key);
	return name;
}

static bool set_label(const char *name, enum wire_object object, const char *label, GError **error)
{
	return identity_rename(SCOPE_SYSTEM, name, object, label, NULL, NULL, error);
}

static void each_keeps_what_it_came_with(void **state)
{
	AUTO_MADE struct made one, two;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autofree char *name = make_served(&one);

	assert_labels("serv-cert", "serv-key", NULL);
	assert_false(has_record("serv-key"));
	make_key(&two);
	make_leaf(&two, "two", 1, 0, false);
	g_free(wrote(write_certificate(&two, "other-cert", "3", &result, NULL), &result));
	g_free(wrote(write_key(&two, "other-key", "4", &result, NULL), &result));
	assert_labels("other-cert", "other-key", NULL);
	/* There already, and what is there stays as it is. */
	g_free(wrote(write_key(&two, "again", "4", &result, NULL), &result));
	g_free(wrote(write_certificate(&two, "again", "4", &result, NULL), &result));
	assert_labels("other-cert", "other-key", NULL);
	assert_int_equal(assert_whole(), 2);
}

static void what_comes_without_has_the_name(void **state)
{
	AUTO_MADE struct made one, two, three;
	AUTO_RESULT struct identity_result result = { 0 };

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	g_free(wrote(write_key(&one, "first", NULL, &result, NULL), &result));
	g_free(wrote(write_certificate(&one, NULL, NULL, &result, NULL), &result));
	assert_labels("first", NULL, NULL);
	make_key(&two);
	make_leaf(&two, "two", 1, 0, false);
	g_free(wrote(write_certificate(&two, "second", NULL, &result, NULL), &result));
	g_free(wrote(write_key(&two, NULL, NULL, &result, NULL), &result));
	assert_labels("second", NULL, NULL);
	make_key(&three);
	make_leaf(&three, "three", 1, 0, false);
	g_free(wrote(write_key(&three, "third", NULL, &result, NULL), &result));
	g_free(wrote(write_certificate(&three, "third", NULL, &result, NULL), &result));
	assert_labels("third", NULL, NULL);
}

static void a_public_key_has_its_own(void **state)
{
	AUTO_MADE struct made one, two;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autofree char *name = make_served(&one);
	g_autoptr(GError) error = NULL;
	guint64 before;

	g_free(wrote(write_public(&one, "serv-pub", &result, NULL), &result));
	assert_labels("serv-cert", "serv-key", "serv-pub");
	before = generation();
	g_free(wrote(write_public(&one, "serv-pub", &result, NULL), &result));
	g_free(wrote(write_public(&one, NULL, &result, NULL), &result));
	assert_int_equal(generation(), before);
	assert_fails(write_public(&one, "a\nb", &result, &error), &error, DEVID_USAGE);
	assert_labels("serv-cert", "serv-key", "serv-pub");
	g_free(wrote(write_public(&one, "serv-cert", &result, NULL), &result));
	assert_labels("serv-cert", "serv-key", "serv-cert");
	g_free(wrote(write_public(&one, "serv-key", &result, NULL), &result));
	assert_labels("serv-cert", "serv-key", NULL);
	/* Beside a certificate alone there is no private key that it could belong to. */
	make_key(&two);
	make_leaf(&two, "two", 1, 0, false);
	g_free(wrote(write_certificate(&two, "two", NULL, &result, NULL), &result));
	assert_fails(write_public(&two, "pub", &result, &error), &error, DEVID_KEY_MISSING);
	assert_labels("two", NULL, NULL);
}

static void one_is_set_alone(void **state)
{
	AUTO_MADE struct made one;
	g_autofree char *name = make_served(&one);
	g_autoptr(GBytes) id = g_bytes_new_static("new-id", 6);
	struct record record;

	assert_true(set_label(name, OBJECT_PRIVATE_KEY, "a key", NULL));
	assert_labels("serv-cert", "a key", "serv-key");
	assert_true(set_label(name, OBJECT_CERTIFICATE, "a certificate", NULL));
	assert_labels("a certificate", "a key", "serv-key");
	assert_true(set_label(name, OBJECT_PUBLIC_KEY, "a public key", NULL));
	assert_labels("a certificate", "a key", "a public key");
	assert_true(set_label(name, OBJECT_PUBLIC_KEY, "a certificate", NULL));
	assert_true(set_label(name, OBJECT_PRIVATE_KEY, "a certificate", NULL));
	assert_labels("a certificate", NULL, NULL);
	/* The id is that of all. */
	assert_true(identity_rename(SCOPE_SYSTEM, name, OBJECT_PRIVATE_KEY, "k", id, NULL, NULL));
	assert_labels("a certificate", "k", "a certificate");
	find_record("a certificate", &record);
	assert_int_equal(record.id.length, 6);
	record_clear(&record);
	assert_true(identity_rename(SCOPE_SYSTEM, name, OBJECT_CERTIFICATE, NULL, id, NULL, NULL));
	assert_labels("a certificate", "k", "a certificate");
}

/* Its label is the identity's name. */
static void a_key_alone(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autofree char *name = NULL;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, false);
	name = wrote(write_key(&one, "lone", NULL, &result, NULL), &result);
	assert_true(set_label(name, OBJECT_PRIVATE_KEY, "alone", NULL));
	assert_labels("alone", NULL, "lone");
	g_free(wrote(write_public(&one, "alone", &result, NULL), &result));
	assert_labels("alone", NULL, NULL);
	g_free(wrote(write_certificate(&one, "not alone", NULL, &result, NULL), &result));
	assert_labels("not alone", "alone", NULL);
}

static void what_may_not_be_is_refused(void **state)
{
	static const enum wire_object keys[] = { OBJECT_PRIVATE_KEY, OBJECT_PUBLIC_KEY };
	AUTO_MADE struct made one, two, three;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autofree char *served = make_served(&one), *key = NULL, *certificate = NULL;
	g_autofree char *longest = g_strnfill(RECORD_LABEL_MAX + 1, 'x');
	g_autoptr(GError) error = NULL;
	guint64 before;

	make_key(&two);
	key = wrote(write_key(&two, "key", NULL, &result, NULL), &result);
	make_key(&three);
	make_leaf(&three, "three", 1, 0, false);
	certificate = wrote(write_certificate(&three, "certificate", NULL, &result, NULL), &result);
	before = generation();
	assert_fails(set_label(key, OBJECT_CERTIFICATE, "x", &error), &error, DEVID_NOT_FOUND);
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		assert_fails(set_label(certificate, keys[i], "x", &error), &error, DEVID_NOT_FOUND);
		assert_fails(set_label(served, keys[i], "", &error), &error, DEVID_USAGE);
		assert_fails(set_label(served, keys[i], longest, &error), &error, DEVID_USAGE);
		assert_fails(set_label(served, keys[i], "\x1b[m", &error), &error, DEVID_USAGE);
	}
	assert_fails(set_label(served, 77, "x", &error), &error, DEVID_NOT_FOUND);
	/* A name is nobody else's: of whatever gives the identity its own. */
	assert_fails(set_label(served, OBJECT_CERTIFICATE, "key", &error), &error, DEVID_EXISTS);
	assert_fails(set_label(served, 0, "certificate", &error), &error, DEVID_EXISTS);
	assert_fails(set_label(key, OBJECT_PRIVATE_KEY, "serv-cert", &error), &error, DEVID_EXISTS);
	assert_fails(set_label(certificate, OBJECT_CERTIFICATE, "key", &error), &error,
		     DEVID_EXISTS);
	make_leaf(&two, "two", 1, 0, false);
	assert_fails(write_certificate(&two, "serv-cert", NULL, &result, &error), &error,
		     DEVID_EXISTS);
	assert_int_equal(generation(), before);
	assert_labels("serv-cert", "serv-key", NULL);
	assert_labels("key", NULL, NULL);
	assert_labels("certificate", NULL, NULL);
}

static void labels_of_keys_may_coincide(void **state)
{
	AUTO_MADE struct made one, two, three;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autofree char *served = make_served(&one), *second = NULL, *third = NULL;

	make_key(&two);
	make_leaf(&two, "two", 1, 0, false);
	/* A name that another's key has. */
	second = wrote(write_key(&two, "serv-key", NULL, &result, NULL), &result);
	assert_labels("serv-key", NULL, NULL);
	make_key(&three);
	make_leaf(&three, "three", 1, 0, false);
	third = wrote(write_certificate(&three, "third", NULL, &result, NULL), &result);
	/* A key called as another identity is, and as another's key. */
	g_free(wrote(write_key(&three, "serv-cert", NULL, &result, NULL), &result));
	assert_labels("third", "serv-cert", NULL);
	assert_true(set_label(third, OBJECT_PRIVATE_KEY, "serv-key", NULL));
	assert_true(set_label(second, OBJECT_PUBLIC_KEY, "serv-cert", NULL));
	assert_labels("third", "serv-key", "serv-cert");
	assert_labels("serv-key", NULL, "serv-cert");
	assert_labels("serv-cert", "serv-key", NULL);
	assert_int_equal(assert_whole(), 3);
}

/* devid rename: what was called as the identity goes along, what was called otherwise stays. */
static void a_new_name(void **state)
{
	AUTO_MADE struct made one;
	g_autofree char *name = make_served(&one);

	assert_true(set_label(name, 0, "renamed", NULL));
	assert_labels("renamed", "serv-key", NULL);
	assert_true(set_label(name, OBJECT_PUBLIC_KEY, "renamed", NULL));
	assert_true(set_label(name, 0, "again", NULL));
	assert_labels("again", "serv-key", "again");
	/* Where it meets the key's label, that is the name's from there on. */
	assert_true(set_label(name, 0, "serv-key", NULL));
	assert_labels("serv-key", NULL, NULL);
	assert_true(set_label(name, 0, "all", NULL));
	assert_labels("all", NULL, NULL);
	assert_true(set_label(name, OBJECT_PUBLIC_KEY, "pub", NULL));
	assert_true(set_label(name, 0, "all but one", NULL));
	assert_labels("all but one", NULL, "pub");
}

static void removed_by_halves(void **state)
{
	AUTO_MADE struct made one, two;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *name = make_served(&one), *second = NULL;

	/* The key is still called as it was, and the identity as its key. */
	assert_true(identity_remove(SCOPE_SYSTEM, name, OBJECT_CERTIFICATE, NULL, warnings, NULL));
	assert_false(has_record("serv-cert"));
	assert_labels("serv-key", NULL, NULL);
	g_free(wrote(write_certificate(&one, "serv-cert", NULL, &result, NULL), &result));
	assert_labels("serv-cert", "serv-key", NULL);
	/* Unless another identity has that name. */
	make_key(&two);
	second = wrote(write_key(&two, "serv-key", NULL, &result, NULL), &result);
	assert_true(identity_remove(SCOPE_SYSTEM, name, OBJECT_CERTIFICATE, NULL, warnings, NULL));
	assert_labels("serv-cert", "serv-key", NULL);
	assert_labels("serv-key", NULL, NULL);
	assert_true(set_label(name, OBJECT_PRIVATE_KEY, "lone", NULL));
	assert_labels("lone", NULL, "serv-key");
	g_free(wrote(write_certificate(&one, "serv-cert", NULL, &result, NULL), &result));
	assert_labels("serv-cert", "lone", "serv-key");
	/* The labels of keys that are gone are not the next ones'. */
	assert_true(identity_remove(SCOPE_SYSTEM, name, OBJECT_PRIVATE_KEY, NULL, warnings, NULL));
	assert_labels("serv-cert", NULL, NULL);
	g_free(wrote(write_key(&one, "new", NULL, &result, NULL), &result));
	assert_labels("serv-cert", "new", NULL);
	assert_int_equal(warnings->len, 0);
	assert_int_equal(assert_whole(), 2);
}

/* import-cert: what takes another's place keeps its labels; what is new or made whole has one. */
static void imported(void **state)
{
	AUTO_MADE struct made one, two;
	AUTO_RESULT struct identity_result result = { 0 };
	struct identity_undo *undo;
	g_autofree char *name = make_served(&one);

	g_free(wrote(write_public(&one, "serv-pub", &result, NULL), &result));
	make_leaf(&one, "served", 2, 0, false);
	g_free(import_kept(&one, "serv-cert", IMPORT_REPLACE));
	assert_labels("serv-cert", "serv-key", "serv-pub");
	make_key(&two);
	make_leaf(&two, "served", 3, 0, false);
	assert_true(import_made(&two, "serv-cert", IMPORT_REPLACE, true,
				(GBytes *[]){ one.leaf, NULL }, &result, &undo, NULL));
	assert_labels("serv-cert", "serv-key", "serv-pub");
	assert_true(identity_undo(undo, NULL, NULL));
	assert_labels("serv-cert", "serv-key", "serv-pub");
	identity_result_clear(&result);
	assert_true(import_made(&one, "serv-cert", 0, true, (GBytes *[]){ two.leaf, NULL }, &result,
				&undo, NULL));
	assert_true(identity_keep(undo, NULL, result.warnings, NULL));
	assert_labels("serv-cert", "serv-key", "serv-pub");
	identity_result_clear(&result);
	g_free(wrote(write_key(&two, "two", NULL, &result, NULL), &result));
	g_free(wrote(write_public(&two, "pub", &result, NULL), &result));
	g_free(import_kept(&two, "imported", 0));
	assert_labels("imported", NULL, NULL);
	assert_int_equal(assert_whole(), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, system_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_keeps_what_it_came_with),
		TEST(what_comes_without_has_the_name),
		TEST(a_public_key_has_its_own),
		TEST(one_is_set_alone),
		TEST(a_key_alone),
		TEST(what_may_not_be_is_refused),
		TEST(labels_of_keys_may_coincide),
		TEST(a_new_name),
		TEST(removed_by_halves),
		TEST(imported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
