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

#define CLIENT		"networkmanager"
#define ACTIVATE_MS	(90 * 1000) /* longer than NetworkManager waits for its plugin */
#define STOP_MS		(10 * 1000)
#define NOT_SAVED_FLAGS "2" /* NM_SETTING_SECRET_FLAG_NOT_SAVED: asked for each time */

struct tunnel {
	struct bus_service nm;
	struct nm_agent agent;
	struct vpn_session *session;
	char *active; /* its object; NULL: there is none yet */
	char *ip4, *ip6;
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
	g_free(tunnel->ip4);
	g_free(tunnel->ip6);
	g_free(tunnel);
	session->tunnel = NULL;
	session->ended(session, error);
}

static void end_with(struct tunnel *tunnel, GError *failure)
{
	end(tunnel, nm_error(gateway_of(tunnel), failure));
}

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

static void address_found(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL, properties = NULL, list = NULL, first = NULL;
	g_autoptr(GError) error = NULL;
	struct bus_service *nm = data;
	const char *address = NULL;

	if (!bus_service_finish(bus, result, "(a{sv})", &reply, &error))
		return;
	if (reply) {
		properties = g_variant_get_child_value(reply, 0);
		list = g_variant_lookup_value(properties, "AddressData", G_VARIANT_TYPE("aa{sv}"));
	}
	if (list && g_variant_n_children(list) > 0) {
		first = g_variant_get_child_value(list, 0);
		(void)g_variant_lookup(first, "address", "&s", &address);
	}
	stands(nm->data, address);
}

static void ask_address(struct tunnel *tunnel)
{
	if (tunnel->ip4 && strcmp(tunnel->ip4, "/") != 0)
		bus_service_properties(&tunnel->nm, tunnel->ip4, NM_NAME ".IP4Config",
				       address_found);
	else if (tunnel->ip6 && strcmp(tunnel->ip6, "/") != 0)
		bus_service_properties(&tunnel->nm, tunnel->ip6, NM_NAME ".IP6Config",
				       address_found);
	else
		stands(tunnel, NULL);
}

/* --- what becomes of it ---------------------------------------------------------------------- */

static void take_state(struct tunnel *tunnel, guint state, guint reason);

