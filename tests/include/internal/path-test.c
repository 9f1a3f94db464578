/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folders: what stands in for them, what is not believed. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "unit.h"
#include <internal/path.h>
#include <internal/trust.h>

static const char *const variables[] = {
	"HOME",
	"XDG_DATA_HOME",
	"XDG_CONFIG_HOME",
	"XDG_STATE_HOME",
	"XDG_RUNTIME_DIR",
	"DEVID_DATA_DIR",
	"DEVID_SYSTEM_DIR",
	"DEVID_CONFIG_DIR",
	"DEVID_STATE_DIR",
	"DEVID_RUNTIME_DIR",
	"DEVID_SYSTEM_RUNTIME_DIR",
	"DEVID_SYSTEM_STATE_DIR",
	"DEVID_AGENT",
};

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	return folder_make(state);
}

static void expect(bool (*find)(enum scope scope, char *path), enum scope scope, const char *format,
		   const char *folder)
{
	char path[PATH_BUFFER], wanted[2 * PATH_BUFFER];

	assert_true(find(scope, path));
	snprintf(wanted, sizeof(wanted), "%s%s", folder, format);
	assert_string_equal(path, wanted);
}

static void home_is_the_base(void **state)
{
	setenv("HOME", *state, 1);
	expect(path_data, SCOPE_USER, "/.local/share/devid", *state);
	expect(path_config, SCOPE_USER, "/.config/devid", *state);
	expect(path_state, SCOPE_USER, "/.local/state/devid", *state);
	expect(path_runtime, SCOPE_USER, "/.local/share/devid", *state);
	expect(path_socket, SCOPE_USER, "/.local/share/devid/agent", *state);
}

static void the_machine_has_fixed_ones(void **state)
{
	setenv("HOME", *state, 1);
	setenv("XDG_DATA_HOME", *state, 1);
	setenv("XDG_CONFIG_HOME", *state, 1);
	setenv("XDG_RUNTIME_DIR", *state, 1);
	setenv("DEVID_CONFIG_DIR", *state, 1);
	expect(path_data, SCOPE_SYSTEM, "/var/lib/devid", "");
	expect(path_config, SCOPE_SYSTEM, "/etc/devid", "");
	expect(path_state, SCOPE_SYSTEM, "/var/log/devid", "");
	expect(path_socket, SCOPE_SYSTEM, "/run/devid/agent", "");
}

static void own_variables_come_first(void **state)
{
	setenv("XDG_DATA_HOME", *state, 1);
	setenv("DEVID_DATA_DIR", "/a/data", 1);
	setenv("DEVID_CONFIG_DIR", "/a/config", 1);
	setenv("DEVID_STATE_DIR", "/a/state", 1);
	setenv("DEVID_RUNTIME_DIR", "/a/run", 1);
	setenv("DEVID_SYSTEM_DIR", "/b/data", 1);
	setenv("DEVID_SYSTEM_STATE_DIR", "/b/state", 1);
	setenv("DEVID_SYSTEM_RUNTIME_DIR", "/b/run", 1);
	setenv("DEVID_AGENT", "/c/agent", 1);
	expect(path_data, SCOPE_USER, "/a/data", "");
	expect(path_config, SCOPE_USER, "/a/config", "");
	expect(path_state, SCOPE_USER, "/a/state", "");
	expect(path_socket, SCOPE_USER, "/a/run/agent", "");
	expect(path_data, SCOPE_SYSTEM, "/b/data", "");
	expect(path_state, SCOPE_SYSTEM, "/b/state", "");
	expect(path_socket, SCOPE_SYSTEM, "/b/run/agent", "");
	assert_string_equal(path_agent(), "/c/agent");
}

static void xdg_folders_come_next(void **state)
{
	setenv("HOME", *state, 1);
	setenv("XDG_DATA_HOME", *state, 1);
	setenv("XDG_RUNTIME_DIR", *state, 1);
	expect(path_data, SCOPE_USER, "/devid", *state);
	expect(path_socket, SCOPE_USER, "/devid/agent", *state);
}

static void a_folder_yet_to_be_made_counts(void **state)
{
	char later[PATH_BUFFER];

	snprintf(later, sizeof(later), "%s/not/yet", (char *)*state);
	setenv("XDG_DATA_HOME", later, 1);
	expect(path_data, SCOPE_USER, "/devid", later);
}

