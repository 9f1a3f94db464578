/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid reset-cred: forgets what this user signed in with; with --keys, the identities too. */
#include <unistd.h>
#include <devid/event.h>

#include "base/error.h"
#include "base/json-build.h"
#include "command/cli/ask.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/reset/places.h"
#include "command/reset/reset.h"
#include "command/reset/strays.h"
#include "identity/list.h"
#include "command.h"

static struct {
	gboolean keys, strays, dry_run, yes, json;
} options;

static const GOptionEntry entries[] = {
	{ "keys", 0, 0, G_OPTION_ARG_NONE, &options.keys,
	  "Also remove the identities with their private keys", NULL },
	{ "strays", 0, 0, G_OPTION_ARG_NONE, &options.strays,
	  "Also remove keys that no identity names, and keep the identities", NULL },
	{ "dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run,
	  "Tell what is there and change nothing", NULL },
	{ "yes", 'y', 0, G_OPTION_ARG_NONE, &options.yes, "Don't ask", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
	{ NULL },
};

static void print_text(const struct reset *reset)
{
	for (guint i = 0; i < reset->places->len; i++) {
		const struct reset_place *place = g_ptr_array_index(reset->places, i);

		print_line(stdout, "%s: %s", place->name, place->state);
		for (guint j = 0; j < place->items->len; j++)
			print_line(stdout, "  %s",
				   (const char *)g_ptr_array_index(place->items, j));
	}
	table_unreachable(reset->unreachable);
	if (reset->dry_run)
		print_line(stdout, "nothing was changed (--dry-run).");
}

static void print_json(const struct reset *reset)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	gint64 removed = 0;

	report_outcome(builder, reset->first);
	json_flag(builder, "dry_run", reset->dry_run);
	json_begin_array(builder, "places");
	for (guint i = 0; i < reset->places->len; i++) {
		const struct reset_place *place = g_ptr_array_index(reset->places, i);

		json_builder_begin_object(builder);
		json_text(builder, "place", place->name);
		json_text(builder, "state", place->state);
		json_number(builder, "found", place->found);
		json_number(builder, "removed", place->removed);
		json_texts(builder, "items", place->items);
		json_builder_end_object(builder);
		removed += place->removed;
	}
	json_builder_end_array(builder);
	json_texts(builder, "unreachable", reset->unreachable);
	json_flag(builder, "changed", removed > 0);
	report_builder(builder);
}

static void write_event(const struct reset *reset)
{
	struct devid_event event = {
		.type = DEVID_EVENT_DEVICE_CERTIFICATE,
		.sub_type = "Reset",
		.action = !reset->first ? "Succeeded" : "Failed",
		.reason = !reset->first ? "ok" : devid_error_reason(reset->first),
		.failure_reason = !reset->first ? NULL : reset->first->message,
		.validated = -1,
	};

	(void)devid_event_write(geteuid() == 0, &event);
}

/* Whose identities a --keys of this user removes. */
static size_t count_removable(const struct identity_list *list)
{
	size_t count = 0;

	for (size_t i = 0; list && i < identity_list_count(list); i++)
		count += identity_list_get(list, i)->scope == SCOPE_USER || geteuid() == 0;
	return count;
}

/* EXIT_DONE: go on. Nothing to remove: nothing to ask. */
static enum exit_status confirm(const struct reset *reset, const struct identity_list *list)
{
	size_t count = count_removable(list);

	if (!reset->keys || reset->dry_run || options.yes || count == 0)
		return EXIT_DONE;
	if (!ask_would(options.yes))
		return report_usage("reset-cred",
				    "--keys removes %zu identit%s: add --yes, or ask first with "
				    "--dry-run",
				    count, count == 1 ? "y" : "ies");
	print_line(stderr, "This removes %zu identit%s with private keys:", count,
		   count == 1 ? "y" : "ies");
	for (size_t i = 0; i < identity_list_count(list); i++)
		if (identity_list_get(list, i)->scope == SCOPE_USER || geteuid() == 0)
			print_line(stderr, "  %s (%s)", identity_list_get(list, i)->record->label,
				   identity_list_get(list, i)->token);
	return ask_yes("reset-cred", options.yes) == ASK_YES ? EXIT_DONE : EXIT_FAILED;
}

static void go(struct reset *reset, const struct identity_list *list)
{
	bool root = geteuid() == 0;

	reset_files(reset);
	reset_sign_ins(reset);
	/* Before the identities: what becomes stray with them now is not given up in the same
	 * breath. */
	if (reset->keys || reset->strays)
		reset_stray_keys(reset, SCOPE_USER);
	if ((reset->keys || reset->strays) && root)
		reset_stray_keys(reset, SCOPE_SYSTEM);
	reset_identities(reset, list);
	if (root)
		reset_credential(reset);
	if (reset->keys)
		reset_unreachable(reset,
				  "identities on other PKCS#11 tokens (smartcards, TPM): "
				  "devid keeps no list of them; their own tools remove them");
	/* Last: what went before may have filled its memory again. */
	reset_agent(reset, SCOPE_USER);
	if (root)
		reset_agent(reset, SCOPE_SYSTEM);
	else
		reset_unreachable(reset, "the machine's agent: only root may make it forget");
	if (root)
		reset_unreachable(reset, "other users' sign-in data and identities: each resets "
					 "their own");
	if (!reset->dry_run)
		write_event(reset);
}

static enum exit_status reset_all(struct reset *reset, GError **error)
{
	g_autoptr(identity_list) list = NULL;
	GError *unread = NULL;
	enum exit_status status;

	list = identity_list_load(true, true, &unread);
	if (unread)
		reset_failed(reset, unread);
	status = confirm(reset, list);
	if (status != EXIT_DONE)
		return status;
	go(reset, list);
	if (options.json)
		print_json(reset);
	else
		print_text(reset);
	if (reset->first && !options.json)
		g_propagate_error(error, g_steal_pointer(&reset->first));
	return reset->status;
}

static enum exit_status run(char **operands, GError **error)
{
	struct reset reset;
	enum exit_status status;

	reset_begin(&reset);
	reset.keys = options.keys;
	reset.strays = options.strays;
	reset.dry_run = options.dry_run;
	status = reset_all(&reset, error);
	reset_end(&reset);
	return status;
}

const struct command command_reset_cred = {
	.name = "reset-cred",
	.summary = "Forget sign-in data; with --keys, the identities too",
	.about =
		"Forget saved sign-in data, remembered choices, and what the agent holds in memory. "
		"Each place is told with what was found and removed, and so is what is out of "
		"reach. Running it twice does no harm.",
	.entries = entries,
	.run = run,
};
