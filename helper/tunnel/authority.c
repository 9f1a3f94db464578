/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks, by the bus, and whether that one may, by polkit: the action org.devid.tunnel.connect.
 * Fails closed. */
#include <internal/tunnel.h>

#include "authority.h"
#include "error.h"
#include "tunnel.h"

#define BUS_NAME	 "org.freedesktop.DBus"
#define POLKIT_NAME	 "org.freedesktop.PolicyKit1"
#define POLKIT_PATH	 "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE POLKIT_NAME ".Authority"
#define MAY_ASK		 1u /* AllowUserInteraction */
#define CALL_MS		 (10 * 1000)
#define QUESTION_MS	 (120 * 1000)

struct step {
	struct tunnel *tunnel;
	tunnel_then then;
};

static struct step *new_step(struct tunnel *tunnel, tunnel_then then)
{
	struct step *step = g_new(struct step, 1);

	*step = (struct step){ tunnel, then };
	return step;
}

/* NULL: cancelled, and the tunnel is gone, or *failure. Frees the step. */
static GVariant *finish(GObject *bus, GAsyncResult *result, struct step *step,
			struct tunnel **tunnel, tunnel_then *then, GError **failure)
{
	GVariant *reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, failure);

	*tunnel = step->tunnel;
	*then = step->then;
	g_free(step);
	if (g_error_matches(*failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		*tunnel = NULL;
	else if (*failure)
		g_dbus_error_strip_remote_error(*failure);
	return reply;
}

/* --- the bus -------------------------------------------------------------------------------- */

static void identified(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) failure = NULL;
	struct tunnel *tunnel;
	tunnel_then then;
	guint32 uid;

	reply = finish(bus, result, data, &tunnel, &then, &failure);
	if (!tunnel)
		return;
	if (!reply) {
		then(tunnel, tunnel_error(TUNNEL_NOT_ALLOWED, "the bus does not say who asks: %s",
					  failure->message));
		return;
	}
	g_variant_get(reply, "(u)", &uid);
	tunnel->uid = uid;
	then(tunnel, NULL);
}

void authority_identify(struct tunnel *tunnel, tunnel_then then)
{
	g_dbus_connection_call(tunnel->bus, BUS_NAME, "/org/freedesktop/DBus", BUS_NAME,
			       "GetConnectionUnixUser", g_variant_new("(s)", tunnel->owner),
			       G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, CALL_MS,
			       tunnel->cancel, identified, new_step(tunnel, then));
}

/* --- polkit --------------------------------------------------------------------------------- */

static void checked(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) failure = NULL;
	gboolean may = FALSE, challenge = FALSE;
	struct tunnel *tunnel;
	tunnel_then then;

	reply = finish(bus, result, data, &tunnel, &then, &failure);
	if (!tunnel)
		return;
	if (!reply) {
		then(tunnel, tunnel_error(TUNNEL_NOT_ALLOWED, "polkit can't be asked: %s",
					  failure->message));
		return;
	}
	g_variant_get(reply, "((bb@a{ss}))", &may, &challenge, NULL);
	then(tunnel,
	     may ? NULL
	     : challenge
		     ? tunnel_error(TUNNEL_NOT_ALLOWED, "polkit wants a password for " TUNNEL_ACTION
							", and nobody asks for it here")
		     : tunnel_error(TUNNEL_NOT_ALLOWED, "polkit does not allow " TUNNEL_ACTION));
}

static GVariant *question(const struct tunnel *tunnel)
{
	bool may_ask =
		(g_dbus_message_get_flags(g_dbus_method_invocation_get_message(tunnel->asked)) &
		 G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
	GVariantBuilder subject, details;

	g_variant_builder_init(&subject, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&subject, "{sv}", "name", g_variant_new_string(tunnel->owner));
	g_variant_builder_init(&details, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&details, "{ss}", "connection", tunnel->connection->name);
	g_variant_builder_add(&details, "{ss}", "gateway", tunnel->gateway);
	return g_variant_new("((s@a{sv})s@a{ss}us)", "system-bus-name",
			     g_variant_builder_end(&subject), TUNNEL_ACTION,
			     g_variant_builder_end(&details), may_ask ? MAY_ASK : 0, "");
}

void authority_check(struct tunnel *tunnel, tunnel_then then)
{
	if (tunnel->uid == 0) {
		then(tunnel, NULL);
		return;
	}
	g_dbus_connection_call(tunnel->bus, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
			       "CheckAuthorization", question(tunnel),
			       G_VARIANT_TYPE("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE, QUESTION_MS,
			       tunnel->cancel, checked, new_step(tunnel, then));
}
