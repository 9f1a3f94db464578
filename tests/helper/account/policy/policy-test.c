/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy: how its files are read, each way in which they can be wrong, and what is decided
 * beside the truth table.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <devid/here.h>
#include "account/account-private.h"
#include "account/policy/policy.h"
#include "account/rules-read.h"
#include "tests/helper/account/harness.h"

#define PROFILES                                               \
	"[Profile A]\nIfUnknown=fail\nDeviceCertificate=yes\n" \
	"[Profile B]\nIfUnknown=pass\nDeviceCertificate=yes\n"

#define EVERY_RULE                  \
	"[Rule every]\n"            \
	"Description=all of them\n" \
	"Enabled=no\n"              \
	"Users=alice; @staff\n"     \
	"Platforms=Linux; macos\n"  \
	"Origin=office\n"           \
	"Profiles=A; B\n"           \
	"Action=allow-internet\n"

static char *rules_folder(const char *conf, const char *rules)
{
	char *folder = harness_account(conf, NULL);

	if (rules)
		harness_write(folder, "rules.d/10.conf", rules, -1);
	return folder;
}

static struct devid_account *load_rules(const char *conf, const char *rules)
{
	g_autofree char *folder = rules_folder(conf, rules);

	return harness_load(folder);
}

static void every_key(void **state)
{
	struct devid_account *account = load_rules(PROFILES, EVERY_RULE);
	const struct policy_rule *rule;
	const char *key;

	assert_null(devid_account_problem(account));
	assert_int_equal(account->policy.rules->len, 1);
	rule = account->policy.rules->pdata[0];
	assert_string_equal(rule->name, "every");
	assert_string_equal(rule->description, "all of them");
	assert_false(rule->enabled);
	assert_string_equal(rule->users[0], "alice");
	assert_string_equal(rule->users[1], "@staff");
	assert_int_equal(rule->platforms, 1u << DEVID_OS_LINUX | 1u << DEVID_OS_MACOS);
	assert_int_equal(rule->origin, DEVID_ORIGIN_OFFICE);
	assert_string_equal(rule->profiles[1], "B");
	assert_int_equal(rule->action, DEVID_ACTION_ALLOW_INTERNET);
	assert_int_equal(rule->line, 1);
	for (gsize i = 0; (key = rules_key(i)); i++) {
		g_autofree char *line = g_strdup_printf("\n%s=", key);

		if (!strstr(EVERY_RULE, line))
			fail_msg("no %s= in this test", key);
	}
	devid_account_free(account);
}

/* Whether a file of rules in which `rules` stands breaks the account, with file, line and words. */
static void assert_broken(const void *rules, gssize length, const char *problem)
{
	g_autofree char *folder = rules_folder(PROFILES, "");
	g_autofree char *start = g_strdup_printf("%s/rules.d/10.conf:", folder);
	struct devid_account *account;
	struct devid_question question = { .os = DEVID_OS_LINUX };
	struct devid_decision *decision = NULL;

	harness_write(folder, "rules.d/10.conf", rules, length);
	account = harness_load(folder);
	assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_UNUSABLE);
	if (!g_str_has_prefix(devid_account_problem(account), start) ||
	    (problem && strcmp(devid_account_problem(account) + strlen(start), problem) != 0))
		fail_msg("%s is told for %s", devid_account_problem(account), (const char *)rules);
	assert_int_equal(devid_decide(account, &question, &decision), DEVID_OK);
	assert_int_equal(decision->result, DEVID_ACCOUNT_BROKEN);
	assert_string_equal(decision->message, devid_account_problem(account));
	devid_decision_free(decision);
	devid_account_free(account);
}

/* Each line of a sound rule spoiled in turn. */
static void every_key_spoiled(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	unsigned count = 0;

	for (gsize line = 1; line < 8; line++) {
		char *problem;

		for (gsize how = 0; harness_spoil(EVERY_RULE, line, how, text, &problem); how++) {
			assert_broken(text->str, (gssize)text->len, problem);
			g_free(problem);
			count++;
		}
	}
	assert_int_equal(count, 56);
}

