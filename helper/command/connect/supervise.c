/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor of one connection: makes the tunnel, tells what becomes of it, and makes it again
 * when it drops, each time after the whole check.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <glib-unix.h>

#include "account/event/notify.h"
#include "base/error.h"
#include "base/pid.h"
#include "base/json-build.h"
#include "base/moment.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "connection/process.h"
#include "check.h"
#include "connect.h"
#include "connection-state.h"
#include "retry.h"
#include "sign-in.h"
#include "supervise.h"
#include "wall-clock.h"

struct supervisor {
	struct connect *connect;
	struct connection_state *state;
	GMainLoop *loop;
	int ready;
	guint tries, pause;
	guint expiry;	 /* the source of the certificate's end, or 0 */
	GError *refusal; /* why the tunnel is being ended, where nobody asked for that */
	bool was_connected, stopping;
	enum exit_status status;
};

static void say(const struct supervisor *supervisor, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void say(const struct supervisor *supervisor, const char *format, ...)
{
	g_autofree char *moment = moment_utc(time(NULL)), *text = NULL;
	va_list arguments;

	if (!supervisor->connect->log)
		return;
	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	print_line(supervisor->connect->log, "%s %s: %s", moment, supervisor->state->name, text);
	fflush(supervisor->connect->log);
}

static void set_state(struct supervisor *supervisor, const char *word)
{
	g_autoptr(GError) error = NULL;

	g_free(supervisor->state->state);
	supervisor->state->state = g_strdup(word);
	supervisor->state->since = time(NULL);
	if (!connection_state_write(supervisor->state, &error))
		say(supervisor, "%s", error->message);
}

/* One line for whoever started us. */
static void tell_starter(struct supervisor *supervisor, const GError *error)
{
	g_autoptr(JsonBuilder) builder = json_begin();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL, *line = NULL;

	if (supervisor->ready < 0)
		return;
	json_text(builder, "address", supervisor->state->address);
	if (error) {
		json_number(builder, "result", devid_error_result(error));
		json_text(builder, "reason", devid_error_reason(error));
		json_text(builder, "message", error->message);
		json_text(builder, "hint", devid_error_hint(error));
		json_text(builder, "brackets", devid_error_brackets(error));
	}
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, false);
	line = g_strconcat(text, "\n", NULL);
	if (write(supervisor->ready, line, strlen(line)) < 0)
		say(supervisor, "nobody waits for it any more");
	/* After a failure its end says that we, and our lock, have gone. */
	if (!error)
		close(supervisor->ready);
	supervisor->ready = -1;
}

/* The end. `error` may be NULL; takes it. */
static void finish(struct supervisor *supervisor, GError *error)
{
	struct connection_state *state = supervisor->state;

	if (!error || !supervisor->was_connected)
		connection_state_remove(state->name);
	g_clear_pointer(&state->address, g_free);
	if (error) {
		supervisor->status = report_exit_status(devid_error_result(error));
		say(supervisor, "ended: %s", error->message);
		tell_starter(supervisor, error);
	} else {
		say(supervisor, "ended");
	}
	if (error && supervisor->was_connected) {
		g_autofree char *text = notify_text(NULL, error);
		const struct notice notice = { "Disconnected", text, NOTIFY_CRITICAL };

		state->reason = g_strdup(devid_error_reason(error));
		state->message = g_strdup(error->message);
		state->hint = g_strdup(devid_error_hint(error));
		set_state(supervisor, "ended");
		(void)notify_show(&notice);
	}
	if (error && supervisor->connect->log == stderr)
		report_error(&error, false);
	g_clear_error(&error);
	g_main_loop_quit(supervisor->loop);
}

/* --- the certificate's end ------------------------------------------------------------------ */

static void watch_expiry(struct supervisor *supervisor);

