/* devid events: what happened, of the user's and the machine's logs, oldest first. */
#include <string.h>

#include "describe.h"
#include "table.h"
#include "when.h"

/* One line of a log. */
struct entry {
	char *time; /* RFC 3339 in UTC: sorts as text */
	JsonNode *node;
	guint order; /* of reading: keeps what happened in one second in its order */
};

struct reading {
	GArray *entries;
	JsonParser *parser;
};

static void entry_clear(void *data)
{
	struct entry *entry = data;

	g_free(entry->time);
	json_node_unref(entry->node);
}

static bool take_line(const char *line, void *data)
{
	struct reading *reading = data;
	struct entry entry = { .order = reading->entries->len };
	JsonNode *root;
	const char *time;

	/* A line that was cut short by a full disk is no reason to hide the others. */
	if (!json_parser_load_from_data(reading->parser, line, -1, NULL))
		return true;
	root = json_parser_get_root(reading->parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
		return true;
	time = json_object_get_string_member_with_default(json_node_get_object(root), "time", "");
	entry.time = g_strdup(time);
	entry.node = json_node_copy(root);
	g_array_append_val(reading->entries, entry);
	return true;
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct entry *one = a, *other = b;
	int order = strcmp(one->time, other->time);

	return order != 0 ? order : (one->order > other->order) - (one->order < other->order);
}

static const char *member(JsonNode *node, const char *name)
{
	return json_object_get_string_member_with_default(json_node_get_object(node), name, "");
}

static void add_row(struct table *table, JsonNode *node)
{
	const char *what = member(node, "event_sub_type"), *action = member(node, "action");
	const char *label = member(node, "label"), *why = member(node, "failure_reason");
	const char *program = member(node, "program"), *address = member(node, "client_address");
	g_autofree char *time = g_strdelimit(g_strdup(member(node, "time")), "TZ", ' ');
	const char *cells[] = { g_strstrip(time), *what != '\0' ? what : member(node, "event_type"),
				action, *label != '\0' ? label : member(node, "client_cert_name"),
				member(node, "user_name") };

	table_row(table, cells);
	if (strcmp(action, "Failed") == 0 || strcmp(action, "Refused") == 0)
		table_colour(table, 2, COLOUR_BAD);
	if (*why != '\0')
		table_line(table, why, false);
	if (*program != '\0')
		table_line(table, program, false);
	if (*address != '\0')
		table_line(table, address, false);
}

static void print_text(const GArray *entries)
{
	static const char *const headings[] = { "TIME (UTC)", "WHAT", "RESULT",
						"IDENTITY",   "USER", NULL };
	AUTO_TABLE struct table *table = table_new(headings);

	if (entries->len == 0) {
		puts("no events.");
		return;
	}
	for (guint i = 0; i < entries->len; i++)
		add_row(table, g_array_index(entries, struct entry, i).node);
	table_print(table, stdout);
}

static void print_json(const GArray *entries)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "events");
	json_builder_begin_array(builder);
	for (guint i = 0; i < entries->len; i++)
		json_builder_add_value(
			builder, json_node_copy(g_array_index(entries, struct entry, i).node));
	json_builder_end_array(builder);
	json_print(builder);
}

/* Both logs, unless one was asked for; the machine's may be closed to this user, which is told. */
static gboolean read_logs(struct reading *reading, time_t since, bool user, bool system,
			  GError **error)
{
	enum devid_result result = DEVID_OK;

	if (user)
		result = devid_event_read(false, since, take_line, reading);
	if (result != DEVID_OK) {
		devid_error_set(error, result, NULL, NULL, "event log: %s",
				devid_reason_for(result)->cause);
		return FALSE;
	}
	if (system)
		result = devid_event_read(true, since, take_line, reading);
	if (result != DEVID_OK && !user) {
		devid_error_set(error, result, NULL, "try it as root",
				"the machine's event log: %s", devid_reason_for(result)->cause);
		return FALSE;
	}
	if (result != DEVID_OK)
		report_warning("the machine's event log can't be read by this user");
	return TRUE;
}

enum exit_status command_events(int argc, char **argv)
{
	g_autofree char *since_text = NULL;
	gboolean json = FALSE, user = FALSE, system = FALSE;
	const GOptionEntry entries[] = {
		{ "since", 0, 0, G_OPTION_ARG_STRING, &since_text,
		  "Only what happened since then: " WHEN_FORMS, "TIME" },
		{ "user", 0, 0, G_OPTION_ARG_NONE, &user, "Only your own log", NULL },
		{ "system", 0, 0, G_OPTION_ARG_NONE, &system, "Only the machine's log", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	struct reading reading;
	GError *error = NULL;
	time_t since = 0;
	enum exit_status status;
	bool done;

	if (!options_parse(
		    &argc, &argv, "",
		    "Show what happened: imports, removals, resets, checks, and which programs "
		    "used a key or were refused; on a gateway, whom it let in.",
		    NULL, entries, &done, &status) ||
	    done)
		return status;
	if (argc > 1)
		return report_usage("events", "%s: nothing more is expected", argv[1]);
	if (since_text != NULL && !when_parse(since_text, time(NULL), &since))
		return report_usage("events", "--since %s: not a moment (%s)", since_text,
				    WHEN_FORMS);
	reading.parser = json_parser_new();
	reading.entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	g_array_set_clear_func(reading.entries, entry_clear);
	if (!read_logs(&reading, since, user || !system, system || !user, &error)) {
		status = report_error(&error, json);
	} else {
		g_array_sort(reading.entries, by_time);
		if (json)
			print_json(reading.entries);
		else
			print_text(reading.entries);
	}
	g_array_unref(reading.entries);
	g_object_unref(reading.parser);
	return status;
}
