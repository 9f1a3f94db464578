/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openconnect in two halves. Signing in is done as the user, whose key it is; the cookie that this
 * brings goes to what may make a tunnel: openconnect as root, run by us where that is who we are,
 * else by devid-tunnel.
 *
 * The ticket is what `openconnect --authenticate` prints: COOKIE='…', CONNECT_URL='…', and so on.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <internal/client.h>

#include "base/error.h"
#include "base/json-value.h"
#include "connection/connection.h"
#include "connection/openconnect.h"
#include "connection/process.h"
#include "identity/agent-look.h"
#include "cause.h"
#include "driver.h"
#include "root.h"
#include "session.h"
#include "ticket.h"
#include "tunnel.h"
#include "openconnect.h"

#define CLIENT VPN_OPENCONNECT
/* A keyring's open question has two minutes. */
#define SIGN_IN_BOUND_MS (150 * 1000)

/* --- signing in ----------------------------------------------------------------------------- */

static GPtrArray *sign_in_argv(const struct vpn_session *session, const char *user)
{
	const struct connection *connection = session->connection;
	GPtrArray *argv = openconnect_argv(session->connection);

	process_add(argv, "--authenticate", "--non-inter", NULL);
	openconnect_add_trust(argv, connection);
	if (session->uri)
		process_add(argv, "-c", session->uri, NULL);
	if (user) {
		g_ptr_array_add(argv, g_strdup_printf("--user=%s", user));
		process_add(argv, "--passwd-on-stdin", NULL);
	}
	vpn_session_end_argv(session, argv, g_strdup_printf("https://%s", connection->gateway));
	return argv;
}

static void take_line(const char *line, void *data)
{
	vpn_session_line(data, line);
}

/* The password as a line. */
static bool make_line(const struct secret *word, struct secret *line)
{
	return secret_append(line, word->data, word->length) == DEVID_OK &&
	       secret_append(line, "\n", 1) == DEVID_OK;
}

/* The gateway waits for our signature, which waits for a person. */
static bool keyring_asks(void *data)
{
	AUTO_AGENT_LOOK struct agent_look look = { .running = false };

	agent_look(SCOPE_USER, CLIENT_NO_START, &look);
	return json_value_number(look.status, "asking", 0) > 0;
}

static bool sign_in(struct vpn_session *session, const struct sign_in *sign_in, GError **error)
{
	g_autoptr(GPtrArray) argv = sign_in_argv(session, !sign_in ? NULL : sign_in->user);
	AUTO_SECRET struct secret password = SECRET_INIT;
	const struct process_command command = {
		.argv = (const char *const *)argv->pdata,
		.input = !sign_in ? NULL : &password,
		.output = &session->ticket,
		.line = take_line,
		.data = session,
		/* In a handshake it heeds no other, and there is nothing to undo. */
		.ending = SIGKILL,
		.answers = "Connected to HTTPS on",
		.excused = keyring_asks,
	};
	int status = 0;

	secret_clear(&session->ticket);
	g_clear_pointer(&session->lines, g_ptr_array_unref);
	if (sign_in && !make_line(&sign_in->password, &password))
		return devid_error_set(error, DEVID_NO_MEMORY, NULL, NULL, "sign-in: no memory");
	if (!process_run(&command, SIGN_IN_BOUND_MS, &status, error)) {
		g_prefix_error(error, "%s: ", session->connection->gateway);
		return false;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && session->ticket.length > 0)
		return true;
	vpn_cause(session, CLIENT, status, error);
	return false;
}

/* --- the tunnel ----------------------------------------------------------------------------- */

/* As root, whose own words these are. */
static GPtrArray *tunnel_argv(const struct vpn_session *session)
{
	const struct secret *ticket = &session->ticket;
	g_autofree char *url = vpn_ticket_value(ticket, "CONNECT_URL");
	g_autofree char *print = vpn_ticket_value(ticket, "FINGERPRINT");
	g_autofree char *resolve = vpn_ticket_value(ticket, "RESOLVE");
	GPtrArray *argv;

	if (!url || !print || !g_str_has_prefix(url, "https://"))
		return NULL;
	argv = openconnect_argv(session->connection);
	openconnect_add_tunnel(argv);
	g_ptr_array_add(argv, g_strdup_printf("--servercert=%s", print));
	if (resolve)
		g_ptr_array_add(argv, g_strdup_printf("--resolve=%s", resolve));
	vpn_session_end_argv(session, argv, g_steal_pointer(&url));
	return argv;
}

static void settled(const char *address, void *data)
{
	struct vpn_session *session = data;

	session->connected(session, address);
}

static void tunnel_line(struct vpn_tunnel *tunnel, const char *line)
{
	openconnect_settle(&tunnel->settling, line);
}

static void prepare(struct vpn_session *session)
{
	if (geteuid() != 0 && vpn_root_may(session, NULL))
		vpn_root_prepare(session);
}

static bool start(struct vpn_session *session, GError **error)
{
	AUTO_SECRET struct secret cookie = SECRET_INIT;
	g_autoptr(GPtrArray) argv = NULL;
	struct vpn_tunnel *tunnel;

	if (geteuid() != 0)
		return vpn_root_start(session, error);
	argv = tunnel_argv(session);
	if (!argv || !vpn_ticket_cookie(&session->ticket, &cookie)) {
		vpn_ticket_odd(session, error);
		return false;
	}
	if (!vpn_tunnel_start(session, CLIENT, tunnel_line, argv, &cookie, error))
		return false;
	tunnel = session->tunnel;
	tunnel->settling.pid = process_pid(tunnel->process);
	tunnel->settling.settled = settled;
	tunnel->settling.data = session;
	return true;
}

static void stop(struct vpn_session *session)
{
	if (geteuid() != 0)
		vpn_root_stop(session);
	else
		vpn_tunnel_stop(session);
}

static void describe(const struct vpn_session *session, GPtrArray *lines)
{
	const struct connection *connection = session->connection;
	g_autoptr(GPtrArray) first = sign_in_argv(session, connection->user), second = NULL;
	g_autofree char *gateway = connection_address(connection), *words = NULL;
	g_autoptr(GError) error = NULL;

	vpn_session_describe(lines, first);
	if (geteuid() != 0 && !vpn_root_may(session, &error)) {
		g_ptr_array_add(lines, g_strdup(error->message));
		return;
	}
	second = openconnect_machine_argv(connection, gateway, NULL);
	words = process_words((const char *const *)second->pdata);
	g_ptr_array_add(lines, geteuid() == 0 ? g_steal_pointer(&words)
					      : g_strdup_printf("devid-tunnel: %s", words));
}

const struct vpn_driver vpn_openconnect = {
	.name = CLIENT,
	.sign_in = sign_in,
	.prepare = prepare,
	.start = start,
	.stop = stop,
	.describe = describe,
};