/* Checked as before a connection; only an account that enforces its checks has the tunnel ended. */
static void has_expired(void *data)
{
	struct supervisor *supervisor = data;
	struct connect *connect = supervisor->connect;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	supervisor->expiry = 0;
	/* Where it is being made again, that has its check. */
	if (supervisor->stopping || !connect->session.tunnel)
		return;
	if (connect_check(connect, &error)) {
		/* A new one has been imported, or the rules ask for none. */
		watch_expiry(supervisor);
		return;
	}
	say(supervisor, "%s", error->message);
	if (connect_is_enforced(connect)) {
		supervisor->refusal = g_steal_pointer(&error);
		connect->driver->stop(&connect->session);
		return;
	}
	text = notify_text(NULL, error);
	(void)notify_show(&(struct notice){ "The connection's certificate is no longer accepted",
					    text, NOTIFY_CRITICAL });
}

static void watch_expiry(struct supervisor *supervisor)
{
	const struct connect *connect = supervisor->connect;
	time_t ends;

	if (supervisor->expiry != 0)
		g_source_remove(supervisor->expiry);
	supervisor->expiry = 0;
	if (!connect->session.uri)
		return;
	/* Its last second has gone by, and time() may lag a little behind the clock of timers. */
	ends = gnutls_x509_crt_get_expiration_time(connect->identity->chain[0]);
	/* Whatever the time is now: the check may have been the last one that it passes. */
	if (ends >= connect->found)
		supervisor->expiry = wall_clock_add(ends + 2, has_expired, supervisor);
}

/* --- the tunnel ----------------------------------------------------------------------------- */

static void connected(struct vpn_session *session, const char *address)
{
	struct supervisor *supervisor = session->data;

	supervisor->was_connected = true;
	supervisor->tries = 0;
	g_free(supervisor->state->address);
	supervisor->state->address = g_strdup(address);
	set_state(supervisor, "connected");
	say(supervisor, "connected%s%s", address ? ", address " : "", address ? address : "");
	connect_event(supervisor->connect, NULL);
	connect_remember(supervisor->connect);
	watch_expiry(supervisor);
	tell_starter(supervisor, NULL);
}

static gboolean try_again(gpointer data);

/* After a tunnel that stood, where that may help. Takes the error. */
static void plan_again(struct supervisor *supervisor, GError *error)
{
	guint pause = supervisor->was_connected ? retry_after(supervisor->tries, error) : 0;

	if (pause == 0) {
		connect_event(supervisor->connect, error);
		finish(supervisor, error);
		return;
	}
	supervisor->tries++;
	say(supervisor, "%s; it is checked and made again in %u s", error->message, pause);
	g_clear_pointer(&supervisor->state->address, g_free);
	set_state(supervisor, "reconnecting");
	g_error_free(error);
	supervisor->pause = g_timeout_add_seconds(pause, try_again, supervisor);
}

static void has_ended(struct vpn_session *session, GError *error)
{
	struct supervisor *supervisor = session->data;

	if (supervisor->refusal && !supervisor->stopping) {
		g_clear_error(&error);
		finish(supervisor, g_steal_pointer(&supervisor->refusal));
	} else if (!error || supervisor->stopping) {
		g_clear_error(&error);
		finish(supervisor, NULL);
	} else {
		plan_again(supervisor, error);
	}
}

static gboolean begin(gpointer data)
{
	struct supervisor *supervisor = data;
	GError *error = NULL;

	if (!supervisor->connect->driver->start(&supervisor->connect->session, &error))
		has_ended(&supervisor->connect->session, error);
	else if (supervisor->stopping && supervisor->connect->session.tunnel)
		/* We were asked to end while it was found out how it may be run. */
		supervisor->connect->driver->stop(&supervisor->connect->session);
	return G_SOURCE_REMOVE;
}

