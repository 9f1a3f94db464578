/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid posture: runs the account's device profiles on this computer and says what each check
 * found. */
#include <devid/posture.h>
#include <devid/reason.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/account.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "identity/naming.h"
#include "identity/list.h"
#include "identity/choice.h"
#include "identity/verdict.h"
#include "command.h"

typedef struct devid_posture devid_posture;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devid_posture, devid_posture_free)

static struct {
	struct naming naming;
	char *profile; /* the one that is asked for; NULL: all */
	gboolean list, json;
} options;

static const GOptionEntry entries[] = {
	{ "profile", 0, 0, G_OPTION_ARG_STRING, &options.profile, "Only this device profile",
	  "NAME" },
	{ "list", 0, 0, G_OPTION_ARG_NONE, &options.list, "List the checks that a profile can have",
	  NULL },
	NAMING_OPTIONS(options.naming),
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

struct posture {
	struct naming naming;
	struct accounts accounts;
	const struct devid_account *account;
	struct devid_verdict *verdict; /* NULL: there is no identity */
	JsonBuilder *builder;
	GString *failed; /* the profiles that are not met */
};

static void posture_clear(struct posture *run)
{
	devid_verdict_free(run->verdict);
	naming_clear(&run->naming);
	verdict_accounts_clear(&run->accounts);
}
#define AUTO_POSTURE __attribute__((cleanup(posture_clear)))

static const enum colour colours[] = {
	[DEVID_ANSWER_PASS] = COLOUR_GOOD,
	[DEVID_ANSWER_FAIL] = COLOUR_BAD,
	[DEVID_ANSWER_UNKNOWN] = COLOUR_WARN,
};

/* --- what there is ------------------------------------------------------------------------ */

static void print_kinds(void)
{
	static const char *const members[] = { "name", "parameters", "reads" };
	AUTO_TABLE struct table *table = table_with("CHECK", "VALUE", "READS");
	const struct devid_posture_kind *kind;

	for (size_t i = 0; (kind = devid_posture_kind(i)) != NULL; i++)
		table_cells(table, kind->name, kind->parameters, kind->reads);
	if (options.json)
		table_json(table, "kinds", members);
	else
		table_print(table, stdout);
}

/* --- what was found ----------------------------------------------------------------------- */

static void print_profile(const struct devid_posture *posture)
{
	enum { COLUMN_ANSWER = 2 };
	AUTO_TABLE struct table *table = table_with("CHECK", "VALUE", "ANSWER", "FOUND");
	bool unknown = false;

	print_piece(stdout, COLOUR_PLAIN, "%s: ", posture->profile);
	print_format(stdout, colours[posture->answer], "\n", "%s",
		     devid_answer_name(posture->answer));
	for (size_t i = 0; i < posture->count; i++) {
		const struct devid_posture_check *check = &posture->checks[i];

		table_cells(table, check->name, check->value, devid_answer_name(check->answer),
			    check->message);
		table_colour(table, COLUMN_ANSWER, colours[check->answer]);
		unknown = unknown || check->answer == DEVID_ANSWER_UNKNOWN;
	}
	table_print(table, stdout);
	if (unknown)
		print_line(stdout, "(what is unknown counts as %s)",
			   devid_answer_name(posture->if_unknown));
}

static void profile_json(JsonBuilder *builder, const struct devid_posture *posture)
{
	json_builder_begin_object(builder);
	json_text(builder, "profile", posture->profile);
	json_text(builder, "answer", devid_answer_name(posture->answer));
	json_text(builder, "if_unknown", devid_answer_name(posture->if_unknown));
	json_begin_array(builder, "checks");
	for (size_t i = 0; i < posture->count; i++) {
		const struct devid_posture_check *check = &posture->checks[i];

		json_builder_begin_object(builder);
		json_text(builder, "name", check->name);
		json_text(builder, "value", check->value);
		json_text(builder, "answer", devid_answer_name(check->answer));
		json_text(builder, "message", check->message);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	json_builder_end_object(builder);
}

/* --- running ------------------------------------------------------------------------------ */

/* The verdict of the identity that is named, or of the one that a connection would use. */
static bool find_verdict(struct posture *run, const char *operand, GError **error)
{
	const struct identity *identity = NULL;

	if (operand)
		identity = naming_identity(&run->naming, operand, error);
	else if (naming_load(&run->naming, error) &&
		 choice_make(run->naming.list, run->naming.system && !run->naming.user, NULL,
			     &run->accounts, &identity, error) &&
		 !identity)
		return true;
	run->verdict = !identity ? NULL : verdict_assess(identity, run->account, error);
	return run->verdict != NULL;
}

static bool find_account(struct posture *run, GError **error)
{
	bool system = run->naming.system && !run->naming.user;

	run->account =
		verdict_accounts_get(&run->accounts, system ? SCOPE_SYSTEM : SCOPE_USER, error);
	return run->account && account_ready(run->account, "posture", error);
}

static bool run_profile(struct posture *run, const char *name, bool first, GError **error)
{
	g_autoptr(devid_posture) posture = NULL;
	enum devid_result result = devid_posture_run(run->account, name, run->verdict, &posture);

	if (result != DEVID_OK)
		return devid_error_set(error, result, NULL,
				       "devid posture shows those that there are",
				       "posture: %s: %s", name,
				       result == DEVID_NOT_FOUND ? "the account has no such profile"
								 : devid_reason_for(result)->cause);
	profile_json(run->builder, posture);
	if (!options.json && !first)
		print_lines(stdout, COLOUR_PLAIN, "\n");
	if (!options.json)
		print_profile(posture);
	if (posture->answer != DEVID_ANSWER_PASS)
		g_string_append_printf(run->failed, "%s%s", run->failed->len > 0 ? ", " : "", name);
	return true;
}

static bool run_all(struct posture *run, GError **error)
{
	const char *name;

	if (options.profile)
		return run_profile(run, options.profile, true, error);
	for (size_t i = 0; (name = devid_account_profile(run->account, i)) != NULL; i++)
		if (!run_profile(run, name, i == 0, error))
			return false;
	return true;
}

static enum exit_status finish(struct posture *run, GError **error)
{
	g_autoptr(GError) unmet = NULL;

	if (run->failed->len > 0)
		devid_error_set(&unmet, DEVID_BLOCKED, "posture-failed", NULL,
				"posture: this computer does not meet %s", run->failed->str);
	json_builder_end_array(run->builder);
	if (options.json) {
		report_outcome(run->builder, unmet);
		report_builder(run->builder);
		return !unmet ? EXIT_DONE : EXIT_BLOCKED;
	}
	if (devid_account_profile_count(run->account) == 0) {
		print_line(stdout, "the account has no device profile.");
		report_hint(
			"devid posture --list shows what one can ask for; see devid-account(5)");
	}
	if (unmet)
		g_propagate_error(error, g_steal_pointer(&unmet));
	return EXIT_DONE;
}

static enum exit_status posture(char **operands, GError **error)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	g_autoptr(GString) failed = g_string_new(NULL);
	AUTO_POSTURE struct posture run = { .naming = options.naming,
					    .builder = builder,
					    .failed = failed };

	if (options.list && (operands[0] || options.profile))
		return report_usage("posture", "--list goes with --json alone");
	if (options.list) {
		print_kinds();
		return EXIT_DONE;
	}
	json_begin_array(builder, "profiles");
	if (!find_account(&run, error) || !find_verdict(&run, operands[0], error) ||
	    !run_all(&run, error))
		return EXIT_FAILED;
	return finish(&run, error);
}

const struct command command_posture = {
	.name = "posture",
	.arguments = "[LABEL|URI]",
	.summary = "Run the account's device profiles on this computer",
	.about = "Run the account's device profiles on this computer, and show what each check "
		 "finds. A label says which identity the check DeviceCertificate means; else it is "
		 "the one that devid list marks.",
	.description = "Exit status: 0 all profiles are met, 1 failed, 4 one is not, 6 no account.",
	.entries = entries,
	.operands = { 0, 1 },
	.run = posture,
};
