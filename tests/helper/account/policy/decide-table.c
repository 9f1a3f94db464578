/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the truth table (decide-table.txt says what its columns are): each row's account is written,
 * its question asked, the answer compared. decide-table TABLE: of libdevid; decide-table TABLE
 * COMMAND: of `devid policy test --json`. One TAP line a row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <devid/devid.h>
#include <devid/policy.h>

enum column {
	SETTING,
	OVERRIDE,
	ENABLED,
	USERS,
	PLATFORMS,
	ORIGIN,
	PROFILES,
	ACTION,
	THEN,
	USER,
	GROUPS,
	OS,
	AT,
	A,
	B,
	CERTIFICATE,
	IS,
	RULE,
	ANSWER,
	COLUMNS
};

struct row {
	const char *cells[COLUMNS];
	unsigned asked_origin, asked[2]; /* how often */
};

static const char *given(const struct row *row, enum column column)
{
	const char *cell = row->cells[column];

	return strcmp(cell, "-") == 0 ? NULL : cell;
}

static const char *action_word(const char *cell)
{
	return strcmp(cell, "internet") == 0 ? "allow-internet" : cell;
}

static void write_file(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, NULL))
		g_error("%s can't be written", path);
}

/* `setting` for the system that is asked about, `others` for the rest; NULL: not named. */
static void add_systems(GString *conf, const struct row *row, const char *setting,
			const char *others)
{
	for (int os = 0; os < DEVID_OS_COUNT; os++) {
		const char *name = devid_os_name(os);
		const char *value = strcmp(name, row->cells[OS]) == 0 ? setting : others;

		if (value)
			g_string_append_printf(conf, "%s=%s\n", name, value);
	}
}

static void write_account(const struct row *row, const char *folder)
{
	const char *setting = given(row, SETTING);
	const char *override = given(row, OVERRIDE);
	g_autoptr(GString) conf = g_string_new("[DeviceAuthentication]\n");

	add_systems(conf, row, setting,
		    setting && strcmp(setting, "block") == 0 ? "allow" : "block");
	if (override) {
		const char *value = strchr(override, ':') + 1;
		bool other = g_str_has_prefix(override, "other:");

		g_string_append_printf(conf, "[User alice]\nOverride=%s\n",
				       g_str_has_prefix(override, "no:") ? "no" : "yes");
		add_systems(conf, row, other ? NULL : value, other ? value : NULL);
	}
	g_string_append(conf, "[Group team]\nMembers=carol; alice\n"
			      "[Group ops]\nMembers=dave; @staff\n"
			      "[Profile A]\nIfUnknown=fail\nDeviceCertificate=yes\n"
			      "[Profile B]\nIfUnknown=pass\nDeviceCertificate=yes\n");
	write_file(folder, "account.conf", conf->str);
}

static void write_rules(const struct row *row, const char *folder)
{
	static const struct {
		enum column column;
		const char *key;
	} fields[] = { { USERS, "Users" },
		       { PLATFORMS, "Platforms" },
		       { ORIGIN, "Origin" },
		       { PROFILES, "Profiles" } };
	g_autoptr(GString) rules = g_string_new(NULL);

	if (given(row, ENABLED)) {
		g_string_append_printf(rules, "[Rule one]\nEnabled=%s\nAction=%s\n",
				       row->cells[ENABLED], action_word(row->cells[ACTION]));
		for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
			if (given(row, fields[i].column))
				g_string_append_printf(rules, "%s=%s\n", fields[i].key,
						       row->cells[fields[i].column]);
		if (given(row, THEN))
			g_string_append_printf(rules, "[Rule two]\nAction=%s\n",
					       action_word(row->cells[THEN]));
	}
	write_file(folder, "rules.d/rules.conf", rules->str);
}

static enum devid_origin origin(void *data)
{
	struct row *row = data;

	row->asked_origin++;
	return strcmp(row->cells[AT], "office") == 0   ? DEVID_ORIGIN_OFFICE
	       : strcmp(row->cells[AT], "remote") == 0 ? DEVID_ORIGIN_REMOTE
						       : DEVID_ORIGIN_UNKNOWN;
}