/* A supervisor has nobody to ask: it says what to type. Takes the error. */
static GError *name_the_way_in(const struct connect *connect, GError *error)
{
	const struct connection *connection = connect->connection;
	const char *user = connect->user;
	const char *const words[] = { "devid",
				      "connect",
				      connection->path ? connection->name : connection->gateway,
				      user ? "--user" : NULL,
				      user,
				      NULL };
	g_autofree char *command = process_words(words), *hint = NULL;
	GError *better = NULL;

	if (strcmp(devid_error_reason(error), "sign-in-needed") != 0)
		return error;
	hint = g_strdup_printf("sign in from a terminal: %s (with --save it is not asked again)",
			       command);
	devid_error_set(&better, DEVID_PASSWORD, "sign-in-needed", hint,
			"%s: the connection dropped, and the gateway asks for the password again",
			connection->gateway);
	g_error_free(error);
	return better;
}

static gboolean try_again(gpointer data)
{
	struct supervisor *supervisor = data;
	struct connect *connect = supervisor->connect;
	GError *error = NULL;
	bool checked;

	supervisor->pause = 0;
	checked = connect_check(connect, &error);
	if (checked && connect->office) {
		say(supervisor, "this is the office %s now: no tunnel is needed", connect->office);
		finish(supervisor, NULL);
	} else if (!checked) {
		finish(supervisor, error);
	} else if (!connect_sign_in(connect, &error)) {
		if (supervisor->stopping) {
			g_error_free(error);
			finish(supervisor, NULL);
		} else {
			plan_again(supervisor, name_the_way_in(connect, error));
		}
	} else if (supervisor->stopping) {
		finish(supervisor, NULL);
	} else {
		begin(supervisor);
	}
	return G_SOURCE_REMOVE;
}

static gboolean asked_to_end(gpointer data)
{
	struct supervisor *supervisor = data;

	if (supervisor->stopping)
		return G_SOURCE_CONTINUE;
	supervisor->stopping = true;
	if (supervisor->connect->session.tunnel) {
		supervisor->connect->driver->stop(&supervisor->connect->session);
	} else if (supervisor->pause != 0) {
		g_source_remove(supervisor->pause);
		supervisor->pause = 0;
		finish(supervisor, NULL);
	} else {
		process_interrupt();
	}
	return G_SOURCE_CONTINUE;
}

static struct connection_state *new_state(const struct connect *connect)
{
	struct connection_state *state = g_new0(struct connection_state, 1);

	state->name = g_strdup(connect->connection->name);
	state->client = g_strdup(connect->connection->client);
	state->gateway = g_strdup(connect->connection->gateway);
	state->identity = !connect->session.uri ? NULL : g_strdup(connect->identity->record->label);
	state->pid = getpid();
	state->started = pid_started(state->pid);
	return state;
}

enum exit_status supervise(struct connect *connect, int ready)
{
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP };
	guint sources[G_N_ELEMENTS(ending)];
	/* Whichever was chosen first: not another one, because that one has ended. */
	g_autofree char *uri = g_strdup(connect->session.uri);
	struct supervisor supervisor = {
		.connect = connect,
		.state = new_state(connect),
		.loop = g_main_loop_new(NULL, false),
		.ready = ready,
		.status = EXIT_DONE,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(ending); i++)
		sources[i] = g_unix_signal_add(ending[i], asked_to_end, &supervisor);
	if (uri)
		connect->label = uri;
	connect->may_ask = false;
	connect->password_file = NULL;
	connect->fresh = false;
	connect->session.log = connect->log;
	connect->session.connected = connected;
	connect->session.ended = has_ended;
	connect->session.data = &supervisor;
	set_state(&supervisor, "connecting");
	/* From the loop, which ends with it. */
	g_idle_add(begin, &supervisor);
	g_main_loop_run(supervisor.loop);
	for (size_t i = 0; i < G_N_ELEMENTS(ending); i++)
		g_source_remove(sources[i]);
	if (supervisor.expiry != 0)
		g_source_remove(supervisor.expiry);
	g_clear_error(&supervisor.refusal);
	g_main_loop_unref(supervisor.loop);
	connection_state_free(supervisor.state);
	return supervisor.status;
}
