/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call's way: its words, who asks, whether polkit lets that one, what comes in the pipe, devid.
 */
#include <string.h>
#include <sys/wait.h>
#include <internal/admin.h>

#include "job.h"

/* With a TPM that is slow, or a folder that another one has locked. */
#define RUN_S	 120
#define SAID_MAX (64 * 1024)

static void end(struct job *job)
{
	job->over(job);
	g_cancellable_cancel(job->cancel);
	g_object_unref(job->cancel);
	if (job->watch != 0)
		g_bus_unwatch_name(job->watch);
	if (job->timer != 0)
		g_source_remove(job->timer);
	pipe_end(&job->pipe);
	secret_clear(&job->input);
	secret_clear(&job->output);
	words_clear(&job->words);
	g_string_free(job->said, true);
	g_free(job);
}

static void refuse(struct job *job, const char *error, const char *message)
{
	g_message("user %d: %s", (int)job->authority.uid, message);
	g_dbus_method_invocation_return_dbus_error(g_steal_pointer(&job->asked), error, message);
	end(job);
}

/* --- devid ---------------------------------------------------------------------------------- */

static void take_line(const char *line, void *data)
{
	struct job *job = data;

	if (job->said->len < SAID_MAX)
		g_string_append_printf(job->said, "%s\n", line);
}

static void has_ended(int status, void *data)
{
	struct job *job = data;
	g_autofree char *output =
		g_utf8_make_valid((const char *)job->output.data, (gssize)job->output.length);
	g_autofree char *said = g_utf8_make_valid(job->said->str, (gssize)job->said->len);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;

	g_message("user %d: %s ended with %d", (int)job->authority.uid,
		  (const char *)job->words.argv->pdata[1], code);
	job->process = NULL;
	g_dbus_method_invocation_return_value(g_steal_pointer(&job->asked),
					      g_variant_new("(iss)", code, output, said));
	end(job);
}

static gboolean too_long(gpointer data)
{
	struct job *job = data;

	job->timer = 0;
	process_stop(job->process);
	return G_SOURCE_REMOVE;
}

static void run(struct job *job)
{
	struct process_command command = {
		.argv = (const char *const *)job->words.argv->pdata,
		.input = &job->input,
		.output = &job->output,
		.line = take_line,
		.ended = has_ended,
		.data = job,
	};
	g_autoptr(GError) failure = NULL;

	/* From now on it goes to its end, whoever waits for it. */
	g_bus_unwatch_name(job->watch);
	job->watch = 0;
	job->process = process_start(&command, &failure);
	secret_clear(&job->input);
	if (job->process)
		job->timer = g_timeout_add_seconds(RUN_S, too_long, job);
	else
		refuse(job, ADMIN_FAILED, failure->message);
}

/* --- step by step --------------------------------------------------------------------------- */

static void input_came(void *data, const char *why)
{
	struct job *job = data;

	if (why || (job->words.reads && job->input.length == 0))
		refuse(job, ADMIN_BAD_INPUT, why ? why : "there is nothing in the pipe");
	else
		run(job);
}

static void may_go_on(void *data, GError *error)
{
	struct job *job = data;

	if (!error) {
		pipe_read(&job->pipe);
		return;
	}
	refuse(job, ADMIN_NOT_ALLOWED, error->message);
	g_error_free(error);
}

static void is_identified(void *data, GError *error)
{
	struct job *job = data;

	if (error) {
		may_go_on(data, error);
		return;
	}
	if (job->too_many(job)) {
		refuse(job, ADMIN_BUSY, "too much is under way for this user");
		return;
	}
	job->authority.then = may_go_on;
	authority_check(
		&job->authority, job->words.action,
		g_variant_new_parsed("{'command': %s}", (const char *)job->words.argv->pdata[1]));
}

static void caller_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
	job_stop(data);
}

void job_begin(struct job *job, const char *command, GVariant *options, int pipe)
{
	GDBusMethodInvocation *asked = job->asked;
	const char *why;

	job->cancel = g_cancellable_new();
	job->said = g_string_new(NULL);
	job->pipe = (struct pipe){ .fd = pipe,
				   .limit = ADMIN_INPUT_MAX,
				   .into = &job->input,
				   .then = input_came,
				   .data = job };
	job->authority = (struct authority){ .asked = asked,
					     .cancel = job->cancel,
					     .uid = (uid_t)-1,
					     .then = is_identified,
					     .data = job };
	if (!words_take(&job->words, command, options, &why)) {
		refuse(job, ADMIN_BAD_WORDS, why);
		return;
	}
	job->watch = g_bus_watch_name_on_connection(g_dbus_method_invocation_get_connection(asked),
						    g_dbus_method_invocation_get_sender(asked),
						    G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
						    caller_vanished, job, NULL);
	authority_identify(&job->authority);
}

void job_stop(struct job *job)
{
	if (!job->process)
		refuse(job, ADMIN_FAILED, "it is not wanted any more");
}
