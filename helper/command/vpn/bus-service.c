/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A link to a service of the system bus: its name's owner, calls, and what it tells. */
#include <string.h>
#include <gio/gunixfdlist.h>

#include "base/gio-ready.h"
#include "bus-service.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

/* Nothing is ever started for a call: what is wanted runs since the link was opened. */
#define CALL_FLAGS \
	(G_DBUS_CALL_FLAGS_NO_AUTO_START | G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)

static void fail(struct bus_service *service, GError *error)
{
	void (*failed)(struct bus_service *, GError *) = service->failed;

	bus_service_close(service);
	service->over = true;
	if (failed)
		failed(service, error);
	else
		g_error_free(error);
}

/* --- calls ----------------------------------------------------------------------------------- */

struct call {
	struct bus_service *service;
	const char *type; /* of the reply; NULL: it is an object's properties, which may be gone */
	bus_service_done done;
};

static void finished(GObject *bus, GAsyncResult *result, gpointer data)
{
	g_autofree struct call *call = data;
	g_autoptr(GVariant) properties = NULL;
	GError *error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish(
		G_DBUS_CONNECTION(bus), NULL, result, &error);
	const char *type = call->type ? call->type : "(a{sv})";

	/* Cancelled: the service may be gone. */
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	if (reply && !g_variant_is_of_type(reply, G_VARIANT_TYPE(type)))
		g_set_error(&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "it answers what is no answer");
	if (error && call->type) {
		fail(call->service, error);
		return;
	}
	if (!error && !call->type)
		properties = g_variant_get_child_value(reply, 0);
	g_clear_error(&error);
	if (call->done)
		call->done(call->service, call->type ? reply : properties);
}

static void call(struct bus_service *service, const char *name, const char *path,
		 const char *interface, const char *method, GVariant *arguments, GUnixFDList *fds,
		 const char *type, int bound_ms, bus_service_done done)
{
	struct call *call = g_new(struct call, 1);

	*call = (struct call){ service, type, done };
	g_dbus_connection_call_with_unix_fd_list(service->bus, name, path, interface, method,
						 arguments, NULL, CALL_FLAGS, bound_ms, fds,
						 service->cancel, finished, call);
}

void bus_service_call(struct bus_service *service, const char *path, const char *interface,
		      const char *method, GVariant *arguments, GUnixFDList *fds, const char *type,
		      int bound_ms, bus_service_done done)
{
	call(service, service->owner, path, interface, method, arguments, fds, type, bound_ms,
	     done);
}

void bus_service_properties(struct bus_service *service, const char *path, const char *interface,
			    bus_service_done done)
{
	call(service, service->owner, path, "org.freedesktop.DBus.Properties", "GetAll",
	     g_variant_new("(s)", interface), NULL, NULL, BUS_SERVICE_BOUND_MS, done);
}

/* --- signals -------------------------------------------------------------------------------- */

static void owner_changed(GDBusConnection *bus, const char *sender, const char *path,
			  const char *interface, const char *signal, GVariant *values,
			  gpointer data)
{
	struct bus_service *service = data;
	const char *before = NULL;

	if (!g_variant_is_of_type(values, G_VARIANT_TYPE("(sss)")))
		return;
	g_variant_get(values, "(&s&s&s)", NULL, &before, NULL);
	if (!service->owner || strcmp(before, service->owner) != 0)
		return;
	fail(service, g_error_new(G_IO_ERROR, G_IO_ERROR_CLOSED, "its name has no owner"));
}

static void told(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
		 const char *signal, GVariant *values, gpointer data)
{
	struct bus_service *service = data;

	/* Anybody can address a signal to us. */
	if (g_strcmp0(sender, service->owner) == 0)
		service->signal(service, path, signal, values);
}

static void bus_closed(GDBusConnection *bus, bool vanished, GError *why, gpointer data)
{
	fail(data, g_error_new(G_IO_ERROR, G_IO_ERROR_CLOSED, "the system bus has ended"));
}

