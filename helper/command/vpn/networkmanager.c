/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openconnect's tunnel by NetworkManager, for whom nobody needs to be root: signing in is done as
 * the user, whose key it is; NetworkManager gets the cookie by a secret agent and makes the tunnel
 * in a connection of this user's alone.
 *
 * The connection is in its memory only, and bound to our link to the bus: with us it goes away.
 */
#include <string.h>

#include "bus-service.h"
#include "driver.h"
#include "nm-secret-agent.h"
#include "nm-words.h"
#include "nm.h"
#include "session.h"
#include "ticket.h"
#include "openconnect.h"

#define CLIENT	    "networkmanager"
#define ACTIVATE_MS (90 * 1000) /* longer than NetworkManager waits for its plugin */
#define STOP_MS	    (10 * 1000)
#define NOT_SAVED   "'2'" /* NM_SETTING_SECRET_FLAG_NOT_SAVED: asked for each time */

struct tunnel {
	struct bus_service nm;
	struct nm_agent agent;
	struct vpn_session *session;
	char *active; /* its object; NULL: there is none yet */
	guint timer;
	bool stopping, asked, stood; /* `asked`: for its address */
};

static const char *gateway_of(const struct tunnel *tunnel)
{
	return tunnel->session->connection->gateway;
}

/* The end. Takes the error; NULL: it was asked for. */
static void end(struct tunnel *tunnel, GError *error)
{
	struct vpn_session *session = tunnel->session;

	if (tunnel->stopping)
		g_clear_error(&error);
	if (tunnel->timer != 0)
		g_source_remove(tunnel->timer);
	nm_agent_clear(&tunnel->agent);
	bus_service_close(&tunnel->nm);
	g_free(tunnel->active);
	g_free(tunnel);
	session->tunnel = NULL;
	session->ended(session, error);
}

static void end_with(struct tunnel *tunnel, GError *failure)
{
	end(tunnel, nm_error(gateway_of(tunnel), failure));
}

