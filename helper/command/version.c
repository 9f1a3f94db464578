/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid version */
#include <config.h>

#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command.h"

static struct {
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

static enum exit_status version(char **operands, GError **error)
{
	g_autoptr(JsonBuilder) builder = json_begin();

	if (!options.json) {
		print_line(stdout, "devid %s", DEVID_VERSION);
		return EXIT_DONE;
	}
	json_text(builder, "version", DEVID_VERSION);
	json_text(builder, "gnutls", gnutls_check_version(NULL));
	report_builder(builder);
	return EXIT_DONE;
}

const struct command command_version = {
	.name = "version",
	.summary = "Print the version",
	.about = "Print the version of devid.",
	.entries = entries,
	.run = version,
};
