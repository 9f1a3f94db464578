/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid disconnect: ends a connection's supervisor, which ends the client. */
#include <string.h>
#include <devid/reason.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/connect/connection-state.h"
#include "command.h"

static struct {
	gboolean all, json;
} options;

static const GOptionEntry entries[] = {
	{ "all", 0, 0, G_OPTION_ARG_NONE, &options.all, "All of them", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

static bool is_meant(const struct connection_state *state, const char *operand)
{
	return !operand || strcmp(state->name, operand) == 0 ||
	       strcmp(state->gateway, operand) == 0;
}

static void print(const GPtrArray *ended)
{
	g_autoptr(JsonBuilder) builder = NULL;

	for (guint i = 0; i < ended->len && !options.json; i++)
		print_line(stdout, "%s: disconnected", (const char *)g_ptr_array_index(ended, i));
	if (!options.json)
		return;
	builder = json_begin();
	json_text(builder, "result", "ok");
	json_text(builder, "reason", "ok");
	json_texts(builder, "disconnected", ended);
	report_builder(builder);
}

static enum exit_status disconnect(char **operands, GError **error)
{
	g_autoptr(GPtrArray) states = connection_state_list(), ended = g_ptr_array_new();
	guint meant = 0;

	for (guint i = 0; i < states->len; i++)
		meant += !connection_state_is_over(g_ptr_array_index(states, i)) &&
			 is_meant(g_ptr_array_index(states, i), operands[0]);
	if (meant == 0 && !operands[0])
		devid_error_set(error, DEVID_NOT_FOUND, "not-connected", NULL,
				"nothing is connected");
	else if (meant == 0)
		devid_error_set(error, DEVID_NOT_FOUND, "not-connected", NULL, "%s: %s",
				operands[0], devid_reason_find("not-connected")->cause);
	else if (meant > 1 && !options.all)
		devid_error_set(error, DEVID_USAGE, NULL, "devid disconnect NAME, or --all",
				"%u connections: which one?", meant);
	for (guint i = 0; i < states->len && !*error; i++) {
		struct connection_state *state = g_ptr_array_index(states, i);

		if (!is_meant(state, operands[0]))
			continue;
		if (connection_state_is_over(state))
			connection_state_remove(state->name);
		else if (connection_state_end(state, error))
			g_ptr_array_add(ended, state->name);
	}
	if (!*error)
		print(ended);
	return EXIT_DONE;
}

const struct command command_disconnect = {
	.name = "disconnect",
	.arguments = "[NAME|HOST[:PORT]]",
	.summary = "End such a connection",
	.about = "End a connection that devid connect made; without a name: the only one.",
	.entries = entries,
	.operands = { 0, 1 },
	.run = disconnect,
};
