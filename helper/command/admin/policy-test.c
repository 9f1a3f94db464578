/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid policy test: what the account decides for a user on a system, and why. */
#include <string.h>
#include <devid/reason.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "identity/naming.h"
#include "identity/choice.h"
#include "identity/verdict.h"
#include "policy-load.h"
#include "policy.h"

#define HELP "devid help policy test"

static struct {
	gboolean system, json;
	char *user, *os, *origin, *certificate, *identity;
	char **groups, **profiles;
} options;

static const GOptionEntry entries[] = {
	{ "user", 0, 0, G_OPTION_ARG_STRING, &options.user,
	  "Who connects (default: you); \"\": somebody who is not known", "USER" },
	{ "os", 0, 0, G_OPTION_ARG_STRING, &options.os, "On which system (default: Linux)",
	  "Windows|macOS|iOS|Android|Linux" },
	{ "origin", 0, 0, G_OPTION_ARG_STRING, &options.origin, "From where",
	  "office|remote|unknown" },
	{ "group", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.groups,
	  "A group of the user's besides those known here; may come again", "GROUP" },
	{ "profile", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.profiles,
	  "What a device profile says: NAME=pass, =fail or =unknown; may come again", "NAME=WORD" },
	{ "certificate", 0, 0, G_OPTION_ARG_STRING, &options.certificate, "What the certificate is",
	  "valid|invalid|none" },
	{ "identity", 0, 0, G_OPTION_ARG_STRING, &options.identity,
	  "Instead, the certificate of this identity", "LABEL" },
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system, "The machine's account, whoever asks",
	  NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

struct test {
	struct naming naming;
	struct accounts accounts;
	struct devid_account *account;
	struct devid_verdict *verdict; /* owned; NULL: none, or `stated` */
	struct devid_verdict stated;   /* --certificate */
	struct devid_here here;
	bool is_here;	     /* the question is about this machine and the one who asks */
	GHashTable *answers; /* profile -> enum devid_answer, of --profile */
	struct devid_question question;
	enum devid_origin found; /* what was answered */
};

static enum devid_origin answer_origin(void *data)
{
	struct test *test = data;

	if (!options.origin && test->is_here)
		test->found = devid_here_origin(&test->here);
	return test->found;
}

static enum devid_answer answer_profile(const char *name, void *data)
{
	struct test *test = data;
	int answer = GPOINTER_TO_INT(g_hash_table_lookup(test->answers, name));

	if (answer != 0)
		return answer;
	return test->is_here ? devid_here_profile(name, &test->here) : DEVID_ANSWER_UNKNOWN;
}

/* --- what was asked ----------------------------------------------------------------------- */

static bool read_origin(struct test *test, GError **error)
{
	if (!options.origin)
		return true;
	for (int origin = DEVID_ORIGIN_UNKNOWN; origin <= DEVID_ORIGIN_OFFICE; origin++)
		if (strcmp(devid_origin_name(origin), options.origin) == 0) {
			test->found = origin;
			return true;
		}
	return devid_error_set(error, DEVID_USAGE, NULL, HELP,
			       "policy test: --origin %s: neither office nor remote nor unknown",
			       options.origin);
}

/* NAME=pass|fail|unknown, of a profile that there is. */
static bool read_profiles(struct test *test, GError **error)
{
	for (char **given = options.profiles; given && *given; given++) {
		const char *word = strrchr(*given, '=');
		g_autofree char *name =
			g_strndup(*given, !word ? strlen(*given) : (gsize)(word - *given));
		enum devid_answer answer = DEVID_ANSWER_PASS;
		bool known = false;

		while (word && answer <= DEVID_ANSWER_UNKNOWN &&
		       strcmp(devid_answer_name(answer), word + 1) != 0)
			answer++;
		if (!word || answer > DEVID_ANSWER_UNKNOWN)
			return devid_error_set(error, DEVID_USAGE, NULL, HELP,
					       "policy test: --profile %s: not NAME=pass, =fail or "
					       "=unknown",
					       *given);
		for (size_t i = 0; i < devid_account_profile_count(test->account); i++)
			known = known || strcmp(devid_account_profile(test->account, i), name) == 0;
		if (!known)
			return devid_error_set(
				error, DEVID_USAGE, NULL, "devid policy show lists them",
				"policy test: --profile %s: the account has no such profile", name);
		g_hash_table_insert(test->answers, g_steal_pointer(&name), GINT_TO_POINTER(answer));
	}
	return true;
}

/* --certificate: what a check would say. */
static bool state_certificate(struct test *test, GError **error)
{
	const struct devid_reason *row = devid_reason_for(DEVID_CHECK_FAILED);

	if (strcmp(options.certificate, "none") == 0)
		return true;
	if (strcmp(options.certificate, "valid") == 0) {
		test->stated = (struct devid_verdict){ .result = DEVID_OK, .reason = "ok" };
	} else if (strcmp(options.certificate, "invalid") == 0) {
		test->stated = (struct devid_verdict){ .result = row->result,
						       .reason = row->word,
						       .message = (char *)row->cause,
						       .hint = (char *)row->hint };
	} else {
		return devid_error_set(
			error, DEVID_USAGE, NULL, HELP,
			"policy test: --certificate %s: neither valid nor invalid nor none",
			options.certificate);
	}
	test->question.verdict = &test->stated;
	return true;
}

/* The identity that is named; or here the one that would be used. */
static bool find_certificate(struct test *test, GError **error)
{
	const struct identity *identity = NULL;

	if (options.certificate)
		return state_certificate(test, error);
	if (!options.identity && !test->is_here)
		return true;
	if (options.identity)
		identity = naming_identity(&test->naming, options.identity, error);
	else if (naming_load(&test->naming, error))
		choice_make(test->naming.list, options.system, NULL, &test->accounts, &identity,
			    error);
	if (*error)
		return false;
	test->verdict = verdict_assess(identity, test->account, error);
	test->question.verdict = test->verdict;
	return test->verdict != NULL;
}

static bool read_question(struct test *test, GError **error)
{
	struct devid_question *question = &test->question;

	question->os = DEVID_OS_LINUX;
	if (options.os && !devid_os_find(options.os, &question->os))
		return devid_error_set(
			error, DEVID_USAGE, NULL, HELP,
			"policy test: --os %s: none of Windows, macOS, iOS, Android, Linux",
			options.os);
	question->user = !options.user ? g_get_user_name() : options.user;
	if (*question->user == '\0')
		question->user = NULL;
	question->groups = (const char *const *)options.groups;
	question->ask_names = true;
	question->origin = answer_origin;
	question->profile = answer_profile;
	question->data = test;
	test->is_here = question->os == DEVID_OS_LINUX && question->user &&
			strcmp(question->user, g_get_user_name()) == 0;
	if (!read_origin(test, error) || !read_profiles(test, error) ||
	    !find_certificate(test, error))
		return false;
	test->here = (struct devid_here){ test->account, DEVID_OFFICE_PROBE, question->verdict };
	return true;
}

/* --- what was answered -------------------------------------------------------------------- */

static const char *certificate_word(const struct test *test)
{
	const struct devid_verdict *verdict = test->question.verdict;

	if (!verdict || strcmp(verdict->reason, "no-certificate") == 0)
		return "none";
	return verdict->result == DEVID_OK ? "valid" : "invalid";
}

static void print_steps(const struct devid_decision *decision)
{
	for (size_t i = 0; i < decision->step_count; i++) {
		const struct devid_rule_step *step = &decision->steps[i];
		g_autofree char *words =
			g_strdup_printf("%s: %s", !step->name ? "(last, unwritten)" : step->name,
					step->matched ? "matches: " : step->why);
		g_autofree char *text = g_strconcat(
			words, step->matched ? devid_action_name(decision->action) : "", NULL);

		table_field(i == 0 ? "rules" : "", text);
	}
	if (decision->step_count == 0)
		table_field("rules", "there are none: allowed");
}

static void print_decision(const struct test *test, const struct devid_decision *decision)
{
	const char *user = test->question.user;
	bool allowed = decision->result == DEVID_OK;
	g_autofree char *setting =
		g_strdup_printf("%s (%s)", devid_setting_name(decision->setting),
				decision->overridden ? "the user's own" : "the account's");

	print_piece(stdout, COLOUR_PLAIN, "%s on %s: ", !user ? "(nobody known)" : user,
		    devid_os_name(test->question.os));
	print_format(stdout, allowed ? COLOUR_GOOD : COLOUR_BAD, "\n", "%s",
		     !allowed ? "refused"
		     : decision->action == DEVID_ACTION_ALLOW_INTERNET
			     ? "allowed, to the internet alone"
			     : "allowed");
	table_field("setting", setting);
	table_field("certificate", decision->excused ? "not asked for: this is the office"
				   : decision->setting != DEVID_SETTING_REQUIRE
					   ? "not asked for"
					   : certificate_word(test));
	table_field("origin",
		    decision->asked_origin ? devid_origin_name(test->found) : "not asked for");
	print_steps(decision);
}

static void print_json(const struct test *test, const struct devid_decision *decision)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_text(builder, "user", test->question.user);
	json_text(builder, "os", devid_os_name(test->question.os));
	json_text(builder, "certificate", certificate_word(test));
	json_text(builder, "origin",
		  decision->asked_origin ? devid_origin_name(test->found) : NULL);
	policy_decision_json(builder, decision);
	report_builder(builder);
}

