/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devid-tunnel: a service of the system bus, started by it, that leaves when it is not needed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <glib-unix.h>
#include <internal/tunnel.h>
#include "config.h"

#include "base/log.h"
#include "harden.h"
#include "service.h"

/* Longer than a sign-in: devid has us started while that goes on. */
#define IDLE_S 180
/* For calls that were on their way when the name was given up. */
#define LAST_MS 500

struct run {
	GMainLoop *loop;
	GDBusConnection *bus;
	struct service *service;
	guint timer;
	bool leaving;
	int status;
};

static gboolean may_leave(gpointer data)
{
	struct run *run = data;

	run->timer = 0;
	if (!service_is_busy(run->service))
		g_main_loop_quit(run->loop);
	return G_SOURCE_REMOVE;
}

/* From now on the bus starts another one of us. */
static gboolean idle_for_long(gpointer data)
{
	struct run *run = data;
	g_autoptr(GVariant) reply = NULL;

	run->leaving = true;
	reply = g_dbus_connection_call_sync(run->bus, "org.freedesktop.DBus",
					    "/org/freedesktop/DBus", "org.freedesktop.DBus",
					    "ReleaseName", g_variant_new("(s)", TUNNEL_NAME), NULL,
					    G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
	run->timer = g_timeout_add(LAST_MS, may_leave, run);
	return G_SOURCE_REMOVE;
}

static void idle(void *data)
{
	struct run *run = data;

	if (run->timer != 0)
		g_source_remove(run->timer);
	run->timer = run->leaving ? g_timeout_add(LAST_MS, may_leave, run)
				  : g_timeout_add_seconds(IDLE_S, idle_for_long, run);
}

static gboolean asked_to_end(gpointer data)
{
	struct run *run = data;

	run->leaving = true;
	if (service_is_busy(run->service))
		service_stop(run->service);
	else
		g_main_loop_quit(run->loop);
	return G_SOURCE_CONTINUE;
}

static void bus_closed(GDBusConnection *bus, bool vanished, GError *why, gpointer data)
{
	asked_to_end(data);
}

/* After the object is there: a call may come with the name. */
static bool take_name(GDBusConnection *bus, GError **error)
{
	g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
		bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
		"RequestName", g_variant_new("(su)", TUNNEL_NAME, 4u /* don't queue */),
		G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
	guint32 answer = 0;

	if (!reply)
		return false;
	g_variant_get(reply, "(u)", &answer);
	if (answer == 1)
		return true;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, TUNNEL_NAME " is another's");
	return false;
}

static bool serve(struct run *run, GError **error)
{
	static const int ending[] = { SIGTERM, SIGINT };

	run->bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
	if (!run->bus)
		return false;
	/* Tunnels are ended first. */
	g_dbus_connection_set_exit_on_close(run->bus, false);
	g_signal_connect(run->bus, "closed", G_CALLBACK(bus_closed), run);
	run->service = service_new(run->bus, idle, run, error);
	if (!run->service || !take_name(run->bus, error))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(ending); i++)
		g_unix_signal_add(ending[i], asked_to_end, run);
	idle(run);
	g_main_loop_run(run->loop);
	return true;
}

int main(int argc, char **argv)
{
	struct run run = { .loop = g_main_loop_new(NULL, false) };
	g_autoptr(GError) error = NULL;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("devid-tunnel " DEVID_VERSION);
		return 0;
	}
	if (argc != 1) {
		fprintf(stderr, "devid-tunnel: the system bus starts it, without words\n");
		return 2;
	}
	if (geteuid() != 0) {
		fprintf(stderr, "devid-tunnel: it must be root\n");
		return 1;
	}
	log_begin("devid-tunnel");
	if (!harden(&error) || !serve(&run, &error))
		fprintf(stderr, "devid-tunnel: %s\n", error->message);
	if (run.service)
		service_free(run.service);
	g_clear_object(&run.bus);
	g_main_loop_unref(run.loop);
	return error ? 1 : 0;
}