static const struct {
	const char *rules;
	const char *problem; /* after the file's name and a colon */
} bad_rules[] = {
	{ "[Rule]\nAction=allow\n", "1: [Rule NAME] needs a name" },
	{ "[Account]\nName=x\n", "1: unknown section [Account]" },
	{ "Action=allow\n", "1: Action stands before the first [Section]" },
	{ "\n[Rule x]\nUsers=alice\n\n[Rule y]\nAction=allow\n", "2: [Rule x] has no Action=" },
	{ "[Rule x]\nUsers=alice\n", "1: [Rule x] has no Action=" },
	{ "[Rule x]\nAction=permit\n", "2: Action is none of: allow, allow-internet, block" },
	{ "[Rule x]\nAction=allow\n[Rule  x ]\nAction=block\n", "3: [Rule x] is there twice" },
	{ "[Rule x]\nOrigin=home\nAction=allow\n", "2: Origin is none of: remote, office, any" },
	{ "[Rule x]\nPlatforms=BeOS\nAction=allow\n",
	  "2: Platforms has BeOS, which is none of: Windows, macOS, iOS, Android, Linux" },
	{ "[Rule x]\nPlatforms=;\nAction=allow\n", "2: Platforms names nothing" },
	{ "[Rule x]\nUsers=@\nAction=allow\n", "2: Users has an @ without a group's name" },
	{ "[Rule x]\nEnabled=true\nAction=allow\n", "2: Enabled is none of: yes, no" },
	{ "[Rule x]\nGroups=staff\nAction=allow\n", "2: unknown key Groups in [Rule]" },
	{ "[Rule x]\nProfiles=A; C\nAction=allow\n",
	  "1: [Rule x] names profile C, and there is no [Profile C] in account.conf" },
	{ "[Rule a\x1b[2J]\nAction=allow\n",
	  "1: the section's name holds a character that can't be shown" },
};

static void bad_rule(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(bad_rules); i++)
		assert_broken(bad_rules[i].rules, -1, bad_rules[i].problem);
}

static void files_in_order(void **state)
{
	g_autofree char *folder = rules_folder(NULL, "[Rule ten]\nAction=allow\n");
	struct devid_account *account;

	harness_write(folder, "rules.d/9.conf", "[Rule nine]\nAction=block\n", -1);
	harness_write(folder, "rules.d/.0.conf", "broken", -1);
	harness_write(folder, "rules.d/0.conf~", "broken", -1);
	harness_write(folder, "rules.d/README", "broken", -1);
	account = harness_load(folder);
	assert_null(devid_account_problem(account));
	assert_int_equal(account->policy.rules->len, 2);
	assert_string_equal(((struct policy_rule *)account->policy.rules->pdata[0])->name, "ten");
	assert_string_equal(((struct policy_rule *)account->policy.rules->pdata[1])->name, "nine");
	devid_account_free(account);
	harness_write(folder, "rules.d/95.conf", "\n[Rule ten]\nAction=block\n", -1);
	account = harness_load(folder);
	assert_true(g_str_has_suffix(devid_account_problem(account), "/rules.d/10.conf"));
	assert_non_null(strstr(devid_account_problem(account),
			       "/rules.d/95.conf:2: [Rule ten] is also in "));
	devid_account_free(account);
}

static void too_many_files(void **state)
{
	g_autofree char *folder = harness_folder();
	struct devid_account *account;

	for (int i = 0; i <= RULES_FILES_MAX; i++) {
		g_autofree char *name = g_strdup_printf("rules.d/%03d.conf", i);
		g_autofree char *rule = g_strdup_printf("[Rule %d]\nAction=allow\n", i);

		harness_write(folder, name, rule, -1);
		account = i < RULES_FILES_MAX - 1 ? NULL : harness_load(folder);
		if (i == RULES_FILES_MAX - 1)
			assert_null(devid_account_problem(account));
		if (i == RULES_FILES_MAX)
			assert_true(g_str_has_suffix(devid_account_problem(account),
						     "/rules.d: 101 files, over the limit of 100"));
		devid_account_free(account);
	}
}

