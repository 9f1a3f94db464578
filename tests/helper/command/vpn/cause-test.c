/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client's last lines are taken for: which line decides, whose words count, and what is said
 * where none does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "command/vpn/cause.h"

#define EXITED(status) ((status) << 8) /* as waitpid(2) has it */

static GError *cause_of(const char *client, int status, const char *const *lines)
{
	char gateway[] = "vpn.example:443";
	const struct connection connection = { .gateway = gateway };
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	const struct vpn_session session = { .connection = &connection,
					     .lines = lines ? kept : NULL };
	GError *error = NULL;

	for (; lines && *lines; lines++)
		g_ptr_array_add(kept, (gpointer)*lines);
	vpn_cause(&session, client, status, &error);
	assert_non_null(error);
	assert_true(g_str_has_prefix(error->message, "vpn.example:443: "));
	return error;
}

static void is_cause(const char *client, const char *const *lines, const char *reason,
		     const char *end)
{
	g_autoptr(GError) error = cause_of(client, EXITED(1), lines);

	assert_string_equal(devid_error_reason(error), reason);
	if (!g_str_has_suffix(error->message, end))
		fail_msg("%s: no %s", error->message, end);
}
#define IS_CAUSE(client, reason, end, ...) \
	is_cause(client, (const char *const[]){ __VA_ARGS__, NULL }, reason, end)

static void test_line(void **state)
{
	IS_CAUSE("openconnect", "gateway-refused", "(openconnect: SSL: fatal alert: unknown CA)",
		 "Connected", "SSL: fatal alert: unknown CA", "Exiting");
	/* What is certain, wherever it stands. */
	IS_CAUSE("openconnect", "sign-in-wrong", "(openconnect: Login failed.)", "Login failed.",
		 "Failed to complete authentication");
	IS_CAUSE("openconnect", "sign-in-wrong", "(openconnect: Login failed.)",
		 "Failed to complete authentication", "Login failed.");
	/* Of two that say the same, the last. */
	IS_CAUSE("openvpn", "key-failed", "(openvpn: PKCS#11: Cannot sign, 2)",
		 "PKCS#11: Cannot sign, 1", "PKCS#11: Cannot sign, 2");
}

static void test_other_client(void **state)
{
	IS_CAUSE("openconnect", "client-failed", "(openconnect: AUTH_FAILED)", "AUTH_FAILED");
	IS_CAUSE("strongswan", "client-failed", "(strongswan: Login failed)", "Login failed");
	IS_CAUSE("somebody", "client-failed", "(somebody: fatal alert)", "fatal alert");
}

/* Other modules' words on standard error are not the client's. */
static void test_noise(void **state)
{
	IS_CAUSE("openconnect", "gateway-closed", "(openconnect: SSL connection failure)",
		 "SSL connection failure", "ERROR:esys: Failed to connect to a TPM");
	IS_CAUSE("openconnect", "gateway-unreachable",
		 "(openconnect: ERROR:Failed to connect to x)", "ERROR:Failed to connect to x");
}

static void test_nothing_said(void **state)
{
	static const char *const none[] = { NULL };
	g_autoptr(GError) exited = cause_of("openvpn", EXITED(7), NULL),
			  silent = cause_of("openvpn", EXITED(0), none),
			  killed = cause_of("openvpn", 9, none);

	assert_true(g_str_has_suffix(exited->message, "(openvpn: exit status 7)"));
	assert_true(g_str_has_suffix(silent->message, "(openvpn: exit status 0)"));
	assert_true(g_str_has_suffix(killed->message, "(openvpn: signal 9)"));
	assert_string_equal(devid_error_reason(killed), "client-failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_other_client),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_nothing_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
