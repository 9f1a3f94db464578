/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `devid doctor` has found, by examinations that run one after the other, in a process each,
 * all bounded. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "base/json-value.h"
#include "results.h"
#include "support.h"

#define BOUND_SECONDS 10
#define OUTPUT_MAX    (1024 * 1024)

static const char *const words[] = {
	[OUTCOME_PASS] = "pass",
	[OUTCOME_SKIP] = "skip",
	[OUTCOME_WARN] = "warn",
	[OUTCOME_FAIL] = "fail",
};

const char *results_word(enum outcome outcome)
{
	return words[outcome];
}

char *results_summary(const struct results *results)
{
	guint warnings = results->counts[OUTCOME_WARN], skipped = results->counts[OUTCOME_SKIP];
	g_autofree char *rest =
		skipped > 0 ? g_strdup_printf(", %u skipped", skipped) : g_strdup("");

	return g_strdup_printf("%u passed, %u warning%s, %u failed%s",
			       results->counts[OUTCOME_PASS], warnings, warnings == 1 ? "" : "s",
			       results->counts[OUTCOME_FAIL], rest);
}

static void line_clear(void *data)
{
	struct doctor_line *line = data;

	g_free(line->text);
	g_free(line->hint);
}

static void results_begin(struct results *results)
{
	*results = (struct results){
		.lines = g_array_new(FALSE, FALSE, sizeof(struct doctor_line)),
	};
	g_array_set_clear_func(results->lines, line_clear);
}

void results_clear(struct results *results)
{
	g_array_unref(results->lines);
}

static void add(struct results *results, enum outcome outcome, const char *hint, const char *text)
{
	const struct doctor_line line = { results->examination, outcome, g_strdup(text),
					  g_strdup(hint) };

	g_array_append_val(results->lines, line);
	results->counts[outcome]++;
}

const struct doctor_line *results_line(const struct results *results, guint index)
{
	return &g_array_index(results->lines, struct doctor_line, index);
}

/* --- in the process of an examination ----------------------------------------------------- */

/* Nothing of it may ask on the terminal or write there, and it doesn't outlive the collector. Its
 * process group is its own, so that what it starts can be ended with it.
 */
static void settle_in(pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0)
		_exit(1);
	setpgid(0, 0);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			_exit(1);
}

static void G_GNUC_NORETURN run_inside(struct doctor *doctor, const struct examination *examination,
				       int fd, pid_t parent)
{
	JsonObject *done = json_object_new();

	settle_in(parent);
	doctor->out = fdopen(fd, "w");
	if (!doctor->out)
		_exit(1);
	examination->run(doctor);
	json_object_set_boolean_member(done, "done", TRUE);
	doctor_send(doctor, done);
	_exit(0);
}

/* --- collecting --------------------------------------------------------------------------- */

/* Answers whether it was the last. */
static bool take_object(struct doctor *doctor, struct results *results, JsonObject *object)
{
	const char *note = json_value_text(object, "note"), *text = json_value_text(object, "text");
	gint64 outcome = json_value_number(object, "outcome", OUTCOME_FAIL);

	if (json_object_has_member(object, "doing"))
		g_hash_table_replace(doctor->notes, g_strdup("doing"),
				     g_strdup(json_value_text(object, "doing")));
	if (note)
		g_hash_table_replace(doctor->notes, g_strdup(note),
				     g_strdup(json_value_text(object, "value")));
	if (text && outcome >= 0 && outcome < OUTCOME_COUNT)
		add(results, (enum outcome)outcome, json_value_text(object, "hint"), text);
	return json_object_has_member(object, "done");
}

static bool take_output(struct doctor *doctor, struct results *results, const GString *output)
{
	g_auto(GStrv) lines = g_strsplit(output->str, "\n", -1);
	g_autoptr(JsonParser) parser = json_parser_new();
	bool done = false;

	for (gsize i = 0; lines[i] != NULL; i++) {
		JsonObject *object = json_value_document(parser, lines[i]);

		if (object)
			done = take_object(doctor, results, object) || done;
	}
	return done;
}

/* False: its time was up. */
static bool read_output(int fd, unsigned seconds, GString *output)
{
	gint64 until = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	char piece[4096];

	for (;;) {
		gint64 left = (until - g_get_monotonic_time()) / 1000;
		ssize_t got;

		if (left <= 0)
			return false;
		if (poll(&poll_fd, 1, (int)left + 1) <= 0)
			continue;
		got = read(fd, piece, sizeof(piece));
		if (got <= 0)
			return true;
		if (output->len < OUTPUT_MAX)
			g_string_append_len(output, piece, got);
	}
}

static void end_process(pid_t pid)
{
	/* Whatever it started in its group as well; an agent is in a session of its own. */
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void tell_late(const struct doctor *doctor, struct results *results, unsigned seconds)
{
	const char *doing = doctor_noted(doctor, "doing");
	g_autofree char *text =
		g_strdup_printf("it did not answer within %u seconds%s%s", seconds,
				!doing || *doing == '\0' ? "" : ", while ", !doing ? "" : doing);

	add(results, OUTCOME_FAIL, NULL, text);
}

static void examine(struct doctor *doctor, struct results *results)
{
	const struct examination *examination = results->examination;
	unsigned seconds = examination->seconds != 0 ? examination->seconds : BOUND_SECONDS;
	guint before = results->lines->len;
	g_autoptr(GString) output = g_string_new(NULL);
	pid_t parent = getpid(), pid;
	int ends[2];
	bool in_time, done;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		add(results, OUTCOME_FAIL, NULL, "it can't be examined: no pipe");
		return;
	}
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		run_inside(doctor, examination, ends[1], parent);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		add(results, OUTCOME_FAIL, NULL, "it can't be examined: no process");
		return;
	}
	in_time = read_output(ends[0], seconds, output);
	close(ends[0]);
	end_process(pid);
	g_hash_table_remove(doctor->notes, "doing");
	done = take_output(doctor, results, output);
	if (!in_time)
		tell_late(doctor, results, seconds);
	else if (!done)
		add(results, OUTCOME_FAIL, NULL, "the examination ended before its end");
	else if (results->lines->len == before)
		add(results, OUTCOME_SKIP, NULL, "nothing to look at");
}

void doctor_examine(struct results *results, bool all_users)
{
	struct doctor doctor = {
		.notes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
	};

	if (all_users)
		g_hash_table_insert(doctor.notes, g_strdup("all-users"), g_strdup(""));
	/* What is in the buffer now must not be written by each of them. */
	fflush(NULL);
	results_begin(results);
	for (size_t i = 0; i < doctor_examination_count; i++) {
		results->examination = &doctor_examinations[i];
		if (!doctor_examinations[i].all_users || all_users)
			examine(&doctor, results);
	}
	g_hash_table_unref(doctor.notes);
}
