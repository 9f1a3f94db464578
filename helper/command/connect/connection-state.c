/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that say what connections are doing, and the end of those that are there. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <internal/cleanup.h>
#include <devid/reason.h>

#include "base/error.h"
#include "base/files.h"
#include "base/folder.h"
#include "base/json-build.h"
#include "base/json-value.h"
#include "base/pid.h"
#include "base/moment.h"
#include "command/cli/report.h"
#include "connection/connection.h"
#include "connection-state.h"

#define FOLDER	  "connections"
#define SUFFIX	  ".json"
#define STATE_MAX (16 * 1024)

/* The client has ten seconds to end by itself. */
#define PATIENCE_MS 15000
#define FIRM_MS	    5000

/* Its texts, as the file has them. */
static const struct {
	const char *name;
	gsize offset;
} texts[] = {
	{ "name", G_STRUCT_OFFSET(struct connection_state, name) },
	{ "client", G_STRUCT_OFFSET(struct connection_state, client) },
	{ "gateway", G_STRUCT_OFFSET(struct connection_state, gateway) },
	{ "identity", G_STRUCT_OFFSET(struct connection_state, identity) },
	{ "address", G_STRUCT_OFFSET(struct connection_state, address) },
	{ "state", G_STRUCT_OFFSET(struct connection_state, state) },
	{ "reason", G_STRUCT_OFFSET(struct connection_state, reason) },
	{ "message", G_STRUCT_OFFSET(struct connection_state, message) },
	{ "hint", G_STRUCT_OFFSET(struct connection_state, hint) },
};

static char **text_of(const struct connection_state *state, size_t i)
{
	return G_STRUCT_MEMBER_P(state, texts[i].offset);
}

void connection_state_free(struct connection_state *state)
{
	for (size_t i = 0; state && i < G_N_ELEMENTS(texts); i++)
		g_free(*text_of(state, i));
	g_free(state);
}

bool connection_state_is_over(const struct connection_state *state)
{
	return strcmp(state->state, "ended") == 0;
}

static int open_folder(bool make)
{
	char runtime[PATH_BUFFER];

	errno = ENOENT;
	return path_runtime(SCOPE_USER, runtime) ? files_open_own(runtime, FOLDER, make) : -1;
}

int connection_state_supervisor(const struct connection_state *state)
{
	AUTO_CLOSE int fd = state->pid > 0 ? (int)syscall(SYS_pidfd_open, state->pid, 0) : -1;

	/* The descriptor stands for one process: what is looked at now can't become another. */
	if (fd < 0 || state->started == 0 || pid_started(state->pid) != state->started)
		return -1;
	return take_fd(&fd);
}

void connection_state_json(JsonBuilder *builder, const struct connection_state *state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		json_text(builder, texts[i].name, *text_of(state, i));
	json_number(builder, "since", state->since);
	json_number(builder, "pid", state->pid);
}

static char *make_text(const struct connection_state *state)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	g_autoptr(JsonNode) root = NULL;

	connection_state_json(builder, state);
	json_number(builder, "started", (gint64)state->started);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return json_to_string(root, true);
}

bool connection_state_write(const struct connection_state *state, GError **error)
{
	g_autofree char *text = make_text(state), *file = g_strconcat(state->name, SUFFIX, NULL);
	AUTO_CLOSE int folder = open_folder(true); /* errno stays as it left it */

	if (folder >= 0 && files_replace(folder, file, 0600, text, strlen(text), 0))
		return true;
	return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(errno), "connections: %s",
			       g_strerror(errno));
}

void connection_state_remove(const char *name)
{
	AUTO_CLOSE int folder = open_folder(false);
	g_autofree char *file = g_strconcat(name, SUFFIX, NULL);

	if (folder >= 0)
		(void)unlinkat(folder, file, 0);
}

static struct connection_state *parse(const char *name, const char *text)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(ConnectionState) state = g_new0(struct connection_state, 1);
	JsonObject *object = json_value_document(parser, text);

	if (!object)
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		*text_of(state, i) = g_strdup(json_value_text(object, texts[i].name));
	/* Whatever it says of that. */
	g_free(state->name);
	state->name = g_strdup(name);
	state->since = json_value_number(object, "since", 0);
	state->pid = (pid_t)json_value_number(object, "pid", 0);
	state->started = (guint64)json_value_number(object, "started", 0);
	if (!state->client || !state->gateway || !state->state)
		return NULL;
	return g_steal_pointer(&state);
}

