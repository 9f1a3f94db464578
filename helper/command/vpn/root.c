/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tunnel made as root, for whoever isn't: devid-tunnel is asked for the machine's connection of
 * that name and given the cookie in a pipe, and nothing else of the user's. The tunnel is bound to
 * our link to the bus: with us it goes away.
 */
#include <string.h>
#include <unistd.h>
#include <gio/gunixfdlist.h>
#include <internal/tunnel.h>
#include <devid/reason.h>

#include "base/error.h"
#include "base/files.h"
#include "connection/connection.h"
#include "connection/openconnect.h"
#include "bus-service.h"
#include "cause.h"
#include "driver.h"
#include "root.h"
#include "session.h"
#include "ticket.h"

/* openconnect has ten seconds to end by itself. */
#define STOP_MS	   (12 * 1000)
#define PREPARE_MS 2000

struct tunnel {
	struct bus_service link;
	struct vpn_session *session;
	char *gateway, *address; /* of the ticket: "host:port", and which of its addresses, or "" */
	struct secret cookie;
	guint timer;
	bool begun, stopping; /* `begun`: it has a client */
};

/* --- what it is for ------------------------------------------------------------------------- */

static void need_root(const struct vpn_session *session, const char *hint, const char *why,
		      GError **error)
{
	devid_error_set(error, DEVID_DENIED, "root-needed", hint, "%s: %s (%s)",
			session->connection->gateway, devid_reason_find("root-needed")->cause, why);
}

bool vpn_root_is_here(const struct vpn_session *session, const char *hint, GError **error)
{
	if (geteuid() == 0)
		return true;
	need_root(session, hint, "a configuration of its own is never run as root for a user",
		  error);
	return false;
}

bool vpn_root_may(const struct vpn_session *session, GError **error)
{
	if (session->connection->machine)
		return true;
	need_root(session, NULL, "only the machine's connections reach root", error);
	return false;
}

/* --- the end -------------------------------------------------------------------------------- */

static void free_tunnel(void *data)
{
	struct tunnel *tunnel = data;

	bus_service_close(&tunnel->link);
	secret_clear(&tunnel->cookie);
	g_free(tunnel->gateway);
	g_free(tunnel->address);
	g_free(tunnel);
}

/* Takes the error; NULL: it was asked for. */
static void end(struct tunnel *tunnel, GError *error)
{
	struct vpn_session *session = tunnel->session;

	if (tunnel->stopping)
		g_clear_error(&error);
	if (tunnel->timer != 0)
		g_source_remove(tunnel->timer);
	free_tunnel(tunnel);
	session->tunnel = NULL;
	session->ended(session, error);
}

/* What the bus or devid-tunnel answered, as an error of ours. Takes `failure`. */
static GError *translate(const struct tunnel *tunnel, GError *failure)
{
	static const struct {
		const char *name, *reason;
	} rows[] = {
		{ TUNNEL_BROKEN, "connection-broken" }, { TUNNEL_OTHER_GATEWAY, "gateway-moved" },
		{ TUNNEL_BAD_COOKIE, "client-failed" }, { TUNNEL_BUSY, "connection-busy" },
		{ TUNNEL_NO_CLIENT, "client-missing" }, { TUNNEL_FAILED, "client-failed" },
	};
	g_autofree char *name = g_dbus_error_get_remote_error(failure);
	/* Whoever had one may have one: what made it has gone. */
	const char *reason = tunnel->begun ? "client-failed" : "root-needed";
	const struct devid_reason *row;
	GError *error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_strcmp0(rows[i].name, name) == 0)
			reason = rows[i].reason;
	g_dbus_error_strip_remote_error(failure);
	row = devid_reason_find(reason);
	devid_error_set(&error, row->result, reason, NULL, "%s: %s (devid-tunnel: %s)",
			tunnel->session->connection->gateway, row->cause, failure->message);
	g_error_free(failure);
	return error;
}

static void failed(struct bus_service *link, GError *error)
{
	struct tunnel *tunnel = link->data;

	/* A link that was only kept: the start opens another, and tells why it can't. */
	if (tunnel->session->tunnel != tunnel)
		g_error_free(error);
	else
		end(tunnel, translate(tunnel, error));
}

/* --- what it tells -------------------------------------------------------------------------- */

static void has_ended(struct tunnel *tunnel, int status)
{
	GError *error = NULL;

	if (!tunnel->stopping)
		vpn_cause(tunnel->session, VPN_OPENCONNECT, status, &error);
	end(tunnel, error);
}

static void told(struct bus_service *link, const char *path, const char *name, GVariant *values)
{
	struct tunnel *tunnel = link->data;
	const char *text = NULL;
	gint32 status = 0;

	if (strcmp(name, "Ended") == 0 && g_variant_is_of_type(values, G_VARIANT_TYPE("(i)"))) {
		g_variant_get(values, "(i)", &status);
		has_ended(tunnel, status);
		return;
	}
	if (!g_variant_is_of_type(values, G_VARIANT_TYPE("(s)")))
		return;
	g_variant_get(values, "(&s)", &text);
	if (strcmp(name, "Line") == 0)
		vpn_session_line(tunnel->session, text);
	else if (strcmp(name, "Connected") == 0 && !tunnel->stopping)
		tunnel->session->connected(tunnel->session, text);
}

