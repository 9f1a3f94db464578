/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks, by the bus, and whether that one may, by polkit: the action org.devid.tunnel.connect.
 * Fails closed. */
#include <internal/tunnel.h>

#include "authority.h"
#include "tunnel.h"

#define BUS_NAME	 "org.freedesktop.DBus"
#define POLKIT_NAME	 "org.freedesktop.PolicyKit1"
#define POLKIT_PATH	 "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE POLKIT_NAME ".Authority"
#define MAY_ASK		 1u /* AllowUserInteraction */
#define CALL_MS		 (10 * 1000)
#define QUESTION_MS	 (120 * 1000)

/* False: it was cancelled, and the tunnel is gone; or there is no answer, and the step has ended.
 */
static bool has_answered(GObject *bus, GAsyncResult *result, struct tunnel *tunnel,
			 const char *fault, GVariant **reply)
{
	g_autoptr(GError) failure = NULL;

	*reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &failure);
	if (failure && !g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_dbus_error_strip_remote_error(failure);
		tunnel->then(tunnel,
			     tunnel_error(TUNNEL_NOT_ALLOWED, "%s: %s", fault, failure->message));
	}
	return *reply != NULL;
}

/* --- the bus -------------------------------------------------------------------------------- */

static void identified(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	struct tunnel *tunnel = data;
	guint32 uid;

	if (!has_answered(bus, result, tunnel, "the bus does not say who asks", &reply))
		return;
	g_variant_get(reply, "(u)", &uid);
	tunnel->uid = uid;
	tunnel->then(tunnel, NULL);
}

void authority_identify(struct tunnel *tunnel, tunnel_then then)
{
	tunnel->then = then;
	g_dbus_connection_call(tunnel->bus, BUS_NAME, "/org/freedesktop/DBus", BUS_NAME,
			       "GetConnectionUnixUser", g_variant_new("(s)", tunnel->owner),
			       G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, CALL_MS,
			       tunnel->cancel, identified, tunnel);
}

/* --- polkit --------------------------------------------------------------------------------- */

static void checked(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	gboolean may = FALSE, challenge = FALSE;
	struct tunnel *tunnel = data;

	if (!has_answered(bus, result, tunnel, "polkit can't be asked", &reply))
		return;
	g_variant_get(reply, "((bb@a{ss}))", &may, &challenge, NULL);
	tunnel->then(tunnel, may	 ? NULL
			     : challenge ? tunnel_error(TUNNEL_NOT_ALLOWED,
							"polkit wants a password for " TUNNEL_ACTION
							", and nobody asks for it here")
					 : tunnel_error(TUNNEL_NOT_ALLOWED,
							"polkit does not allow " TUNNEL_ACTION));
}

static GVariant *question(const struct tunnel *tunnel)
{
	bool may_ask =
		(g_dbus_message_get_flags(g_dbus_method_invocation_get_message(tunnel->asked)) &
		 G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;

	return g_variant_new_parsed("(('system-bus-name', {'name': <%s>}), '" TUNNEL_ACTION "',"
				    " {'connection': %s, 'gateway': %s}, %u, '')",
				    tunnel->owner, tunnel->connection->name, tunnel->gateway,
				    may_ask ? MAY_ASK : 0);
}

void authority_check(struct tunnel *tunnel, tunnel_then then)
{
	if (tunnel->uid == 0) {
		then(tunnel, NULL);
		return;
	}
	tunnel->then = then;
	g_dbus_connection_call(tunnel->bus, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
			       "CheckAuthorization", question(tunnel),
			       G_VARIANT_TYPE("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE, QUESTION_MS,
			       tunnel->cancel, checked, tunnel);
}
