/* The files that say what connections are doing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "../account/folder.h"
#include "connection-state.h"
#include "connection.h"
#include "describe.h"

#define FOLDER	     "connections"
#define SUFFIX	     ".json"
#define STATE_MAX    (16 * 1024)
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void connection_state_free(struct connection_state *state)
{
	if (state == NULL)
		return;
	g_free(state->name);
	g_free(state->client);
	g_free(state->gateway);
	g_free(state->identity);
	g_free(state->address);
	g_free(state->state);
	g_free(state->reason);
	g_free(state->message);
	g_free(state->hint);
	g_free(state);
}

bool connection_state_is_over(const struct connection_state *state)
{
	return strcmp(state->state, "ended") == 0;
}

static bool is_ours(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_folder(bool make)
{
	char runtime[PATH_BUFFER];
	AUTO_CLOSE int base = -1;
	AUTO_CLOSE int fd = -1;

	errno = ENOENT;
	if (!path_runtime(HALF_USER, runtime) || (make && g_mkdir_with_parents(runtime, 0700) < 0))
		return -1;
	base = open(runtime, FOLDER_FLAGS);
	if (base < 0 || !is_ours(base) ||
	    (make && mkdirat(base, FOLDER, 0700) < 0 && errno != EEXIST))
		return -1;
	fd = openat(base, FOLDER, FOLDER_FLAGS);
	if (fd >= 0 && is_ours(fd))
		return take_fd(&fd);
	errno = EPERM;
	return -1;
}

guint64 process_started(pid_t pid)
{
	enum { FIELD_AFTER_NAME = 20 }; /* starttime is field 22; the name, 2, may hold blanks */
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid), *text = NULL;
	g_auto(GStrv) fields = NULL;
	const char *after;

	if (pid <= 0 || !g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	after = strrchr(text, ')');
	fields = after == NULL ? NULL : g_strsplit(after + 1, " ", FIELD_AFTER_NAME + 2);
	if (fields == NULL || g_strv_length(fields) <= FIELD_AFTER_NAME || *fields[1] == 'Z')
		return 0;
	return g_ascii_strtoull(fields[FIELD_AFTER_NAME], NULL, 10);
}

int connection_state_supervisor(const struct connection_state *state)
{
	AUTO_CLOSE int fd = state->pid > 0 ? (int)syscall(SYS_pidfd_open, state->pid, 0) : -1;

	/* The descriptor stands for one process: what is looked at now can't become another. */
	if (fd < 0 || state->started == 0 || process_started(state->pid) != state->started)
		return -1;
	return take_fd(&fd);
}

void connection_state_json(JsonBuilder *builder, const struct connection_state *state)
{
	json_text(builder, "name", state->name);
	json_text(builder, "client", state->client);
	json_text(builder, "gateway", state->gateway);
	json_text(builder, "identity", state->identity);
	json_text(builder, "address", state->address);
	json_text(builder, "state", state->state);
	json_text(builder, "reason", state->reason);
	json_text(builder, "message", state->message);
	json_text(builder, "hint", state->hint);
	json_number(builder, "since", state->since);
	json_number(builder, "pid", state->pid);
}

static char *make_text(const struct connection_state *state)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;

	json_builder_begin_object(builder);
	connection_state_json(builder, state);
	json_number(builder, "started", (gint64)state->started);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return json_to_string(root, TRUE);
}

static gboolean write_file(int folder, const char *name, const char *text)
{
	g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
	g_autofree char *fresh = g_strdup_printf(".%s.%d.new", name, (int)getpid());
	size_t length = strlen(text);
	AUTO_CLOSE int fd = -1;

	(void)unlinkat(folder, fresh, 0);
	fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return FALSE;
	if (write(fd, text, length) == (ssize_t)length &&
	    renameat(folder, fresh, folder, file) == 0)
		return TRUE;
	(void)unlinkat(folder, fresh, 0);
	return FALSE;
}

gboolean connection_state_write(const struct connection_state *state, GError **error)
{
	AUTO_CLOSE int folder = open_folder(true);
	g_autofree char *text = make_text(state);

	if (folder >= 0 && write_file(folder, state->name, text))
		return TRUE;
	devid_error_set(error, DEVID_IO, NULL, NULL, "connections: %s", g_strerror(errno));
	return FALSE;
}

