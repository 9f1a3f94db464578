/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid policy: the account, and what it decided, as every action shows it. */
#include "base/json-build.h"
#include "policy-load.h"

struct policy_options policy_options;

const GOptionEntry policy_entries[] = {
	{ "system", 0, 0, G_OPTION_ARG_NONE, &policy_options.system,
	  "The machine's account, whoever asks", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &policy_options.json, "Print a JSON object", NULL },
	{ NULL },
};

struct devid_account *policy_account(bool system, GError **error)
{
	g_autoptr(devid_account) account = account_load(NULL, system, error);

	return account && account_ready(account, "policy", error) ? g_steal_pointer(&account)
								  : NULL;
}

char *policy_list(char **words, const char *none)
{
	return !words ? g_strdup(none) : g_strjoinv("; ", words);
}

void policy_list_json(JsonBuilder *builder, const char *name, char **words)
{
	json_begin_array(builder, name);
	for (; words && *words; words++) {
		g_autofree char *valid = g_utf8_make_valid(*words, -1);

		json_builder_add_string_value(builder, valid);
	}
	json_builder_end_array(builder);
}

char *policy_allowed_words(const struct devid_decision *decision)
{
	g_autoptr(GString) words = g_string_new(NULL);

	if (decision->excused)
		g_string_append(words, "this is the office, where no certificate is asked for");
	else if (decision->setting == DEVID_SETTING_ALLOW)
		g_string_append(words, "no certificate is asked for");
	if (decision->rule)
		g_string_append_printf(
			words, "%sallowed by rule %s%s", words->len > 0 ? "; " : "", decision->rule,
			decision->action == DEVID_ACTION_ALLOW_INTERNET ? ", to the internet alone"
									: "");
	return g_string_free(g_steal_pointer(&words), false);
}

static void step_json(JsonBuilder *builder, const struct devid_rule_step *step)
{
	json_builder_begin_object(builder);
	json_text(builder, "name", step->name);
	json_text(builder, "file", step->path);
	json_number(builder, "line", step->line);
	json_flag(builder, "matched", step->matched);
	json_text(builder, "why", step->why);
	json_builder_end_object(builder);
}

void policy_decision_json(JsonBuilder *builder, const struct devid_decision *decision)
{
	json_flag(builder, "allowed", decision->result == DEVID_OK);
	json_text(builder, "action", devid_action_name(decision->action));
	json_text(builder, "setting", devid_setting_name(decision->setting));
	json_flag(builder, "overridden", decision->overridden);
	json_flag(builder, "excused", decision->excused);
	json_text(builder, "rule", decision->rule);
	json_flag(builder, "asked_origin", decision->asked_origin);
	json_flag(builder, "asked_profile", decision->asked_profile);
	json_begin_array(builder, "rules");
	for (size_t i = 0; i < decision->step_count; i++)
		step_json(builder, &decision->steps[i]);
	json_builder_end_array(builder);
	json_text(builder, "result", decision->result == DEVID_OK ? "ok" : "error");
	json_text(builder, "reason", decision->reason);
	json_text(builder, "message", decision->message);
	json_text(builder, "hint", decision->hint);
	json_text(builder, "brackets", decision->brackets);
}
