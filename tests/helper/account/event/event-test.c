/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event log: fields, rotation under two writers, planted links, a log that can't be written. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <json-glib/json-glib.h>
#include "tests/helper/account/harness.h"

#define WRITERS	     3
#define LINES	     1000
#define LOG_SIZE_MAX (1024 * 1024)

static char *fresh_log(void)
{
	char *folder = harness_folder();

	g_setenv("DEVID_STATE_DIR", folder, TRUE);
	g_setenv("DEVID_SYSTEM_STATE_DIR", folder, TRUE);
	return folder;
}

static struct devid_event plain_event(const char *label)
{
	return (struct devid_event){ .type = DEVID_EVENT_DEVICE_CERTIFICATE,
				     .sub_type = "Import",
				     .action = "Succeeded",
				     .reason = "ok",
				     .label = label,
				     .validated = -1 };
}

static bool collect(const char *line, void *data)
{
	g_ptr_array_add(data, g_strdup(line));
	return true;
}

static GPtrArray *read_lines(time_t since)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	assert_int_equal(devid_event_read(false, since, collect, lines), DEVID_OK);
	return lines;
}

static JsonObject *parse(JsonParser *parser, const char *line)
{
	assert_true(json_parser_load_from_data(parser, line, -1, NULL));
	return json_node_get_object(json_parser_get_root(parser));
}

static void fields(void **state)
{
	static const struct {
		const char *name;
		const char *value; /* NULL: anything but nothing */
	} expected[] = {
		{ "time", NULL },
		{ "event_type", "Device Certificate" },
		{ "event_sub_type", "Local Check" },
		{ "action", "Failed" },
		{ "reason", "issuer-unknown" },
		{ "label", "laptop \\x1B[2J\"\\" },
		{ "device_certificate", "Not Validated" },
		{ "client_cert_name", "device" },
		{ "client_cert_expires", "2049-12-31T23:59:59Z" },
		{ "client_cert_serial", NULL },
		{ "client_cert_issuer", NULL },
		{ "issuer_key_id", NULL },
		{ "failure_reason", NULL },
		{ "rule_name", "none" },
		{ "os_type", "Linux" },
		{ "os_version", NULL },
		{ "user_name", "alice" },
		{ "device_name", NULL },
		{ "client_version", NULL },
		{ "program", "/usr/sbin/openvpn" },
		{ "client_address", "192.0.2.7" },
	};
	g_autofree char *folder = fresh_log();
	g_autofree char *signing = harness_account(NULL, "root");
	struct devid_account *account = harness_load(signing);
	struct devid_event event = plain_event("laptop \x1b[2J\"\\");
	struct devid_verdict *verdict = NULL;
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GPtrArray) lines = NULL;
	g_autoptr(GList) names = NULL;
	struct harness_chain chain;
	JsonObject *object;

	harness_chain_load(&chain, "device");
	assert_int_equal(devid_check(account, chain.certificates, 1, 1718452800, &verdict),
			 DEVID_OK);
	devid_event_from_verdict(&event, verdict);
	event.sub_type = "Local Check";
	event.certificate = chain.certificates[0];
	event.rule_name = "none";
	event.user_name = "alice";
	event.program = "/usr/sbin/openvpn";
	event.client_address = "192.0.2.7";
	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	lines = read_lines(0);
	assert_int_equal(lines->len, 1);
	object = parse(parser, lines->pdata[0]);
	names = json_object_get_members(object);
	assert_int_equal(g_list_length(names), G_N_ELEMENTS(expected));
	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
		const char *value = json_object_get_string_member(object, expected[i].name);

		assert_string_equal(g_list_nth_data(names, i), expected[i].name);
		assert_true(value && *value);
		if (expected[i].value)
			assert_string_equal(value, expected[i].value);
	}
	devid_verdict_free(verdict);
	harness_chain_clear(&chain);
	devid_account_free(account);
}

static void passed_check_is_validated(void **state)
{
	struct devid_verdict verdict = { .result = DEVID_OK, .reason = "ok" };
	struct devid_event event = plain_event("x");

	devid_event_from_verdict(&event, &verdict);
	assert_int_equal(event.validated, 1);
	assert_string_equal(event.action, "Succeeded");
	assert_string_equal(event.reason, "ok");
	assert_null(event.failure_reason);
}

