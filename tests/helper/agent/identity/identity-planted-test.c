/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody else put into the data folder, or in its place: never followed, never believed. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <internal/path.h>
#include "agent/identity/identity-import.h"
#include "agent/identity/identity-undo.h"
#include "agent/identity/identity.h"
#include "base/error.h"
#include "identities.h"

static char *in_folder(const char *file)
{
	return g_build_filename(data_folder(), file, NULL);
}

/* A file outside, whose content must stay. */
static char *victim(void)
{
	char *path = g_strconcat(data_folder(), ".victim", NULL);

	assert_true(g_file_set_contents(path, "victim", 6, NULL));
	return path;
}

static void assert_unharmed(const char *path)
{
	g_autofree char *content = NULL;

	assert_true(g_file_get_contents(path, &content, NULL, NULL));
	assert_string_equal(content, "victim");
	unlink(path);
}

static char *half_file(const struct made *made, const char *suffix)
{
	g_autoptr(GBytes) spki = made_spki(made);
	g_autofree char *hex = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, spki);
	g_autofree char *name = g_strconcat(hex, suffix, NULL);

	return in_folder(name);
}

static enum devid_result try(const struct made *made)
{
	struct identity_result result;
	struct identity_undo *undo;
	g_autoptr(GError) error = NULL;

	if (import_made(made, "laptop", 0, TRUE, NULL, &result, &undo, &error)) {
		assert_true(identity_keep(undo, NULL, result.warnings, NULL));
		identity_result_clear(&result);
	}
	return devid_error_result(error);
}

static const char *const planted_names[] = { ".key", ".key.tmp", ".file.pending" };

static void links_are_not_followed(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(planted_names); i++) {
		AUTO_MADE struct made one;
		g_autofree char *outside = victim();
		g_autofree char *planted = NULL;
		g_autofree char *generation_file = in_folder("generation");
		g_autofree char *temporary = in_folder("generation.tmp");

		make_key(&one);
		make_leaf(&one, "laptop", 1, 0, FALSE);
		planted = half_file(&one, planted_names[i]);
		assert_int_equal(symlink(outside, planted), 0);
		assert_int_equal(symlink(outside, generation_file), 0);
		assert_int_equal(symlink(outside, temporary), 0);
		/* A link in the place of a mark ends the import; elsewhere it is replaced. */
		assert_int_equal(try(&one), i == 2 ? DEVID_IO : DEVID_OK);
		assert_unharmed(outside);
		unlink(planted);
		folder_teardown(NULL);
		folder_setup(NULL);
	}
}

static void pipes_do_not_hold_us_up(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(planted_names); i++) {
		AUTO_MADE struct made one;
		g_autofree char *planted = NULL;
		g_autofree char *generation_file = in_folder("generation");
		g_autofree char *record = in_folder("0123456789abcdef.identity");

		make_key(&one);
		make_leaf(&one, "laptop", 1, 0, FALSE);
		planted = half_file(&one, planted_names[i]);
		assert_int_equal(mkfifo(planted, 0600), 0);
		assert_int_equal(mkfifo(generation_file, 0600), 0);
		assert_int_equal(mkfifo(record, 0600), 0);
		assert_int_equal(try(&one), i == 2 ? DEVID_IO : DEVID_OK);
		unlink(planted);
		unlink(record);
		folder_teardown(NULL);
		folder_setup(NULL);
	}
}

static void keys_that_others_can_read_are_not_used(void **state)
{
	AUTO_MADE struct made one;
	AUTO_SECRET struct secret pkcs8 = SECRET_INIT;
	g_autofree char *name = NULL, *key = NULL, *hex = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) spki = NULL;

	make_key(&one);
	make_leaf(&one, "laptop", 1, 0, FALSE);
	name = import_kept(&one, "laptop", 0);
	key = half_file(&one, ".key");
	spki = made_spki(&one);
	hex = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, spki);
	assert_int_equal(chmod(key, 0640), 0);
	assert_false(test_store()->read(SCOPE_USER, hex, NULL, &pkcs8, &error));
	assert_int_equal(devid_error_result(error), DEVID_IO);
	g_clear_error(&error);
	assert_int_equal(chmod(key, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(key, 65534, 65534), 0);
		assert_false(test_store()->read(SCOPE_USER, hex, NULL, &pkcs8, &error));
		assert_int_equal(devid_error_result(error), DEVID_IO);
		g_clear_error(&error);
		assert_int_equal(chown(key, 0, 0), 0);
	}
	assert_true(g_file_set_contents(key, "-----BEGIN PRIVATE KEY-----\nrubbish", 35, NULL));
	assert_int_equal(chmod(key, 0600), 0);
	assert_false(test_store()->read(SCOPE_USER, hex, NULL, &pkcs8, &error));
	assert_int_equal(devid_error_result(error), DEVID_BAD_DATA);
}