static enum exit_status answer(const struct test *test, const struct devid_decision *decision,
			       GError **error)
{
	if (options.json) {
		print_json(test, decision);
		return report_exit_status(decision->result);
	}
	print_decision(test, decision);
	if (decision->result != DEVID_OK) {
		devid_error_set(error, decision->result, decision->reason, decision->hint,
				"policy: %s", decision->message);
		devid_error_set_brackets(*error, decision->brackets);
	}
	return EXIT_DONE;
}

static enum exit_status run(char **operands, GError **error)
{
	struct test test = { .is_here = false };
	g_autoptr(devid_decision) decision = NULL;
	enum exit_status status = EXIT_FAILED;

	if (options.certificate && options.identity)
		return report_usage("policy test", "--certificate or --identity, not both");
	test.answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	test.account = policy_account(options.system, error);
	if (test.account && read_question(&test, error) &&
	    devid_decide(test.account, &test.question, &decision) == DEVID_OK)
		status = answer(&test, decision, error);
	g_hash_table_unref(test.answers);
	devid_verdict_free(test.verdict);
	devid_account_free(test.account);
	naming_clear(&test.naming);
	verdict_accounts_clear(&test.accounts);
	return status;
}

const struct command policy_test = {
	.name = "test",
	.summary = "Tell what is decided for a user, and why",
	.about =
		"Tell what the account decides for a user on a system, which rule it is and why none "
		"before it. For you on this machine, what is not given is found out here; for "
		"anybody else it is not known, and there is no certificate.",
	.description =
		"Exit status: 0 allowed, 1 failed or the account is broken, 3 certificate error,\n"
		"4 blocked, 6 no account.",
	.entries = entries,
	.run = run,
};
