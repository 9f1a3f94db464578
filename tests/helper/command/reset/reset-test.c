/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reset keeps of its work: the first error decides, whatever comes after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "command/reset/reset.h"

static void fail_with(struct reset *reset, enum devid_result result, const char *words)
{
	GError *error = NULL;

	devid_error_set(&error, result, NULL, NULL, "%s", words);
	reset_failed(reset, error);
}

static void test_first_error(void **state)
{
	struct reset reset;

	reset_begin(&reset);
	assert_int_equal(reset.status, EXIT_DONE);
	fail_with(&reset, DEVID_STORE_LOCKED, "the keyring is locked");
	fail_with(&reset, DEVID_DENIED, "somebody else's");
	assert_int_equal(reset.status, EXIT_STORE);
	assert_string_equal(reset.first->message, "the keyring is locked");
	reset_end(&reset);
}

static void test_places(void **state)
{
	struct reset reset;
	struct reset_place *place;

	reset_begin(&reset);
	place = reset_place_new(&reset, "agent");
	reset_state(place, "%d keys", 2);
	reset_state(place, "%s", "not running");
	reset_item(place, "laptop");
	reset_unreachable(&reset, "%s: %s", "keyring", "locked");
	assert_string_equal(place->state, "not running");
	assert_int_equal(place->items->len, 1);
	assert_string_equal(g_ptr_array_index(reset.unreachable, 0), "keyring: locked");
	assert_int_equal(reset.places->len, 1);
	/* What couldn't be reached is told of, and is no error by itself. */
	assert_null(reset.first);
	reset_end(&reset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_error),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
