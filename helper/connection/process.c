/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that `devid connect` runs: their lines, their end, and how they are made to end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <glib-unix.h>
#include <devid/reason.h>
#include <internal/cleanup.h>
#include <internal/path.h>
#include <internal/trust.h>

#include "base/error.h"
#include "base/files.h"
#include "process.h"

#define LINE_MAX_BYTES 1024
#define OUTPUT_MAX     (64 * 1024)
#define PATIENCE_MS    10000
/* As devid check --server gives to a server. */
#define ANSWER_BOUND_MS 10000
#define LOOK_MS		500

/* What it writes. */
struct stream {
	struct process *process;
	int fd; /* -1: there is none */
	guint source;
	struct secret *taken; /* where it goes as it is; NULL: it is read by lines */
};

enum { TEXT, OUTPUT, STREAM_COUNT };

struct process {
	GPid pid;
	struct stream streams[STREAM_COUNT];
	guint child_source, patience;
	GString *line;
	bool over; /* reaped, with `status` */
	int status, ending;
	void (*on_line)(const char *line, void *data);
	void (*on_end)(int status, void *data);
	void *data;
};

char *process_find(const char *name)
{
	/* What users have in PATH leaves these out, and VPN clients are there. */
	static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/local/sbin" };
	char *path = g_find_program_in_path(name);
	char fault[PATH_BUFFER];

	/* `su` keeps PATH. */
	if (path && !path_may_run(path, fault))
		g_clear_pointer(&path, g_free);
	for (size_t i = 0; !path && i < G_N_ELEMENTS(folders); i++) {
		path = g_build_filename(folders[i], name, NULL);
		if (access(path, X_OK) != 0)
			g_clear_pointer(&path, g_free);
	}
	return path;
}

GPtrArray *process_argv(const char *program)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
	char *path = process_find(program);

	g_ptr_array_add(argv, path ? path : g_strdup(program));
	return argv;
}

void process_add(GPtrArray *argv, ...)
{
	const char *word;
	va_list words;

	va_start(words, argv);
	while ((word = va_arg(words, const char *)))
		g_ptr_array_add(argv, g_strdup(word));
	va_end(words);
}

void process_add_all(GPtrArray *argv, char *const *words)
{
	for (; words && *words; words++)
		g_ptr_array_add(argv, g_strdup(*words));
}

