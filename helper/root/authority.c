/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks, by the bus, and whether that one may, by polkit. Fails closed. */
#include <stdbool.h>

#include "authority.h"

#define BUS_NAME	 "org.freedesktop.DBus"
#define POLKIT_NAME	 "org.freedesktop.PolicyKit1"
#define POLKIT_PATH	 "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE POLKIT_NAME ".Authority"
#define MAY_ASK		 1u /* AllowUserInteraction */
#define CALL_MS		 (10 * 1000)
#define QUESTION_MS	 (120 * 1000)

static void refuse(struct authority *authority, GError *error)
{
	authority->then(authority->data, error);
}

/* False: it was cancelled, and whose it was is gone; or there is no answer, and the step has
 * ended. */
static bool has_answered(GObject *bus, GAsyncResult *result, struct authority *authority,
			 const char *fault, GVariant **reply)
{
	GError *failure = NULL;

	*reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &failure);
	if (*reply)
		return true;
	if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(failure);
		return false;
	}
	g_dbus_error_strip_remote_error(failure);
	g_prefix_error(&failure, "%s: ", fault);
	refuse(authority, failure);
	return false;
}

static GDBusConnection *bus_of(const struct authority *authority)
{
	return g_dbus_method_invocation_get_connection(authority->asked);
}

static const char *sender_of(const struct authority *authority)
{
	return g_dbus_method_invocation_get_sender(authority->asked);
}

/* --- the bus -------------------------------------------------------------------------------- */

static void identified(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	struct authority *authority = data;
	guint32 uid;

	if (!has_answered(bus, result, authority, "the bus does not say who asks", &reply))
		return;
	g_variant_get(reply, "(u)", &uid);
	authority->uid = uid;
	authority->then(authority->data, NULL);
}

void authority_identify(struct authority *authority)
{
	authority->uid = (uid_t)-1;
	g_dbus_connection_call(bus_of(authority), BUS_NAME, "/org/freedesktop/DBus", BUS_NAME,
			       "GetConnectionUnixUser", g_variant_new("(s)", sender_of(authority)),
			       G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, CALL_MS,
			       authority->cancel, identified, authority);
}

/* --- polkit --------------------------------------------------------------------------------- */

static void checked(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	gboolean may = FALSE, challenge = FALSE;
	struct authority *authority = data;

	if (!has_answered(bus, result, authority, "polkit can't be asked", &reply))
		return;
	g_variant_get(reply, "((bb@a{ss}))", &may, &challenge, NULL);
	if (may)
		authority->then(authority->data, NULL);
	else
		refuse(authority,
		       g_error_new(G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
				   challenge ? "polkit wants a password for %s, and nobody asks "
					       "for it here"
					     : "polkit does not allow %s",
				   authority->action));
}

static bool may_ask(const struct authority *authority)
{
	GDBusMessage *message = g_dbus_method_invocation_get_message(authority->asked);

	return (g_dbus_message_get_flags(message) &
		G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
}

void authority_check(struct authority *authority, const char *action, GVariant *details)
{
	g_autoptr(GVariant) words = g_variant_ref_sink(details);
	GVariant *question;

	authority->action = action;
	if (authority->uid == 0) {
		authority->then(authority->data, NULL);
		return;
	}
	question = g_variant_new_parsed(
		"(('system-bus-name', {'name': <%s>}), %s, %@a{ss}, %u, '')", sender_of(authority),
		action, words, may_ask(authority) ? MAY_ASK : 0);
	g_dbus_connection_call(bus_of(authority), POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
			       "CheckAuthorization", question, G_VARIANT_TYPE("((bba{ss}))"),
			       G_DBUS_CALL_FLAGS_NONE, QUESTION_MS, authority->cancel, checked,
			       authority);
}
