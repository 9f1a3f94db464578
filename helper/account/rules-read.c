/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules: rules.d/ and the files in it, each with [Rule NAME] sections. */
#include "account/policy/policy-keys.h"
#include "account/policy/policy.h"
#include "base/conf.h"
#include "account-keys.h"
#include "account-private.h"
#include "account.h"
#include "rules-read.h"

struct rules_reader {
	struct devid_account *account;
	const char *path;
	GHashTable *names; /* of the rules so far -> their struct policy_rule */
};

static const struct conf_choice origins[] = { { "remote", DEVID_ORIGIN_REMOTE },
					      { "office", DEVID_ORIGIN_OFFICE },
					      { "any", DEVID_ORIGIN_UNKNOWN },
					      { NULL, 0 } };

static const struct conf_choice actions[] = { { "allow", DEVID_ACTION_ALLOW },
					      { "allow-internet", DEVID_ACTION_ALLOW_INTERNET },
					      { "block", DEVID_ACTION_BLOCK },
					      { NULL, 0 } };
/* Of a rule that has not said it yet. */
#define NO_ACTION ((enum devid_action) - 1)

static char *set_users(void *target, const char *value)
{
	struct policy_rule *rule = target;
	char *why = conf_set_list(value, &rule->users);

	return why ? why : policy_names_fault(rule->users, true);
}

static char *set_platforms(void *target, const char *value)
{
	struct policy_rule *rule = target;
	g_auto(GStrv) words = NULL;
	char *why = conf_set_list(value, &words);
	enum devid_os os;

	for (gsize i = 0; !why && words[i]; i++) {
		if (devid_os_find(words[i], &os))
			rule->platforms |= 1u << os;
		else
			why = g_strdup_printf("has %s, which is none of: Windows, macOS, iOS, "
					      "Android, Linux",
					      words[i]);
	}
	return why;
}

static const struct conf_key rule_keys[] = {
	{ "Description", CONF_FIELD(CONF_LINE, struct policy_rule, description) },
	{ "Enabled", CONF_FIELD(CONF_YES, struct policy_rule, enabled) },
	{ "Users", set_users },
	{ "Platforms", set_platforms },
	{ "Origin", CONF_FIELD(CONF_CHOICE, struct policy_rule, origin), .choices = origins },
	{ "Profiles", CONF_FIELD(CONF_LIST, struct policy_rule, profiles) },
	{ "Action", CONF_FIELD(CONF_CHOICE, struct policy_rule, action), .choices = actions },
};

static void *begin_rule(void *data, const char *name, unsigned line, char **why)
{
	struct rules_reader *reader = data;
	const struct policy_rule *other = g_hash_table_lookup(reader->names, name);
	struct policy_rule *rule;

	if (other) {
		*why = g_strdup_printf("[Rule %s] is also in %s", name, other->path);
		return NULL;
	}
	rule = g_new0(struct policy_rule, 1);
	rule->name = g_strdup(name);
	rule->path = g_strdup(reader->path);
	rule->line = line;
	rule->enabled = true;
	rule->action = NO_ACTION;
	g_ptr_array_add(reader->account->policy.rules, rule);
	g_hash_table_insert(reader->names, rule->name, rule);
	return rule;
}

static char *end_rule(void *target)
{
	struct policy_rule *rule = target;

	return rule->action != NO_ACTION ? NULL
					 : g_strdup_printf("[Rule %s] has no Action=", rule->name);
}

static const struct conf_section rule_sections[] = {
	{ "Rule", true, rule_keys, G_N_ELEMENTS(rule_keys), begin_rule, end_rule },
	{ NULL },
};

const char *rules_key(gsize index)
{
	return index < G_N_ELEMENTS(rule_keys) ? rule_keys[index].name : NULL;
}

bool rules_read_text(struct devid_account *account, GHashTable *names, const char *path,
		     const char *text, gsize length)
{
	struct rules_reader reader = { account, path, names };
	g_autofree char *why = conf_read(text, length, rule_sections, &reader);

	if (why)
		account_broken(account, "%s:%s", path, why);
	return !why;
}

static bool read_file(struct devid_account *account, const char *path, GBytes *bytes, void *names)
{
	return rules_read_text(account, names, path, g_bytes_get_data(bytes, NULL),
			       g_bytes_get_size(bytes));
}

bool rules_complete(struct devid_account *account)
{
	for (guint i = 0; i < account->policy.rules->len; i++) {
		const struct policy_rule *rule = account->policy.rules->pdata[i];

		for (char **name = rule->profiles; name && *name; name++) {
			if (policy_profile(&account->policy, *name))
				continue;
			return account_broken(account,
					      "%s:%u: [Rule %s] names profile %s, and there is no "
					      "[Profile %s] in %s",
					      rule->path, rule->line, rule->name, *name, *name,
					      ACCOUNT_FILE);
		}
	}
	return true;
}

bool rules_load(struct devid_account *account)
{
	static const struct account_files files = { RULES_FOLDER,    RULES_SUFFIX,   "files",
						    RULES_FILES_MAX, RULES_FILE_MAX, read_file };
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

	return account_read_files(account, &files, names) && rules_complete(account);
}
