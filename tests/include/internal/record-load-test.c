/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records from a folder: which files count, and that the others are told and skipped. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "unit.h"
#include <internal/record.h>

#define NAME_1 "0123456789abcdef"
#define NAME_2 "0123456789abcdf0"
#define FILE_1 NAME_1 RECORD_SUFFIX
#define FILE_2 NAME_2 RECORD_SUFFIX

static void put_record(const char *folder, const char *file, const char *label)
{
	char *text = sample_record(label, "01", 1);

	write_file(folder, file, text, strlen(text), 0600);
	free(text);
}

struct heard {
	unsigned count, line;
	char file[256], why[256];
};

static void hear(const char *file, unsigned line, const char *why, void *data)
{
	struct heard *heard = data;

	heard->count++;
	heard->line = line;
	snprintf(heard->file, sizeof(heard->file), "%s", file);
	snprintf(heard->why, sizeof(heard->why), "%s", why);
}

/* FILE_1 is spoiled, FILE_2 is good: the good one is still there, the other is told. */
static void expect_skipped(const char *folder, const char *word)
{
	struct heard heard = { 0 };
	struct record_list list;
	struct record record;
	int dirfd = open(folder, O_RDONLY | O_DIRECTORY);

	put_record(folder, FILE_2, "good");
	assert_result(record_load_folder(folder, &list, hear, &heard), DEVID_OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.skipped, 1);
	assert_string_equal(list.records[0].label, "good");
	assert_int_equal(heard.count, 1);
	assert_string_equal(heard.file, FILE_1);
	assert_non_null(strstr(heard.why, word));
	record_list_clear(&list);
	assert_result(record_load_folder(folder, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(list.skipped, 1);
	record_list_clear(&list);
	assert_true(dirfd >= 0);
	assert_int_not_equal(record_load(dirfd, NAME_1, &record), DEVID_OK);
	assert_null(record.label);
	close(dirfd);
}

static void reads_in_order(void **state)
{
	struct record_list list;

	put_record(*state, FILE_1, "zebra");
	put_record(*state, FILE_2, "apple");
	put_record(*state, "ffffffffffffffff" RECORD_SUFFIX, "apple");
	write_file(*state, "generation", "00000000000000ff\n", 17, 0600);
	assert_result(record_load_folder(*state, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.skipped, 0);
	assert_string_equal(list.records[0].name, NAME_2);
	assert_string_equal(list.records[1].name, "ffffffffffffffff");
	assert_string_equal(list.records[2].label, "zebra");
	assert_int_equal(list.generation, 255);
	record_list_clear(&list);
	record_list_clear(&list);
}

static void reads_one(void **state)
{
	int dirfd = open(*state, O_RDONLY | O_DIRECTORY);
	struct record record;

	put_record(*state, FILE_1, "laptop");
	assert_result(record_load(dirfd, NAME_1, &record), DEVID_OK);
	assert_string_equal(record.name, NAME_1);
	record_clear(&record);
	assert_result(record_load(dirfd, NAME_2, &record), DEVID_NOT_FOUND);
	assert_result(record_load(dirfd, "", &record), DEVID_NOT_FOUND);
	assert_result(record_load(dirfd, "0123456789abcde", &record), DEVID_NOT_FOUND);
	assert_result(record_load(dirfd, "0123456789abcdef0", &record), DEVID_NOT_FOUND);
	assert_result(record_load(dirfd, "../../etc/passwd", &record), DEVID_NOT_FOUND);
	assert_result(record_load(dirfd, "0123456789abcdeg", &record), DEVID_NOT_FOUND);
	close(dirfd);
	assert_result(record_load(dirfd, NAME_1, &record), DEVID_IO);
}

static void many_are_read(void **state)
{
	struct record_list list;
	char file[64], label[32];

	for (unsigned i = 0; i < 200; i++) {
		snprintf(file, sizeof(file), "%016x" RECORD_SUFFIX, i);
		snprintf(label, sizeof(label), "label %03u", 199 - i);
		put_record(*state, file, label);
	}
	assert_result(record_load_folder(*state, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(list.count, 200);
	assert_string_equal(list.records[0].label, "label 000");
	assert_string_equal(list.records[199].label, "label 199");
	record_list_clear(&list);
}

static void a_missing_folder_is_empty(void **state)
{
	struct record_list list;
	char path[256];

	assert_result(record_load_folder(*state, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(list.count, 0);
	record_list_clear(&list);
	snprintf(path, sizeof(path), "%s/none", (char *)*state);
	assert_result(record_load_folder(path, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(list.count, 0);
	assert_int_equal(record_generation(path), 0);
	write_file(*state, "file", "", 0, 0600);
	snprintf(path, sizeof(path), "%s/file", (char *)*state);
	assert_result(record_load_folder(path, &list, NULL, NULL), DEVID_IO);
	assert_int_equal(list.count, 0);
}

static void other_names_are_no_records(void **state)
{
	static const char *const names[] = {
		"0123456789abcdef",
		"0123456789abcdef.identity~",
		".0123456789abcdef.identity",
		"0123456789abcde.identity",
		"0123456789abcdefa.identity",
		"0123456789abcdeX.identity",
		"0123456789abcdef.Identity",
		"generation",
		"0123456789abcdef.identity.new",
	};
	struct record_list list;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		write_file(*state, names[i], "nonsense", 8, 0600);
	assert_result(record_load_folder(*state, &list, NULL, NULL), DEVID_OK);
	assert_int_equal(list.count, 0);
	assert_int_equal(list.skipped, 0);
	record_list_clear(&list);
}

static void a_link_is_skipped(void **state)
{
	char target[256], path[256];

	snprintf(target, sizeof(target), "%s/elsewhere", (char *)*state);
	snprintf(path, sizeof(path), "%s/" FILE_1, (char *)*state);
	put_record(*state, "elsewhere", "linked");
	assert_int_equal(symlink(target, path), 0);
	expect_skipped(*state, "symbolic link");
}

static void a_pipe_is_skipped(void **state)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" FILE_1, (char *)*state);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_skipped(*state, "regular");
}

static void a_folder_is_skipped(void **state)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" FILE_1, (char *)*state);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_skipped(*state, "regular");
}

static void what_others_can_write_is_skipped(void **state)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" FILE_1, (char *)*state);
	put_record(*state, FILE_1, "open");
	assert_int_equal(chmod(path, 0620), 0);
	expect_skipped(*state, "write");
	assert_int_equal(chmod(path, 0602), 0);
	expect_skipped(*state, "write");
}

static void what_others_own_is_skipped(void **state)
{
	char path[256];

	if (!is_root())
		skip();
	snprintf(path, sizeof(path), "%s/" FILE_1, (char *)*state);
	put_record(*state, FILE_1, "foreign");
	assert_int_equal(chown(path, 65534, 65534), 0);
	expect_skipped(*state, "another user");
	/* The other way round: root's file in another's folder. */
	assert_int_equal(chown(*state, 65534, 65534), 0);
	assert_int_equal(chown(path, 0, 0), 0);
	snprintf(path, sizeof(path), "%s/" FILE_2, (char *)*state);
	assert_int_equal(chown(path, 65534, 65534), 0);
	expect_skipped(*state, "another user");
}

static void what_is_too_large_is_skipped(void **state)
{
	char *text = calloc(1, RECORD_SIZE_MAX + 1);

	assert_non_null(text);
	write_file(*state, FILE_1, text, RECORD_SIZE_MAX + 1, 0600);
	free(text);
	expect_skipped(*state, "large");
}

static void what_is_damaged_is_skipped_with_its_line(void **state)
{
	struct heard heard = { 0 };
	struct record_list list;
	char *text = sample_record("laptop", "0x", 0);

	write_file(*state, FILE_1, text, strlen(text), 0600);
	free(text);
	assert_result(record_load_folder(*state, &list, hear, &heard), DEVID_OK);
	assert_int_equal(heard.line, 3);
	record_list_clear(&list);
	write_file(*state, FILE_1, "", 0, 0600);
	expect_skipped(*state, "damaged");
}

static void generations(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} rows[] = {
		{ "0000000000000001", 1 },
		{ "ffffffffffffffff\n", UINT64_MAX },
		{ "00000000000000AB", 0xab },
		{ "", 0 },
		{ "1", 0 },
		{ "000000000000001", 0 },
		{ "000000000000000g", 0 },
		{ " 000000000000001", 0 },
		{ "-000000000000001", 0 },
	};
	char path[256];

	assert_int_equal(record_generation(*state), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(*state, "generation", rows[i].text, strlen(rows[i].text), 0600);
		assert_true(record_generation(*state) == rows[i].value);
	}
	snprintf(path, sizeof(path), "%s/generation", (char *)*state);
	assert_int_equal(unlink(path), 0);
	write_file(*state, "elsewhere", "0000000000000001", 16, 0600);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(record_generation(*state), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(record_generation(*state), 0);
}

static void leaks_no_descriptor(void **state)
{
	int before = count_fds();
	struct record_list list;

	put_record(*state, FILE_1, "good");
	write_file(*state, FILE_2, "bad", 3, 0600);
	for (int i = 0; i < 10; i++) {
		assert_result(record_load_folder(*state, &list, NULL, NULL), DEVID_OK);
		record_list_clear(&list);
		record_generation(*state);
	}
	assert_int_equal(count_fds(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_in_order),
		TEST(reads_one),
		TEST(many_are_read),
		TEST(a_missing_folder_is_empty),
		TEST(other_names_are_no_records),
		TEST(a_link_is_skipped),
		TEST(a_pipe_is_skipped),
		TEST(a_folder_is_skipped),
		TEST(what_others_can_write_is_skipped),
		TEST(what_others_own_is_skipped),
		TEST(what_is_too_large_is_skipped),
		TEST(what_is_damaged_is_skipped_with_its_line),
		TEST(generations),
		TEST(leaks_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