char *process_words(const char *const *argv)
{
	GString *words = g_string_new(NULL);

	for (; *argv != NULL; argv++) {
		bool plain =
			**argv != '\0' && strspn(*argv, "abcdefghijklmnopqrstuvwxyz"
							"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							"0123456789-_=+./,:@%") == strlen(*argv);
		g_autofree char *quoted = plain ? g_strdup(*argv) : g_shell_quote(*argv);

		g_string_append_printf(words, "%s%s", words->len > 0 ? " " : "", quoted);
	}
	return g_string_free(words, false);
}

/* Between fork and exec: it ends with us. */
static void place(gpointer data)
{
	const int *ending = data;

	prctl(PR_SET_PDEATHSIG, *ending, 0, 0, 0);
}

static void free_process(struct process *process)
{
	if (process->patience != 0)
		g_source_remove(process->patience);
	if (process->child_source != 0)
		g_source_remove(process->child_source);
	for (size_t i = 0; i < STREAM_COUNT; i++) {
		if (process->streams[i].source != 0)
			g_source_remove(process->streams[i].source);
		if (process->streams[i].fd >= 0)
			close(process->streams[i].fd);
	}
	g_string_free(process->line, true);
	g_spawn_close_pid(process->pid);
	g_free(process);
}

static void tell_line(struct process *process)
{
	g_autofree char *valid = g_utf8_make_valid(process->line->str, -1);

	g_string_truncate(process->line, 0);
	g_strstrip(valid);
	if (*valid != '\0' && process->on_line)
		process->on_line(valid, process->data);
}

/* Only when it is reaped and all that it wrote has been read. A grandchild that keeps the pipe open
 * is not waited for.
 */
static void maybe_end(struct process *process)
{
	if (!process->over)
		return;
	if (process->line->len > 0)
		tell_line(process);
	process->on_end(process->status, process->data);
	free_process(process);
}

static void take(const struct stream *stream, const char *bytes, gsize count)
{
	struct process *process = stream->process;

	if (stream->taken) {
		/* What is more than that is no ticket. */
		if (stream->taken->length + count <= OUTPUT_MAX)
			(void)!secret_append(stream->taken, bytes, count);
		return;
	}
	for (gsize i = 0; i < count; i++) {
		if (bytes[i] == '\n' || process->line->len >= LINE_MAX_BYTES)
			tell_line(process);
		if (bytes[i] != '\n' && bytes[i] != '\0')
			g_string_append_c(process->line, bytes[i]);
	}
}

/* What is there now; true: nothing more comes. */
static bool drain(const struct stream *stream)
{
	char buffer[4096];
	ssize_t got;
	bool end;

	do {
		got = read(stream->fd, buffer, sizeof(buffer));
		if (got > 0)
			take(stream, buffer, (gsize)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	end = got == 0 || errno != EAGAIN;
	secret_wipe(buffer, sizeof(buffer));
	return end;
}

static gboolean is_ready(gint fd, GIOCondition condition, gpointer data)
{
	struct stream *stream = data;

	if (!drain(stream))
		return G_SOURCE_CONTINUE;
	stream->source = 0;
	return G_SOURCE_REMOVE;
}

static void reaped(GPid pid, gint status, gpointer data)
{
	struct process *process = data;

	process->child_source = 0;
	process->over = true;
	process->status = status;
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (process->streams[i].fd >= 0)
			drain(&process->streams[i]);
	maybe_end(process);
}

static void watch(struct process *process)
{
	for (size_t i = 0; i < STREAM_COUNT; i++) {
		struct stream *stream = &process->streams[i];

		if (stream->fd < 0)
			continue;
		g_unix_set_fd_nonblocking(stream->fd, true, NULL);
		stream->source = g_unix_fd_add(stream->fd, G_IO_IN | G_IO_HUP, is_ready, stream);
	}
	process->child_source = g_child_watch_add(process->pid, reaped, process);
}

/* *end is the program's. */
static bool open_stream(struct stream *stream, int *end, GError **error)
{
	int ends[2];

	if (!g_unix_open_pipe(ends, FD_CLOEXEC, error))
		return false;
	stream->fd = ends[0];
	*end = ends[1];
	return true;
}

static bool spawn(struct process *process, const struct process_command *command, int text,
		  int output, GError **error)
{
	GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH;
	g_autoptr(GError) failure = NULL;
	AUTO_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int pipes[2] = { -1, -1 };
	bool spawned, missing;

	if (command->input && !g_unix_open_pipe(pipes, FD_CLOEXEC, error))
		return false;
	spawned = g_spawn_async_with_pipes_and_fds(
		NULL, command->argv, NULL, flags, place, &process->ending,
		command->input ? pipes[0] : null, output >= 0 ? output : text, text, NULL, NULL, 0,
		&process->pid, NULL, NULL, NULL, &failure);
	if (command->input)
		close(pipes[0]);
	/* One that reads nothing ends with its own words. */
	if (spawned && command->input)
		(void)!files_write_all(pipes[1], command->input->data, command->input->length);
	if (command->input)
		close(pipes[1]);
	missing = g_error_matches(failure, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
	if (!spawned)
		devid_error_set(error, missing ? DEVID_NOT_FOUND : DEVID_FAILED,
				missing ? "client-missing" : "client-failed", NULL, "%s: %s",
				command->argv[0], failure->message);
	return spawned;
}

struct process *process_start(const struct process_command *command, GError **error)
{
	struct process *process = g_new0(struct process, 1);
	AUTO_CLOSE int text = -1, output = -1;
	bool ready;

	*process = (struct process){
		.streams = { { process, -1, 0, NULL }, { process, -1, 0, command->output } },
		.line = g_string_new(NULL),
		.ending = command->ending != 0 ? command->ending : SIGTERM,
		.on_line = command->line,
		.on_end = command->ended,
		.data = command->data,
	};
	ready = open_stream(&process->streams[TEXT], &text, error) &&
		(!command->output || open_stream(&process->streams[OUTPUT], &output, error)) &&
		spawn(process, command, text, output, error);
	if (!ready) {
		free_process(process);
		return NULL;
	}
	watch(process);
	return process;
}

GPid process_pid(const struct process *process)
{
	return process->pid;
}

/* The end of patience. */
static gboolean be_firm(gpointer data)
{
	struct process *process = data;

	process->patience = 0;
	kill(process->pid, SIGKILL);
	return G_SOURCE_REMOVE;
}

void process_stop(struct process *process)
{
	if (process->patience != 0 || process->over)
		return;
	kill(process->pid, process->ending);
	process->patience = g_timeout_add(PATIENCE_MS, be_firm, process);
}

/* --- to its end ----------------------------------------------------------------------------- */

/* What is waited for just now, so that a signal can end it. */
static struct run *awaited;

struct run {
	const struct process_command *command;
	GMainLoop *loop;
	struct process *process;
	int status;
	gint64 due; /* for its line of `answers`, by g_get_monotonic_time(); 0: it came, or is not
		       waited for */
	const char *given_up; /* the reason word; NULL: it wasn't */
};

static void run_line(const char *line, void *data)
{
	struct run *run = data;

	if (run->command->answers && strstr(line, run->command->answers))
		run->due = 0;
	if (run->command->line)
		run->command->line(line, run->command->data);
}

static void run_ended(int status, void *data)
{
	struct run *run = data;

	run->status = status;
	run->process = NULL;
	awaited = NULL;
	g_main_loop_quit(run->loop);
}

static void give_up(struct run *run, const char *reason, int number)
{
	if (!run->given_up)
		run->given_up = reason;
	kill(run->process->pid, number);
}

static gboolean run_late(gpointer data)
{
	give_up(data, "timeout", SIGKILL);
	return G_SOURCE_CONTINUE;
}

void process_interrupt(void)
{
	if (awaited)
		give_up(awaited, "interrupted", awaited->process->ending);
}

static gboolean look_for_answer(gpointer data)
{
	struct run *run = data;
	const struct process_command *command = run->command;
	gint64 now = g_get_monotonic_time();

	if (run->due == 0 || now < run->due)
		return G_SOURCE_CONTINUE;
	if (command->excused && command->excused(command->data))
		run->due = now + ANSWER_BOUND_MS * G_TIME_SPAN_MILLISECOND;
	else
		give_up(run, "gateway-silent", SIGKILL);
	return G_SOURCE_CONTINUE;
}

static void wait_for_end(struct run *run, int bound_ms)
{
	guint late = g_timeout_add((guint)bound_ms, run_late, run);
	guint look = g_timeout_add(LOOK_MS, look_for_answer, run);

	awaited = run;
	run->loop = g_main_loop_new(NULL, false);
	g_main_loop_run(run->loop);
	g_main_loop_unref(run->loop);
	g_source_remove(late);
	g_source_remove(look);
}

bool process_run(const struct process_command *command, int bound_ms, int *status, GError **error)
{
	struct run run = { .command = command };
	struct process_command inner = *command;
	const struct devid_reason *row;

	inner.line = run_line;
	inner.ended = run_ended;
	inner.data = &run;
	if (command->answers)
		run.due = g_get_monotonic_time() + ANSWER_BOUND_MS * G_TIME_SPAN_MILLISECOND;
	run.process = process_start(&inner, error);
	if (!run.process)
		return false;
	wait_for_end(&run, bound_ms);
	*status = run.status;
	if (!run.given_up)
		return true;
	row = devid_reason_find(run.given_up);
	return devid_error_set(error, row->result, row->word, NULL, "%s", row->cause);
}
