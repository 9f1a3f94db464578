/* A supervisor that lives on when `devid connect` has ended: the same program again, in a session of its own, with
 * its log where a terminal was. It is started before the sign-in, so that nobody waits for its start: one pipe brings
 * it a mark and the ticket, or its end where the sign-in failed; what becomes of the tunnel comes back by another.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib-unix.h>
#include <internal/cleanup.h>

#include "connect.h"
#include "password.h"

#define SELF	  "/proc/self/exe"
#define FOLDER	  "connections"
#define SIGNED_IN '+'
#define READY_FD  3
#define LOCK_FD	  4
#define READY_MAX (64 * 1024)
/* Making a tunnel may have somebody asked, by polkit. */
#define READY_BOUND_MS (150 * 1000)
#define END_BOUND_MS   5000

char *connect_log_path(const char *name)
{
	char state[PATH_BUFFER];

	return path_state(HALF_USER, state) ? g_strdup_printf("%s/" FOLDER "/%s.log", state, name)
					    : NULL;
}

FILE *connect_open_log(const char *name)
{
	g_autofree char *path = connect_log_path(name), *folder = NULL, *old = NULL;
	int fd;

	if (path == NULL)
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
	GPtrArray *argv = g_ptr_array_new();

	g_ptr_array_add(argv, (gpointer)self);
	g_ptr_array_add(argv, (gpointer) "connect");
	g_ptr_array_add(argv, (gpointer) "--supervise");
	g_ptr_array_add(argv, connection->path != NULL ? connection->name : connection->gateway);
	if (connect->session.uri != NULL) {
		g_ptr_array_add(argv, (gpointer) "--identity");
		g_ptr_array_add(argv, (gpointer)connect->session.uri);
	}
	if (connect->user != NULL) {
		g_ptr_array_add(argv, (gpointer) "--user");
		g_ptr_array_add(argv, (gpointer)connect->user);
	}
	g_ptr_array_add(argv, (gpointer) "--");
	for (char **word = connect->session.arguments; word != NULL && *word != NULL; word++)
		g_ptr_array_add(argv, *word);
	g_ptr_array_add(argv, NULL);
	return argv;
}

/* Between fork and exec. */
static void go_away(gpointer data)
{
	(void)data;
	setsid();
}

/* A socket, for a pipe whose reader is gone ends its writer. */
static gboolean send_all(int fd, const void *bytes, size_t count)
{
	const unsigned char *at = bytes, *end = at + count;

	while (at < end) {
		ssize_t put = send(fd, at, (size_t)(end - at), MSG_NOSIGNAL);

		if (put < 0 && errno != EINTR)
			return FALSE;
		if (put > 0)
			at += put;
	}
	return TRUE;
}

