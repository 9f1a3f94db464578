/* devid reset-cred: forgets what this user signed in with; with --keys, the identities too. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "describe.h"
#include "reset.h"
#include "table.h"

#define ANSWER_MAX 16

static void place_free(void *data)
{
	struct reset_place *place = data;

	g_free(place->name);
	g_free(place->state);
	g_ptr_array_unref(place->items);
	g_free(place);
}

struct reset_place *reset_place_new(struct reset *reset, const char *name)
{
	struct reset_place *place = g_new0(struct reset_place, 1);

	place->name = g_strdup(name);
	place->items = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(reset->places, place);
	return place;
}

void reset_state(struct reset_place *place, const char *format, ...)
{
	va_list arguments;

	g_free(place->state);
	va_start(arguments, format);
	place->state = g_strdup_vprintf(format, arguments);
	va_end(arguments);
}

void reset_item(struct reset_place *place, const char *item)
{
	g_ptr_array_add(place->items, g_strdup(item));
}

void reset_unreachable(struct reset *reset, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(reset->unreachable, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

void reset_failed(struct reset *reset, GError *error)
{
	if (reset->first == NULL) {
		reset->status = exit_status_for(devid_error_result(error));
		reset->first = error;
	} else {
		g_error_free(error);
	}
}

static void print_text(const struct reset *reset)
{
	for (guint i = 0; i < reset->places->len; i++) {
		const struct reset_place *place = g_ptr_array_index(reset->places, i);

		printf("%s: %s\n", place->name, place->state);
		for (guint j = 0; j < place->items->len; j++)
			printf("  %s\n", (const char *)g_ptr_array_index(place->items, j));
	}
	if (reset->unreachable->len > 0)
		puts("out of reach:");
	for (guint i = 0; i < reset->unreachable->len; i++) {
		g_autoptr(GString) text = g_string_new("  ");

		text_wrap(text, g_ptr_array_index(reset->unreachable, i), 2, 4, text_columns());
		fputs(text->str, stdout);
	}
	if (reset->dry_run)
		puts("nothing was changed (--dry-run).");
}

static void strings_json(JsonBuilder *builder, const char *name, const GPtrArray *strings)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_array(builder);
	for (guint i = 0; i < strings->len; i++) {
		g_autofree char *valid = g_utf8_make_valid(g_ptr_array_index(strings, i), -1);

		json_builder_add_string_value(builder, valid);
	}
	json_builder_end_array(builder);
}

static void print_json(const struct reset *reset)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	gint64 removed = 0;

	json_builder_begin_object(builder);
	json_text(builder, "result", reset->first == NULL ? "ok" : "error");
	json_text(builder, "reason",
		  reset->first == NULL ? "ok" : devid_error_reason(reset->first));
	json_text(builder, "message", reset->first == NULL ? NULL : reset->first->message);
	json_text(builder, "hint", reset->first == NULL ? NULL : devid_error_hint(reset->first));
	json_flag(builder, "dry_run", reset->dry_run);
	json_builder_set_member_name(builder, "places");
	json_builder_begin_array(builder);
	for (guint i = 0; i < reset->places->len; i++) {
		const struct reset_place *place = g_ptr_array_index(reset->places, i);

		json_builder_begin_object(builder);
		json_text(builder, "place", place->name);
		json_text(builder, "state", place->state);
		json_number(builder, "found", place->found);
		json_number(builder, "removed", place->removed);
		strings_json(builder, "items", place->items);
		json_builder_end_object(builder);
		removed += place->removed;
	}
	json_builder_end_array(builder);
	strings_json(builder, "unreachable", reset->unreachable);
	json_flag(builder, "changed", removed > 0);
	json_print(builder);
}

static void write_event(const struct reset *reset)
{
	struct devid_event event = {
		.type = DEVID_EVENT_DEVICE_CERTIFICATE,
		.sub_type = "Reset",
		.action = reset->first == NULL ? "Succeeded" : "Failed",
		.reason = reset->first == NULL ? "ok" : devid_error_reason(reset->first),
		.failure_reason = reset->first == NULL ? NULL : reset->first->message,
		.validated = -1,
	};

	(void)devid_event_write(geteuid() == 0, &event);
}

/* Whose identities a --keys of this user removes. */
static size_t count_removable(const struct identity_list *list)
{
	size_t count = 0;

	for (size_t i = 0; list != NULL && i < identity_list_count(list); i++)
		count += identity_list_get(list, i)->half == HALF_USER || geteuid() == 0;
	return count;
}