/* --- opening -------------------------------------------------------------------------------- */

static void call_bus(struct bus_service *service, const char *method, GVariant *arguments,
		     const char *type, bus_service_done done)
{
	call(service, BUS_NAME, BUS_PATH, BUS_NAME, method, arguments, NULL, type,
	     BUS_SERVICE_BOUND_MS, done);
}

static void owner_found(struct bus_service *service, GVariant *reply)
{
	g_variant_get(reply, "(s)", &service->owner);
	if (service->signal)
		service->signals = g_dbus_connection_signal_subscribe(
			service->bus, service->owner, service->signal_interface, NULL, NULL, NULL,
			G_DBUS_SIGNAL_FLAGS_NONE, told, service, NULL);
	service->ready(service);
}

static void find_owner(struct bus_service *service, GVariant *reply)
{
	call_bus(service, "GetNameOwner", g_variant_new("(s)", service->name), "(s)", owner_found);
}

static void bus_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	GError *error = NULL;
	GDBusConnection *bus = g_dbus_connection_new_for_address_finish(result, &error);
	struct bus_service *service = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	if (!bus) {
		fail(service, g_error_new(G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "system bus: %s",
					  error->message));
		g_error_free(error);
		return;
	}
	service->bus = bus;
	g_signal_connect(bus, "closed", G_CALLBACK(bus_closed), service);
	/* Before it is asked for, so that no change is missed. */
	service->watch = g_dbus_connection_signal_subscribe(
		bus, BUS_NAME, BUS_NAME, "NameOwnerChanged", BUS_PATH, service->name,
		G_DBUS_SIGNAL_FLAGS_NONE, owner_changed, service, NULL);
	if (service->activate)
		call_bus(service, "StartServiceByName", g_variant_new("(su)", service->name, 0),
			 "(u)", find_owner);
	else
		find_owner(service, NULL);
}

void bus_service_open(struct bus_service *service)
{
	/* Of the system bus: it is read, nothing is asked. */
	g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);

	service->cancel = g_cancellable_new();
	gio_ready();
	g_dbus_connection_new_for_address(address ? address : "",
					  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
						  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
					  NULL, service->cancel, bus_opened, service);
}

void bus_service_close(struct bus_service *service)
{
	if (service->cancel)
		g_cancellable_cancel(service->cancel);
	if (service->bus) {
		g_signal_handlers_disconnect_by_data(service->bus, service);
		if (service->watch != 0)
			g_dbus_connection_signal_unsubscribe(service->bus, service->watch);
		if (service->signals != 0)
			g_dbus_connection_signal_unsubscribe(service->bus, service->signals);
		g_dbus_connection_close(service->bus, NULL, NULL, NULL);
	}
	g_clear_object(&service->cancel);
	g_clear_object(&service->bus);
	g_clear_pointer(&service->owner, g_free);
	service->watch = service->signals = 0;
}

static gboolean too_late(gpointer data)
{
	*(bool *)data = true;
	return G_SOURCE_REMOVE;
}

/* Until it is over or, where no more is wanted, can be called; or that bound. */
static void iterate(struct bus_service *service, bool until_open, GMainContext *context,
		    guint bound_ms)
{
	GSource *timer = g_timeout_source_new(bound_ms);
	bool late = false;

	g_source_set_callback(timer, too_late, &late, NULL);
	g_source_attach(timer, context);
	while (!service->over && !late && !(until_open && service->owner))
		g_main_context_iteration(context, true);
	g_source_destroy(timer);
	g_source_unref(timer);
}

void bus_service_open_within(struct bus_service *service, guint bound_ms)
{
	bus_service_open(service);
	iterate(service, true, NULL, bound_ms);
}

void bus_service_run(struct bus_service *service, guint bound_ms)
{
	GMainContext *context = g_main_context_new();

	g_main_context_push_thread_default(context);
	bus_service_open(service);
	iterate(service, false, context, bound_ms);
	bus_service_close(service);
	g_main_context_pop_thread_default(context);
	g_main_context_unref(context);
}
