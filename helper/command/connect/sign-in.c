/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing in at a gateway, as the user: with what is saved, else with what a person types. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <glib-unix.h>
#include <internal/cleanup.h>
#include <devid/reason.h>

#include "base/error.h"
#include "command/check/probe.h"
#include "command/check/server-words.h"
#include "command/cli/password.h"
#include "command/cli/print.h"
#include "command/cli/report.h"
#include "command/cli/table.h"
#include "command/vpn/sign-in.h"
#include "connection/connection.h"
#include "identity/agent.h"
#include "identity/choice-store.h"
#include "identity/choice.h"
#include "connect.h"
#include "connection-state.h"
#include "sign-in.h"

#define USER_MAX 255

static const char *wanted_user(const struct connect *connect)
{
	return connect->user ? connect->user : connect->connection->user;
}

/* Whether something was saved. That the keyring can't be asked is a warning: a person can. */
static bool recall(const struct connect *connect, struct sign_in *sign_in)
{
	g_autofree char *gateway = connection_address(connect->connection);
	g_autoptr(GError) error = NULL;

	if (connect->fresh)
		return false;
	if (sign_in_recall(gateway, wanted_user(connect), sign_in, &error))
		return true;
	if (error)
		report_warning("the saved sign-in: %s", error->message);
	return false;
}

bool connect_set_interrupted(const struct connect *connect, GError **error)
{
	return devid_error_set(error, DEVID_FAILED, "interrupted", NULL, "%s: %s",
			       connect->connection->gateway,
			       devid_reason_find("interrupted")->cause);
}

static gboolean is_typed(gint fd, GIOCondition condition, gpointer data)
{
	*(bool *)data = true;
	return G_SOURCE_REMOVE;
}

/* Whether a line is there; else it was interrupted. */
static bool wait_for_line(const struct connect *connect, int tty)
{
	bool typed = false;
	guint source = g_unix_fd_add(tty, G_IO_IN | G_IO_HUP | G_IO_ERR, is_typed, &typed);

	while (!typed && !connect->interrupted)
		g_main_context_iteration(NULL, true);
	if (!typed)
		g_source_remove(source);
	return typed;
}

static bool ask_user(const struct connect *connect, char **user, GError **error)
{
	AUTO_CLOSE int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char line[USER_MAX + 2];
	ssize_t got = -1;

	if (wanted_user(connect)) {
		*user = g_strdup(wanted_user(connect));
		return true;
	}
	if (tty >= 0) {
		print_prompt(tty, "User name at %s [%s]: ", connect->connection->gateway,
			     g_get_user_name());
		if (!wait_for_line(connect, tty))
			return connect_set_interrupted(connect, error);
		got = read(tty, line, sizeof(line) - 1);
	}
	if (got <= 0)
		return devid_error_set(error, DEVID_PASSWORD, "sign-in-needed",
				       "name the user with --user, and a --password-file",
				       "%s: %s, and there is no terminal to ask on",
				       connect->connection->gateway,
				       devid_reason_find("sign-in-needed")->cause);
	line[got] = '\0';
	g_strstrip(line);
	*user = g_strdup(*line != '\0' ? line : g_get_user_name());
	return true;
}

static bool ask(const struct connect *connect, struct sign_in *sign_in, GError **error)
{
	g_autofree char *prompt = NULL;

	if (!ask_user(connect, &sign_in->user, error))
		return false;
	prompt = g_strdup_printf("Password of %s at %s", sign_in->user,
				 connect->connection->gateway);
	return password_read(connect->password_file, -1, prompt, &sign_in->password, error);
}

static void save(const struct connect *connect, const struct sign_in *sign_in)
{
	g_autofree char *gateway = connection_address(connect->connection);
	g_autoptr(GError) error = NULL;

	if (!connect->save && !connect->connection->save)
		return;
	if (!sign_in_save(gateway, sign_in, &error))
		report_warning("the sign-in is not saved: %s", error->message);
}

/* With TLS 1.3 a client hears no more than that the connection ended: our own handshake hears
 * on. */
