/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hex_decode() and hex_encode(). */
#include "unit.h"
#include <internal/record.h>

static void goes_there_and_back(void **state)
{
	uint8_t bytes[256], again[256];
	char text[513];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	hex_encode(bytes, sizeof(bytes), text);
	assert_int_equal(strlen(text), 512);
	assert_true(hex_decode(text, 512, again));
	assert_memory_equal(bytes, again, sizeof(bytes));
}

static void takes_both_cases(void **state)
{
	uint8_t out[2];

	assert_true(hex_decode("aBcD", 4, out));
	assert_memory_equal(out, "\xab\xcd", 2);
	assert_true(hex_decode("", 0, out));
	hex_encode(out, 0, (char[1]){ 'x' });
}

static void refuses(void **state)
{
	static const char *const rows[] = {
		"a",  "abc", "0x",  "g0",  "0g", " 0",	     "0 ", "+1",
		"-1", "a\n", "\na", "00:", ":0", "\xc3\xa9", "@0", "`0"
	};
	uint8_t out[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(hex_decode(rows[i], strlen(rows[i]), out));
	assert_false(hex_decode("0\0", 2, out));
	assert_false(hex_decode("\0", 1, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_there_and_back),
		cmocka_unit_test(takes_both_cases),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