/* rules.d alone is an account, and an empty one none. */
static void presence(void **state)
{
	g_autofree char *folder = harness_folder();
	struct devid_account *account;

	harness_write(folder, "rules.d/README", "x", -1);
	account = harness_load(folder);
	assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_NONE);
	devid_account_free(account);
	harness_write(folder, "rules.d/x.conf", "", -1);
	account = harness_load(folder);
	assert_int_equal(devid_account_state(account), DEVID_ACCOUNT_READY);
	assert_false(devid_account_has_policy(account));
	devid_account_free(account);
}

static void has_policy(void **state)
{
	static const struct {
		const char *conf, *rules;
		bool has;
	} rows[] = {
		{ "[DeviceAuthentication]\nLinux=require\n", NULL, false },
		{ "[DeviceAuthentication]\nWindows=allow\n", NULL, true },
		{ "[User alice]\nOverride=no\nLinux=block\n", NULL, false },
		{ "[User alice]\nOverride=yes\nLinux=block\n", NULL, true },
		{ "[Group team]\nMembers=alice\n", NULL, false },
		{ PROFILES, NULL, false },
		{ "[Office x]\nDNSName=a.example\nDNSAnswer=192.0.2.1\n", NULL, true },
		{ "", "[Rule x]\nEnabled=no\nAction=allow\n", true },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct devid_account *account = load_rules(rows[i].conf, rows[i].rules);

		assert_null(devid_account_problem(account));
		assert_int_equal(devid_account_has_policy(account), rows[i].has);
		devid_account_free(account);
	}
}

/* --- deciding ----------------------------------------------------------------------------- */

static unsigned asked_origin, asked_profile;

static enum devid_origin in_office(void *data)
{
	asked_origin++;
	return DEVID_ORIGIN_OFFICE;
}

static enum devid_answer fails(const char *name, void *data)
{
	asked_profile++;
	return DEVID_ANSWER_FAIL;
}

static struct devid_decision *decide(const struct devid_account *account,
				     struct devid_question question)
{
	struct devid_decision *decision = NULL;

	asked_origin = asked_profile = 0;
	if (!question.os)
		question.os = DEVID_OS_LINUX;
	assert_int_equal(devid_decide(account, &question, &decision), DEVID_OK);
	assert_int_equal(decision->asked_origin,
			 asked_origin > 0 || (!question.origin && decision->asked_origin));
	return decision;
}

static void assert_decided(struct devid_decision *decision, enum devid_result result,
			   const char *reason)
{
	assert_int_equal(decision->result, result);
	assert_string_equal(decision->reason, reason);
	assert_int_equal(result != DEVID_OK, decision->message != NULL);
	devid_decision_free(decision);
}

static void no_account(void **state)
{
	g_autofree char *folder = harness_folder();
	struct devid_account *account = harness_load(folder);

	assert_decided(decide(account, (struct devid_question){ .user = "alice" }),
		       DEVID_NO_ACCOUNT, "no-account");
	devid_account_free(account);
}

/* What is wrong with a certificate or its key does not matter in the office; that there is no
 * account to check it against does.
 */
static void excuses(void **state)
{
	static const struct {
		enum devid_result result;
		const char *reason;
		bool excused;
	} rows[] = {
		{ DEVID_CHECK_FAILED, "expired", true },
		{ DEVID_CHECK_FAILED, "revoked", true },
		{ DEVID_BLOCKED, "protection", true },
		{ DEVID_KEY_MISSING, "key-missing", true },
		{ DEVID_NO_ACCOUNT, "no-account", false },
		{ DEVID_ACCOUNT_BROKEN, "account-broken", false },
		{ DEVID_NO_MEMORY, "no-memory", false },
	};
	struct devid_account *account = load_rules("[Account]\nName=x\n", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct devid_verdict verdict = { .result = rows[i].result,
						 .reason = rows[i].reason,
						 .message = (char *)"words",
						 .hint = (char *)"do",
						 .brackets = (char *)"[x]" };
		struct devid_question question = { .user = "alice",
						   .verdict = &verdict,
						   .origin = in_office };
		struct devid_decision *decision = decide(account, question);

		assert_int_equal(decision->excused, rows[i].excused);
		assert_decided(decision, rows[i].excused ? DEVID_OK : rows[i].result,
			       rows[i].excused ? "ok" : rows[i].reason);
		question.origin = NULL;
		decision = decide(account, question);
		assert_string_equal(decision->message, "words");
		assert_string_equal(decision->hint, "do");
		assert_string_equal(decision->brackets, "[x]");
		assert_decided(decision, rows[i].result, rows[i].reason);
	}
	devid_account_free(account);
}