static void look_closer(const struct connect *connect, GError **error)
{
	AUTO_SERVER_REPORT struct server_report report = { 0 };
	g_autofree char *address = connection_address(connect->connection), *words = NULL;
	const char *reason = devid_error_reason(*error);

	if (!connect->session.uri ||
	    (strcmp(reason, "gateway-closed") != 0 && strcmp(reason, "gateway-refused") != 0 &&
	     strcmp(reason, "key-failed") != 0))
		return;
	if (!check_server(address, connect->connection->ca_file, connect->identity, &report, NULL))
		return;
	words = server_report_words(&report);
	if (report.outcome == SERVER_REFUSED || report.outcome == SERVER_CLOSED)
		reason = "gateway-refused";
	else if (report.outcome == SERVER_KEY)
		reason = "key-failed";
	else
		return;
	g_clear_error(error);
	devid_error_set(
		error, report.result, reason, NULL, "%s: %s: %s", connect->connection->gateway,
		strcmp(reason, "gateway-refused") == 0 ? "the gateway refused the certificate"
						       : devid_reason_find(reason)->cause,
		words);
}

static bool is_needed(const GError *error)
{
	return strcmp(devid_error_reason(error), "sign-in-needed") == 0;
}

static bool attempt(struct connect *connect, const struct sign_in *sign_in, GError **error)
{
	return connect->driver->sign_in(&connect->session, sign_in, error);
}

/* Not more than a try without, one with what is saved, one with what is typed. */
static bool sign_in(struct connect *connect, struct sign_in *known, GError **error)
{
	bool early = connect->connection->save || wanted_user(connect);
	bool saved = early && recall(connect, known);
	GError *failure = NULL;

	if (saved || !connect->password_file) {
		if (attempt(connect, saved ? known : NULL, &failure))
			return true;
		if (!is_needed(failure) || saved) {
			g_propagate_error(error, failure);
			return false;
		}
		if (!early && recall(connect, known)) {
			g_clear_error(&failure);
			return attempt(connect, known, error);
		}
		if (!connect->may_ask) {
			g_propagate_error(error, failure);
			return false;
		}
		g_clear_error(&failure);
	}
	sign_in_clear(known);
	if (!ask(connect, known, error) || !attempt(connect, known, error))
		return false;
	save(connect, known);
	return true;
}

bool connect_sign_in(struct connect *connect, GError **error)
{
	AUTO_SIGN_IN struct sign_in known = SIGN_IN_INIT;
	GError *failure = NULL;

	if (!connect->driver->sign_in)
		return true;
	password_guard_process();
	connect->session.log = connect->log;
	if (sign_in(connect, &known, &failure) && !connect->interrupted)
		return true;
	if (!failure)
		return connect_set_interrupted(connect, error);
	look_closer(connect, &failure);
	g_propagate_error(error, failure);
	return false;
}

/* --- forgetting ----------------------------------------------------------------------------- */

/* Forgets what the agent holds; what was forgotten beside the sign-in, as the end of a sentence. */
static const char *forget_agent(enum scope scope)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(GError) error = NULL;

	if (agent_connect(&client, scope, CLIENT_NO_START, &error)) {
		wire_begin(&request, WIRE_FORGET);
		if (agent_ask(&client, &request, &reply, &error))
			return ", the remembered choice, and the keys in memory";
	} else if (devid_error_result(error) == DEVID_AGENT_GONE) {
		return " and the remembered choice; no agent runs, so no key is in memory";
	}
	report_warning("the keys in memory: %s", error->message);
	return " and the remembered choice, but not the keys in memory";
}

bool connect_forget(struct connect *connect, GError **error)
{
	const struct connection *connection = connect->connection;
	const struct choice_gateway gateway = { connection->host, connection->port };
	g_autoptr(ConnectionState) state = connection_state_read(connection->name);
	g_autofree char *key = connection_address(connect->connection);
	g_autoptr(GError) inner = NULL;
	g_autoptr(GPtrArray) unreachable = g_ptr_array_new();
	const char *rest, *kept;
	int saved;

	if (state && !connection_state_is_over(state) && !connection_state_end(state, error))
		return false;
	saved = sign_in_forget(key, false, &kept, &inner);
	if (saved < 0 && devid_error_result(inner) != DEVID_STORE_MISSING) {
		g_propagate_error(error, g_steal_pointer(&inner));
		return false;
	}
	if (!choice_forget(&gateway, error))
		return false;
	/* Only root may make the machine's forget. */
	rest = forget_agent(connect->driver->system && geteuid() == 0 ? SCOPE_SYSTEM : SCOPE_USER);
	if (connect->json)
		return true;
	print_line(stdout, "%s: forgot %s%s", connection->gateway,
		   saved > 0 ? "the saved sign-in" : "no saved sign-in", rest);
	if (kept)
		g_ptr_array_add(unreachable, (char *)kept);
	table_unreachable(unreachable);
	return true;
}
