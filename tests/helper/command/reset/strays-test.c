/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files of a token's folder a reset takes for keys that nobody names, and for marks of such:
 * no other may go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "command/reset/strays.h"

#define HEX16 "00112233445566ff"
#define HEX64 HEX16 HEX16 HEX16 HEX16

static void stray_is(const char *file, bool expected)
{
	struct record record = { 0 };
	const struct record_list none = { 0 }, other = { .records = &record, .count = 1 };

	if (reset_is_stray(file, &none) != expected || reset_is_stray(file, &other) != expected)
		fail_msg("%s: taken for %s", file, expected ? "no stray" : "one");
}

static void test_names(void **state)
{
	static const char *const others[] = {
		"",
		".key",
		HEX16 ".key",
		HEX64,
		HEX64 "0.key",
		HEX64 ".key.bak",
		HEX64 ".KEY",
		HEX64 ".keyring.pending",
		"AA112233445566ff" HEX16 HEX16 HEX16 ".key",
		"g0112233445566ff" HEX16 HEX16 HEX16 ".key",
		"." HEX64 ".key",
		"laptop.identity",
	};

	stray_is(HEX64 ".key", true);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		stray_is(others[i], false);
}

static void test_named(void **state)
{
	static const uint8_t part[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0xff };
	struct record records[2] = { 0 };
	struct record_list list = { .records = records, .count = 2 };

	for (size_t i = 0; i < sizeof(records[1].spki_hash); i++)
		records[1].spki_hash[i] = part[i % sizeof(part)];
	assert_false(reset_is_stray(HEX64 ".key", &list));
	records[1].spki_hash[31] ^= 1;
	assert_true(reset_is_stray(HEX64 ".key", &list));
}

static void test_marks(void **state)
{
	assert_true(reset_is_mark(HEX64 ".keyring.pending"));
	assert_true(reset_is_mark(HEX64 ".file.pending"));
	assert_false(reset_is_mark(HEX64 ".pending"));
	assert_false(reset_is_mark(HEX64 ".other.pending"));
	assert_false(reset_is_mark(HEX64 ".file.pending.bak"));
	assert_false(reset_is_mark(HEX16 ".file.pending"));
	assert_false(reset_is_mark(HEX64 ".key"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
