/* devid version */
#include <config.h>

#include "command/cli/options.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command.h"

enum exit_status command_version(int argc, char **argv)
{
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	enum exit_status status;
	bool done;

	if (!options_parse(&argc, &argv, "", "Print the version of devid.", NULL, entries, &done,
			   &status) ||
	    done)
		return status;
	if (argc > 1)
		return report_usage("version", "%s: nothing more is expected", argv[1]);
	if (json) {
		JsonNode *root = json_node_new(JSON_NODE_OBJECT);
		JsonObject *object = json_object_new();

		json_object_set_string_member(object, "version", DEVID_VERSION);
		json_object_set_string_member(object, "gnutls", gnutls_check_version(NULL));
		json_node_take_object(root, object);
		report_json(root);
	} else {
		print_line(stdout, "devid %s", DEVID_VERSION);
	}
	return EXIT_DONE;
}
