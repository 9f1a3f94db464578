/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other tools write: key and certificate one after the other, in either order; then removing
 * and renaming. On the system token, where the store is a file.
 */
#include <string.h>
#include <internal/path.h>
#include "agent/identity/identity-change.h"
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-write.h"
#include "agent/identity/identity.h"
#include "identities.h"

static void assert_id(const char *label, const char *id)
{
	struct record record;

	find_record(label, &record);
	assert_int_equal(record.id.length, strlen(id));
	assert_memory_equal(record.id.data, id, record.id.length);
	record_clear(&record);
}

static void a_key_then_its_certificate(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result key = { 0 }, certificate = { 0 }, public = { 0 };
	struct record record;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, FALSE);
	assert_true(write_key(&one, "vpn", "key-id", &key, NULL));
	assert_id("vpn", "key-id");
	assert_true(write_certificate(&one, "vpn", "certificate-id", &certificate, NULL));
	assert_string_equal(key.name, certificate.name);
	assert_id("vpn", "certificate-id");
	assert_true(write_public(&one, NULL, &public, NULL));
	assert_string_equal(public.name, key.name);
	assert_false(public.changed);
	find_record("vpn", &record);
	assert_string_equal(record.store, "file");
	record_clear(&record);
	assert_int_equal(assert_whole(), 1);
}

static void a_certificate_then_its_key(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result key = { 0 }, certificate = { 0 };
	struct record record;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, FALSE);
	assert_true(write_certificate(&one, NULL, "certificate-id", &certificate, NULL));
	find_record("one", &record);
	assert_string_equal(record.store, "none");
	record_clear(&record);
	assert_true(write_key(&one, "another label", "key-id", &key, NULL));
	assert_id("one", "certificate-id");
	assert_string_equal(key.name, certificate.name);
	assert_int_equal(assert_whole(), 1);
	/* Again: nothing changes. */
	identity_result_clear(&key);
	identity_result_clear(&certificate);
	assert_true(write_key(&one, NULL, NULL, &key, NULL));
	assert_false(key.changed);
	assert_true(write_certificate(&one, NULL, NULL, &certificate, NULL));
	assert_false(certificate.changed);
	assert_int_equal(assert_whole(), 1);
}

static void what_is_taken_is_refused(void **state)
{
	AUTO_MADE struct made one, two;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autoptr(GError) error = NULL;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, FALSE);
	assert_true(write_key(&one, "one", "id-1", &result, NULL));
	identity_result_clear(&result);
	make_key(&two);
	make_leaf(&two, "two", 1, 0, FALSE);
	assert_fails(write_key(&two, "two", "id-1", &result, &error), &error, DEVID_EXISTS);
	assert_fails(write_key(&two, "one", "id-2", &result, &error), &error, DEVID_EXISTS);
	assert_fails(write_certificate(&two, "two", "id-1", &result, &error), &error, DEVID_EXISTS);
	assert_fails(write_certificate(&two, "one", "id-2", &result, &error), &error, DEVID_EXISTS);
	assert_fails(write_public(&two, NULL, &result, &error), &error, DEVID_KEY_MISSING);
	assert_true(write_certificate(&one, NULL, NULL, &result, NULL));
	identity_result_clear(&result);
	make_leaf(&one, "one", 2, 0, FALSE);
	assert_fails(write_certificate(&one, NULL, NULL, &result, &error), &error, DEVID_EXISTS);
	assert_int_equal(assert_whole(), 1);
}

static void labels_that_nobody_chose_are_free_ones(void **state)
{
	AUTO_MADE struct made one, two;
	AUTO_RESULT struct identity_result first = { 0 }, second = { 0 };

	make_key(&one);
	make_leaf(&one, "laptop", 1, 0, FALSE);
	make_key(&two);
	make_leaf(&two, "laptop", 1, 0, FALSE);
	assert_true(write_certificate(&one, NULL, NULL, &first, NULL));
	assert_true(write_certificate(&two, NULL, NULL, &second, NULL));
	assert_string_equal(first.label, "laptop");
	assert_string_equal(second.label, "laptop (2)");
}

/* A CA's certificate may be as large as a signing certificate, a device's may not. */
static void limits_hold(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autoptr(GError) error = NULL;

	make_key(&one);
	make_leaf(&one, "large", 1, 1400, FALSE);
	assert_fails(write_certificate(&one, NULL, NULL, &result, &error), &error, DEVID_TOO_LARGE);
	make_leaf(&one, "large", 1, 1400, TRUE);
	assert_true(write_certificate(&one, NULL, NULL, &result, NULL));
	identity_result_clear(&result);
	make_leaf(&one, "larger", 1, 3000, TRUE);
	assert_fails(write_certificate(&one, NULL, NULL, &result, &error), &error, DEVID_TOO_LARGE);
}