static enum devid_answer profile(const char *name, void *data)
{
	struct row *row = data;
	const char *cell = row->cells[strcmp(name, "A") == 0 ? A : B];

	row->asked[strcmp(name, "A") != 0]++;
	return strcmp(cell, "pass") == 0   ? DEVID_ANSWER_PASS
	       : strcmp(cell, "fail") == 0 ? DEVID_ANSWER_FAIL
					   : DEVID_ANSWER_UNKNOWN;
}

/* What was found, in the words of the table's last three columns. */
static char *words(bool overridden, const char *setting, bool rules, const char *rule, bool excused,
		   const char *reason, const char *action)
{
	bool allowed = strcmp(reason, "ok") == 0;

	return g_strdup_printf("%s%s %s %s%s", overridden ? "user:" : "", setting,
			       !rules ? "-"
			       : rule ? rule
				      : "last",
			       !allowed				       ? reason
			       : strcmp(action, "allow-internet") == 0 ? "internet"
								       : action,
			       allowed && excused ? "/office" : "");
}

static char *ask_library(struct row *row, const char *folder)
{
	static const struct devid_verdict verdicts[] = {
		{ .result = DEVID_OK, .reason = "ok" },
		{ .result = DEVID_CHECK_FAILED, .reason = "check-failed" },
	};
	const char *groups[] = { given(row, GROUPS), NULL };
	struct devid_question question = { .user = given(row, USER),
					   .groups = groups,
					   .origin = origin,
					   .profile = profile,
					   .data = row };
	struct devid_decision *decision = NULL;
	struct devid_account *account = NULL;
	char *found;

	if (given(row, CERTIFICATE) && strcmp(row->cells[CERTIFICATE], "none") != 0)
		question.verdict = &verdicts[strcmp(row->cells[CERTIFICATE], "valid") != 0];
	if (!devid_os_find(row->cells[OS], &question.os) ||
	    devid_account_load(folder, false, &account) != DEVID_OK)
		return g_strdup("no such question");
	if (devid_decide(account, &question, &decision) != DEVID_OK)
		return g_strdup("no decision");
	if (decision->result == DEVID_ACCOUNT_BROKEN)
		found = g_strdup(devid_account_problem(account));
	else
		found = words(decision->overridden, devid_setting_name(decision->setting),
			      decision->step_count > 0, decision->rule, decision->excused,
			      decision->reason, devid_action_name(decision->action));
	if (row->asked_origin > 1 || row->asked[0] > 1 || row->asked[1] > 1)
		found = g_strconcat(found, " (asked twice)", NULL);
	if ((decision->result == DEVID_OK) != (strcmp(decision->reason, "ok") == 0) ||
	    (decision->result == DEVID_OK) != !decision->message)
		found = g_strconcat(found, " (result, reason and message differ)", NULL);
	devid_decision_free(decision);
	devid_account_free(account);
	return found;
}

static void add_option(GPtrArray *arguments, const char *option, char *value)
{
	g_ptr_array_add(arguments, g_strdup(option));
	g_ptr_array_add(arguments, value);
}

static GPtrArray *command_words(const struct row *row, const char *command)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);

	add_option(arguments, command, g_strdup("policy"));
	add_option(arguments, "test", g_strdup("--json"));
	add_option(arguments, "--user", g_strdup(given(row, USER) ? row->cells[USER] : ""));
	add_option(arguments, "--os", g_strdup(row->cells[OS]));
	add_option(arguments, "--certificate", g_strdup(row->cells[CERTIFICATE]));
	add_option(arguments, "--origin",
		   g_strdup(strcmp(row->cells[AT], "?") == 0 ? "unknown" : row->cells[AT]));
	if (given(row, GROUPS))
		add_option(arguments, "--group", g_strdup(row->cells[GROUPS]));
	for (int i = A; i <= B; i++)
		add_option(arguments, "--profile",
			   g_strdup_printf("%s=%s", i == A ? "A" : "B",
					   strcmp(row->cells[i], "?") == 0 ? "unknown"
									   : row->cells[i]));
	g_ptr_array_add(arguments, NULL);
	return arguments;
}

