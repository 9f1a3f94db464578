/* A link to NetworkManager: the system bus, its name's owner, and what it tells of active connections. */
#include <string.h>

#include "command.h"
#include "nm.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

/* Nothing is ever started for a call: NetworkManager runs, or it does not carry the network. */
#define CALL_FLAGS \
	(G_DBUS_CALL_FLAGS_NO_AUTO_START | G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)

static void fail(struct nm *nm, GError *error)
{
	void (*failed)(struct nm *, GError *) = nm->failed;

	nm_close(nm);
	failed(nm, error);
}

bool nm_finish(GObject *bus, GAsyncResult *result, const char *type, GVariant **reply,
	       GError **error)
{
	g_autoptr(GError) failure = NULL;
	GVariant *got = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &failure);

	*reply = NULL;
	if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return false;
	if (got == NULL) {
		g_propagate_error(error, g_steal_pointer(&failure));
	} else if (!g_variant_is_of_type(got, G_VARIANT_TYPE(type))) {
		g_variant_unref(got);
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "it answers what is no answer");
	} else {
		*reply = got;
	}
	return true;
}

void nm_call(struct nm *nm, const char *path, const char *interface, const char *method,
	     GVariant *arguments, int bound_ms, GAsyncReadyCallback finished)
{
	g_dbus_connection_call(nm->bus, nm->owner, path, interface, method, arguments, NULL,
			       CALL_FLAGS, bound_ms, nm->cancel, finished, nm);
}

void nm_properties(struct nm *nm, const char *path, const char *interface,
		   GAsyncReadyCallback finished)
{
	nm_call(nm, path, "org.freedesktop.DBus.Properties", "GetAll",
		g_variant_new("(s)", interface), NM_BOUND_MS, finished);
}

/* --- signals -------------------------------------------------------------------------------- */

static void owner_changed(GDBusConnection *bus, const char *sender, const char *path,
			  const char *interface, const char *signal, GVariant *values,
			  gpointer data)
{
	struct nm *nm = data;
	const char *before = NULL;

	(void)bus, (void)sender, (void)path, (void)interface, (void)signal;
	if (!g_variant_is_of_type(values, G_VARIANT_TYPE("(sss)")))
		return;
	g_variant_get(values, "(&s&s&s)", NULL, &before, NULL);
	if (nm->owner == NULL || strcmp(before, nm->owner) != 0)
		return;
	fail(nm, g_error_new(G_IO_ERROR, G_IO_ERROR_CLOSED, "its name has no owner"));
}

static void state_changed(GDBusConnection *bus, const char *sender, const char *path,
			  const char *interface, const char *signal, GVariant *values,
			  gpointer data)
{
	struct nm *nm = data;
	guint32 state = 0, reason = 0;

	(void)bus, (void)interface, (void)signal;
	if (g_strcmp0(sender, nm->owner) != 0 ||
	    !g_variant_is_of_type(values, G_VARIANT_TYPE("(uu)")))
		return;
	g_variant_get(values, "(uu)", &state, &reason);
	nm->changed(nm, path, state, reason);
}

static void bus_closed(GDBusConnection *bus, gboolean vanished, GError *why, gpointer data)
{
	(void)bus, (void)vanished, (void)why;
	fail(data, g_error_new(G_IO_ERROR, G_IO_ERROR_CLOSED, "the system bus has ended"));
}

/* --- opening -------------------------------------------------------------------------------- */

static void owner_found(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply = NULL;
	struct nm *nm = data;
	GError *error = NULL;

	if (!nm_finish(bus, result, "(s)", &reply, &error))
		return;
	if (error != NULL) {
		fail(nm, error);
		return;
	}
	g_variant_get(reply, "(s)", &nm->owner);
	nm->states = g_dbus_connection_signal_subscribe(
		nm->bus, nm->owner, NM_ACTIVE, "StateChanged", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
		state_changed, nm, NULL);
	nm->ready(nm);
}

static void bus_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	GError *error = NULL;
	GDBusConnection *bus = g_dbus_connection_new_for_address_finish(result, &error);
	struct nm *nm = data;

	(void)source;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	if (bus == NULL) {
		fail(nm, g_error_new(G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "system bus: %s",
				     error->message));
		g_error_free(error);
		return;
	}
	nm->bus = bus;
	g_signal_connect(bus, "closed", G_CALLBACK(bus_closed), nm);
	/* Before it is asked for, so that no change is missed. */
	nm->watch = g_dbus_connection_signal_subscribe(bus, BUS_NAME, BUS_NAME, "NameOwnerChanged",
						       BUS_PATH, NM_NAME, G_DBUS_SIGNAL_FLAGS_NONE,
						       owner_changed, nm, NULL);
	g_dbus_connection_call(bus, BUS_NAME, BUS_PATH, BUS_NAME, "GetNameOwner",
			       g_variant_new("(s)", NM_NAME), NULL, CALL_FLAGS, NM_BOUND_MS,
			       nm->cancel, owner_found, nm);
}

void nm_open(struct nm *nm)
{
	/* Of the system bus: it is read, nothing is asked. */
	g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);

	nm->cancel = g_cancellable_new();
	g_dbus_connection_new_for_address(address != NULL ? address : "",
					  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
						  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
					  NULL, nm->cancel, bus_opened, nm);
}

void nm_close(struct nm *nm)
{
	if (nm->cancel != NULL)
		g_cancellable_cancel(nm->cancel);
	if (nm->bus != NULL) {
		g_signal_handlers_disconnect_by_data(nm->bus, nm);
		if (nm->watch != 0)
			g_dbus_connection_signal_unsubscribe(nm->bus, nm->watch);
		if (nm->states != 0)
			g_dbus_connection_signal_unsubscribe(nm->bus, nm->states);
		g_dbus_connection_close(nm->bus, NULL, NULL, NULL);
	}
	g_clear_object(&nm->cancel);
	g_clear_object(&nm->bus);
	g_clear_pointer(&nm->owner, g_free);
	nm->watch = nm->states = 0;
}