static struct connection_state *load(int folder, const char *name)
{
	g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
	g_autofree char *text = files_read_own(folder, file, STATE_MAX);
	g_autoptr(ConnectionState) state = !text ? NULL : parse(name, text);

	if (state && !connection_state_is_over(state)) {
		AUTO_CLOSE int supervisor = connection_state_supervisor(state);

		if (supervisor < 0) {
			g_free(state->state);
			state->state = g_strdup("ended");
			g_clear_pointer(&state->address, g_free);
		}
	}
	return g_steal_pointer(&state);
}

struct connection_state *connection_state_read(const char *name)
{
	AUTO_CLOSE int folder = open_folder(false);

	return folder < 0 ? NULL : load(folder, name);
}

GPtrArray *connection_state_list(void)
{
	GPtrArray *states = g_ptr_array_new_with_free_func((GDestroyNotify)connection_state_free);
	AUTO_CLOSE int folder = open_folder(false);
	g_autoptr(GPtrArray) files = folder < 0 ? NULL : folder_list(folder, SUFFIX);

	for (guint i = 0; files && i < files->len; i++) {
		const char *file = g_ptr_array_index(files, i);
		g_autofree char *name = g_strndup(file, strlen(file) - strlen(SUFFIX));
		struct connection_state *state =
			connection_is_name(name) ? load(folder, name) : NULL;

		if (state)
			g_ptr_array_add(states, state);
	}
	return states;
}

int connection_state_lock(const char *name, GError **error)
{
	g_autofree char *file = g_strdup_printf(".%s.lock", name);
	AUTO_CLOSE int folder = open_folder(true);
	AUTO_CLOSE int fd =
		folder < 0 ? -1
			   : openat(folder, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return take_fd(&fd);
	if (fd >= 0 && errno == EWOULDBLOCK)
		devid_error_set(error, DEVID_EXISTS, "connection-busy", NULL, "%s: %s", name,
				devid_reason_find("connection-busy")->cause);
	else
		devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(errno), "connections: %s",
				g_strerror(errno));
	return -1;
}

static bool has_gone(int supervisor, int bound_ms)
{
	struct pollfd entry = { .fd = supervisor, .events = POLLIN };

	return poll(&entry, 1, bound_ms) > 0;
}

bool connection_state_end(const struct connection_state *state, GError **error)
{
	AUTO_CLOSE int supervisor = connection_state_supervisor(state);

	if (supervisor < 0) {
		connection_state_remove(state->name);
		return true;
	}
	if (syscall(SYS_pidfd_send_signal, supervisor, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
		return devid_error_set(error, DEVID_DENIED, NULL,
				       "who made it can end it, and root", "%s: %s", state->name,
				       g_strerror(errno));
	if (has_gone(supervisor, PATIENCE_MS))
		return true;
	syscall(SYS_pidfd_send_signal, supervisor, SIGKILL, NULL, 0);
	if (!has_gone(supervisor, FIRM_MS))
		return devid_error_set(error, DEVID_TIMEOUT, NULL, NULL, "%s: it does not end",
				       state->name);
	connection_state_remove(state->name);
	report_warning("%s: it did not end by itself, and was ended", state->name);
	return true;
}

char *connection_state_words(const struct connection_state *state)
{
	g_autofree char *since = moment_utc((time_t)state->since);
	GString *words = g_string_new(state->name);

	g_string_append_printf(words, ": %s", state->state);
	if (connection_state_is_over(state)) {
		g_string_append_printf(words, ": %s",
				       state->message ? state->message : "its supervisor has gone");
		if (state->hint)
			g_string_append_printf(words, "; %s", state->hint);
		return g_string_free(words, false);
	}
	g_string_append_printf(words, " since %s", since);
	if (state->address)
		g_string_append_printf(words, ", address %s", state->address);
	g_string_append_printf(words, ", gateway %s (%s)", state->gateway, state->client);
	if (state->identity)
		g_string_append_printf(words, ", identity %s", state->identity);
	return g_string_free(words, false);
}