static void rubbish_is_refused(void **state)
{
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autoptr(GError) error = NULL;
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	char long_id[300];

	make_key(&one);
	make_leaf(&one, "one", 1, 0, FALSE);
	memset(long_id, 'x', sizeof(long_id));
	long_id[299] = '\0';
	assert_fails(write_certificate(&one, NULL, long_id, &result, &error), &error, DEVID_USAGE);
	assert_fails(write_certificate(&one, "a\nb", NULL, &result, &error), &error, DEVID_USAGE);
	g_clear_pointer(&one.leaf, g_bytes_unref);
	one.leaf = g_bytes_new_static("rubbish", 7);
	assert_fails(write_certificate(&one, NULL, NULL, &result, &error), &error, DEVID_BAD_DATA);
	assert_int_equal(secret_resize(&one.pkcs8, 20), DEVID_OK);
	assert_fails(write_key(&one, NULL, NULL, &result, &error), &error, DEVID_BAD_DATA);
	wire_begin(&frame, WIRE_WRITE);
	assert_fails(write_object(&frame, 77, NULL, NULL, &result, &error), &error,
		     DEVID_UNSUPPORTED);
	wire_begin(&frame, WIRE_WRITE);
	assert_fails(write_object(&frame, OBJECT_CERTIFICATE, NULL, NULL, &result, &error), &error,
		     DEVID_USAGE);
	wire_begin(&frame, WIRE_WRITE);
	assert_fails(write_object(&frame, OBJECT_PUBLIC_KEY, NULL, NULL, &result, &error), &error,
		     DEVID_BAD_DATA);
	assert_int_equal(assert_whole(), 0);
}

/* No keyring and a user's token: nothing weaker is taken for it. */
static void a_user_without_a_keyring_gets_no_file(void **state)
{
	AUTO_FRAME struct wire_frame frame = WIRE_FRAME_INIT;
	AUTO_MADE struct made one;
	AUTO_RESULT struct identity_result result = { 0 };
	g_autoptr(GError) error = NULL;

	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	g_unsetenv("XDG_RUNTIME_DIR");
	make_key(&one);
	wire_begin(&frame, WIRE_WRITE);
	wire_put_u32(&frame, TAG_OBJECT, OBJECT_PRIVATE_KEY);
	wire_put_u32(&frame, TAG_KEY_TYPE, KEY_EC);
	wire_put(&frame, TAG_PKCS8, one.pkcs8.data, one.pkcs8.length);
	assert_int_equal(wire_finish(&frame), DEVID_OK);
	assert_fails(identity_write(SCOPE_USER, &frame, test_account(), NULL, &result, &error),
		     &error, DEVID_STORE_MISSING);
	assert_int_equal(assert_whole(), 0);
}

static void removed_by_halves(void **state)
{
	AUTO_MADE struct made one;
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *name = NULL;
	struct record record;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, FALSE);
	name = import_kept(&one, "one", 0);
	assert_true(identity_remove(SCOPE_USER, name, OBJECT_CERTIFICATE, NULL, warnings, NULL));
	find_record("one", &record);
	assert_int_equal(record.leaf.length, 0);
	assert_true(record_has_key(&record));
	record_clear(&record);
	assert_int_equal(assert_whole(), 1);
	assert_true(identity_remove(SCOPE_USER, name, OBJECT_PRIVATE_KEY, NULL, warnings, NULL));
	assert_int_equal(assert_whole(), 0);

	g_free(name);
	name = import_kept(&one, "one", 0);
	assert_true(identity_remove(SCOPE_USER, name, OBJECT_PRIVATE_KEY, NULL, warnings, NULL));
	find_record("one", &record);
	assert_false(record_has_key(&record));
	record_clear(&record);
	assert_int_equal(assert_whole(), 1);
	assert_true(identity_remove(SCOPE_USER, name, OBJECT_CERTIFICATE, NULL, warnings, NULL));
	assert_int_equal(assert_whole(), 0);
	assert_int_equal(warnings->len, 0);
}

static void removed_and_gone(void **state)
{
	AUTO_MADE struct made one;
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	g_autofree char *name = NULL;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, FALSE);
	name = import_kept(&one, "one", 0);
	assert_true(identity_remove(SCOPE_USER, name, 0, NULL, warnings, NULL));
	assert_int_equal(generation(), 2);
	assert_int_equal(assert_whole(), 0);
	assert_fails(identity_remove(SCOPE_USER, name, 0, NULL, warnings, &error), &error,
		     DEVID_NOT_FOUND);
	assert_fails(identity_remove(SCOPE_USER, "../../../etc/passwd", 0, NULL, warnings, &error),
		     &error, DEVID_NOT_FOUND);
}

static void renamed(void **state)
{
	AUTO_MADE struct made one, two;
	g_autofree char *first = NULL, *second = NULL;
	g_autoptr(GBytes) id = g_bytes_new_static("new-id", 6);
	g_autoptr(GError) error = NULL;

	make_key(&one);
	make_leaf(&one, "one", 1, 0, FALSE);
	first = import_kept(&one, "one", 0);
	make_key(&two);
	make_leaf(&two, "two", 1, 0, FALSE);
	second = import_kept(&two, "two", 0);
	assert_true(identity_rename(SCOPE_USER, first, 0, "uno – 一", id, NULL, NULL));
	assert_id("uno – 一", "new-id");
	assert_true(identity_rename(SCOPE_USER, first, 0, "uno – 一", NULL, NULL, NULL));
	assert_fails(identity_rename(SCOPE_USER, second, 0, "uno – 一", NULL, NULL, &error), &error,
		     DEVID_EXISTS);
	assert_fails(identity_rename(SCOPE_USER, second, 0, NULL, id, NULL, &error), &error,
		     DEVID_EXISTS);
	assert_fails(identity_rename(SCOPE_USER, second, 0, "a\x7f", NULL, NULL, &error), &error,
		     DEVID_USAGE);
	assert_true(has_record("two"));
	assert_int_equal(assert_whole(), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, system_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_key_then_its_certificate),
		TEST(a_certificate_then_its_key),
		TEST(what_is_taken_is_refused),
		TEST(labels_that_nobody_chose_are_free_ones),
		TEST(limits_hold),
		TEST(rubbish_is_refused),
		TEST(a_user_without_a_keyring_gets_no_file),
		TEST(removed_by_halves),
		TEST(removed_and_gone),
		TEST(renamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
