/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* account.conf, and after a form feed a file of rules. Whatever comes in: sound and within its
 * limits, or broken with a line and refused.
 */
#include <string.h>
#include "account/account-keys.h"
#include "account/account-private.h"
#include "account/rules-read.h"
#include "fuzz.h"

#define RULES_PATH "/nonexistent/rules.d/x.conf"

static enum devid_origin origin(void *data)
{
	return *(const enum devid_origin *)data;
}

static enum devid_answer profile(const char *name, void *data)
{
	return strlen(name) % 3 + 1;
}

/* Both steps must allow, and a refusal has its words. */
static void decide(const struct devid_account *account, struct devid_question question,
		   enum devid_origin where)
{
	struct devid_decision *decision = NULL;

	question.origin = origin;
	question.profile = profile;
	question.data = &where;
	FUZZ_CHECK(devid_decide(account, &question, &decision) == DEVID_OK);
	FUZZ_CHECK((decision->result == DEVID_OK) == !decision->message);
	FUZZ_CHECK((decision->result == DEVID_OK) == (strcmp(decision->reason, "ok") == 0));
	if (decision->result == DEVID_OK) {
		FUZZ_CHECK(devid_account_state(account) == DEVID_ACCOUNT_READY);
		FUZZ_CHECK(decision->setting != DEVID_SETTING_BLOCK);
		FUZZ_CHECK(decision->action != DEVID_ACTION_BLOCK);
		FUZZ_CHECK(decision->setting == DEVID_SETTING_ALLOW || question.verdict ||
			   decision->excused);
		FUZZ_CHECK(!decision->excused || where == DEVID_ORIGIN_OFFICE);
		FUZZ_CHECK((decision->rule != NULL) == (account->policy.rules->len > 0));
	}
	for (size_t i = 0; i < decision->step_count; i++)
		FUZZ_CHECK(decision->steps[i].matched == !decision->steps[i].why);
	devid_decision_free(decision);
}

static void ask(const struct devid_account *account)
{
	static const struct devid_verdict good = { .result = DEVID_OK, .reason = "ok" };
	static const char *const groups[] = { "staff", "extern", NULL };
	static const char *const users[] = { NULL, "alice", "bob" };

	for (int os = 0; os < DEVID_OS_COUNT; os++)
		for (gsize user = 0; user < G_N_ELEMENTS(users); user++)
			for (enum devid_origin where = DEVID_ORIGIN_UNKNOWN;
			     where <= DEVID_ORIGIN_OFFICE; where++)
				decide(account,
				       (struct devid_question){ .user = users[user],
								.groups = groups,
								.os = os,
								.verdict =
									user == 1 ? &good : NULL },
				       where);
}

static bool read_both(struct devid_account *account, const char *text, gsize size)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	const char *rules = memchr(text, '\f', size);
	gsize length = rules ? (gsize)(rules - text) : size;

	if (!account_keys_read(account, text, length))
		return false;
	return !rules ||
	       (rules_read_text(account, names, RULES_PATH, rules + 1, size - length - 1) &&
		rules_complete(account));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct devid_account *account = NULL;

	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	FUZZ_CHECK(devid_account_load("/nonexistent", true, &account) == DEVID_OK);
	account->state = DEVID_ACCOUNT_READY;
	if (read_both(account, (const char *)data, size)) {
		FUZZ_CHECK(devid_account_state(account) == DEVID_ACCOUNT_READY);
		FUZZ_CHECK(!devid_account_problem(account));
		FUZZ_CHECK(devid_account_device_limit(account) >= 512 &&
			   devid_account_device_limit(account) <= 65536);
		FUZZ_CHECK(devid_account_signing_count_limit(account) >= 1);
		FUZZ_CHECK(devid_account_expiry_warning(account) >= 1 &&
			   devid_account_expiry_warning(account) <= 365);
	} else {
		const char *problem = devid_account_problem(account);

		FUZZ_CHECK(devid_account_state(account) == DEVID_ACCOUNT_UNUSABLE);
		FUZZ_CHECK(g_str_has_prefix(problem, "/nonexistent/account.conf:") ||
			   g_str_has_prefix(problem, RULES_PATH ":"));
		FUZZ_CHECK(!strchr(problem, '\n') && g_utf8_validate(problem, -1, NULL));
		FUZZ_CHECK(devid_account_on_use(account) == DEVID_ON_USE_ENFORCE);
		FUZZ_CHECK(!devid_account_may_use_system(account, 0, 0));
	}
	ask(account);
	(void)devid_account_may_use_system(account, 4000000000u, 4000000000u);
	devid_account_free(account);
	return 0;
}
