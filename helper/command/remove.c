/* devid remove: an identity, its certificate and its private key. */
#include <stdlib.h>
#include <unistd.h>

#include "choose.h"
#include "change.h"
#include "describe.h"

static void tell(const struct identity *identity, bool json)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	if (!json) {
		printf("%s: removed from %s\n", identity->record->label, identity->token);
		return;
	}
	json_builder_begin_object(builder);
	json_text(builder, "result", "ok");
	json_flag(builder, "changed", TRUE);
	json_text(builder, "label", identity->record->label);
	json_text(builder, "token", identity->token);
	json_text(builder, "uri", identity->uri);
	json_print(builder);
}

enum exit_status command_remove(int argc, char **argv)
{
	AUTO_CHOICE struct choice choice = { 0 };
	AUTO_CLIENT struct client client = CLIENT_INIT;
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		CHOICE_OPTIONS(choice),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	const struct identity *identity;
	GError *error = NULL;
	enum exit_status status;
	bool done;

	if (!options_parse(
		    &argc, &argv, "LABEL",
		    "Remove an identity from this computer: its certificate, its chain and its "
		    "private key. There is no way back but another import.",
		    NULL, entries, &done, &status) ||
	    done)
		return status;
	if (argc < 2)
		return report_usage("remove", "a label is missing");
	if (argc > 2)
		return report_usage("remove", "%s: one label at a time", argv[2]);
	identity = choose_own(&choice, argv[1], &error);
	if (identity == NULL || !change_allowed(identity->half, &error) ||
	    !agent_connect(&client, identity->half, CLIENT_START, &error) ||
	    !change_remove(&client, identity, NULL, &error))
		return report_error(&error, json);
	tell(identity, json);
	return EXIT_DONE;
}