static void relative_and_empty_ones_do_not(void **state)
{
	setenv("HOME", *state, 1);
	setenv("XDG_DATA_HOME", "share", 1);
	setenv("XDG_CONFIG_HOME", "", 1);
	setenv("XDG_RUNTIME_DIR", ".", 1);
	setenv("DEVID_DATA_DIR", "data", 1);
	setenv("DEVID_AGENT", "./agent", 1);
	expect(path_data, SCOPE_USER, "/.local/share/devid", *state);
	expect(path_config, SCOPE_USER, "/.config/devid", *state);
	expect(path_socket, SCOPE_USER, "/.local/share/devid/agent", *state);
	assert_int_equal(path_agent()[0], '/');
}

/* As root, in a folder of root's: what it takes for root to run or believe a file. */
static void what_is_roots_alone(void **state)
{
	char own[PATH_BUFFER], deep[PATH_BUFFER + 16], way[PATH_BUFFER + 16],
		link[PATH_BUFFER + 16];
	char fault[PATH_BUFFER];
	static const char *const not_roots[] = { "", "agent", "/tmp", "/tmp/x", "/nonexistent/x" };

	for (size_t i = 0; i < sizeof(not_roots) / sizeof(not_roots[0]); i++)
		assert_false(path_is_roots(not_roots[i], fault));
	assert_true(path_is_roots("/usr/bin/env", fault));
	assert_true(path_is_roots("/usr//bin/./../bin/env", fault));
	assert_false(path_is_roots("/tmp/../usr/bin/env", fault));
	assert_string_equal(fault, "/tmp");
	/* The build's folder: /tmp is nobody's alone. */
	if (geteuid() != 0 || !getcwd(own, sizeof(own) - 32) || !path_is_roots(own, fault))
		skip();
	snprintf(own + strlen(own), 32, "/path-test.%d", (int)getpid());
	assert_int_equal(mkdir(own, 0755), 0);
	write_file(own, "file", "x", 1, 0755);
	snprintf(deep, sizeof(deep), "%s/file", own);
	snprintf(link, sizeof(link), "%s/link", own);
	snprintf(way, sizeof(way), "%s/way/../link", own);
	assert_true(path_is_roots(deep, fault));
	assert_int_equal(symlink("file", link), 0);
	assert_true(path_is_roots(link, fault));
	assert_false(path_is_roots(way, fault));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(chmod(own, 01777), 0);
	assert_false(path_is_roots(deep, fault));
	assert_string_equal(fault, own);
	assert_int_equal(chmod(own, 0775), 0);
	assert_false(path_is_roots(link, fault));
	assert_int_equal(chmod(own, 0755), 0);
	assert_int_equal(chmod(deep, 0757), 0);
	assert_false(path_is_roots(link, fault));
	assert_string_equal(fault, deep);
	assert_int_equal(chmod(deep, 0755), 0);
	assert_int_equal(lchown(link, 65534, 0), 0);
	assert_false(path_is_roots(link, fault));
	assert_string_equal(fault, link);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("link", link), 0);
	assert_false(path_is_roots(link, fault));
	assert_int_equal(chown(deep, 65534, 0), 0);
	assert_false(path_is_roots(deep, fault));
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(deep), 0);
	assert_int_equal(rmdir(own), 0);
}

static void a_file_is_no_folder(void **state)
{
	char file[PATH_BUFFER];

	write_file(*state, "file", "", 0, 0600);
	snprintf(file, sizeof(file), "%s/file", (char *)*state);
	setenv("HOME", *state, 1);
	setenv("XDG_DATA_HOME", file, 1);
	setenv("XDG_RUNTIME_DIR", file, 1);
	expect(path_data, SCOPE_USER, "/.local/share/devid", *state);
	expect(path_runtime, SCOPE_USER, "/.local/share/devid", *state);
	/* Nor can there ever be one below it. */
	strcat(file, "/below");
	setenv("XDG_DATA_HOME", file, 1);
	expect(path_data, SCOPE_USER, "/.local/share/devid", *state);
}

