/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A supervisor that lives on when `devid connect` has ended: the same program again, in a session
 * of its own, with its log where a terminal was. It is started before the sign-in, so that nobody
 * waits for its start: one pipe brings it a mark and the ticket, or its end where the sign-in
 * failed; what becomes of the tunnel comes back by another.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <glib-unix.h>
#include <internal/cleanup.h>

#include "base/error.h"
#include "base/files.h"
#include "base/json-value.h"
#include "command/cli/password.h"
#include "connection/process.h"
#include "background.h"
#include "connect.h"
#include "sign-in.h"

#define SELF	  "/proc/self/exe"
#define FOLDER	  "connections"
#define SIGNED_IN '+'
#define READY_MAX (64 * 1024)
/* Making a tunnel may have somebody asked, by polkit. */
#define READY_BOUND_MS (150 * 1000)
#define END_BOUND_MS   5000

/* Where the client's lines go; newly allocated, NULL: nowhere. */
static char *log_path(const char *name)
{
	char state[PATH_BUFFER];

	return path_state(SCOPE_USER, state) ? g_strdup_printf("%s/" FOLDER "/%s.log", state, name)
					     : NULL;
}

FILE *connect_open_log(const char *name)
{
	g_autofree char *path = log_path(name), *folder = NULL, *old = NULL;
	int fd;

	if (!path)
		return NULL;
	folder = g_path_get_dirname(path);
	old = g_strconcat(path, ".1", NULL);
	if (g_mkdir_with_parents(folder, 0700) < 0)
		return NULL;
	(void)rename(path, old);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static GPtrArray *make_argv(const struct connect *connect, const char *self)
{
	const struct connection *connection = connect->connection;
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	process_add(argv, self, "connect", "--supervise",
		    connection->path ? connection->name : connection->gateway, NULL);
	if (connect->session.uri)
		process_add(argv, "--identity", connect->session.uri, NULL);
	if (connect->user)
		process_add(argv, "--user", connect->user, NULL);
	process_add(argv, "--", NULL);
	process_add_all(argv, connect->session.arguments);
	g_ptr_array_add(argv, NULL);
	return argv;
}

/* Between fork and exec. */
static void go_away(gpointer data)
{
	setsid();
}

static bool has_signed_in(void)
{
	char mark;
	ssize_t got;

	do
		got = read(STDIN_FILENO, &mark, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 && mark == SIGNED_IN;
}

bool connect_read_ticket(struct connect *connect, bool *signed_in, GError **error)
{
	char buffer[4096];
	ssize_t got;

	password_guard_process();
	*signed_in = has_signed_in();
	while (*signed_in && (got = read(STDIN_FILENO, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || connect->session.ticket.length + (size_t)got > READY_MAX ||
		    secret_append(&connect->session.ticket, buffer, (size_t)got) != DEVID_OK)
			return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(errno),
					       "the sign-in's ticket: %s", g_strerror(errno));
	}
	secret_wipe(buffer, sizeof(buffer));
	return true;
}

struct reading {
	GString *text;
	bool over; /* with or without a line */
};

static gboolean take_some(gint fd, GIOCondition condition, gpointer data)
{
	struct reading *reading = data;
	char buffer[1024];
	ssize_t got = read(fd, buffer, sizeof(buffer));

	if (got < 0 && errno == EINTR)
		return G_SOURCE_CONTINUE;
	if (got > 0)
		g_string_append_len(reading->text, buffer, got);
	reading->over =
		got <= 0 || strchr(reading->text->str, '\n') || reading->text->len > READY_MAX;
	return G_SOURCE_CONTINUE;
}

static gboolean too_late(gpointer data)
{
	((struct reading *)data)->over = true;
	return G_SOURCE_CONTINUE;
}

/* Its line, or NULL: it ended without one, or too late, or we are to wait no longer. */
static char *read_line(const struct connect *connect, int fd)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct reading reading = { text, false };
	guint source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, take_some, &reading);
	guint timer = g_timeout_add(READY_BOUND_MS, too_late, &reading);

	while (!reading.over && !connect->interrupted)
		g_main_context_iteration(NULL, true);
	g_source_remove(source);
	g_source_remove(timer);
	return !strchr(text->str, '\n') ? NULL : g_string_free(g_steal_pointer(&text), false);
}