/* --- the beginning -------------------------------------------------------------------------- */

static void begun(struct bus_service *link, GVariant *reply)
{
	((struct tunnel *)link->data)->begun = true;
}

static void ask(struct tunnel *tunnel)
{
	g_autoptr(GUnixFDList) fds = NULL;
	int pipe = files_filled_pipe(tunnel->cookie.data, tunnel->cookie.length);

	secret_clear(&tunnel->cookie);
	if (pipe < 0) {
		end(tunnel, translate(tunnel, g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED,
							  "the cookie fits in no pipe")));
		return;
	}
	fds = g_unix_fd_list_new_from_array(&pipe, 1);
	bus_service_call(&tunnel->link, TUNNEL_PATH, TUNNEL_INTERFACE, "Start",
			 g_variant_new("(sssh)", tunnel->session->connection->name, tunnel->gateway,
				       tunnel->address, 0),
			 fds, "()", BUS_SERVICE_PROMPT_BOUND_MS, begun);
}

static void ready(struct bus_service *link)
{
	struct tunnel *tunnel = link->data;

	if (tunnel->session->tunnel == tunnel)
		ask(tunnel);
}

static struct tunnel *new_tunnel(struct vpn_session *session)
{
	struct tunnel *tunnel = g_new0(struct tunnel, 1);

	tunnel->session = session;
	tunnel->link = (struct bus_service){ .name = TUNNEL_NAME,
					     .activate = true,
					     .ready = ready,
					     .failed = failed,
					     .signal = told,
					     .signal_interface = TUNNEL_INTERFACE,
					     .data = tunnel };
	return tunnel;
}

void vpn_root_prepare(struct vpn_session *session)
{
	struct tunnel *tunnel = new_tunnel(session);

	bus_service_open_within(&tunnel->link, PREPARE_MS);
	session->prepared = tunnel;
	session->drop = free_tunnel;
}

/* Where the session is, by the ticket: "host:port" of https://host:port/…, and the address behind
 * RESOLVE's name. */
static bool take_ticket(struct tunnel *tunnel, GError **error)
{
	const struct secret *ticket = &tunnel->session->ticket;
	const struct connection *connection = tunnel->session->connection;
	g_autofree char *url = vpn_ticket_value(ticket, "CONNECT_URL");
	g_autofree char *resolve = vpn_ticket_value(ticket, "RESOLVE");
	g_autofree char *place = NULL;
	const char *address = resolve ? strchr(resolve, ':') : NULL;

	if (!url || !g_str_has_prefix(url, "https://") ||
	    !vpn_ticket_cookie(ticket, &tunnel->cookie)) {
		vpn_ticket_odd(tunnel->session, error);
		return false;
	}
	place = g_strndup(url + 8, strcspn(url + 8, "/?#"));
	tunnel->gateway = connection_tunnel_gateway(connection, place);
	tunnel->address = g_strdup(address ? address + 1 : "");
	if (!tunnel->gateway)
		devid_error_set(error, DEVID_DENIED, "gateway-moved", NULL, "%s: %s: %s",
				connection->gateway, devid_reason_find("gateway-moved")->cause,
				place);
	return tunnel->gateway != NULL;
}

bool vpn_root_start(struct vpn_session *session, GError **error)
{
	struct tunnel *tunnel;

	if (!vpn_root_may(session, error))
		return false;
	tunnel = session->prepared ? g_steal_pointer(&session->prepared) : new_tunnel(session);
	g_clear_pointer(&session->lines, g_ptr_array_unref);
	if (!take_ticket(tunnel, error)) {
		free_tunnel(tunnel);
		return false;
	}
	secret_clear(&session->ticket);
	session->tunnel = tunnel;
	if (tunnel->link.owner) {
		ask(tunnel);
	} else {
		/* New, or devid-tunnel has left since, or its opening is still under way. */
		bus_service_close(&tunnel->link);
		bus_service_open(&tunnel->link);
	}
	return true;
}

static gboolean end_now(gpointer data)
{
	struct tunnel *tunnel = data;

	tunnel->timer = 0;
	end(tunnel, NULL);
	return G_SOURCE_REMOVE;
}

void vpn_root_stop(struct vpn_session *session)
{
	struct tunnel *tunnel = session->tunnel;

	tunnel->stopping = true;
	tunnel->timer = g_timeout_add(tunnel->link.owner ? STOP_MS : 0, end_now, tunnel);
	/* Its end comes as what it tells; without a reply there is none to wait for. */
	if (tunnel->link.owner)
		bus_service_call(&tunnel->link, TUNNEL_PATH, TUNNEL_INTERFACE, "Stop", NULL, NULL,
				 "()", STOP_MS, NULL);
}
