/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections in devid status: at a glance, or as they change. */
#include <stdio.h>

#include "base/json-build.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "connection-state.h"
#include "status.h"

/* That a supervisor has gone without a word is seen by looking alone. */
#define LOOK_US (200 * 1000)

void status_connections_print(void)
{
	g_autoptr(GPtrArray) states = connection_state_list();

	for (guint i = 0; i < states->len; i++) {
		g_autofree char *words = connection_state_words(g_ptr_array_index(states, i));

		table_field(i == 0 ? "connections" : "", words);
	}
}

static void state_json(JsonBuilder *builder, const struct connection_state *state)
{
	json_builder_begin_object(builder);
	connection_state_json(builder, state);
	json_builder_end_object(builder);
}

void status_connections_json(JsonBuilder *builder)
{
	g_autoptr(GPtrArray) states = connection_state_list();

	json_begin_array(builder, "connections");
	for (guint i = 0; i < states->len; i++)
		state_json(builder, g_ptr_array_index(states, i));
	json_builder_end_array(builder);
}

/* One line of text, or of JSON, of one connection. */
static char *make_line(const struct connection_state *state, gboolean json)
{
	g_autoptr(JsonBuilder) builder = NULL;

	if (!json)
		return connection_state_words(state);
	builder = json_builder_new();
	state_json(builder, state);
	return report_json_text(json_builder_get_root(builder), false);
}

static void print_ended(const char *name, gboolean json)
{
	g_autoptr(JsonBuilder) builder = NULL;
	g_autofree char *text = NULL;

	if (!json) {
		print_line(stdout, "%s: disconnected", name);
		return;
	}
	builder = json_begin();
	json_text(builder, "name", name);
	json_text(builder, "state", "disconnected");
	json_builder_end_object(builder);
	text = report_json_text(json_builder_get_root(builder), false);
	print_line(stdout, "%s", text);
}

/* Prints what isn't in `before` as it is now; the new table takes its place. */
static void print_changes(GHashTable **before, gboolean json)
{
	g_autoptr(GPtrArray) states = connection_state_list();
	GHashTable *now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	GHashTableIter iter;
	gpointer name;

	for (guint i = 0; i < states->len; i++) {
		const struct connection_state *state = g_ptr_array_index(states, i);
		char *line = make_line(state, json);

		if (g_strcmp0(line, g_hash_table_lookup(*before, state->name)) != 0)
			print_line(stdout, "%s", line);
		g_hash_table_insert(now, g_strdup(state->name), line);
	}
	g_hash_table_iter_init(&iter, *before);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		if (!g_hash_table_contains(now, name))
			print_ended(name, json);
	g_hash_table_unref(*before);
	*before = now;
	fflush(stdout);
}

enum exit_status status_watch(gboolean json)
{
	GHashTable *before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	print_changes(&before, json);
	/* Else a person might wonder whether it looks at all. */
	if (!json && g_hash_table_size(before) == 0) {
		print_line(stdout, "nothing is connected");
		fflush(stdout);
	}
	while (!ferror(stdout)) {
		print_changes(&before, json);
		g_usleep(LOOK_US);
	}
	g_hash_table_unref(before);
	return EXIT_FAILED;
}