/* As after `su`: the variables are another user's. */
static void folders_of_others_do_not_count(void **state)
{
	char other[256], below[512];
	struct passwd *entry = getpwuid(geteuid());

	if (!is_root() || !entry)
		skip();
	snprintf(other, sizeof(other), "%s/other", (char *)*state);
	snprintf(below, sizeof(below), "%s/not/yet", other);
	assert_int_equal(mkdir(other, 0755), 0);
	assert_int_equal(chown(other, 65534, 65534), 0);
	setenv("HOME", other, 1);
	setenv("XDG_DATA_HOME", other, 1);
	setenv("XDG_RUNTIME_DIR", other, 1);
	setenv("XDG_CONFIG_HOME", below, 1);
	expect(path_data, SCOPE_USER, "/.local/share/devid", entry->pw_dir);
	expect(path_config, SCOPE_USER, "/.config/devid", entry->pw_dir);
	expect(path_runtime, SCOPE_USER, "/.local/share/devid", entry->pw_dir);
	assert_null(path_from_environment("XDG_RUNTIME_DIR"));
}

/* The folder would be ours; the link to it is not, and may lead elsewhere the next moment. */
static void links_of_others_do_not_count(void **state)
{
	char folder[256], link[256], below[512];
	struct passwd *entry = getpwuid(geteuid());

	if (!is_root() || !entry)
		skip();
	snprintf(folder, sizeof(folder), "%s/folder", (char *)*state);
	snprintf(link, sizeof(link), "%s/link", (char *)*state);
	snprintf(below, sizeof(below), "%s/not/yet", link);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(symlink(folder, link), 0);
	setenv("XDG_DATA_HOME", link, 1);
	expect(path_data, SCOPE_USER, "/devid", link);
	assert_int_equal(lchown(link, 65534, 65534), 0);
	setenv("HOME", link, 1);
	setenv("XDG_STATE_HOME", below, 1);
	setenv("XDG_RUNTIME_DIR", link, 1);
	expect(path_data, SCOPE_USER, "/.local/share/devid", entry->pw_dir);
	expect(path_state, SCOPE_USER, "/.local/state/devid", entry->pw_dir);
	assert_null(path_from_environment("XDG_RUNTIME_DIR"));
}

static void no_home_is_told(void **state)
{
	char path[PATH_BUFFER];

	if (!is_root() || getpwuid(54321))
		skip();
	assert_int_equal(seteuid(54321), 0);
	assert_false(path_data(SCOPE_USER, path));
	assert_false(path_socket(SCOPE_USER, path));
	assert_true(path_data(SCOPE_SYSTEM, path));
	assert_int_equal(seteuid(0), 0);
}

static void a_socket_has_to_fit(void **state)
{
	char longer[200], path[PATH_BUFFER];

	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[101] = '\0'; /* and "/agent": 107 */
	setenv("DEVID_RUNTIME_DIR", longer, 1);
	assert_true(path_socket(SCOPE_USER, path));
	longer[101] = 'x';
	longer[102] = '\0';
	setenv("DEVID_RUNTIME_DIR", longer, 1);
	assert_true(path_runtime(SCOPE_USER, path));
	assert_false(path_socket(SCOPE_USER, path));
}

static void a_path_has_to_fit(void **state)
{
	char longer[PATH_BUFFER + 8], path[PATH_BUFFER];

	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[PATH_BUFFER] = '\0';
	setenv("DEVID_DATA_DIR", longer, 1);
	assert_false(path_data(SCOPE_USER, path));
	longer[PATH_BUFFER - 1] = '\0';
	setenv("DEVID_DATA_DIR", longer, 1);
	assert_true(path_data(SCOPE_USER, path));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(home_is_the_base),
		TEST(the_machine_has_fixed_ones),
		TEST(own_variables_come_first),
		TEST(xdg_folders_come_next),
		TEST(a_folder_yet_to_be_made_counts),
		TEST(relative_and_empty_ones_do_not),
		cmocka_unit_test(what_is_roots_alone),
		TEST(a_file_is_no_folder),
		TEST(folders_of_others_do_not_count),
		TEST(links_of_others_do_not_count),
		TEST(no_home_is_told),
		TEST(a_socket_has_to_fit),
		TEST(a_path_has_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
