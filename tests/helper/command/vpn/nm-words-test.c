/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NetworkManager's answers and ends in our words: whose text decides, and that nothing is left
 * without a cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <gio/gio.h>
#include <devid/reason.h>

#include "base/error.h"
#include "command/vpn/nm-words.h"
#include "command/vpn/nm.h"

#define NM "org.freedesktop.NetworkManager."

static void answer_is(const char *name, const char *text, const char *reason, const char *words)
{
	g_autoptr(GError) error =
		nm_error("vpn.example", g_dbus_error_new_for_dbus_error(name, text));

	assert_string_equal(devid_error_reason(error), reason);
	if (!g_str_has_prefix(error->message, "vpn.example: ") || !strstr(error->message, words) ||
	    !strstr(error->message, text))
		fail_msg("%s: %s", name, error->message);
}

static void test_answers(void **state)
{
	answer_is("org.freedesktop.DBus.Error.ServiceUnknown", "no such name", "client-missing",
		  "does not run");
	answer_is("org.freedesktop.DBus.Error.UnknownMethod", "no such method", "client-missing",
		  "too old");
	answer_is("org.freedesktop.DBus.Error.AccessDenied", "rejected", "root-needed",
		  "lets this user");
	answer_is(NM "PermissionDenied", "not authorized", "root-needed", "lets this user");
	answer_is(NM "UnknownConnection", "The VPN service was not installed.", "client-missing",
		  "plugin");
	answer_is(NM "UnknownConnection", "Could not find source connection.",
		  "gateway-unreachable", "no network");
	answer_is("org.freedesktop.DBus.Error.NoReply", "late", "timeout", "does not answer");
	answer_is(NM "Somewhat", "of its own", "client-failed", "NetworkManager failed");
}

static void failure_is(GIOErrorEnum code, const char *reason)
{
	g_autoptr(GError) error =
		nm_error("vpn.example", g_error_new(G_IO_ERROR, (gint)code, "the bus"));

	assert_string_equal(devid_error_reason(error), reason);
}

static void test_no_answer(void **state)
{
	failure_is(G_IO_ERROR_TIMED_OUT, "timeout");
	failure_is(G_IO_ERROR_CLOSED, "client-failed");
	failure_is(G_IO_ERROR_NOT_CONNECTED, "client-missing");
	failure_is(G_IO_ERROR_FAILED, "client-failed");
}

/* Each reason there may ever be has a row of ours, with a gateway before it. */
static void test_ends(void **state)
{
	for (guint reason = 0; reason < 40; reason++)
		for (int stood = 0; stood < 2; stood++) {
			g_autoptr(GError) error = nm_ended_error("vpn.example", reason, stood);

			assert_true(g_str_has_prefix(error->message, "vpn.example: "));
			assert_non_null(devid_reason_find(devid_error_reason(error)));
		}
}

static void end_is(guint reason, bool stood, const char *word)
{
	g_autoptr(GError) error = nm_ended_error("vpn.example", reason, stood);

	assert_string_equal(devid_error_reason(error), word);
}

/* A person's own end is none that is tried again; a tunnel that never stood has not "ended". */
static void test_end_by_person(void **state)
{
	end_is(NM_REASON_USER_DISCONNECTED, true, "not-connected");
	end_is(NM_REASON_USER_DISCONNECTED, false, "not-connected");
	end_is(NM_REASON_CONNECTION_REMOVED, true, "not-connected");
	end_is(NM_REASON_USER_DISCONNECTED + 2, true, "session-ended");
	end_is(NM_REASON_USER_DISCONNECTED + 2, false, "client-failed");
	end_is(G_MAXUINT, false, "client-failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_end_by_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
