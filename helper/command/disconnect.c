/* devid disconnect: ends a connection's supervisor, which ends the client. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "connect.h"

/* The client has ten seconds to end by itself. */
#define PATIENCE_MS 15000
#define FIRM_MS	    5000

static bool has_gone(int supervisor, int bound_ms)
{
	struct pollfd entry = { .fd = supervisor, .events = POLLIN };

	return poll(&entry, 1, bound_ms) > 0;
}

gboolean disconnect(const struct connection_state *state, GError **error)
{
	AUTO_CLOSE int supervisor = connection_state_supervisor(state);

	if (supervisor < 0) {
		connection_state_remove(state->name);
		return TRUE;
	}
	if (syscall(SYS_pidfd_send_signal, supervisor, SIGTERM, NULL, 0) < 0 && errno != ESRCH) {
		devid_error_set(error, DEVID_DENIED, NULL, NULL, "%s: %s", state->name,
				g_strerror(errno));
		return FALSE;
	}
	if (has_gone(supervisor, PATIENCE_MS))
		return TRUE;
	syscall(SYS_pidfd_send_signal, supervisor, SIGKILL, NULL, 0);
	if (!has_gone(supervisor, FIRM_MS)) {
		devid_error_set(error, DEVID_TIMEOUT, NULL, NULL, "%s: it does not end",
				state->name);
		return FALSE;
	}
	connection_state_remove(state->name);
	report_warning("%s: it did not end by itself, and was ended", state->name);
	return TRUE;
}

static bool is_meant(const struct connection_state *state, const char *operand)
{
	return operand == NULL || strcmp(state->name, operand) == 0 ||
	       strcmp(state->gateway, operand) == 0;
}

static void print(const GPtrArray *ended, gboolean json)
{
	g_autoptr(JsonBuilder) builder = NULL;

	for (guint i = 0; i < ended->len && !json; i++)
		printf("%s: disconnected\n", (const char *)g_ptr_array_index(ended, i));
	if (!json)
		return;
	builder = json_builder_new();
	json_builder_begin_object(builder);
	json_text(builder, "result", "ok");
	json_text(builder, "reason", "ok");
	json_builder_set_member_name(builder, "disconnected");
	json_builder_begin_array(builder);
	for (guint i = 0; i < ended->len; i++)
		json_builder_add_string_value(builder, g_ptr_array_index(ended, i));
	json_builder_end_array(builder);
	json_print(builder);
}

static enum exit_status run(const char *operand, gboolean all, gboolean json)
{
	g_autoptr(GPtrArray) states = connection_state_list(), ended = g_ptr_array_new();
	GError *error = NULL;
	guint meant = 0;

	for (guint i = 0; i < states->len; i++)
		meant += !connection_state_is_over(g_ptr_array_index(states, i)) &&
			 is_meant(g_ptr_array_index(states, i), operand);
	if (meant == 0)
		devid_error_set(&error, DEVID_NOT_FOUND, "not-connected", NULL, "%s",
				operand != NULL ? operand : "nothing is connected");
	else if (meant > 1 && !all)
		devid_error_set(&error, DEVID_USAGE, NULL, "devid disconnect NAME, or --all",
				"%u connections: which one?", meant);
	for (guint i = 0; i < states->len && error == NULL; i++) {
		struct connection_state *state = g_ptr_array_index(states, i);

		if (!is_meant(state, operand))
			continue;
		if (connection_state_is_over(state))
			connection_state_remove(state->name);
		else if (disconnect(state, &error))
			g_ptr_array_add(ended, state->name);
	}
	if (error != NULL)
		return report_error(&error, json);
	print(ended, json);
	return EXIT_DONE;
}

enum exit_status command_disconnect(int argc, char **argv)
{
	gboolean all = FALSE, json = FALSE;
	const GOptionEntry entries[] = {
		{ "all", 0, 0, G_OPTION_ARG_NONE, &all, "All of them", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a JSON object", NULL },
		{ NULL },
	};
	enum exit_status status;
	bool done;

	if (!options_parse(
		    &argc, &argv, "[NAME|HOST[:PORT]]",
		    "End a connection that devid connect made; without a name: the only one.", NULL,
		    entries, &done, &status) ||
	    done)
		return status;
	if (argc > 2)
		return report_usage("disconnect", "%s: one connection at a time", argv[2]);
	return run(argc > 1 ? argv[1] : NULL, all, json);
}
