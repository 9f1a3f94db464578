/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cookie that root's openconnect gets: what is one, and all that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <glib.h>

#include "tunnel/cookie.h"

static void sound_is(const char *text, size_t length, const char *expected)
{
	AUTO_SECRET struct secret cookie = SECRET_INIT;

	assert_int_equal(secret_append(&cookie, text, length), DEVID_OK);
	assert_int_equal(cookie_is_sound(&cookie), expected != NULL);
	if (!expected)
		return;
	assert_int_equal(cookie.length, strlen(expected));
	assert_memory_equal(cookie.data, expected, cookie.length);
}

static void test_sound(void **state)
{
	sound_is("webvpn=1", 8, "webvpn=1\n");
	sound_is("webvpn=1\n", 9, "webvpn=1\n");
	sound_is("a b~", 4, "a b~\n");
}

static void test_unsound(void **state)
{
	static const char *const odd[] = { "",	    "\n",	"\n\n", " a",	"a\n\n",
					   "a\nb",  "\na",	"a\tb", "a\rb", "a\r\n",
					   "a\x7f", "\xc3\xa4", " " };

	for (size_t i = 0; i < G_N_ELEMENTS(odd); i++)
		sound_is(odd[i], strlen(odd[i]), NULL);
	sound_is("a\0b", 3, NULL);
	sound_is("\0", 1, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_unsound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