/* What nothing depends on is not asked for, and what is asked for is asked for once. */
static void asks_late(void **state)
{
	struct devid_verdict good = { .result = DEVID_OK, .reason = "ok" };
	struct devid_account *account =
		load_rules(PROFILES, "[Rule w]\nPlatforms=Windows\nOrigin=remote\nAction=allow\n"
				     "[Rule u]\nUsers=bob\nProfiles=A\nAction=allow\n"
				     "[Rule a]\nUsers=alice\nAction=allow\n"
				     "[Rule o]\nOrigin=remote\nProfiles=A\nAction=allow\n"
				     "[Rule p]\nProfiles=A; B\nAction=allow\n"
				     "[Rule q]\nOrigin=office\nProfiles=B; A\nAction=block\n");
	struct devid_question question = {
		.user = "alice", .verdict = &good, .origin = in_office, .profile = fails
	};
	struct devid_decision *decision = decide(account, question);

	assert_null(devid_account_problem(account));
	assert_int_equal(asked_origin + asked_profile, 0);
	assert_string_equal(decision->rule, "a");
	assert_int_equal(decision->step_count, 3);
	assert_string_equal(decision->steps[0].why, "Platforms= does not name Linux");
	assert_string_equal(decision->steps[1].why,
			    "Users= does not name alice, nor a group of theirs");
	assert_null(decision->steps[2].why);
	assert_decided(decision, DEVID_OK, "ok");
	question.user = "carol";
	decision = decide(account, question);
	assert_int_equal(asked_origin, 1);
	assert_int_equal(asked_profile, 2);
	assert_int_equal(decision->step_count, 7);
	assert_string_equal(decision->steps[3].why, "Origin=remote, and this is the office");
	assert_string_equal(decision->steps[4].why, "the device does not meet profile A, B");
	assert_null(decision->steps[6].name);
	assert_true(decision->steps[6].matched);
	assert_decided(decision, DEVID_BLOCKED, "no-rule");
	devid_account_free(account);
}

/* Nobody answers: what is not known counts as remote, and as IfUnknown= says. */
static void nobody_answers(void **state)
{
	struct devid_account *account =
		load_rules(PROFILES "[DeviceAuthentication]\nLinux=allow\n",
			   "[Rule o]\nOrigin=office\nAction=block\n"
			   "[Rule a]\nProfiles=A\nAction=block\n"
			   "[Rule b]\nOrigin=remote\nProfiles=B\nAction=allow-internet\n");
	struct devid_decision *decision = decide(account, (struct devid_question){ .user = NULL });

	assert_string_equal(decision->rule, "b");
	assert_int_equal(decision->action, DEVID_ACTION_ALLOW_INTERNET);
	assert_string_equal(decision->steps[0].why,
			    "Origin=office, and where this is could not be told, which counts as "
			    "remote");
	assert_decided(decision, DEVID_OK, "ok");
	devid_account_free(account);
}

static void blocks_in_words(void **state)
{
	g_autofree char *folder = rules_folder("[DeviceAuthentication]\nLinux=allow\niOS=block\n",
					       "\n[Rule no bob]\nUsers=bob\nAction=block\n"
					       "[Rule rest]\nAction=allow\n");
	g_autofree char *expected =
		g_strdup_printf("rule no bob of the account blocks (%s/rules.d/10.conf:2)", folder);
	struct devid_account *account = harness_load(folder);
	struct devid_decision *decision = decide(account, (struct devid_question){ .user = "bob" });

	assert_string_equal(decision->message, expected);
	assert_decided(decision, DEVID_BLOCKED, "rule-blocked");
	decision = decide(account, (struct devid_question){ .user = "bob", .os = DEVID_OS_IOS });
	assert_string_equal(decision->message, "the account blocks iOS");
	assert_string_equal(decision->rule, "no bob");
	assert_decided(decision, DEVID_BLOCKED, "os-blocked");
	devid_account_free(account);
}