static void since(void **state)
{
	g_autofree char *folder = fresh_log();
	struct devid_event event = plain_event("x");
	g_autoptr(GPtrArray) all = NULL;
	g_autoptr(GPtrArray) late = NULL;
	g_autoptr(GPtrArray) now = NULL;

	harness_write(folder, "events.jsonl.1", "{\"time\":\"2020-01-01T00:00:00Z\"}\n", -1);
	harness_write(folder, "events.jsonl",
		      "{\"time\":\"2021-01-01T00:00:00Z\"}\nnot json\n[]\n{}\n{\"time\":3}\n"
		      "{\"time\":\"2022-01-01T00:00:00Z\"}\n{\"time\":\"2022-01-0",
		      -1);
	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	all = read_lines(0);
	late = read_lines(1640995200);
	now = read_lines(time(NULL) - 60);
	assert_int_equal(all->len, 4);
	assert_string_equal(all->pdata[0], "{\"time\":\"2020-01-01T00:00:00Z\"}");
	assert_int_equal(late->len, 2);
	assert_int_equal(now->len, 1);
}

/* A parser that calls itself for each bracket would run out of stack. */
static void deeply_nested_line(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autoptr(GString) text = g_string_new("{\"time\":\"2022-01-01T00:00:00Z\",\"a\":");
	g_autoptr(GPtrArray) lines = NULL;

	for (unsigned i = 0; i < 500000; i++)
		g_string_append_c(text, '[');
	g_string_append(text, "\n{\"time\":\"2022-01-02T00:00:00Z\",\"label\":\"a[b\"}\n");
	harness_write(folder, "events.jsonl", text->str, (gssize)text->len);
	lines = read_lines(0);
	assert_int_equal(lines->len, 1);
}

static void write_many(const char *who)
{
	g_autofree char *padding = g_strnfill(300, 'x');

	for (unsigned i = 0; i < LINES; i++) {
		g_autofree char *label = g_strdup_printf("%s-%u", who, i);
		struct devid_event event = plain_event(label);

		event.failure_reason = padding;
		if (devid_event_write(false, &event) != DEVID_OK)
			_exit(1);
	}
	_exit(0);
}

/* Nothing lost, nothing torn, each writer's lines in its order, over one rotation. */
static void writers_over_a_rotation(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autofree char *old = g_build_filename(folder, "events.jsonl.1", NULL);
	g_autoptr(GPtrArray) lines = NULL;
	g_autoptr(JsonParser) parser = json_parser_new();
	unsigned next[WRITERS] = { 0 };
	struct stat status;

	for (int i = 0; i < WRITERS; i++)
		if (fork() == 0)
			write_many((const char *[]){ "a", "b", "c" }[i]);
	for (int i = 0; i < WRITERS; i++) {
		int code;

		assert_true(wait(&code) > 0);
		assert_int_equal(code, 0);
	}
	assert_int_equal(stat(old, &status), 0);
	assert_in_range(status.st_size, LOG_SIZE_MAX - 2048, LOG_SIZE_MAX);
	assert_int_equal(status.st_mode & 0777, 0600);
	lines = read_lines(0);
	assert_int_equal(lines->len, WRITERS * LINES);
	for (guint i = 0; i < lines->len; i++) {
		const char *label =
			json_object_get_string_member(parse(parser, lines->pdata[i]), "label");
		int writer = *label - 'a';

		assert_in_range(writer, 0, WRITERS - 1);
		assert_int_equal(atoi(label + 2), next[writer]);
		next[writer]++;
	}
}

static struct devid_event use_event(const char *user, const char *program)
{
	struct devid_event event = plain_event("laptop");

	event.sub_type = "Key Use";
	event.action = "Allowed";
	event.user_name = user;
	event.program = program;
	return event;
}

static void write_uses(const char *action, const char *user, unsigned times, bool names)
{
	for (unsigned i = 0; i < times; i++) {
		g_autofree char *program = g_strdup_printf("/tmp/%u", names ? i : 0);
		struct devid_event event = use_event(user, program);

		event.action = action;
		assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	}
}

