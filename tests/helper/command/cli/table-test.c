/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Columns, measured in terminal cells. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>
#include <stdbool.h>

#include "command/cli/print.h"
#include "command/cli/table.h"

#define KANJI	 "\xe7\xab\xaf\xe6\x9c\xab" /* two characters, four cells */
#define COMBINED "e\xcc\x81"		    /* one cell */

static void test_width(void **state)
{
	assert_int_equal(table_width(""), 0);
	assert_int_equal(table_width("abc"), 3);
	assert_int_equal(table_width(KANJI), 4);
	assert_int_equal(table_width(COMBINED), 1);
	assert_int_equal(table_width("\xc3\xa4"), 1);
	assert_int_equal(table_width("a\xe2\x80\x8b"), 1);
}

static char *wrap(const char *text, int at, int indent, int width)
{
	GString *out = g_string_new(NULL);

	table_wrap(out, text, at, indent, width);
	return g_string_free(out, FALSE);
}

static const struct {
	const char *text;
	int at, indent, width;
	const char *wrapped;
} wraps[] = {
	{ "", 0, 0, 10, "\n" },
	{ "abc", 0, 0, 10, "abc\n" },
	{ "aaa bbb ccc", 0, 0, 7, "aaa bbb\nccc\n" },
	{ "aaa bbb ccc", 0, 2, 8, "aaa bbb\n  ccc\n" },
	{ "aaa bbb ccc", 4, 4, 8, "aaa\n    bbb\n    ccc\n" },
	{ "aaaaaaaaaa", 0, 0, 4, "aaaa\naaaa\naa\n" },
	{ "aaa   bbb", 0, 0, 4, "aaa\nbbb\n" },
	{ "aaa ", 0, 0, 10, "aaa \n" },
	{ KANJI KANJI, 0, 0, 5, KANJI "\n" KANJI "\n" },
	{ "aaaa bbbb", 0, 0, 1, "aaaa\nbbbb\n" },
};

static void test_wrap(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(wraps); i++) {
		g_autofree char *got =
			wrap(wraps[i].text, wraps[i].at, wraps[i].indent, wraps[i].width);

		assert_string_equal(got, wraps[i].wrapped);
	}
}

/* What a table prints, as text. */
static char *printed(struct table *table)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	table_print(table, stream);
	fclose(stream);
	return text;
}

static void test_table(void **state)
{
	static const char *const headings[] = { "NAME", "WHAT", NULL };
	static const char *const one[] = { KANJI, "x" };
	static const char *const two[] = { "abc", "" };
	AUTO_TABLE struct table *table = table_new(headings);
	char *text;

	table_row(table, one);
	table_line(table, "below", false);
	table_row(table, two);
	table_colour(table, 0, COLOUR_BAD);
	text = printed(table);
	assert_string_equal(text, "NAME  WHAT\n" KANJI "  x\n  below\nabc\n");
	free(text);
}

/* Printed in parts, it is the table that it would be in one, and holds no more than a part. */
static void test_flush(void **state)
{
	static const char *const headings[] = { "NAME", "WHAT", NULL };
	static const char *const one[] = { "abcdef", "x" };
	static const char *const two[] = { "ghi", "jklmno" };
	AUTO_TABLE struct table *table = table_new(headings);
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	table_row(table, one);
	table_flush(table, stream);
	assert_int_equal(table_length(table), 0);
	table_row(table, two);
	table_flush(table, stream);
	table_print(table, stream);
	fclose(stream);
	assert_string_equal(text, "NAME    WHAT\nabcdef  x\nghi     jklm\n        no\n");
	free(text);
}

static void widest(const char *text, int most)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line != NULL; line++)
		if (table_width(*line) > most)
			fail_msg("%d cells: %s", table_width(*line), *line);
}

/* Wide cells are broken over lines, and nothing of them is lost. */
static void test_narrow(void **state)
{
	static const char *const headings[] = { "ONE", "TWO", "THREE", NULL };
	g_autofree char *word = g_strnfill(100, 'w');
	g_autofree char *words = g_strdup_printf("%s " KANJI KANJI KANJI KANJI " and more", word);
	const char *cells[] = { word, words, "short" };
	AUTO_TABLE struct table *table = table_new(headings);
	char *text, *p;
	size_t count = 0;

	table_row(table, cells);
	table_line(table, words, false);
	text = printed(table);
	widest(text, 80);
	for (p = text; *p != '\0'; p++)
		count += *p == 'w';
	assert_int_equal(count, 300);
	free(text);
}

static void test_kept(void **state)
{
	static const char *const headings[] = { "ONE", NULL };
	static const char *const cells[] = { "x" };
	g_autofree char *uri = g_strnfill(200, 'u');
	AUTO_TABLE struct table *table = table_new(headings);
	char *text;

	table_row(table, cells);
	table_line(table, uri, true);
	text = printed(table);
	assert_non_null(strstr(text, uri));
	free(text);
}

static void test_invalid(void **state)
{
	static const char *const headings[] = { "ONE", NULL };
	static const char *const cells[] = { "\xff\xfe" };
	AUTO_TABLE struct table *table = table_new(headings);
	char *text;

	table_row(table, cells);
	text = printed(table);
	assert_true(g_utf8_validate(text, -1, NULL));
	free(text);
}

static void test_no_colour_in_files(void **state)
{
	assert_string_equal(print_colour(COLOUR_BAD, stdin),
			    isatty(0) ? print_colour(COLOUR_BAD, stdin) : "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),	cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_table),	cmocka_unit_test(test_flush),
		cmocka_unit_test(test_narrow),	cmocka_unit_test(test_kept),
		cmocka_unit_test(test_invalid), cmocka_unit_test(test_no_colour_in_files),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
