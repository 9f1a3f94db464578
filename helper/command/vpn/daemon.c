/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that are daemons: one command begins the connection, one looks whether it is there, one
 * ends it. */
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "connection/process.h"
#include "cause.h"
#include "daemon.h"
#include "session.h"

#define LOOK_S	  2
#define SETTLE_MS 250
/* OpenVPN's own handshake has a minute. */
#define SETTLE_MAX (70 * 1000 / SETTLE_MS)

struct tunnel {
	struct vpn_session *session;
	struct vpn_daemon daemon;
	struct process *process; /* the command that runs just now, or NULL */
	char *address;
	guint pause, looks;
	bool seen, settled, connected, stopping;
	GError *failure; /* what it ends with, when `end` has run */
};

static void free_tunnel(struct tunnel *tunnel)
{
	if (tunnel->pause != 0)
		g_source_remove(tunnel->pause);
	g_ptr_array_unref(tunnel->daemon.begin);
	g_ptr_array_unref(tunnel->daemon.look);
	g_ptr_array_unref(tunnel->daemon.end);
	g_free(tunnel->address);
	g_clear_error(&tunnel->failure);
	g_free(tunnel);
}

static void finish(struct tunnel *tunnel, GError *error)
{
	struct vpn_session *session = tunnel->session;

	session->tunnel = NULL;
	free_tunnel(tunnel);
	session->ended(session, error);
}

static bool succeeded(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static struct process *run(struct tunnel *tunnel, const GPtrArray *argv,
			   void (*line)(const char *, void *), void (*ended)(int, void *),
			   GError **error)
{
	const struct process_command command = {
		.argv = (const char *const *)argv->pdata,
		.line = line,
		.ended = ended,
		.data = tunnel,
	};

	return process_start(&command, error);
}

/* --- the end -------------------------------------------------------------------------------- */

static void has_ended(int status, void *data)
{
	struct tunnel *tunnel = data;

	finish(tunnel, tunnel->stopping ? NULL : g_steal_pointer(&tunnel->failure));
}

static void keep_line(const char *line, void *data)
{
	vpn_session_line(((struct tunnel *)data)->session, line);
}

static void end(struct tunnel *tunnel)
{
	tunnel->process = run(tunnel, tunnel->daemon.end, keep_line, has_ended, NULL);
	if (!tunnel->process)
		finish(tunnel, tunnel->stopping ? NULL : g_steal_pointer(&tunnel->failure));
}

/* --- looking -------------------------------------------------------------------------------- */

static gboolean look(gpointer data);

static void look_again(struct tunnel *tunnel)
{
	tunnel->pause = tunnel->connected ? g_timeout_add_seconds(LOOK_S, look, tunnel)
					  : g_timeout_add(SETTLE_MS, look, tunnel);
}

static void stands(struct tunnel *tunnel)
{
	tunnel->connected = true;
	look_again(tunnel);
	tunnel->session->connected(tunnel->session, tunnel->address);
}

/* It runs, and doesn't stand yet. */
static void wait_more(struct tunnel *tunnel)
{
	if (tunnel->looks++ < SETTLE_MAX) {
		look_again(tunnel);
		return;
	}
	devid_error_set(&tunnel->failure, DEVID_TIMEOUT, NULL, NULL,
			"%s: %s runs, but makes no connection; its own log says why",
			tunnel->session->connection->gateway, tunnel->daemon.client);
	end(tunnel);
}

static void look_line(const char *line, void *data)
{
	struct tunnel *tunnel = data;

	if (tunnel->daemon.present && strstr(line, tunnel->daemon.present))
		tunnel->seen = true;
	if (tunnel->daemon.settled && strstr(line, tunnel->daemon.settled))
		tunnel->settled = true;
}

static void gone(struct tunnel *tunnel)
{
	GError *error = NULL;

	if (tunnel->connected)
		devid_error_set(&error, DEVID_FAILED, "session-ended", NULL,
				"%s: the connection is gone", tunnel->session->connection->gateway);
	else
		devid_error_set(&error, DEVID_FAILED, "client-failed", NULL,
				"%s: %s ended before it was connected; its own log says why",
				tunnel->session->connection->gateway, tunnel->daemon.client);
	finish(tunnel, error);
}

static void looked(int status, void *data)
{
	struct tunnel *tunnel = data;

	tunnel->process = NULL;
	if (tunnel->stopping)
		end(tunnel);
	else if (tunnel->daemon.present ? !tunnel->seen : !succeeded(status))
		gone(tunnel);
	else if (tunnel->connected)
		look_again(tunnel);
	else if (tunnel->settled)
		stands(tunnel);
	else
		wait_more(tunnel);
}

static gboolean look(gpointer data)
{
	struct tunnel *tunnel = data;
	GError *error = NULL;

	tunnel->pause = 0;
	tunnel->seen = false;
	tunnel->process = run(tunnel, tunnel->daemon.look, look_line, looked, &error);
	if (!tunnel->process)
		finish(tunnel, error);
	return G_SOURCE_REMOVE;
}

/* --- the beginning -------------------------------------------------------------------------- */

static void begin_line(const char *line, void *data)
{
	struct tunnel *tunnel = data;
	const char *at = !tunnel->daemon.address ? NULL : strstr(line, tunnel->daemon.address);

	vpn_session_line(tunnel->session, line);
	if (!at || tunnel->address)
		return;
	at += strlen(tunnel->daemon.address);
	tunnel->address = g_strndup(at, strspn(at, "0123456789abcdef.:"));
}

static void has_begun(int status, void *data)
{
	struct tunnel *tunnel = data;
	GError *error = NULL;

	tunnel->process = NULL;
	if (tunnel->stopping) {
		end(tunnel);
	} else if (succeeded(status) && tunnel->daemon.settled) {
		look(tunnel);
	} else if (succeeded(status)) {
		stands(tunnel);
	} else {
		vpn_cause(tunnel->session, tunnel->daemon.client, status, &error);
		finish(tunnel, error);
	}
}

bool vpn_daemon_start(struct vpn_session *session, const struct vpn_daemon *daemon, GError **error)
{
	struct tunnel *tunnel = g_new0(struct tunnel, 1);

	g_clear_pointer(&session->lines, g_ptr_array_unref);
	tunnel->session = session;
	tunnel->daemon = *daemon;
	tunnel->process = run(tunnel, daemon->begin, begin_line, has_begun, error);
	if (tunnel->process)
		session->tunnel = tunnel;
	else
		free_tunnel(tunnel);
	return session->tunnel != NULL;
}

void vpn_daemon_stop(struct vpn_session *session)
{
	struct tunnel *tunnel = session->tunnel;

	tunnel->stopping = true;
	if (tunnel->pause != 0) {
		g_source_remove(tunnel->pause);
		tunnel->pause = 0;
		end(tunnel);
	} else if (tunnel->process) {
		process_stop(tunnel->process);
	}
}