static void key_files_are_private(void **state)
{
	AUTO_MADE struct made one;
	g_autofree char *name = NULL, *key = NULL, *file = NULL, *record = NULL;
	struct stat status;

	umask(0);
	make_key(&one);
	make_leaf(&one, "laptop", 1, 0, FALSE);
	name = import_kept(&one, "laptop", 0);
	umask(022);
	key = half_file(&one, ".key");
	assert_int_equal(stat(key, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	file = g_strconcat(name, ".identity", NULL);
	record = in_folder(file);
	assert_int_equal(stat(record, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(stat(data_folder(), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
}

/* Another folder as $DEVID_DATA_DIR: a link to it, one of another user's, one that must be made. */
static void a_folder_that_is_not_ours(void **state)
{
	g_autofree char *link = g_strconcat(data_folder(), ".link", NULL);
	g_autofree char *deep = in_folder("a/b/devid");
	g_autofree char *through = NULL;
	AUTO_MADE struct made one;

	make_key(&one);
	make_leaf(&one, "laptop", 1, 0, FALSE);
	assert_int_equal(symlink(data_folder(), link), 0);
	g_setenv("DEVID_DATA_DIR", link, TRUE);
	assert_int_not_equal(try(&one), DEVID_OK);
	/* On the way, a link of our own (or root's) may be. */
	through = g_build_filename(link, "devid", NULL);
	g_setenv("DEVID_DATA_DIR", through, TRUE);
	assert_int_equal(try(&one), DEVID_OK);
	unlink(link);
	g_setenv("DEVID_DATA_DIR", deep, TRUE);
	assert_int_equal(try(&one), DEVID_OK);
	if (geteuid() == 0) {
		g_autofree char *theirs = in_folder("theirs");
		g_autofree char *below = in_folder("theirs/devid");
		g_autofree char *linked = in_folder("theirs/link");
		g_autofree char *behind = in_folder("theirs/link/devid");

		assert_int_equal(mkdir(theirs, 0755), 0);
		assert_int_equal(symlink(data_folder(), linked), 0);
		assert_int_equal(chown(theirs, 65534, 65534), 0);
		assert_int_equal(lchown(linked, 65534, 65534), 0);
		g_setenv("DEVID_DATA_DIR", theirs, TRUE);
		assert_int_not_equal(try(&one), DEVID_OK);
		g_setenv("DEVID_DATA_DIR", below, TRUE);
		assert_int_not_equal(try(&one), DEVID_OK);
		assert_int_not_equal(access(below, F_OK), 0);
		g_setenv("DEVID_DATA_DIR", behind, TRUE);
		assert_int_not_equal(try(&one), DEVID_OK);
	}
	g_setenv("DEVID_DATA_DIR", data_folder(), TRUE);
}

static void records_of_others_are_not_overwritten(void **state)
{
	AUTO_MADE struct made one;
	g_autofree char *name = NULL, *broken = in_folder("0123456789abcdef.identity");

	assert_true(g_file_set_contents(broken, "Devid-Identity: 9\n", -1, NULL));
	make_key(&one);
	make_leaf(&one, "laptop", 1, 0, FALSE);
	name = import_kept(&one, "laptop", 0);
	assert_true(has_record("laptop"));
	assert_int_equal(access(broken, F_OK), 0);
	unlink(broken);
	assert_int_equal(assert_whole(), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(links_are_not_followed),
		TEST(pipes_do_not_hold_us_up),
		TEST(keys_that_others_can_read_are_not_used),
		TEST(key_files_are_private),
		TEST(a_folder_that_is_not_ours),
		TEST(records_of_others_are_not_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