/* What it is now, and where its addresses are. */
static void active_found(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL, properties = NULL;
	g_autoptr(GError) error = NULL;
	struct tunnel *tunnel;
	struct bus_service *nm = data;
	guint32 state = NM_DEACTIVATED;

	if (!bus_service_finish(bus, result, "(a{sv})", &reply, &error))
		return;
	tunnel = nm->data;
	if (!reply) {
		/* It has gone before it could be looked at. */
		take_state(tunnel, NM_DEACTIVATED, NM_REASON_UNKNOWN);
		return;
	}
	properties = g_variant_get_child_value(reply, 0);
	(void)g_variant_lookup(properties, "State", "u", &state);
	g_clear_pointer(&tunnel->ip4, g_free);
	g_clear_pointer(&tunnel->ip6, g_free);
	(void)g_variant_lookup(properties, "Ip4Config", "o", &tunnel->ip4);
	(void)g_variant_lookup(properties, "Ip6Config", "o", &tunnel->ip6);
	if (state == NM_ACTIVATED && !tunnel->asked && !tunnel->stopping) {
		tunnel->asked = true;
		ask_address(tunnel);
	} else if (state == NM_DEACTIVATED) {
		take_state(tunnel, state, NM_REASON_UNKNOWN);
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

static void deactivated(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	struct bus_service *nm = data;
	GError *error = NULL;

	if (!bus_service_finish(bus, result, "()", &reply, &error))
		return;
	/* Its end comes as a change of its state; without a reply there is none to wait for. */
	if (error)
		end_with(nm->data, error);
}

static void deactivate(struct tunnel *tunnel)
{
	bus_service_call(&tunnel->nm, NM_PATH, NM_NAME, "DeactivateConnection",
			 g_variant_new("(o)", tunnel->active), NULL, STOP_MS, deactivated);
}

static gboolean end_now(gpointer data)
{
	struct tunnel *tunnel = data;

	tunnel->timer = 0;
	end(tunnel, NULL);
	return G_SOURCE_REMOVE;
}

static void stop(struct vpn_session *session)
{
	struct tunnel *tunnel = session->tunnel;

	tunnel->stopping = true;
	set_bound(tunnel, STOP_MS);
	if (tunnel->active) {
		deactivate(tunnel);
		return;
	}
	/* What NetworkManager may be about to make is bound to the link. */
	set_bound(tunnel, 0);
	tunnel->timer = g_idle_add(end_now, tunnel);
}

/* --- making it ------------------------------------------------------------------------------ */

static void add_text(GVariantBuilder *builder, const char *key, const char *value)
{
	g_variant_builder_add(builder, "{sv}", key, g_variant_new_string(value));
}

static GVariant *connection_part(const struct tunnel *tunnel)
{
	g_autofree char *user = g_strdup_printf("user:%s:", g_get_user_name());
	g_autofree char *id = g_strdup_printf("devid %s", tunnel->session->connection->name);
	const char *const users[] = { user, NULL };
	GVariantBuilder part;

	g_variant_builder_init(&part, G_VARIANT_TYPE_VARDICT);
	add_text(&part, "id", id);
	add_text(&part, "uuid", tunnel->agent.uuid);
	add_text(&part, "type", "vpn");
	g_variant_builder_add(&part, "{sv}", "autoconnect", g_variant_new_boolean(FALSE));
	g_variant_builder_add(&part, "{sv}", "permissions", g_variant_new_strv(users, -1));
	return g_variant_builder_end(&part);
}

static GVariant *vpn_part(const struct tunnel *tunnel)
{
	static const char *const asked_for[] = { "cookie-flags", "gateway-flags", "gwcert-flags",
						 "resolve-flags" };
	const struct connection *connection = tunnel->session->connection;
	GVariantBuilder part, data;

	g_variant_builder_init(&data, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&data, "{ss}", "gateway", connection->gateway);
	g_variant_builder_add(&data, "{ss}", "protocol",
			      connection->protocol ? connection->protocol : "anyconnect");
	g_variant_builder_add(&data, "{ss}", "authtype", "cert");
	for (size_t i = 0; i < G_N_ELEMENTS(asked_for); i++)
		g_variant_builder_add(&data, "{ss}", asked_for[i], NOT_SAVED_FLAGS);
	g_variant_builder_init(&part, G_VARIANT_TYPE_VARDICT);
	add_text(&part, "service-type", NM_OPENCONNECT);
	g_variant_builder_add(&part, "{sv}", "data", g_variant_builder_end(&data));
	return g_variant_builder_end(&part);
}

static GVariant *new_connection(const struct tunnel *tunnel)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	GVariantBuilder all, options;

	g_variant_builder_init(&all, G_VARIANT_TYPE("a{sa{sv}}"));
	g_variant_builder_add(&all, "{s@a{sv}}", "connection", connection_part(tunnel));
	g_variant_builder_add(&all, "{s@a{sv}}", "vpn", vpn_part(tunnel));
	for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
		GVariantBuilder part;

		g_variant_builder_init(&part, G_VARIANT_TYPE_VARDICT);
		add_text(&part, "method", "auto");
		g_variant_builder_add(&all, "{s@a{sv}}", families[i], g_variant_builder_end(&part));
	}
	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	add_text(&options, "persist", "volatile");
	add_text(&options, "bind-activation", "dbus-client");
	return g_variant_new("(@a{sa{sv}}oo@a{sv})", g_variant_builder_end(&all), "/", "/",
			     g_variant_builder_end(&options));
}

static void added(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	struct tunnel *tunnel;
	struct bus_service *nm = data;
	GError *error = NULL;

	if (!bus_service_finish(bus, result, "(ooa{sv})", &reply, &error))
		return;
	tunnel = nm->data;
	if (error) {
		end_with(tunnel, error);
		return;
	}
	g_variant_get(reply, "(oo@a{sv})", NULL, &tunnel->active, NULL);
	vpn_session_line(tunnel->session, "NetworkManager: connection made");
	set_bound(tunnel, ACTIVATE_MS);
	look(tunnel);
}

static void registered(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	struct tunnel *tunnel;
	struct bus_service *nm = data;
	GError *error = NULL;

	if (!bus_service_finish(bus, result, "()", &reply, &error))
		return;
	tunnel = nm->data;
	if (error) {
		end_with(tunnel, error);
		return;
	}
	set_bound(tunnel, BUS_SERVICE_PROMPT_BOUND_MS);
	bus_service_call(nm, NM_PATH, NM_NAME, "AddAndActivateConnection2", new_connection(tunnel),
			 NULL, BUS_SERVICE_PROMPT_BOUND_MS, added);
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

static gboolean start(struct vpn_session *session, GError **error)
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
		return FALSE;
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
	return TRUE;
}

static gboolean sign_in(struct vpn_session *session, const struct sign_in *sign_in, GError **error)
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