/* 0: go on. Nothing to remove: nothing to ask. */
static enum exit_status confirm(const struct reset *reset, const struct identity_list *list,
				bool yes, bool *refused)
{
	size_t count = count_removable(list);
	char answer[ANSWER_MAX] = "";

	*refused = false;
	if (!reset->keys || reset->dry_run || yes || count == 0)
		return EXIT_DONE;
	*refused = true;
	if (!isatty(STDIN_FILENO))
		return report_usage("reset-cred",
				    "--keys removes %zu identit%s: add --yes, or ask first with "
				    "--dry-run",
				    count, count == 1 ? "y" : "ies");
	fprintf(stderr, "This removes %zu identit%s with private keys:\n", count,
		count == 1 ? "y" : "ies");
	for (size_t i = 0; i < identity_list_count(list); i++)
		if (identity_list_get(list, i)->half == HALF_USER || geteuid() == 0)
			fprintf(stderr, "  %s (%s)\n", identity_list_get(list, i)->record->label,
				identity_list_get(list, i)->token);
	fputs("Type yes to go on: ", stderr);
	if (fgets(answer, sizeof(answer), stdin) != NULL && strcmp(g_strstrip(answer), "yes") == 0)
		*refused = false;
	else
		fputs("devid: reset-cred: nothing was changed\n", stderr);
	return *refused ? EXIT_FAILED : EXIT_DONE;
}

static void go(struct reset *reset, const struct identity_list *list)
{
	bool root = geteuid() == 0;

	reset_files(reset);
	reset_sign_ins(reset);
	reset_identities(reset, list);
	if (reset->keys) {
		reset_stray_keys(reset, HALF_USER);
		if (root)
			reset_stray_keys(reset, HALF_SYSTEM);
		reset_unreachable(reset,
				  "identities on other PKCS#11 tokens (smartcards, TPM): "
				  "devid keeps no list of them; their own tools remove them");
	}
	/* Last: what went before may have filled its memory again. */
	reset_agent(reset, HALF_USER);
	if (root)
		reset_agent(reset, HALF_SYSTEM);
	else
		reset_unreachable(reset, "the machine's agent: only root may make it forget");
	if (root)
		reset_unreachable(reset, "other users' sign-in data and identities: each resets "
					 "their own");
	if (!reset->dry_run)
		write_event(reset);
}

static enum exit_status run(struct reset *reset, bool yes, bool json)
{
	g_autoptr(identity_list) list = NULL;
	GError *error = NULL;
	enum exit_status status;
	bool refused;

	list = identity_list_load(true, true, &error);
	if (error != NULL)
		reset_failed(reset, error);
	status = confirm(reset, list, yes, &refused);
	if (refused)
		return status;
	go(reset, list);
	if (json)
		print_json(reset);
	else
		print_text(reset);
	if (reset->first != NULL && !json) {
		fflush(stdout);
		report_error(&reset->first, false);
	}
	return reset->status;
}

enum exit_status command_reset_cred(int argc, char **argv)
{
	struct reset reset = { .status = EXIT_DONE };
	gboolean yes = FALSE, json = FALSE;
	const GOptionEntry entries[] = {
		{ "keys", 0, 0, G_OPTION_ARG_NONE, &reset.keys,
		  "Also remove the identities with their private keys", NULL },
		{ "dry-run", 'n', 0, G_OPTION_ARG_NONE, &reset.dry_run,
		  "Tell what is there and change nothing", NULL },
		{ "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Don't ask", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	enum exit_status status;
	bool done;

	if (!options_parse(
		    &argc, &argv, "",
		    "Forget saved sign-in data, remembered choices, and what the agent holds "
		    "in memory. Each place is told with what was found and removed, and so is "
		    "what is out of reach. Running it twice does no harm.",
		    NULL, entries, &done, &status) ||
	    done)
		return status;
	if (argc > 1)
		return report_usage("reset-cred", "%s: nothing more is expected", argv[1]);
	reset.places = g_ptr_array_new_with_free_func(place_free);
	reset.unreachable = g_ptr_array_new_with_free_func(g_free);
	status = run(&reset, yes, json);
	g_ptr_array_unref(reset.places);
	g_ptr_array_unref(reset.unreachable);
	g_clear_error(&reset.first);
	return status;
}