static gboolean has_signed_in(void)
{
	char mark;
	ssize_t got;

	do
		got = read(STDIN_FILENO, &mark, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 && mark == SIGNED_IN;
}

gboolean connect_read_ticket(struct connect *connect, bool *signed_in, GError **error)
{
	char buffer[4096];
	ssize_t got;

	process_keeps_secrets();
	*signed_in = has_signed_in();
	while (*signed_in && (got = read(STDIN_FILENO, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || connect->session.ticket.length + (size_t)got > READY_MAX ||
		    secret_append(&connect->session.ticket, buffer, (size_t)got) != DEVID_OK) {
			devid_error_set(error, DEVID_IO, NULL, NULL, "the sign-in's ticket: %s",
					g_strerror(errno));
			return FALSE;
		}
	}
	secret_wipe(buffer, sizeof(buffer));
	return TRUE;
}

/* Its line, or NULL: it ended without one, or too late. */
static char *read_line(int fd)
{
	gint64 until = g_get_monotonic_time() + READY_BOUND_MS * 1000LL;
	g_autoptr(GString) text = g_string_new(NULL);
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	while (strchr(text->str, '\n') == NULL && text->len < READY_MAX) {
		gint64 left = (until - g_get_monotonic_time()) / 1000;
		char buffer[1024];
		ssize_t got;

		if (left <= 0 || (poll(&entry, 1, (int)left) <= 0 && errno != EINTR))
			return NULL;
		got = read(fd, buffer, sizeof(buffer));
		if (got == 0 || (got < 0 && errno != EINTR))
			return NULL;
		if (got > 0)
			g_string_append_len(text, buffer, got);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static const char *text_of(JsonObject *object, const char *name)
{
	return json_object_has_member(object, name) && !json_object_get_null_member(object, name)
		       ? json_object_get_string_member(object, name)
		       : NULL;
}

/* What our own supervisor wrote. */
static gboolean take_line(const char *line, char **address, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object;
	GError *failure = NULL;

	if (!json_parser_load_from_data(parser, line, -1, error))
		return FALSE;
	object = json_node_get_object(json_parser_get_root(parser));
	*address = g_strdup(text_of(object, "address"));
	if (!json_object_has_member(object, "result"))
		return TRUE;
	devid_error_set(&failure, (enum devid_result)json_object_get_int_member(object, "result"),
			text_of(object, "reason"), text_of(object, "hint"), "%s",
			text_of(object, "message"));
	devid_error_set_brackets(failure, text_of(object, "brackets"));
	g_propagate_error(error, failure);
	return FALSE;
}

static gboolean spawn(const struct connect *connect, int ticket, int ready, int lock,
		      GError **error)
{
	static const int targets[] = { READY_FD, LOCK_FD };
	const int sources[] = { ready, lock };
	/* By its own path, for its name among the processes; where that was replaced, as it is. */
	g_autofree char *path = g_file_read_link(SELF, NULL);
	g_autoptr(GPtrArray) argv =
		make_argv(connect, path != NULL && access(path, X_OK) == 0 ? path : SELF);
	AUTO_CLOSE int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int log = connect->log != NULL ? fileno(connect->log) : null;

	/* Whoever started us reaps it, soon: a process in between would cost time. */
	return g_spawn_async_with_pipes_and_fds("/", (const char *const *)argv->pdata, NULL,
						G_SPAWN_DO_NOT_REAP_CHILD, go_away, NULL, ticket,
						log, log, sources, targets, G_N_ELEMENTS(sources),
						NULL, NULL, NULL, NULL, error);
}

gboolean connect_background_start(const struct connect *connect, int lock,
				  struct background *background, GError **error)
{
	AUTO_CLOSE int held = lock, ticket = -1, ready = -1;
	int pair[2], pipe[2];

	*background = (struct background){ -1, -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		devid_error_set(error, DEVID_IO, NULL, NULL, "%s", g_strerror(errno));
		return FALSE;
	}
	background->ticket = pair[0];
	ticket = pair[1];
	if (!g_unix_open_pipe(pipe, FD_CLOEXEC, error))
		return FALSE;
	background->ready = pipe[0];
	ready = pipe[1];
	return spawn(connect, ticket, ready, held, error);
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
	*background = (struct background){ -1, -1 };
}

gboolean connect_background_go(struct connect *connect, struct background *background,
			       char **address, GError **error)
{
	static const char mark = SIGNED_IN;
	const struct secret *ticket = &connect->session.ticket;
	/* Where it is gone already, the missing line tells. */
	gboolean sent = send_all(background->ticket, &mark, 1) &&
			send_all(background->ticket, ticket->data, ticket->length);
	g_autofree char *line = NULL, *log = NULL;
	gboolean done;

	secret_clear(&connect->session.ticket);
	close(background->ticket);
	line = sent ? read_line(background->ready) : NULL;
	done = line != NULL && take_line(line, address, error);
	if (line != NULL && !done)
		await_end(background->ready);
	close(background->ready);
	*background = (struct background){ -1, -1 };
	if (line != NULL)
		return done;
	log = connect_log_path(connect->connection->name);
	devid_error_set(error, DEVID_FAILED, "client-failed", NULL,
			"%s: the supervisor ended without a word; its log is %s",
			connect->connection->gateway, log);
	return FALSE;
}
