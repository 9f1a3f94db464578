/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that are one process, which carries the tunnel as long as it runs: its start, its lines,
 * and its end. */
#include "connection/openconnect.h"
#include "connection/process.h"
#include "cause.h"
#include "session.h"
#include "tunnel.h"

static void take_line(const char *line, void *data)
{
	struct vpn_tunnel *tunnel = data;

	vpn_session_line(tunnel->session, line);
	if (tunnel->line)
		tunnel->line(tunnel, line);
}

static void free_tunnel(struct vpn_tunnel *tunnel)
{
	if (tunnel->timer != 0)
		g_source_remove(tunnel->timer);
	openconnect_settle_end(&tunnel->settling);
	g_free(tunnel->address);
	g_free(tunnel);
}

static void has_ended(int status, void *data)
{
	struct vpn_tunnel *tunnel = data;
	struct vpn_session *session = tunnel->session;
	const char *client = tunnel->client;
	bool stopping = tunnel->stopping;
	GError *error = NULL;

	session->tunnel = NULL;
	free_tunnel(tunnel);
	if (!stopping)
		vpn_cause(session, client, status, &error);
	session->ended(session, error);
}

bool vpn_tunnel_start(struct vpn_session *session, const char *client,
		      void (*line)(struct vpn_tunnel *tunnel, const char *line),
		      const GPtrArray *argv, const struct secret *input, GError **error)
{
	struct vpn_tunnel *tunnel = g_new0(struct vpn_tunnel, 1);
	struct process_command command = {
		.input = input, .line = take_line, .ended = has_ended, .data = tunnel
	};

	tunnel->session = session;
	tunnel->client = client;
	tunnel->line = line;
	g_clear_pointer(&session->lines, g_ptr_array_unref);
	command.argv = (const char *const *)argv->pdata;
	tunnel->process = process_start(&command, error);
	if (!tunnel->process) {
		free_tunnel(tunnel);
		return false;
	}
	session->tunnel = tunnel;
	return true;
}

void vpn_tunnel_stop(struct vpn_session *session)
{
	struct vpn_tunnel *tunnel = session->tunnel;

	tunnel->stopping = true;
	process_stop(tunnel->process);
}
