/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dashes of word processors, near misses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "command/cli/words.h"

static const struct {
	const char *typed, *meant; /* NULL: left as it is */
} dashes[] = {
	{ "\xe2\x80\x93reset-cred", "--reset-cred" },
	{ "\xe2\x80\x94reset-cred", "--reset-cred" },
	{ "\xe2\x80\x93\xe2\x80\x93json", "--json" },
	{ "\xe2\x80\x93-json", "--json" },
	{ "\xe2\x80\x94json", "--json" },
	{ "\xe2\x80\x93q", "-q" },
	{ "\xe2\x80\x93name=x", "--name=x" },
	{ "\xe2\x80\x93name=\xe2\x80\x93", "--name=\xe2\x80\x93" },
	{ "--json", NULL },
	{ "-q", NULL },
	{ "-", NULL },
	{ "--", NULL },
	{ "", NULL },
	{ "\xe2\x80\x93", NULL },
	{ "\xe2\x80\x94", NULL },
	{ "\xe2\x80\x93 my label", NULL },
	{ "\xe2\x80\x93Label", NULL },
	{ "\xe2\x80\x93label with blanks", NULL },
	{ "\xe2\x80\x93\xe7\xab\xaf\xe6\x9c\xab", NULL },
	{ "a\xe2\x80\x93"
	  "b",
	  NULL },
	{ "\xe2\x80", NULL },
	{ "\xe2\x80\x93\xff", NULL },
};

static void test_dashes(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(dashes); i++) {
		g_autofree char *plain = words_plain_dashes(dashes[i].typed);

		if (!dashes[i].meant)
			assert_null(plain);
		else
			assert_string_equal(plain, dashes[i].meant);
	}
}

static void test_distance(void **state)
{
	assert_int_equal(words_distance("", ""), 0);
	assert_int_equal(words_distance("list", "list"), 0);
	assert_int_equal(words_distance("", "list"), 4);
	assert_int_equal(words_distance("list", ""), 4);
	assert_int_equal(words_distance("lst", "list"), 1);
	assert_int_equal(words_distance("lits", "list"), 1);
	assert_int_equal(words_distance("lizt", "list"), 1);
	assert_int_equal(words_distance("listt", "list"), 1);
	assert_int_equal(words_distance("shwo", "show"), 1);
	assert_int_equal(words_distance("kitten", "sitting"), 3);
}

static void test_long_words(void **state)
{
	g_autofree char *huge = g_strnfill(100000, 'x');
	static const char *const candidates[] = { "list", "show", NULL };

	assert_int_equal(words_distance(huge, "list"), G_MAXUINT);
	assert_int_equal(words_distance("list", huge), G_MAXUINT);
	assert_null(words_nearest(huge, candidates));
}

static void test_nearest(void **state)
{
	static const char *const candidates[] = { "import-cert", "list",       "show",
						  "status",	 "reset-cred", NULL };
	static const char *const none[] = { NULL };
	static const char *const close[] = { "export", "limp", "import-cert", NULL };

	assert_string_equal(words_nearest("lst", candidates), "list");
	assert_string_equal(words_nearest("staus", candidates), "status");
	assert_string_equal(words_nearest("import", candidates), "import-cert");
	assert_string_equal(words_nearest("import-certs", candidates), "import-cert");
	assert_string_equal(words_nearest("reset", candidates), "reset-cred");
	/* What begins so is meant before what is as near. */
	assert_string_equal(words_nearest("imp", close), "import-cert");
	assert_string_equal(words_nearest("import", close), "import-cert");
	assert_string_equal(words_nearest("exprt", close), "export");
	assert_null(words_nearest("xyzzy", candidates));
	assert_null(words_nearest("frobnicate", candidates));
	assert_null(words_nearest("", candidates));
	assert_null(words_nearest("q", candidates));
	assert_null(words_nearest("list", none));
}

static void test_meant(void **state)
{
	static const char *const commands[] = { "import-cert", "list",	 "remove",
						"connect",     "add-on", NULL };
	static const char *const actions[] = { "add", "remove", NULL };
	static const char *const clients[] = { "openssh", "wpa_supplicant", "import", NULL };
	static const struct {
		const char *word;
		const char *const *candidates;
		const char *meant;
	} rows[] = {
		{ "remove", commands, "remove" },
		{ "rm", commands, "remove" },
		{ "delete", commands, "remove" },
		{ "delete", actions, "remove" },
		{ "import", commands, "import-cert" },
		{ "add", commands, "import-cert" },
		{ "import", actions, "add" },
		/* Its own word first. */
		{ "add", actions, "add" },
		{ "import", clients, "import" },
		{ "start", commands, "connect" },
		{ "ssh", clients, "openssh" },
		{ "wpa-supplicant", clients, "wpa_supplicant" },
		{ "ssh", commands, NULL },
		{ "stop", commands, NULL },
		{ "", commands, NULL },
		{ "imp", commands, NULL },
		{ "RM", commands, NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *meant = words_meant(rows[i].word, rows[i].candidates);

		if (g_strcmp0(meant, rows[i].meant) != 0)
			fail_msg("%s: %s", rows[i].word, meant ? meant : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dashes),	   cmocka_unit_test(test_distance),
		cmocka_unit_test(test_long_words), cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
