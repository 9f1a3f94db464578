/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any program as a VPN client: Command=, in which {uri}, {gateway}, {host}, {port} and {user} as
 * whole words stand for what they say. It is connected as long as the program runs, and it is ended
 * by SIGTERM.
 */
#include <string.h>

#include "connection/process.h"
#include "driver.h"
#include "tunnel.h"

#define CLIENT "exec"
/* One that fails does so within this. */
#define SETTLE_MS 1000

static char *fill(const struct vpn_session *session, const char *word)
{
	const struct connection *connection = session->connection;
	g_autofree char *port = g_strdup_printf("%u", connection->port);
	const struct {
		const char *name, *value;
	} names[] = {
		{ "{uri}", session->uri },	{ "{gateway}", connection->gateway },
		{ "{host}", connection->host }, { "{port}", port },
		{ "{user}", connection->user },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i].name, word) == 0)
			return g_strdup(names[i].value ? names[i].value : "");
	return g_strdup(word);
}

static GPtrArray *make_argv(const struct vpn_session *session)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	for (char **word = session->connection->command; *word != NULL; word++)
		g_ptr_array_add(argv, fill(session, *word));
	process_add_all(argv, session->arguments);
	g_ptr_array_add(argv, NULL);
	return argv;
}

static gboolean has_settled(gpointer data)
{
	struct vpn_tunnel *tunnel = data;

	tunnel->timer = 0;
	tunnel->session->connected(tunnel->session, NULL);
	return G_SOURCE_REMOVE;
}

static bool start(struct vpn_session *session, GError **error)
{
	g_autoptr(GPtrArray) argv = make_argv(session);
	struct vpn_tunnel *tunnel;

	if (!vpn_tunnel_start(session, CLIENT, NULL, argv, NULL, error))
		return false;
	tunnel = session->tunnel;
	tunnel->timer = g_timeout_add(SETTLE_MS, has_settled, tunnel);
	return true;
}

static void describe(const struct vpn_session *session, GPtrArray *lines)
{
	g_autoptr(GPtrArray) argv = make_argv(session);

	vpn_session_describe(lines, argv);
}

const struct vpn_driver vpn_exec = {
	.name = CLIENT,
	.start = start,
	.stop = vpn_tunnel_stop,
	.describe = describe,
};
