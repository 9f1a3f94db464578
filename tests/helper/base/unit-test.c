/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of units, and whose a process is: what a user calls a group is no advice to root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <glib.h>
#include "base/unit.h"

#define USER "0::/user.slice/user-1000.slice/user@1000.service"

static const struct {
	const char *text, *unit;
	bool of_user;
} rows[] = {
	{ "", NULL, false },
	{ "\n\n", NULL, false },
	{ "0::/", NULL, false },
	{ "0::/init.scope\n", NULL, false },
	{ "0::/system.slice/ssh.service\n", "ssh.service", false },
	{ "0::/system.slice/system-openvpn\\x2dclient.slice/openvpn-client@vpn.service\n",
	  "openvpn-client@vpn.service", false },
	{ "0::/system.slice/a.service/b.service\n", "a.service", false },
	{ "0::/system.slice/docker-1.scope\n", NULL, false },
	{ "12:pids:/system.slice/ssh.service\n1:name=systemd:/system.slice/ssh.service\n",
	  "ssh.service", false },
	{ "12:pids:/\n1:name=systemd:/system.slice/ssh.service\n", "ssh.service", false },
	{ "0::/system.slice/no.service.d\n", NULL, false },
	{ "0::/user.slice/user-1000.slice/session-3.scope\n", NULL, false },
	{ USER "/init.scope\n", NULL, true },
	{ USER "/app.slice/firefox.service\n", "firefox.service", true },
	{ USER "/app.slice/ssh.service\n", "ssh.service", true },
	{ USER "/app.slice/user@0.service/ssh.service\n", "user@0.service", true },
	{ USER "/x; reboot.service\n", NULL, true },
	{ USER "/$(reboot).service\n", NULL, true },
	{ USER "/--force.service\n", NULL, true },
	{ USER "/a.service/\033[2J.service\n", "a.service", true },
	{ "0::/system.slice/ssh.service\n" USER "\n", "ssh.service", false },
};

static void whose_a_process_is(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		bool of_user = !rows[i].of_user;
		g_autofree char *unit = unit_of_cgroup(rows[i].text, &of_user);

		if (g_strcmp0(unit, rows[i].unit) != 0)
			fail_msg("%s: %s", rows[i].text, unit ? unit : "none");
		if (rows[i].unit)
			assert_int_equal(of_user, rows[i].of_user);
	}
}

static void what_a_name_is(void **state)
{
	static const char *const good[] = { "a.service", "a@b.timer", "a\\x2db.socket", "1.mount" };
	static const char *const bad[] = { "",	   "a",		  ".service", "a.",
					   "-a.b", "a b.service", "a;b.c",    "a/b.service",
					   "ä.b",  "a\n.service" };
	g_autofree char *longest = g_strdup_printf("%0247d.service", 0);
	g_autofree char *longer = g_strdup_printf("%0248d.service", 0);

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		assert_true(unit_is_name(good[i]));
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_false(unit_is_name(bad[i]));
	assert_true(unit_is_name(longest));
	assert_false(unit_is_name(longer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_a_process_is),
		cmocka_unit_test(what_a_name_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