/* What our own supervisor wrote. */
static bool take_line(const char *line, char **address, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object = json_value_document(parser, line);
	GError *failure = NULL;

	*address = g_strdup(json_value_text(object, "address"));
	if (object && !json_object_has_member(object, "result"))
		return true;
	devid_error_set(&failure,
			(enum devid_result)json_value_number(object, "result", DEVID_FAILED),
			json_value_text(object, "reason"), json_value_text(object, "hint"), "%s",
			json_value_text(object, "message"));
	devid_error_set_brackets(failure, json_value_text(object, "brackets"));
	g_propagate_error(error, failure);
	return false;
}

static bool spawn(const struct connect *connect, int ticket, int ready, int lock, GPid *pid,
		  GError **error)
{
	static const int targets[] = { READY_FD, LOCK_FD };
	const int sources[] = { ready, lock };
	/* By its own path, for its name among the processes; where that was replaced, as it is. */
	g_autofree char *path = g_file_read_link(SELF, NULL);
	g_autoptr(GPtrArray) argv =
		make_argv(connect, path && access(path, X_OK) == 0 ? path : SELF);
	AUTO_CLOSE int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int log = connect->log ? fileno(connect->log) : null;

	/* Whoever started us reaps it, soon: a process in between would cost time. */
	return g_spawn_async_with_pipes_and_fds("/", (const char *const *)argv->pdata, NULL,
						G_SPAWN_DO_NOT_REAP_CHILD, go_away, NULL, ticket,
						log, log, sources, targets, G_N_ELEMENTS(sources),
						pid, NULL, NULL, NULL, error);
}

bool connect_background_start(const struct connect *connect, int lock,
			      struct background *background, GError **error)
{
	AUTO_CLOSE int held = lock, ticket = -1, ready = -1;
	int pair[2], pipe[2];

	*background = (struct background){ -1, -1, 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return devid_error_set(error, DEVID_IO, NULL, devid_errno_hint(errno), "%s",
				       g_strerror(errno));
	background->ticket = pair[0];
	ticket = pair[1];
	if (!g_unix_open_pipe(pipe, FD_CLOEXEC, error))
		return false;
	background->ready = pipe[0];
	ready = pipe[1];
	return spawn(connect, ticket, ready, held, &background->pid, error);
}

/* Its end is that of the other side of its pipe. */
static void await_end(int ready)
{
	struct pollfd entry = { .fd = ready, .events = POLLIN };
	char byte;

	while (poll(&entry, 1, END_BOUND_MS) > 0 && read(ready, &byte, 1) > 0)
		;
}

void connect_background_end(struct background *background)
{
	if (background->ticket >= 0)
		close(background->ticket);
	if (background->ready >= 0) {
		await_end(background->ready);
		close(background->ready);
	}
	*background = (struct background){ -1, -1, 0 };
}

bool connect_background_go(struct connect *connect, struct background *background, char **address,
			   GError **error)
{
	static const char mark = SIGNED_IN;
	const struct secret *ticket = &connect->session.ticket;
	/* Where it is gone already, the missing line tells. */
	bool sent = files_write_all(background->ticket, &mark, 1) &&
		    files_write_all(background->ticket, ticket->data, ticket->length);
	g_autofree char *line = NULL, *log = NULL;
	bool done;

	secret_clear(&connect->session.ticket);
	close(background->ticket);
	line = sent ? read_line(connect, background->ready) : NULL;
	done = line && take_line(line, address, error);
	if (!line && connect->interrupted)
		kill(background->pid, SIGTERM);
	if (!done)
		await_end(background->ready);
	close(background->ready);
	*background = (struct background){ -1, -1, 0 };
	if (line)
		return done;
	if (connect->interrupted)
		return connect_set_interrupted(connect, error);
	log = log_path(connect->connection->name);
	return devid_error_set(error, DEVID_FAILED, "client-failed", NULL,
			       "%s: the supervisor ended without a word; its log is %s",
			       connect->connection->gateway, log);
}
