/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base64_decode(): what RFC 4648 section 10 gives, and what must not pass. */
#include "unit.h"
#include <internal/record.h>

static void decodes(void **state)
{
	static const struct {
		const char *text, *bytes;
	} rows[] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" },
		{ "+/+/", "\xfb\xff\xbf" },
		{ "Zm9v\nYmFy\n", "foobar" },
		{ "Zm9v\r\nYmFy\r\n", "foobar" },
		{ "Z\nm\r\n9v", "foo" },
		{ "\n\nZm9v\n\n", "foo" },
		{ "Zm8\n=\n", "fo" },
		{ "Z\ng\n=\n=\r\n", "f" },
	};
	uint8_t out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(base64_decode(rows[i].text, strlen(rows[i].text), out),
				 strlen(rows[i].bytes));
		assert_memory_equal(out, rows[i].bytes, strlen(rows[i].bytes));
	}
}

static void refuses(void **state)
{
	static const char *const rows[] = {
		"Z",	   "Zg",       "Zm8",	"Zm9vY",    "Zg=",   "=",	"==",
		"====",	   "Zg==Zg==", "Zg===", "Zm9v====", "Zh==",  "Zm9=",	"Zm\t9v",
		"Zm 9v",   "Zm9v ",    " Zm9v", "Zm-v",	    "Zm_v",  "Zm9v\r",	"\rZm9v",
		"Zm\r9v",  "Z===",     "Zm=v",	"Z=9v",	    "=m9v",  "Zm9\xc3", "Zg==\nZ",
		"Zg==\n=", "Zm9v\nZg", "Zg=\n", "\x80m9v",  "Zm9v!", "Zm9v\v",	"Zm9\x7f",
	};
	uint8_t out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (base64_decode(rows[i], strlen(rows[i]), out) != -1)
			fail_msg("passed: %s", rows[i]);
}

static void refuses_nul(void **state)
{
	uint8_t out[64];

	assert_int_equal(base64_decode("Zm9v\0", 5, out), -1);
	assert_int_equal(base64_decode("Zm\09v", 5, out), -1);
	assert_int_equal(base64_decode("\0\0\0\0", 4, out), -1);
}

/* No more is written than the header promises, and nothing is read beyond the length. */
static void keeps_its_bounds(void **state)
{
	const char text[] = "Zm9vYmFyZm9vYmFyZm9vYmFyZg==";
	uint8_t out[64];

	for (size_t length = 0; length < sizeof(text); length++) {
		size_t room = length / 4 * 3 + 3;

		memset(out, 0xa5, sizeof(out));
		assert_true(base64_decode(text, length, out) <= (ptrdiff_t)room);
		for (size_t i = room; i < sizeof(out); i++)
			assert_int_equal(out[i], 0xa5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_nul),
		cmocka_unit_test(keeps_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