void connection_state_remove(const char *name)
{
	AUTO_CLOSE int folder = open_folder(false);
	g_autofree char *file = g_strconcat(name, SUFFIX, NULL);

	if (folder >= 0)
		(void)unlinkat(folder, file, 0);
}

static char *read_file(int folder, const char *file)
{
	AUTO_CLOSE int fd =
		openat(folder, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	g_autofree char *text = NULL;
	ssize_t got;

	if (fd < 0 || !is_ours(fd) || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_size > STATE_MAX)
		return NULL;
	text = g_malloc0((gsize)status.st_size + 1);
	got = read(fd, text, (size_t)status.st_size);
	return got == status.st_size ? g_steal_pointer(&text) : NULL;
}

/* A member that is a text; NULL for anything else. */
static char *text_of(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
			       json_node_get_value_type(node) == G_TYPE_STRING
		       ? g_strdup(json_node_get_string(node))
		       : NULL;
}

static gint64 number_of(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
			       json_node_get_value_type(node) == G_TYPE_INT64
		       ? json_node_get_int(node)
		       : 0;
}

static struct connection_state *parse(const char *name, const char *text)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(ConnectionState) state = g_new0(struct connection_state, 1);
	JsonObject *object;

	if (!json_parser_load_from_data(parser, text, -1, NULL) ||
	    json_parser_get_root(parser) == NULL ||
	    !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
		return NULL;
	object = json_node_get_object(json_parser_get_root(parser));
	state->name = g_strdup(name);
	state->client = text_of(object, "client");
	state->gateway = text_of(object, "gateway");
	state->identity = text_of(object, "identity");
	state->address = text_of(object, "address");
	state->state = text_of(object, "state");
	state->reason = text_of(object, "reason");
	state->message = text_of(object, "message");
	state->hint = text_of(object, "hint");
	state->since = number_of(object, "since");
	state->pid = (pid_t)number_of(object, "pid");
	state->started = (guint64)number_of(object, "started");
	if (state->client == NULL || state->gateway == NULL || state->state == NULL)
		return NULL;
	return g_steal_pointer(&state);
}

static struct connection_state *load(int folder, const char *name)
{
	g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
	g_autofree char *text = read_file(folder, file);
	g_autoptr(ConnectionState) state = text == NULL ? NULL : parse(name, text);

	if (state != NULL && !connection_state_is_over(state)) {
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

	for (guint i = 0; files != NULL && i < files->len; i++) {
		const char *file = g_ptr_array_index(files, i);
		g_autofree char *name = g_strndup(file, strlen(file) - strlen(SUFFIX));
		struct connection_state *state =
			connection_is_name(name) ? load(folder, name) : NULL;

		if (state != NULL)
			g_ptr_array_add(states, state);
	}
	return states;
}

int connection_state_lock(const char *name, GError **error)
{
	AUTO_CLOSE int folder = open_folder(true);
	g_autofree char *file = g_strdup_printf(".%s.lock", name);
	AUTO_CLOSE int fd =
		folder < 0 ? -1
			   : openat(folder, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return take_fd(&fd);
	if (fd >= 0 && errno == EWOULDBLOCK)
		devid_error_set(error, DEVID_EXISTS, "connection-busy", NULL, "%s: %s", name,
				devid_reason_find("connection-busy")->cause);
	else
		devid_error_set(error, DEVID_IO, NULL, NULL, "connections: %s", g_strerror(errno));
	return -1;
}

char *connection_state_words(const struct connection_state *state)
{
	g_autofree char *since = describe_moment((time_t)state->since);
	GString *words = g_string_new(state->name);

	g_string_append_printf(words, ": %s", state->state);
	if (connection_state_is_over(state)) {
		g_string_append_printf(words, ": %s",
				       state->message != NULL ? state->message
							      : "its supervisor has gone");
		if (state->hint != NULL)
			g_string_append_printf(words, "; %s", state->hint);
		return g_string_free(words, FALSE);
	}
	g_string_append_printf(words, " since %s", since);
	if (state->address != NULL)
		g_string_append_printf(words, ", address %s", state->address);
	g_string_append_printf(words, ", gateway %s (%s)", state->gateway, state->client);
	if (state->identity != NULL)
		g_string_append_printf(words, ", identity %s", state->identity);
	return g_string_free(words, FALSE);
}