/* Of one that is being ended, that is its end. */
static gboolean too_late(gpointer data)
{
	struct tunnel *tunnel = data;

	tunnel->timer = 0;
	end_with(tunnel, g_error_new(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no answer in time"));
	return G_SOURCE_REMOVE;
}

static void set_bound(struct tunnel *tunnel, guint bound_ms)
{
	if (tunnel->timer != 0)
		g_source_remove(tunnel->timer);
	tunnel->timer = bound_ms > 0 ? g_timeout_add(bound_ms, too_late, tunnel) : 0;
}

static void failed(struct bus_service *nm, GError *error)
{
	end_with(nm->data, error);
}

/* --- it stands: its address ------------------------------------------------------------------ */

static void stands(struct tunnel *tunnel, const char *address)
{
	if (tunnel->stopping)
		return;
	set_bound(tunnel, 0);
	tunnel->stood = true;
	tunnel->session->connected(tunnel->session, address);
}

static void address_found(struct bus_service *nm, GVariant *properties)
{
	g_autoptr(GVariant) list = !properties ? NULL
					       : g_variant_lookup_value(properties, "AddressData",
									G_VARIANT_TYPE("aa{sv}"));
	g_autoptr(GVariant) first =
		list && g_variant_n_children(list) > 0 ? g_variant_get_child_value(list, 0) : NULL;
	const char *address = NULL;

	if (first)
		(void)g_variant_lookup(first, "address", "&s", &address);
	stands(nm->data, address);
}

static void ask_address(struct tunnel *tunnel, GVariant *properties)
{
	static const char *const families[][2] = {
		{ "Ip4Config", NM_NAME ".IP4Config" },
		{ "Ip6Config", NM_NAME ".IP6Config" },
	};
	const char *path;

	for (size_t i = 0; i < G_N_ELEMENTS(families); i++)
		if (g_variant_lookup(properties, families[i][0], "&o", &path) &&
		    strcmp(path, "/") != 0) {
			bus_service_properties(&tunnel->nm, path, families[i][1], address_found);
			return;
		}
	stands(tunnel, NULL);
}

/* --- what becomes of it ---------------------------------------------------------------------- */

static void take_state(struct tunnel *tunnel, guint state, guint reason);

/* What it is now, and where its addresses are. */
static void active_found(struct bus_service *nm, GVariant *properties)
{
	struct tunnel *tunnel = nm->data;
	guint32 state = NM_DEACTIVATED;

	/* Without any it has gone before it could be looked at. */
	if (properties)
		(void)g_variant_lookup(properties, "State", "u", &state);
	if (state == NM_DEACTIVATED) {
		take_state(tunnel, state, NM_REASON_UNKNOWN);
	} else if (state == NM_ACTIVATED && !tunnel->asked && !tunnel->stopping) {
		tunnel->asked = true;
		ask_address(tunnel, properties);
	}
}

static void look(struct tunnel *tunnel)
{
	bus_service_properties(&tunnel->nm, tunnel->active, NM_ACTIVE, active_found);
}

static bool is_asked_for(const struct tunnel *tunnel, guint reason)
{
	return tunnel->stood &&
	       (reason == NM_REASON_USER_DISCONNECTED || reason == NM_REASON_CONNECTION_REMOVED);
}

static void take_state(struct tunnel *tunnel, guint state, guint reason)
{
	g_autofree char *line = NULL;

	if (state == NM_ACTIVATED && !tunnel->asked)
		look(tunnel);
	if (state != NM_DEACTIVATED)
		return;
	line = g_strdup_printf("NetworkManager: ended, reason %u", reason);
	vpn_session_line(tunnel->session, line);
	end(tunnel, is_asked_for(tunnel, reason)
			    ? NULL
			    : nm_ended_error(gateway_of(tunnel), reason, tunnel->stood));
}

static void changed(struct bus_service *nm, const char *path, const char *name, GVariant *values)
{
	struct tunnel *tunnel = nm->data;
	guint32 state = 0, reason = 0;

	if (strcmp(name, "StateChanged") != 0 ||
	    !g_variant_is_of_type(values, G_VARIANT_TYPE("(uu)")))
		return;
	g_variant_get(values, "(uu)", &state, &reason);
	if (g_strcmp0(path, tunnel->active) == 0)
		take_state(tunnel, state, reason);
}

/* --- ending it ------------------------------------------------------------------------------ */

static void stop(struct vpn_session *session)
{
	struct tunnel *tunnel = session->tunnel;

	tunnel->stopping = true;
	set_bound(tunnel, STOP_MS);
	if (tunnel->active) {
		/* Its end comes as a change of its state; without a reply there is none to wait
		 * for. */
		bus_service_call(&tunnel->nm, NM_PATH, NM_NAME, "DeactivateConnection",
				 g_variant_new("(o)", tunnel->active), NULL, "()", STOP_MS, NULL);
		return;
	}
	/* What NetworkManager may be about to make is bound to the link. */
	set_bound(tunnel, 0);
	tunnel->timer = g_idle_add(too_late, tunnel);
}

/* --- making it ------------------------------------------------------------------------------ */

static GVariant *new_connection(const struct tunnel *tunnel)
{
	const struct connection *connection = tunnel->session->connection;
	g_autofree char *id = g_strdup_printf("devid %s", connection->name);
	g_autofree char *user = g_strdup_printf("user:%s:", g_get_user_name());

	return g_variant_new_parsed(
		"({'connection': {'id': <%s>, 'uuid': <%s>, 'type': <'vpn'>, 'autoconnect': <false>,"
		"  'permissions': <[%s]>},"
		" 'vpn': {'service-type': <'" NM_OPENCONNECT "'>, 'data': <{'gateway': %s,"
		"  'protocol': %s, 'authtype': 'cert', 'cookie-flags': " NOT_SAVED ","
		"  'gateway-flags': " NOT_SAVED ", 'gwcert-flags': " NOT_SAVED ","
		"  'resolve-flags': " NOT_SAVED "}>},"
		" 'ipv4': {'method': <'auto'>}, 'ipv6': {'method': <'auto'>}},"
		" objectpath '/', objectpath '/',"
		" {'persist': <'volatile'>, 'bind-activation': <'dbus-client'>})",
		id, tunnel->agent.uuid, user, connection->gateway,
		connection->protocol ? connection->protocol : "anyconnect");
}

static void added(struct bus_service *nm, GVariant *reply)
{
	struct tunnel *tunnel = nm->data;

	g_variant_get(reply, "(oo@a{sv})", NULL, &tunnel->active, NULL);
	vpn_session_line(tunnel->session, "NetworkManager: connection made");
	set_bound(tunnel, ACTIVATE_MS);
	look(tunnel);
}

static void registered(struct bus_service *nm, GVariant *reply)
{
	struct tunnel *tunnel = nm->data;

	set_bound(tunnel, BUS_SERVICE_PROMPT_BOUND_MS);
	bus_service_call(nm, NM_PATH, NM_NAME, "AddAndActivateConnection2", new_connection(tunnel),
			 NULL, "(ooa{sv})", BUS_SERVICE_PROMPT_BOUND_MS, added);
}

static void ready(struct bus_service *nm)
{
	struct tunnel *tunnel = nm->data;
	GError *error = NULL;

	if (nm_agent_publish(&tunnel->agent, &error))
		nm_agent_register(&tunnel->agent, registered);
	else
		end_with(tunnel, error);
}

/* The cookie as a text, without its line's end. */
static bool take_ticket(const struct secret *ticket, struct nm_agent *agent)
{
	agent->gateway = vpn_ticket_value(ticket, "CONNECT_URL");
	agent->pin = vpn_ticket_value(ticket, "FINGERPRINT");
	agent->resolve = vpn_ticket_value(ticket, "RESOLVE");
	if (!agent->gateway || !agent->pin || !g_str_has_prefix(agent->gateway, "https://") ||
	    !vpn_ticket_cookie(ticket, &agent->cookie))
		return false;
	agent->cookie.data[agent->cookie.length - 1] = '\0';
	return g_utf8_validate((const char *)agent->cookie.data, -1, NULL);
}

static bool start(struct vpn_session *session, GError **error)
{
	struct tunnel *tunnel = g_new0(struct tunnel, 1);

	g_clear_pointer(&session->lines, g_ptr_array_unref);
	tunnel->session = session;
	tunnel->agent.nm = &tunnel->nm;
	tunnel->agent.uuid = g_uuid_string_random();
	if (!take_ticket(&session->ticket, &tunnel->agent)) {
		vpn_ticket_odd(session, error);
		nm_agent_clear(&tunnel->agent);
		g_free(tunnel);
		return false;
	}
	secret_clear(&session->ticket);
	session->tunnel = tunnel;
	tunnel->nm = (struct bus_service){ .name = NM_NAME,
					   .ready = ready,
					   .failed = failed,
					   .signal = changed,
					   .signal_interface = NM_ACTIVE,
					   .data = tunnel };
	set_bound(tunnel, BUS_SERVICE_BOUND_MS);
	bus_service_open(&tunnel->nm);
	return true;
}

static bool sign_in(struct vpn_session *session, const struct sign_in *sign_in, GError **error)
{
	return vpn_openconnect.sign_in(session, sign_in, error);
}

static void describe(const struct vpn_session *session, GPtrArray *lines)
{
	guint before = lines->len;

	vpn_openconnect.describe(session, lines);
	/* Its second half is NetworkManager's. */
	g_ptr_array_set_size(lines, (gint)before + 1);
	g_ptr_array_add(lines, g_strdup_printf("NetworkManager: AddAndActivateConnection2 "
					       "(" NM_OPENCONNECT ", %s, user %s, volatile)",
					       session->connection->gateway, g_get_user_name()));
}

const struct vpn_driver vpn_networkmanager = {
	.name = CLIENT,
	.sign_in = sign_in,
	.start = start,
	.stop = stop,
	.describe = describe,
};
