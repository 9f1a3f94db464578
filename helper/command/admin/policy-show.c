/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid policy show: settings, groups, offices, profiles and rules, as they are evaluated. */
#include "account/account-policy.h"
#include "account/office/office-keys.h"
#include "account/policy/policy.h"
#include "account/posture/posture-table.h"
#include "account/posture/profile.h"
#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "policy-load.h"
#include "policy.h"

/* What a rule's Platforms= names; NULL: every system. */
static char **platform_names(const struct policy_rule *rule)
{
	GPtrArray *names = g_ptr_array_new();

	for (int os = 0; os < DEVID_OS_COUNT; os++)
		if (rule->platforms & 1u << os)
			g_ptr_array_add(names, g_strdup(devid_os_name(os)));
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

static const char *origin_word(const struct policy_rule *rule)
{
	return rule->origin == DEVID_ORIGIN_UNKNOWN ? "any" : devid_origin_name(rule->origin);
}

static char *group_words(gconstpointer row)
{
	return policy_list(((const struct policy_group *)row)->members, "");
}

static char *office_words(gconstpointer row)
{
	const struct office *office = row;
	g_autoptr(GString) words = g_string_new(NULL);
	const struct {
		const char *what, *value;
	} criteria[] = {
		{ "gateway", office->gateway },
		{ "name", office->dns_name },
		{ "probe", office->probe },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(criteria); i++)
		if (criteria[i].value)
			g_string_append_printf(words, "%s%s %s", words->len > 0 ? " and " : "",
					       criteria[i].what, criteria[i].value);
	return g_string_free(g_steal_pointer(&words), FALSE);
}

static char *profile_words(gconstpointer row)
{
	const struct profile *profile = row;
	GString *words = g_string_new(NULL);

	for (guint i = 0; i < profile->checks->len; i++) {
		const struct profile_check *check =
			&g_array_index(profile->checks, struct profile_check, i);

		g_string_append_printf(words, "%s%s=%s", i > 0 ? ", " : "", check->check->kind.name,
				       check->value);
	}
	g_string_append_printf(words, " (unknown: %s)", devid_answer_name(profile->if_unknown));
	return g_string_free(words, FALSE);
}

/* --- for people --------------------------------------------------------------------------- */

static void settings_row(struct table *table, const char *who, const struct os_settings *settings,
			 bool all)
{
	const char *cells[DEVID_OS_COUNT + 1] = { who };

	for (int os = 0; os < DEVID_OS_COUNT; os++)
		cells[os + 1] =
			all || settings->given[os] ? devid_setting_name(settings->of[os]) : "";
	table_row(table, cells);
}

static void print_settings(const struct policy *policy)
{
	const char *headings[DEVID_OS_COUNT + 2] = { "SETTING FOR" };
	AUTO_TABLE struct table *table = NULL;

	for (int os = 0; os < DEVID_OS_COUNT; os++)
		headings[os + 1] = devid_os_name(os);
	table = table_new(headings);
	settings_row(table, "everybody", &policy->settings, true);
	for (guint i = 0; i < policy->users->len; i++) {
		const struct policy_user *user = policy->users->pdata[i];
		g_autofree char *off = g_strdup_printf("%s (off)", user->name);

		settings_row(table, user->override ? user->name : off, &user->settings, false);
		if (!user->override)
			table_colour(table, 0, COLOUR_DIM);
	}
	table_print(table, stdout);
}

/* A table of names, which stand at the offset `title` of a row, and what each is. */
static void print_pairs(const char *name, const char *what, const GPtrArray *rows,
			char *(*words)(gconstpointer row), glong title)
{
	AUTO_TABLE struct table *table = table_with(name, what);

	if (rows->len == 0)
		return;
	for (guint i = 0; i < rows->len; i++) {
		g_autofree char *text = words(rows->pdata[i]);

		table_cells(table, G_STRUCT_MEMBER(char *, rows->pdata[i], title), text);
	}
	print_lines(stdout, COLOUR_PLAIN, "\n");
	table_print(table, stdout);
}

static void rule_row(struct table *table, guint number, const struct policy_rule *rule)
{
	g_auto(GStrv) platforms = platform_names(rule);
	g_autofree char *at = g_strdup_printf("%u", number);
	g_autofree char *name =
		rule->enabled ? g_strdup(rule->name) : g_strdup_printf("%s (off)", rule->name);
	g_autofree char *users = policy_list(rule->users, "*");
	g_autofree char *systems = policy_list(*platforms ? platforms : NULL, "any");
	g_autofree char *profiles = policy_list(rule->profiles, "-");

	table_cells(table, at, name, users, systems, origin_word(rule), profiles,
		    devid_action_name(rule->action));
	if (!rule->enabled)
		table_colour(table, 1, COLOUR_DIM);
	if (rule->description)
		table_line(table, rule->description, false);
}

static void print_rules(const struct policy *policy)
{
	AUTO_TABLE struct table *table =
		table_with("#", "RULE", "USERS", "PLATFORMS", "ORIGIN", "PROFILES", "ACTION");

	if (policy->rules->len == 0) {
		print_lines(stdout, COLOUR_PLAIN,
			    "\nno rules: what the settings let in is allowed.\n");
		return;
	}
	for (guint i = 0; i < policy->rules->len; i++)
		rule_row(table, i + 1, policy->rules->pdata[i]);
	table_cells(table, "", "(unwritten)", "*", "any", "any", "-", "block");
	print_lines(stdout, COLOUR_PLAIN, "\n");
	table_print(table, stdout);
}

static void print_policy(const struct devid_account *account)
{
	const struct policy *policy = account_policy(account);

	print_line(stdout, "%s", devid_account_folder(account));
	print_lines(stdout, COLOUR_PLAIN, "\n");
	print_settings(policy);
	print_pairs("GROUP", "MEMBERS", policy->groups, group_words,
		    G_STRUCT_OFFSET(struct policy_group, name));
	print_pairs("OFFICE", "TOLD BY", policy->offices, office_words,
		    G_STRUCT_OFFSET(struct office, name));
	if (policy->offices->len > 0)
		print_line(stdout, "in an office no device certificate is asked for; rules and "
				   "posture count");
	print_pairs("PROFILE", "CHECKS", policy->profiles, profile_words,
		    G_STRUCT_OFFSET(struct profile, name));
	print_rules(policy);
}

/* --- for programs ------------------------------------------------------------------------- */

static void settings_json(JsonBuilder *builder, const struct os_settings *settings, bool all)
{
	json_begin_object(builder, "settings");
	for (int os = 0; os < DEVID_OS_COUNT; os++)
		if (all || settings->given[os])
			json_text(builder, devid_os_name(os), devid_setting_name(settings->of[os]));
	json_builder_end_object(builder);
}

static void user_json(JsonBuilder *builder, gconstpointer row)
{
	const struct policy_user *user = row;

	json_text(builder, "name", user->name);
	json_flag(builder, "override", user->override);
	settings_json(builder, &user->settings, false);
}

static void group_json(JsonBuilder *builder, gconstpointer row)
{
	const struct policy_group *group = row;

	json_text(builder, "name", group->name);
	policy_list_json(builder, "members", group->members);
}

static void office_json(JsonBuilder *builder, gconstpointer row)
{
	const struct office *office = row;

	json_text(builder, "name", office->name);
	json_text(builder, "gateway_address", office->gateway);
	json_text(builder, "gateway_mac", office->mac);
	json_text(builder, "dns_name", office->dns_name);
	policy_list_json(builder, "dns_answers", office->dns_answers);
	json_text(builder, "probe", office->probe);
	policy_list_json(builder, "probe_certificates", office->probe_pins);
}

static void profile_json(JsonBuilder *builder, gconstpointer row)
{
	const struct profile *profile = row;

	json_text(builder, "name", profile->name);
	json_text(builder, "if_unknown", devid_answer_name(profile->if_unknown));
	json_begin_object(builder, "checks");
	for (guint i = 0; i < profile->checks->len; i++) {
		const struct profile_check *check =
			&g_array_index(profile->checks, struct profile_check, i);

		json_text(builder, check->check->kind.name, check->value);
	}
	json_builder_end_object(builder);
}

static void rule_json(JsonBuilder *builder, gconstpointer row)
{
	const struct policy_rule *rule = row;
	g_auto(GStrv) platforms = platform_names(rule);

	json_text(builder, "name", rule->name);
	json_text(builder, "file", rule->path);
	json_number(builder, "line", rule->line);
	json_text(builder, "description", rule->description);
	json_flag(builder, "enabled", rule->enabled);
	policy_list_json(builder, "users", rule->users);
	policy_list_json(builder, "platforms", platforms);
	json_text(builder, "origin", origin_word(rule));
	policy_list_json(builder, "profiles", rule->profiles);
	json_text(builder, "action", devid_action_name(rule->action));
}

static void rows_json(JsonBuilder *builder, const char *name, const GPtrArray *rows,
		      void (*add)(JsonBuilder *builder, gconstpointer row))
{
	json_begin_array(builder, name);
	for (guint i = 0; i < rows->len; i++) {
		json_builder_begin_object(builder);
		add(builder, rows->pdata[i]);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void print_json(const struct devid_account *account)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	const struct policy *policy = account_policy(account);

	json_text(builder, "folder", devid_account_folder(account));
	settings_json(builder, &policy->settings, true);
	rows_json(builder, "users", policy->users, user_json);
	rows_json(builder, "groups", policy->groups, group_json);
	rows_json(builder, "offices", policy->offices, office_json);
	rows_json(builder, "profiles", policy->profiles, profile_json);
	rows_json(builder, "rules", policy->rules, rule_json);
	json_text(builder, "otherwise", policy->rules->len > 0 ? "block" : "allow");
	report_builder(builder);
}

static enum exit_status show(char **operands, GError **error)
{
	g_autoptr(devid_account) account = policy_account(policy_options.system, error);

	if (!account)
		return EXIT_FAILED;
	if (policy_options.json)
		print_json(account);
	else
		print_policy(account);
	return EXIT_DONE;
}

const struct command policy_show = {
	.name = "show",
	.summary = "Print settings, offices, profiles and rules",
	.about = "Print who needs a device certificate and who may connect: settings, groups, "
		 "offices, device profiles, and the rules in their order.",
	.description = "Exit status: 0 printed, 1 failed or the account is broken, 6 no account.",
	.entries = policy_entries,
	.run = show,
};
