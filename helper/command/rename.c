/* devid rename: another label, and with it another URI; the key stays where it is. */
#include <string.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/options.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "identity/agent.h"
#include "identity/change.h"
#include "identity/choose.h"
#include "identity/list.h"
#include "command.h"

static gboolean label_valid(const char *label, GError **error)
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
		return TRUE;
	devid_error_set(error, DEVID_USAGE, NULL, NULL, "%s: not a label: %s", label, why);
	return FALSE;
}

static gboolean taken(const struct choice *choice, const struct identity *identity,
		      const char *label, GError **error)
{
	for (size_t i = 0; i < identity_list_count(choice->list); i++) {
		const struct identity *other = identity_list_get(choice->list, i);

		if (other != identity && other->half == identity->half &&
		    strcmp(other->record->label, label) == 0) {
			devid_error_set(error, DEVID_EXISTS, NULL, "choose another label",
					"%s: another identity has this label", label);
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean rename_identity(const struct identity *identity, const char *label, GError **error)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;

	wire_begin(&request, WIRE_RENAME);
	wire_put_text(&request, TAG_NAME, identity->record->name);
	wire_put_text(&request, TAG_LABEL, label);
	return change_allowed(identity->half, error) &&
	       agent_connect(&client, identity->half, CLIENT_START, error) &&
	       agent_ask(&client, &request, &reply, error);
}

static void tell(const struct choice *choice, const struct identity *identity, const char *label,
		 bool changed, bool json)
{
	g_autofree char *uri = identity_list_uri(choice->list, identity->half, identity, label);
	g_autoptr(JsonBuilder) builder = json_builder_new();

	if (!json) {
		print_line(stdout, "%s: %s", label,
			   changed ? "renamed" : "it has this label already");
		print_line(stdout, "%s", uri);
		fflush(stdout);
		if (strcmp(uri, identity->uri) != 0)
			report_hint("clients that were set up with the old URI need the new one");
		return;
	}
	json_builder_begin_object(builder);
	json_text(builder, "result", "ok");
	json_flag(builder, "changed", changed);
	json_text(builder, "label", label);
	json_text(builder, "old_label", identity->record->label);
	json_text(builder, "uri", uri);
	json_text(builder, "old_uri", identity->uri);
	report_builder(builder);
}

enum exit_status command_rename(int argc, char **argv)
{
	AUTO_CHOICE struct choice choice = { 0 };
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		CHOICE_OPTIONS(choice),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	const struct identity *identity;
	GError *error = NULL;
	enum exit_status status;
	bool done, changed;

	if (!options_parse(&argc, &argv, "OLD NEW",
			   "Give an identity another label. Its PKCS#11 URI changes with it.", NULL,
			   entries, &done, &status) ||
	    done)
		return status;
	if (argc < 3)
		return report_usage("rename", "the old and the new label are needed");
	if (argc > 3)
		return report_usage("rename", "%s: nothing more is expected", argv[3]);
	identity = label_valid(argv[2], &error) ? choose_own(&choice, argv[1], &error) : NULL;
	if (!identity || taken(&choice, identity, argv[2], &error))
		return report_error(&error, json);
	changed = strcmp(identity->record->label, argv[2]) != 0;
	if (changed && !rename_identity(identity, argv[2], &error))
		return report_error(&error, json);
	tell(&choice, identity, argv[2], changed, json);
	return EXIT_DONE;
}
