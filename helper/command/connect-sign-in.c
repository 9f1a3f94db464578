/* Signing in at a gateway, as the user: with what is saved, else with what a person types. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <internal/cleanup.h>

#include "check-server.h"
#include "connect.h"
#include "password.h"
#include "selection.h"
#include "sign-in.h"

#define USER_MAX 255

static const char *wanted_user(const struct connect *connect)
{
	return connect->user != NULL ? connect->user : connect->connection->user;
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
	if (error != NULL)
		report_warning("the saved sign-in: %s", error->message);
	return false;
}

static gboolean ask_user(const struct connect *connect, char **user, GError **error)
{
	AUTO_CLOSE int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char line[USER_MAX + 2];
	ssize_t got = -1;

	if (wanted_user(connect) != NULL) {
		*user = g_strdup(wanted_user(connect));
		return TRUE;
	}
	if (tty >= 0) {
		dprintf(tty, "User name at %s [%s]: ", connect->connection->gateway,
			g_get_user_name());
		got = read(tty, line, sizeof(line) - 1);
	}
	if (got <= 0) {
		devid_error_set(error, DEVID_PASSWORD, "sign-in-needed",
				"name the user with --user, and a --password-file",
				"%s: %s, and there is no terminal to ask on",
				connect->connection->gateway,
				devid_reason_find("sign-in-needed")->cause);
		return FALSE;
	}
	line[got] = '\0';
	g_strstrip(line);
	*user = g_strdup(*line != '\0' ? line : g_get_user_name());
	return TRUE;
}

static gboolean ask(const struct connect *connect, struct sign_in *sign_in, GError **error)
{
	g_autofree char *prompt = NULL;

	if (!ask_user(connect, &sign_in->user, error))
		return FALSE;
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

/* With TLS 1.3 a client hears no more than that the connection ended: our own handshake hears on. */
static void look_closer(const struct connect *connect, GError **error)
{
	AUTO_SERVER_REPORT struct server_report report = { 0 };
	g_autofree char *address = connection_address(connect->connection), *words = NULL;
	const char *reason = devid_error_reason(*error);

	if (connect->session.uri == NULL ||
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

static gboolean attempt(struct connect *connect, const struct sign_in *sign_in, GError **error)
{
	return connect->driver->sign_in(&connect->session, sign_in, error);
}

/* Not more than a try without, one with what is saved, one with what is typed. */
static gboolean sign_in(struct connect *connect, struct sign_in *known, GError **error)
{
	bool early = connect->connection->save || wanted_user(connect) != NULL;
	bool saved = early && recall(connect, known);
	GError *failure = NULL;

	if (saved || connect->password_file == NULL) {
		if (attempt(connect, saved ? known : NULL, &failure))
			return TRUE;
		if (!is_needed(failure) || saved) {
			g_propagate_error(error, failure);
			return FALSE;
		}
		if (!early && recall(connect, known)) {
			g_clear_error(&failure);
			return attempt(connect, known, error);
		}
		if (!connect->may_ask) {
			g_propagate_error(error, failure);
			return FALSE;
		}
		g_clear_error(&failure);
	}
	sign_in_clear(known);
	if (!ask(connect, known, error) || !attempt(connect, known, error))
		return FALSE;
	save(connect, known);
	return TRUE;
}

gboolean connect_sign_in(struct connect *connect, GError **error)
{
	AUTO_SIGN_IN struct sign_in known = SIGN_IN_INIT;
	GError *failure = NULL;

	if (connect->driver->sign_in == NULL)
		return TRUE;
	process_keeps_secrets();
	connect->session.log = connect->log;
	if (sign_in(connect, &known, &failure))
		return TRUE;
	look_closer(connect, &failure);
	g_propagate_error(error, failure);
	return FALSE;
}

/* --- forgetting ----------------------------------------------------------------------------- */

/* Forgets what the agent holds; what was forgotten beside the sign-in, as the end of a sentence. */
static const char *forget_agent(enum half half)
{
	AUTO_CLIENT struct client client = CLIENT_INIT;
	AUTO_FRAME struct wire_frame request = WIRE_FRAME_INIT, reply = WIRE_FRAME_INIT;
	g_autoptr(GError) error = NULL;

	if (agent_connect(&client, half, CLIENT_NO_START, &error)) {
		wire_begin(&request, WIRE_FORGET);
		if (agent_call(&client, &request, &reply, &error))
			return ", the remembered choice, and the keys in memory";
	} else if (devid_error_result(error) == DEVID_AGENT_GONE) {
		return " and the remembered choice; no agent runs, so no key is in memory";
	}
	report_warning("the keys in memory: %s", error->message);
	return " and the remembered choice, but not the keys in memory";
}

gboolean connect_forget(struct connect *connect, GError **error)
{
	const struct connection *connection = connect->connection;
	const struct selection_gateway gateway = { connection->host, connection->port };
	g_autoptr(ConnectionState) state = connection_state_read(connection->name);
	g_autofree char *key = connection_address(connect->connection);
	g_autoptr(GError) inner = NULL;
	const char *rest;
	int saved;

	if (state != NULL && !connection_state_is_over(state) && !disconnect(state, error))
		return FALSE;
	saved = sign_in_forget(key, FALSE, &inner);
	if (saved < 0 && devid_error_result(inner) != DEVID_STORE_MISSING) {
		g_propagate_error(error, g_steal_pointer(&inner));
		return FALSE;
	}
	if (!selection_forget(&gateway, error))
		return FALSE;
	/* Only root may make the machine's forget. */
	rest = forget_agent(connect->driver->system && geteuid() == 0 ? HALF_SYSTEM : HALF_USER);
	if (!connect->json)
		printf("%s: forgot %s%s\n", connection->gateway,
		       saved > 0 ? "the saved sign-in" : "no saved sign-in", rest);
	return TRUE;
}
