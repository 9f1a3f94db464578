/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is taken from the answer of `openconnect --authenticate`, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "command/vpn/ticket.h"

static void value_is(const char *text, const char *expected)
{
	const struct secret ticket = { .data = (uint8_t *)text, .length = strlen(text) };
	g_autofree char *value = vpn_ticket_value(&ticket, "HOST");

	if (g_strcmp0(value, expected) != 0)
		fail_msg("%s: %s, not %s", text, value ? value : "nothing",
			 expected ? expected : "nothing");
}

static void test_value(void **state)
{
	value_is("HOST='10.0.0.1'\n", "10.0.0.1");
	value_is("COOKIE='x'\nHOST='10.0.0.1'", "10.0.0.1");
	value_is("HOST='a'\nHOST='b'\n", "a");
}

static void test_no_value(void **state)
{
	static const char *const odd[] = {
		"",
		"HOST",
		"HOST=",
		"HOST='",
		"HOST=''",
		"HOST=10.0.0.1",
		"XHOST='a'",
		"HOST ='a'",
		"HOST='a",
		"HOST='a'b",
		"HOST='--script=x'",
		"HOST='a b'",
		"HOST='a\tb'",
		"HOST='a'b'",
		"HOST='\x7f'",
		"HOST='\xc3\xa4'",
		"host='a'",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(odd); i++)
		value_is(odd[i], NULL);
}

static void cookie_is(const char *text, const char *expected)
{
	const struct secret ticket = { .data = (uint8_t *)text, .length = strlen(text) };
	AUTO_SECRET struct secret line = SECRET_INIT;
	bool found = vpn_ticket_cookie(&ticket, &line);

	assert_int_equal(found, expected != NULL);
	if (!expected)
		return;
	assert_int_equal(line.length, strlen(expected));
	assert_memory_equal(line.data, expected, line.length);
}

static void test_cookie(void **state)
{
	cookie_is("COOKIE='webvpn=1@2@3'\nHOST='a'\n", "webvpn=1@2@3\n");
	/* Blanks and options are what a cookie may hold: it is no word of a command. */
	cookie_is("COOKIE='-a b'\n", "-a b\n");
	cookie_is("COOKIE=''\n", NULL);
	cookie_is("HOST='a'\n", NULL);
	cookie_is("COOKIE='a\nb'\n", NULL);
}

static void test_odd(void **state)
{
	char gateway[] = "vpn.example:443";
	const struct connection connection = { .gateway = gateway };
	const struct vpn_session session = { .connection = &connection };
	g_autoptr(GError) error = NULL;

	vpn_ticket_odd(&session, &error);
	assert_string_equal(devid_error_reason(error), "client-failed");
	assert_true(g_str_has_prefix(error->message, "vpn.example:443: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_no_value),
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
