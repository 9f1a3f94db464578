/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of causes, and errors that carry its rows. */
#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>
#include "base/error.h"
#include "tests/helper/account/harness.h"

static void every_result_has_a_row(void **state)
{
	size_t count;
	const struct devid_reason *rows = devid_reasons(&count);

	for (int result = 0; result < DEVID_RESULT_COUNT; result++) {
		assert_int_equal(devid_reason_for(result)->result, result);
		/* The first rows are those, in order. */
		assert_int_equal(rows[result].result, result);
	}
	assert_int_equal(devid_reason_for(12345)->result, DEVID_FAILED);
}

static void words_are_stable(void **state)
{
	size_t count;
	const struct devid_reason *rows = devid_reasons(&count);

	for (size_t i = 0; i < count; i++) {
		assert_true(strspn(rows[i].word, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
			    strlen(rows[i].word));
		assert_ptr_equal(devid_reason_find(rows[i].word), &rows[i]);
		assert_non_null(rows[i].cause);
		assert_null(strchr(rows[i].cause, '\n'));
		assert_true(!rows[i].hint || !strchr(rows[i].hint, '\n'));
		assert_true(rows[i].result < DEVID_RESULT_COUNT);
	}
	assert_null(devid_reason_find("no-such-word"));
	assert_null(devid_reason_find(NULL));
}

static void errors_carry_rows(void **state)
{
	g_autoptr(GError) plain = NULL;
	g_autoptr(GError) worded = NULL;
	g_autoptr(GError) copy = NULL;

	devid_error_set(&plain, DEVID_KEY_MISSING, NULL, NULL, "%s: gone", "x");
	assert_string_equal(plain->message, "x: gone");
	assert_int_equal(devid_error_result(plain), DEVID_KEY_MISSING);
	assert_string_equal(devid_error_reason(plain), "key-missing");
	assert_non_null(devid_error_hint(plain));
	assert_null(devid_error_brackets(plain));
	devid_error_set(&worded, DEVID_BAD_DATA, "signing-not-ca", "do this", "no");
	devid_error_set_brackets(worded, "Certificate error. [x]");
	copy = g_error_copy(worded);
	assert_string_equal(devid_error_reason(copy), "signing-not-ca");
	assert_string_equal(devid_error_hint(copy), "do this");
	assert_string_equal(devid_error_brackets(copy), "Certificate error. [x]");
	devid_error_set(NULL, DEVID_FAILED, NULL, NULL, "nobody listens");
}

static void errors_of_others(void **state)
{
	static const struct {
		int code;
		enum devid_result result;
	} rows[] = {
		{ G_IO_ERROR_NOT_FOUND, DEVID_NOT_FOUND },
		{ G_IO_ERROR_TIMED_OUT, DEVID_TIMEOUT },
		{ G_IO_ERROR_BUSY, DEVID_IO },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = g_error_new(G_IO_ERROR, rows[i].code, "x");

		assert_int_equal(devid_error_result(error), rows[i].result);
		assert_string_equal(devid_error_reason(error),
				    devid_reason_for(rows[i].result)->word);
		assert_null(devid_error_brackets(error));
	}
	assert_int_equal(devid_error_result(NULL), DEVID_OK);
}

static void verdicts_become_errors(void **state)
{
	g_autofree char *folder = harness_account(NULL, "root");
	struct devid_account *account = harness_load(folder);
	struct devid_verdict *verdict = NULL;
	g_autoptr(GError) error = NULL;

	assert_int_equal(devid_check(account, NULL, 0, 1718452800, &verdict), DEVID_OK);
	devid_error_set_verdict(&error, verdict);
	assert_int_equal(devid_error_result(error), DEVID_CHECK_FAILED);
	assert_string_equal(devid_error_reason(error), "no-certificate");
	assert_string_equal(devid_error_brackets(error),
			    "Certificate error. [C=JP, ST=Tokyo, O=Example, CN=Root CA]");
	devid_verdict_free(verdict);
	devid_account_free(account);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_result_has_a_row), cmocka_unit_test(words_are_stable),
		cmocka_unit_test(errors_carry_rows),	  cmocka_unit_test(errors_of_others),
		cmocka_unit_test(verdicts_become_errors),
	};

	return cmocka_run_group_tests_name("errors", tests, harness_begin, harness_end);
}
