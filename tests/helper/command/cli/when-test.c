/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments as people write them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "command/cli/when.h"

#define NOW ((time_t)1795000000)

static const struct {
	const char *text;
	gint64 when;
} moments[] = {
	{ "now", NOW },
	{ "@0", 0 },
	{ "@1700000000", 1700000000 },
	{ "0s", NOW },
	{ "90s", NOW - 90 },
	{ "90m", NOW - 5400 },
	{ "12h", NOW - 43200 },
	{ "7d", NOW - 604800 },
	{ "2w", NOW - 1209600 },
	{ "1970-01-01", 0 },
	{ "2026-11-22", 1795305600 },
	{ "2026-11-22T00:00", 1795305600 },
	{ "2026-11-22T00:00Z", 1795305600 },
	{ "2026-11-22T00:00:00", 1795305600 },
	{ "2026-11-22T00:00:00Z", 1795305600 },
	{ "2026-11-22 00:00", 1795305600 },
	{ "2026-11-22T09:00:00+09:00", 1795305600 },
	{ "2026-11-21T19:00-05:00", 1795305600 },
};

static const char *const wrong[] = {
	"",
	" ",
	"never",
	"tomorrow",
	"12",
	"12x",
	"12hh",
	"-1d",
	"+1d",
	"1.5h",
	"h",
	"@",
	"@x",
	"@-1",
	"@1x",
	"2026",
	"2026-11",
	"2026-13-01",
	"2026-02-30",
	"22.11.2026",
	"11/22/2026",
	"2026-11-22T25:00",
	"99999999999999999999d",
	"9999999999d",
	"2026-11-22T00:00:00Zx",
	"\xff",
};

static void test_moments(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(moments); i++) {
		time_t when = -1;

		if (!when_parse(moments[i].text, NOW, &when))
			fail_msg("not read: %s", moments[i].text);
		if ((gint64)when != moments[i].when)
			fail_msg("%s: %lld", moments[i].text, (long long)when);
	}
}

static void test_wrong(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		time_t when = -1;

		if (when_parse(wrong[i], NOW, &when))
			fail_msg("taken: %s", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
