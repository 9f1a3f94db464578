/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a connection that dropped is made again: each pause, the end of them, and what is never
 * tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "command/connect/retry.h"

#define TRIES 13

static guint after(guint tries, const char *reason)
{
	g_autoptr(GError) error = NULL;

	devid_error_set(&error, DEVID_FAILED, reason, NULL, "it has ended");
	return retry_after(tries, error);
}

static void grows(void **unused)
{
	static const guint pauses[] = { 1, 2, 4, 8, 15, 30 };
	guint all = 0;

	for (guint i = 0; i < TRIES; i++) {
		guint pause = after(i, "gateway-unreachable");

		assert_int_equal(pause, pauses[MIN(i, G_N_ELEMENTS(pauses) - 1)]);
		all += pause;
	}
	/* As devid-connect(1) has it: four minutes and a half. */
	assert_int_equal(all, 270);
}

static void ends(void **unused)
{
	assert_int_equal(after(TRIES, "gateway-unreachable"), 0);
	assert_int_equal(after(TRIES + 1, "gateway-unreachable"), 0);
	assert_int_equal(after(G_MAXUINT, "session-ended"), 0);
}

static void may_pass(void **unused)
{
	static const char *const words[] = { "gateway-closed", "session-ended", "client-failed",
					     "client-missing", "timeout" };

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		assert_int_equal(after(0, words[i]), 1);
}

/* What the gateway refuses, or only a person can mend. */
static void does_not_pass(void **unused)
{
	static const char *const words[] = {
		"gateway-refused",   "sign-in-needed", "sign-in-wrong",
		"gateway-untrusted", "root-needed",    "key-failed",
		"expired",	     "rule-blocked",   "store-locked"
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		assert_int_equal(after(0, words[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(ends),
		cmocka_unit_test(may_pass),
		cmocka_unit_test(does_not_pass),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