/* How many times it happened, by the lines that hold `word`. */
static gint64 times(const GPtrArray *lines, const char *word)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	gint64 sum = 0;

	for (guint i = 0; i < lines->len; i++)
		if (strstr(lines->pdata[i], word))
			sum += json_object_get_int_member_with_default(
				parse(parser, lines->pdata[i]), "count", 1);
	return sum;
}

static gsize size_of(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	struct stat status;

	return stat(path, &status) == 0 ? (gsize)status.st_size : 0;
}

/* One user's uses and refusals, more than two generations of any file hold, push out no change and
 * nobody else's. */
static void washing(void **state)
{
	g_autofree char *folder = fresh_log();
	struct devid_event import = plain_event("laptop");
	g_autoptr(GPtrArray) lines = NULL;

	assert_int_equal(devid_event_write(false, &import), DEVID_OK);
	write_uses("Allowed", "alice", 2, true);
	write_uses("Refused", "alice", 2, true);
	write_uses("Allowed", "mallory", 9000, true);
	write_uses("Refused", "mallory", 9000, true);
	lines = read_lines(0);
	assert_int_equal(times(lines, "\"Import\""), 1);
	assert_int_equal(times(lines, "\"alice\""), 4);
	assert_in_range(times(lines, "\"mallory\""), 500, 18000);
	assert_true(size_of(folder, "events.jsonl") < 2048);
	assert_true(size_of(folder, "uses.jsonl") <= LOG_SIZE_MAX);
	assert_true(size_of(folder, "refusals.jsonl") <= LOG_SIZE_MAX);
	assert_int_equal(size_of(folder, "uses.jsonl.new"), 0);
	/* The newest of mallory's are there. */
	assert_int_equal(times(lines, "\"/tmp/8999\""), 2);
}

/* What is alike on one day becomes one line, and is counted. */
static void counted_together(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autoptr(GPtrArray) lines = NULL;
	g_autofree char *text = NULL;
	g_autofree char *file = g_build_filename(folder, "uses.jsonl", NULL);

	write_uses("Allowed", "alice", 9000, false);
	lines = read_lines(0);
	/* Two, where midnight comes in between. */
	assert_in_range(lines->len, 1, LOG_SIZE_MAX / 200);
	assert_int_equal(times(lines, "alice"), 9000);
	assert_true(g_file_get_contents(file, &text, NULL, NULL));
	assert_non_null(strstr(text, "\"first\":\"2"));
	assert_non_null(strstr(text, "\"last\":\"2"));
}

static void several_as_one(void **state)
{
	g_autofree char *folder = fresh_log();
	struct devid_event event = use_event("alice", "openvpn");
	g_autoptr(GPtrArray) lines = NULL;
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object;

	event.first = 1640995200;
	event.last = 1640995260;
	event.count = 12;
	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	lines = read_lines(0);
	assert_int_equal(lines->len, 1);
	object = parse(parser, lines->pdata[0]);
	assert_int_equal(json_object_get_int_member(object, "count"), 12);
	assert_string_equal(json_object_get_string_member(object, "first"), "2022-01-01T00:00:00Z");
	assert_string_equal(json_object_get_string_member(object, "last"), "2022-01-01T00:01:00Z");
}

/* A log of before, with all in one file, reads as one with what came since. */
static void files_as_one(void **state)
{
	static const char *const wanted[] = { "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z",
					      "2021-01-01T00:00:00Z", "2021-01-02T00:00:00Z",
					      "2021-01-03T00:00:00Z" };
	g_autofree char *folder = fresh_log();
	g_autoptr(GPtrArray) lines = NULL;

	harness_write(folder, "events.jsonl.1", "{\"time\":\"2020-01-01T00:00:00Z\"}\n", -1);
	harness_write(folder, "events.jsonl",
		      "{\"time\":\"2020-01-02T00:00:00Z\",\"event_sub_type\":\"Key Use\"}\n"
		      "{\"time\":\"2021-01-02T00:00:00Z\"}\n",
		      -1);
	harness_write(folder, "refusals.jsonl", "{\"time\":\"2021-01-03T00:00:00Z\"}\n", -1);
	harness_write(folder, "uses.jsonl", "{\"time\":\"2021-01-01T00:00:00Z\"}\n", -1);
	lines = read_lines(0);
	assert_int_equal(lines->len, G_N_ELEMENTS(wanted));
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
		assert_non_null(strstr(lines->pdata[i], wanted[i]));
}