/* Groups of the name service: only where they are asked for. */
static void name_service(void **state)
{
	const struct passwd *entry = getpwuid(65534);
	const struct group *group = entry ? getgrgid(entry->pw_gid) : NULL;
	g_autofree char *name = entry ? g_strdup(entry->pw_name) : NULL;
	g_autofree char *rules = NULL, *conf = NULL;
	struct devid_account *account;

	assert_non_null(group);
	rules = g_strdup_printf("[Rule direct]\nPlatforms=Linux\nUsers=@%s\nAction=allow\n"
				"[Rule through]\nPlatforms=macOS\nUsers=@team\nAction=allow\n",
				group->gr_name);
	conf = g_strdup_printf("[DeviceAuthentication]\nLinux=allow\nmacOS=allow\n"
			       "[Group team]\nMembers=@%s\n",
			       group->gr_name);
	account = load_rules(conf, rules);
	assert_null(devid_account_problem(account));
	for (int os = DEVID_OS_MACOS; os <= DEVID_OS_LINUX; os += DEVID_OS_LINUX - DEVID_OS_MACOS) {
		struct devid_question question = { .user = name, .os = os, .ask_names = true };

		assert_decided(decide(account, question), DEVID_OK, "ok");
		question.ask_names = false;
		assert_decided(decide(account, question), DEVID_BLOCKED, "no-rule");
		question.ask_names = true;
		question.user = "no such user";
		assert_decided(decide(account, question), DEVID_BLOCKED, "no-rule");
		question.user = NULL;
		assert_decided(decide(account, question), DEVID_BLOCKED, "no-rule");
	}
	devid_account_free(account);
}

/* This machine stands in no office and has no unit of that name. */
static void here(void **state)
{
	struct devid_account *account = load_rules(
		"[DeviceAuthentication]\nLinux=allow\n[Profile C]\nDeviceCertificate=yes\n",
		"[Rule o]\nOrigin=office\nAction=block\n[Rule c]\nProfiles=C\nAction=block\n"
		"[Rule rest]\nAction=allow-internet\n");
	struct devid_verdict good = { .result = DEVID_OK, .reason = "ok" };
	struct devid_decision *decision = NULL;

	assert_null(devid_account_problem(account));
	assert_int_equal(devid_decide_here(account, "alice", DEVID_OFFICE_LOOK, NULL, &decision),
			 DEVID_OK);
	assert_string_equal(decision->rule, "rest");
	assert_decided(decision, DEVID_OK, "ok");
	assert_int_equal(devid_decide_here(account, "alice", DEVID_OFFICE_LOOK, &good, &decision),
			 DEVID_OK);
	assert_string_equal(decision->rule, "c");
	assert_decided(decision, DEVID_BLOCKED, "rule-blocked");
	devid_account_free(account);
}

static void words(void **state)
{
	enum devid_os os = DEVID_OS_COUNT;

	for (int i = 0; i < DEVID_OS_COUNT; i++) {
		assert_true(devid_os_find(devid_os_name(i), &os));
		assert_int_equal(os, i);
	}
	assert_true(devid_os_find("WINDOWS", &os));
	assert_false(devid_os_find("Linux ", &os));
	assert_false(devid_os_find("", &os));
	assert_string_equal(devid_os_name(DEVID_OS_COUNT), "unknown");
	assert_string_equal(devid_setting_name(99), "unknown");
	assert_string_equal(devid_action_name(99), "unknown");
	assert_string_equal(devid_origin_name(99), "unknown");
	assert_string_equal(devid_answer_name(0), "unknown");
	assert_string_equal(devid_answer_name(DEVID_ANSWER_FAIL), "fail");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key),	  cmocka_unit_test(every_key_spoiled),
		cmocka_unit_test(bad_rule),	  cmocka_unit_test(files_in_order),
		cmocka_unit_test(too_many_files), cmocka_unit_test(presence),
		cmocka_unit_test(has_policy),	  cmocka_unit_test(no_account),
		cmocka_unit_test(excuses),	  cmocka_unit_test(asks_late),
		cmocka_unit_test(nobody_answers), cmocka_unit_test(blocks_in_words),
		cmocka_unit_test(name_service),	  cmocka_unit_test(here),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("policy", tests, harness_begin, harness_end);
}
