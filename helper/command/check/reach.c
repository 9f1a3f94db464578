/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to a server: its address as people write it, and a connection that is made in time. */
#include <string.h>

#include "base/error.h"
#include "base/gio-ready.h"
#include "attempt.h"
#include "probe.h"
#include "reach.h"

#define PORT_DEFAULT 443

int reach_remaining_ms(const struct attempt *attempt)
{
	gint64 left = (attempt->deadline - g_get_monotonic_time()) / 1000;

	return (int)CLAMP(left, 0, SERVER_BOUND_MS);
}

gboolean reach_parse_address(const char *address, struct server_report *report, GError **error)
{
	g_autoptr(GError) inner = NULL;
	g_autoptr(GNetworkAddress) parsed = NULL;

	const char *colon = strchr(address, ':');
	bool doubtful =
		strchr(address, '/') || (colon && strchr(colon + 1, ':') && *address != '[' &&
					 !g_hostname_is_ip_address(address));

	if (!doubtful)
		parsed = G_NETWORK_ADDRESS(g_network_address_parse(address, PORT_DEFAULT, &inner));
	if (!parsed || *g_network_address_get_hostname(parsed) == '\0' ||
	    g_network_address_get_port(parsed) == 0)
		return devid_error_set(error, DEVID_USAGE, NULL,
				       "as in vpn.example.com:443 or [2001:db8::1]:443",
				       "--server %s: not HOST:PORT", address);
	report->host = g_strdup(g_network_address_get_hostname(parsed));
	report->port = g_network_address_get_port(parsed);
	return TRUE;
}

struct connecting {
	GSocketConnection *connection;
	GError *error;
	gboolean done;
	gboolean late;
};

static void connected(GObject *source, GAsyncResult *result, gpointer data)
{
	struct connecting *connecting = data;

	connecting->connection = g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(source),
									result, &connecting->error);
	connecting->done = TRUE;
}

static gboolean too_late(gpointer data)
{
	struct connecting *connecting = data;

	connecting->late = TRUE;
	return G_SOURCE_CONTINUE;
}

/* Looking a name up has no bound of its own: the whole is asynchronous and given up at the
 * deadline. */
gboolean reach_attempt(struct attempt *attempt)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	g_autoptr(GSocketClient) client = NULL;
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GSource) timer = g_timeout_source_new((guint)reach_remaining_ms(attempt));
	struct connecting connecting = { NULL, NULL, FALSE, FALSE };

	gio_ready();
	client = g_socket_client_new();
	g_main_context_push_thread_default(context);
	g_socket_client_set_enable_proxy(client, FALSE);
	g_source_set_callback(timer, too_late, &connecting, NULL);
	g_source_attach(timer, context);
	g_socket_client_connect_to_host_async(client, attempt->report->host, attempt->report->port,
					      cancel, connected, &connecting);
	while (!connecting.done) {
		g_main_context_iteration(context, TRUE);
		if (connecting.late && !g_cancellable_is_cancelled(cancel))
			g_cancellable_cancel(cancel);
	}
	g_source_destroy(timer);
	g_main_context_pop_thread_default(context);
	attempt->connection = connecting.connection;
	if (connecting.connection)
		return TRUE;
	attempt->report->outcome = connecting.late ? SERVER_SILENT : SERVER_UNREACHABLE;
	attempt->report->detail = g_strdup(connecting.error->message);
	attempt->report->result = connecting.late ? DEVID_TIMEOUT : DEVID_IO;
	g_clear_error(&connecting.error);
	return FALSE;
}