/* Damage, a day of long ago, another's number for a count, and a file that grew past all bounds. */
static void odd_lines_shared(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autofree char *file = g_build_filename(folder, "uses.jsonl", NULL);
	g_autofree char *padding = g_strnfill(70000, 'x');
	g_autoptr(GString) text = g_string_new("not json\n[]\n{\"time\":3}\n");
	g_autoptr(GPtrArray) lines = NULL;
	struct devid_event event = use_event("alice", "new");

	g_string_append_printf(text, "{\"time\":\"2022-01-01T00:00:00Z\",\"label\":\"%s\"}\n",
			       padding);
	g_string_append(text,
			"{\"time\":\"2022-01-01T00:00:00Z\",\"count\":-7,\"label\":\"neg\"}\n"
			"{\"time\":\"2022-01-01T00:00:00Z\",\"count\":\"many\",\"label\":\"neg\"}\n"
			"{\"time\":\"2022-01-02T00:00:00Z\",\"label\":\"neg\"}\n");
	while (text->len < LOG_SIZE_MAX)
		g_string_append(text, "{\"time\":\"2022-01-03T00:00:00Z\",\"label\":\"same\"}\n");
	g_string_append(text, "{\"time\":\"2022-01-0");
	harness_write(folder, "uses.jsonl", text->str, (gssize)text->len);
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	lines = read_lines(0);
	assert_int_equal(lines->len, 4);
	assert_int_equal(times(lines, "\"neg\""), 3);
	assert_true(times(lines, "\"same\"") > 10000);
	assert_true(size_of(folder, "uses.jsonl") < 2048);
}

static void two_generations(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autofree char *file = g_build_filename(folder, "events.jsonl", NULL);
	g_autofree char *old = g_build_filename(folder, "events.jsonl.1", NULL);
	g_autofree char *older = g_build_filename(folder, "events.jsonl.2", NULL);
	struct devid_event event = plain_event("new");

	harness_write(folder, "events.jsonl", "{\"time\":\"2021-01-01T00:00:00Z\"}\n", -1);
	harness_write(folder, "events.jsonl.1", "{\"time\":\"2020-01-01T00:00:00Z\"}\n", -1);
	assert_int_equal(truncate(file, LOG_SIZE_MAX), 0);
	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	assert_true(g_file_test(old, G_FILE_TEST_EXISTS));
	assert_false(g_file_test(older, G_FILE_TEST_EXISTS));
}

static void plant_link(const char *path)
{
	assert_int_equal(symlink("/nonexistent/target", path), 0);
}

static void plant_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void plant_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void plant_hard_link(const char *path)
{
	g_autofree char *target = g_strconcat(path, ".target", NULL);

	assert_true(g_file_set_contents(target, "precious\n", -1, NULL));
	assert_int_equal(link(target, path), 0);
}

static void plant_foreign(const char *path)
{
	assert_true(g_file_set_contents(path, "", 0, NULL));
	assert_int_equal(chown(path, 65534, 65534), 0);
}

static void planted(void **state)
{
	static void (*const plants[])(const char *) = { plant_link, plant_fifo, plant_folder,
							plant_hard_link, plant_foreign };

	for (gsize i = 0; i < G_N_ELEMENTS(plants); i++) {
		g_autofree char *folder = fresh_log();
		g_autofree char *file = g_build_filename(folder, "events.jsonl", NULL);
		g_autofree char *target = g_strconcat(file, ".target", NULL);
		g_autofree char *content = NULL;
		struct devid_event event = plain_event("x");

		if (plants[i] == plant_foreign && geteuid() != 0)
			continue;
		plants[i](file);
		assert_int_equal(devid_event_write(false, &event), DEVID_IO);
		if (g_file_get_contents(target, &content, NULL, NULL))
			assert_string_equal(content, "precious\n");
	}
}

