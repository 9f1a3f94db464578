/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In what state the agent is started. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "spawn-report.h"
#include <internal/client.h>

static void its_arguments_and_descriptors(void **state)
{
	int held = open("/dev/zero", O_RDONLY); /* without O_CLOEXEC */

	assert_int_equal(in_child(spawn_plain, NULL), DEVID_OK);
	assert_true(report_has("argument devid-agent"));
	assert_true(report_has("argument --user"));
	assert_true(report_has("argument --ready-fd"));
	assert_true(report_has("argument 3"));
	assert_true(report_has("fd 0 /dev/null"));
	assert_true(report_has("fd 1 /dev/null"));
	assert_true(report_has("fd 2 /dev/null"));
	assert_true(report_has("fd 3 pipe"));
	assert_false(report_names("/dev/zero"));
	assert_false(report_names("fd 4"));
	assert_true(report_has("cwd /"));
	assert_true(report_has("umask 077"));
	assert_true(report_has("leader no"));
	close(held);
}

static int other_session(void *data)
{
	char line[64];

	if (spawn_agent(SCOPE_USER) != DEVID_OK)
		return 1;
	snprintf(line, sizeof(line), "sid %d", getsid(0));
	return report_has(line);
}

static void its_session_is_its_own(void **state)
{
	assert_int_equal(in_child(other_session, NULL), 0);
}

static int with_signals(void *data)
{
	sigset_t all;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	return spawn_agent(SCOPE_USER);
}

static void its_signals_are_reset(void **state)
{
	assert_int_equal(in_child(with_signals, NULL), DEVID_OK);
	assert_true(report_has("SigBlk:\t0000000000000000"));
	assert_true(report_has("SigIgn:\t0000000000000000"));
}

static void its_environment_is_built(void **state)
{
	static const char *const poison[] = {
		"SECRET_BACKEND",
		"LD_LIBRARY_PATH",
		"GIO_EXTRA_MODULES",
		"G_MESSAGES_DEBUG",
		"OPENSSL_CONF",
		"GNUTLS_PIN",
		"PATH",
		"XDG_VTNR",
		"DBUS_SYSTEM_BUS_ADDRESS",
		"LC_ALL",
		"devid_x",
		"DEVI",
	};
	static const char *const passed[] = {
		"HOME=",
		"XDG_RUNTIME_DIR=",
		"XDG_DATA_HOME=",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/x",
		"LANG=ja_JP.UTF-8",
		"DEVID_OTHER=1",
	};
	char word[64];

	for (size_t i = 0; i < sizeof(poison) / sizeof(poison[0]); i++)
		setenv(poison[i], "poison", 1);
	setenv("HOME", report_folder, 1);
	setenv("XDG_RUNTIME_DIR", report_folder, 1);
	setenv("XDG_DATA_HOME", report_folder, 1);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x", 1);
	setenv("LANG", "ja_JP.UTF-8", 1);
	setenv("DEVID_OTHER", "1", 1);
	assert_int_equal(in_child(spawn_plain, NULL), DEVID_OK);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		snprintf(word, sizeof(word), "environment %s", passed[i]);
		assert_true(report_names(word));
	}
	assert_false(report_names("poison"));
	assert_false(report_names("relative"));
}

static void the_machine_s_gets_less(void **state)
{
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x", 1);
	setenv("XDG_RUNTIME_DIR", report_folder, 1);
	setenv("HOME", report_folder, 1);
	if (!is_root())
		skip();
	assert_int_equal(in_child(spawn_plain, (void *)1), DEVID_OK);
	assert_true(report_has("argument --system"));
	assert_false(report_names("environment DBUS"));
	assert_false(report_names("environment XDG"));
	assert_false(report_names("environment HOME"));
	assert_false(report_names("environment LANG"));
	assert_true(report_names("environment DEVID_FAKE_MANNER"));
}

static int as_nobody(void *data)
{
	if (setresuid(65534, 65534, 65534) != 0)
		return 99;
	return spawn_plain(data);
}

static void the_machine_s_is_root_s_to_start(void **state)
{
	if (!is_root())
		skip();
	assert_int_equal(in_child(as_nobody, (void *)1), DEVID_AGENT_GONE);
	assert_null(read_whole(report_folder, "report"));
}

static int as_effective_nobody(void *data)
{
	if (setegid(65534) != 0 || seteuid(65534) != 0)
		return 99;
	return spawn_plain(data);
}

/* A daemon that became a user for a while: the agent is that user's, for good. */
static void it_has_the_effective_ids_alone(void **state)
{
	if (!is_root())
		skip();
	assert_int_equal(chmod(report_folder, 0777), 0);
	assert_int_equal(in_child(as_effective_nobody, NULL), DEVID_OK);
	assert_true(report_has("uid 65534 65534 65534"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_arguments_and_descriptors),  TEST(its_session_is_its_own),
		TEST(its_signals_are_reset),	      TEST(its_environment_is_built),
		TEST(the_machine_s_gets_less),	      TEST(the_machine_s_is_root_s_to_start),
		TEST(it_has_the_effective_ids_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
