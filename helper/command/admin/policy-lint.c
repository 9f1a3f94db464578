/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid policy lint: warnings of what administrators fall into. */
#include "account/lint/lint.h"
#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "policy-load.h"
#include "policy.h"

static void print_findings(const GPtrArray *findings)
{
	for (guint i = 0; i < findings->len; i++) {
		const struct lint_finding *finding = findings->pdata[i];

		print_piece(stdout, COLOUR_WARN, "%s", finding->word);
		print_line(stdout, ": %s%s%s", finding->place ? finding->place : "",
			   finding->place ? ": " : "", finding->message);
		print_line(stdout, "  hint: %s", finding->hint);
	}
	if (findings->len == 0)
		print_line(stdout, "nothing to warn of.");
}

static void print_json(const struct devid_account *account, const GPtrArray *findings)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	json_text(builder, "folder", devid_account_folder(account));
	json_begin_array(builder, "warnings");
	for (guint i = 0; i < findings->len; i++) {
		const struct lint_finding *finding = findings->pdata[i];

		json_builder_begin_object(builder);
		json_text(builder, "word", finding->word);
		json_text(builder, "place", finding->place);
		json_text(builder, "message", finding->message);
		json_text(builder, "hint", finding->hint);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	report_builder(builder);
}

static enum exit_status lint(char **operands, GError **error)
{
	g_autoptr(devid_account) account = policy_account(policy_options.system, error);
	g_autoptr(GPtrArray) findings = NULL;

	if (!account)
		return EXIT_FAILED;
	findings = lint_account(account, time(NULL));
	if (policy_options.json)
		print_json(account, findings);
	else
		print_findings(findings);
	return findings->len == 0 ? EXIT_DONE : EXIT_FAILED;
}

const struct command policy_lint = {
	.name = "lint",
	.summary = "Warn of what administrators fall into",
	.about = "Warn of settings and rules that do something else than was meant.",
	.description =
		"Exit status: 0 nothing to warn of, 1 there are warnings or it failed, 6 no\n"
		"account.",
	.entries = policy_entries,
	.run = lint,
};
