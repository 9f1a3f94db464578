/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid events: what happened, of the user's and the machine's logs, oldest first. It is printed as
 * it is read, for a log may be of any size.
 */
#include <string.h>
#include <devid/reason.h>

#include "account/event/event-line.h"
#include "account/event/event-read.h"
#include "base/error.h"
#include "base/json-value.h"
#include "base/moment.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/cli/when.h"
#include "command.h"

static struct {
	char *since;
	gboolean json, user, system;
} options;

static const GOptionEntry entries[] = {
	{ "since", 0, 0, G_OPTION_ARG_STRING, &options.since,
	  "Only what happened since then: " WHEN_FORMS, "TIME" },
	{ "user", 0, 0, G_OPTION_ARG_NONE, &options.user, "Only your own log", NULL },
	{ "system", 0, 0, G_OPTION_ARG_NONE, &options.system, "Only the machine's log", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

/* The rows that settle the columns' widths, and are held at once. */
#define ROWS_AT_ONCE 500

static const char *member(JsonObject *object, const char *name)
{
	const char *text = json_value_text(object, name);

	return text ? text : "";
}

/* "openvpn, 12 times since 2026-11-29 10:00:00+01:00" */
static void add_program(struct table *table, JsonObject *object)
{
	const char *program = member(object, "program"), *first = member(object, "first");
	gint64 count = event_count(object);
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(first, NULL);
	g_autofree char *since = NULL, *line = NULL;

	if (count == 1 && *program == '\0')
		return;
	if (time)
		since = moment_local((time_t)g_date_time_to_unix(time));
	if (count == 1)
		line = g_strdup(program);
	else
		line = g_strdup_printf("%s%s%" G_GINT64_FORMAT " times%s%s", program,
				       *program == '\0' ? "" : ", ", count, since ? " since " : "",
				       since ? since : "");
	table_line(table, line, false);
}

static void add_row(struct table *table, const struct event_seen *seen)
{
	JsonObject *object = seen->object;
	const char *what = member(object, "event_sub_type"), *action = member(object, "action");
	const char *label = member(object, "label"), *why = member(object, "failure_reason");
	const char *address = member(object, "client_address");
	g_autofree char *time = moment_local((time_t)(seen->time / G_USEC_PER_SEC));

	table_cells(table, time, *what != '\0' ? what : member(object, "event_type"), action,
		    *label != '\0' ? label : member(object, "client_cert_name"),
		    member(object, "user_name"));
	if (strcmp(action, "Failed") == 0 || strcmp(action, "Refused") == 0)
		table_colour(table, 2, COLOUR_BAD);
	if (*why != '\0')
		table_line(table, why, false);
	add_program(table, object);
	if (strcmp(member(object, "token"), "system") == 0)
		table_line(table, "the machine's identity, refused by the machine's agent", false);
	if (*address != '\0')
		table_line(table, address, false);
}

static void print_text(struct event_reader *reader)
{
	AUTO_TABLE struct table *table = table_with("TIME", "WHAT", "RESULT", "IDENTITY", "USER");
	struct event_seen seen;
	bool any = false;

	while (event_reader_next(reader, &seen)) {
		any = true;
		add_row(table, &seen);
		if (table_length(table) == ROWS_AT_ONCE)
			table_flush(table, stdout);
	}
	if (any)
		table_print(table, stdout);
	else
		print_line(stdout, "no events.");
}

static JsonNode *next_node(void *data)
{
	struct event_seen seen;
	JsonNode *node;

	if (!event_reader_next(data, &seen))
		return NULL;
	node = json_node_new(JSON_NODE_OBJECT);
	json_node_set_object(node, seen.object);
	return node;
}

/* Both logs, unless one was asked for; the machine's may be closed to this user, which is told. */
static bool open_logs(struct event_reader *reader, GError **error)
{
	bool user = options.user || !options.system, system = options.system || !options.user;
	enum devid_result result = DEVID_OK;

	if (user)
		result = event_reader_add(reader, false);
	if (result != DEVID_OK)
		return devid_error_set(error, result, NULL, NULL, "event log: %s",
				       devid_reason_for(result)->cause);
	if (system)
		result = event_reader_add(reader, true);
	if (result != DEVID_OK && !user)
		return devid_error_set(error, result, NULL, "try it as root",
				       "the machine's event log: %s",
				       devid_reason_for(result)->cause);
	if (result != DEVID_OK)
		report_warning("the machine's event log can't be read by this user");
	return true;
}

static enum exit_status events(char **operands, GError **error)
{
	g_autoptr(event_reader) reader = NULL;
	time_t since = 0;

	if (options.since && !when_parse(options.since, time(NULL), &since))
		return report_usage("events", "--since %s: not a moment (%s)", options.since,
				    WHEN_FORMS);
	reader = event_reader_new(since);
	if (!open_logs(reader, error))
		return EXIT_FAILED;
	if (options.json)
		report_json_array("events", next_node, reader);
	else
		print_text(reader);
	return EXIT_DONE;
}

const struct command command_events = {
	.name = "events",
	.summary = "Show what happened",
	.about = "Show what happened: imports, removals, resets, checks, and which programs used a "
		 "key or were refused; on a gateway, whom it let in.",
	.entries = entries,
	.run = events,
};