static char *read_answer(const char *text, int status)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object;
	const char *reason;
	bool allowed;

	if (!json_parser_load_from_data(parser, text, -1, NULL) ||
	    !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
		return g_strdup_printf("no object, exit status %d: %s", status, text);
	object = json_node_get_object(json_parser_get_root(parser));
	reason = json_object_get_string_member_with_default(object, "reason", "none");
	allowed = json_object_get_boolean_member_with_default(object, "allowed", false);
	if (allowed != (strcmp(reason, "ok") == 0) ||
	    status != (allowed								       ? 0
		       : g_str_has_suffix(reason, "blocked") || strcmp(reason, "no-rule") == 0 ? 4
											       : 3))
		return g_strdup_printf("%s, exit status %d", reason, status);
	return words(json_object_get_boolean_member_with_default(object, "overridden", false),
		     json_object_get_string_member_with_default(object, "setting", "none"),
		     json_array_get_length(json_object_get_array_member(object, "rules")) > 0,
		     json_object_get_string_member_with_default(object, "rule", NULL),
		     json_object_get_boolean_member_with_default(object, "excused", false), reason,
		     json_object_get_string_member_with_default(object, "action", "none"));
}

static char *ask_command(struct row *row, const char *folder, const char *command)
{
	g_autoptr(GPtrArray) arguments = command_words(row, command);
	g_autofree char *out = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	g_setenv("DEVID_CONFIG_DIR", folder, true);
	if (!g_spawn_sync(NULL, (char **)arguments->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
			  NULL, &status, &error))
		return g_strdup(error->message);
	return read_answer(out, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static bool run_row(struct row *row, unsigned number, const char *line, const char *folder,
		    const char *command)
{
	g_autofree char *wanted =
		g_strjoin(" ", row->cells[IS], row->cells[RULE], row->cells[ANSWER], NULL);
	g_autofree char *found = NULL;
	bool same;

	write_account(row, folder);
	write_rules(row, folder);
	found = command ? ask_command(row, folder, command) : ask_library(row, folder);
	same = strcmp(found, wanted) == 0;
	printf("%sok %u - line %s\n", same ? "" : "not ", number, line);
	if (!same)
		printf("# is %s, not %s\n", found, wanted);
	return same;
}

/* Splits a line at its blanks; false: it is no row. */
static bool split_row(char *line, struct row *row)
{
	char *save = NULL;
	int count = 0;

	memset(row, 0, sizeof(*row));
	for (char *cell = strtok_r(line, " ", &save); cell; cell = strtok_r(NULL, " ", &save))
		if (count++ < COLUMNS)
			row->cells[count - 1] = cell;
	return count == COLUMNS && strcmp(row->cells[SETTING], "setting") != 0;
}

int main(int argc, char **argv)
{
	g_autofree char *folder = g_dir_make_tmp("devid-policy-XXXXXX", NULL);
	g_autofree char *rules = g_build_filename(folder, "rules.d", NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	const char *const files[] = { "rules.d/rules.conf", "rules.d", "account.conf", "" };
	unsigned count = 0, failed = 0;

	if (argc < 2 || !g_file_get_contents(argv[1], &text, NULL, NULL) ||
	    g_mkdir(rules, 0755) != 0)
		return 99;
	lines = g_strsplit(text, "\n", -1);
	for (gsize i = 0; lines[i]; i++) {
		g_autofree char *name = g_strdup_printf("%zu: %s", i + 1, lines[i]);
		struct row row;

		if (*lines[i] != '#' && !g_str_has_prefix(lines[i], "levels ") &&
		    split_row(lines[i], &row))
			failed += !run_row(&row, ++count, name, folder, argv[2]);
	}
	printf("1..%u\n", count);
	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(folder, files[i], NULL);

		if (remove(path) != 0)
			return 99;
	}
	return failed || !count;
}