/* The folder is a link, is writable by others, is a file, can't be made. */
static void bad_folders(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autofree char *linked = g_strconcat(folder, "/link", NULL);
	g_autofree char *open = g_strconcat(folder, "/open", NULL);
	g_autofree char *file = g_strconcat(folder, "/file", NULL);
	g_autofree char *below = g_strconcat(folder, "/file/below", NULL);
	const char *const paths[] = { linked, open, file, below };
	struct devid_event event = plain_event("x");

	assert_int_equal(symlink(folder, linked), 0);
	assert_int_equal(mkdir(open, 0755), 0);
	assert_int_equal(chmod(open, 0777), 0);
	assert_true(g_file_set_contents(file, "", 0, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_setenv("DEVID_SYSTEM_STATE_DIR", paths[i], TRUE);
		assert_int_equal(devid_event_write(true, &event), DEVID_IO);
	}
}

static void folder_is_made(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autofree char *deep = g_strconcat(folder, "/a/b", NULL);
	struct devid_event event = plain_event("x");
	g_autoptr(GPtrArray) none = NULL;
	struct stat status;

	g_setenv("DEVID_STATE_DIR", deep, TRUE);
	none = read_lines(0);
	assert_int_equal(none->len, 0);
	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	assert_int_equal(stat(deep, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

/* A disk that is full in the middle of a line leaves the log as it was. */
static void no_room(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autofree char *file = g_build_filename(folder, "events.jsonl", NULL);
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;
	struct devid_event event = plain_event("x");
	gsize length;
	pid_t child;
	int code;

	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	assert_true(g_file_get_contents(file, &before, &length, NULL));
	child = fork();
	if (child == 0) {
		struct rlimit limit = { length + 10, length + 10 };

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
			_exit(2);
		_exit(devid_event_write(false, &event) == DEVID_IO ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &code, 0), child);
	assert_int_equal(code, 0);
	assert_true(g_file_get_contents(file, &after, NULL, NULL));
	assert_string_equal(before, after);
}

/* Whoever holds the lock for ever costs a bounded wait, not a hang. */
static void lock_held(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autofree char *file = g_build_filename(folder, "events.jsonl", NULL);
	struct devid_event event = plain_event("x");
	gint64 begin;
	int fd;

	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	begin = g_get_monotonic_time();
	assert_int_equal(devid_event_write(false, &event), DEVID_TIMEOUT);
	assert_true(g_get_monotonic_time() - begin < 10 * G_USEC_PER_SEC);
	close(fd);
	assert_int_equal(devid_event_write(false, &event), DEVID_OK);
}

/* Root writes into the folder of the agent's user: the file is that user's. */
static void file_belongs_to_the_folders_owner(void **state)
{
	g_autofree char *folder = fresh_log();
	g_autofree char *file = g_build_filename(folder, "events.jsonl", NULL);
	struct devid_event event = plain_event("x");
	struct stat status;
	pid_t child;
	int code;

	if (geteuid() != 0)
		return;
	assert_int_equal(chown(folder, 65534, 65534), 0);
	assert_int_equal(devid_event_write(true, &event), DEVID_OK);
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_uid, 65534);
	assert_int_equal(status.st_mode & 0777, 0600);
	child = fork();
	if (child == 0) {
		g_autofree char *home = g_path_get_dirname(folder);

		if (chmod(home, 0755) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
			_exit(2);
		_exit(devid_event_write(true, &event) == DEVID_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &code, 0), child);
	assert_int_equal(code, 0);
	assert_int_equal(devid_event_write(true, &event), DEVID_OK);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(passed_check_is_validated),
		cmocka_unit_test(since),
		cmocka_unit_test(deeply_nested_line),
		cmocka_unit_test(writers_over_a_rotation),
		cmocka_unit_test(washing),
		cmocka_unit_test(counted_together),
		cmocka_unit_test(several_as_one),
		cmocka_unit_test(files_as_one),
		cmocka_unit_test(odd_lines_shared),
		cmocka_unit_test(two_generations),
		cmocka_unit_test(planted),
		cmocka_unit_test(bad_folders),
		cmocka_unit_test(folder_is_made),
		cmocka_unit_test(no_room),
		cmocka_unit_test(lock_held),
		cmocka_unit_test(file_belongs_to_the_folders_owner),
	};

	return cmocka_run_group_tests_name("events", tests, harness_begin, harness_end);
}
