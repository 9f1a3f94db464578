/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid rename: another label, and with it another URI; the key stays where it is. */
#include <string.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "identity/naming.h"
#include "identity/list.h"
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

static bool label_valid(const char *label, GError **error)
{
	const char *why = NULL;

	if (*label == '\0')
		why = "it is empty";
	else if (!g_utf8_validate(label, -1, NULL))
		why = "it is no UTF-8";
	else if (strlen(label) > RECORD_LABEL_MAX)
		why = "it is longer than 255 bytes";
	else if (g_str_has_prefix(label, "pkcs11:"))
		why = "it looks like a URI";
	for (const char *p = label; !why && *p != '\0'; p = g_utf8_next_char(p))
		if (g_unichar_iscntrl(g_utf8_get_char(p)))
			why = "it holds a control character";
	if (!why)
		return true;
	return devid_error_set(error, DEVID_USAGE, NULL, "choose another label",
			       "%s: not a label: %s", label, why);
}

static bool taken(const struct naming *naming, const struct identity *identity, const char *label,
		  GError **error)
{
	for (size_t i = 0; i < identity_list_count(naming->list); i++) {
		const struct identity *other = identity_list_get(naming->list, i);

		if (other != identity && other->scope == identity->scope &&
		    strcmp(other->record->label, label) == 0) {
			devid_error_set(error, DEVID_EXISTS, NULL, "choose another label",
					"%s: another identity has this label", label);
			return true;
		}
	}
	return false;
}

static bool rename_identity(const struct identity *identity, const char *label, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;

	wire_begin(&request, WIRE_RENAME);
	wire_put_text(&request, TAG_NAME, identity->record->name);
	wire_put_text(&request, TAG_LABEL, label);
	return change_allowed(identity->scope, error) &&
	       agent_connect(&client, identity->scope, CLIENT_START, error) &&
	       agent_ask(&client, &request, &reply, error);
}

static void tell(const struct naming *naming, const struct identity *identity, const char *label,
		 bool changed)
{
	g_autofree char *uri = identity_list_uri(naming->list, identity->scope, identity, label);
	g_autoptr(JsonBuilder) builder = json_begin();

	if (!options.json) {
		print_line(stdout, "%s: %s", label,
			   changed ? "renamed" : "it has this label already");
		print_line(stdout, "%s", uri);
		if (strcmp(uri, identity->uri) != 0)
			report_hint("clients that were set up with the old URI need the new one");
		return;
	}
	json_text(builder, "result", "ok");
	json_flag(builder, "changed", changed);
	json_text(builder, "label", label);
	json_text(builder, "old_label", identity->record->label);
	json_text(builder, "uri", uri);
	json_text(builder, "old_uri", identity->uri);
	report_builder(builder);
}

static enum exit_status run(char **operands, GError **error)
{
	AUTO_NAMING struct naming naming = options.naming;
	const struct identity *identity;
	const char *label = operands[1];
	bool changed;

	identity = label_valid(label, error) ? naming_own(&naming, operands[0], error) : NULL;
	if (!identity || taken(&naming, identity, label, error))
		return EXIT_FAILED;
	changed = strcmp(identity->record->label, label) != 0;
	if (changed && !rename_identity(identity, label, error))
		return EXIT_FAILED;
	tell(&naming, identity, label, changed);
	return EXIT_DONE;
}

const struct command command_rename = {
	.name = "rename",
	.arguments = "OLD NEW",
	.summary = "Give an identity another label",
	.about = "Give an identity another label. Its PKCS#11 URI changes with it.",
	.entries = entries,
	.operands = { 2, 2, "the old and the new label are needed" },
	.run = run,
};
