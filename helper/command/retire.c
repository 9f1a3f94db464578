/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid retire: the former keys of an identity, ended before their time. */
#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/import/holders.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "identity/former-key.h"
#include "identity/naming.h"
#include "command.h"

static struct {
	struct naming naming;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	NAMING_OPTIONS(options.naming),
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

static void tell(const struct identity *identity, guint count, const GPtrArray *holders)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	if (options.json) {
		json_text(builder, "result", "ok");
		json_flag(builder, "changed", count > 0);
		json_text(builder, "label", identity->record->label);
		json_text(builder, "uri", identity->uri);
		json_number(builder, "keys", count);
		holders_json(builder, "programs", holders);
		report_builder(builder);
		return;
	}
	if (count == 0) {
		print_line(stdout, "%s: it has no former key", identity->record->label);
		return;
	}
	print_line(stdout, "%s: %u former key%s retired", identity->record->label, count,
		   count == 1 ? "" : "s");
	holders_tell(holders, "these ran before and may want to be told:");
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	AUTO_CLIENT struct client client = CLIENT_INIT;
	const struct identity *identity = naming_own(&naming, operands[0], error);
	g_autoptr(GPtrArray) holders = NULL;
	guint32 count = 0;

	/* The agent says how many there are: also those that can't be read here. */
	if (!identity || !change_allowed(identity->scope, error) ||
	    !agent_connect(&client, identity->scope, CLIENT_START, error) ||
	    !change_retire(&client, identity, &count, error))
		return EXIT_FAILED;
	holders = count > 0 ? holder_list(former_key_replaced(identity)) : g_ptr_array_new();
	tell(identity, count, holders);
	return EXIT_DONE;
}

const struct command command_retire = {
	.name = "retire",
	.arguments = "LABEL",
	.summary = "End the former keys of an identity",
	.about = "End the former keys of an identity now: those that signed on, for some days, for "
		 "programs that had found them before they were replaced.",
	.entries = entries,
	.operands = { 1, 1, "a label is missing" },
	.run = run,
};
