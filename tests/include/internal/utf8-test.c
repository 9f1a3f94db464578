/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* utf8_is_printable(): the edges of each row of its table. */
#include "unit.h"
#include <internal/utf8.h>

static void takes(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"~",
		"laptop-042",
		"\xc2\xa0",
		"\xc3\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xec\xbf\xbf",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbd",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
		"\xe6\x97\xa5\xe6\x9c\xac",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(utf8_is_printable(rows[i], strlen(rows[i])));
}

static void refuses(void **state)
{
	static const char *const rows[] = {
		"\n",
		"\t",
		"\x1b[1m",
		"\x7f",
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2\x80",
		"\xc2\x9f",
		"\xc2\xc0",
		"\xc3(",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xe1\x80",
		"\xe1\x80\xc0",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"a\xe6\x97",
		"\xf1\x80\x80",
		"\xf1\x80\x80\x41",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (utf8_is_printable(rows[i], strlen(rows[i])))
			fail_msg("passed: row %zu", i);
	assert_false(utf8_is_printable("a\0b", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
